"""The next decision: when it is due, and what trade would be under each course that may be taken."""

from __future__ import annotations

from forecast.core.plurals import pluralize
from forecast.core.products import display_unit
from forecast.report.blocks import Block, Bullets, Column, FigureBlock, Heading, Prose, TableBlock, TableCell
from forecast.report.brief.decisions import Horizon
from forecast.report.brief.plain_words import EIGHT_OF_TEN, brief_credit, flow_words, range_text
from forecast.report.figures.scenario_dots import dots_panel
from forecast.report.inline_markup import link, safe_address
from forecast.report.numbers import capitalize, day, flow_name, good_name, month_of, percent, period, quantity, series_name
from forecast.report.run_data import RunData

MOST_SERIES = 4
MOST_PANELS = 2


def decision_blocks(data: RunData, horizon: Horizon) -> list[Block]:
    """Empty in a run without an open decision and without scenarios."""
    if not horizon.decisions and not horizon.courses:
        return []
    out: list[Block] = [Heading("The next decision", 2, "decision", "The next decision")]
    out += [Prose(_dates(data, horizon))] if horizon.decisions else []
    if not horizon.courses:
        return [*out, Prose("This run holds no scenarios: what each outcome would bring was not asked.")]
    series = list(horizon.courses)[:MOST_SERIES]
    asked = [row for row in data.config.get("scenarios") or () if isinstance(row, dict)]
    told = tuple(_course_text(row) for row in asked if any(str(row["name"]) in horizon.courses[s] for s in series))
    return [*out, _figure(data, horizon, series[:MOST_PANELS]), _table(horizon, series, len(asked)), Bullets(told)]


def _dates(data: RunData, horizon: Horizon) -> str:
    """The next decision with its source, the further ones, and how far the calendar is checked."""
    first, *more = horizon.decisions
    source = f" {link('Source', first.event.source_url)}." if safe_address(first.event.source_url) else ""
    verified = data.calendar.verified_to
    checked = f" Events are checked to {day(str(verified))}." if verified else ""
    further = "".join(f" {d.sentence(horizon.today)}" for d in more[:2])
    return f"{first.sentence(horizon.today)}{source}{further}{checked}"


def _course_text(row: dict[str, object]) -> str:
    chance = row.get("probability")
    weight = f" ({percent(float(str(chance)), sign=False)}, as the config says)" if chance is not None else ""
    return f"**{capitalize(str(row['name']))}**{weight}" + (f": {row['text']}." if row.get("text") else ".")


def _figure(data: RunData, horizon: Horizon, series: list[str]) -> FigureBlock:
    panels = tuple(
        dots_panel(capitalize(good_name(s)), flow_name(s, most=48), display_unit(s)[0], horizon.courses[s]) for s in series
    )
    return FigureBlock(
        "brief_decision",
        f"Trade over {_months(horizon, series)} under each course",
        panels,
        min(len(panels), 2),
        "Dot: the middle case. Bar: eight cases of ten; an arrow where it goes on beyond the frame. "
        + brief_credit(data, series, "own calculation"),
        "Dots with ranges of the trade under each course: " + "; ".join(map(series_name, series)),
    )


def _table(horizon: Horizon, series: list[str], asked: int) -> TableBlock:
    names = list(dict.fromkeys(name for s in series for name in horizon.courses[s]))
    rows = []
    for s in series:
        unit = display_unit(s)[0]
        cells = []
        for name in names:
            r = horizon.courses[s].get(name)
            cells.append(TableCell(quantity(r.q50, unit), range_text(r.q10, r.q90, unit)) if r else TableCell("not known"))
        last = month_of(horizon.data.histories[s].last)
        rows.append((TableCell(capitalize(good_name(s)), f"{flow_name(s)}; figures to {last}"), *cells))
    further = [flow_words(s) for s in list(horizon.courses)[len(series) :]]
    note = "A course has no probability unless one is named: which one is taken is a decision."
    note += f" {pluralize(more, 'further course')} in the full report." if (more := asked - len(names)) > 0 else ""
    note += f" In the full report too: {'; '.join(further)}." if further else ""
    columns = (Column("Series"), *(Column(capitalize(name), True) for name in names))
    return TableBlock(
        f"Trade over {_months(horizon, series)}; beneath it the range {EIGHT_OF_TEN}.", columns, tuple(rows), note
    )


def _months(horizon: Horizon, series: list[str]) -> str:
    spans = {r.month for s in series for r in horizon.courses[s].values()}
    return period(spans.pop()) if len(spans) == 1 else "the last months asked"
