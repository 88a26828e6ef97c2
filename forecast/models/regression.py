"""Penalised regression on lags, calendar, Lunar New Year and events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.errors import ConfigError, TooShortError
from forecast.core.registry import model
from forecast.kernels import ridge
from forecast.kernels.resample import moving_blocks, spread_inflation
from forecast.prep.batches import Paths, batch_model
from forecast.prep.histories import SeriesHistory
from forecast.prep.regressors import event_regressors, lunar_regressor

FEWEST = 18  # months
LEAST_ROWS = 15  # rows left after the lags, or the longest lag goes
LEAST_ORIGINS = 8  # complete residual paths that the direct strategy needs
Rule = Callable[[Floats], Floats]
PathsAndNotes = tuple[Floats, tuple[str, ...]]


@dataclass(frozen=True)
class _ExogenousColumns:
    """Regressors over all months of a history and its paths: calendar, Lunar New Year, events."""

    first: int
    matrix: Floats
    taken: tuple[str, ...]
    dropped: tuple[str, ...]


@dataclass(frozen=True)
class _CrossValidatedRule:
    """A prediction rule, the rules fitted without each fold, the out-of-fold errors (rows,) and their degrees of freedom."""

    rule: Rule
    without: tuple[Rule, ...]
    errors: Floats
    freedom: float

    def sample(self, x: Floats, tilt: Floats) -> Floats:
        """Predictions (rows,) with the estimation uncertainty of the rule; `tilt` (rows, folds) is standard normal.

        The delete-block jackknife (Künsch 1989): variance (k - 1) / k times the squared differences of the fold rules.
        """
        k = len(self.without)
        leave = np.column_stack([rule(x) for rule in self.without])
        spread = leave - leave.mean(axis=1, keepdims=True)
        out: Floats = self.rule(x) + np.sqrt((k - 1) / k) * (tilt * spread).sum(axis=1)
        return out


@model
@batch_model
@dataclass(frozen=True)
class Regression:
    """Penalised regression on lags, calendar, moving holidays and events, one step at a time or one rule per horizon.

    Columns are scaled and the penalty chosen by contiguous folds (blocked cross-validation, Bergmeir and Benítez 2012) inside
    the vintage. Paths carry out-of-fold errors and the rule's own uncertainty.

    Parameters
    ----------
    learner : {"ridge", "elastic_net", "gradient_boosting"}, default "ridge"
        "ridge"; "elastic_net" and "gradient_boosting" are scikit-learn's
    strategy : {"recursive", "direct"}, default "recursive"
        "recursive" feeds each drawn month back into the lags; "direct" draws whole error paths of past origins, so their
        dependence over horizons stays
    lags : tuple of int, default (1, 2, 3, 12)
        months back whose figures are columns
    calendar : {"harmonics", "months", "none"}, default "harmonics"
        two harmonics of the season, month dummies, or none
    lunar : bool, default True
        whether the lunar new year is a regressor
    events : bool, default True
        whether events of the calendar are regressors
    transform : {"auto", "log", "asinh", "none"}, default "auto"
        scale on which the model works; auto: log, or asinh where there are zeros
    engine : {"fast", "reference"}, default "fast"
        "reference" fits the ridge with scikit-learn

    References
    ----------
    Bergmeir, C. and Benítez, J. M. (2012). On the use of cross-validation for time series predictor evaluation. Information
    Sciences 191, 192-213.
    """

    learner: Literal["ridge", "elastic_net", "gradient_boosting"] = "ridge"
    strategy: Literal["recursive", "direct"] = "recursive"
    lags: tuple[int, ...] = (1, 2, 3, 12)
    calendar: Literal["harmonics", "months", "none"] = "harmonics"
    lunar: bool = True
    events: bool = True
    transform: Literal["auto", "log", "asinh", "none"] = "auto"
    engine: Literal["fast", "reference"] = "fast"

    def __post_init__(self) -> None:
        if not self.lags or min(self.lags) < 1:
            raise ConfigError("lags must be months back, 1 or more", hint="[1, 2, 3, 12]")

    def fewest_months(self, season: int | None) -> int:
        """Eighteen months."""
        return FEWEST

    def simulate(self, history: SeriesHistory, rng: np.random.Generator) -> Paths:
        """One rule for the next month, or one per horizon."""
        lags = tuple(sorted(set(self.lags)))
        kept = tuple(k for k in lags if k == lags[0] or len(history.training.z) - k >= LEAST_ROWS)
        lost = tuple(f"lag {k}" for k in lags if k not in kept)
        columns = self._columns(history)
        run = self._direct if self.strategy == "direct" else self._recursive
        z, notes = run(history, kept, columns, rng)
        name = f"{self.learner.replace('_', ' ')}, {self.strategy}, lags {' '.join(map(str, kept))}"
        return Paths(z, name, columns.taken, columns.dropped + lost, notes)

    def _columns(self, history: SeriesHistory) -> _ExogenousColumns:
        first = min(history.latest.first, history.training.first)
        when = np.arange(first, history.latest.last + history.horizon + 1)
        trained = np.arange(history.training.first, history.training.last + 1)[history.training.known] - first
        parts = [self._calendar(when, history.season)]
        taken: list[str] = []
        dropped: list[str] = []
        for wanted, make in ((self.events, event_regressors), (self.lunar, lunar_regressor)):
            if wanted:
                found, unused = make(history.vintage, history.series, when).usable(trained)
                parts, taken, dropped = [*parts, found.matrix], [*taken, *found.names], [*dropped, *unused]
        return _ExogenousColumns(first, np.column_stack(parts), tuple(taken), tuple(dropped))

    def _calendar(self, when: Ints, season: int | None) -> Floats:
        if not season or self.calendar == "none":
            return np.empty((len(when), 0))
        if self.calendar == "months":
            dummies: Floats = (when[:, None] % season == np.arange(1, season)[None, :]).astype(float)
            return dummies
        angle = 2 * np.pi * when[:, None] / season * np.arange(1, min(2, season // 2) + 1)[None, :]
        waves: Floats = np.hstack([np.sin(angle), np.cos(angle)])
        return waves

    def _recursive(
        self, history: SeriesHistory, lags: tuple[int, ...], columns: _ExogenousColumns, rng: np.random.Generator
    ) -> PathsAndNotes:
        """One rule for the next month, iterated with each path's own months as lags."""
        z, known = history.training.z, history.training.known
        at = np.arange(max(lags), len(z))
        at = at[known[at]]
        outside = columns.matrix[at + history.training.first - columns.first]
        x = np.column_stack([*(z[at - k] for k in lags), outside])
        fitted = self._fit(x, z[at], rng, history.series)
        tilt = rng.standard_normal((history.draws, len(fitted.without)))
        errors, freedom = fitted.errors, fitted.freedom
        noise = moving_blocks(errors, history.draws, history.horizon, 1, rng) * spread_inflation(freedom, history.draws, rng)
        start = len(history.latest.z)
        # drawn coefficients may be explosive: the range seen so far, widened by itself on both sides, holds the paths
        low, high = _path_bounds(history.latest.z, errors)
        path = np.concatenate(
            [np.broadcast_to(history.latest.z, (history.draws, start)), np.empty((history.draws, history.horizon))], axis=1
        )
        for h in range(history.horizon):
            t = start + h
            row = columns.matrix[t + history.latest.first - columns.first]
            x = np.column_stack([*(path[:, t - k] for k in lags), np.broadcast_to(row, (history.draws, len(row)))])
            path[:, t] = np.clip(fitted.sample(x, tilt) + noise[:, h], low, high)
        made = path[:, start:]
        held = float(np.mean((made == low) | (made == high)))
        note = f"{held:.1%} of the draws held at three times the range seen"
        return made, (note,) if held > 0.001 else ()

    def _direct(
        self, history: SeriesHistory, lags: tuple[int, ...], columns: _ExogenousColumns, rng: np.random.Generator
    ) -> PathsAndNotes:
        """One rule per horizon; whole error paths of past origins are resampled."""
        z, known, now = history.training.z, history.training.known, history.latest.z
        middle, misses = np.empty((history.draws, history.horizon)), np.full((len(z), history.horizon), np.nan)
        freedom, tilt = np.inf, rng.standard_normal((history.draws, ridge.FOLDS))
        for h in range(1, history.horizon + 1):
            # lags count back from the target where they are known by then, else from the origin
            back = sorted({k if k >= h else k + h - 1 for k in lags})
            at = np.arange(max(back), len(z))
            at = at[known[at]]
            if len(at) < LEAST_ROWS:
                raise TooShortError(f"{len(at)} rows {h} months ahead", where=history.series, hint='strategy = "recursive"')
            outside = columns.matrix[at + history.training.first - columns.first]
            fitted = self._fit(np.column_stack([*(z[at - k] for k in back), outside]), z[at], rng, history.series)
            misses[at - h, h - 1] = fitted.errors
            freedom = min(freedom, fitted.freedom)
            t = len(now) + h - 1
            row = columns.matrix[t + history.latest.first - columns.first]
            x = np.concatenate([[now[t - k] for k in back], row])
            middle[:, h - 1] = fitted.sample(np.broadcast_to(x, (history.draws, len(x))), tilt)
        whole = misses[np.isfinite(misses).all(axis=1)]
        if len(whole) < LEAST_ORIGINS:
            raise TooShortError(
                f"{len(whole)} whole error paths of {history.horizon} months",
                where=history.series,
                hint='strategy = "recursive"',
            )
        return middle + whole[rng.integers(0, len(whole), history.draws)] * spread_inflation(freedom, history.draws, rng), ()

    def _fit(self, x: Floats, y: Floats, rng: np.random.Generator, series: str) -> _CrossValidatedRule:
        if len(y) < LEAST_ROWS:
            raise TooShortError(f"{len(y)} usable rows where {LEAST_ROWS} are needed", where=series, hint="fewer lags")
        path = _rule_fitter(self.learner, self.engine, int(rng.integers(2**31)))
        rules, misses = [], []
        for part in ridge.contiguous_folds(len(y)):
            rest = np.setdiff1d(np.arange(len(y)), part)
            rules.append(path(x[rest], y[rest]))
            misses.append(np.array([y[part] - rule(x[part]) for rule in rules[-1]]))
        errors = np.concatenate(misses, axis=1)
        best = int((errors**2).sum(axis=1).argmin())
        return _CrossValidatedRule(
            path(x, y)[best], tuple(r[best] for r in rules), errors[best] - errors[best].mean(), len(y) / 2
        )


def _path_bounds(z: Floats, errors: Floats) -> tuple[float, float]:
    width = max(float(np.ptp(z)), 6.0 * float(errors.std()))
    return float(z.min()) - width, float(z.max()) + width


def _rule_fitter(learner: str, engine: str, seed: int) -> Callable[[Floats, Floats], list[Rule]]:
    """A fitter of one rule per penalty (a single rule for trees)."""
    if learner == "ridge" and engine == "fast":
        return lambda x, y: list(ridge.ridge_path(x, y))
    from sklearn.base import clone
    from sklearn.ensemble import GradientBoostingRegressor
    from sklearn.linear_model import ElasticNet, Ridge

    candidates: list[Any]
    if learner == "ridge":
        candidates = [Ridge(alpha=p) for p in ridge.PENALTIES]
    elif learner == "elastic_net":
        candidates = [ElasticNet(alpha=p, l1_ratio=0.5, max_iter=5000) for p in np.logspace(-3.0, 0.0, 5)]
    else:
        candidates = [GradientBoostingRegressor(n_estimators=60, max_depth=2, min_samples_leaf=4, random_state=seed)]
    return lambda x, y: [_fit_standardised(clone(candidate), x, y) for candidate in candidates]


def _fit_standardised(learner: Any, x: Floats, y: Floats) -> Rule:
    """A scikit-learn rule on columns and target standardised by its training rows."""
    centre, width = ridge.column_mean_and_scale(x)
    mean, size = float(y.mean()), float(y.std()) or 1.0
    fitted = learner.fit((x - centre) / width, (y - mean) / size)
    return lambda new: mean + size * np.asarray(fitted.predict((new - centre) / width), dtype=float)
