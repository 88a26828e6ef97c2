"""Section on the data and their sources."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import groupby
from typing import ClassVar

from forecast.core import months as mm
from forecast.core.events import bundled_events
from forecast.core.products import display_unit
from forecast.core.registry import section
from forecast.core.release_schedule import known_release_day
from forecast.core.results import Finding
from forecast.core.schema import ObservationRow, group_rows
from forecast.core.series import SeriesKey
from forecast.report.annual_blocks import annual_blocks
from forecast.report.blocks import (
    MISSING,
    Block,
    Bullets,
    Callout,
    Column,
    Details,
    FigureBlock,
    Heading,
    Prose,
    TableBlock,
    TableCell,
)
from forecast.report.event_status import LEARNED, learned_texts, note_text, statuses_text
from forecast.report.figures.data_coverage import coverage_panel, states_in_words
from forecast.report.flow_history import FlowHistory
from forecast.report.inline_markup import link, safe_address
from forecast.report.numbers import capitalize, day, inline_name, period, quantity
from forecast.report.prose import in_words, seasonal_adjustment_note
from forecast.report.run_data import RunData

MAX_ROWS = 44
ROLES = {"default": "asked about, marked in figures", "control": "control", "context": "context"}
TOPICS = {
    "audited": "Series whose figures were looked at",
    "contradiction": "Publishers that disagree by more than 1 %",
    "sum": "Published sums that differ from their months",
    "left out": "Figures kept with their source that enter no series",
    "percentages": "Figures that rest on a published percentage",
    "scale": "Scale of MASE and RMSSE taken from the first training window",
    "release days": "Release days",
    "revision": "Months corrected without a word, by sums to date",
    "vintages": "Revisions",
    "nowcast": "Nowcasts that could not be asked, and figures that are late",
    "effect": "Notes on the questions about events",
    "gates": "Gates that are not the shipped ones with their default options",
    "events": "How far events are verified",
    "calendar": "Events that are left out, or stand twice",
}
EXCLUDED = {
    "weak": "the source is weak", "contradicted": "contradicted by better sources", "suspect": "suspect",
    "truncated": "cut off instead of rounded", "other basket": "another basket of goods",
    "circular": "computed back from the published percentage they would test",
    "rounded": "a rounded copy of a figure held more exactly", "digit swap": "two digits swapped in copying",
    "impossible date": "the date is impossible", "wrong total": "the total does not add up",
}  # fmt: skip
_PUBLISHED = re.compile(r"([\d,.]+) \(((?:[^()]|\([^()]*\))*)\)")
_SUM = re.compile(r"\b\d[\d,]*(?:\.\d+)?(?=,? (?:and|differ))")
_TAKEN = re.compile(r"taken: ([\d,.]+)$")
SINCE = mm.ordinal("2018-01")


@section
@dataclass(frozen=True)
class DataSection:
    """The data: coverage, sources, contradictions, findings, and how far events are verified."""

    order: ClassVar[float] = 120
    needs: ClassVar[tuple[str, ...]] = ()

    def blocks(self, data: RunData) -> list[Block]:
        """Coverage figure, sources, findings by topic."""
        out: list[Block] = [Heading("Data", 2, "data", "Data and sources")]
        if not data.histories:
            out.append(Callout("No series is known on this day.", "warning"))
        else:
            verified = data.calendar.verified_to
            known = day(str(verified)) if verified else ""
            until = f" Events are verified to {known}; nothing later is known to this table." if known else ""
            read = statuses_text(data.calendar)
            until += f" Of the {len(data.calendar)} events known on the day of the run, {read}." if read else ""
            out.append(
                Prose(
                    f"{len(data.rows(ObservationRow)):,} figures of {len(data.histories)} series, released by "
                    f"{day(data.as_of)}. Missing is not zero, and “{data.unheld}” is not “not released”: the table ends where "
                    f"it ends.{until} {seasonal_adjustment_note(data)}"
                )
            )
            out.append(_coverage_figure(data))
            out += annual_blocks(data) + _source_blocks(data)
        return [*out, *_calendar_blocks(data), *_finding_blocks(data)]


def _calendar_blocks(data: RunData) -> list[Block]:
    """The event calendar by use (asked about, control, context), and what is known of tariffs on all goods."""
    events = sorted(data.calendar, key=lambda e: (e.effective or e.announced, e.id))
    if not events:
        return []
    tariffs = [e for e in events if e.id in bundled_events() and (e.instrument, e.products) == ("tariff", ("ALL",))]
    tariffs = [e for e in tariffs if "CHN" in e.targets]
    out: list[Block] = []
    if tariffs:
        notes = "; ".join(dict.fromkeys(e.scope_note for e in tariffs if e.scope_note))
        out.append(
            Callout(
                f"Tariffs on all goods ({len(tariffs)} US measures on China since {day(str(tariffs[0].announced))}) are kept "
                f"as context and enter no headline question. What they cover: {notes}."
            )
        )
    rows = []
    for e in events:
        goods = ", ".join("all goods" if p == "ALL" else p.replace("_", " ") for p in e.products)
        when = e.effective or e.announced
        announced = f"announced {day(str(e.announced))}" if e.announced != when else ""
        title = TableCell(e.title, in_words(data, e.scope_note), href=e.source_url or "")
        status = TableCell(e.status or MISSING, "" if e.status else "not stated")
        rows.append(
            (TableCell(day(str(when)), announced), title, TableCell(goods), status, TableCell(ROLES.get(e.role, e.role)))
        )
    columns = (Column("In force"), Column("Event"), Column("Goods"), Column("Status"), Column("Use"))
    asked = sum(e.role == "default" for e in events)
    table = TableBlock(
        "Events known to this run, linked to the page on which each was read where there is one.", columns, tuple(rows)
    )
    out.append(Details(f"Event calendar: {len(events)} events, {asked} of them in the default calendar", (table,)))
    if data.calendar.notes:
        said = Bullets(tuple(map(note_text, data.calendar.notes)))
        out.append(Details(f"Said, ruled, promised or due, no measure: {len(data.calendar.notes)} notes", (said,)))
    learned = learned_texts(data)
    if learned:
        out.append(Details(f"Learned since the day of the run: {len(learned)}", (Prose(LEARNED), Bullets(learned))))
    return out


def _coverage_figure(data: RunData) -> FigureBlock:
    used = {s for a in data.answers for s in a.series.split("+")} | {r.series for r in data.outlook}
    chosen = [h for s, h in data.histories.items() if s in used or (":" not in s and len(h.status) >= 24)]
    if not chosen:
        chosen = list(data.histories.values())
    chosen = sorted(chosen, key=lambda h: (h.series not in used, h.series))[:MAX_ROWS]
    chosen.sort(key=lambda h: h.series)
    first = max(min(h.first for h in chosen), SINCE) if any(h.last >= SINCE for h in chosen) else min(h.first for h in chosen)
    chosen = [_with_months_to_come(h, data.as_of) for h in chosen]
    last = max(max(h.status) for h in chosen)
    rest = len(data.histories) - len(chosen)
    more = f" {rest} further series with few figures or in US dollars are in the run folder." if rest else ""
    return FigureBlock(
        "coverage", "What is known", (coverage_panel(chosen, first, last, data.unheld),), 1,
        "One cell a month; a month inside a sum is known only through that sum. "
        f"{states_in_words(chosen, first, last, data.unheld)}.{more} Source: the run's observations.",
        f"Chart of which months of which series are known, zero, inside a sum, missing, {data.unheld} or not released",
    )  # fmt: skip


def _with_months_to_come(history: FlowHistory, as_of: str) -> FlowHistory:
    """A history with the months behind it that are over and not released yet, as far as their day is known."""
    today = mm.parse_day(as_of)
    behind = range(max(history.status) + 1, mm.ordinal(today)) if history.status else range(0)
    to_come = [m for m in behind if (released := known_release_day(history.series, m, today)) and released > today]
    return replace(history, status=history.status | dict.fromkeys(to_come, "not released")) if to_come else history


def _source_blocks(data: RunData) -> list[Block]:
    rows = []
    groups = group_rows(data.rows(ObservationRow), lambda r: r.source)
    for name, part in sorted(groups.items(), key=lambda g: (-len(g[1]), g[0])):
        followed = [u for u in dict.fromkeys(r.url for r in part) if safe_address(u)]
        listed = " ".join(link(str(i), u) for i, u in enumerate(followed, 1))
        kinds = ", ".join(f"{n} {k}" for k, n in Counter(r.kind for r in part).most_common())
        rows.append(
            (
                TableCell(name or "not named"),
                TableCell(str(len(part)), kinds),
                TableCell(listed or "–", "" if listed else "no address kept"),
            )
        )
    columns = (Column("Publisher"), Column("Figures", True), Column("Articles"))
    whole = TableBlock("Publishers of the figures this run saw; each number opens the article or table.", columns, tuple(rows))
    return [Details(f"Sources: {len(rows)} publishers", (whole,))]


def _finding_blocks(data: RunData) -> list[Block]:
    found = [Finding(*(one.get(f.name, "") for f in fields(Finding))) for one in data.run.findings]
    found.sort(key=lambda f: (f.level != "warning", f.topic, f.where, f.text))
    if not found:
        return [Prose("The audit found nothing to report.", "note")]
    out: list[Block] = [Heading("Findings and contradictions", 3)]
    for topic, part in groupby(found, key=lambda f: f.topic):
        rows = list(part)
        title = TOPICS.get(topic, topic.replace("_", " ").capitalize() or "Other")
        table = _disagreement_table(rows) if topic == "contradiction" else None
        body: Block = table or Bullets(
            _merge_notes(data, rows) if topic == "effect" else tuple(_finding_text(data, topic, r) for r in rows)
        )
        out.append(Details(title if topic == "audited" else f"{title}: {len(rows)}", (body,)))
    return out


def _finding_text(data: RunData, topic: str, finding: Finding) -> str:
    """A finding in words, followed by where it was found."""
    text, where = finding.text, in_words(data, finding.where)
    if topic == "left out":
        number_of, _, reason = text.partition(" figures enter no series: ")
        figures = "1 figure" if number_of == "1" else f"{number_of} figures"
        return f"{figures}, {EXCLUDED.get(reason, reason)}: {where}" if reason else f"{in_words(data, text)} ({where})"
    series, _, when = finding.where.partition(", ")
    if topic == "sum" and when and SeriesKey.maybe(series):
        unit, scale = display_unit(series)
        text = _SUM.sub(lambda m: quantity(float(m[0].replace(",", "")) / scale, unit), text)
    worded = text if topic == "calendar" else in_words(data, text)  # ids are to be written in the config as they are
    return capitalize(worded) + (f" ({where})" if where and where not in ("archive", "calendar") else "")


def _merge_notes(data: RunData, rows: Sequence[Finding]) -> tuple[str, ...]:
    """Equal notes on several questions merged into one, with the questions and methods concerned."""
    said: dict[str, list[str]] = {}
    for r in rows:
        said.setdefault(in_words(data, r.text), []).append(r.where.replace(", ", " by "))
    return tuple(f"{capitalize(text)}: {', '.join(where)}" for text, where in said.items())


def _disagreement_table(rows: Sequence[Finding]) -> TableBlock | None:
    """Conflicting figures by publisher in display units, and the one that was used; None if a text cannot be parsed."""
    out = []
    for r in rows:
        series, _, when = r.where.partition(", ")
        said, taken = _PUBLISHED.findall(r.text), _TAKEN.search(r.text)
        if SeriesKey.maybe(series) is None or not said or not taken:
            return None
        unit, scale = display_unit(series)
        listed = "; ".join(f"{quantity(float(v.replace(',', '')) / scale, unit)} ({who})" for v, who in said)
        value = float(taken[1].replace(",", "")) / scale
        out.append((TableCell(inline_name(series), period(when)), TableCell(listed), TableCell(quantity(value, unit))))
    columns = (Column("Series and period"), Column("Published"), Column("Taken", True))
    return TableBlock(
        "All stay in the archive; one rule chooses: the newest release, then what most sources say, then the most digits.",
        columns,
        tuple(out),
    )
