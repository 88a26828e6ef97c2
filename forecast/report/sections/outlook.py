"""Section on forecasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from forecast.core import months as mm
from forecast.core.registry import section
from forecast.report.blocks import Block, Bullets, Callout, Details, FigureBlock, Heading, Prose
from forecast.report.credits import credit
from forecast.report.event_key import event_key
from forecast.report.inline_markup import link, safe_address
from forecast.report.numbers import day, number_in_words, series_name
from forecast.report.prose import seasonal_adjustment_note
from forecast.report.run_data import RunData
from forecast.report.table_blocks import latest_figures_table, latest_note, months_ahead_table, regimes_table

HISTORY_MONTHS = 38
MAX_PANELS = 12


@section
@dataclass(frozen=True)
class OutlookSection:
    """What comes next: fan charts, the months ahead in numbers, and what each regime would mean."""

    order: ClassVar[float] = 40
    needs: ClassVar[tuple[str, ...]] = ()

    def blocks(self, data: RunData) -> list[Block]:
        """Fan charts, tables of months ahead and of the last figures, expiry table; empty in a run of nowcasts alone."""
        out: list[Block] = [Heading("What comes next", 2, "next", "What comes next")]
        table, model = data.outlook, data.default_model
        if not len(table) and data.nowcasts:
            return []
        if len(table):
            chosen = table[table["model"] == model]
            names = [s for s in data.in_config_order(chosen["series"].unique()) if s in data.histories]
            single = chosen[~chosen["month"].str.contains("/")]
            months = int(single.groupby("series")["month"].nunique().max()) if len(single) else 0
            span = f"{number_in_words(months)} month{'s' * (months != 1)}"
            out.append(
                Prose(
                    f"{span.capitalize()} from each series' own last published month, standing on {day(data.as_of)}. Model: "
                    f"**{data.default_model_text}**, the default; how far it was off in the past is told under Backtest. Bands "
                    "hold 80 and 95 % of the draws; they know past surprises, not decisions still to come. "
                    f"{seasonal_adjustment_note(data)}"
                )
            )
            sources = credit(data, names, "figure", "own calculation")
            out.append(_fan_figure(data, names[:MAX_PANELS], model, "outlook", f"{span.capitalize()} ahead", sources))
            if names[MAX_PANELS:]:
                title = f"{span.capitalize()} ahead, further series"
                rest = _fan_figure(data, names[MAX_PANELS:], model, "outlook_more", title, sources)
                out.append(Details(f"Charts of {len(names) - MAX_PANELS} further series", (rest,)))
            tables = tuple(
                months_ahead_table(data.histories[s], chosen[chosen["series"] == s], data.as_of, data.unheld) for s in names
            )
            out.append(Details(f"The months ahead in numbers, {len(tables)} series", tables))
        else:
            out.append(Callout("This run holds no forecast that stands on its own day.", "warning"))
        asked = set(table["series"]) if len(table) else set()
        wanted = asked or {s for s, h in data.histories.items() if ":" not in s and len(h.values) > 11}
        shown = [data.histories[s] for s in data.in_config_order(wanted) if s in data.histories]
        note = latest_note(data, [h.series for h in shown])
        if shown:
            out.append(latest_figures_table(shown[:MAX_PANELS], note))
        if shown[MAX_PANELS:]:
            further = latest_figures_table(shown[MAX_PANELS:], note)
            out.append(Details(f"The last published figure of {len(shown) - MAX_PANELS} further series", (further,)))
        return out + _expiry_blocks(data)


def _fan_figure(data: RunData, shown: list[str], model: str, name: str, title: str, sources: str) -> FigureBlock:
    from forecast.report.event_key import event_letters
    from forecast.report.figures.fan_charts import fan_panel

    table = data.outlook
    table = table[(table["model"] == model) & ~table["month"].str.contains("/")]
    first = min((data.histories[s].last - HISTORY_MONTHS for s in shown), default=0)
    events = data.events_on(shown, first, mm.ordinal(data.as_of[:7]))
    letters = event_letters(events)
    own = {s: data.events_on([s], first, mm.ordinal(data.as_of[:7])) for s in shown}
    panels = tuple(fan_panel(data.histories[s], table[table["series"] == s], data.as_of, own[s], letters) for s in shown)
    return FigureBlock(
        name,
        title,
        panels,
        3,
        "Black: published months (dotted: mean of months known only as a sum). Blue: median, 80 and 95 % bands of the "
        f"default model. Grey: months already past on {day(data.as_of)} {data.unknown}. Dashed: events in force. "
        "▲: the 95 % band goes on above the frame, to the figure given. " + sources,
        "Fan charts of " + "; ".join(series_name(s) for s in shown),
        event_key(events, letters),
    )


def _expiry_blocks(data: RunData) -> list[Block]:
    table = data.table("regimes")
    if not len(table):
        return []
    parts = [part for part in data.config.get("expiry") or () if isinstance(part, dict)]
    ends = [e for e in data.calendar if e.reversal_of and e.end and str(e.end) > data.as_of]
    ends = [e for e in ends if any(e.touches(str(s)) for s in table["series"].unique())]
    days = [str(part["day"]) for part in parts if part.get("day")] + [str(e.end) for e in ends]
    out: list[Block] = [Heading(f"When the suspension ends on {day(days[0])}" if days else "Under each regime", 3)]
    for event in ends[:1]:
        verified = data.calendar.verified_to
        until = f" Events are verified to {day(str(verified))}; whether it is extended is not known here." if verified else ""
        source = f" {link('Source', event.source_url)}." if safe_address(event.source_url or "") else ""
        out.append(
            Prose(
                f"Known: “{event.title}”, announced on {day(str(event.announced))}, in force until {day(str(event.end))}."
                f"{source}{until}"
            )
        )
    read = [f"{text[:1].upper()}{text[1:]}." for text in dict.fromkeys(str(r) for r in table["reading"].fillna("")) if text]
    out += [Bullets(tuple(read))] if read else []
    order = [str(s) for part in parts for s in part.get("series", ())]
    return [*out, regimes_table(data, table, order)]
