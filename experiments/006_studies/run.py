"""The studies of the four episodes: each config beside this script is run, and its answers are gathered in results.csv.

    python experiments/006_studies/run.py [--out FOLDER] [--workers N]

Run folders (default `runs/`) hold everything else: paths, gates, placebos, and the report of each study.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

import forecast as fc

HERE = Path(__file__).parent
COLUMNS = [
    "study", "id", "estimator", "what", "value", "series", "event", "months_from", "months_to", "estimand", "unit", "estimate",
    "lo80", "hi80", "p_value", "p_floor", "mde80", "breakdown", "n_clean", "n_placebo", "n_space", "verdict", "reading",
    "desc_estimate", "observed_total",
]  # fmt: skip


def answers(config: Path, out: str, workers: int) -> pd.DataFrame:
    """One row per question and estimator, and one per variation of the question."""
    run = fc.run(str(config), out=out, workers=workers)
    effects = run.effects
    asked = effects[["job", "id", "estimator", "series", "event", "estimand", "unit"]]
    varied = run.sensitivity.merge(asked, on="job", how="left")
    return pd.concat([effects, varied], ignore_index=True).assign(study=config.stem)


def as_csv(table: pd.DataFrame) -> str:
    """The table with four significant digits, so that a changed last bit is no change."""
    rounded = table.reindex(columns=COLUMNS).sort_values(["study", "id", "estimator", "what", "value"], kind="stable")
    for name in rounded.select_dtypes("number"):
        rounded[name] = [float(f"{x:.4g}") if pd.notna(x) else x for x in rounded[name]]
    return str(rounded.to_csv(index=False, lineterminator="\n"))


def main() -> None:
    """Run every study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="runs")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    found = [answers(config, options.out, options.workers) for config in sorted(HERE.glob("*.toml"))]
    (HERE / "results.csv").write_text(as_csv(pd.concat(found, ignore_index=True)), "utf-8")


if __name__ == "__main__":
    main()
