"""Nowcasts as tables and sentences: unpublished months, news, release calendar, and errors of earlier nowcasts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from forecast.core import registry
from forecast.core.errors import ConfigError
from forecast.core.products import display_unit
from forecast.report.blocks import MISSING, Block, Callout, Column, Heading, Prose, TableBlock, TableCell
from forecast.report.numbers import (
    NBSP,
    country_name,
    day,
    decimal,
    flow_name,
    percent,
    period,
    product_name,
    quantity,
    series_name,
)
from forecast.report.run_data import RunData, in_display_units, nowcast_groups

if TYPE_CHECKING:
    import pandas as pd

HISTORY_MONTHS = 38
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
        table = nowcast_rows(data, row)
        for series, own in table.groupby("series", sort=False) if len(table) else ():
            r = _next_release(data, own)
            unit, name = display_unit(str(series))[0], series_name(str(series))
            as_of = "" if str(r["cutoff"]) == data.as_of else f", as it stood on {day(str(r['cutoff']))}"
            later = f"; published since: {quantity(r['truth'], unit)}" if math.isfinite(r["truth"]) else ""
            out.append(
                f"**{name}, {period(str(r['month']))}**{as_of}: {quantity(r['q50'], unit)}, 80{NBSP}% band "
                f"{quantity(r['q10'])} to {quantity(r['q90'], unit)}{later}."
            )
    return tuple(out)


def _next_release(data: RunData, own: pd.DataFrame) -> Mapping[Any, Any]:
    """The nowcast of the figure that is released next."""
    due = data.table("calendar")
    due = due[(due["series"] == own["series"].iloc[0]) & (due["group"] == own["group"].iloc[0])] if len(due) else due
    months = sorted(due.loc[due["day"] == due["day"].min(), "month"]) if len(due) else []
    rows = {str(r["month"]): r for r in own.to_dict("records")}
    single = min(month for month in rows if "/" not in month)
    return rows.get("/".join(months), rows[single]) if len(months) > 1 else rows[single]


def question_blocks(data: RunData, row: dict[str, Any]) -> list[Block]:
    """Blocks of one nowcast question of the config."""
    name = str(row["name"])
    table = nowcast_rows(data, row)
    head = Heading(name, 3)
    if not len(table):
        return [head, Callout("No month of these series could be nowcast; the findings under Data say why.", "warning")]
    label, stands = str(row["models"][0]), str(table["cutoff"].iloc[0])
    note = f" {row['note']}" if row.get("note") else ""
    intro = Prose(f"Standing on **{day(stands)}**; model **{label}**{_model_description(data, label)}.{note}")
    news = data.table("news")
    news = news[(news["model"] == label) & (news["vintage_to"] == stands) & news["target"].isin(table["series"].unique())]
    due = data.table("calendar")
    due = due[due["group"] == name] if len(due) else due
    out: list[Block] = [head, intro, _months_table(table, due), _news_table(data, row, table, news)]
    before = _earlier_table(data, row)
    return [*out, *([before] if before else []), *([_release_table(due)] if len(due) else [])]


def nowcast_rows(data: RunData, row: dict[str, Any], group: int = 0) -> pd.DataFrame:
    """The first model's nowcasts of a question, in display units."""
    table = data.table("forecasts")
    if not len(table) or "group" not in table:
        return table[:0]
    own = table[(table["group"] == nowcast_groups(row)[group]) & (table["model"] == row["models"][0])]
    return in_display_units(own)


def _model_description(data: RunData, label: str) -> str:
    """Description of a model: its members, or its sentence in the registry."""
    if (words := data.model_text(label)) != label:
        return f" ({words})"
    spec = next((m for m in data.config.get("models") or () if label == (m.get("name") or m.get("use"))), {"use": label})
    try:
        text = registry.sentence("model", str(spec["use"])).rstrip(".")
    except ConfigError:  # the run was made by a package that had more models
        return ""
    return f" ({text[:1].lower()}{text[1:]})"


def _months_table(table: pd.DataFrame, due: pd.DataFrame) -> TableBlock:
    """All nowcast months, and sums published as one figure, with figures published since."""
    days = {(str(r["series"]), str(r["month"])): str(r["day"]) for r in due.to_dict("records")}
    out: list[tuple[TableCell, ...]] = []
    for series, own in table.groupby("series", sort=False):
        unit = display_unit(str(series))[0]
        out.append((TableCell(f"{series_name(str(series))}, {unit}", tone="group"),))
        for r in sorted(own.to_dict("records"), key=lambda r: (str(r["month"])[-7:], str(r["month"]))):
            month, when = str(r["month"]), days.get((str(series), str(r["month"])[-7:]), "")
            if "/" in month and not math.isfinite(r["truth"]):
                continue
            out.append(
                (
                    TableCell(period(month), "one figure for two months" if "/" in month else ""),
                    TableCell(day(when) if when else MISSING),
                    TableCell(quantity(r["q50"]), f"mean {quantity(r['mean'])}"),
                    TableCell(f"{quantity(r['q10'])} to {quantity(r['q90'])}"),
                    _published_cell(r),
                )
            )
    columns = (
        Column("Month"), Column("Due", True), Column("Nowcast, median", True), Column(f"80{NBSP}% band", True),
        Column("Published since", True),
    )  # fmt: skip
    return TableBlock("Months not out on the day.", columns, tuple(out))


def _published_cell(r: Mapping[Any, Any]) -> TableCell:
    if not math.isfinite(r["truth"]):
        return TableCell(MISSING)
    inside = r["q10"] <= r["truth"] <= r["q90"]
    return TableCell(quantity(r["truth"]), "inside the band" if inside else "outside the band", "pass" if inside else "fail")


def _news_table(data: RunData, row: dict[str, Any], table: pd.DataFrame, news: pd.DataFrame) -> TableBlock:
    """News: what moved the nowcast of each series' next month since the earlier day, or why there is none."""
    out: list[tuple[TableCell, ...]] = []
    for series in (str(s) for s in table["series"].unique()):
        unit, scale = display_unit(series)
        own = news[news["target"] == series]
        if not len(own):
            out += [
                (TableCell(series_name(series), tone="group"),),
                (TableCell(_no_news_text(data, row, table, series), tone="sentence"),),
            ]
            continue
        own = own[own["ref_month"] == own["ref_month"].min()]
        first = own.iloc[0]
        start, stop = (float(first[k]) / scale for k in ("nowcast_from", "nowcast_to"))
        head = f"{series_name(series)}, {period(str(first['ref_month']))}: mean {quantity(start)} on "
        head += f"{day(str(first['vintage_from']))}, {quantity(stop)}{NBSP}{unit} on {day(str(first['vintage_to']))}"
        out.append((TableCell(head, tone="group"),))
        order = own.reindex(own["impact"].abs().sort_values(ascending=False).index)
        out += [_news_cells(data, r, scale) for r in order.to_dict("records")]
    columns = (Column("What moved it"), Column("expected", True), Column("published", True), Column("moved it by", True))
    return TableBlock(
        "What moved the next month's nowcast.", columns, tuple(out),
        "Expected: what the same model thought of the figure the day before it came out; of a revision, the figure before it. "
        "Parts are of the mean, not of the median: a figure also moves a skewed mean by ending its own uncertainty. Small "
        f"parts are noise of the {data.config.get('draws', '')} draws. All months of the question stand in news.parquet.",
    )  # fmt: skip


def _no_news_text(data: RunData, row: dict[str, Any], table: pd.DataFrame, series: str) -> str:
    """Why a nowcast has no news."""
    stands = str(table["cutoff"].iloc[0])
    job = f"{row['models'][0]}|{series}|{stands}|news"
    lost = [str(r["reason"]) for r in data.table("failures").to_dict("records") if r["job"] == job]
    if lost:
        return f"What moved it cannot be told: {lost[0]}."
    asked = str(row.get("since") or "")
    since = day(asked) if asked and asked < stands else "the day before its last figure"
    return f"Nothing: no figure, event or refit changed the nowcast since {since}."


def _news_cells(data: RunData, r: Mapping[Any, Any], scale: float) -> tuple[TableCell, ...]:
    kind, named = str(r["kind"]), isinstance(r["series"], str)
    if kind in ("new", "revision"):
        names = str(r["series"]).split("+")  # several series: only their joint contribution is identified
        own = display_unit(names[0])[1]
        when = period(str(r["release_month"])) if isinstance(r["release_month"], str) else ""
        what = ", ".join(part for part in ("; ".join(map(series_name, names)), when, "revised" * (kind == "revision")) if part)
        out = f"published {day(str(r['released']))}" if isinstance(r["released"], str) else ""
        figures = tuple(TableCell(quantity(float(r[k]) / own)) for k in ("expected", "actual"))
        return (TableCell(what, out), *figures, TableCell(_signed_text(r["impact"] / scale)))
    what = f"event: {data.event_title(str(r['series']))}" if named else CHANGE_WORDS.get(kind, kind)
    return (TableCell(what), TableCell(MISSING), TableCell(MISSING), TableCell(_signed_text(r["impact"] / scale)))


def _signed_text(value: float) -> str:
    return quantity(value, sign=True)


def _release_table(due: pd.DataFrame) -> TableBlock:
    """Release calendar, in order of day."""
    rows = []
    for (when, source, stage), own in due.sort_values(["day", "series"]).groupby(["day", "source", "stage"], sort=True):
        first = own.iloc[0]
        months = ", ".join(period(str(m)) for m in sorted(own["month"].unique()))
        stated = f"{country_name(str(source))}, {STAGES.get(str(stage), str(stage))}; {BASIS[str(first['basis'])]}"
        goods = _group_by_flow([str(s) for s in own["series"].unique()])
        rows.append(
            (TableCell(day(str(when)), stated), TableCell(str(int(first["ahead"]))), TableCell(months), TableCell(goods))
        )
    columns = (Column("Release"), Column("days on", True), Column("Months"), Column("Series"))
    return TableBlock("What comes next.", columns, tuple(rows))


def _group_by_flow(names: Sequence[str]) -> str:
    """Series grouped by flow."""
    flows: dict[str, list[str]] = {}
    for name in names:
        good, _, measure = name.rsplit(".", 1)[-1].partition(":")
        goods = product_name(good).partition(",")[0]
        flows.setdefault(flow_name(name), []).append(f"{goods} ({measure.replace('_', ' ')})" if measure else goods)
    return "; ".join(f"{flow}: {', '.join(goods)}" for flow, goods in flows.items())


def _earlier_table(data: RunData, row: dict[str, Any]) -> TableBlock | None:
    """Errors on earlier months at the same distance from publication, against naive nowcasts."""
    table = data.table("forecasts")
    table = table[(table["group"] == nowcast_groups(row)[1]) & table["truth"].notna()] if "group" in table else table[:0]
    if not len(table):
        return None
    table = in_display_units(table).assign(miss=lambda t: (t["mean"] - t["truth"]) ** 2)
    label, naive, out = str(row["models"][0]), _naive_models(data, row), []
    for series, own in table[table["model"] == label].groupby("series", sort=False):
        ratios = {name: _rmse_ratio(own, table[(table["model"] == name) & (table["series"] == series)]) for name in naive}
        known = {name: ratio for name, ratio in ratios.items() if math.isfinite(ratio)}
        hardest = max(known, key=lambda name: known[name], default="")
        inside = float(((own["q10"] <= own["truth"]) & (own["truth"] <= own["q90"])).mean())
        out.append(
            (
                TableCell(series_name(str(series))),
                TableCell(str(len(own))),
                TableCell(quantity(math.sqrt(float(own["miss"].mean())), display_unit(str(series))[0])),
                *([TableCell(decimal(known.get(hardest, math.nan), 2), hardest)] if naive else []),
                TableCell(percent(inside, sign=False)),
            )
        )
    columns = (
        Column("Series"), Column("Months", True), Column("Root mean square error", True),
        *([Column("over the best naive in hindsight", True)] if naive else []), Column(f"in 80{NBSP}%", True),
    )  # fmt: skip
    compared = data.table("comparisons")
    compared = compared[
        (compared["group"] == nowcast_groups(row)[1]) & (compared["metric"] == "mae") & (compared["model"] == label)
    ]
    against = f" Against the benchmark chosen beforehand: {compared['text'].iloc[0]}." if len(compared) else ""
    note = "The ratio of errors is below 1 where the model is better than the naive one that did best in the same months."
    return TableBlock(
        "Earlier months asked as many days before publication as this one.",
        columns,
        tuple(out),
        (note if naive else "") + against,
    )


def _naive_models(data: RunData, row: dict[str, Any]) -> list[str]:
    """The naive models of a question."""
    return [str(name) for name in data.config.get("naive") or () if name in row["models"] and name != row["models"][0]]


def _rmse_ratio(own: pd.DataFrame, other: pd.DataFrame) -> float:
    """RMSE over another model's on the same months; NaN if that one answered fewer."""
    both = own.merge(other[["month", "cutoff", "miss"]], on=["month", "cutoff"], suffixes=("", "_other"))
    if len(both) < len(own) or not both["miss_other"].mean() > 0:
        return math.nan
    return math.sqrt(float(both["miss"].mean() / both["miss_other"].mean()))
