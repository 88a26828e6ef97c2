"""Exponential smoothing, its form weighed by AICc."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.errors import ConfigError, nearest
from forecast.core.registry import model
from forecast.kernels import exponential_smoothing
from forecast.kernels.exponential_smoothing import FORMS
from forecast.kernels.remembered_answers import remember_fits
from forecast.kernels.resample import moving_blocks, spread_inflation
from forecast.prep.batches import Paths, PathsOrErrors, batch_model
from forecast.prep.histories import DistinctSamples, GapFreeSeries, SeriesHistory

FEWEST = 10  # months
HEAVY = 48  # candidates of highest weight kept per series
TOGETHER = 64  # series whose candidates run through their last months together
REMEMBERED = 256  # fits kept of samples that may be asked about again


@model
@batch_model
@dataclass(frozen=True)
class Ets:
    """Additive exponential smoothing on the working scale: level, (damped) trend and season, forms weighed by AICc.

    Hyndman, Koehler, Ord and Snyder (2008): six forms with additive errors, initial states by their heuristic (sec. 2.6.1),
    smoothing parameters by likelihood. Each path draws a form by exp(-AICc/2), its parameters by likelihood, then past
    errors, inflated for the degrees of freedom used. A season needs two years and three months.

    Parameters
    ----------
    forms : tuple of str, default ("ANN", "AAdN", "AAN", "ANA", "AAdA", "AAA")
        the forms weighed, by their letters: error, trend and season, each none (N), additive (A) or damped (Ad)
    choose : {"averaged", "best"}, default "averaged"
        "averaged" draws forms by weight, "best" takes the one with the smallest AICc
    errors : {"bootstrap", "gaussian"}, default "bootstrap"
        "bootstrap" of the past ones, or "gaussian"
    transform : {"auto", "log", "asinh", "none"}, default "auto"
        scale on which the model works; auto: log, or asinh where there are zeros
    engine : {"fast", "reference"}, default "fast"
        "reference" is the slow twin, the same candidates run through statsmodels' ETSModel

    References
    ----------
    Hyndman, R. J., Koehler, A. B., Ord, J. K. and Snyder, R. D. (2008). Forecasting with Exponential Smoothing: The State
    Space Approach. Springer.
    """

    forms: tuple[str, ...] = FORMS
    choose: Literal["averaged", "best"] = "averaged"
    errors: Literal["bootstrap", "gaussian"] = "bootstrap"
    transform: Literal["auto", "log", "asinh", "none"] = "auto"
    engine: Literal["fast", "reference"] = "fast"

    def __post_init__(self) -> None:
        for form in self.forms:
            if form not in FORMS:
                raise ConfigError(f"no form is called '{form}'", where="option 'forms'", hint=nearest(form, FORMS))
        if all(exponential_smoothing.has_season(form) for form in self.forms):
            raise ConfigError("all forms are seasonal", where="option 'forms'", hint="add 'ANN' for short series")

    def fewest_months(self, season: int | None) -> int:
        """Ten months."""
        return FEWEST

    def simulate_batch(self, histories: Sequence[SeriesHistory], rngs: Sequence[np.random.Generator]) -> PathsOrErrors:
        """All series, cutoffs and candidates in one pass over the months."""
        out: PathsOrErrors = [ArithmeticError("not reached")] * len(histories)
        run = _reference_states if self.engine == "reference" else exponential_smoothing.final_states
        for season in sorted({history.season or 1 for history in histories}):
            mine = [i for i, history in enumerate(histories) if (history.season or 1) == season]
            forms = tuple(f for f in self.forms if season > 1 or not exponential_smoothing.has_season(f))
            samples = DistinctSamples.of([histories[i] for i in mine])
            fits = _fit(samples.fits, season, forms)
            for chunk, asked in samples.chunks(TOGETHER):
                fitted = [fits[k] for k in samples.fit[chunk]]
                sizes = np.array([len(fit.form) for fit in fitted])
                star, form = (np.concatenate(part) for part in ([fit.star for fit in fitted], [fit.form for fit in fitted]))
                now = _kernel_input([samples.latest[k] for k in chunk], season)
                end, stop = run(now, np.repeat(np.arange(len(fitted)), sizes), star, form), np.cumsum(sizes)
                for i, k in zip(asked, samples.pair[asked] - chunk[0], strict=True):
                    state = end.take(slice(int(stop[k] - sizes[k]), int(stop[k])))
                    out[mine[i]] = self._paths(histories[mine[i]], fitted[k], state, rngs[mine[i]])
        return out

    def _paths(
        self,
        history: SeriesHistory,
        fitted: exponential_smoothing.EtsFit,
        state: exponential_smoothing.EtsStates,
        rng: np.random.Generator,
    ) -> Paths:
        weight = fitted.weight
        if self.choose == "best":
            weight = np.where(fitted.form == fitted.form[fitted.best], weight, 0.0)
            weight = weight / weight.sum()
        best = fitted.best
        form = FORMS[fitted.form[best]]
        pick = np.searchsorted(np.cumsum(weight), rng.random(history.draws)).clip(max=len(weight) - 1)
        errors = state.errors[: len(history.latest.z), best][history.latest.known]
        z = exponential_smoothing.simulate(state, fitted.star, pick, self._noise(errors, form, history, rng))
        names = ("alpha", "beta", "gamma", "phi")
        values = [float(c[best]) for c in exponential_smoothing.smoothing_coefficients(fitted.star)]
        return Paths(
            z,
            _describe_weights(fitted, weight),
            parameters=(*zip(names, values, strict=True), ("loglike", float(fitted.loglike[best]))),
        )

    def _noise(self, errors: Floats, form: str, history: SeriesHistory, rng: np.random.Generator) -> Floats:
        """Future errors, inflated by n / (n - k) for the estimated parameters and by the uncertainty of their variance."""
        n = len(errors)
        freedom = max(n - exponential_smoothing.parameter_count(form, history.season or 1) + 1, n / 3, 2.0)
        spread = float(np.sqrt(np.mean(errors**2) * n / freedom))
        if self.errors == "gaussian" or spread == 0.0:
            noise = spread * rng.standard_normal((history.horizon, history.draws)).T
        else:
            centred = errors - errors.mean()
            size = float(np.sqrt(np.mean(centred**2)))
            noise = moving_blocks(centred * (spread / size if size > 0 else 0.0), history.draws, history.horizon, 1, rng)
        return noise * spread_inflation(freedom, history.draws, rng)


@remember_fits(REMEMBERED)
def _fit(samples: Sequence[GapFreeSeries], season: int, forms: tuple[str, ...]) -> list[exponential_smoothing.EtsFit]:
    return exponential_smoothing.fit(_kernel_input(samples, season), forms, HEAVY)


def _kernel_input(samples: Sequence[GapFreeSeries], season: int) -> exponential_smoothing.EtsBatch:
    return exponential_smoothing.batch_series([s.z for s in samples], [s.known for s in samples], season)


def _describe_weights(fitted: exponential_smoothing.EtsFit, weight: Floats) -> str:
    """`ETS AAN 0.71, ANN 0.29`: the forms that paths are drawn from, by weight."""
    shares = {form: float(weight[fitted.form == j].sum()) for j, form in enumerate(FORMS)}
    heavy = sorted(((share, form) for form, share in shares.items() if share >= 0.05), key=lambda pair: (-pair[0], pair[1]))
    return "ETS " + ", ".join(f"{form} {share:.2f}" for share, form in heavy)


def _reference_states(
    data: exponential_smoothing.EtsBatch, rows: Ints, star: Floats, form: Ints
) -> exponential_smoothing.EtsStates:
    """Final states from statsmodels' ETSModel, one lane at a time."""
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    m, longest = data.season, int(data.length[rows].max())
    made = exponential_smoothing.EtsStates(
        np.empty(len(rows)),
        np.zeros(len(rows)),
        np.zeros((m, len(rows))),
        np.zeros((longest, len(rows))),
        data.length[rows] % m,
    )
    for lane, (row, point, j) in enumerate(zip(rows, star, form, strict=True)):
        name, n = FORMS[j], int(data.length[row])
        level, slope, pattern = (part[0] for part in data.take(np.array([row])).initial(name))
        trend, season = exponential_smoothing.has_trend(name), exponential_smoothing.has_season(name)
        alpha, beta, gamma, phi = (float(c) for c in exponential_smoothing.smoothing_coefficients(point))
        y = data.y[row, :n].copy()
        # ETSModel takes no unknown months: each is filled by the one-step forecast from the months before it, so that its
        # error is zero, as in the fast engine; the last round (t = n) runs over all months
        for t in [*np.flatnonzero(data.weight[row, :n] == 0), n]:
            ets = ETSModel(
                y[:max(int(t), 1) if t < n else n], error="add", trend="add" if trend else None, damped_trend="d" in name,
                seasonal="add" if season else None, seasonal_periods=m if season else None, initialization_method="known",
                initial_level=level, initial_trend=slope if trend else None, initial_seasonal=pattern if season else None,
            )  # fmt: skip
            params = [alpha, *([beta] if trend else []), *([gamma] if season else []), *([phi] if "d" in name else [])]
            result = ets.smooth(np.array(params))
            if t < n:
                y[t] = float(result.forecast(1)[0])
        made.level[lane], made.errors[:n, lane] = result.level[-1], result.resid
        if trend:
            made.slope[lane] = result.slope[-1]
        if season:
            made.season[:, lane] = _last_season(result, n, m)
    return made


def _last_season(result: Any, n: int, m: int) -> Floats:
    """The last seasonal pattern by phase, phase 0 being that of the first month."""
    out = np.empty(m)
    seasons = np.asarray(result.season)
    for t in range(n - m, n):
        out[t % m] = seasons[t]
    return out
