"""Who produces a mineral, by the bundled table of the US Geological Survey, which stands beside the archive."""

from __future__ import annotations

import datetime as dt
import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass

from forecast.core.bundled_data import bundled_rows
from forecast.core.series import countries

LITTLE = 0.01  # of the world's production


@dataclass(frozen=True)
class Production:
    """Production of a mineral in one year.

    released : the first day on which the edition with these amounts was out
    stage : what is counted: "mine", "refinery", "smelter", or "primary" (metal of low purity)
    amounts : by country, in the table's unit; NaN where a country produces and its amount is not published
    world : the published total; NaN where there is none
    """

    year: int
    released: dt.date
    stage: str
    amounts: Mapping[str, float]
    world: float

    def producers(self) -> frozenset[str] | None:
        """Countries with more than a hundredth of the total, or an amount that is not published; None without a total."""
        if math.isnan(self.world):
            return None
        return frozenset(country for country, amount in self.amounts.items() if not amount <= LITTLE * self.world)

    def standing(self, country: str) -> str:
        """What is known of a country, or of a group as the sum of its members; "" where nothing is."""
        amount = sum(self.amounts.get(one, 0.0) for one in countries(country))
        if math.isnan(amount):
            return "producer of an unknown amount"
        if math.isnan(self.world):
            return ""
        if amount > LITTLE * self.world:
            return "producer"
        return f"{'little' if amount > 0 else 'no known'} {self.stage} production in {self.year}"


@functools.cache
def bundled_production() -> Mapping[str, Mapping[int, Production]]:
    """All of the bundled table, by mineral and year."""
    rows: dict[tuple[str, int], list[dict[str, str]]] = {}
    for row in bundled_rows("production.csv"):
        rows.setdefault((row["mineral"], int(row["year"])), []).append(row)
    made: dict[str, dict[int, Production]] = {}
    for (mineral, year), found in rows.items():
        amounts = {row["country"]: float(row["amount"] or math.nan) for row in found}
        world = amounts.pop("WLD", math.nan)
        amounts.pop("OTHERS", None)
        released = max(dt.date.fromisoformat(row["released"]) for row in found)
        made.setdefault(mineral, {})[year] = Production(year, released, found[0]["stage"], amounts, world)
    return made


def production_before(mineral: str, month: int, day: dt.date) -> Production | None:
    """The production of the last full year before a month (an ordinal), or of the table's first, as known on a day.

    None where the table has none, or none of it was out on that day.
    """
    known = {year: one for year, one in bundled_production().get(mineral, {}).items() if one.released <= day}
    if not known:
        return None
    return known[max((year for year in known if year < month // 12), default=min(known))]
