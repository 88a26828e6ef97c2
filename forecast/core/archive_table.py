"""The table of an archive: its columns, the words they may hold, and its rows."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from forecast.core.series import SeriesKey

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class ArchiveRow:
    """One published figure, as sources build it; in kg, or in USD if the series ends in `:usd`.

    Fields left empty follow from the others: `unit` from the series, `status` from the value (NaN is missing, 0 a true zero),
    `kind` from the period (a month is reported, a sum of months cumulative).

    Parameters
    ----------
    series : str
        its key
    period : str
        "YYYY-MM", or "YYYY-MM/YYYY-MM" for a sum of months
    value : float
        in `unit`; NaN is missing
    unit : str, optional
        "kg", "USD" or "USD/kg"
    status : str, optional
        value, zero, missing, suppressed or provisional
    stage : str, optional
        of publication, such as "preliminary" or "detail"
    kind : str, optional
        reported, cumulative or derived
    derived_from : str, optional
        the figures from which a derived one was computed
    released : str, optional
        the day on which it became known, "YYYY-MM-DD"
    basis : str, default "rule"
        how that day is known: "actual", from the office's "calendar", or by "rule"
    publisher, article_date, url : str, optional
        who published it, when and where
    excluded : str, optional
        why the row belongs to no series, if it does not
    note : str, optional
        anything else

    Examples
    --------
    >>> from forecast.core.archive_table import ArchiveRow
    >>> ArchiveRow("COD.export.WLD.cobalt", "2025-01", 9_500_000.0, released="2025-02-20", publisher="own").kind
    'reported'
    """

    series: str
    period: str
    value: float
    unit: str = ""
    status: str = ""
    stage: str = ""
    kind: str = ""
    derived_from: str = ""
    released: str = ""
    basis: str = "rule"
    publisher: str = ""
    article_date: str = ""
    url: str = ""
    excluded: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        assign = functools.partial(object.__setattr__, self)
        if not self.unit:
            assign("unit", SeriesKey.parse(self.series).unit)
        if not self.status:
            assign("status", "missing" if math.isnan(self.value) else "zero" if self.value == 0 else "value")
        if not self.kind:
            assign("kind", "cumulative" if "/" in self.period else "reported")


COLUMNS = tuple(field.name for field in fields(ArchiveRow))
TEXTS = tuple(column for column in COLUMNS if column != "value")
STATUSES = ("value", "zero", "missing", "suppressed", "provisional")
KINDS = ("reported", "derived", "cumulative")
VALID_YEARS = range(1900, 2101)  # a month outside these years is a typing error
ROW_INDEX = "row"  # name of an index that holds the row numbers of the file


def table_of(rows: Iterable[ArchiveRow]) -> pd.DataFrame:
    """Rows as the table of an archive."""
    import pandas as pd

    return pd.DataFrame([[getattr(row, name) for name in COLUMNS] for row in rows], columns=list(COLUMNS))


def rows_of(table: pd.DataFrame) -> list[ArchiveRow]:
    """The rows of an archive's table."""
    columns = (table[name].to_numpy(object).tolist() for name in COLUMNS)  # much faster than pandas' own records
    return [ArchiveRow(*cells) for cells in zip(*columns, strict=True)]
