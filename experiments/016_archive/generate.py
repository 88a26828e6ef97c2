"""A large made archive: trade by partner and product, every figure revised in every vintage.

python experiments/016_archive/generate.py FOLDER --rows 5000000 --vintages 20
"""

from __future__ import annotations

import argparse
import string
from pathlib import Path

import numpy as np

from forecast.archives.part import part_of
from forecast.archives.part_list import LIST, PartList
from forecast.core import months, output_files
from forecast.core.figure_columns import FigureColumns, TextColumn

FIRST, LAST = months.ordinal("2006-01"), months.ordinal("2026-10")
PRODUCTS = (
    "antimony_oxide",
    "antimony_ore",
    "gallium",
    "germanium",
    "graphite_flake",
    "re_magnets",
    "bismuth",
    "tungsten_ore",
)


def vintage(number: int, partners: list[str], products: tuple[str, ...], luck: np.random.Generator) -> FigureColumns:
    """All figures of all series as one release gives them."""
    series = [f"USA.import.{partner}.{product}" for partner in partners for product in products]
    periods = [months.label(month) for month in range(FIRST, LAST + 1)]
    many = len(series) * len(periods)
    day = f"{2025 + (number + 2) // 12}-{(number + 2) % 12 + 1:02d}-05"
    constant = {
        "unit": "kg", "status": "value", "stage": "census", "kind": "reported", "derived_from": "", "released": day,
        "basis": "actual", "publisher": "US Census Bureau", "article_date": "",
        "url": f"https://api.census.gov/data/timeseries/intltrade/imports/hs?vintage={number}", "excluded": "", "note": "",
    }  # fmt: skip
    texts = {name: TextColumn(np.zeros(many, np.int32), [word]) for name, word in constant.items()}
    texts["series"] = TextColumn(np.repeat(np.arange(len(series), dtype=np.int32), len(periods)), series)
    texts["period"] = TextColumn(np.tile(np.arange(len(periods), dtype=np.int32), len(series)), periods)
    return FigureColumns(np.round(np.exp(luck.normal(10, 2, many)) + 1), texts)


def main() -> None:
    """Append the vintages one by one, as parts of the archive."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("folder", type=Path)
    words.add_argument("--rows", type=int, default=5_000_000)
    words.add_argument("--vintages", type=int, default=20)
    asked = words.parse_args()
    series = asked.rows / asked.vintages / (LAST - FIRST + 1)
    letters = string.ascii_uppercase
    partners = [f"Q{a}{b}" for a in letters for b in letters][: max(round(series / len(PRODUCTS)), 1)]
    luck = np.random.default_rng(1)
    held = PartList()
    for number in range(asked.vintages):
        part, data = part_of(vintage(number, partners, PRODUCTS, luck), number + 1, "2026-11-30")
        output_files.write(asked.folder, part.path, data)
        held = held.with_parts([part])
    output_files.write(asked.folder, LIST, held.text())
    print(f"{sum(part.rows for part in held.parts):,} rows, {sum(part.size for part in held.parts) / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
