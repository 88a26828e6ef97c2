"""Tables of models against the best naive forecast: ratios with intervals, tests and ties, and ratios by regime."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from forecast.report.blocks import MISSING, Column, TableBlock, TableCell
from forecast.report.numbers import NBSP, decimal
from forecast.report.prose import benchmark_verdict
from forecast.report.scored_metrics import MAIN_METRIC, metric_label

if TYPE_CHECKING:
    import pandas as pd

REGIMES = ("no control", "before", "anticipation", "under control", "after reversal")
KEY = ["series", "cutoff", "month"]


def comparison_table(table: pd.DataFrame) -> TableBlock:
    """Each model against the best naive forecast: ratio of pooled errors with its 90 % interval, by group and metric."""
    metrics = list(dict.fromkeys(table["metric"].astype(str)))
    rows: list[tuple[TableCell, ...]] = []
    for group, part in table.groupby("group", sort=False):
        rows.append((TableCell(f"{group}: {_group_heading(part)}", tone="group"),))
        first = part[part["metric"] == metrics[0]].set_index("model")["ratio"]
        order = sorted(part["model"].unique(), key=lambda m: (_ratio_or_inf(first.get(m)), m))
        found = {(str(r["model"]), str(r["metric"])): r for r in part.to_dict("records")}
        for m in order:
            mine = [found.get((str(m), k)) for k in metrics]
            rows.append((TableCell(str(m)), *(c for row in mine for c in _ratio_cells(row)), *_test_cells(mine[0])))
    heads = [(f"{metric_label(m)} ratio", f"90{NBSP}% interval", "said of it") for m in metrics]
    columns = (
        Column("Model"),
        *(Column(h, i < 2) for three in heads for i, h in enumerate(three)),
        *(Column(h, True) for h in ("Place", "DM p", "GW p", "Bias p", "Failures")),
    )
    caption = "Error divided by the benchmark's, the best naive forecast of earlier cutoffs; below 1 is better."
    note = (
        "“Beats it” is said only where the whole 90 % interval lies below 1, “is worse” only where it lies above; it resamples "
        f"blocks of six months of cutoffs. Place, tests and failures are of the {metric_label(metrics[0])}; “1 =” marks models "
        "that may each be the best (model confidence set, 90 %). DM: Diebold and Mariano, corrected by Harvey, Leybourne and "
        "Newbold; GW: Giacomini and White, conditional; Bias: Mincer and Zarnowitz, neither bias nor slope. Failures: "
        "questions that another model answered."
    )
    return TableBlock(caption, columns, tuple(rows), note)


def _ratio_or_inf(ratio: Any) -> float:
    return float(ratio) if ratio is not None and math.isfinite(ratio) else math.inf


def _group_heading(part: pd.DataFrame) -> str:
    """Heading of a group: benchmark by metric, size of the comparison, and its limits."""
    named = [
        f"{metric_label(str(r['metric']))} against {r['benchmark']}" for r in part.drop_duplicates("metric").to_dict("records")
    ]
    largest = max(part.to_dict("records"), key=lambda row: row["n"])
    note = str(largest["note"] or "")
    size = f"{int(largest['n'])} questions, {int(part['n_cutoffs'].max())} cutoffs"
    return "; ".join([", ".join(named), size, *([note] if note else [])])


def _ratio_cells(row: Mapping[Any, Any] | None) -> tuple[TableCell, TableCell, TableCell]:
    if row is None:
        return TableCell(MISSING), TableCell(MISSING), TableCell("not scored", tone="muted")
    ratio, low, high = (_number(row, k) for k in ("ratio", "lo90", "hi90"))
    outcome = "benchmark" if row["model"] == row["benchmark"] else benchmark_verdict(ratio, low, high)
    if "not ranked" in str(row["note"]):
        outcome = "not ranked"
    interval = f"{decimal(low, 2)} to {decimal(high, 2)}" if math.isfinite(high) else MISSING
    tone = {"beats it": "pass", "is worse": "fail"}.get(outcome, "muted")
    return TableCell(decimal(ratio, 2) if math.isfinite(ratio) else MISSING), TableCell(interval), TableCell(outcome, tone=tone)


def _test_cells(row: Mapping[Any, Any] | None) -> tuple[TableCell, ...]:
    """Rank with ties, p-values and number of failures; a dash where nothing was tested."""
    if row is None:
        return (TableCell(MISSING),) * 5
    tests = tuple(TableCell(_p_text(_number(row, k))) for k in ("dm_p", "gw_p", "mz_p"))
    failures = _number(row, "failures")
    return TableCell(rank_text(row)), *tests, TableCell(f"{failures:.0f}" if math.isfinite(failures) else MISSING)


def rank_text(row: Mapping[Any, Any]) -> str:
    """Rank of a model, `1 =` if others may be the best too (model confidence set); a dash without a test."""
    rank = _number(row, "rank")
    if not math.isfinite(rank) or row.get("in_mcs") is None or (isinstance(row["in_mcs"], float) and math.isnan(row["in_mcs"])):
        return MISSING
    return f"{rank:.0f}{NBSP}=" if row["tied"] else f"{rank:.0f}"


def _p_text(value: float) -> str:
    if not math.isfinite(value):
        return MISSING
    return "< 0.001" if value < 0.001 else decimal(value, 3 if value < 0.01 else 2)


def _number(row: Mapping[Any, Any], key: str) -> float:
    value = row.get(key)
    return math.nan if value is None else float(value)


def regime_table(name: str, common: pd.DataFrame, benchmark: str) -> TableBlock | None:
    """CRPS ratio to the benchmark by regime, and in January to March; None if all questions lie in one regime.

    Ratios of sums within a series, averaged over series by their number of questions, on the questions that all answered.
    """
    part = common[common["metric"] == MAIN_METRIC]
    if benchmark not in set(part["model"]):
        return None
    parts = {r: part[part["regime"] == r] for r in REGIMES if (part["regime"] == r).any()}
    if "jan_mar" in part and 0 < (part["jan_mar"] == 1).sum() < len(part):
        parts["January to March"] = part[part["jan_mar"] == 1]
        parts["other months"] = part[part["jan_mar"] == 0]
    if len(parts) < 2:
        return None
    ratios = {regime: _regime_ratios(rows, benchmark) for regime, rows in parts.items()}
    order = _regime_ratios(part, benchmark)
    models = sorted(order, key=lambda m: (order[m], m))
    rows = [(TableCell(m), *(TableCell(_ratio_text(found.get(m))) for found in ratios.values())) for m in models]
    counts = [len(p.drop_duplicates(KEY)) for p in parts.values()]
    days = [p["cutoff"].nunique() for p in parts.values()]
    rows.append(
        (TableCell("questions, cutoffs", tone="muted"), *(TableCell(f"{n}, {d}") for n, d in zip(counts, days, strict=True)))
    )
    columns = (Column("Model"), *(Column(regime, True) for regime in parts))
    caption = (
        f"{name}: {metric_label(MAIN_METRIC)} over that of {benchmark}, by the state of policy in the month that was forecast."
    )
    return TableBlock(caption, columns, tuple(rows))


def _regime_ratios(part: pd.DataFrame, benchmark: str) -> dict[str, float]:
    sums = part.pivot_table(index="series", columns="model", values="value", aggfunc="sum")
    counts = part[part["model"] == benchmark].groupby("series").size().reindex(sums.index)
    sums, counts = sums[sums[benchmark] > 0], counts[sums[benchmark] > 0]
    if not len(sums):
        return {}
    made = sums.div(sums[benchmark], axis=0).mul(counts, axis=0).sum() / counts.sum()
    return {str(m): float(v) for m, v in made.items()}


def _ratio_text(ratio: float | None) -> str:
    return decimal(ratio, 2) if ratio is not None and math.isfinite(ratio) else MISSING
