"""Noise models of the regression by name: covariance family, diffuse columns, and parameters in their natural form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.kernels import arima_covariance, covariance
from forecast.kernels.gaussian import CovarianceFamily

STEP_PRIOR, GROWTH_PRIOR = 3.0, 0.25  # of `covariance.settled_level`
FEWEST_FOR_GROWTH = 26  # months before and after
NoiseKind = str | arima_covariance.Order


@dataclass(frozen=True)
class NoiseModel:
    """A covariance family over an axis of N steps with `diffuse` columns (N, d), and how its parameters are reported.

    constant : whether a mean is estimated too (orders without differences); restricted : whether the parameters maximise the
    restricted likelihood (structural families) or the likelihood (ARIMA orders, as R's arima and statsmodels do)
    natural : from the optimised parameters (q,) to the named ones; variances relative to s2
    """

    family: CovarianceFamily
    diffuse: Floats
    constant: bool
    restricted: bool
    names: tuple[str, ...]
    natural: Callable[[Floats], Floats]
    order: arima_covariance.Order | None = None

    @property
    def variances(self) -> bool:
        """Whether the named parameters are variances relative to s2."""
        return bool(self.names) and self.names[0].startswith("sigma2")

    def named_estimates(self, at: Floats, spread: Floats, sigma2: float, freedom: int) -> list[tuple[str, float, float]]:
        """(name, estimate, standard error) of the noise parameters; an unknown standard error is NaN.

        For ARIMA parameters by the delta method from the inverse information `spread` (q, q); for s2: s2 sqrt(2 / freedom).
        """
        values = self.natural(at)
        if self.variances:
            return [(name, float(v) * sigma2, float("nan")) for name, v in zip(self.names, values, strict=True)]
        jacobian = np.empty((len(values), len(at)))
        for j in range(len(at)):
            step = np.zeros(len(at))
            step[j] = 1e-6
            jacobian[:, j] = (self.natural(at + step) - self.natural(at - step)) / 2e-6
        errors = np.sqrt(np.diag(jacobian @ spread @ jacobian.T)) if len(at) else np.empty(0)
        named = [(name, float(v), float(e)) for name, v, e in zip(self.names, values, errors, strict=True)]
        return [*named, ("sigma2", sigma2, sigma2 * float(np.sqrt(2.0 / freedom)))]


def noise_model(kind: NoiseKind, size: int, season: int, phase: Ints | None = None) -> NoiseModel:
    """The noise model of a kind over `size` steps.

    "white", "level", "shrunk" (level, and month effects of `phase` (N,) shrunk towards zero), "settled" and "settled+shrunk"
    (the same with a prior that keeps the level steady, and growth: `covariance.settled_level`), "level+dummy", "level+trig",
    "airline", or an ARIMA order ((p, d, q), (P, D, Q, s)).
    """
    if not isinstance(kind, str):
        family, diffuse = arima_covariance.arima_family(size, kind)
        names = arima_covariance.parameter_names(kind)
        return NoiseModel(
            family, diffuse, not diffuse.shape[1], False, names, lambda p: arima_covariance.coefficients(p, kind), kind
        )
    if kind == "white":
        family, diffuse = covariance.white_noise(size)
        return NoiseModel(family, diffuse, False, True, (), np.asarray)
    if kind == "airline":
        family, diffuse = covariance.airline(size, season)
        return NoiseModel(family, diffuse, False, True, ("ma.L1", f"ma.S.L{season}"), np.asarray)
    names = ("sigma2.irregular", "sigma2.level", "sigma2.seasonal")
    if kind == "level":
        family, diffuse = covariance.local_level(size)
        return NoiseModel(family, diffuse, False, True, names[:2], covariance.variance_shares)
    if kind in ("settled", "settled+shrunk"):
        seasonal = kind == "settled+shrunk"
        phases = (np.arange(size) if phase is None else phase) % season if seasonal else None
        growth = GROWTH_PRIOR if size >= FEWEST_FOR_GROWTH else 0.0
        family, diffuse = covariance.settled_level(size, phases, season, rate=STEP_PRIOR, growth=growth)
        return NoiseModel(
            family, diffuse, False, True, names if seasonal else names[:2],
            lambda p: covariance.variance_shares(covariance.settled_angles(p, seasonal)),
        )  # fmt: skip
    if kind == "shrunk":
        family, diffuse = covariance.local_level_shrunk_season(
            size, (np.arange(size) if phase is None else phase) % season, season
        )
    else:
        family, diffuse = covariance.local_level_stochastic_season(size, season, kind.partition("+")[2])
        family = replace(family, coarse=(9, 9))  # coefficients are less sensitive to the nodes than forecasts: fewer suffice
    return NoiseModel(family, diffuse, False, True, names, covariance.variance_shares)
