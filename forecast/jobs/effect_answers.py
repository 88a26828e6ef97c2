"""Answers to the questions on events: judged effects, what came back of a loss, and the same asked otherwise."""

from __future__ import annotations

from typing import Any

from forecast.core import registry
from forecast.core.effects import Effect
from forecast.core.results import Failure
from forecast.core.vintage import Vintage
from forecast.jobs.batch import Batch
from forecast.jobs.batch_results import BatchResult, failure_row
from forecast.jobs.effect_config import SensitivityConfig
from forecast.study.effects import sensitivity

Checks = tuple[dict[str, Any], ...] | None  # specs of the gates that judge; None for the shipped ones


def answer_effects(batch: Batch, vintage: Vintage, seed: int, checks: Checks) -> BatchResult:
    """The judged effects of one design by all its estimators, each compared with the others, and what the first one lost."""
    from forecast.study.effects.recovered import recovered_since
    from forecast.study.effects.siblings import estimate_with_siblings

    assert batch.design is not None
    methods = {label: registry.build("estimator", spec) for label, spec in batch.spec.items()}
    estimates = estimate_with_siblings(methods, vintage, batch.design, seed, checks=checks)
    failures = [failure_row(f"{batch.name}|{label}", label, e) for label, e in estimates.items() if isinstance(e, Failure)]
    first, found = estimates.get(batch.label), None
    if isinstance(first, Effect):
        found = recovered_since(methods[batch.label], vintage, first, seed, checks=checks)
    recovered = {batch.label: found} if found is not None else {}
    return BatchResult(batch.name, failures=failures, effects=estimates, recovered=recovered)


def answer_sensitivity(batch: Batch, vary: SensitivityConfig, vintage: Vintage, seed: int, checks: Checks) -> BatchResult:
    """Sensitivity analysis of a question: by the row's first estimator, and by its counterfactual with other level steps."""
    assert batch.row is not None
    assert batch.design is not None
    method = registry.build("estimator", batch.spec[batch.label])
    varied = sensitivity.vary(
        method, vintage, batch.design,
        lags=vary.lag_months, donuts=vary.donut, days=vary.day, seed=seed, placebos=vary.placebos, checks=checks,
    )  # fmt: skip
    out = [(batch.label, one) for one in varied]
    if vary.level_sd and batch.row.level_estimator:
        label = batch.row.level_estimator.label
        other = registry.build("estimator", batch.spec[label])
        levels = sensitivity.vary(
            other, vintage, batch.design,
            lags=(), level_sds=vary.level_sd, seed=seed, placebos=vary.placebos, checks=checks,
        )  # fmt: skip
        out += [(label, one) for one in levels]
    if len(batch.row.estimators) > 1:
        out = [(label, sensitivity.without_siblings(one)) for label, one in out]
    return BatchResult(batch.name, variations=out)
