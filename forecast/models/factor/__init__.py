"""Dynamic factor model: common factors of many series and an idiosyncratic component of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.arrivals import Arrival
from forecast.core.errors import ConfigError, TooShortError
from forecast.core.registry import model
from forecast.kernels.gaussian import symmetric_root
from forecast.kernels.remembered_answers import remember_answers
from forecast.kernels.resample import moment_matched_normals, spread_inflation
from forecast.models.factor import dynamic_factor
from forecast.models.factor.arrivals import moments_by_arrivals, with_arrivals
from forecast.models.factor.panel_layout import StandardPanel, standard_panel
from forecast.prep.batches import Paths, PathsByArrivals, batch_model
from forecast.prep.histories import SeriesHistory

FEWEST = 18  # months of the target
REMEMBERED = 256  # fits, of a few kilobytes each; a news decomposition asks for that of the earlier day for each of its figures


@model
@batch_model
@dataclass(frozen=True)
class Factor:
    """Common factors with an own part of each series (Bańbura and Modugno 2014), all figures known on the day smoothed at once.

    Parameters by expectation-maximisation as in statsmodels' DynamicFactorMQ, which handles unknown months; the notes say
    whether it converged, ran out of steps or was reverted. The nowcast is the smoothed one, so figures of other series in the
    asked month inform it. Means and covariances of the asked months are exact given the parameters, whose uncertainty enters
    through that of the variance only (Student's t). There is no season and there are no events.

    Parameters
    ----------
    series : tuple of str, optional
        names of the other series; empty: those of the same product and measure, on a plain panel all units; the 29 with most
        figures since the target began
    factors : int, default 1
        number of common factors
    order : int, default 1
        months that the autoregression of the factors reaches back
    persistent : bool, default True
        idiosyncratic components follow an autoregression of order one, else they are white noise
    steps : int, default 200
        most steps of the expectation-maximisation
    transform : {"auto", "log", "asinh", "none"}, default "auto"
        scale on which the model works; auto: log, or asinh where there are zeros

    References
    ----------
    Bańbura, M. and Modugno, M. (2014). Maximum likelihood estimation of factor models on datasets with arbitrary pattern of
    missing data. Journal of Applied Econometrics 29(1), 133-160.
    """

    series: tuple[str, ...] = ()
    factors: int = 1
    order: int = 1
    persistent: bool = True
    steps: int = 200
    transform: Literal["auto", "log", "asinh", "none"] = "auto"

    def __post_init__(self) -> None:
        if min(self.factors, self.order, self.steps) < 1:
            raise ConfigError("factors, order and steps are 1 or more", hint="factors = 1, order = 1, steps = 200")

    def fewest_months(self, season: int | None) -> int:
        """Eighteen months of the target."""
        return FEWEST

    def simulate(self, history: SeriesHistory, rng: np.random.Generator) -> Paths:
        """Draws of the smoothed target given all figures known on the day."""
        panel = standard_panel(history, self.series)
        if panel.width == 0.0:
            level = np.full((history.draws, history.horizon), panel.centre)
            return Paths(level, "constant", notes=("a constant series has no factor",))
        fitted = self._fit(panel.past, history)
        found = dynamic_factor.smoothed_moments(panel.now, fitted, _asked_rows(panel, history), np.zeros(history.horizon, int))
        z = self._draws(panel, history, rng)(found.mean, found.covariance)
        outcome = f"expectation-maximisation {fitted.status} after {fitted.steps} steps, log-likelihood {found.loglike:.2f}"
        company = f"{len(panel.names)} other series" if panel.names else "no other series: the factor is the target's own"
        kind = f"{self.factors} factor{'s' if self.factors > 1 else ''} of order {self.order}, {1 + len(panel.names)} series"
        return Paths(z, kind, panel.names, panel.left, (outcome, company))

    def simulate_by_arrivals(
        self, history: SeriesHistory, rng: np.random.Generator, arrivals: Sequence[Arrival]
    ) -> PathsByArrivals | None:
        """Draws for any set of figures of other series let in, where these change neither parameters nor scales."""
        panel = standard_panel(history, self.series)
        if panel.width == 0.0 or history.training_vintage is history.vintage:
            return None
        placed = with_arrivals(panel, arrivals)
        fitted = self._fit(panel.past, history)
        found = placed and moments_by_arrivals(panel, fitted, _asked_rows(panel, history), *placed)
        if not placed or not found:
            return None
        moments, mean, variance = found
        draw = self._draws(panel, history, rng)
        expected = np.full(len(arrivals), np.nan)
        for j in np.flatnonzero(np.isfinite(mean)).tolist():
            z = draw.alone(float(mean[j]), float(variance[j]))
            expected[j] = float(panel.others[placed[1][j] - 1].quantities(z).mean())

        def paths(members: frozenset[int]) -> Paths:
            return Paths(draw(*moments(members)), "factor")

        return PathsByArrivals(paths, tuple(expected.tolist()))

    def _draws(self, panel: StandardPanel, history: SeriesHistory, rng: np.random.Generator) -> _Draws:
        noise = moment_matched_normals(history.draws, history.horizon, rng)
        inflation = spread_inflation(panel.count - 2 * self.factors - 2, history.draws, rng)
        return _Draws(noise, inflation, panel.centre, panel.width)

    def _fit(self, panel: Floats, history: SeriesHistory) -> dynamic_factor.EMFit:
        try:
            return _fit(panel, self.factors, self.order, self.persistent, self.steps)
        except ValueError as error:
            raise TooShortError(
                f"the factor model cannot be laid out: {error}", where=history.series, hint="fewer series"
            ) from None


@dataclass(frozen=True)
class _Draws:
    """Random numbers of a question, `noise` (draws, months) and `inflation` (draws, 1), on the target's centre and width."""

    noise: Floats
    inflation: Floats
    centre: float
    width: float

    def __call__(self, mean: Floats, covariance: Floats) -> Floats:
        """Draws (draws, months) on the working scale from moments on the standard scale."""
        if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
            raise ArithmeticError("the smoothed months are not finite")
        return np.asarray(self.centre + self.width * (mean + self.noise @ symmetric_root(covariance) * self.inflation))

    def alone(self, mean: float, variance: float) -> Floats:
        """Draws (draws,) of a single month of any series, on the standard scale."""
        return np.asarray(mean + np.sqrt(variance) * (self.noise[:, :1] * self.inflation)[:, 0])


def _asked_rows(panel: StandardPanel, history: SeriesHistory) -> Ints:
    return np.arange(len(panel.now) - history.horizon, len(panel.now))


@remember_answers(REMEMBERED)
def _fit(panel: Floats, factors: int, order: int, persistent: bool, steps: int) -> dynamic_factor.EMFit:
    return dynamic_factor.fit_em(panel, factors, order, persistent, steps)
