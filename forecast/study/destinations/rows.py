"""What is known of a flow's partners, as rows of the table `destinations`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast.core import months as mm, schema
from forecast.core.event import Event
from forecast.core.schema import DestinationRow
from forecast.core.vintage import Vintage
from forecast.prep.partners import REST, WORLD
from forecast.prep.spans_and_gaps import count_months
from forecast.study.destinations.ahead import Ahead
from forecast.study.destinations.concentration import concentration
from forecast.study.destinations.first_served import AFTER, LEVELS, month_of_return, months_before
from forecast.study.destinations.premium import premium
from forecast.study.destinations.shares import PartnerFlow, Split, split

NULL = {name: schema.NULLS[kind] for name, kind in schema.COLUMNS["destinations"].items()}


@dataclass(frozen=True)
class FlowRows:
    """The rows of one flow over a window of months (integers, both included)."""

    flow: PartnerFlow
    first: int
    last: int

    def row(self, measure: str, partner: str, first: int, last: int, **cells: Any) -> DestinationRow:
        """A row about a partner in some months; columns that are not given are null."""
        key = self.flow.key
        own = {"reporter": key.reporter, "flow": key.flow, "product": key.product, "month": mm.period_label(first, last)}
        return DestinationRow(**NULL | own | {"measure": measure, "partner": partner} | cells)

    def figures(self) -> Iterator[DestinationRow]:
        """How many monthly figures each partner has, in the window and ever: the data behind all that follows."""
        for partner in (WORLD, *self.flow.partners):
            series = self.flow.series(partner)
            if not self.flow.vintage.knows(series):
                continue
            seen = self.flow.vintage.observed(series)
            known = [math.isfinite(self.flow.amount(partner, m, m)) for m in range(self.first, self.last + 1)]
            yield self.row(
                "figures", partner, self.first, self.last, value=float(sum(known)), n=count_months(seen), unit="months"
            )
        for group in self.flow.groups:
            count = count_months(self.flow.vintage.observed(self.flow.series(group)))
            yield self.row("figures", group, self.first, self.last, status="group", n=count)

    def contradictions(self) -> Iterator[DestinationRow]:
        """Sums of a series that its other figures do not allow: the sum, what those leave for it, and their months."""
        for partner in (WORLD, *self.flow.partners):
            series = self.flow.series(partner)
            for found in self.flow.contradictions(series) if self.flow.vintage.knows(series) else ():
                if any(one.overlaps(self.first, self.last) for one in (found.cell, *found.others)):
                    cell, months = found.cell, [mm.period_label(c.first, c.last) for c in found.others]
                    most = found.most if math.isfinite(found.most) else math.nan
                    yield self.row(
                        "contradiction", partner, cell.first, cell.last, value=cell.value, lo=found.least, hi=most, unit="kg",
                        status="contradiction", n=len(months), note=", ".join(months),
                    )  # fmt: skip

    def sums_beyond(self) -> Iterator[DestinationRow]:
        """Sums that reach beyond the window, of partners (and the total) of which nothing is known inside it."""
        inside: tuple[str, ...] = self.flow.within(self.first, self.last).partners
        if any(math.isfinite(self.flow.amount(WORLD, *ends)) for ends in self.flow.periods(self.first, self.last)):
            inside = (WORLD, *inside)
        for partner in (p for p in (WORLD, *self.flow.partners) if p not in inside):
            for cell in self.flow.sums_beyond(partner, self.first, self.last):
                yield self.row("sum beyond", partner, cell.first, cell.last, value=cell.value, unit="kg", status=cell.status)

    def divisions(self) -> Iterator[DestinationRow]:
        """Volumes, shares and concentration of every month, known or not, and of sums of which a partner's part is known."""
        for first, last in self.flow.periods(self.first, self.last):
            ranges = {partner: self.flow.range_in_dispute(partner, first, last) for partner in (WORLD, *self.flow.partners)}
            disputed = {partner: ends for partner, ends in ranges.items() if ends}
            for row in self._rows_of_period(first, last):
                if row.measure != "volume" or row.partner not in disputed:
                    yield row
            for partner, (low, high) in disputed.items():
                yield self.row("volume", partner, first, last, lo=low, hi=high, unit="kg", status="contradiction")

    def _rows_of_period(self, first: int, last: int) -> Iterator[DestinationRow]:
        """Volumes, shares and concentration of a period, by figures as they are."""
        found = split(self.flow, first, last)
        if first == last or found.state not in ("no total", "no partner"):
            yield from self._division(found)
        else:  # sums that are known of partners, though not of all together
            yield from (self._volume(found, partner) for partner in self.flow.partners if partner in found.named)

    def _volume(self, found: Split, partner: str) -> DestinationRow:
        """The volume of a partner with a figure."""
        first, last, amount = found.first, found.last, found.named[partner]
        status = self.flow.status(partner, first) if first == last else "zero" if amount == 0 else "value"
        return self.row("volume", partner, first, last, value=amount, unit="kg", status=status)

    def _division(self, found: Split) -> Iterator[DestinationRow]:
        first, last, shares = found.first, found.last, found.shares
        limit = found.rest if found.state in ("split", "no partner") else float("nan")
        state = self.flow.status(WORLD, first) if first == last else "value"
        yield self.row("volume", WORLD, first, last, value=found.total, unit="kg", status=state, note=found.state)
        for partner in self.flow.partners:
            if partner in found.named:
                yield self._volume(found, partner)
            elif first == last:  # a gap: between nothing and all that the total leaves
                status = self.flow.status(partner, first)
                yield self.row("volume", partner, first, last, lo=0.0, hi=limit, unit="kg", status=status)
        if found.state != "no total":
            yield self.row("volume", REST, first, last, value=found.rest, unit="kg", status=found.state)
        for partner, share in shares.items():
            yield self.row("share", partner, first, last, value=share, status=found.state, n=len(found.named))
        if shares:
            least, most = concentration(shares)
            yield self.row("concentration", WORLD, first, last, lo=least, hi=most, n=len(found.named))

    def returns(
        self, event: Event, reversed_event: Event | None, before: tuple[int, int] | None = None
    ) -> Iterator[DestinationRow]:
        """Each partner's level before, its months after an event over it, and the month in which it was back.

        `value` of "level before" is kg a month; of "month after", the ratio; `lo` and `hi` of "back" are months since the
        event's own, which is 0.
        """
        start = mm.ordinal(event.effective or event.announced)
        window = start, min(start + AFTER - 1, self.last)
        clean = before or months_before(event, reversed_event)
        for partner in self.flow.partners if window[0] <= window[1] else ():
            for part in LEVELS:
                found = month_of_return(self.flow, partner, clean, window, part)
                if part == LEVELS[0]:
                    yield self.row(
                        "level before", partner, *clean, value=found.level, unit="kg", event=event.id, n=found.n_before
                    )
                    for month, ratio in found.ratios.items():
                        yield self.row("month after", partner, month, month, value=ratio, event=event.id)
                bounds: dict[str, Any] = {
                    name: float(month - start)
                    for name, month in (("lo", found.earliest), ("hi", found.latest))
                    if month is not None
                }
                yield self.row(
                    "back", partner, *window, unit="months after", status=found.state, event=event.id, level=part,
                    n=len(found.ratios), **bounds,
                )  # fmt: skip

    def premiums(self) -> Iterator[DestinationRow]:
        """Unit values and premiums, calendar year by calendar year.

        `value` of "premium" is the ratio of unit values less one; of "premium in the same months", that with time taken out.
        """
        for year in range(self.first // 12, self.last // 12 + 1):
            window = max(12 * year, self.first), min(12 * year + 11, self.last)
            for partner in self.flow.partners:
                found = premium(self.flow, partner, *window)
                if found is None:
                    continue
                note = f"{found.periods} compared; {found.weight:,.0f} kg"
                counts: dict[str, Any] = {"n": found.traded, "status": "thin" if found.is_thin else "compared", "note": note}
                yield self.row("unit value", partner, *window, value=found.unit_value, unit="USD/kg", **counts)
                yield self.row("unit value", REST, *window, value=found.others, unit="USD/kg", note=f"beside {partner}")
                yield self.row("premium", partner, *window, value=found.premium, **counts)
                yield self.row("premium in the same months", partner, *window, value=found.same_months, **counts)

    def months_ahead(self, made: Ahead) -> Iterator[DestinationRow]:
        """Volumes and shares ahead: means, which add up as the draws do, and 80 % intervals; or why there are none."""
        if not made.draws:
            yield self.row("volume ahead", WORLD, self.last + 1, self.last + 1, status="not possible", note=made.reason)
            return
        when = [mm.ordinal(label) for label in made.months]
        for partner, draws in made.draws.items():
            spans = [(m, m, draws[:, i]) for i, m in enumerate(when)] + [(when[0], when[-1], draws.sum(axis=1))]
            for first, last, one in spans if len(when) > 1 else spans[:1]:
                low, high = np.quantile(one, [0.1, 0.9])
                yield self.row(
                    "volume ahead", partner, first, last, value=float(one.mean()), lo=float(low), hi=float(high), unit="kg",
                    status="forecast", note=made.model,
                )  # fmt: skip
            if partner != WORLD:
                share = made.shares(partner)
                share = share[np.isfinite(share)]
                if len(share):
                    low, high = np.quantile(share, [0.1, 0.9])
                    yield self.row(
                        "share ahead", partner, when[0], when[-1], value=float(share.mean()), lo=float(low), hi=float(high),
                        status="forecast", note=made.model,
                    )  # fmt: skip


def relief_events(vintage: Vintage, flow: PartnerFlow, first: int, last: int) -> list[Event]:
    """Events that reverse another and touch the flow, in force from a month of the window on; one of each cluster."""
    touching: Iterable[Event] = vintage.events.touching(flow.series(WORLD), roles=("default",))
    found = [e for e in touching if e.reversal_of and e.in_force and first <= mm.ordinal(e.effective or e.announced) <= last]
    return list({e.cluster or e.id: e for e in reversed(found)}.values())[::-1]


def reversed_by(vintage: Vintage, event: Event) -> Event | None:
    """The event that another one reverses, where it is known."""
    known = event.reversal_of and event.reversal_of in vintage.events
    return vintage.events[event.reversal_of] if known else None
