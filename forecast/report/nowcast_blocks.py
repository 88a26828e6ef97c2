"""Nowcasts as tables and sentences: unpublished months, news, release calendar, and errors of earlier nowcasts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from forecast.core.products import display_unit
from forecast.core.schema import ComparisonRow, FailureRow, ForecastRow, NewsRow, ReleaseRow, group_rows
from forecast.report.blocks import MISSING, Block, Callout, Column, Heading, Prose, TableBlock, TableCell
from forecast.report.number_cells import decimal_cell, percent_cell, quantity_cell
from forecast.report.numbers import (
    NBSP,
    country_name,
    day,
    flow_name,
    good_name,
    period,
    quantity,
    series_name,
)
from forecast.report.run_data import RunData, in_display_units, nowcast_groups

STAGES = {"flash": "first figures", "detail": "detailed tables", "census": "general imports"}
BASIS = {
    "actual": "as reported",
    "late": "overdue on the day; it came then",
    "calendar": "published calendar",
    "rule": "rule, not announced",
}
CHANGE_WORDS = {"estimation": "parameters fitted anew", "model": "another model", "calendar": "time passing"}


def nowcast_blocks(data: RunData) -> list[Block]:
    """Nowcast tables without figures, for a terminal."""
    return [block for row in data.nowcasts for block in question_blocks(data, row)]


def nowcast_sentences(data: RunData) -> tuple[str, ...]:
    """One sentence per series on its next release: a month, or two months published as one figure."""
    out = []
    for row in data.nowcasts:
        for series, own in group_rows(nowcast_rows(data, row), lambda r: r.series).items():
            r, unit = _next_release(data, own), display_unit(series)[0]
            as_of = "" if r.cutoff == data.as_of else f", as it stood on {day(r.cutoff)}"
            later = f"; published since: {quantity(r.truth, unit)}" if math.isfinite(r.truth) else ""
            out.append(
                f"**{series_name(series)}, {period(r.month)}**{as_of}: {quantity(r.q50, unit)}, 80{NBSP}% band "
                f"{quantity(r.q10)} to {quantity(r.q90, unit)}{later}."
            )
    return tuple(out)


def _next_release(data: RunData, own: Sequence[ForecastRow]) -> ForecastRow:
    """The nowcast of the figure that is released next."""
    due = [r for r in data.rows(ReleaseRow) if (r.series, r.group) == (own[0].series, own[0].group)]
    first = min((r.day for r in due), default="")
    joint = "/".join(sorted(r.month for r in due if r.day == first))
    single = min((r for r in own if "/" not in r.month), key=lambda r: r.month)
    return next((r for r in own if r.month == joint and "/" in joint), single)


def question_blocks(data: RunData, row: dict[str, Any]) -> list[Block]:
    """Blocks of one nowcast question of the config."""
    name = str(row["name"])
    rows = nowcast_rows(data, row)
    head = Heading(name, 3)
    if not rows:
        return [head, Callout("No month of these series could be nowcast; the findings under Data say why.", "warning")]
    label, stands = str(row["models"][0]), rows[0].cutoff
    note = f" {row['note']}" if row.get("note") else ""
    same = " The same draws as the fans of what comes next." if _is_among_the_fans(data, rows) else ""
    intro = Prose(f"Standing on **{day(stands)}**; model **{label}**{data.model_description(label)}.{same}{note}")
    due = [r for r in data.rows(ReleaseRow) if r.group == name]
    out: list[Block] = [head, intro, _months_table(rows, due), _news_table(data, row, rows)]
    before = _earlier_table(data, row)
    return [*out, *([before] if before else []), *([_release_table(due)] if due else [])]


def nowcast_rows(data: RunData, row: dict[str, Any]) -> list[ForecastRow]:
    """The first model's nowcasts of a question, of months and of their sums, in display units."""
    group, model = nowcast_groups(row)[0], row["models"][0]
    return in_display_units(r for r in data.forecasts_in([group]) if r.model == model)


def _is_among_the_fans(data: RunData, rows: Sequence[ForecastRow]) -> bool:
    """Whether the nowcasts are the first months of the fans, which the run then draws once."""
    fans = {(r.model, r.series, r.cutoff) for r in data.outlook}
    return all((r.model, r.series, r.cutoff) in fans for r in rows)


def _months_table(rows: Sequence[ForecastRow], due: Sequence[ReleaseRow]) -> TableBlock:
    """All nowcast months, and sums published as one figure, with figures published since."""
    days = {(r.series, r.month): r.day for r in due}
    out: list[tuple[TableCell, ...]] = []
    for series, own in group_rows(rows, lambda r: r.series).items():
        out.append((TableCell(f"{series_name(series)}, {display_unit(series)[0]}", tone="group"),))
        for r in sorted(own, key=lambda r: (r.month[-7:], r.month)):
            when, joint = days.get((series, r.month[-7:]), ""), "/" in r.month
            if joint and not math.isfinite(r.truth):
                continue
            out.append(
                (
                    TableCell(period(r.month), "one figure for two months" if joint else ""),
                    TableCell(day(when) if when else MISSING),
                    quantity_cell(r.q50, sub=f"mean {quantity(r.mean)}"),
                    TableCell(f"{quantity(r.q10)} to {quantity(r.q90)}"),
                    _published_cell(r),
                )
            )
    columns = (
        Column("Month"), Column("Due", True), Column("Nowcast, median", True), Column(f"80{NBSP}% band", True),
        Column("Published since", True),
    )  # fmt: skip
    return TableBlock("Months not out on the day.", columns, tuple(out))


def _published_cell(r: ForecastRow) -> TableCell:
    if not math.isfinite(r.truth):
        return TableCell(MISSING)
    inside = r.q10 <= r.truth <= r.q90
    return TableCell(quantity(r.truth), "inside the band" if inside else "outside the band", "pass" if inside else "fail")


def _news_table(data: RunData, row: dict[str, Any], rows: Sequence[ForecastRow]) -> TableBlock:
    """News: what moved the nowcast of each series' next month since the earlier day, or why there is none."""
    label, stands = str(row["models"][0]), rows[0].cutoff
    news = [r for r in data.rows(NewsRow) if (r.model, r.vintage_to) == (label, stands)]
    out: list[tuple[TableCell, ...]] = []
    for series in dict.fromkeys(r.series for r in rows):
        own = [r for r in news if r.target == series]
        if not own:
            out.append((TableCell(series_name(series), tone="group"),))
            out.append((TableCell(_no_news_text(data, row, stands, series), tone="sentence"),))
            continue
        unit, scale = display_unit(series)
        first = min(own, key=lambda r: r.ref_month)
        head = f"{series_name(series)}, {period(first.ref_month)}: mean {quantity(first.nowcast_from / scale)} on "
        head += f"{day(first.vintage_from)}, {quantity(first.nowcast_to / scale)}{NBSP}{unit} on {day(first.vintage_to)}"
        out.append((TableCell(head, tone="group"),))
        parts = sorted((r for r in own if r.ref_month == first.ref_month), key=lambda r: -abs(r.impact))
        out += [(*_news_cells(data, r), quantity_cell(r.impact / scale, sign=True)) for r in parts]
    columns = (Column("What moved it"), Column("expected", True), Column("published", True), Column("moved it by", True))
    return TableBlock(
        "What moved the next month's nowcast.", columns, tuple(out),
        "Expected: what the same model thought of the figure the day before it came out; of a revision, the figure before it. "
        "Parts are of the mean, not of the median: a figure also moves a skewed mean by ending its own uncertainty. Small "
        f"parts are noise of the {data.config.get('draws', '')} draws. All months of the question stand in news.parquet.",
    )  # fmt: skip


def _no_news_text(data: RunData, row: dict[str, Any], stands: str, series: str) -> str:
    """Why a nowcast has no news."""
    job = f"{row['models'][0]}|{series}|{stands}|news"
    for failure in data.rows(FailureRow):
        if failure.job == job:
            return f"What moved it cannot be told: {failure.reason}."
    asked = str(row.get("since") or "")
    since = day(asked) if asked and asked < stands else "the day before its last figure"
    return f"Nothing: no figure, event or refit changed the nowcast since {since}."


def _news_cells(data: RunData, r: NewsRow) -> tuple[TableCell, ...]:
    """What a nowcast was moved by, and the figure expected and published."""
    if r.kind not in ("new", "revision"):
        what = f"event: {data.event_title(r.series)}" if r.series else CHANGE_WORDS.get(r.kind, r.kind)
        return TableCell(what), TableCell(MISSING), TableCell(MISSING)
    names = r.series.split("+")  # several series: only their joint contribution is identified
    scale = display_unit(names[0])[1]
    when = period(r.release_month) if r.release_month else ""
    what = ", ".join(part for part in ("; ".join(map(series_name, names)), when, "revised" * (r.kind == "revision")) if part)
    out = f"published {day(r.released)}" if r.released else ""
    return TableCell(what, out), quantity_cell(r.expected / scale), quantity_cell(r.actual / scale)


def _release_table(due: Sequence[ReleaseRow]) -> TableBlock:
    """Release calendar, in order of day."""
    rows = []
    in_order = sorted(due, key=lambda r: (r.day, r.source, r.stage, r.series))
    for (when, source, stage), own in group_rows(in_order, lambda r: (r.day, r.source, r.stage)).items():
        months = ", ".join(map(period, sorted({r.month for r in own})))
        stated = f"{country_name(source)}, {STAGES.get(stage, stage)}; {BASIS[own[0].basis]}"
        goods = _group_by_flow(dict.fromkeys(r.series for r in own))
        rows.append((TableCell(day(when), stated), TableCell(str(own[0].ahead)), TableCell(months), TableCell(goods)))
    columns = (Column("Release"), Column("days on", True), Column("Months"), Column("Series"))
    return TableBlock("What comes next.", columns, tuple(rows))


def _group_by_flow(names: Iterable[str]) -> str:
    """Series grouped by flow."""
    flows: dict[str, list[str]] = {}
    for name in names:
        measure, goods = name.partition(":")[2], good_name(name).partition(",")[0]
        flows.setdefault(flow_name(name), []).append(f"{goods} ({measure.replace('_', ' ')})" if measure else goods)
    return "; ".join(f"{flow}: {', '.join(goods)}" for flow, goods in flows.items())


def _earlier_table(data: RunData, row: dict[str, Any]) -> TableBlock | None:
    """Errors on earlier months at the same distance from publication, against naive nowcasts."""
    group, label = nowcast_groups(row)[1], str(row["models"][0])
    asked = (r for r in data.forecasts_in([group]) if math.isfinite(r.truth))
    found = group_rows(in_display_units(asked), lambda r: (r.model, r.series))
    if not found:
        return None
    naive = [str(name) for name in data.config.get("naive") or () if name in row["models"] and name != label]
    out = []
    for (model, series), own in found.items():
        if model != label:
            continue
        ratios = {name: _rmse_ratio(own, found.get((name, series), [])) for name in naive}
        hardest = max((n for n in naive if math.isfinite(ratios[n])), key=lambda n: ratios[n], default="")
        inside = sum(r.q10 <= r.truth <= r.q90 for r in own) / len(own)
        out.append(
            (
                TableCell(series_name(series)),
                TableCell(str(len(own))),
                quantity_cell(_rmse(own), display_unit(series)[0]),
                *([decimal_cell(ratios.get(hardest, math.nan), 2, hardest)] if naive else []),
                percent_cell(inside, sign=False),
            )
        )
    columns = (
        Column("Series"), Column("Months", True), Column("Root mean square error", True),
        *([Column("over the best naive in hindsight", True)] if naive else []), Column(f"in 80{NBSP}%", True),
    )  # fmt: skip
    compared = [r.text for r in data.rows(ComparisonRow) if (r.group, r.metric, r.model) == (group, "mae", label)]
    against = f" Against the benchmark chosen beforehand: {compared[0]}." if compared else ""
    note = "The ratio of errors is below 1 where the model is better than the naive one that did best in the same months."
    return TableBlock(
        "Earlier months asked as many days before publication as this one.",
        columns,
        tuple(out),
        (note if naive else "") + against,
    )


def _rmse(rows: Sequence[ForecastRow]) -> float:
    return math.sqrt(np.mean([(r.mean - r.truth) ** 2 for r in rows]))


def _rmse_ratio(own: Sequence[ForecastRow], other: Sequence[ForecastRow]) -> float:
    """RMSE over another model's on the same months; NaN if that one answered fewer."""
    found = {(r.month, r.cutoff): r for r in other}
    same = [found[r.month, r.cutoff] for r in own if (r.month, r.cutoff) in found]
    return _rmse(own) / _rmse(same) if len(same) == len(own) and _rmse(same) > 0 else math.nan
