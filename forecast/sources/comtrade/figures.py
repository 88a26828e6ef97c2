"""Figures of one reporter: what UN Comtrade states, and what the absence of a row means."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from forecast.core import months
from forecast.core.archive_table import ArchiveRow
from forecast.core.products import product_of
from forecast.interfaces.country_codes import country_of
from forecast.sources.comtrade.answers import DataSetRelease, FlowRow

WORLD = 0  # M49 code of all partners
TOLERANCE = 0.01  # by which partners may miss the world's row, relative
PUBLISHER = "UN Comtrade"
URL = "https://comtradeplus.un.org"


@dataclass
class ReporterFlow:
    """One reporter's imports or exports; `estimated` says whether weights that the UN estimated are kept."""

    reporter: str
    flow: str
    estimated: bool
    releases: Mapping[int, DataSetRelease]
    notes: list[str] = field(default_factory=list)
    seen: dict[str, set[str]] = field(default_factory=dict)  # commodity -> partners with a row in any month
    present: dict[tuple[str, int], set[str]] = field(default_factory=dict)  # commodity, month -> partners with a row
    partial: set[tuple[str, int]] = field(default_factory=set)

    def figures(self, rows: Sequence[FlowRow], wanted: Iterable[str]) -> list[ArchiveRow]:
        """Rows of the archive for what an answer states, of the world and the wanted partners (all where none is named)."""
        kept = {"WLD", *wanted}
        everyone = len(kept) == 1
        self._judge_months(rows)
        out = []
        for row in rows:
            partner = country_of("m49").get(str(row.partner))
            if partner is None:
                self._note(f"{self.reporter}: partner {row.partner} is no country: in totals only")
                continue
            self.seen.setdefault(row.commodity, set()).add(partner)
            self.present.setdefault((row.commodity, row.month), set()).add(partner)
            if everyone or partner in kept:
                weight, reason = row.weight, row.reason
                if row.estimated:
                    reason = "weight estimated by UN Comtrade"
                    if not self.estimated:
                        weight, reason = math.nan, "only a weight estimated by UN Comtrade"
                out.append(self._row(row.commodity, partner, row.month, "", weight, reason))
                out.append(self._row(row.commodity, partner, row.month, ":usd", row.value, ""))
        return out

    def absences(self, commodities: Sequence[str], wanted: Sequence[str]) -> list[ArchiveRow]:
        """Rows for what no answer had a row for: zero in a month whose partners add up to the world's row, else missing.

        A month in which a code has no row at all is missing: no trade, a code out of use, a wrong one, and a month that is not
        loaded yet all look the same.
        """
        out = []
        for commodity in commodities:
            known = self.seen.get(commodity, set())
            if not known:
                self._note(f"{self.reporter}: no row of {commodity} in any month: missing, not zero; is the code right?")
            for partner in dict.fromkeys(("WLD", *(wanted or sorted(known - {"WLD"})))):
                for month in sorted(self.releases):
                    present = self.present.get((commodity, month), set())
                    if partner in present:
                        continue
                    zero = "WLD" in present and (commodity, month) not in self.partial
                    reason = "" if zero else "no row in a month loaded in part" if present else "no row of this code"
                    for suffix in ("", ":usd"):
                        out.append(self._row(commodity, partner, month, suffix, 0.0 if zero else math.nan, reason))
        return out

    def _row(self, commodity: str, partner: str, month: int, suffix: str, value: float, reason: str) -> ArchiveRow:
        in_part = (commodity, month) in self.partial and value == value and value != 0
        return ArchiveRow(
            series=f"{self.reporter}.{self.flow}.{partner}.{product_of(commodity)}{suffix}",
            period=months.label(month),
            value=value,
            status="provisional" if in_part else "",
            stage="comtrade",
            released=max(self.releases[month].last, months.last_day(month)).isoformat(),
            basis="actual",
            publisher=PUBLISHER,
            url=URL,
            note=reason or ("a month loaded in part" if in_part else ""),
        )

    def _judge_months(self, rows: Sequence[FlowRow]) -> None:
        """Find months loaded in part: without the world's row, or with partners that do not add up to it."""
        worlds: dict[tuple[str, int], float] = {}
        sums: dict[tuple[str, int], float] = {}
        for row in rows:
            cell = row.commodity, row.month
            if row.partner == WORLD:
                worlds[cell] = row.value
            else:
                sums[cell] = sums.get(cell, 0.0) + row.value
        for cell in sorted(worlds.keys() | sums.keys()):
            commodity, month = cell
            place = f"{self.reporter}, {commodity}, {months.label(month)}"
            world, sum_ = worlds.get(cell), sums.get(cell, 0.0)
            if world is None:
                self.partial.add(cell)
                self._note(f"{place}: the row of the world is not there: a month loaded in part")
            elif not abs(sum_ - world) <= max(TOLERANCE * world, 1.0):
                self.partial.add(cell)
                self._note(
                    f"{place}: partners add up to USD {sum_:,.0f}, the world is {world:,.0f}: partners without a row are "
                    "missing, not zero"
                )

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)
