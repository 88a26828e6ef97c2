"""Results of batches as the rows of a run folder's tables, and rows as reproducible Parquet files."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from forecast.core import schema
from forecast.core.event_ends import ended_measure
from forecast.core.months import is_span
from forecast.core.results import Finding
from forecast.core.schema import ComparisonRow, ForecastRow, MirrorGapRow, ScenarioForecastRow, ScoreRow, SumRow
from forecast.jobs.batch_results import BatchResult
from forecast.jobs.execute import context_of
from forecast.jobs.nowcasts import calendar_rows
from forecast.jobs.plan import Plan
from forecast.jobs.recovered_rows import recovered_rows
from forecast.jobs.rows import claim_rows, effect_tables, observation_rows, regime_rows, sensitivity_rows
from forecast.study.data.audit import audit
from forecast.study.data.mirror_gaps import mirror_gaps
from forecast.study.evaluate.compare import NAIVE_MODELS, comparison_rows


def tables_of(plan: Plan, results: Sequence[BatchResult]) -> dict[str, list[Any]]:
    """Rows of every table."""
    groups = {batch.name: batch.group for batch in plan.batches}
    forecasts = [replace(row, group=row.group or groups[r.batch]) for r in results for row in r.forecasts]
    scores = [replace(row, group=groups[r.batch]) for r in results for row in r.scores]
    courses = [row for r in results for row in r.scenarios]
    return {
        "forecasts": [row for row in forecasts if not is_span(row.month)],
        "sums": [*_sum_rows(forecasts), *_sum_rows(courses)],
        "scores": scores,
        **effect_tables(plan, results),
        "observations": observation_rows(plan.vintage),
        "comparisons": _comparisons(plan, scores, forecasts),
        "failures": [row for r in results for row in r.failures],
        "regimes": regime_rows(plan),
        "claims": claim_rows(plan),
        "recovered": recovered_rows(plan, results),
        "mirror_gaps": _mirror_gaps(plan),
        "sensitivity": sensitivity_rows(plan, results),
        "scenarios": [row for row in courses if not is_span(row.month)],
        "news": [row for r in results for row in r.news],
        "calendar": calendar_rows(
            plan.config.nowcast, [[p.series for p in plan.groups[n]] for n in plan.nowcasts], plan.vintage.day
        ),
    }


def _mirror_gaps(plan: Plan) -> list[MirrorGapRow]:
    """The records of both sides around each measure that a question names."""
    designs = [batch.design for batch in plan.batches if batch.design is not None and batch.vary is None]
    events = {event.id: event for design in designs for event in design.events if not ended_measure(event.id)}
    return mirror_gaps(plan.vintage, events.values(), [series for design in designs for series in design.treated])


def _sum_rows(rows: Iterable[ForecastRow] | Iterable[ScenarioForecastRow]) -> list[SumRow]:
    """The forecasts of sums of months among those of months, as rows of the table of sums."""
    return [SumRow(**schema.cells_of(SumRow, schema.record(row))) for row in rows if is_span(row.month)]


def _comparisons(plan: Plan, score_rows: Sequence[ScoreRow], forecast_rows: Sequence[ForecastRow]) -> list[ComparisonRow]:
    """The models of each group against its best naive one."""
    if not score_rows:
        return []
    scores, forecasts = schema.frame(ScoreRow, score_rows), schema.frame(ForecastRow, forecast_rows)
    out: list[ComparisonRow] = []
    for group in [*(g.name for g in plan.config.backtest), *(n.earlier_group for n in plan.config.nowcast)]:
        out += comparison_rows(
            scores[scores.group == group], group, seed=plan.config.seed, forecasts=forecasts[forecasts.group == group],
            models={b.label for b in plan.batches if b.group == group}, naive=plan.config.naive or NAIVE_MODELS,
        )  # fmt: skip
    return out


def findings(plan: Plan, results: Sequence[BatchResult]) -> list[Finding]:
    """Findings of the audit, the plan and the methods, in order."""
    collected = [*audit(plan.archive, plan.vintage), *plan.findings]
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
    leading = [name for name, kind in columns.items() if kind in ("text", "whole")]
    ordered = sorted(rows, key=lambda row: tuple(_sortable(getattr(row, name)) for name in leading))
    types = pa.schema([(name, kinds[kind]) for name, kind in columns.items()])
    arrays = [
        pa.array([_null_if_not_finite(getattr(row, name)) for row in ordered], kinds[kind]) for name, kind in columns.items()
    ]
    out = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_arrays(arrays, schema=types), out, compression="zstd", row_group_size=1 << 20)
    return bytes(out.getvalue())


def _sortable(value: object) -> tuple[int, Any]:
    """A sort key that puts nulls first and numbers before texts, so that any two rows compare."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return (0, 0)
    return (2, value) if isinstance(value, str) else (1, value)


def _null_if_not_finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value
