"""Autoregressive distributed lags: direct regression on own lags and on other series, as known on the day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.errors import ConfigError, TooShortError
from forecast.core.registry import model
from forecast.kernels import ridge
from forecast.kernels.resample import spread_inflation
from forecast.models.adl import direct_regression
from forecast.prep.batches import Paths, batch_model
from forecast.prep.histories import GapFreeSeries, SeriesHistory
from forecast.prep.regressors import default_covariates, event_regressors, lunar_regressor
from forecast.prep.working_scale import choose_scale

FEWEST = 18  # months
LEAST_ROWS = 15  # complete rows; columns are dropped before rows fall below
SHARE = 0.5  # of the rows, in which a column must be known
PER_COLUMN = 10  # rows for each column of least squares
MIXED = 0.5  # share of the L1 penalty in the elastic net


@dataclass(frozen=True)
class _Covariate:
    """Another series on its working scale: as known today and on the day of the parameters, NaN where unknown."""

    name: str
    first: int
    now: Floats
    then: Floats

    def at(self, months: Ints, values: Floats) -> Floats:
        """`values` at `months`, NaN outside."""
        place = months - self.first
        inside = (place >= 0) & (place < len(values))
        return np.where(inside, values[np.clip(place, 0, len(values) - 1)], np.nan)


@dataclass(frozen=True)
class _RegressionSample:
    """Regressors of one asked month: `matrix` (n, k) in the training months `at`, `row` (k,) in the asked month."""

    names: tuple[str, ...]
    matrix: Floats
    row: Floats
    at: Ints


@model
@batch_model
@dataclass(frozen=True)
class Adl:
    """Direct regression of each asked month on its own lags and on other series' figures known on the day, nothing filled.

    The columns are what the question has: a figure `k` months before the asked month is a column if it is known on the day,
    and the training rows are the past months for which all columns are known at the same lags. Columns known in less than
    half of the rows are dropped. So every forecast origin has a rule of its own. Scaling, selection and penalty are chosen
    inside the vintage by contiguous folds; the draws carry out-of-fold errors, resampled as whole paths over the asked
    months. Past rows hold the figures as known on the day, revisions included.

    Parameters
    ----------
    series : tuple of str, optional
        names of the other series; empty: those of the same product and measure, on a plain panel all units. In a
        counterfactual a series moved by the same event is contaminated: name clean ones there
    learner : {"ols", "elastic_net", "pooled"}, default "ols"
        "ols" on at most a tenth as many columns as rows, chosen forward by the Bayesian criterion; "elastic_net" is
        scikit-learn's; "pooled" is a ridge whose coefficients of the own lags are drawn towards those of the other series
    lags : int, default 2
        number of own figures, counted back from the last one known; the same month of the year before is added
    reach : int, default 3
        months before the asked one from which other series' figures are taken, 0 the asked month alone
    calendar : bool, default True
        whether the calendar months are columns
    lunar : bool, default True
        whether the lunar new year is a regressor
    events : bool, default True
        whether events of the calendar are regressors
    transform : {"auto", "log", "asinh", "none"}, default "auto"
        scale on which the model works; auto: log, or asinh where there are zeros
    """

    series: tuple[str, ...] = ()
    learner: Literal["ols", "elastic_net", "pooled"] = "ols"
    lags: int = 2
    reach: int = 3
    calendar: bool = True
    lunar: bool = True
    events: bool = True
    transform: Literal["auto", "log", "asinh", "none"] = "auto"

    def __post_init__(self) -> None:
        if self.lags < 0 or self.reach < 0:
            raise ConfigError("lags and reach are numbers of months, 0 or more", hint="lags = 2, reach = 3")

    def fewest_months(self, season: int | None) -> int:
        """Eighteen months."""
        return FEWEST

    def simulate(self, history: SeriesHistory, rng: np.random.Generator) -> Paths:
        """One rule per asked month, with whole error paths of past origins resampled."""
        covariates, short = self._covariates(history)
        # the months of a published sum are needed even if not asked, as draws are benchmarked to the sum
        spans = history.vintage.observed(history.series).spans
        steps = list(range(1, history.horizon + 1)) if spans else sorted({*history.ahead, history.horizon})
        middle = np.zeros(history.horizon)
        misses = np.full((len(history.training.z) + history.horizon, history.horizon), np.nan)
        taken: dict[str, None] = {}
        parameters: list[tuple[str, float]] = []
        fewest = np.inf
        for h in steps:
            sample = self._sample(history, covariates, h)
            rule, errors, at = self._fit(sample, history, covariates, h)
            middle[h - 1] = float(rule(sample.row[None, :])[0])
            misses[at - history.training.first - h + history.horizon, h - 1] = errors - errors.mean()
            taken.update(dict.fromkeys(sample.names))
            parameters += _coefficients(rule, sample.names, history.vintage.steps.label(history.latest.last + h))
            fewest = min(fewest, len(errors))
        asked = np.array(steps) - 1
        z = np.tile(middle, (history.draws, 1))
        noise = direct_regression.residual_paths(misses[:, asked], history.draws, rng) * spread_inflation(
            fewest / 2, history.draws, rng
        )
        z[:, asked] += noise
        name = f"{self.learner.replace('_', ' ')}, one rule per month, on what is known of it"
        note = f"{int(fewest)} whole rows at the least, figures of {len(covariates)} other series"
        return Paths(z, name, tuple(taken), short, (note,), tuple(parameters))

    def _covariates(self, history: SeriesHistory) -> tuple[list[_Covariate], tuple[str, ...]]:
        """The covariates on their working scales, and the names of those without enough figures."""
        then = history.training_vintage
        found, short = [], []
        for name in self.series or default_covariates(history.vintage, history.series):
            if name == history.series:
                continue
            if not (history.vintage.knows(name) and then.knows(name)):
                short.append(name)
                continue
            now, past = history.vintage.observed(name), then.observed(name)
            first, last = min(now.first, past.first), max(now.last, past.last)
            today, before = now.at(first, last), past.at(first, last)
            if int(np.isfinite(before).sum()) < LEAST_ROWS:
                short.append(name)
                continue
            both = np.concatenate([today, before])
            scale = choose_scale(both[np.isfinite(both)], history.vintage.nonnegative)
            if then is not history.vintage:  # in the unit of the day of the parameters
                scale = replace(scale, unit=choose_scale(before, history.vintage.nonnegative, scale.name).unit)
            found.append(_Covariate(name, first, scale.forward(today), scale.forward(before)))
        return found, tuple(short)

    def _own_lags(self, now: GapFreeSeries, step: int, season: int | None) -> list[int]:
        """Lags from the asked month to the last own figures, and to the same month of an earlier year."""
        back = [step + i for i in range(len(now.z)) if now.known[len(now.z) - 1 - i]]
        out = back[: self.lags]
        if season:
            year = season * -(-step // season)
            out += [year] if year in back and year not in out else []
        return out

    def _sample(self, history: SeriesHistory, covariates: Sequence[_Covariate], step: int) -> _RegressionSample:
        month, past = history.latest.last + step, history.training
        at = np.arange(past.first, past.last + 1)[past.known]
        own = np.where(past.known, past.z, np.nan)
        names, blocks, row = [], [], []
        for lag in self._own_lags(history.latest, step, history.season):
            names.append(f"own lag {lag}")
            blocks.append(direct_regression.lag_values(own, lag)[past.known])
            row.append(float(history.latest.z[month - lag - history.latest.first]))
        for other in covariates:
            for lag in range(self.reach + 1):
                value = float(other.at(np.array([month - lag]), other.now)[0])
                if np.isfinite(value):
                    names.append(f"{other.name} lag {lag}")
                    blocks.append(other.at(at - lag, other.then))
                    row.append(value)
        fixed, labels = self._deterministic(history, at, month)
        matrix = np.column_stack([*blocks, fixed[:-1]]) if blocks or labels else np.empty((len(at), 0))
        line = np.concatenate([row, fixed[-1]])
        columns, whole = direct_regression.complete_cases(matrix, SHARE, LEAST_ROWS)
        every = [*names, *labels]
        return _RegressionSample(tuple(every[j] for j in columns), matrix[np.ix_(whole, columns)], line[columns], at[whole])

    def _deterministic(self, history: SeriesHistory, at: Ints, month: int) -> tuple[Floats, list[str]]:
        """Columns known for every month: two harmonics, events, Lunar New Year; the last row is that of the asked month."""
        when = np.append(at, month)
        names: list[str] = []
        parts: list[Floats] = [np.empty((len(when), 0))]
        if self.calendar and history.season and history.season > 1:
            waves = np.arange(1, min(2, history.season // 2) + 1)
            angle = 2 * np.pi * when[:, None] / history.season * waves[None, :]
            parts += [np.sin(angle), np.cos(angle)]
            names += [f"{kind} {w}" for kind in ("sine", "cosine") for w in waves.tolist()]
        for wanted, make in ((self.events, event_regressors), (self.lunar, lunar_regressor)):
            if wanted:
                found, _ = make(history.vintage, history.series, when).usable(np.arange(len(at)))
                parts.append(found.matrix)
                names += found.names
        return np.column_stack(parts), names

    def _fit(
        self, sample: _RegressionSample, history: SeriesHistory, covariates: Sequence[_Covariate], step: int
    ) -> tuple[direct_regression.Rule, Floats, Ints]:
        y = history.training.z[sample.at - history.training.first]
        if len(y) < LEAST_ROWS:
            raise TooShortError(
                f"{len(y)} whole rows {step} months ahead where {LEAST_ROWS} are needed",
                where=history.series,
                hint="fewer series",
            )
        rule, errors = direct_regression.cross_validate(self._fitter(sample, covariates), sample.matrix, y)
        return rule, errors, sample.at

    def _fitter(self, sample: _RegressionSample, covariates: Sequence[_Covariate]) -> direct_regression.Fitter:
        if self.learner == "ols":
            return lambda x, y: [direct_regression.forward_selection(x, y, max(len(y) // PER_COLUMN, 1))]
        if self.learner == "pooled":
            own = [j for j, name in enumerate(sample.names) if name.startswith("own lag ")]
            more, then = _covariate_rows(covariates, [int(sample.names[j].split()[-1]) for j in own])
            return lambda x, y: direct_regression.partially_pooled_ridge(
                x, y, np.array(own, dtype=np.int64), more, then, ridge.PENALTIES
            )
        return _elastic_net_fitter(sample.matrix)


def _covariate_rows(covariates: Sequence[_Covariate], lags: Sequence[int]) -> tuple[Floats, Floats]:
    """Rows of the covariates on the same lags of their own, each standardised; and their targets."""
    more, then = [np.empty((0, len(lags)))], [np.empty(0)]
    for other in covariates:
        table = np.column_stack([other.then, *(direct_regression.lag_values(other.then, lag) for lag in lags)])
        table = table[np.isfinite(table).all(axis=1)]
        if len(table) >= LEAST_ROWS:
            centre, width = ridge.column_mean_and_scale(table)
            table = (table - centre) / width
            more, then = [*more, table[:, 1:]], [*then, table[:, 0]]
    return np.vstack(more), np.concatenate(then)


def _elastic_net_fitter(matrix: Floats) -> direct_regression.Fitter:
    """Elastic nets over a path of penalties (Zou and Hastie 2005), the same in every fold."""
    from sklearn.linear_model import enet_path

    penalties = np.logspace(0.0, -2.5, 16) / MIXED  # the target is standardised: the largest penalty leaves no column

    def fit(x: Floats, y: Floats) -> list[direct_regression.Rule]:
        centre, width = ridge.column_mean_and_scale(x)
        mean, size = float(y.mean()), float(y.std()) or 1.0
        if not x.shape[1]:
            return [ridge.LinearRule(centre, width, mean, np.empty(0)) for _ in penalties]
        scaled = np.asfortranarray((x - centre) / width)
        _, weights, _ = enet_path(scaled, (y - mean) / size, l1_ratio=MIXED, alphas=penalties, tol=1e-3, max_iter=2000)
        return [ridge.LinearRule(centre, width, mean, size * weights[:, j]) for j in range(len(penalties))]

    return fit


def _coefficients(rule: direct_regression.Rule, names: Sequence[str], month: str) -> list[tuple[str, float]]:
    """Constant and non-zero coefficients, on the working scales."""
    if not isinstance(rule, ridge.LinearRule):
        return []
    slopes = rule.weights / rule.width
    constant = rule.intercept - float(slopes @ rule.centre)
    slopes_by_name = [(f"{month} {name}", float(b)) for name, b in zip(names, slopes, strict=True) if b != 0.0]
    return [(f"{month} constant", constant), *slopes_by_name]
