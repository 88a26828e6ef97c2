"""The estimated parameters by their names, and notes on those that the figures do not tell."""

from __future__ import annotations

import numpy as np

from forecast.core.parameters import Parameter
from forecast.estimators.regression.design_matrix import RegressionSample
from forecast.estimators.regression.intervention_regressors import EventRegressors
from forecast.estimators.regression.noise import NoiseModel
from forecast.estimators.regression.transfer_function import TransferFunctionFit


def named_parameters(sample: RegressionSample, noise: NoiseModel, solution: TransferFunctionFit, label: str) -> list[Parameter]:
    """The event's own coefficients, each with its rates, then the other coefficients, then the noise parameters."""
    names = [*(["const"] if noise.constant else []), *sample.fixed.names, *sample.own.names]
    errors = np.sqrt(np.clip(np.diag(solution.covariance), 0.0, None))
    table = {n: Parameter(label + n, float(b), float(e)) for n, b, e in zip(names, solution.beta, errors, strict=True)}
    out: list[Parameter] = []
    at = len(solution.noise)
    for part in sample.own.parts:
        out += [table.pop(name) for name in part.names if name in table]
        for option, _ in part.free:
            rate, variance = float(solution.rates[at - len(solution.noise)]), float(solution.spread[at, at])
            out.append(Parameter(f"{label}{part.names[0]}.{option}", rate, float(np.sqrt(variance))))
            if option == "delta":  # omega = (1 - delta) b
                b, row = out[-2], names.index(part.names[0])
                # delta method: Var(omega) from the variances of b and delta and their covariance
                squared = (1 - rate) ** 2 * b.se**2 + b.estimate**2 * variance
                squared -= 2 * b.estimate * (1 - rate) * float(solution.cross[row, at])
                name, se = f"{label}{part.names[0]}.omega", float(np.sqrt(max(squared, 0.0)))
                out.append(Parameter(name, b.estimate * (1 - rate), se))
            at += 1
    freedom = len(sample.z) - noise.diffuse.shape[1] - (len(names) if noise.restricted else 0)
    size = len(solution.noise)
    of_noise = noise.named_estimates(solution.noise, solution.spread[:size, :size], solution.sigma2, freedom)
    return [*out, *table.values(), *(Parameter(label + name, value, error) for name, value, error in of_noise)]


def boundary_notes(own: EventRegressors, solution: TransferFunctionFit) -> list[str]:
    """A note for each rate estimated on a bound of its range, where the figures do not identify the shape."""
    return [
        f"{name} lies on a bound of its range ({low:g} to {high:g}): the figures do not tell it"
        for name, value, (low, high) in zip(own.rates, solution.rates, own.ranges, strict=True)
        if min(value - low, high - value) < 1e-3
    ]
