"""Effects, observations, claims, regimes and events as rows of the run folder's tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from forecast.arrays import Floats
from forecast.core import schema
from forecast.core.effects import Effect
from forecast.core.errors import DataError
from forecast.core.results import Failure
from forecast.core.schema import (
    ClaimRow,
    EffectRow,
    GateRow,
    ObservationRow,
    PartRow,
    PathRow,
    PlaceboRow,
    RegimeRow,
    SensitivityRow,
)
from forecast.core.series import SeriesKey
from forecast.core.vintage import Vintage
from forecast.jobs.batch import Batch
from forecast.jobs.batch_results import BatchResult
from forecast.jobs.plan import Plan, series_matching
from forecast.prep.baselines import unit_of


def effect_tables(plan: Plan, results: Sequence[BatchResult]) -> dict[str, list[Any]]:
    """Rows of effects, paths, placebos, gates and parts.

    `verdict` and all figures are the question's own; the gates that consider all effects together give `verdict_family`, and
    stand among the gates in place of what the same check found in the question alone.
    """
    from forecast.study.effects.judge import apply_family_gates

    batches = {batch.name: batch for batch in plan.batches if batch.row is not None}
    answers = [(batches[r.batch], label, effect) for r in results for label, effect in r.effects.items()]
    own = [effect for _, _, effect in answers if isinstance(effect, Effect)]
    judged = iter(apply_family_gates(own, plan.config.check_specs))
    effects, paths, placebos, gates, parts = [], [], [], [], []
    for batch, label, effect in answers:
        job = f"{batch.name}|{label}"
        row = _effect_row(batch, job, label, effect, plan.vintage)
        if isinstance(effect, Effect):
            series, together = "+".join(effect.design.treated), next(judged)
            if together.verdict:
                row = replace(row, verdict_family=together.verdict.word, because_family=together.verdict.because)
            months: list[dict[str, Any]] = effect.path.to_dict("records")  # type: ignore[assignment]
            paths += [PathRow(job=job, series=series, **month) for month in months]
            placebos += [
                PlaceboRow(
                    job=job, kind=p.kind, series=p.series, start=p.start, cumulative=p.cumulative, relative=p.relative, z=p.z
                )
                for p in effect.placebos
            ]
            gates += [
                GateRow(
                    job=job, gate=g.gate, outcome=g.outcome, value=g.value, threshold=g.threshold, reason=g.reason,
                    family=g not in effect.gates,
                )
                for g in together.gates
            ]  # fmt: skip
            parts += [PartRow(job=job, event=name, **part.cells()) for name, part in effect.parts.items()]
        effects.append(row)
    return {"effects": effects, "paths": paths, "placebos": placebos, "gates": gates, "parts": parts}


def sensitivity_rows(plan: Plan, results: Sequence[BatchResult]) -> list[SensitivityRow]:
    """Rows of the sensitivity analysis: what was changed, to which value, and the judged answer or why there is none."""
    designs = {batch.name: batch.design for batch in plan.batches if batch.vary}
    rows = []
    for result in results:
        for label, one in result.variations:
            row_id, design = result.batch.rpartition("|")[0], designs[result.batch]
            row = SensitivityRow(job=f"{row_id}|{label}", what=one.what, value=one.value, id=row_id, estimator=label)
            if isinstance(one.answer, Failure):
                rows.append(replace(row, **_no_figures(SensitivityRow, one.answer)))
                continue
            assert design is not None
            window = one.answer.design.window(plan.vintage)
            label_of = plan.vintage.steps.label
            figures = schema.cells_of(SensitivityRow, one.answer.cells())
            rows.append(replace(row, **figures, months_from=label_of(window.first), months_to=label_of(window.last)))
    return rows


def _effect_row(batch: Batch, job: str, label: str, effect: Effect | Failure, vintage: Vintage) -> EffectRow:
    """One answer to a question on an event; a failure is a row without figures that says why."""
    assert batch.row is not None
    assert batch.design is not None
    design, question = batch.design, batch.row
    first, last = _window(batch, vintage)
    row = EffectRow(
        job=job,
        estimator=label,
        event=design.event_ids,
        series="+".join(design.treated),
        unit="" if design.measure in ("relative", "share") else _unit(design.treated[0]),
        basis=design.basis,
        lag_months=design.lag_months,
        months_from=first,
        months_to=last,
        estimand=design.estimand,
        measure=design.measure,
        id=question.id,
        question=question.question,
        role="headline" if label == batch.label else "sensitivity",
        note=question.note,
        level_unit=unit_of(design),
    )
    if isinstance(effect, Failure):
        return replace(row, **_no_figures(EffectRow, effect), months_observed="")
    return replace(row, **effect.cells())


def _no_figures(row: type, failure: Failure) -> dict[str, Any]:
    """The cells of an unanswered row: the reason, and counts of zero."""
    cells: dict[str, Any] = dict(
        baseline="none", verdict="not identified", reading="none", because=failure.reason, used="",
        verdict_family="not identified", because_family=failure.reason,
        n_clean=0, n_span=0, n_placebo=0, n_apart=0, n_space=0,
    )  # fmt: skip
    return schema.cells_of(row, cells)


def _window(batch: Batch, vintage: Vintage) -> tuple[str, str]:
    """First and last month asked, from the data, or else from the config."""
    assert batch.design is not None
    assert batch.row is not None
    try:
        window = batch.design.window(vintage)
    except DataError:
        return batch.row.first or "", batch.row.last or ""
    return vintage.steps.label(window.first), vintage.steps.label(window.last)


def _unit(series: str) -> str:
    key = SeriesKey.maybe(series)
    return key.unit if key else ""


def observation_rows(vintage: Vintage) -> list[ObservationRow]:
    """Every figure the run saw."""
    return [
        ObservationRow(
            series=series,
            period=vintage.steps.period(cell.first, cell.last),
            value=cell.value,
            unit=_unit(series),
            status=cell.status,
            stage=cell.stage,
            kind=cell.kind,
            released=cell.released.isoformat(),
            basis=cell.basis,
            source=cell.source,
            url=cell.url,
            derived_from=cell.derived_from,
        )
        for series in vintage.series
        for cell in vintage.cells[series]
    ]


def claim_rows(plan: Plan) -> list[ClaimRow]:
    """Published claims checked against the run's vintage, where the config asks for it."""
    from forecast.study.claims.published_claims import check_claims

    return check_claims(plan.vintage) if plan.config.report.claims else []


def regime_rows(plan: Plan) -> list[RegimeRow]:
    """Means and ranges of monthly figures in named periods, read as "if it were like this again" without a probability."""
    out = []
    for i, expiry in enumerate(plan.config.expiry):
        where = f"{plan.config.origin.name}, [[expiry]] {i + 1}, series"
        for series in series_matching(expiry.series, plan.archive.series, where):
            for regime in expiry.regimes:
                figures = _known_figures(plan.vintage, series, regime.first, regime.last)
                row = RegimeRow(
                    series=series, unit=_unit(series), regime=regime.name, months_from=regime.first, months_to=regime.last,
                    n=len(figures), reading=regime.text,
                )  # fmt: skip
                if len(figures):
                    row = replace(row, mean=float(figures.mean()), lo=float(figures.min()), hi=float(figures.max()))
                out.append(row)
    return out


def _known_figures(vintage: Vintage, series: str, first: str, last: str) -> Floats:
    """Figures of single months in a period; none if the series is not known yet."""
    if not vintage.knows(series):
        return np.empty(0)
    values = vintage.observed(series).at(vintage.steps.ordinal(first), vintage.steps.ordinal(last))
    return values[np.isfinite(values)]
