"""Tables: outcomes as the rows of a run folder's tables, and those as Parquet, the same bytes every time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from forecast.core import schema
from forecast.core.results import Finding
from forecast.core.schema import ComparisonRow, ForecastRow, ScoreRow
from forecast.jobs.batch_results import BatchResult
from forecast.jobs.execute import context_of
from forecast.jobs.nowcasts import calendar_rows
from forecast.jobs.plan import Plan
from forecast.jobs.rows import claim_rows, effect_tables, observation_rows, regime_rows, sensitivity_rows
from forecast.study.data.audit import audit
from forecast.study.evaluate.compare import NAIVE_MODELS, comparison_rows
from forecast.study.evaluate.score import job_of


def tables_of(plan: Plan, outcomes: Sequence[BatchResult]) -> dict[str, list[Any]]:
    """Rows of every table."""
    groups = {batch.name: batch.group for batch in plan.batches}
    forecasts = [replace(row, group=groups[o.batch]) for o in outcomes for row in o.forecasts]
    scores = [replace(row, group=groups[o.batch]) for o in outcomes for row in o.scores]
    return {
        "forecasts": forecasts,
        "scores": scores,
        **effect_tables(plan, outcomes),
        "observations": observation_rows(plan.vintage),
        "comparisons": _comparisons(plan, scores, forecasts),
        "failures": [row for o in outcomes for row in o.failures],
        "regimes": regime_rows(plan),
        "claims": claim_rows(plan),
        "sensitivity": sensitivity_rows(plan, outcomes),
        "scenarios": [row for o in outcomes for row in o.scenarios],
        "news": [row for o in outcomes for row in o.news],
        "calendar": calendar_rows(
            plan.config.nowcast, [[p.series for p in plan.groups[n]] for n in plan.nowcasts], plan.vintage.day
        ),
    }


def _comparisons(plan: Plan, scored: Sequence[ScoreRow], made: Sequence[ForecastRow]) -> list[ComparisonRow]:
    """Each group's models against its best naive one."""
    if not scored:
        return []
    scores, forecasts = schema.frame(ScoreRow, scored), schema.frame(ForecastRow, made)
    out = []
    for group in [*(g.name for g in plan.config.backtest), *(n.before for n in plan.config.nowcast)]:
        asked = [b for b in plan.batches if b.group == group]
        jobs = {job_of(b.label, past) for b in asked for past in b.pasts}
        rows = comparison_rows(
            scores[scores.job.isin(jobs)], group, seed=plan.config.seed,
            forecasts=forecasts[forecasts.job.isin(jobs)], models=sorted({b.label for b in asked}),
            naive=plan.config.naive or NAIVE_MODELS,
        )  # fmt: skip
        out += [ComparisonRow(**row) for row in rows]
    return out


def findings(plan: Plan, outcomes: Sequence[BatchResult]) -> list[Finding]:
    """The audit's, the plan's and the methods' soft problems, in order."""
    found = [*audit(plan.archive, plan.vintage)[0], *plan.findings]
    skipped = sorted({(o.batch.split("|")[1], o.skipped) for o in outcomes if o.skipped})
    found += [Finding("skipped", f"{label}: {reason}", "[[models]]", "warning") for label, reason in skipped]
    for scale in context_of(plan).scales.values():
        if scale.reason:
            found.append(Finding("scale", f"no MASE or RMSSE: {scale.reason} ({scale.basis})", scale.series))
        elif scale.frozen:
            found.append(Finding("scale", f"frozen: {scale.pairs} pairs of {scale.basis}", scale.series))
    for outcome in outcomes:
        for label, effect in outcome.effects.items():
            notes = [note for used in getattr(effect, "used", ()) for note in used.notes]
            found += [Finding("effect", note, f"{outcome.batch}, {label}") for note in notes]
    return sorted(set(found), key=lambda f: (f.topic, f.where, f.text))


def parquet(rows: Iterable[Any], columns: Mapping[str, str]) -> bytes:
    """One table as a Parquet file, sorted by its columns from the left, with fixed types and settings; missing is null."""
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


def _sortable(value: Any) -> tuple[int, Any]:
    """Numbers before texts, nulls first, so that any two rows compare."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return (0, 0)
    return (2, value) if isinstance(value, str) else (1, value)


def _null_if_not_finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
