"""Section on destinations: which partners a flow went to, who was served first, at which unit value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from forecast.core import months as mm
from forecast.core.destinations import Destinations
from forecast.core.plurals import pluralize
from forecast.core.products import display_unit
from forecast.core.registry import section
from forecast.core.schema import DestinationRow, group_rows
from forecast.report.blocks import MISSING, Block, Bullets, Column, Details, FigureBlock, Heading, Prose, TableBlock, TableCell
from forecast.report.destination_sentences import (
    ahead_sentences,
    concentration_sentence,
    contradiction_sentences,
    first_served_sentences,
    shares_sentence,
)
from forecast.report.event_key import event_key, events_of_panel, letter_events
from forecast.report.figures.destinations import destinations_panel, partner_colors
from forecast.report.number_cells import quantity_cell
from forecast.report.numbers import (
    capitalize,
    country_name,
    flow_name,
    good_name,
    join_with_and,
    percent,
    period,
    quantity,
    share_text,
)
from forecast.report.partner_sums import contradicting_sums_sentence, sums_beyond_sentence, sums_sentence
from forecast.report.run_data import MORE_THAN_NOWCASTS, RunData

PANELS = 4  # flows that are drawn and told
FLOWS = 12  # flows in the table
YEAR = 12  # months of a partner's share in the table
PARTNERS = 5  # of each flow in the table
FOLD = "Partner by partner: figures, shares, return, unit values, months ahead"
WORLD = "WLD"


@section
@dataclass(frozen=True)
class DestinationsSection:
    """Destinations: shares of the partners with a figure, who was served first, concentration, unit values, months ahead."""

    order: ClassVar[float] = 72
    needs: ClassVar[tuple[str, ...]] = ("destinations",)

    def blocks(self, data: RunData) -> list[Block]:
        """Empty unless two partners of one flow have figures of single months; then partners known by sums are told too."""
        if not (data.holds(MORE_THAN_NOWCASTS) or (data.config.get("destinations") or {}).get("series")):
            return []
        flows = _flows(data)
        divided = [made for made in flows if len(_partners(made)) > 1]
        if not divided:
            return []
        told = divided[:PANELS]
        spans = [mm.parse_period(made.of("figures")[0].month) for made in told]
        totals = [made.series for made in told]
        events = letter_events(data, totals, min(s[0] for s in spans), max(s[1] for s in spans))
        colors = partner_colors(told)
        panels = tuple(destinations_panel(_title(made), made, events_of_panel(events, made.series), colors) for made in told)
        texts = []
        for made in told:
            said = (shares_sentence(made), concentration_sentence(made, explained=False), *contradiction_sentences(made))
            texts.append(_text(made, *said, *_sums(made), *first_served_sentences(made)))
        texts += [_text(made, *sums) for made in flows if made not in told and any(sums := _sums(made))]
        return [
            Heading("Who was served", 2, "destinations", "Destinations"),
            Prose(
                "A share is that of a partner with a figure in the total of the same months. The total less all partners with "
                f"a figure is “other partners”: shares add up to one, and a month that is {data.unknown} is a gap, never zero "
                "and never filled in. Who was served first is judged by each partner’s own level before, and never said of one "
                "without figures in those months. Concentration is the Hirschman-Herfindahl index, 1 where one partner has "
                "all; with partners that are not named it lies between two bounds."
            ),
            FigureBlock(
                "destinations", "Volumes by partner, and who has a figure when", panels, 2 if len(panels) > 1 else 1,
                "Bars: partners with a figure in their colours, light grey the total less them, outlined a total of which no "
                "partner is known, “?” where the total is not. Dots: months with a figure; rings: published as zero; empty: no "
                "figure. Sums over several months are in the table of the run folder, not in the bars.",
                "Stacked bars of monthly volumes by partner, and rows of dots that show who has a figure in which month",
                event_key(events),
            ),
            Bullets(tuple(texts)),
            Details(FOLD, (_table(flows[:FLOWS], len(flows) - FLOWS),)),
            *map(Prose, ahead_sentences(flows, told=False)),
        ]  # fmt: skip


def _flows(data: RunData) -> list[Destinations]:
    """The run's flows, those with most partners and figures first."""
    groups = group_rows(data.rows(DestinationRow), lambda r: (r.reporter, r.flow, r.product))
    found = [Destinations(*key, tuple(rows), data.calendar) for key, rows in groups.items()]
    return sorted(found, key=lambda made: (len(_partners(made)) < 2, -sum(r.value for r in _partners(made)), made.series))


def _partners(made: Destinations) -> list[DestinationRow]:
    """Partners with figures of single months, those with most of them first."""
    rows = [r for r in made.of("figures") if r.partner != WORLD and r.status != "group" and r.value > 0]
    return sorted(rows, key=lambda r: (-r.value, r.partner))


def _sums(made: Destinations) -> tuple[str, ...]:
    """What is told of sums of several months, empty where there is nothing of the kind."""
    return sums_sentence(made), sums_beyond_sentence(made), contradicting_sums_sentence(made)


def _text(made: Destinations, *sentences: str) -> str:
    return f"**{_title(made)}.** {' '.join(filter(None, sentences))}"


def _title(made: Destinations) -> str:
    return f"{capitalize(good_name(made.series))}, {flow_name(made.series)}"


def _table(flows: Sequence[Destinations], left: int) -> TableBlock:
    rows: list[tuple[TableCell, ...]] = []
    heading = ""
    for made in flows:
        partners = _partners(made)
        alone = len(partners) == 1  # flows of which one partner is known share a heading
        group = f"{flow_name(made.series)}: one partner known" if alone else _title(made)
        if group != heading:
            rows.append((TableCell(capitalize(group), tone="group"),))
        heading = group
        rows += [_row(made, p.partner, int(p.value), good_name(made.series) if alone else "") for p in partners[:PARTNERS]]
        if len(partners) > PARTNERS:
            rows.append(
                (TableCell(f"{pluralize(len(partners) - PARTNERS, 'more partner')} with fewer figures", tone="sentence"),)
            )
    columns = (
        Column("Partner"), Column("Months", True), Column("Last figure", True), Column("Share", True),
        Column("Back at its level"), Column("Unit value against others", True), Column("Share expected", True),
    )  # fmt: skip
    windows = sorted({made.of("figures")[0].month for made in flows})
    note = (
        "Months: those with a figure of their own, of those in the window named above. Share: ratio of sums over those months "
        "of the year to the last figure in which the total is known too; of fewer than 12 months it is the share in the months "
        "with a figure of their own, a selected sample (the press prints months that stand out), not that of the year. Back: "
        "first month at the mean of the 12 months before the measure that was eased; a range where months without a figure "
        "leave it open. Unit value: ratio of sums against all others together, in brackets month against month, which takes "
        "out that partners buy in different months; the mix of goods and grades within a code stays in both, so neither is a "
        "price. Share expected: mean and 80 % interval over the months ahead, by forecasts that add up over partners in every "
        "draw."
    )
    more = f" {pluralize(left, 'more flow')} in the table of the run folder." if left > 0 else ""
    return TableBlock(
        f"Partners of each flow, {join_with_and(list(map(period, windows)))}.", columns, tuple(rows), note + more, stacked=True
    )


def _row(made: Destinations, partner: str, months: int, good: str) -> tuple[TableCell, ...]:
    unit, scale = display_unit(made.series)
    own = [r for r in made.of("volume") if r.partner == partner and "/" not in r.month and math.isfinite(r.value)]
    last = max(own, key=lambda r: r.month)
    return (
        TableCell(capitalize(country_name(partner)), good),
        TableCell(str(months), value=float(months)),
        quantity_cell(last.value / scale, unit, period(last.month)),
        _share_cell(made, own),
        _back_cell(made, partner),
        _premium_cell(made, partner),
        _expected_cell(made, partner),
    )


def _share_cell(made: Destinations, own: Sequence[DestinationRow]) -> TableCell:
    """The share in the year that ends with the partner's last figure, over the months in which total and partner are known."""
    totals = {r.month: r.value for r in made.of("volume") if r.partner == WORLD and math.isfinite(r.value)}
    both = {r.month: r.value for r in own if r.month in totals}
    since = mm.ordinal(max(both, default="0001-01")) - YEAR
    year = {month: value for month, value in both.items() if mm.ordinal(month) > since}
    whole = sum(totals[month] for month in year)
    if whole <= 0:
        return _none()
    return TableCell(share_text(sum(year.values()) / whole), f"{len(year)} of {YEAR} months", value=sum(year.values()) / whole)


def _back_cell(made: Destinations, partner: str) -> TableCell:
    """The month of return after the last event that says something of the partner."""
    rows = [r for r in made.of("back") if r.partner == partner and r.level == 1.0 and r.status not in ("no figure", "no level")]
    if not rows:
        return _none()
    row = rows[-1]
    start = mm.parse_period(row.month)[0]
    level = next(r for r in made.of("level before") if r.partner == partner and r.event == row.event)
    unit, scale = display_unit(made.series)
    sub = f"level {quantity(level.value / scale, unit)} ({pluralize(level.n or 0, 'month')})"
    if not math.isfinite(row.hi):
        return TableCell("in no month known", sub)
    ends = [period(mm.label(start + int(x))) for x in (row.lo, row.hi)]
    return TableCell(ends[0] if ends[0] == ends[1] else f"{ends[0]} – {ends[1]}", sub)


def _premium_cell(made: Destinations, partner: str) -> TableCell:
    """The premium of the last year in which it is no matter of single lots."""
    rows = [r for r in made.of("premium") if r.partner == partner and r.status == "compared"]
    if not rows:
        return _none()
    row = max(rows, key=lambda r: r.month)
    same = next(r for r in made.of("premium in the same months") if (r.partner, r.month) == (partner, row.month))
    beside = f" ({percent(same.value)})" if math.isfinite(same.value) else ""
    return TableCell(percent(row.value) + beside, period(row.month), value=row.value)


def _expected_cell(made: Destinations, partner: str) -> TableCell:
    row = next((r for r in made.of("share ahead") if r.partner == partner), None)
    if row is None:
        return _none()
    return TableCell(share_text(row.value), f"{share_text(row.lo)} to {share_text(row.hi)}", value=row.value)


def _none() -> TableCell:
    return TableCell(MISSING)
