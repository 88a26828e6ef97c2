"""The archive that grows with every fetch, as the data of a config."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from forecast.archives.growing import GrowingArchive
from forecast.archives.reading import open_archive
from forecast.core.archive import Archive, bundled_archive
from forecast.core.archive_table import ArchiveRow
from forecast.core.errors import ConfigError
from forecast.core.events import bundled_events
from forecast.core.registry import source


@source
@dataclass(frozen=True)
class GrownArchive:
    """Figures that `forecast fetch` and your own programs appended to an archive, each vintage with its day.

    It is read with the bundled calendar and the config's own events (`calendar`).

    Parameters
    ----------
    path : str, optional
        its folder, relative to the config, or an address that fsspec reads (https://, s3://); default: the archive of this
        machine, which the environment variable FORECAST_ARCHIVE may name
    series : tuple of str, default ("*",)
        patterns of the series to take, all of them by default
    join : bool, default False
        add the bundled data set; where both hold a figure, a real vintage takes the place of one dated by a rule
    """

    path: str = ""
    series: tuple[str, ...] = ("*",)
    join: bool = False

    def __post_init__(self) -> None:
        if not self.series:
            raise ConfigError("no series is taken from the archive", where="[data], series", hint='series = ["USA.import.*"]')

    @classmethod
    def example(cls, folder: Path) -> GrownArchive:
        """Three months of a flow, one of them revised and one missing."""
        key = {"series": "USA.import.MEX.antimony_oxide", "basis": "actual", "publisher": "US Census Bureau"}
        rows = [
            ArchiveRow(period="2026-06", value=1200.0, released="2026-08-05", **key),
            ArchiveRow(period="2026-06", value=1250.0, released="2026-09-03", **key),
            ArchiveRow(period="2026-07", value=0.0, released="2026-09-03", **key),
            ArchiveRow(period="2026-08", value=float("nan"), released="2026-10-06", **key),
        ]
        GrowingArchive(folder / "archive").append(rows)
        return cls(path=str(folder / "archive"))

    def read(self) -> Archive:
        """The archive as it stands; quantities in kg, values in USD."""
        joined = bundled_archive() if self.join else None
        return open_archive(self.path or None, bundled_events(), self.series, joined)
