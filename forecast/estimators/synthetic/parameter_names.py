"""What inference finds, and the parameters that an effect of weighted donors reports, by their names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats
from forecast.core.parameters import Parameter
from forecast.core.questions import Design
from forecast.estimators.synthetic import synthetic_weights
from forecast.estimators.synthetic.placebos_in_space import DonorPlacebos
from forecast.estimators.synthetic.synthetic_weights import SyntheticWeights, WeightRule
from forecast.estimators.synthetic.working_panel import WorkingPanel
from forecast.kernels.rounding import beyond_rounding


@dataclass(frozen=True)
class Inference:
    """Counterfactual `middle` (P,) and draws of its errors (draws, P), per month on the working scale; p-value and s.e."""

    middle: Floats
    errors: Floats
    p_value: float = float("nan")
    p_floor: float = float("nan")
    se: float = float("nan")
    notes: tuple[str, ...] = ()


def named_parameters(
    data: WorkingPanel, fitted: SyntheticWeights, found: Inference, placebos: DonorPlacebos | None, rule: WeightRule,
    design: Design,
) -> tuple[Parameter, ...]:  # fmt: skip
    """The average effect, the fit before the event, the predictors, and the average effect without each donor of weight."""
    back, sample = float(data.back.sum() / data.table.sizes.sum()) / len(design.treated), data.sample
    share = data.factor * sample.share
    average = float(data.table.after[:, 0] @ sample.share) - data.unit * float(found.middle @ share) - back
    gap, gap_after = sample.gaps(fitted.counterfactual(sample.x), fitted.counterfactual(sample.x_after))
    out = [
        Parameter("ATT", average, found.se * data.unit),
        Parameter("pre-RMSPE", data.unit * float(np.sqrt((gap**2).mean()))),
    ]
    if not sample.fitted.all():
        out.append(Parameter("RMSPE of the fit window", data.unit * float(np.sqrt((gap[sample.fitted] ** 2).mean()))))
    for name, v, values in zip(data.predictors.names, fitted.predictors.tolist(), data.predictors.values, strict=True):
        own, donors = float(values[0]), values[1:]
        matched = float(donors @ fitted.omega)
        out += [Parameter(f"V {name}", v), Parameter(f"{name}, treated", own), Parameter(f"{name}, weighted donors", matched)]
        out.append(Parameter(f"{name}, mean of the donors", float(donors.mean())))
    if placebos is None:
        return tuple(out)
    out.append(Parameter("pre-RMSPE of a donor (median)", data.unit * placebos.typical))
    if not rule.intercept:
        below, above = sample.x.min(axis=1) - sample.y, sample.y - sample.x.max(axis=1)
        outside = beyond_rounding(np.maximum(below, above), sample.size) > 0
        out.append(Parameter("share of months outside the donors' range", float(outside.mean())))

    def estimate_without(donors: list[int], name: str) -> Parameter:
        _, after = synthetic_weights.fitted_gaps(sample.without(donors), rule)
        shift = beyond_rounding(after - gap_after, sample.size)
        return Parameter(f"ATT without {name}", average + data.unit * float(shift @ share))

    out += [estimate_without([j], name) for j, name in enumerate(data.table.donors) if fitted.omega[j] > 1e-6]
    departures = placebos.departures.errors.tolist()
    out += [Parameter(f"departure of {name}", size) for name, size in zip(data.table.donors, departures, strict=True)]
    if moved := list(placebos.departures.moved):
        out.append(estimate_without(moved, "moved: " + ", ".join(data.table.donors[j] for j in moved)))
    return tuple(out)
