"""Tables of models against the best naive forecast: ratios with intervals, tests and ties, and ratios by regime."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from forecast.core.schema import ComparisonRow, group_rows
from forecast.report.blocks import MISSING, Column, TableBlock, TableCell
from forecast.report.number_cells import decimal_cell
from forecast.report.numbers import NBSP, decimal
from forecast.report.scored_metrics import MAIN_METRIC, metric_label

if TYPE_CHECKING:
    import pandas as pd

REGIMES = ("no control", "before", "anticipation", "under control", "after reversal")


def comparison_table(compared: Sequence[ComparisonRow]) -> TableBlock:
    """Each model against the best naive forecast: ratio of pooled errors with its 90 % interval, by group and metric."""
    metrics = list(dict.fromkeys(row.metric for row in compared))
    rows: list[tuple[TableCell, ...]] = []
    for group, part in group_rows(compared, lambda row: row.group).items():
        rows.append((TableCell(f"{group}: {_group_heading(part)}", tone="group"),))
        models = group_rows(part, lambda row: row.model)
        found = {name: {row.metric: row for row in own} for name, own in models.items()}
        ratios = {name: own[metrics[0]].ratio if metrics[0] in own else math.nan for name, own in found.items()}
        for name in sorted(found, key=lambda name: (ratios[name] if math.isfinite(ratios[name]) else math.inf, name)):
            mine = [found[name].get(metric) for metric in metrics]
            rows.append((TableCell(name), *(c for row in mine for c in _ratio_cells(row)), *_test_cells(mine[0])))
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


def _group_heading(part: Sequence[ComparisonRow]) -> str:
    """Heading of a group: benchmark by metric, size of the comparison, and its limits."""
    benchmarks = {row.metric: row.benchmark for row in part}
    named = [f"{metric_label(metric)} against {benchmark}" for metric, benchmark in benchmarks.items()]
    largest = max(part, key=lambda row: row.n or 0)
    size = f"{largest.n} questions, {max(row.n_cutoffs or 0 for row in part)} cutoffs"
    return "; ".join([", ".join(named), size, *([largest.note] if largest.note else [])])


def _ratio_cells(row: ComparisonRow | None) -> tuple[TableCell, TableCell, TableCell]:
    if row is None:
        return TableCell(MISSING), TableCell(MISSING), TableCell("not scored", tone="muted")
    outcome = "benchmark" if row.model == row.benchmark else benchmark_verdict(row.ratio, row.lo90, row.hi90)
    if "not ranked" in row.note:
        outcome = "not ranked"
    interval = f"{decimal(row.lo90, 2)} to {decimal(row.hi90, 2)}" if math.isfinite(row.hi90) else MISSING
    tone = {"beats it": "pass", "is worse": "fail"}.get(outcome, "muted")
    return decimal_cell(row.ratio, 2), TableCell(interval), TableCell(outcome, tone=tone)


def _test_cells(row: ComparisonRow | None) -> tuple[TableCell, ...]:
    """Rank with ties, p-values and number of failures; a dash where nothing was tested."""
    if row is None:
        return (TableCell(MISSING),) * 5
    tests = (TableCell(_p_text(p)) for p in (row.dm_p, row.gw_p, row.mz_p))
    return TableCell(rank_text(row)), *tests, TableCell(MISSING if row.failures is None else str(row.failures))


def rank_text(row: ComparisonRow) -> str:
    """Rank of a model, `1 =` if others may be the best too (model confidence set); a dash without a test."""
    if row.rank is None or row.in_mcs is None:
        return MISSING
    return f"{row.rank}{NBSP}=" if row.tied else f"{row.rank}"


def _p_text(value: float) -> str:
    return "< 0.001" if value < 0.001 else decimal(value, 3 if value < 0.01 else 2)


def regime_table(name: str, common: pd.DataFrame, benchmark: str) -> TableBlock | None:
    """CRPS ratio to the benchmark by regime, and in January to March; None if all questions lie in one regime.

    Ratios of sums within a series, averaged over series by their number of questions, on the questions that all answered.
    """
    part = common[common.metric == MAIN_METRIC]
    if benchmark not in set(part.model):
        return None
    parts = {regime: part[part.regime == regime] for regime in REGIMES if (part.regime == regime).any()}
    if 0 < (part.jan_mar == 1).sum() < len(part):
        parts["January to March"] = part[part.jan_mar == 1]
        parts["other months"] = part[part.jan_mar == 0]
    if len(parts) < 2:
        return None
    ratios = {regime: _regime_ratios(rows, benchmark) for regime, rows in parts.items()}
    order = _regime_ratios(part, benchmark)
    models = sorted(order, key=lambda m: (order[m], m))
    rows = [(TableCell(m), *(decimal_cell(found.get(m, math.nan), 2) for found in ratios.values())) for m in models]
    sizes = (f"{len(set(zip(p.series, p.cutoff, p.month, strict=True)))}, {p.cutoff.nunique()}" for p in parts.values())
    rows.append((TableCell("questions, cutoffs", tone="muted"), *map(TableCell, sizes)))
    columns = (Column("Model"), *(Column(regime, True) for regime in parts))
    caption = (
        f"{name}: {metric_label(MAIN_METRIC)} over that of {benchmark}, by the state of policy in the month that was forecast."
    )
    return TableBlock(caption, columns, tuple(rows))


def _regime_ratios(part: pd.DataFrame, benchmark: str) -> dict[str, float]:
    sums = part.value.groupby([part.series, part.model]).sum().unstack()
    counts = part.series[part.model == benchmark].value_counts().reindex(sums.index)
    sums, counts = sums[sums[benchmark] > 0], counts[sums[benchmark] > 0]
    if not len(sums):
        return {}
    made = sums.div(sums[benchmark], axis=0).mul(counts, axis=0).sum() / counts.sum()
    return {str(m): float(v) for m, v in made.items()}


def benchmark_verdict(ratio: float, low: float, high: float) -> str:
    """Whether a model beats its benchmark: only if the 90 % interval of the ratio lies below 1; worse only if above 1."""
    if not math.isfinite(ratio):
        return "no ratio"
    if not (math.isfinite(low) and math.isfinite(high)):
        return "ratio only, no test"
    if high < 1 or low > 1:
        return "beats it" if high < 1 else "is worse"
    return "not shown to beat it" if ratio < 1 else "does not beat it"
