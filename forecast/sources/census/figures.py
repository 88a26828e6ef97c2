"""Figures of one commodity: what was traded with each country and in all, with true zeros told from what is missing."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from forecast.core import months
from forecast.core.archive_table import ArchiveRow
from forecast.interfaces.country_codes import country_of
from forecast.sources.census.answers import TOTAL, TradeRow

WORLD = "WLD"
UNWEIGHED = ("not by weight", "not counted at all")  # ends of the reasons of a good without a weight
TOLERANCE = 0.005  # by which countries may miss their total, relative: the office's own corrections


@dataclass
class Commodity:
    """The rows of one commodity by country and month.

    released : month -> day of its last update, for the months that are out; unsure : months of years without any row, in which
    the code may not have been in force
    """

    code: str
    rows: Sequence[TradeRow]
    released: Mapping[int, dt.date]
    unsure: Set[int] = frozenset()
    notes: list[str] = field(default_factory=list)

    def countries(self) -> list[str]:
        """Countries with a row, by name of the package."""
        return sorted({country_of("schedule_c").get(row.country, "") for row in self.rows} - {"", WORLD})

    def figures(self, stem: str, wanted: Iterable[str], publisher: str, url: str) -> list[ArchiveRow]:
        """Rows of the archive for the world and the wanted countries; `stem` has places for partner and suffix."""
        by_country: dict[str, dict[int, list[TradeRow]]] = {}
        for row in self.rows:
            country = country_of("schedule_c").get(row.country)
            if country is None:
                self._note(f"{self.code}: country code {row.country} is not in the table of countries: its rows are left out")
                continue
            by_country.setdefault(country, {}).setdefault(row.month, []).append(row)
        partial = self._partial_months(by_country)
        weighed = any(not row.reason.endswith(UNWEIGHED) for row in self.rows) or not self.rows
        if not weighed:
            self._note(f"{self.code}: {self.rows[0].reason}: values only")
        out = []
        for country in dict.fromkeys((WORLD, *wanted)):
            for month in sorted(self.released):
                found = by_country.get(country, {}).get(month, [])
                pairs = self._pairs(country, month, found, month in partial)
                updated = max((row.updated for row in found), default=self.released[month])
                for suffix, (value, reason) in zip(("", ":usd"), pairs, strict=True):
                    if suffix or weighed:
                        out.append(
                            ArchiveRow(
                                series=stem.format(partner=country, suffix=suffix), period=months.label(month), value=value,
                                stage="census", released=updated.isoformat(), basis="actual", publisher=publisher, url=url,
                                note=reason,
                            )
                        )  # fmt: skip
        return out

    def _pairs(self, country: str, month: int, found: list[TradeRow], partial: bool) -> tuple[tuple[float, str], ...]:
        """Weight and value, each with the reason why it is missing."""
        if found:
            weight = sum(row.quantity for row in found)
            value = sum(row.value for row in found)
            reason = next((row.reason for row in found if row.reason), "")
            return (weight, reason), (value, (reason or "no value stated") if math.isnan(value) else "")
        if partial:
            absent = math.nan, "no row in a month whose countries do not add up"
        elif month in self.unsure:
            absent = math.nan, "no row in the whole year: the code may not have been in force"
        else:
            absent = 0.0, ""
        return absent, absent

    def _partial_months(self, by_country: Mapping[str, Mapping[int, list[TradeRow]]]) -> set[int]:
        """Months without their total, or whose countries do not add up to it."""
        partial = set()
        totals = {row.month: row.value for row in self.rows if row.country == TOTAL}
        sums: dict[int, float] = {}
        for row in self.rows:
            if row.country != TOTAL:
                sums[row.month] = sums.get(row.month, 0.0) + row.value
        for month in sorted(sums.keys() | totals.keys()):
            total, sum_ = totals.get(month), sums.get(month, 0.0)
            if total is None:
                partial.add(month)
                self._note(f"{self.code}, {months.label(month)}: the row of all countries is not there: a month in part")
            elif not abs(sum_ - total) <= max(TOLERANCE * abs(total), 1.0):
                partial.add(month)
                self._note(
                    f"{self.code}, {months.label(month)}: countries add up to USD {sum_:,.0f}, the total is {total:,.0f}: "
                    "countries without a row are missing, not zero"
                )
        return partial

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)
