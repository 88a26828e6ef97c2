"""Published claims against the bundled figures: prints a table and writes results.csv (or --out FILE)."""

import argparse
import csv
import io
import math
from pathlib import Path

from forecast.core.archive import bundled_archive
from forecast.core.schema import ClaimRow
from forecast.study.claims.published_claims import VERDICTS, check_claims

HERE = Path(__file__).parent
COLUMNS = ("id", "claim", "source", "verdict", "computed", "low", "high", "unit", "arithmetic", "settle")
COLOURS = dict(zip(VERDICTS, ("green", "green", "cyan", "red", "yellow"), strict=True))


def number(x: float) -> str:
    return f"{x:.6g}" if math.isfinite(x) else ""


def as_csv(checked: list[ClaimRow]) -> str:
    """Text of results.csv; six digits, empty where nothing is computed."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for c in checked:
        figures = [number(x) for x in (c.computed, c.low, c.high)]
        writer.writerow([c.id, c.claim, c.source, c.verdict, *figures, c.unit, c.arithmetic, c.settle])
    return text.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE / "results.csv")
    out = parser.parse_args().out
    vintage = bundled_archive().latest
    checked = check_claims(vintage)
    out.write_text(as_csv(checked), encoding="utf-8")

    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"Published claims, figures known on {vintage.day}", show_lines=True)
    for column in ("claim", "source", "verdict", "computed", "arithmetic"):
        table.add_column(column, overflow="fold")
    for c in checked:
        shown = f"{number(c.computed)} {c.unit}".strip() if math.isfinite(c.computed) else ""
        table.add_row(c.claim, c.source, f"[{COLOURS[c.verdict]}]{c.verdict}[/]", shown, c.arithmetic)
    console = Console()
    console.print(table)
    counts = {word: sum(c.verdict == word for c in checked) for word in VERDICTS}
    console.print(", ".join(f"{word}: {n}" for word, n in counts.items()) + f"; {len(checked)} in all; written to {out}")


if __name__ == "__main__":
    main()
