"""Where a brief comes from: sources, the method in three sentences, and how to cite it."""

from __future__ import annotations

from forecast.report.blocks import Block, Heading, Prose
from forecast.report.brief.decisions import Horizon
from forecast.report.brief.months_ahead import told_series
from forecast.report.credits import sources
from forecast.report.event_status import statuses_text
from forecast.report.numbers import day
from forecast.report.run_data import RunData


def origin_blocks(data: RunData, horizon: Horizon) -> list[Block]:
    """Sources, method, citation."""
    used = [*told_series(data, horizon), *horizon.courses, *(s for a in data.headline for s in a.series.split("+"))]
    used += [] if used else list(data.histories)
    named = [s for s in used if s in data.histories]
    whose = sources(data, named, "table")
    from_whom = f"**Sources.** {'; '.join(whose).replace('listed under Data', 'named in the full report')}. " if whose else ""
    return [
        Heading("Sources, method, how to cite", 2, "sources", "Sources"),
        Prose(f"{from_whom}{_events_text(data)}"),
        Prose(f"**Method.** {' '.join(_method(data))}"),
        Prose(f"**To cite.** {_citation(data)} Every figure here stands in the full report, `report.html`, and its tables."),
    ]


def _events_text(data: RunData) -> str:
    verified = data.calendar.verified_to
    known = f"{len(data.calendar)} policy event{'s' * (len(data.calendar) != 1)}"
    read = statuses_text(data.calendar)
    checked = f", checked to {day(str(verified))}" if verified else ""
    return f"The calendar holds {known}{checked}{f': {read}' if read else ''}."


def _method(data: RunData) -> list[str]:
    """Three sentences: how the months ahead are made, how a change is judged, what a range means."""
    known, model = f"what was known on {day(data.as_of)}", data.default_model_text
    if model:
        draws = data.config.get("draws")
        many = f"{draws:,} " if isinstance(draws, int) else ""
        ahead = f"The months ahead are {many}possible paths of the model “{model}”, from {known}."
    elif data.nowcasts:
        ahead = f"Months not yet published are estimated from {known}."
    else:
        ahead = f"All rests on {known}."
    change = (
        "A change is the difference from what the months before the measure lead to expect, and a fixed list of checks decides "
        "what may be said of it."
    )
    spread = "A range holds eight of ten such paths; a month without a figure is never read as zero."
    return [ahead, change, spread]


def _citation(data: RunData) -> str:
    info = data.run.info
    name = str(data.config.get("title") or data.config.get("name") or data.run.folder.name)
    version = (info.get("versions") or {}).get("forecast", "")
    config = info.get("config_hash") or data.run.folder.name.rpartition("-")[2]
    return f"“{name}”, figures as of {day(data.as_of)}, made with forecast {version} (config {config})."
