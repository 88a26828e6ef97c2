"""Published estimates of known interventions beside this package's own: prints a table and writes results.csv.

    python experiments/004_oracles/run.py [FOLDER] [--out FILE]

FOLDER holds the data that come with no Python package (listed in README.md); without it the rows that need them are skipped,
which is said, and results.csv is left alone unless --out names a file.
"""

from __future__ import annotations

import argparse
import csv
import io
import math
import os
import sys
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

import impacts  # noqa: E402, F401
import matching  # noqa: E402, F401
import panels  # noqa: E402, F401
import series  # noqa: E402, F401
from table import CASES, OTHER, Row  # noqa: E402

COLUMNS = ("id", "model", "quantity", "published", "ours", "difference", "tolerance", "within", "source", "note")
ORDER = (
    "ozone",
    "belts",
    "nile",
    "miles",
    "passengers",
    "proposition",
    "smoking_predictors",
    "germany",
    "reunification",
    "rhode_island",
    "example",
    "pinned",
    "two_series",
    "elsewhere",
    "spillover",
)


def rows(folder: Path | None, names: tuple[str, ...] = ORDER) -> tuple[list[Row], list[str]]:
    """All rows whose data are there, and a line on each case skipped."""
    made: list[Row] = []
    skipped: list[str] = []
    for name in names:
        function, files = CASES[name]
        missing = [f for f in files if folder is None or not (folder / f).exists()]
        if missing:
            skipped.append(f"{name}: no {', '.join(missing)}" + ("" if folder else " (no folder given)"))
        else:
            made += function(folder or HERE)
    return made, skipped


def number(x: float) -> str:
    """Six digits, empty where there is none."""
    return f"{x:.6g}" if math.isfinite(x) else ""


def as_csv(made: list[Row]) -> str:
    """Text of results.csv."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for r in made:
        figures = [number(x) for x in (r.published, r.ours, r.ours - r.published, r.tolerance)]
        writer.writerow([r.id, r.model, r.quantity, *figures, r.within, r.source, r.note])
    return text.getvalue()


def main() -> None:
    """The command line."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("folder", nargs="?", type=Path)
    words.add_argument("--out", type=Path)
    asked = words.parse_args()
    made, skipped = rows(asked.folder)
    for r in made:
        print(f"{r.id:5} {r.quantity:34.34} {number(r.published):>12} {number(r.ours):>12}  {r.within}")
    same = [r for r in made if r.within in ("yes", "no")]
    others = [r for r in made if r.within == OTHER]
    print(f"{sum(r.within == 'yes' for r in same)} of {len(same)} within their tolerance")
    print(f"{len(others)} of another estimator, {len(made) - len(same) - len(others)} not computed")
    for line in skipped:
        print(f"skipped: {line}")
    out = asked.out or (None if skipped else HERE / "results.csv")
    if out:
        out.write_text(as_csv(made), encoding="utf-8")
        print(f"written to {out}")


if __name__ == "__main__":
    main()
