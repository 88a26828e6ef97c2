"""Direct regression on what is known on the day: own lags and figures of other series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.errors import ConfigError, TooShortError
from forecast.core.registry import model
from forecast.core.results import Forecast
from forecast.core.vintage import Vintage
from forecast.kernels import ridge
from forecast.kernels.resample import spread_inflation
from forecast.models.adl import direct_regression
from forecast.prep.batches import GapFreeSeries, Paths, SeriesHistory, VintageTask, batch_model, forecast_one_by_one
from forecast.prep.regressors import default_covariates, event_regressors, lunar_regressor
from forecast.prep.transform import choose_scale

FEWEST = 18  # months
LEAST_ROWS = 15  # whole rows; columns go before rows fall below
SHARE = 0.5  # of the rows in which a column must be known
PER_COLUMN = 10  # rows for each column of least squares
MIXED = 0.5  # share of the absolute penalty in the elastic net


@dataclass(frozen=True)
class _Covariate:
    """Another series on its working scale: figures of the day and of the day of the parameters, NaN where unknown."""

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
    """Columns of one asked month: `matrix` (n, k) over the training months `at`, `row` (k,) for the question."""

    names: tuple[str, ...]
    matrix: Floats
    row: Floats
    at: Ints


@model
@batch_model
@dataclass(frozen=True)
class Adl:
    """Direct regression of each asked month on its own lags and on other series' figures known on the day, nothing filled.

    The columns are those the question has: a figure `k` months before the asked month is a column if it is known on the day,
    and the training rows are the past months for which all columns are known at the same distance. Columns known in less than
    half of the rows go. So each day has a rule of its own. Scaling, selection and penalty are chosen inside the vintage by
    contiguous folds; the draws carry the errors out of fold, drawn whole over the asked months. Past rows hold the figures as
    known on the day, revisions included.

    series : names of the other series; empty: those of the same product and measure, on a plain panel all units. A series that
        the same event moved is no clean company in a counterfactual: name clean ones there
    learner : "ols" on at most a tenth as many columns as rows, chosen forward by the Bayesian criterion; "elastic_net" is
        scikit-learn's; "pooled" is a ridge whose coefficients of the own lags are drawn towards those of the other series
    lags : own figures, counted back from the last one known; the same month of the year before is added
    reach : months before the asked one from which other series' figures are taken, 0 the asked month alone
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

    def _all(self, questions: Sequence[VintageTask], rngs: Sequence[np.random.Generator]) -> list[Forecast | Exception]:
        """TooShortError below eighteen months."""
        return forecast_one_by_one(questions, rngs, self.transform, FEWEST, self._paths)

    def _paths(self, lane: SeriesHistory, then: Vintage, rng: np.random.Generator) -> Paths:
        others, short = self._others(lane, then)
        # where a sum is published, its months that were not asked are needed too
        spans = lane.vintage.observed(lane.series).spans
        steps = list(range(1, lane.horizon + 1)) if spans else sorted({*lane.ahead, lane.horizon})
        middle = np.zeros(lane.horizon)
        misses = np.full((len(lane.training.z) + lane.horizon, lane.horizon), np.nan)
        taken: dict[str, None] = {}
        parameters: list[tuple[str, float]] = []
        fewest = np.inf
        for h in steps:
            sheet = self._sheet(lane, others, h)
            rule, errors, at = self._fitted(sheet, lane, others, h)
            middle[h - 1] = float(rule(sheet.row[None, :])[0])
            misses[at - lane.training.first - h + lane.horizon, h - 1] = errors - errors.mean()
            taken.update(dict.fromkeys(sheet.names))
            parameters += _coefficients(rule, sheet.names, lane.vintage.steps.label(lane.now.last + h))
            fewest = min(fewest, len(errors))
        asked = np.array(steps) - 1
        z = np.tile(middle, (lane.draws, 1))
        noise = direct_regression.residual_paths(misses[:, asked], lane.draws, rng) * spread_inflation(
            fewest / 2, lane.draws, rng
        )
        z[:, asked] += noise
        told = f"{self.learner.replace('_', ' ')}, one rule per month, on what is known of it"
        note = f"{int(fewest)} whole rows at the least, figures of {len(others)} other series"
        return Paths(z, told, tuple(taken), short, (note,), tuple(parameters))

    def _others(self, lane: SeriesHistory, then: Vintage) -> tuple[list[_Covariate], tuple[str, ...]]:
        """The other series on their working scales, and the names of those without enough figures."""
        found, short = [], []
        for name in self.series or default_covariates(lane.vintage, lane.series):
            if name == lane.series:
                continue
            if not (lane.vintage.knows(name) and then.knows(name)):
                short.append(name)
                continue
            now, past = lane.vintage.observed(name), then.observed(name)
            first, last = min(now.first, past.first), max(now.last, past.last)
            today, before = now.at(first, last), past.at(first, last)
            if int(np.isfinite(before).sum()) < LEAST_ROWS:
                short.append(name)
                continue
            both = np.concatenate([today, before])
            scale = choose_scale(both[np.isfinite(both)], lane.vintage.nonnegative)
            if then is not lane.vintage:  # in the unit of the day of the parameters
                scale = replace(scale, unit=choose_scale(before, lane.vintage.nonnegative, scale.name).unit)
            found.append(_Covariate(name, first, scale.forward(today), scale.forward(before)))
        return found, tuple(short)

    def _own_lags(self, now: GapFreeSeries, step: int, season: int | None) -> list[int]:
        """Distances from the asked month to the last figures of its own, and to the same month of a year before."""
        back = [step + i for i in range(len(now.z)) if now.known[len(now.z) - 1 - i]]
        out = back[: self.lags]
        if season:
            year = season * -(-step // season)
            out += [year] if year in back and year not in out else []
        return out

    def _sheet(self, lane: SeriesHistory, others: Sequence[_Covariate], step: int) -> _RegressionSample:
        month, past = lane.now.last + step, lane.training
        at = np.arange(past.first, past.last + 1)[past.known]
        own = np.where(past.known, past.z, np.nan)
        names, blocks, row = [], [], []
        for lag in self._own_lags(lane.now, step, lane.season):
            names.append(f"own lag {lag}")
            blocks.append(direct_regression.lag_values(own, lag)[past.known])
            row.append(float(lane.now.z[month - lag - lane.now.first]))
        for other in others:
            for lag in range(self.reach + 1):
                value = float(other.at(np.array([month - lag]), other.now)[0])
                if np.isfinite(value):
                    names.append(f"{other.name} lag {lag}")
                    blocks.append(other.at(at - lag, other.then))
                    row.append(value)
        fixed, labels = self._fixed(lane, at, month)
        matrix = np.column_stack([*blocks, fixed[:-1]]) if blocks or labels else np.empty((len(at), 0))
        line = np.concatenate([row, fixed[-1]])
        columns, whole = direct_regression.complete_cases(matrix, SHARE, LEAST_ROWS)
        every = [*names, *labels]
        return _RegressionSample(tuple(every[j] for j in columns), matrix[np.ix_(whole, columns)], line[columns], at[whole])

    def _fixed(self, lane: SeriesHistory, at: Ints, month: int) -> tuple[Floats, list[str]]:
        """Columns known for every month: two waves of the season, events, Lunar New Year; the last row is the question's."""
        when = np.append(at, month)
        names: list[str] = []
        parts: list[Floats] = [np.empty((len(when), 0))]
        if self.calendar and lane.season and lane.season > 1:
            waves = np.arange(1, min(2, lane.season // 2) + 1)
            angle = 2 * np.pi * when[:, None] / lane.season * waves[None, :]
            parts += [np.sin(angle), np.cos(angle)]
            names += [f"{kind} {w}" for kind in ("sine", "cosine") for w in waves.tolist()]
        for wanted, make in ((self.events, event_regressors), (self.lunar, lunar_regressor)):
            if wanted:
                found, _ = make(lane.vintage, lane.series, when).usable(np.arange(len(at)))
                parts.append(found.matrix)
                names += found.names
        return np.column_stack(parts), names

    def _fitted(
        self, sheet: _RegressionSample, lane: SeriesHistory, others: Sequence[_Covariate], step: int
    ) -> tuple[direct_regression.Rule, Floats, Ints]:
        y = lane.training.z[sheet.at - lane.training.first]
        if len(y) < LEAST_ROWS:
            raise TooShortError(
                f"{len(y)} whole rows {step} months ahead where {LEAST_ROWS} are needed", where=lane.series, hint="fewer series"
            )
        rule, errors = direct_regression.cross_validate(self._fitter(sheet, others), sheet.matrix, y)
        return rule, errors, sheet.at

    def _fitter(self, sheet: _RegressionSample, others: Sequence[_Covariate]) -> direct_regression.Fitter:
        if self.learner == "ols":
            return lambda x, y: [direct_regression.forward_selection(x, y, max(len(y) // PER_COLUMN, 1))]
        if self.learner == "pooled":
            own = [j for j, name in enumerate(sheet.names) if name.startswith("own lag ")]
            more, then = _covariate_rows(others, [int(sheet.names[j].split()[-1]) for j in own])
            return lambda x, y: direct_regression.partially_pooled_ridge(
                x, y, np.array(own, dtype=np.int64), more, then, ridge.PENALTIES
            )
        return _elastic_net_fitter(sheet.matrix)


def _covariate_rows(others: Sequence[_Covariate], lags: Sequence[int]) -> tuple[Floats, Floats]:
    """Rows of the other series on the same lags of their own, each on its standard scale."""
    more, then = [np.empty((0, len(lags)))], [np.empty(0)]
    for other in others:
        table = np.column_stack([other.then, *(direct_regression.lag_values(other.then, lag) for lag in lags)])
        table = table[np.isfinite(table).all(axis=1)]
        if len(table) >= LEAST_ROWS:
            centre, width = ridge.column_mean_and_scale(table)
            table = (table - centre) / width
            more, then = [*more, table[:, 1:]], [*then, table[:, 0]]
    return np.vstack(more), np.concatenate(then)


def _elastic_net_fitter(matrix: Floats) -> direct_regression.Fitter:
    """Elastic nets over a path of penalties (Zou and Hastie 2005) that is the same in every fold."""
    from sklearn.linear_model import enet_path

    penalties = np.logspace(0.0, -2.5, 16) / MIXED  # the target is standardised: the largest leaves no column

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
    """Coefficients on the working scales, those that are not zero, and the constant."""
    if not isinstance(rule, ridge.LinearRule):
        return []
    slopes = rule.weights / rule.width
    constant = rule.intercept - float(slopes @ rule.centre)
    told = [(f"{month} {name}", float(b)) for name, b in zip(names, slopes, strict=True) if b != 0.0]
    return [(f"{month} constant", constant), *told]
