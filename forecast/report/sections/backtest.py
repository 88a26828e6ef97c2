"""Section on the backtest."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, ClassVar

from forecast.core.registry import section
from forecast.core.scores import Scores
from forecast.core.series import SeriesKey
from forecast.report.backtest_setup import real_time_sentence, refit_clause, unusual_settings
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
from forecast.report.comparison import comparison_table, regime_table
from forecast.report.numbers import NBSP, day, decimal, series_name
from forecast.report.prose import benchmark_verdict, note_sentence
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
        if len(table):
            first, last = str(table["cutoff"].min()), str(table["cutoff"].max())
            out.append(
                Prose(
                    f"{table['cutoff'].nunique()} cutoffs from {day(first)} to {day(last)}; at each, every model saw what had "
                    f"been released by then{refit_clause(data)}. {real_time_sentence(data, table)} "
                    f"Months published only inside a sum are scored as that sum. Scores are means over the "
                    f"questions that every model of the group answered.{unusual_settings(data)}"
                )
            )
            american = table[table["series"].str.startswith("USA.import")]
            if len(american) and not american["regime"].isin(("before", *(() if data.bundled else ("no control",)))).any():
                out.append(
                    Callout(
                        "All US cutoffs lie inside the control regime: nothing here shows how a model fares when controls "
                        "begin."
                    )
                )
            named = _groups_by_series(data, table["series"].unique())
            groups = table["series"].map(lambda s: named.get(s) or default_group(s))
            if "group" in table:
                groups = table["group"].where(table["group"].notna(), groups)
            common = {
                name: Scores(table[groups == name], {}).common()
                for name in dict.fromkeys([*_group_names(data), *named.values(), *GROUPS])
                if (groups == name).any()
            }
            metrics = scored_metrics(table["metric"].astype(str), data.config)
            sentences = (*_verdicts(data), *_coverage_sentences(data, common, metrics))
            out += [Bullets(sentences)] if sentences else []
            figure = _horizon_figure(data, common, metrics)
            out += [figure] if figure else []
            regimes = [regime_table(name, part, _benchmark(data, name)) for name, part in common.items()]
            states = [made for made in regimes if made is not None]
            if states:
                caveat = Prose("Ratios only, over all common cutoffs: single regimes are too short for tests.", "note")
                out.append(Details(f"Error by regime, {len(states)} groups", (*states, caveat)))
            scored = [
                score_table(name, part, metrics, _failure_counts(data, part["series"].unique()), _group_note(data, name))
                for name, part in common.items()
                if len(part)
            ]
            out.append(
                Details(
                    f"All scores by group and model, {len(scored)} groups",
                    (*scored, Prose(NOTE + _reading_notes(metrics), "note")),
                )
            )
        else:
            out.append(Callout("This run holds no backtest scores.", "warning"))
        if len(data.table("comparisons")):
            out.append(Details("Every model against the best naive forecast", (comparison_table(_ordered_comparisons(data)),)))
        return [*out, *_failure_blocks(data)]


_VERBS = {
    "beats it": "**beats**", "is worse": "**is worse than**", "does not beat it": "**does not beat**",
    "not shown to beat it": "**is not shown to beat**",
}  # fmt: skip
_NAIVE = {
    "mean12": "12-month mean", "seasonal_naive": "same month a year earlier", "drift": "last value with its drift",
    "last_value": "last value", "event_mean": "mean since the last event", "airline": "airline model",
}  # fmt: skip


def _group_names(data: RunData) -> list[str]:
    """Names of the config's backtest groups."""
    return [str(g["name"]) for g in data.config.get("backtest") or () if isinstance(g, dict)]


def _verdicts(data: RunData) -> list[str]:
    """One sentence per group: whether the default model beats the best naive forecast."""
    model = data.default_model
    table = _ordered_comparisons(data)
    table = table[table["metric"] == MAIN_METRIC] if len(table) else table
    rows = table[table["model"] == model].to_dict("records") if len(table) else []
    return [_verdict(data, row) + _hindsight(data, row, table[table["group"] == row["group"]]) for row in rows]


def _hindsight(data: RunData, row: Mapping[Any, Any], group: pd.DataFrame) -> str:
    """The naive forecast that turned out better than the benchmark chosen beforehand, and the default's ratio to it."""
    simple = group[group["model"].isin(list(data.config.get("naive") or _NAIVE)) & (group["ratio"] < 1)]
    if not len(simple) or row["model"] == row["benchmark"] or row["ratio"] is None:
        return ""
    best = min(simple.to_dict("records"), key=lambda r: (float(r["ratio"]), str(r["model"])))
    name, ratio = str(best["model"]), float(best["ratio"])
    if name == row["model"]:
        return ""
    spelled = f"{_NAIVE[name]} ({name})" if name in _NAIVE else name
    return (
        f" In hindsight the {spelled} did better than that one ({decimal(ratio, 2)} times its CRPS); the default's is "
        f"{decimal(float(row['ratio']) / ratio, 2)} times as large as this."
    )


def _verdict(data: RunData, row: Mapping[Any, Any]) -> str:
    name, benchmark = str(row["group"]), str(row["benchmark"])
    ratio, low, high = (float(row[k]) if row[k] is not None else math.nan for k in ("ratio", "lo90", "hi90"))
    naive = f"the best naive forecast, the {_NAIVE[benchmark]} ({benchmark})" if benchmark in _NAIVE else benchmark
    size = f"{decimal(ratio, 2)} times as large"
    over = f"{int(row['n_cutoffs'])} cutoffs, {int(row['n'])} questions"
    outcome, note = benchmark_verdict(ratio, low, high), note_sentence(_group_note(data, name))
    if row["model"] == row["benchmark"]:
        return f"**{name}**: the default is itself {naive}; {over}.{note}"
    if outcome not in _VERBS:
        why = str(row["note"]).partition("; ")[0].partition(": ")[2]
        reason = " (too few cutoffs)" if "cutoffs" in why else f" ({why})" if why else ""
        return f"**{name}**: no test{reason}, ratio only. The default's CRPS is {size} as that of {naive}; {over}.{note}"
    interval = f"90{NBSP}% interval {decimal(low, 2)} to {decimal(high, 2)}"
    tie = " It is one of several models that may be the best." if row.get("tied") is True else ""
    return f"**{name}**: the default {_VERBS[outcome]} {naive}: its CRPS is {size} ({interval}; {over}).{tie}{note}"


def _coverage_sentences(data: RunData, common: dict[str, pd.DataFrame], scored: list[ScoredMetric]) -> list[str]:
    """Coverage of the 80 % bands of the default, and of every model whose bands are far too narrow in most groups."""
    bands = [m for m in scored if m.share and m.better == 0.8]
    held: dict[str, list[float]] = {}
    for part in common.values():
        rows = part[part["metric"].isin([m.name for m in bands])]
        for name, value in rows.groupby("model")["value"].mean().items():
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
    shown = [decimal(100 * v, 0) for v in values]
    return (", ".join(shown[:-1]) + " and " + shown[-1] if shown[1:] else shown[0]) + f"{NBSP}%"


def _groups_by_series(data: RunData, series: Iterable[str]) -> dict[str, str]:
    """The config's group of each backtested series."""
    asked = [g for g in data.config.get("backtest") or () if isinstance(g, dict)]
    pairs = [(str(p), str(g["name"])) for g in asked for p in g.get("series", ())]
    found = {str(s): next((name for p, name in pairs if fnmatchcase(str(s), p)), "") for s in series}
    order = [str(g["name"]) for g in asked]
    return dict(sorted(((s, n) for s, n in found.items() if n), key=lambda item: order.index(item[1])))


def _ordered_comparisons(data: RunData) -> pd.DataFrame:
    """The comparisons table with groups in the config's order."""
    table = data.table("comparisons")
    order = [str(g["name"]) for g in data.config.get("backtest") or () if isinstance(g, dict)]
    place = table["group"].map(lambda n: order.index(n) if n in order else len(order))
    return table.iloc[place.argsort(kind="stable")]


def _group_note(data: RunData, group_name: str) -> str:
    """The config's note on a group."""
    asked = [g for g in data.config.get("backtest") or () if isinstance(g, dict)]
    return next((str(g["note"]) for g in asked if g.get("name") == group_name and g.get("note")), "")


def default_group(series: str) -> str:
    """Group of a series that the config puts in none."""
    key = SeriesKey.maybe(series)
    if key is None:
        return GROUPS[3]
    return GROUPS[("export", "import_total", "import_origin").index(key.basis)] if key.reporter in ("CHN", "USA") else GROUPS[3]


def _failure_counts(data: RunData, series: Iterable[str]) -> dict[str, int]:
    """Number of unanswered questions on some series, by method."""
    table = data.table("failures")
    part = table[table["series"].isin(list(series))]
    return {str(k): int(v) for k, v in part.groupby("method").size().items()} if len(part) else {}


def _reading_notes(metrics: list[ScoredMetric]) -> str:
    """Description and direction of each metric that `NOTE` does not explain."""
    unexplained = (m for m in metrics if m.plugin not in EXPLAINED)
    return "".join(f" {m.label}: {'; '.join(part for part in (m.description, m.direction) if part)}." for m in unexplained)


def _horizon_figure(data: RunData, common: dict[str, pd.DataFrame], scored: list[ScoredMetric]) -> FigureBlock | None:
    from forecast.report.figures.error_by_horizon import horizon_panel

    panels: list[FigurePanel] = []
    for name, part in common.items():
        for metric in (m for m in scored if m.unit_free and m.better == "lower"):
            rows = part[(part["metric"] == metric.name) & part["value"].notna()]
            if not len(rows):
                continue
            single = rows[~rows["month"].astype(str).str.contains("/")]
            means = single.groupby(["model", "h_info"])["value"].mean().reset_index()
            if means["h_info"].nunique() > 1:
                loud = (data.default_model, _benchmark(data, name), _best_model(means))
                panels.append(
                    horizon_panel(
                        name,
                        f"{metric.label}, mean over the common questions",
                        means,
                        tuple(dict.fromkeys(m for m in loud if m)),
                    )
                )
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


def _benchmark(data: RunData, name: str) -> str:
    """The naive benchmark of a group."""
    table = data.table("comparisons")
    table = table[(table["group"] == name) & (table["metric"] == MAIN_METRIC)] if len(table) else table
    return str(table["benchmark"].iloc[0]) if len(table) else ""


def _best_model(means: pd.DataFrame) -> str:
    return str(means.groupby("model")["value"].mean().idxmin())


def _failure_blocks(data: RunData) -> list[Block]:
    table = data.table("failures")
    if not len(table):
        return [Prose("No question was left unanswered.", "note")]
    grouped: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for method, reason, series in zip(table["method"], table["reason"], table["series"], strict=True):
        grouped.setdefault((str(method), _LEADING.sub("#", str(reason))), []).append((str(reason), str(series)))
    rows = []
    for (method, _), found in sorted(grouped.items()):
        names = sorted({s for _, s in found})
        some = "; ".join(series_name(s) for s in names[:3]) + (f"; {len(names) - 3} more" if len(names) > 3 else "")
        rows.append(
            (TableCell(method), TableCell(str(len(found))), TableCell(_merged_reason([r for r, _ in found])), TableCell(some))
        )
    columns = (Column("Method"), Column("Questions", True), Column("Reason"), Column("Series"))
    listed = TableBlock("A failure is a row, not a crash: the other models of the question still answer.", columns, tuple(rows))
    return [Details(f"Questions left unanswered: {len(table)}", (listed,))]


def _merged_reason(reasons: list[str]) -> str:
    """One text for reasons that differ only in their leading number: 10 to 13 usable months where 14 are needed."""
    sizes = sorted({int(m[0]) for r in reasons if (m := _LEADING.match(r))})
    return _LEADING.sub(f"{sizes[0]} to {sizes[-1]}", reasons[0]) if len(sizes) > 1 else reasons[0]
