"""Credits: whom a page names as the source of its figures.

Bundled figures are credited as `forecast/data/credits.csv` says; own ones to the publishers that their rows name.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Literal

from forecast.core.bundled_data import bundled_rows
from forecast.core.series import SeriesKey
from forecast.report.run_data import RunData

Place = Literal["asked", "table", "figure"]  # beneath a question, a table, a figure
MOST = 4  # publishers of own figures that one line names


@functools.cache
def _offices() -> dict[tuple[str, str], dict[str, str]]:
    """The offices behind the bundled figures by reporter and basis, in the words of each place."""
    return {(row["reporter"], row["basis"]): row for row in bundled_rows("credits.csv")}


def sources(data: RunData, series: Iterable[str], place: Place) -> list[str]:
    """Names of the sources of some series (`A+B` is two), each once."""
    offices: list[str] = []
    publishers: list[str] = []
    for name in dict.fromkeys(part for joined in series for part in joined.split("+")):
        named = data.publishers.get(name, ())
        own = [p for p in named if data.is_own(p)]
        key = SeriesKey.maybe(name) if data.bundled and (len(own) < len(named) or not named) else None
        office = _offices().get((key.reporter, key.basis)) if key else None
        offices += [office[place]] if office else []
        publishers += own if office else named
    publishers = [p for p in dict.fromkeys(publishers) if p]
    if len(publishers) > MOST:
        publishers = [*publishers[: MOST - 1], f"{len(publishers) - MOST + 1} more publishers listed under Data"]
    return [*dict.fromkeys(offices), *publishers]


def credit(data: RunData, series: Iterable[str], place: Place, *more: str) -> str:
    """The sources of some series as a sentence, with what else it names; empty where it names nothing."""
    names = [*sources(data, series, place), *more]
    return f"Source{'s' * (len(names) > 1 or place == 'table')}: {'; '.join(names)}." if names else ""
