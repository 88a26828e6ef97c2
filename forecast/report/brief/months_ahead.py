"""What comes next: the fan of the most important series, and a table of the config's series."""

from __future__ import annotations

from collections.abc import Sequence

from forecast.core import months as mm
from forecast.core.products import display_unit
from forecast.report.blocks import Block, Bullets, Column, FigureBlock, Heading, Prose, TableBlock, TableCell
from forecast.report.brief.decisions import Horizon
from forecast.report.brief.plain_words import EIGHT_OF_TEN, brief_credit, fan_range, flow_words
from forecast.report.chosen_answers import summary_rows
from forecast.report.event_key import event_key, events_of_panel, letter_events
from forecast.report.figures.fan_charts import HISTORY_MONTHS, fan_panel
from forecast.report.nowcast_blocks import nowcast_sentences
from forecast.report.numbers import (
    capitalize,
    flow_name,
    good_name,
    month,
    month_of,
    number_in_words,
    quantity,
    series_name,
    window,
)
from forecast.report.run_data import RunData
from forecast.report.table_blocks import latest_figure

MOST_SERIES = 5
MOST_FANS = 2


def told_series(data: RunData, horizon: Horizon) -> list[str]:
    """Series with a month ahead that may be told: those of the main questions first, then the config's order."""
    asked = [s for a in summary_rows(data) for s in a.series.split("+")]
    return [s for s in dict.fromkeys([*asked, *horizon.fans]) if horizon.coming(s) is not None]


def most_important(data: RunData, horizon: Horizon) -> str:
    """The first of them; "" where there is none."""
    return next(iter(told_series(data, horizon)), "")


def months_ahead_blocks(data: RunData, horizon: Horizon) -> list[Block]:
    """The figure and the table; the nowcasts of a run that asks nothing else."""
    head = Heading("What comes next", 2, "brief-next", "What comes next")
    shown = told_series(data, horizon)[:MOST_SERIES]
    if not shown:
        now = nowcast_sentences(data)
        if now:
            return [head, Bullets(now)]
        if not horizon.fans:
            return []
        return [
            head,
            Prose("Every flow of this run hangs on a decision still open: none has a single forecast."),
        ]
    left = [s for s in horizon.fans if s not in horizon.courses and not horizon.months_told(s)]
    out: list[Block] = [head, _fan_figure(data, horizon, shown[:MOST_FANS]), _table(data, horizon, shown)]
    if left:
        names = "; ".join(map(flow_words, left[:MOST_SERIES]))
        out.append(Prose(f"Not told as one forecast, as a decision comes first: {names}.", "note"))
    return out


def _fan_figure(data: RunData, horizon: Horizon, series: Sequence[str]) -> FigureBlock:
    first = min(data.histories[s].last for s in series) - HISTORY_MONTHS
    events = letter_events(data, series, first, mm.ordinal(data.as_of[:7]))
    panels = tuple(fan_panel(data.histories[s], horizon.months_told(s), data.as_of, events_of_panel(events, s)) for s in series)
    cut = [until for s in series if (until := horizon.open_from(s)) and len(horizon.months_told(s)) < len(horizon.fans[s])]
    sums = any(step[-1] >= first for s in series for step, _ in data.histories[s].steps)
    dotted = " Dotted: the mean of months known only as one sum." if sums else ""
    ends = f" The ranges end before {month_of(min(cut))}, the first month that hangs on a decision still open." if cut else ""
    return FigureBlock(
        "brief_next",
        "The months ahead",
        panels,
        2,
        f"Line: published.{dotted} Blue: what we expect; ranges hold eight cases of ten and nineteen of twenty. Shaded: past, "
        f"without a figure.{ends} " + brief_credit(data, series, "own calculation"),
        "Charts of the months ahead: " + "; ".join(map(series_name, series)),
        event_key(events),
    )


def _table(data: RunData, horizon: Horizon, shown: list[str]) -> TableBlock:
    rows = []
    for series in shown:
        history, unit = data.histories[series], display_unit(series)[0]
        row = horizon.coming(series)
        assert row is not None
        first, last, value = latest_figure(history)
        provisional = ", provisional" if history.is_provisional(first, last) else ""
        rows.append(
            (
                TableCell(capitalize(good_name(series)), flow_name(series)),
                TableCell(quantity(value, unit), _when(first, last) + provisional),
                TableCell(quantity(row.q50, unit), month(row.month)),
                TableCell(fan_range(row, unit)),
            )
        )
    heads = ("Last figure", "Coming month", f"Range {EIGHT_OF_TEN}")
    columns = (Column("Series"), *(Column(text, True) for text in heads))
    more = sum(horizon.coming(s) is not None for s in horizon.fans) - len(shown)
    order = "First the series of the main questions, then in the order of the config"
    note = f"{order}; {more} more in the full report." if more > 0 else f"{order}."
    part = [s for s in shown if any(d.event.touches(s) and not d.event.directed_at(s) for d in horizon.decisions)]
    if part:
        note += " Where a decision bears on one partner alone, a total is taken to go on as it is."
    return TableBlock("The last published month, and a coming one.", columns, tuple(rows), note)


def _when(first: int, last: int) -> str:
    """The month of a figure, or the months that it sums."""
    if first == last:
        return month_of(last)
    return f"{window(mm.label(first), mm.label(last))}, one sum of {number_in_words(last - first + 1)} months"
