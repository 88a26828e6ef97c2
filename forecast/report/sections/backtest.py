"""Section on the backtest."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, ClassVar

from forecast.core.registry import section
from forecast.core.schema import ComparisonRow, FailureRow, group_rows
from forecast.core.scores import Scores
from forecast.core.series import SeriesKey
from forecast.report.backtest_setup import figures_sentence, real_time_sentence, refit_clause, unusual_settings
from forecast.report.blocks import (
    Block,
    Bullets,
    Callout,
    Column,
    Details,
    FigureBlock,
    FigurePanel,
    Heading,
    Prose,
    TableBlock,
    TableCell,
)
from forecast.report.comparison import benchmark_verdict, comparison_table, regime_table
from forecast.report.numbers import NBSP, day, decimal, join_with_and, series_name
from forecast.report.prose import note_sentence
from forecast.report.run_data import RunData
from forecast.report.score_table import score_table
from forecast.report.scored_metrics import MAIN_METRIC, ScoredMetric, scored_metrics

if TYPE_CHECKING:
    import pandas as pd

GROUPS = ("China's exports", "US imports, all origins", "US imports of declared Chinese origin", "Other series")
_LEADING = re.compile(r"^\d+")
NOTE = (
    "rel.: geometric mean over series of the model's mean error divided by the middle model's; no unit. MASE and RMSSE "
    "divide by the seasonal-naive error before the first control. in 80 %, in 95 %: share of truths "
    "inside that band, orange where the band is far too narrow. Bias: 0 is none, towards +1 too high. Failures: questions on "
    "these series left unanswered."
)
EXPLAINED = ("crps", "wis", "mae", "mase", "rmsse", "smape", "coverage", "bias")  # plug-ins that NOTE says how to read


@section
@dataclass(frozen=True)
class BacktestSection:
    """How wrong the models were in the past: scores on common questions, by horizon and against naive."""

    order: ClassVar[float] = 100
    needs: ClassVar[tuple[str, ...]] = ()

    def blocks(self, data: RunData) -> list[Block]:
        """Scores by model and group, error by horizon, ratios to the best naive forecast, failures."""
        out: list[Block] = [Heading("Backtest", 2, "backtest", "Backtest")]
        table = data.table("scores")
        out += _score_blocks(data, table) if len(table) else [_no_scores(data)]
        compared = _ordered_comparisons(data)
        if compared:
            out.append(Details("Every model against the best naive forecast", (comparison_table(compared),)))
        return [*out, *_failure_blocks(data)]


def _no_scores(data: RunData) -> Block:
    if data.asks("backtest"):
        return Callout("This run holds no backtest scores.", "warning")
    return Prose("No backtest was asked, so nothing here says how far a model was off in the past.", "note")


def _score_blocks(data: RunData, table: pd.DataFrame) -> list[Block]:
    """Setting, verdicts by group, error by horizon and regime, and all scores."""
    out: list[Block] = [
        Prose(
            f"{table.cutoff.nunique()} cutoffs from {day(table.cutoff.min())} to {day(table.cutoff.max())}; at each, every "
            f"model saw what had been released by then{refit_clause(data)}. {real_time_sentence(table)}"
            f"{figures_sentence(data)} Months published only inside a sum are scored as that sum. Scores are means over the "
            f"questions that every model of the group answered.{unusual_settings(data)}"
        )
    ]
    american = table.regime[table.series.str.startswith("USA.import")]
    if len(american) and not american.isin(("before", *(() if data.bundled else ("no control",)))).any():
        out.append(
            Callout("All US cutoffs lie inside the control regime: nothing here shows how a model fares when controls begin.")
        )
    groups = table.group.fillna(table.series.map({s: _group_of(data, s) for s in table.series.unique()}))
    names = dict.fromkeys([*(str(group["name"]) for group in data.backtests), *GROUPS])
    table = table.drop(columns=["job", "group"])  # a third of it, in every part made of it
    common = {name: Scores(table[groups == name], {}).common() for name in names if (groups == name).any()}
    metrics = scored_metrics(table.metric, data.config)
    sentences = (*_verdicts(data), *_coverage_sentences(data, common, metrics))
    out += [Bullets(sentences)] if sentences else []
    figure = _horizon_figure(data, common, metrics)
    out += [figure] if figure else []
    regimes = [regime_table(name, part, _benchmark(data, name)) for name, part in common.items()]
    states = [made for made in regimes if made is not None]
    if states:
        caveat = Prose("Ratios only, over all common cutoffs: single regimes are too short for tests.", "note")
        out.append(Details(f"Error by regime, {len(states)} groups", (*states, caveat)))
    scored = []
    for name, part in common.items():
        if len(part):
            asked = set(part.series)
            failures = Counter(row.method for row in data.rows(FailureRow) if row.series in asked)
            scored.append(score_table(name, part, metrics, failures, _group_note(data, name)))
    explained = Prose(NOTE + _reading_notes(metrics), "note")
    return [*out, Details(f"All scores by group and model, {len(scored)} groups", (*scored, explained))]


_VERBS = {
    "beats it": "**beats**", "is worse": "**is worse than**", "does not beat it": "**does not beat**",
    "not shown to beat it": "**is not shown to beat**",
}  # fmt: skip
_NAIVE = {
    "mean12": "12-month mean", "seasonal_naive": "same month a year earlier", "drift": "last value with its drift",
    "last_value": "last value", "event_mean": "mean since the last event", "airline": "airline model",
}  # fmt: skip


def _verdicts(data: RunData) -> list[str]:
    """One sentence per group: whether the default model beats the best naive forecast."""
    rows = [row for row in _ordered_comparisons(data) if row.metric == MAIN_METRIC]
    own = [row for row in rows if row.model == data.default_model]
    return [_verdict(data, row) + _hindsight(data, row, [other for other in rows if other.group == row.group]) for row in own]


def _hindsight(data: RunData, row: ComparisonRow, group: Sequence[ComparisonRow]) -> str:
    """The naive forecast that turned out better than the benchmark chosen beforehand, and the default's ratio to it."""
    naive = data.config.get("naive") or _NAIVE
    best = min((r for r in group if r.model in naive and r.ratio < 1), key=lambda r: (r.ratio, r.model), default=row)
    if row.model in (row.benchmark, best.model) or math.isnan(row.ratio):
        return ""
    spelled = f"{_NAIVE[best.model]} ({best.model})" if best.model in _NAIVE else best.model
    return (
        f" In hindsight the {spelled} did better than that one ({decimal(best.ratio, 2)} times its CRPS); the default's is "
        f"{decimal(row.ratio / best.ratio, 2)} times as large as this."
    )


def _verdict(data: RunData, row: ComparisonRow) -> str:
    named = row.benchmark in _NAIVE
    naive = f"the best naive forecast, the {_NAIVE[row.benchmark]} ({row.benchmark})" if named else row.benchmark
    size = f"{decimal(row.ratio, 2)} times as large"
    over = f"{row.n_cutoffs} cutoffs, {row.n} questions"
    outcome, note = benchmark_verdict(row.ratio, row.lo90, row.hi90), note_sentence(_group_note(data, row.group))
    if row.model == row.benchmark:
        return f"**{row.group}**: the default is itself {naive}; {over}.{note}"
    if outcome not in _VERBS:
        why = row.note.partition("; ")[0].partition(": ")[2]
        reason = " (too few cutoffs)" if "cutoffs" in why else f" ({why})" if why else ""
        return f"**{row.group}**: no test{reason}, ratio only. The default's CRPS is {size} as that of {naive}; {over}.{note}"
    interval = f"90{NBSP}% interval {decimal(row.lo90, 2)} to {decimal(row.hi90, 2)}"
    tie = " It is one of several models that may be the best." if row.tied else ""
    return f"**{row.group}**: the default {_VERBS[outcome]} {naive}: its CRPS is {size} ({interval}; {over}).{tie}{note}"


def _coverage_sentences(data: RunData, common: dict[str, pd.DataFrame], scored: list[ScoredMetric]) -> list[str]:
    """Coverage of the 80 % bands of the default, and of every model whose bands are far too narrow in most groups."""
    bands = [m for m in scored if m.share and m.better == 0.8]
    held: dict[str, list[float]] = {}
    for part in common.values():
        rows = part[part.metric.isin([m.name for m in bands])]
        for name, value in rows.value.groupby(rows.model).mean().items():
            held.setdefault(str(name), []).append(float(value))
    out = []
    if data.default_model in held:
        out.append(
            f"**Bands**: the default's 80{NBSP}% band held {_join_percent(held[data.default_model])} of the outcomes, "
            "in the order above."
        )
    for name, values in sorted(held.items()):
        if sum(map(bands[0].too_narrow, values)) * 2 > len(values) and name != data.default_model:
            out.append(f"**{name}'s bands are too narrow**: its 80{NBSP}% band held {_join_percent(values)}.")
    return out


def _join_percent(values: list[float]) -> str:
    return f"{join_with_and([decimal(100 * v, 0) for v in values])}{NBSP}%"


def _group_of(data: RunData, series: str) -> str:
    """The config's group of a series, or one by country and flow where the config puts it in none."""
    patterns = ((str(group["name"]), str(p)) for group in data.backtests for p in group.get("series", ()))
    found = next((name for name, pattern in patterns if fnmatchcase(series, pattern)), "")
    key = SeriesKey.maybe(series)
    if found or key is None or key.reporter not in ("CHN", "USA"):
        return found or GROUPS[3]
    return GROUPS[("export", "import_total", "import_origin").index(key.basis)]


def _ordered_comparisons(data: RunData) -> list[ComparisonRow]:
    """The comparisons with groups in the config's order."""
    place = {str(group["name"]): i for i, group in enumerate(data.backtests)}
    return sorted(data.rows(ComparisonRow), key=lambda row: place.get(row.group, len(place)))


def _group_note(data: RunData, name: str) -> str:
    """The config's note on a group."""
    return next((str(group["note"]) for group in data.backtests if group.get("name") == name and group.get("note")), "")


def _reading_notes(metrics: list[ScoredMetric]) -> str:
    """Description and direction of each metric that `NOTE` does not explain."""
    unexplained = (m for m in metrics if m.plugin not in EXPLAINED)
    return "".join(f" {m.label}: {'; '.join(part for part in (m.description, m.direction) if part)}." for m in unexplained)


def _horizon_figure(data: RunData, common: dict[str, pd.DataFrame], scored: list[ScoredMetric]) -> FigureBlock | None:
    from forecast.report.figures.error_by_horizon import horizon_panel

    panels: list[FigurePanel] = []
    for name, part in common.items():
        for metric in (m for m in scored if m.unit_free and m.better == "lower"):
            rows = part[(part.metric == metric.name) & part.value.notna()]
            if not len(rows):
                continue
            single = rows[~rows.month.str.contains("/")]
            means = single.value.groupby([single.h_info, single.model]).mean().unstack()
            if len(means) > 1:
                loud = dict.fromkeys((data.default_model, _benchmark(data, name), str(means.mean().idxmin())))
                subtitle = f"{metric.label}, mean over the common questions"
                panels.append(horizon_panel(name, subtitle, means, tuple(m for m in loud if m)))
            break
    if not panels:
        return None
    return FigureBlock(
        "backtest", "Error by horizon", tuple(panels), 3,
        "Lower is better. Blue: the default model of this report; orange: the best naive forecast of the group (the "
        "benchmark); green: the lowest mean, where it is neither; grey: the others, named where there is room. Composition of "
        "the questions differs between horizons. "
        "Source: the run's scores.",
        "Lines of forecast error by months ahead, one line per model",
    )  # fmt: skip


def _benchmark(data: RunData, group: str) -> str:
    """The naive benchmark of a group."""
    rows = (row for row in data.rows(ComparisonRow) if row.group == group and row.metric == MAIN_METRIC)
    return next((row.benchmark for row in rows), "")


def _failure_blocks(data: RunData) -> list[Block]:
    failures = data.rows(FailureRow)
    if not failures:
        return [Prose("No question was left unanswered.", "note")]
    rows = []
    for (method, _), found in sorted(group_rows(failures, lambda row: (row.method, _LEADING.sub("#", row.reason))).items()):
        names = sorted({row.series for row in found})
        some = "; ".join(series_name(s) for s in names[:3]) + (f"; {len(names) - 3} more" if len(names) > 3 else "")
        cells = (method, str(len(found)), _merged_reason([row.reason for row in found]), some)
        rows.append(tuple(map(TableCell, cells)))
    columns = (Column("Method"), Column("Questions", True), Column("Reason"), Column("Series"))
    listed = TableBlock("A failure is a row, not a crash: the other models of the question still answer.", columns, tuple(rows))
    return [Details(f"Questions left unanswered: {len(failures)}", (listed,))]


def _merged_reason(reasons: list[str]) -> str:
    """One text for reasons that differ only in their leading number: 10 to 13 usable months where 14 are needed."""
    sizes = sorted({int(m[0]) for r in reasons if (m := _LEADING.match(r))})
    return _LEADING.sub(f"{sizes[0]} to {sizes[-1]}", reasons[0]) if len(sizes) > 1 else reasons[0]
