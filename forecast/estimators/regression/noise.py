"""Kinds of noise by name: what is left of a series once its regressors are taken off, and its parameters in plain terms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.kernels import arima, covariance
from forecast.kernels.gaussian import CovarianceFamily

NoiseKind = str | arima.Order


@dataclass(frozen=True)
class NoiseModel:
    """A covariance family over an axis of N steps with its diffuse columns (N, d), and how its parameters are told.

    constant : whether a mean is estimated beside the noise (orders without differences); restricted : whether the parameters
    maximise the restricted likelihood (structural families), or the likelihood (ARIMA orders, as R's arima and statsmodels do)
    natural : from the searched parameters (q,) to the named ones; variances are given per s2
    """

    family: CovarianceFamily
    start: Floats
    constant: bool
    restricted: bool
    names: tuple[str, ...]
    natural: Callable[[Floats], Floats]
    order: arima.Order | None = None

    @property
    def variances(self) -> bool:
        """Whether the named parameters are variances, to be multiplied by s2."""
        return bool(self.names) and self.names[0].startswith("sigma2")

    def told(self, at: Floats, spread: Floats, sigma2: float, freedom: int) -> list[tuple[str, float, float]]:
        """(name, estimate, standard error) of the noise's parameters; an unknown error is NaN.

        Errors of ARIMA parameters: the delta method on the curvature; of s2: s2 sqrt(2 / freedom).
        """
        values = self.natural(at)
        if self.variances:
            return [(name, float(v) * sigma2, float("nan")) for name, v in zip(self.names, values, strict=True)]
        turned = np.empty((len(values), len(at)))
        for j in range(len(at)):
            step = np.zeros(len(at))
            step[j] = 1e-6
            turned[:, j] = (self.natural(at + step) - self.natural(at - step)) / 2e-6
        errors = np.sqrt(np.diag(turned @ spread @ turned.T)) if len(at) else np.empty(0)
        told = [(name, float(v), float(e)) for name, v, e in zip(self.names, values, errors, strict=True)]
        return [*told, ("sigma2", sigma2, sigma2 * float(np.sqrt(2.0 / freedom)))]


def noise_model(kind: NoiseKind, size: int, season: int, phase: Ints | None = None) -> NoiseModel:
    """The noise of a kind over `size` steps.

    "white", "level", "shrunk" (level, and month effects of `phase` (N,) shrunk towards zero), "level+dummy", "level+trig",
    "airline", or an ARIMA order ((p, d, q), (P, D, Q, s)).
    """
    if not isinstance(kind, str):
        family, start = arima.arima_family(size, kind)
        names = arima.parameter_names(kind)
        return NoiseModel(family, start, not start.shape[1], False, names, lambda p: arima.coefficients(p, kind), kind)
    if kind == "white":
        family, start = covariance.white_noise(size)
        return NoiseModel(family, start, False, True, (), np.asarray)
    if kind == "airline":
        family, start = covariance.airline(size, season)
        return NoiseModel(family, start, False, True, ("ma.L1", f"ma.S.L{season}"), np.asarray)
    names = ("sigma2.irregular", "sigma2.level", "sigma2.seasonal")
    if kind == "level":
        family, start = covariance.local_level(size)
        return NoiseModel(family, start, False, True, names[:2], covariance.variance_shares)
    if kind == "shrunk":
        family, start = covariance.local_level_shrunk_season(
            size, (np.arange(size) if phase is None else phase) % season, season
        )
    else:
        family, start = covariance.local_level_stochastic_season(size, season, kind.partition("+")[2])
        family = replace(family, coarse=(9, 9))  # coefficients are wanted, not forecasts: fewer nodes say the same of them
    return NoiseModel(family, start, False, True, names, covariance.variance_shares)
