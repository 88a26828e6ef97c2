"""Own series from a CSV file, by a mapping in the config."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from forecast.core.registry import source
from forecast.tables.mapping import example_file
from forecast.tables.own_table import OwnTable


@source
@dataclass(frozen=True)
class Csv(OwnTable):
    """Own figures from a CSV file: `table`, with columns called period and value where nothing else is said.

    Events of the figures belong in the config (`events`).

    Parameters
    ----------
    period : str or list of str, default "period"
        column of the months, or several such as ["year", "month"]
    value : str, default "value"
        column of the figures
    """

    period: str | list[str] | None = "period"
    value: str | None = "value"

    @classmethod
    def example(cls, folder: Path) -> Csv:
        """Four months of a flow, one of them a true zero and one missing."""
        return cls(path=example_file(folder), key="COD.export.WLD.cobalt", unit="t")
