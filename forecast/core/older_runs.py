"""Tables of runs that an earlier schema wrote, in the shape of today's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from forecast.core.months import is_span
from forecast.core.schema import COLUMNS

if TYPE_CHECKING:
    import pandas as pd

SUMS_APART = 2  # the first schema whose sums of months have a table of their own
WITH_SUMS = ("forecasts", "scenarios")  # the tables that held them before


def table_of_schema_1(name: str, read: Callable[[str], pd.DataFrame], written: Callable[[str], bool]) -> pd.DataFrame:
    """One table of a run of schema 1, whose forecasts and scenarios hold sums of months among the months.

    read : the table as it stands in the folder; written : whether it stands there
    """
    import pandas as pd

    if name == "sums":
        held = [read(one) for one in WITH_SUMS if written(one)]
        found = [table[table["month"].map(is_span).astype(bool)].reindex(columns=list(COLUMNS["sums"])) for table in held]
        kept = [table for table in found if len(table)]
        return pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=list(COLUMNS["sums"]))
    table = read(name)
    if name in WITH_SUMS:
        return table[~table["month"].map(is_span).astype(bool)].reset_index(drop=True)
    return table
