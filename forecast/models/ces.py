"""Complex exponential smoothing, its season chosen by AICc."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from forecast.arrays import Floats
from forecast.core.errors import ConfigError, nearest
from forecast.core.registry import model
from forecast.kernels import complex_smoothing as kernel, complex_smoothing_fit as search, theta
from forecast.kernels.complex_smoothing import FORMS
from forecast.kernels.remembered_answers import remember_fits
from forecast.kernels.resample import moving_blocks, spread_inflation
from forecast.prep.batches import Paths, PathsOrErrors, batch_model
from forecast.prep.histories import DistinctSamples, GapFreeSeries, SeriesHistory, pad_series

FEWEST = 12  # months
HEAVY = 24  # candidates of highest weight kept per series
TOGETHER = 128  # series whose candidates run through their last months together
REMEMBERED = 256  # fits kept of samples that may be asked about again
YEARS = 5  # the initial seasonal pattern is that of the first five
FORM_NAMES = {"N": "none", "S": "simple", "P": "partial", "F": "full"}


@model
@batch_model
@dataclass(frozen=True)
class Ces:
    """Complex exponential smoothing of the figures themselves: no season, simple, partial or full, weighed by AICc.

    Level and trend are not separate components, so it picks up growth without a choice between them. The model is additive:
    it works on the figures, not on logarithms. Each path draws a form by exp(-AICc/2), its parameters by likelihood, then
    past errors, in proportion to the level where they grew with it.

    Parameters
    ----------
    forms : tuple of str, default ("N", "S", "P", "F")
        the forms weighed: "N" no season, "S" simple, "P" partial, "F" full
    choose : {"averaged", "best"}, default "averaged"
        "averaged" draws forms by weight, "best" takes the one with the smallest AICc
    transform : {"auto", "log", "asinh", "none"}, default "none"
        scale on which the model works; auto: log, or asinh where there are zeros
    engine : {"fast", "reference"}, default "fast"
        "reference" runs the recursion month by month in complex numbers, as printed in the paper

    References
    ----------
    Svetunkov, I., Kourentzes, N. and Ord, J. K. (2022). Complex exponential smoothing. Naval Research Logistics 69(8),
    1108-1123.
    """

    forms: tuple[str, ...] = FORMS
    choose: Literal["averaged", "best"] = "averaged"
    transform: Literal["auto", "log", "asinh", "none"] = "none"
    engine: Literal["fast", "reference"] = "fast"

    def __post_init__(self) -> None:
        for form in self.forms:
            if form not in FORMS:
                raise ConfigError(f"no form is called '{form}'", where="option 'forms'", hint=nearest(form, FORMS))
        if "N" not in self.forms:
            raise ConfigError("all forms are seasonal", where="option 'forms'", hint="add 'N' for short series")

    def fewest_months(self, season: int | None) -> int:
        """Twelve months."""
        return FEWEST

    def simulate_batch(self, histories: Sequence[SeriesHistory], rngs: Sequence[np.random.Generator]) -> PathsOrErrors:
        """All series, cutoffs and candidates in one pass over the months."""
        out: PathsOrErrors = [ArithmeticError("not reached")] * len(histories)
        for season in sorted({history.season or 1 for history in histories}):
            mine = [i for i, history in enumerate(histories) if (history.season or 1) == season]
            forms = tuple(f for f in self.forms if season > 1 or not kernel.has_season(f))
            samples = DistinctSamples.of([histories[i] for i in mine])
            fits = _fit(samples.fits, season, forms)
            for chunk, asked in samples.chunks(TOGETHER):
                fitted = [fits[k] for k in samples.fit[chunk]]
                ends = self._final_states(_kernel_input([samples.latest[k] for k in chunk], season), fitted)
                for i, k in zip(asked, samples.pair[asked] - chunk[0], strict=True):
                    out[mine[i]] = self._paths(histories[mine[i]], fitted[k], ends[k], rngs[mine[i]])
        return out

    def _final_states(self, now: kernel.CesBatch, fitted: Sequence[search.CesFit]) -> list[dict[str, kernel.CesStates]]:
        """Final states of the candidates of each series, by form."""
        run = kernel.final_states if self.engine == "fast" else kernel.reference_final_states
        out: list[dict[str, kernel.CesStates]] = [{} for _ in fitted]
        for j, form in enumerate(FORMS):
            mine = [np.flatnonzero(fit.form == j) for fit in fitted]
            sizes = np.array([len(part) for part in mine])
            if not sizes.any():
                continue
            point = np.concatenate([fit.point[part] for fit, part in zip(fitted, mine, strict=True)])
            first = np.concatenate([fit.first[part] for fit, part in zip(fitted, mine, strict=True)])
            end = run(now, np.repeat(np.arange(len(fitted)), sizes), form, point, first)
            for i, stop in enumerate(np.cumsum(sizes)):
                out[i][form] = end.take(slice(int(stop - sizes[i]), int(stop)))
        return out

    def _paths(
        self, history: SeriesHistory, fitted: search.CesFit, ends: dict[str, kernel.CesStates], rng: np.random.Generator
    ) -> Paths:
        weight = fitted.weight
        if self.choose == "best":
            weight = np.where(fitted.form == fitted.form[fitted.best], weight, 0.0)
            weight = weight / weight.sum()
        pick = np.searchsorted(np.cumsum(weight), rng.random(history.draws)).clip(max=len(weight) - 1)
        noise = self._noise(history, fitted, ends, rng)
        z = np.empty((history.draws, history.horizon))
        for j in np.unique(fitted.form[pick]):
            mine = np.flatnonzero(fitted.form == j)
            drawn = fitted.form[pick] == j
            z[drawn] = kernel.simulate(ends[FORMS[j]], fitted.point[mine], np.searchsorted(mine, pick[drawn]), noise[drawn])
        names = ("alpha real", "alpha imaginary", "beta real", "beta imaginary")
        values = [float(c) for c in fitted.point[fitted.best]]
        return Paths(z, _describe_weights(fitted, weight), parameters=tuple(zip(names, values, strict=True)))

    def _noise(
        self, history: SeriesHistory, fitted: search.CesFit, ends: dict[str, kernel.CesStates], rng: np.random.Generator
    ) -> Floats:
        """Future errors: past ones of the best candidate, inflated for degrees of freedom used and uncertain variance."""
        number = fitted.form[fitted.best]
        form, place = FORMS[number], int((fitted.form[: fitted.best] == number).sum())
        errors = ends[form].errors[: len(history.latest.z), place][history.latest.known]
        n = len(errors)
        freedom = max(n - kernel.parameter_count(form, history.season or 1) + 1, n / 3, 2.0)
        noise = moving_blocks((errors - errors.mean()) * np.sqrt(n / freedom), history.draws, history.horizon, 1, rng)
        return noise * spread_inflation(freedom, history.draws, rng)


@remember_fits(REMEMBERED)
def _fit(samples: Sequence[GapFreeSeries], season: int, forms: tuple[str, ...]) -> list[search.CesFit]:
    return search.fit(_kernel_input(samples, season), forms, HEAVY)


def _kernel_input(samples: Sequence[GapFreeSeries], season: int) -> kernel.CesBatch:
    pattern = np.zeros((len(samples), season))
    for i, sample in enumerate(samples):
        if season > 1 and len(sample.z) >= 2 * season:
            pattern[i] = theta.seasonal_pattern(sample.z[: YEARS * season], season)
    return kernel.CesBatch(*pad_series([s.z for s in samples], [s.known for s in samples]), season, pattern)


def _describe_weights(fitted: search.CesFit, weight: Floats) -> str:
    """`CES partial 0.71, none 0.29`: the forms that paths are drawn from, by weight."""
    shares = {FORM_NAMES[form]: float(weight[fitted.form == j].sum()) for j, form in enumerate(FORMS)}
    heavy = sorted(((share, name) for name, share in shares.items() if share >= 0.05), key=lambda pair: (-pair[0], pair[1]))
    return "CES " + ", ".join(f"{name} {share:.2f}" for share, name in heavy)
