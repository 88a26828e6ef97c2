"""Lost or delayed: what share of each loss came back after the measure ended or was eased, month by month."""

from __future__ import annotations

import math

from forecast.core import months as mm
from forecast.core.measures_in_window import DAY
from forecast.core.products import display_unit
from forecast.core.schema import RecoveredRow, divide_figures, group_rows
from forecast.report.blocks import MISSING, Block, Column, Details, FigureBlock, Heading, Prose, TableBlock, TableCell
from forecast.report.credits import credit
from forecast.report.effect_rows import EffectAnswer
from forecast.report.figures.clearing import clearing_panel
from forecast.report.measure_phrases import event_phrase, events_phrase
from forecast.report.number_cells import percent_cell, quantity_cell
from forecast.report.numbers import (
    NBSP,
    capitalize,
    day,
    good_name,
    join_with_and,
    listed_months,
    month,
    percent,
    quantity,
    treated_name,
    window,
)
from forecast.report.prose import reason_in_words
from forecast.report.run_data import RunData
from forecast.report.series_overview import told_answers

MAX_PANELS = 6


def recovered_blocks(data: RunData) -> list[Block]:
    """A sentence for every headline row that asks for a loss, and the paths; empty where none does."""
    paths = group_rows(data.rows(RecoveredRow), lambda r: r.job)
    asked = [(a, paths[a.job]) for a in told_answers(data) if a.job in paths]
    if not asked:
        return []
    introduction = Prose(
        "What was missing under a measure may be lost, or may have come later: a backlog that clears shows as trade above what "
        "was expected once the measure has ended or has been eased. Loss and later excess come from the same draws of one "
        "expected path, which is drawn anew for both together, so that the loss may differ a little from that of the row. A "
        "row claims no more than its own verdict does, and over the longer time the checks may allow less."
    )
    told: dict[tuple[str, str], list[str]] = {}  # questions of one flow may have one answer
    for a, rows in asked:
        told.setdefault((treated_name(a.treated), recovered_sentence(data, a, rows[-1])), []).append(a.id)
    lines = [(TableCell(f"{', '.join(ids)}. {flow}"), TableCell(sentence)) for (flow, sentence), ids in told.items()]
    table = TableBlock("Lost or delayed, by question.", (Column("Question"), Column("What is known")), tuple(lines))
    out: list[Block] = [Heading("Lost or delayed?", 3, "recovered"), introduction, table]
    known: dict[tuple[object, ...], tuple[list[str], EffectAnswer, list[RecoveredRow]]] = {}
    for a, rows in asked:
        if rows[-1].month:  # two questions on one flow may have the same path
            known.setdefault((a.series, *((r.month, r.lost, r.back) for r in rows)), ([], a, rows))[0].append(a.id)
    paths_known = list(known.values())
    title = "The paths: lost so far, and come back so far"
    return [*out, _figure(data, paths_known), Details(title, (_path_table(paths_known),))] if known else out


def _figure(data: RunData, known: list[tuple[list[str], EffectAnswer, list[RecoveredRow]]]) -> FigureBlock:
    """One panel for each path, the largest number of them that a page holds."""
    panels = tuple(
        clearing_panel(
            f"{', '.join(ids)}. {capitalize(good_name(a.first_series))}"[:52],
            a.unit,
            [_in_display_units(a, row) for row in path],
        )
        for ids, a, path in known[:MAX_PANELS]
    )
    left = f" The other {len(known) - MAX_PANELS} stand in the table of paths." if known[MAX_PANELS:] else ""
    return FigureBlock(
        "recovered",
        "What was missing, and what came back of it",
        panels,
        2,
        "Observed less expected, added up from the first month of the loss; shaded: 95 % band from the draws; dashed: the "
        f"measure has ended or was eased. Back at zero, as much has come as was missing.{left} "
        + credit(data, [a.series for _, a, _ in known], "figure", "own work"),
        "Small charts of the cumulative difference between observed and expected trade, during a measure and after it",
    )


def recovered_sentence(data: RunData, answer: EffectAnswer, row: RecoveredRow) -> str:
    """How much of a loss had come back by the last known month, or why that is not known; `row` is the last of its path."""
    row = _in_display_units(answer, row)
    if row.state == "no loss shown":
        return "No loss is shown, so there is nothing of which to say that it came back."
    if row.state == "not yet known" and row.holding:
        return f"Not yet known.{_under_the_rest(data, answer, row)}{_description_sentence(answer, row)}{_also(data, row)}"
    if row.state == "not yet known":
        of_all = " of all these measures" if len(answer.events) > 1 else ""
        held = f"on the day of these figures no end or easing{of_all} is known"
        held = "no month since then is known" if row.turned_by else held
        since = f" {capitalize(_turn(data, answer, row))}, and {held}." if row.turned_by else f" {capitalize(held)}."
        return f"Not yet known.{since}"
    if row.state == "not asked":
        asked = f"{window(row.months_from, row.months_to)}: what was missing then went missing after it"
        return f"Not asked, because {_turn_phrase(data, answer, row)} came before {asked}."
    if row.state == "not identified":
        return f"Not identified, because {reason_in_words(data, answer, row.reason)}.{_description_and_rest(data, answer, row)}"
    came = quantity(abs(row.back), answer.unit)
    missing = f"{quantity(row.lost, answer.unit)} missing in {window(row.months_from, row.months_to)}"
    lead = f"Of the {missing}{_verdict_of_loss(data, answer, row)}, "
    if row.back > 0:
        share = f"{percent(row.share, sign=False)} of them; {_share_interval(row)}"
        seen = f"by the estimate {came} had come back by {month(row.month)} ({share})"
    else:
        low, high = (quantity(bound, answer.unit, sign=True) for bound in (row.back_lo80, row.back_hi80))
        nothing = f"by the estimate nothing had come back on balance by {month(row.month)}"
        seen = f"{nothing}, and another {came} were missing (80{NBSP}% interval of what came back: {low} to {high})"
    return (
        f"{lead}{seen}. {capitalize(_turn(data, answer, row))}; {_conclusion(row)}.{_still_held(answer, row)}{_also(data, row)}"
    )


def _in_display_units(answer: EffectAnswer, row: RecoveredRow) -> RecoveredRow:
    return divide_figures(row, display_unit(answer.first_series)[1])


def _turn(data: RunData, answer: EffectAnswer, row: RecoveredRow) -> str:
    """What is taken as the turn."""
    return f"{_turn_phrase(data, answer, row)} is taken as the turn"


def _verdict_of_loss(data: RunData, answer: EffectAnswer, row: RecoveredRow) -> str:
    """The verdict on the loss, by the answer about its months; one on another span is told with that. Empty if supported."""
    asked = (answer.event, answer.series, row.months_from, row.months_to)
    same = [a for a in (answer, *data.headline) if (a.event, a.series, a.months_from, a.months_to) == asked]
    span = "" if same else f" on {answer.window}"
    verdict = (same or [answer])[0].verdict
    return "" if verdict == "supported" else f" (verdict{span}: {verdict})"


def _turn_phrase(data: RunData, answer: EffectAnswer, row: RecoveredRow) -> str:
    """What ended or eased the measure: another one, or its own end."""
    what = event_phrase(data, row.turned_by)
    return f"the end of {what} ({day(row.turned)})" if row.turned_by in answer.events else what


def _still_held(answer: EffectAnswer, row: RecoveredRow) -> str:
    """The months between those of the loss and the turn, which count as months since; empty where there are none."""
    if answer.steps.unit != "month" or not (row.turned and row.since_from):
        return ""
    under = mm.ordinal(mm.parse_day(row.turned) - DAY) + answer.lag_months
    if under < mm.ordinal(row.since_from):
        return ""
    held = "one of the measures at least still held" if len(answer.events) > 1 else "the measure still held"
    return f" In {window(row.since_from, mm.label(under))} {held}: they count among the months since."


def _share_interval(row: RecoveredRow) -> str:
    low, high = row.share_lo80, row.share_hi80
    if not (math.isfinite(low) and math.isfinite(high)):
        return f"80{NBSP}% interval without a bound, because the loss itself is not shown at that level"
    return f"80{NBSP}% interval {percent(low, sign=False)} to {percent(high, sign=False)}"


def _conclusion(row: RecoveredRow) -> str:
    """What the 95 % intervals leave: delayed, still missing, both, or neither can be told."""
    delayed, missing, more = row.back_lo95 > 0, row.left_hi95 < 0, row.left_lo95 > 0
    if more:
        return "more came back than had been missing"
    if delayed and missing:
        return "part of it was delayed, and part of it is still missing"
    if delayed:
        return "part of it at least was delayed, not lost"
    if missing:
        return "part of it at least is still missing"
    return "lost cannot be told from delayed"


def _under_the_rest(data: RunData, answer: EffectAnswer, row: RecoveredRow) -> str:
    """What turned while other measures asked about go on, and that the months since are no time without them."""
    held = events_phrase(data, row.holding.split("+"))
    go = "go" if "+" in row.holding else "goes"
    on_day = "" if row.turned_by in answer.events else f" on {day(row.turned)}"
    came = f"{capitalize(_turn_phrase(data, answer, row))} came{on_day}"
    since = ", so that what came since says nothing of a time without it" if row.since_from else ", and no month since is known"
    return f" {came}, but {held} {go} on{since}."


def _description_and_rest(data: RunData, answer: EffectAnswer, row: RecoveredRow) -> str:
    """The description, what else fell into its months, and the measures asked about that go on."""
    text = _description_sentence(answer, row)
    rest = _under_the_rest(data, answer, row) if row.holding else ""
    return f"{text}{_also(data, row) if text else ''}{rest}"


def _description_sentence(answer: EffectAnswer, row: RecoveredRow) -> str:
    """Both differences from the baseline, without a cause; empty where no baseline holds for both."""
    if not row.baseline or not (math.isfinite(row.desc_lost) and math.isfinite(row.desc_back)):
        return ""
    first, later = (window(*ends) for ends in ((row.months_from, row.months_to), (row.since_from, row.since_to)))

    def side(value: float) -> str:
        return f"{quantity(abs(value), answer.unit)} {'below' if value < 0 else 'above'}"

    return f" As a description: {side(row.desc_lost)} the {row.baseline} in {first}, {side(row.desc_back)} it in {later}."


def _also(data: RunData, row: RecoveredRow) -> str:
    """Other measures that begin in the months after, or began before and hold in them, and months without a figure."""
    text = ""
    if row.others:
        others = row.others.split("+")
        text += f" {capitalize(events_phrase(data, others))} {'fall' if others[1:] else 'falls'} into the months since."
    if row.standing:
        text += f" {_standing(data, row)}"
    if row.unknown:
        months = row.unknown.split(", ")
        text += f" {capitalize(listed_months(months))} {'have' if months[1:] else 'has'} no figure and count in neither sum."
    return text


def _standing(data: RunData, row: RecoveredRow) -> str:
    """Each measure that held in the months since though it began before, with its month, and its last day where it has one."""
    known = []
    for name in row.standing.split("+"):
        end = data.calendar[name].until if name in data.calendar else None
        known.append(event_phrase(data, name) + (f" (until {day(end.isoformat())})" if end else ""))
    return f"In force in the months since, and begun before them: {join_with_and(known)}."


def _path_table(known: list[tuple[list[str], EffectAnswer, list[RecoveredRow]]]) -> TableBlock:
    """Loss and excess up to each month, with 80 % intervals."""
    rows: list[tuple[TableCell, ...]] = []
    for ids, a, path in known:
        rows.append((TableCell(f"{join_with_and(ids)}. {treated_name(a.treated)}", tone="group"),))
        for one in (_in_display_units(a, row) for row in path):
            lost = quantity_cell(one.lost, a.unit, _range_text(one.lost_lo80, one.lost_hi80, a.unit))
            if not math.isfinite(one.back):
                rows.append((TableCell(month(one.month)), lost, TableCell(MISSING), TableCell(MISSING)))
                continue
            back = quantity_cell(one.back, a.unit, _range_text(one.back_lo80, one.back_hi80, a.unit), sign=True)
            rows.append((TableCell(month(one.month)), lost, back, percent_cell(one.share, _share_interval(one))))
    columns = (Column("Up to"), Column("Lost", True), Column("Came back", True), Column("Share of the loss", True))
    return TableBlock("Lost so far, and come back so far, over what was expected.", columns, tuple(rows))


def _range_text(low: float, high: float, unit: str) -> str:
    return f"80{NBSP}% interval {quantity(low, unit)} to {quantity(high, unit)}"
