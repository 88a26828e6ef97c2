"""Shares of partners in a flow: the total less the named partners is "other partners", so that shares add up to one."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from forecast.core.cells import UNHELD, Cell
from forecast.core.series import SeriesKey
from forecast.core.vintage import Vintage
from forecast.prep.contradicting_sums import ContradictingSum, contradicting_sums, disputed_range
from forecast.prep.partners import NOWHERE, REST, SLACK, WORLD, is_single, partners_by_flow, total_of
from forecast.prep.spans_and_gaps import window_total

EXACT = 1e-9  # of a total: smaller remainders are those of binary arithmetic
State = Literal["split", "rounded", "contradiction", "no trade", "no partner", "no total"]


@dataclass(frozen=True)
class PartnerFlow:
    """One good that a country exports (imports), by partner, as known to a vintage.

    key : the total over all partners
    partners : codes of the single countries with a figure, A to Z
    groups : codes of groups of countries, whose members are partners too
    """

    vintage: Vintage
    key: SeriesKey
    partners: tuple[str, ...]
    groups: tuple[str, ...] = ()

    def series(self, partner: str, measure: str = "quantity") -> str:
        """The series of a partner, or of the total ("WLD")."""
        return str(replace(self.key, partner=partner, measure=measure))

    def amount(self, partner: str, first: int, last: int, measure: str = "quantity") -> float:
        """A partner's figure over some months, where figures determine it, else NaN; kg or USD.

        A month is what is published of it, or what sums to date leave for it; several are a sum of either (`window_total`).
        Where published figures contradict each other, none is preferred (`range_in_dispute`).
        """
        series = self.series(partner, measure)
        if not self.vintage.knows(series):
            return math.nan
        total = window_total(self.vintage.observed(series), first, last)
        return math.nan if self._range(series, first, last, total) else total

    def range_in_dispute(self, partner: str, first: int, last: int) -> tuple[float, float] | None:
        """The smallest and the largest figure of some months, where published figures contradict each other on it."""
        series = self.series(partner)
        if not self.vintage.knows(series):
            return None
        return self._range(series, first, last, window_total(self.vintage.observed(series), first, last))

    def _range(self, series: str, first: int, last: int, total: float) -> tuple[float, float] | None:
        if not (math.isfinite(total) and self.contradictions(series)):
            return None
        observed, found = self.vintage.observed(series), self.contradictions(series)
        return disputed_range(observed, found, first, last, total, self.vintage.nonnegative)

    def contradictions(self, series: str) -> tuple[ContradictingSum, ...]:
        """The sums of a series of the flow that its other figures do not allow."""
        if series not in self._contradictions:
            self._contradictions[series] = contradicting_sums(self.vintage.observed(series), self.vintage.nonnegative)
        return self._contradictions[series]

    @functools.cached_property
    def _contradictions(self) -> dict[str, tuple[ContradictingSum, ...]]:
        return {}

    def sums_beyond(self, partner: str, first: int, last: int) -> list[Cell]:
        """Sums that hold months of a window and others: all that is known where no figure lies inside; the shortest of them."""
        series = self.series(partner)
        if not self.vintage.knows(series):
            return []
        spans = self.vintage.observed(series).spans
        near = [c for c in spans if c.overlaps(first, last) and c.status not in ("missing", "suppressed")]
        if any(first <= c.first and c.last <= last for c in near):
            return []
        return [c for c in near if not any(o is not c and c.first <= o.first and o.last <= c.last for o in near)]

    def status(self, partner: str, month: int) -> str:
        """What is known of a partner's month; "not in the data" where it has no series."""
        series = self.series(partner)
        return self.vintage.status(series, month) if self.vintage.knows(series) else UNHELD

    def periods(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Each month, then the calendar years and the sums that are published of some partner, inside a window."""
        yield from ((m, m) for m in range(first, last + 1))
        spans = {(12 * year, 12 * year + 11) for year in range(first // 12, last // 12 + 1)}
        for partner in self.partners:
            if self.vintage.knows(self.series(partner)):
                spans |= {(c.first, c.last) for c in self.vintage.observed(self.series(partner)).spans}
        yield from sorted((a, b) for a, b in spans if first <= a and b <= last)

    def within(self, first: int, last: int) -> PartnerFlow:
        """The flow with those partners alone that have a figure inside a window, of a month or a sum, in dispute or not."""
        named = {
            p
            for a, b in self.periods(first, last)
            for p in self.partners
            if math.isfinite(self.amount(p, a, b)) or self.range_in_dispute(p, a, b)
        }
        return replace(self, partners=tuple(p for p in self.partners if p in named))


def partner_flows(vintage: Vintage, series: Iterable[str]) -> list[PartnerFlow]:
    """The flows that some series belong to, each once, in their order; without those of which no single partner is known."""
    keys = (SeriesKey.maybe(one) for one in series)
    totals = list(dict.fromkeys(replace(total_of(key), measure="quantity") for key in keys if key is not None))
    found = partners_by_flow(vintage, totals)
    divided = {total: tuple(p for p in found[total] if is_single(p, total.reporter)) for total in totals}
    return [
        PartnerFlow(vintage, total, partners, tuple(p for p in found[total] if p not in (*partners, total.reporter, *NOWHERE)))
        for total, partners in divided.items()
        if partners
    ]


@dataclass(frozen=True)
class Split:
    """A flow over one or more months, divided by partner, in kg.

    total : over all partners; NaN where it is not known
    named : the partners with a figure
    rest : the total less the named; NaN where there is no total, below zero where the two contradict each other
    """

    first: int
    last: int
    total: float
    named: dict[str, float]
    rest: float
    state: State

    @property
    def shares(self) -> dict[str, float]:
        """Share of each named partner and of the others, which add up to one; empty where there are none to be formed.

        Where the named exceed the total by rounding only, the shares are those of their sum.
        """
        if self.state not in ("split", "rounded"):
            return {}
        whole = sum(self.named.values()) + self.rest
        return {partner: amount / whole for partner, amount in self.named.items()} | {REST: self.rest / whole}


def split(flow: PartnerFlow, first: int, last: int) -> Split:
    """The flow over some months by partner; partners without a figure are among the others, never zero."""
    total = flow.amount(WORLD, first, last)
    named = {p: amount for p in flow.partners if math.isfinite(amount := flow.amount(p, first, last))}
    if not math.isfinite(total):
        return Split(first, last, total, named, math.nan, "no total")
    rest = total - sum(named.values())
    if not named:
        return Split(first, last, total, named, rest, "no partner")
    if rest < -SLACK * total:
        return Split(first, last, total, named, rest, "contradiction")
    if total == 0:
        return Split(first, last, total, named, 0.0, "no trade")
    state: State = "rounded" if rest < -EXACT * total else "split"
    return Split(first, last, total, named, rest if rest > EXACT * total else 0.0, state)
