"""The tables of the page, from results.csv: `python experiments/007_ban/table.py` writes them into README.md."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent
MARKS = ("<!-- tables: table.py -->", "<!-- end -->")
PLAIN = ("ets", "theta", "airline", "seasonal naive")


def committed() -> pd.DataFrame:
    """results.csv, empty fields as missing figures."""
    return pd.read_csv(HERE / "results.csv").fillna({"told": "", "best_device": ""})


def ours(table: pd.DataFrame) -> list[str]:
    """One row per question put to the menu."""
    lines = [
        "| variant | calendar says | months seen | MAE, % | 80 % band holds, % | best device, MAE | menu less device |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in table[table["model"] == "menu"].itertuples():
        same = (table["variant"] == row.variant) & (table["seen"] == row.seen) & (table["model"] == row.best_device)
        lines.append(
            f"| {row.variant} | {row.told} | {row.seen} | {row.mae:.2f} ({row.mae_se:.2f}) "
            f"| {row.cov80:.1f} ({row.cov80_se:.1f}) | {row.best_device}, {table.loc[same, 'mae'].item():.2f} "
            f"| {row.difference:+.2f} ({row.difference_se:.2f}) |"
        )
    return lines


def others(table: pd.DataFrame) -> list[str]:
    """The other models, which read no calendar here: MAE, and cover in brackets."""
    lines = [f"| variant | months seen | {' | '.join(PLAIN)} | airline with step dummy |", "|---" * 7 + "|"]
    for (variant, seen), block in table[table["told"] == ""].groupby(["variant", "seen"], sort=False):
        at = block.set_index("model")
        cells = [
            f"{at.loc[name, 'mae']:.1f} ({at.loc[name, 'cov80']:.0f})" if name in at.index else ""
            for name in (*PLAIN, "airline with step dummy")
        ]
        lines.append(f"| {variant} | {seen} | {' | '.join(cells)} |")
    return lines


def page() -> str:
    """Both tables under their headings."""
    table = committed()
    parts = [
        "### The menu, beside the best of the simple devices", "", *ours(table), "",
        "### Models without a device against breaks, and the airline model with one", "", *others(table),
    ]  # fmt: skip
    return "\n".join(parts)


def main() -> None:
    path = HERE / "README.md"
    text = path.read_text(encoding="utf-8")
    head, rest = text.split(MARKS[0])
    path.write_text(f"{head}{MARKS[0]}\n\n{page()}\n\n{MARKS[1]}{rest.split(MARKS[1])[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
