"""Rows: effects, observations, regimes and events as lines of the run folder's tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from forecast.arrays import Floats
from forecast.core.effects import Effect
from forecast.core.errors import DataError
from forecast.core.events import Event
from forecast.core.results import Failure, Summary
from forecast.core.series import SeriesKey
from forecast.core.vintage import Vintage
from forecast.jobs.batch_results import Outcome
from forecast.jobs.plan import Batch, Plan, matching
from forecast.prep.baselines import unit_of


def effect_tables(plan: Plan, outcomes: Sequence[Outcome]) -> dict[str, list[dict[str, Any]]]:
    """Rows of effects, paths, placebos, gates and parts, after the checks that look at all effects together."""
    from forecast.study.effects.judge import family

    batches = {batch.name: batch for batch in plan.batches if batch.row is not None}
    asked = [(batches[o.batch], label, effect) for o in outcomes for label, effect in o.effects.items()]
    told = iter(family([effect for _, _, effect in asked if isinstance(effect, Effect)]))
    out: dict[str, list[dict[str, Any]]] = {"effects": [], "paths": [], "placebos": [], "gates": [], "parts": []}
    for batch, label, first in asked:
        effect, job = next(told) if isinstance(first, Effect) else first, f"{batch.name}|{label}"
        out["effects"].append(_effect_row(batch, job, label, effect, plan.vintage))
        if isinstance(effect, Effect):
            series = "+".join(effect.design.treated)
            path: list[dict[str, Any]] = effect.path.to_dict("records")  # type: ignore[assignment]
            out["paths"] += [{"job": job, "series": series, **row} for row in path]
            out["placebos"] += [
                {"job": job, "kind": p.kind, "series": p.series, "start": p.start, "cumulative": p.cumulative}
                for p in effect.placebos
            ]
            out["gates"] += [
                {
                    "job": job,
                    "gate": g.gate,
                    "outcome": g.outcome,
                    "value": g.value,
                    "threshold": g.threshold,
                    "reason": g.reason,
                }
                for g in effect.gates
            ]
            out["parts"] += [{"job": job, "event": name, **_summed(part)} for name, part in effect.parts.items()]
    return out


def sensitivity_rows(plan: Plan, outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Every question asked otherwise: what was changed, to which value, and the judged answer or why there is none."""
    asked = {batch.name: batch.design for batch in plan.batches if batch.vary}
    rows = []
    for outcome in outcomes:
        for label, one in outcome.varied:
            row_id, design = outcome.batch.rpartition("|")[0], asked[outcome.batch]
            head = {"job": f"{row_id}|{label}", "what": one.what, "value": one.value, "id": row_id, "estimator": label}
            if isinstance(one.answer, Failure):
                told = {"verdict": "not identified", "reading": "none", "because": one.answer.reason, "baseline": "none"}
                rows.append({**head, **told, "n_clean": 0, "n_placebo": 0, "n_apart": 0})
                continue
            assert design is not None
            window = one.answer.design.window(plan.vintage)
            label_of = plan.vintage.steps.label
            months = {"months_from": label_of(window.first), "months_to": label_of(window.last)}
            rows.append({**head, **_figures(one.answer), **months})
    return rows


def _effect_row(batch: Batch, job: str, label: str, effect: Effect | Failure, vintage: Vintage) -> dict[str, Any]:
    """One answer to a question on an event; a failure is a row without figures that says why."""
    assert batch.row is not None
    assert batch.design is not None
    design, row = batch.design, batch.row
    first, last = _window(batch, vintage)
    head = {
        "job": job,
        "estimator": label,
        "event": design.event_ids,
        "series": "+".join(design.treated),
        "unit": "" if design.measure in ("relative", "share") else _unit(design.treated[0]),
        "basis": design.basis,
        "lag_months": design.lag_months,
        "months_from": first,
        "months_to": last,
        "estimand": design.estimand,
        "measure": design.measure,
        "id": row.id,
        "question": row.question,
        "role": "headline" if label == batch.label else "sensitivity",
        "note": row.note,
        "level_unit": unit_of(design),
    }
    if isinstance(effect, Failure):
        return {
            **head, "baseline": "none", "n_clean": 0, "n_span": 0, "n_placebo": 0, "n_apart": 0, "n_space": 0,
            "verdict": "not identified", "reading": "none", "because": effect.reason, "months_observed": "", "used": "",
        }  # fmt: skip
    return {**head, **_figures(effect)}


def _figures(effect: Effect) -> dict[str, Any]:
    text, measure = effect.description, effect.design.measure
    baseline, middle, low, high = text.bounds(measure)
    chosen = text.chosen
    row: dict[str, Any] = {
        "baseline": baseline,
        "p_value": effect.p_value,
        "p_floor": effect.p_floor,
        "mde80": _relative_size(effect.mde80, chosen.expected if chosen else math.nan)
        if measure == "relative"
        else effect.mde80,
        "n_clean": effect.n_clean,
        "n_span": effect.n_span,
        "n_placebo": sum(p.kind == "time" for p in effect.placebos),
        "n_apart": len(effect.apart),
        "n_space": sum(p.kind == "space" for p in effect.placebos),
        "verdict": effect.verdict.word if effect.verdict else "",
        "reading": effect.verdict.reading if effect.verdict else "",
        "because": effect.verdict.because if effect.verdict else "",
        "desc_estimate": middle,
        "desc_lo": low,
        "desc_hi": high,
        "months_observed": text.months,
        "observed_total": text.observed,
        "expected": chosen.expected if chosen else math.nan,
        "baselines": "; ".join(c.baseline for c in text.compared),
        "used": "; ".join(_used(effect)),
    }
    return {**row, **_estimates(effect)}


def _estimates(effect: Effect) -> dict[str, Any]:
    """The estimate with its bounds, and the ledger of what was brought forward; nothing where it may not stand."""
    if effect.counterfactual is None or not len(effect.counterfactual) or not len(effect.summary().draws):
        return {}
    row: dict[str, Any] = {**_summed(effect.summary()), "breakdown": effect.breakdown}
    if effect.anticipation is not None:
        for name, part in (("anticipation", effect.anticipation), ("net", effect.net)):
            row[name] = part.estimate
            row[f"{name}_lo80"], row[f"{name}_hi80"] = part.interval(0.8)
    return row


def _summed(part: Summary) -> dict[str, float]:
    """A summary with its 80 and 95 % bounds."""
    bounds = dict(zip(("lo80", "hi80", "lo95", "hi95"), (*part.interval(0.8), *part.interval(0.95)), strict=True))
    return {"estimate": part.estimate, **bounds}


def _relative_size(size: float, expected: float) -> float:
    return size / expected if expected > 0 else math.nan


def _used(effect: Effect) -> list[str]:
    """What the estimator really did, in words."""
    out = []
    for used in effect.used:
        out.append(used.model)
        if used.regressors:
            out.append(f"with {', '.join(used.regressors)}")
        if used.dropped:
            out.append(f"without {', '.join(used.dropped)}")
        if used.scale:
            out.append(f"scale {used.scale}")
        if used.split or used.filled:
            out.append(f"{used.split} months split, {used.filled} filled")
        out += list(used.notes)
    return out


def _window(batch: Batch, vintage: Vintage) -> tuple[str, str]:
    """First and last asked month; as the config says where the data do not tell."""
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


def observation_rows(vintage: Vintage) -> list[dict[str, Any]]:
    """Every figure the run saw."""
    return [
        {
            "series": series,
            "period": vintage.steps.period(cell.first, cell.last),
            "value": cell.value,
            "unit": _unit(series),
            "status": cell.status,
            "stage": cell.stage,
            "kind": cell.kind,
            "released": cell.released.isoformat(),
            "basis": cell.basis,
            "source": cell.source,
            "url": cell.url,
            "derived_from": cell.derived_from,
        }
        for series in vintage.series
        for cell in vintage.cells[series]
    ]


def claim_rows(plan: Plan) -> list[dict[str, Any]]:
    """Published claims checked against the run's vintage, where the config asks for it."""
    from forecast.study.claims.published_claims import check_all, frame

    if not plan.config.report.claims:
        return []
    rows: list[dict[str, Any]] = frame(check_all(plan.vintage)).to_dict("records")  # type: ignore[assignment]
    return rows


def regime_rows(plan: Plan) -> list[dict[str, Any]]:
    """Observed monthly means of named stretches with their range: "if it were like this again", no probability."""
    out = []
    for i, expiry in enumerate(plan.config.expiry):
        where = f"{plan.config.origin.name}, [[expiry]] {i + 1}, series"
        for series in matching(expiry.series, plan.archive.series, where):
            for regime in expiry.regimes:
                known = _known(plan.vintage, series, regime.first, regime.last)
                mean, low, high = (
                    (float(known.mean()), float(known.min()), float(known.max())) if len(known) else (math.nan,) * 3
                )
                out.append(
                    {
                        "series": series,
                        "unit": _unit(series),
                        "regime": regime.name,
                        "months_from": regime.first,
                        "months_to": regime.last,
                        "mean": mean,
                        "lo": low,
                        "hi": high,
                        "n": len(known),
                        "reading": regime.text,
                    }
                )
    return out


def _known(vintage: Vintage, series: str, first: str, last: str) -> Floats:
    """The figures of single months of a stretch; none where the series is not known yet."""
    if not vintage.knows(series):
        return np.empty(0)
    values = vintage.observed(series).at(vintage.steps.ordinal(first), vintage.steps.ordinal(last))
    return values[np.isfinite(values)]


def event_rows(events: Iterable[Event]) -> list[dict[str, Any]]:
    """Events as tables that `event_from` reads back; days as text, empty fields left out."""
    out = []
    for event in events:
        row = {}
        for field in fields(Event):
            value = getattr(event, field.name)
            if value is None or value in ("", ()):
                continue
            row[field.name] = (
                value.isoformat() if hasattr(value, "isoformat") else list(value) if isinstance(value, tuple) else value
            )
        out.append(row)
    return out
