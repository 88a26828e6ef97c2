"""Results of batches as the rows of a run folder's tables, and rows as reproducible Parquet files."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from forecast.core.months import is_span
from forecast.core.results import Finding
from forecast.core.schema import ComparisonRow, ForecastRow, ScenarioForecastRow, ScoreRow, SumRow
from forecast.core.table_rows import TableRows, column_of, distinct
from forecast.jobs.batch_results import BatchResult
from forecast.jobs.destinations import destination_findings, destination_rows
from forecast.jobs.execute import context_of
from forecast.jobs.nowcasts import calendar_rows
from forecast.jobs.plan import Plan
from forecast.jobs.rows import claim_rows, effect_tables, observation_rows, regime_rows, sensitivity_rows
from forecast.jobs.series_named import series_named
from forecast.study.data.audit import audit
from forecast.study.evaluate.compare import COMPARED, FORECAST_COLUMNS, NAIVE_MODELS, SCORE_COLUMNS, comparison_rows

if TYPE_CHECKING:
    import pandas as pd


def tables_of(plan: Plan, results: Sequence[BatchResult]) -> dict[str, Sequence[Any]]:
    """Rows of every table."""
    groups = {batch.name: batch.group for batch in plan.batches}
    held = [(groups[r.batch], TableRows.of(ForecastRow, r.forecasts)) for r in results]
    own = [rows.with_columns(group=[mine or group for mine in rows.columns["group"]]) for group, rows in held]
    forecasts = TableRows.concat(ForecastRow, own)
    scores = TableRows.concat(
        ScoreRow, [TableRows.of(ScoreRow, r.scores).with_columns(group=groups[r.batch]) for r in results if r.scores]
    )
    courses = [row for r in results for row in r.scenarios]
    return {
        "forecasts": forecasts.where("month", lambda month: not is_span(month)),
        "sums": TableRows.concat(SumRow, [_sum_rows(forecasts), _sum_rows(TableRows.of(ScenarioForecastRow, courses))]),
        "scores": scores,
        **effect_tables(plan, results),
        "ledger": [row for r in results for row in r.ledger],
        "observations": observation_rows(plan.vintage),
        "comparisons": _comparisons(plan, scores, forecasts),
        "failures": [row for r in results for row in r.failures],
        "regimes": regime_rows(plan),
        "claims": claim_rows(plan),
        "sensitivity": sensitivity_rows(plan, results),
        "scenarios": [row for row in courses if not is_span(row.month)],
        "news": [row for r in results for row in r.news],
        "calendar": calendar_rows(
            plan.config.nowcast, [[p.series for p in plan.groups[n]] for n in plan.nowcasts], plan.vintage.day
        ),
        "destinations": destination_rows(plan),
    }


def _sum_rows(rows: TableRows[ForecastRow] | TableRows[ScenarioForecastRow]) -> TableRows[SumRow]:
    """The forecasts of sums of months among those of months, as rows of the table of sums."""
    spans = rows.where("month", is_span)
    return TableRows(SumRow, len(spans), spans.columns)


def _comparisons(plan: Plan, scores: TableRows[ScoreRow], forecasts: TableRows[ForecastRow]) -> list[ComparisonRow]:
    """The models of each group against its best naive one."""
    out: list[ComparisonRow] = []
    if not scores:
        return out
    scores = scores.where("metric", lambda metric: metric in COMPARED)
    for group in [*(g.name for g in plan.config.backtest), *(n.earlier_group for n in plan.config.nowcast)]:
        out += comparison_rows(
            _own_frame(scores, group, SCORE_COLUMNS), group, seed=plan.config.seed,
            forecasts=_own_frame(forecasts, group, FORECAST_COLUMNS),
            models={b.label for b in plan.batches if b.group == group}, naive=plan.config.naive or NAIVE_MODELS,
        )  # fmt: skip
    return out


def _own_frame(rows: TableRows[Any], group: str, columns: Sequence[str]) -> pd.DataFrame:
    """Some columns of the rows of one group as a DataFrame."""
    return rows.where("group", lambda own: bool(own == group)).frame(columns)


def findings(plan: Plan, results: Sequence[BatchResult]) -> list[Finding]:
    """Findings of the audit, the plan and the methods, in order."""
    collected = [*audit(plan.archive, plan.vintage, series_named(plan)), *plan.findings, *destination_findings(plan)]
    skipped = sorted({(r.batch.split("|")[1], r.skipped) for r in results if r.skipped})
    collected += [Finding("skipped", f"{label}: {reason}", "[[models]]", "warning") for label, reason in skipped]
    for scale in context_of(plan).scales.values():
        if scale.reason:
            collected.append(Finding("scale", f"no MASE or RMSSE: {scale.reason} ({scale.basis})", scale.series))
        elif scale.frozen:
            collected.append(Finding("scale", f"frozen: {scale.pairs} pairs of {scale.basis}", scale.series))
    for result in results:
        for label, effect in result.effects.items():
            notes = [note for used in getattr(effect, "used", ()) for note in used.notes]
            collected += [Finding("effect", note, f"{result.batch}, {label}") for note in notes]
    return sorted(set(collected), key=lambda f: (f.topic, f.where, f.text))


def parquet(rows: Iterable[Any], columns: Mapping[str, str]) -> bytes:
    """One table as a Parquet file with fixed types and settings, sorted by text and whole-number columns; missing is null."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"text": pa.string(), "whole": pa.int64(), "real": pa.float64(), "flag": pa.bool_()}
    if isinstance(rows, TableRows):
        cells = rows.columns
    else:
        held = list(rows)
        cells = {name: column_of([getattr(row, name) for row in held], kind, len(held)) for name, kind in columns.items()}
    coded = {name: distinct(cells[name]) for name, kind in columns.items() if kind != "real"}
    leading = [_ranks(*coded[name]) for name, kind in columns.items() if kind in ("text", "whole")]
    order = np.lexsort(leading[::-1])
    arrays = []
    for name, kind in columns.items():
        if kind == "real":
            figures = cells[name][order]
            arrays.append(pa.array(figures, kinds[kind], mask=~np.isfinite(figures)))
        else:
            words, codes = coded[name]
            arrays.append(pa.array([None if word != word else word for word in words], kinds[kind]).take(codes[order]))
    out = pa.BufferOutputStream()
    table = pa.Table.from_arrays(arrays, schema=pa.schema([(name, kinds[kind]) for name, kind in columns.items()]))
    pq.write_table(table, out, compression="zstd", row_group_size=1 << 20)
    made = bytes(out.getvalue())
    del arrays, table, out
    pa.default_memory_pool().release_unused()  # several times the table, which nothing else would ask for
    return made


def _ranks(words: list[Any], codes: NDArray[np.int32]) -> NDArray[np.int32]:
    """For each row the place of its cell in the order of a column: nulls first, numbers before texts."""
    keys = [_sortable(word) for word in words]
    place = {key: i for i, key in enumerate(sorted(set(keys)))}
    return np.array([place[key] for key in keys], np.int32)[codes]


def _sortable(value: object) -> tuple[int, Any]:
    """A sort key that puts nulls first and numbers before texts, so that any two cells compare."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return (0, 0)
    return (2, value) if isinstance(value, str) else (1, value)
