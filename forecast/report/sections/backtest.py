"""How far the models would have been off: scores on common questions, error by horizon, the best naive, failures."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from forecast.core.scores import Scores
from forecast.core.series import SeriesKey
from forecast.report.backtest_setup import real_time_sentence, refit_clause, unusual_settings
from forecast.report.blocks import (
    MISSING,
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

if TYPE_CHECKING:
    import pandas as pd

SCALED = ("mase", "rmsse", "smape", "bias")  # no unit, so means over series can be taken
GROUPS = ("China's exports", "US imports, all origins", "US imports of declared Chinese origin", "Other series")
_LEADING = re.compile(r"^\d+")
NOTE = (
    "rel.: geometric mean over series of the model's mean error divided by the middle model's; no unit. MASE and RMSSE "
    "divide by the seasonal-naive error before the first control. in 80 %, in 95 %: share of truths "
    "inside that band, orange where the band is far too narrow. Bias: 0 is none, towards +1 too high. Failures: questions on "
    "these series left unanswered."
)
NARROW = {"80": 0.7, "95": 0.85}  # a band that holds less than this is far too narrow


def blocks(facts: RunData) -> list[Block]:
    """Scores by model and group, error by horizon, ratios to the best naive, failures."""
    out: list[Block] = [Heading("Backtest", 2, "backtest", "Backtest")]
    table = facts.table("scores")
    if len(table):
        first, last = str(table["cutoff"].min()), str(table["cutoff"].max())
        out.append(
            Prose(
                f"{table['cutoff'].nunique()} cutoffs from {day(first)} to {day(last)}; at each, every model saw what had been "
                f"released by then{refit_clause(facts)}. {real_time_sentence(table)} Months published only inside a sum are scored as that "
                f"sum. Scores are means over the questions that every model of the group answered.{unusual_settings(facts)}"
            )
        )
        american = table[table["series"].str.startswith("USA.import")]
        if len(american) and not (american["regime"] == "before").any():
            out.append(
                Callout(
                    "All US cutoffs lie inside the control regime: nothing here shows how a model fares when controls begin."
                )
            )
        named = _groups_by_series(facts, table["series"].unique())
        groups = table["series"].map(lambda s: named.get(s) or default_group(s))
        if "group" in table:
            groups = table["group"].where(table["group"].notna(), groups)
        common = {
            name: Scores(table[groups == name], {}).common()
            for name in dict.fromkeys([*_group_names(facts), *named.values(), *GROUPS])
            if (groups == name).any()
        }
        told = (*_verdicts(facts), *_coverage_sentences(facts, common))
        out += [Bullets(told)] if told else []
        figure = _horizon_figure(facts, common)
        out += [figure] if figure else []
        regimes = [regime_table(name, part, _benchmark(facts, name)) for name, part in common.items()]
        states = [made for made in regimes if made is not None]
        if states:
            told_of = Prose("Ratios only, over all common cutoffs: single regimes are too short for tests.", "note")
            out.append(Details(f"Error by regime, {len(states)} groups", (*states, told_of)))
        scored = [
            _score_table(name, part, _failure_counts(facts, part["series"].unique()), _group_note(facts, name))
            for name, part in common.items()
            if len(part)
        ]
        out.append(Details(f"All scores by group and model, {len(scored)} groups", (*scored, Prose(NOTE, "note"))))
    else:
        out.append(Callout("This run holds no backtest scores.", "warning"))
    if len(facts.table("comparisons")):
        out.append(Details("Every model against the best naive forecast", (comparison_table(_ordered_comparisons(facts)),)))
    return [*out, *_failure_blocks(facts)]


_VERBS = {
    "beats it": "**beats**", "is worse": "**is worse than**", "does not beat it": "**does not beat**",
    "not shown to beat it": "**is not shown to beat**",
}  # fmt: skip
_NAIVE = {
    "mean12": "12-month mean", "seasonal_naive": "same month a year earlier", "drift": "last value with its drift",
    "last_value": "last value", "event_mean": "mean since the last event", "airline": "airline model",
}  # fmt: skip


def _group_names(facts: RunData) -> list[str]:
    """Names of the config's groups."""
    return [str(g["name"]) for g in facts.config.get("backtest") or () if isinstance(g, dict)]


def _verdicts(facts: RunData) -> list[str]:
    """One plain sentence a group: whether the default model beats the best naive forecast."""
    model = facts.default_model
    table = _ordered_comparisons(facts)
    table = table[table["metric"] == "crps"] if len(table) else table
    rows = table[table["model"] == model].to_dict("records") if len(table) else []
    return [_verdict(facts, row) + _hindsight(facts, row, table[table["group"] == row["group"]]) for row in rows]


def _hindsight(facts: RunData, row: Mapping[Any, Any], group: pd.DataFrame) -> str:
    """Which naive forecast turned out better than the one chosen before, and how the default stands to it."""
    simple = group[group["model"].isin(list(facts.config.get("naive") or _NAIVE)) & (group["ratio"] < 1)]
    if not len(simple) or row["model"] == row["benchmark"] or row["ratio"] is None:
        return ""
    best = min(simple.to_dict("records"), key=lambda r: (float(r["ratio"]), str(r["model"])))
    name, ratio = str(best["model"]), float(best["ratio"])
    if name == row["model"]:
        return ""
    told = f"{_NAIVE[name]} ({name})" if name in _NAIVE else name
    return (
        f" In hindsight the {told} did better than that one ({decimal(ratio, 2)} times its CRPS); the default's is "
        f"{decimal(float(row['ratio']) / ratio, 2)} times as large as this."
    )


def _verdict(facts: RunData, row: Mapping[Any, Any]) -> str:
    name, benchmark = str(row["group"]), str(row["benchmark"])
    ratio, low, high = (float(row[k]) if row[k] is not None else math.nan for k in ("ratio", "lo90", "hi90"))
    naive = f"the best naive forecast, the {_NAIVE[benchmark]} ({benchmark})" if benchmark in _NAIVE else benchmark
    size = f"{decimal(ratio, 2)} times as large"
    over = f"{int(row['n_cutoffs'])} cutoffs, {int(row['n'])} questions"
    said, note = benchmark_verdict(ratio, low, high), note_sentence(_group_note(facts, name))
    if row["model"] == row["benchmark"]:
        return f"**{name}**: the default is itself {naive}; {over}.{note}"
    if said not in _VERBS:
        why = str(row["note"]).partition("; ")[0].partition(": ")[2]
        reason = " (too few cutoffs)" if "cutoffs" in why else f" ({why})" if why else ""
        return f"**{name}**: no test{reason}, ratio only. The default's CRPS is {size} as that of {naive}; {over}.{note}"
    interval = f"90{NBSP}% interval {decimal(low, 2)} to {decimal(high, 2)}"
    tie = " It is one of several models that may be the best." if row.get("tied") is True else ""
    return f"**{name}**: the default {_VERBS[said]} {naive}: its CRPS is {size} ({interval}; {over}).{tie}{note}"


def _coverage_sentences(facts: RunData, common: dict[str, pd.DataFrame]) -> list[str]:
    """How often the bands held, for the default and for every model whose bands are far too narrow in most groups."""
    held: dict[str, list[float]] = {}
    for part in common.values():
        rows = part[part["metric"].astype(str).isin(("coverage_80", "coverage"))]
        for name, value in rows.groupby("model")["value"].mean().items():
            held.setdefault(str(name), []).append(float(value))
    out = []
    if facts.default_model in held:
        out.append(
            f"**Bands**: the default's 80{NBSP}% band held {_join_percent(held[facts.default_model])} of the outcomes, in the order "
            "above."
        )
    for name, values in sorted(held.items()):
        if sum(v < NARROW["80"] for v in values) * 2 > len(values) and name != facts.default_model:
            out.append(f"**{name}'s bands are too narrow**: its 80{NBSP}% band held {_join_percent(values)}.")
    return out


def _join_percent(values: list[float]) -> str:
    shown = [decimal(100 * v, 0) for v in values]
    return (", ".join(shown[:-1]) + " and " + shown[-1] if shown[1:] else shown[0]) + f"{NBSP}%"


def _groups_by_series(facts: RunData, series: Iterable[str]) -> dict[str, str]:
    """The config's own groups of backtested series, by series."""
    asked = [g for g in facts.config.get("backtest") or () if isinstance(g, dict)]
    pairs = [(str(p), str(g["name"])) for g in asked for p in g.get("series", ())]
    found = {str(s): next((name for p, name in pairs if fnmatchcase(str(s), p)), "") for s in series}
    order = [str(g["name"]) for g in asked]
    return dict(sorted(((s, n) for s, n in found.items() if n), key=lambda item: order.index(item[1])))


def _ordered_comparisons(facts: RunData) -> pd.DataFrame:
    """The comparisons, groups in the config's order."""
    table = facts.table("comparisons")
    order = [str(g["name"]) for g in facts.config.get("backtest") or () if isinstance(g, dict)]
    place = table["group"].map(lambda n: order.index(n) if n in order else len(order))
    return table.iloc[place.argsort(kind="stable")]


def _group_note(facts: RunData, group_name: str) -> str:
    """What the config says of a group."""
    asked = [g for g in facts.config.get("backtest") or () if isinstance(g, dict)]
    return next((str(g["note"]) for g in asked if g.get("name") == group_name and g.get("note")), "")


def default_group(series: str) -> str:
    """The group a series is scored in."""
    key = SeriesKey.maybe(series)
    if key is None:
        return GROUPS[3]
    return GROUPS[("export", "import_total", "import_origin").index(key.basis)] if key.reporter in ("CHN", "USA") else GROUPS[3]


def _failure_counts(facts: RunData, series: Iterable[str]) -> dict[str, int]:
    """Questions on some series left unanswered, by method."""
    table = facts.table("failures")
    part = table[table["series"].isin(list(series))]
    return {str(k): int(v) for k, v in part.groupby("method").size().items()} if len(part) else {}


def _score_table(name: str, common: pd.DataFrame, failures: dict[str, int], note: str) -> TableBlock:
    known = sorted(common["metric"].astype(str).unique())
    metrics = [m for m in SCALED if m in known] + [m for m in known if m.startswith("coverage")]
    means = common.pivot_table(index="model", columns="metric", values="value", aggfunc="mean")
    relative = _relative_scores(common)
    counts = common[common["metric"] == common["metric"].iloc[0]].groupby("model").size()
    order = relative.get("crps", means.iloc[:, 0]).sort_values().index
    rows = []
    for model in order:
        cells = [TableCell(decimal(float(relative[m][model]), 2)) for m in relative]
        cells += [
            TableCell(_metric_text(str(m), float(means.loc[model, m])), tone=_metric_tone(str(m), float(means.loc[model, m])))
            for m in metrics
        ]
        rows.append(
            (
                TableCell(str(model)),
                *cells,
                TableCell(str(int(counts.get(model, 0)))),
                TableCell(str(failures.get(str(model), 0))),
            )
        )
    columns = (
        Column("Model"),
        *(Column(f"{m.upper()} rel.", True) for m in relative),
        *(Column(_metric_head(str(m)), True) for m in metrics),
        Column("Questions", True), Column("Failures", True),
    )  # fmt: skip
    n_series, n_cutoffs = common["series"].nunique(), common["cutoff"].nunique()
    return TableBlock(
        f"{name}: {n_series} series, {n_cutoffs} cutoffs, common set; best first.",
        columns,
        tuple(rows),
        note_sentence(note).strip(),
    )


def _relative_scores(common: pd.DataFrame) -> dict[str, pd.Series]:
    """Errors that carry a unit, made comparable over series: each series' mean by model over the median model's."""
    import numpy as np

    out = {}
    for metric in ("crps", "wis", "mae"):
        part = common[common["metric"] == metric]
        if len(part):
            means = part.pivot_table(index="series", columns="model", values="value", aggfunc="mean")
            means = means[(means > 0).all(axis=1)]
            if len(means):
                out[metric] = np.exp(np.log(means.div(means.median(axis=1), axis=0)).mean())
    return out


def _metric_tone(metric: str, value: float) -> str:
    return "fail" if metric.startswith("coverage") and value < NARROW.get(metric[-2:], 0.0) else ""


def _metric_text(metric: str, value: float) -> str:
    if not math.isfinite(value):
        return MISSING
    if metric.startswith("coverage"):
        return decimal(100 * value, 0) + "\u00a0%"
    return decimal(value, 0) + "\u00a0%" if metric == "smape" else decimal(value, 2)


def _metric_head(metric: str) -> str:
    if metric.startswith("coverage"):
        level = "".join(c for c in metric if c.isdigit()) or "80"
        return f"in {level}{NBSP}%"
    return metric.upper() if metric in ("mase", "rmsse") else "sMAPE" if metric == "smape" else metric.capitalize()


def _horizon_figure(facts: RunData, common: dict[str, pd.DataFrame]) -> FigureBlock | None:
    from forecast.report.figures.error_by_horizon import horizon_panel

    panels: list[FigurePanel] = []
    for name, part in common.items():
        for metric in ("mase", "rmsse", "smape"):
            rows = part[(part["metric"] == metric) & part["value"].notna()]
            if not len(rows):
                continue
            single = rows[~rows["month"].astype(str).str.contains("/")]
            means = single.groupby(["model", "h_info"])["value"].mean().reset_index()
            if means["h_info"].nunique() > 1:
                loud = (facts.default_model, _benchmark(facts, name), _best_model(means))
                panels.append(
                    horizon_panel(
                        name,
                        f"{_metric_head(metric)}, mean over the common questions",
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


def _benchmark(facts: RunData, name: str) -> str:
    """The naive forecast that a group's models are compared with."""
    table = facts.table("comparisons")
    table = table[(table["group"] == name) & (table["metric"] == "crps")] if len(table) else table
    return str(table["benchmark"].iloc[0]) if len(table) else ""


def _best_model(means: pd.DataFrame) -> str:
    return str(means.groupby("model")["value"].mean().idxmin())


def _failure_blocks(facts: RunData) -> list[Block]:
    table = facts.table("failures")
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
    """One text for reasons that differ in their leading number only: 10 to 13 usable months where 14 are needed."""
    sizes = sorted({int(m[0]) for r in reasons if (m := _LEADING.match(r))})
    return _LEADING.sub(f"{sizes[0]} to {sizes[-1]}", reasons[0]) if len(sizes) > 1 else reasons[0]
