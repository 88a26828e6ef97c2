"""Dynamic factor model: common factors of many series and an idiosyncratic component of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from forecast.arrays import Floats
from forecast.core.errors import ConfigError, TooShortError
from forecast.core.registry import model
from forecast.kernels.gaussian import symmetric_root
from forecast.kernels.resample import moment_matched_normals, spread_inflation
from forecast.models.factor import dynamic_factor
from forecast.prep.batches import Paths, batch_model
from forecast.prep.histories import GapFreeSeries, SeriesHistory
from forecast.prep.regressors import default_covariates
from forecast.prep.working_scale import choose_scale

FEWEST = 18  # months of the target
ENOUGH = 12  # figures of another series
MOST_REMEMBERED = 32  # fits, of a few kilobytes each
REMEMBERED: dict[object, dynamic_factor.EMFit] = {}  # by the figures and options that they follow from


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
        first = min(history.latest.first, history.training.first)
        size = history.latest.last + history.horizon - first + 1
        own = history.training.z[history.training.known]
        centre, width = float(own.mean()), float(own.std())
        if width == 0.0:
            return Paths(
                np.full((history.draws, history.horizon), centre), "constant", notes=("a constant series has no factor",)
            )
        names, now, past, left = self._covariates(history, first, size)
        target, before = (_on_panel_months(part, first, size) for part in (history.latest, history.training))
        panel = np.column_stack([(target - centre) / width, *now])
        learned = panel if history.training_vintage is history.vintage else np.column_stack([(before - centre) / width, *past])
        fitted = self._fit(learned, history)
        asked = np.arange(size - history.horizon, size)
        found = dynamic_factor.smoothed_moments(panel, fitted, asked, np.zeros(history.horizon, dtype=np.int64))
        if not (np.isfinite(found.mean).all() and np.isfinite(found.covariance).all()):
            raise ArithmeticError("the smoothed months are not finite")
        noise = moment_matched_normals(history.draws, history.horizon, rng) @ symmetric_root(found.covariance)
        free = len(own) - 2 * self.factors - 2
        z = centre + width * (found.mean + noise * spread_inflation(free, history.draws, rng))
        outcome = f"expectation-maximisation {fitted.status} after {fitted.steps} steps, log-likelihood {found.loglike:.2f}"
        company = f"{len(names)} other series" if names else "no other series: the factor is the target's own"
        kind = f"{self.factors} factor{'s' if self.factors > 1 else ''} of order {self.order}, {1 + len(names)} series"
        return Paths(z, kind, names, left, (outcome, company))

    def _fit(self, panel: Floats, history: SeriesHistory) -> dynamic_factor.EMFit:
        """The parameters of a panel; a news decomposition asks for those of the earlier day once for each of its figures."""
        key = (panel.tobytes(), panel.shape, self.factors, self.order, self.persistent, self.steps)
        if key not in REMEMBERED:
            while len(REMEMBERED) >= MOST_REMEMBERED:
                REMEMBERED.pop(next(iter(REMEMBERED)))
            try:
                REMEMBERED[key] = dynamic_factor.fit_em(panel, self.factors, self.order, self.persistent, self.steps)
            except ValueError as error:
                raise TooShortError(
                    f"the factor model cannot be laid out: {error}", where=history.series, hint="fewer series"
                ) from None
        return REMEMBERED[key]

    def _covariates(
        self, history: SeriesHistory, first: int, size: int
    ) -> tuple[tuple[str, ...], list[Floats], list[Floats], tuple[str, ...]]:
        """Names, standardised figures as known today and on the day of the parameters, and names of series left out."""
        then = history.training_vintage
        found: list[tuple[int, str, Floats, Floats]] = []
        left = []
        for name in self.series or default_covariates(history.vintage, history.series):
            if name == history.series:
                continue
            if not (history.vintage.knows(name) and then.knows(name)):
                left.append(name)
                continue
            now, past = (v.observed(name).at(first, first + size - 1) for v in (history.vintage, then))
            count = int(np.isfinite(past).sum())
            if count < ENOUGH or np.ptp(past[np.isfinite(past)]) == 0.0:
                left.append(name)
                continue
            both = np.concatenate([now, past])
            scale = choose_scale(both[np.isfinite(both)], history.vintage.nonnegative)
            if then is not history.vintage:  # in the unit of the day of the parameters
                scale = replace(scale, unit=choose_scale(past, history.vintage.nonnegative, scale.name).unit)
            today, before = scale.forward(now), scale.forward(past)
            centre, width = float(np.nanmean(before)), float(np.nanstd(before))
            found.append((-count, name, (today - centre) / width, (before - centre) / width))
        found.sort(key=lambda one: one[:2])
        kept = found[: dynamic_factor.MOST - 1]
        left += [name for _, name, *_ in found[len(kept) :]]
        return tuple(name for _, name, *_ in kept), [one[2] for one in kept], [one[3] for one in kept], tuple(left)


def _on_panel_months(part: GapFreeSeries, first: int, size: int) -> Floats:
    """The figures of a gap-free series over the months of the panel, NaN where interpolated or unknown."""
    out = np.full(size, np.nan)
    start = part.first - first
    out[start : start + len(part.z)] = np.where(part.known, part.z, np.nan)
    return out
