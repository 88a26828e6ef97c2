"""Penalised regression on lags, calendar, Lunar New Year and events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.errors import ConfigError, TooShortError
from forecast.core.registry import model
from forecast.kernels import ridge
from forecast.kernels.resample import moving_blocks, spread_inflation
from forecast.prep.batches import QUESTION_ERRORS, Paths, PathsOrErrors, batch_model
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
    """A prediction rule, the rules fitted without each fold, and the out-of-fold errors (rows,)."""

    rule: Rule
    without: tuple[Rule, ...]
    errors: Floats

    def drawn(self, tilt: Floats) -> Rule:
        """The rule with its estimation uncertainty, another for every row of `tilt` (rows, folds), which is standard normal.

        The delete-block jackknife (Künsch 1989): variance (k - 1) / k times the squared differences of the fold rules.
        """
        k = len(self.without)

        def predict(x: Floats) -> Floats:
            leave = np.column_stack([rule(x) for rule in self.without])
            spread = leave - leave.mean(axis=1, keepdims=True)
            out: Floats = self.rule(x) + np.sqrt((k - 1) / k) * (tilt * spread).sum(axis=1)
            return out

        return predict


@dataclass(frozen=True)
class _CrossValidatedLine:
    """The same of a linear rule: constants and slopes (1 + folds, 1 + columns), from all rows and without each fold."""

    lines: Floats
    errors: Floats

    def drawn(self, tilt: Floats) -> Rule:
        """As above: the spread of predictions is that of the coefficients."""
        k = len(self.lines) - 1
        spread = np.sqrt((k - 1) / k) * (self.lines[1:] - self.lines[1:].mean(axis=0))
        each = self.lines[0] + np.einsum("ij,jk->ik", tilt, spread)  # no matrix product: BLAS adds otherwise for other rows
        return lambda x: each[:, 0] + np.einsum("ij,ij->i", each[:, 1:], x)


_Fitted = _CrossValidatedRule | _CrossValidatedLine


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

    def simulate_batch(self, histories: Sequence[SeriesHistory], rngs: Sequence[np.random.Generator]) -> PathsOrErrors:
        """One rule for the next month, those of all histories fitted together, or one rule per horizon."""
        columns = [self._columns(history) for history in histories]
        lags = [self._lags(history) for history in histories]
        rules: Sequence[_Fitted | Exception | None] = [None] * len(histories)
        if self.strategy == "recursive":
            samples = [_rows(*one)[:2] for one in zip(histories, lags, columns, strict=True)]
            rules = self._fit(samples, rngs, [history.series for history in histories])
        out: PathsOrErrors = []
        for history, back, outside, rule, rng in zip(histories, lags, columns, rules, rngs, strict=True):
            try:
                z, notes = self._paths(history, back, outside, rule, rng)
            except QUESTION_ERRORS as error:
                out.append(error)
                continue
            lost = tuple(f"lag {k}" for k in sorted(set(self.lags)) if k not in back)
            name = f"{self.learner.replace('_', ' ')}, {self.strategy}, lags {' '.join(map(str, back))}"
            out.append(Paths(z, name, outside.taken, outside.dropped + lost, notes))
        return out

    def _lags(self, history: SeriesHistory) -> tuple[int, ...]:
        lags = sorted(set(self.lags))
        return tuple(k for k in lags if k == lags[0] or len(history.training.z) - k >= LEAST_ROWS)

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

    def _paths(
        self,
        history: SeriesHistory,
        lags: tuple[int, ...],
        columns: _ExogenousColumns,
        rule: _Fitted | Exception | None,
        rng: np.random.Generator,
    ) -> PathsAndNotes:
        if isinstance(rule, Exception):
            raise rule
        return self._direct(history, lags, columns, rng) if rule is None else _recursive(history, lags, columns, rule, rng)

    def _direct(
        self, history: SeriesHistory, lags: tuple[int, ...], columns: _ExogenousColumns, rng: np.random.Generator
    ) -> PathsAndNotes:
        """One rule per horizon; whole error paths of past origins are resampled."""
        now = history.latest.z
        middle = np.empty((history.draws, history.horizon))
        misses = np.full((len(history.training.z), history.horizon), np.nan)
        freedom, tilt = np.inf, rng.standard_normal((history.draws, ridge.FOLDS))
        for h in range(1, history.horizon + 1):
            # lags count back from the target where they are known by then, else from the origin
            back = tuple(sorted({k if k >= h else k + h - 1 for k in lags}))
            x, y, at = _rows(history, back, columns)
            if len(at) < LEAST_ROWS:
                raise TooShortError(f"{len(at)} rows {h} months ahead", where=history.series, hint='strategy = "recursive"')
            (fitted,) = self._fit([(x, y)], [rng], [history.series])
            if isinstance(fitted, Exception):
                raise fitted
            misses[at - h, h - 1] = fitted.errors
            freedom = min(freedom, len(y) / 2)
            t = len(now) + h - 1
            row = columns.matrix[t + history.latest.first - columns.first]
            x = np.concatenate([[now[t - k] for k in back], row])
            middle[:, h - 1] = fitted.drawn(tilt)(np.broadcast_to(x, (history.draws, len(x))))
        whole = misses[np.isfinite(misses).all(axis=1)]
        if len(whole) < LEAST_ORIGINS:
            raise TooShortError(
                f"{len(whole)} whole error paths of {history.horizon} months",
                where=history.series,
                hint='strategy = "recursive"',
            )
        return middle + whole[rng.integers(0, len(whole), history.draws)] * spread_inflation(freedom, history.draws, rng), ()

    def _fit(
        self, samples: Sequence[tuple[Floats, Floats]], rngs: Sequence[np.random.Generator], series: Sequence[str]
    ) -> list[_Fitted | Exception]:
        """A rule for each sample of rows x (n, k) and targets y (n,), or why there is none; ridges of one shape in one go."""
        out: list[_Fitted | Exception] = []
        alike: dict[tuple[int, ...], list[int]] = {}
        for i, ((x, y), rng, name) in enumerate(zip(samples, rngs, series, strict=True)):
            if len(y) < LEAST_ROWS:
                problem = f"{len(y)} usable rows where {LEAST_ROWS} are needed"
                out.append(TooShortError(problem, where=name, hint="fewer lags"))
                continue
            seed = int(rng.integers(2**31))
            if self.learner == "ridge" and self.engine == "fast":
                alike.setdefault(x.shape, []).append(i)
                out.append(ArithmeticError("not reached"))
            else:
                out.append(_cross_validate(_rule_fitter(self.learner, seed), x, y))
        for places in alike.values():
            lines, errors = ridge.cross_validated_ridge(*(np.stack([samples[i][part] for i in places]) for part in (0, 1)))
            for k, i in enumerate(places):
                out[i] = _CrossValidatedLine(lines[k], errors[k] - errors[k].mean())
        return out


def _rows(history: SeriesHistory, lags: tuple[int, ...], columns: _ExogenousColumns) -> tuple[Floats, Floats, Ints]:
    """Lags and columns (n, k), figures (n,), and the places (n,) of those months in the training sample."""
    z = history.training.z
    at = np.arange(max(lags), len(z))
    at = at[history.training.known[at]]
    outside = columns.matrix[at + history.training.first - columns.first]
    return np.column_stack([*(z[at - k] for k in lags), outside]), z[at], at


def _recursive(
    history: SeriesHistory, lags: tuple[int, ...], columns: _ExogenousColumns, fitted: _Fitted, rng: np.random.Generator
) -> PathsAndNotes:
    """One rule for the next month, iterated with each path's own months as lags."""
    rule = fitted.drawn(rng.standard_normal((history.draws, ridge.FOLDS)))
    noise = moving_blocks(fitted.errors, history.draws, history.horizon, 1, rng)
    noise = noise * spread_inflation(len(fitted.errors) / 2, history.draws, rng)
    # drawn coefficients may be explosive: the range seen so far, widened by itself on both sides, holds the paths
    low, high = _path_bounds(history.latest.z, fitted.errors)
    start = max(lags)
    path = np.empty((start + history.horizon, history.draws))
    path[:start] = history.latest.z[-start:, None]
    outside = columns.matrix[history.latest.last + 1 - columns.first :]
    x = np.empty((history.draws, len(lags) + outside.shape[1]))
    for h in range(history.horizon):
        for j, k in enumerate(lags):
            x[:, j] = path[start + h - k]
        x[:, len(lags) :] = outside[h]
        np.clip(rule(x) + noise[:, h], low, high, out=path[start + h])
    made = path[start:].T
    held = float(np.mean((made == low) | (made == high)))
    note = f"{held:.1%} of the draws held at three times the range seen"
    return made, (note,) if held > 0.001 else ()


def _cross_validate(path: Callable[[Floats, Floats], list[Rule]], x: Floats, y: Floats) -> _CrossValidatedRule:
    """The rule of the penalty that is best out of fold."""
    rules, misses = [], []
    for part in ridge.contiguous_folds(len(y)):
        rest = np.setdiff1d(np.arange(len(y)), part)
        rules.append(path(x[rest], y[rest]))
        misses.append(np.array([y[part] - rule(x[part]) for rule in rules[-1]]))
    errors = np.concatenate(misses, axis=1)
    best = int((errors**2).sum(axis=1).argmin())
    return _CrossValidatedRule(path(x, y)[best], tuple(r[best] for r in rules), errors[best] - errors[best].mean())


def _path_bounds(z: Floats, errors: Floats) -> tuple[float, float]:
    width = max(float(np.ptp(z)), 6.0 * float(errors.std()))
    return float(z.min()) - width, float(z.max()) + width


def _rule_fitter(learner: str, seed: int) -> Callable[[Floats, Floats], list[Rule]]:
    """A fitter of scikit-learn's rules, one per penalty (a single rule for trees)."""
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
