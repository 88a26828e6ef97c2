"""Own figures from a table of any shape: CSV, Excel or Parquet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from forecast.core.registry import source
from forecast.tables.mapping import example_file
from forecast.tables.own_table import OwnTable


@source
@dataclass(frozen=True)
class AnyTable(OwnTable):
    """Own figures from a CSV, Excel or Parquet table: months down or across, a column or a row for each series.

    Events of the figures belong in the config (`events`).
    """

    @classmethod
    def example(cls, folder: Path) -> AnyTable:
        """Four months of a flow, one of them a true zero and one missing."""
        return cls(path=example_file(folder), key="COD.export.WLD.cobalt", unit="t")
