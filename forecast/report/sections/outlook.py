"""Section on forecasts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

from forecast.core import months as mm
from forecast.core.registry import section
from forecast.core.schema import ForecastRow, RegimeRow, group_rows
from forecast.report.blocks import Block, Bullets, Callout, Details, FigureBlock, Heading, Prose
from forecast.report.credits import credit
from forecast.report.event_key import event_key, events_of_panel, letter_events
from forecast.report.event_status import note_text, notes_on
from forecast.report.figures.fan_charts import HISTORY_MONTHS, fan_panel
from forecast.report.inline_markup import link, safe_address
from forecast.report.law_as_written import law_blocks
from forecast.report.numbers import capitalize, day, number_in_words, series_name
from forecast.report.press_check import press_blocks
from forecast.report.prose import seasonal_adjustment_note
from forecast.report.run_data import RunData
from forecast.report.scenario_sums import month_means
from forecast.report.series_overview import MANY_SERIES, choose_series, overview_table, rank_series
from forecast.report.table_blocks import latest_figures_table, latest_note, months_ahead_table, regimes_table

MAX_PANELS = 12


@section
@dataclass(frozen=True)
class OutlookSection:
    """What comes next: fan charts, the months ahead in numbers, and what each regime would mean."""

    order: ClassVar[float] = 40
    needs: ClassVar[tuple[str, ...]] = ()

    def blocks(self, data: RunData) -> list[Block]:
        """Fan charts, tables of months ahead and of the last figures, expiry table; empty where nothing ahead is asked."""
        out: list[Block] = [Heading("What comes next", 2, "next", "What comes next")]
        listed: list[str] | None = None  # the series told in full, where there are many
        if not data.outlook and (data.nowcasts or not data.asks("forecast", "expiry", "effects")):
            return []
        if data.outlook:
            chosen = group_rows((r for r in data.outlook if r.model == data.default_model), lambda r: r.series)
            names = [s for s in data.in_config_order(chosen) if s in data.histories]
            months = max(map(len, chosen.values()), default=0)
            span = f"{number_in_words(months)} month{'s' * (months != 1)}"
            out.append(
                Prose(
                    f"{span.capitalize()} from each series' own last published month, standing on {day(data.as_of)}. Model: "
                    f"**{data.default_model_text}**, the default; {_past_errors(data, chosen)}. Bands "
                    "hold 80 and 95 % of the draws; they know past surprises and the law as written, not decisions still to "
                    "come. "
                    f"{seasonal_adjustment_note(data)}"
                )
            )
            many = len(names) > MANY_SERIES
            if many:
                ranks = rank_series(data, {s: chosen[s] for s in names})
                names = choose_series(ranks)
                out.append(overview_table(ranks, data.default_model))
            out += law_blocks(data, {s: chosen[s] for s in names})
            sources = credit(data, names, "figure", "own calculation")
            shown, further = ({s: chosen[s] for s in part} for part in (names[:MAX_PANELS], names[MAX_PANELS:]))
            out.append(_fan_figure(data, shown, "outlook", f"{span.capitalize()} ahead", sources))
            if further:
                rest = _fan_figure(data, further, "outlook_more", f"{span.capitalize()} ahead, further series", sources)
                out.append(Details(f"Charts of {len(further)} further series", (rest,)))
            out += press_blocks(data, {s: chosen[s] for s in names})
            listed = names if many else None
            sums = group_rows((r for r in data.outlook_sums if r.model == data.default_model), lambda r: r.series)
            tables = tuple(
                months_ahead_table(data.histories[s], chosen[s], sums.get(s, ()), data.as_of, data.unheld) for s in names
            )
            out.append(Details(f"The months ahead in numbers, {len(tables)} series", tables))
        elif data.asks("forecast"):
            out.append(Callout("This run holds no forecast that stands on its own day.", "warning"))
        long = {s for s, h in data.histories.items() if ":" not in s and len(h.values) > 11}
        asked = listed or data.in_config_order({r.series for r in data.outlook} or long)
        last = [data.histories[s] for s in asked if s in data.histories]
        note = latest_note(data, [h.series for h in last])
        if last:
            out.append(latest_figures_table(last[:MAX_PANELS], note))
        if last[MAX_PANELS:]:
            table = latest_figures_table(last[MAX_PANELS:], note)
            out.append(Details(f"The last published figure of {len(last) - MAX_PANELS} further series", (table,)))
        return out + _expiry_blocks(data)


def _past_errors(data: RunData, told: Collection[str]) -> str:
    """Where it is told how far off the default model was in the past, if a backtest of these series tells it."""
    scores = data.table("scores")
    if ((scores.model == data.default_model) & scores.series.isin(list(told))).any():
        return "how far it was off in the past is told under Backtest"
    return "no backtest of this run says how far it was off in the past"


def _fan_figure(data: RunData, fans: dict[str, list[ForecastRow]], name: str, title: str, sources: str) -> FigureBlock:
    first = min((data.histories[s].last - HISTORY_MONTHS for s in fans), default=0)
    events = letter_events(data, fans, first, mm.ordinal(data.as_of[:7]))
    panels = tuple(fan_panel(data.histories[s], own, data.as_of, events_of_panel(events, s)) for s, own in fans.items())
    return FigureBlock(
        name,
        title,
        panels,
        3,
        "Solid: published months (dotted: mean of months known only as a sum). Blue: median, 80 and 95 % bands of the "
        f"default model. Shaded: months already past on {day(data.as_of)} {data.unknown}. Letters: events in force. "
        "▲: the 95 % band goes on above the frame, to the figure given. " + sources,
        "Fan charts of " + "; ".join(map(series_name, fans)),
        event_key(events),
    )


def _expiry_blocks(data: RunData) -> list[Block]:
    rows = data.rows(RegimeRow)
    if not rows:
        return []
    parts = [part for part in data.config.get("expiry") or () if isinstance(part, dict)]
    ends = [e for e in data.calendar if e.reversal_of and e.end and str(e.end) > data.outcomes_known_to]
    ends = [e for e in ends if any(e.touches(s) for s in {r.series for r in rows})]
    days = [str(part["day"]) for part in parts if part.get("day")] + [str(e.end) for e in ends]
    out: list[Block] = [Heading(f"When the suspension ends on {day(days[0])}" if days else "Under each regime", 3)]
    for event in ends[:1]:
        verified = data.calendar.verified_to
        until = f" Events are verified to {day(str(verified))}; whether it is prolonged is not known here." if verified else ""
        source = f" {link('Source', event.source_url)}." if safe_address(event.source_url or "") else ""
        out.append(
            Prose(
                f"Known: “{event.title}”{f' ({event.status})' if event.status else ''}, announced on "
                f"{day(str(event.announced))}, in force until {day(str(event.end))} as announced.{source}{until}"
            )
        )
        if said := tuple(note_text(note) for note in notes_on(data, [event.id])):
            out.append(Bullets(said))
    read = [f"{capitalize(text)}." for text in dict.fromkeys(r.reading for r in rows) if text]
    out += [Bullets(tuple(read))] if read else []
    order = [str(s) for part in parts for s in part.get("series", ())]
    return [*out, regimes_table(data, rows, order, month_means(data.scenario_sums))]
