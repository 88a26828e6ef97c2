"""Resampling by policy regime: future months are drawn from known months under the same measures, recent ones more often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.core.contracts import Answers
from forecast.core.errors import ConfigError, NotIdentifiedError, TooShortError
from forecast.core.questions import Task
from forecast.core.registry import model
from forecast.core.results import Forecast, Used
from forecast.core.vintage import Vintage
from forecast.prep.policy_measures import MeasuresInForce, declared_share_left, measures_in_force
from forecast.prep.spans_and_gaps import measured_months

FEWEST = 6  # months of a series
KNOWN = 3  # fewest known months of a regime
SMOOTH = 0.5  # of the rule-of-thumb bandwidth


@dataclass(frozen=True)
class _KnownMonths:
    """Known months of one series: figures, the regime of each, and how many were split from sums."""

    series: str
    when: Ints
    y: Floats
    regimes: list[MeasuresInForce]
    split: int

    def in_regime(self, regime: MeasuresInForce) -> Bools:
        """Which of the months were under the same measures as `regime`."""
        return np.array([own.measures == regime.measures for own in self.regimes])

    @property
    def last_open(self) -> Bools:
        """Months of the last regime without a closing measure that has enough known months."""
        for regime in dict.fromkeys(reversed([own for own in self.regimes if not own.closed])):
            if (mine := self.in_regime(regime)).sum() >= KNOWN:
                return mine
        return np.zeros(len(self.y), dtype=bool)


@dataclass
class _MonthSampler:
    """Bayesian bootstrap of the months of one regime.

    figures (n,) other than zero and their probabilities `chances` (draws, n); `empty` (draws,) probability of a zero; `width`
    log bandwidth of the kernel; `factor` share of the level that a measure leaves.
    """

    figures: Floats
    chances: Floats
    empty: Floats
    width: float
    factor: Floats = field(default_factory=lambda: np.ones(1))

    def draw(self, rng: np.random.Generator) -> Floats:
        """One month, (draws,)."""
        n = len(self.empty)
        u, empty, noise = rng.random(n), rng.random(n) < self.empty, rng.standard_normal(n)
        if not len(self.figures):
            return np.zeros(n)
        at = np.minimum((self.chances.cumsum(axis=1) < u[:, None]).sum(axis=1), len(self.figures) - 1)
        size = self.figures[at] * np.exp(self.width * noise - 0.5 * self.width**2)
        return np.where(empty, 0.0, self.factor * size)


@model
@dataclass(frozen=True)
class Regimes:
    """Months as they were under the same measures, for flows too thin or too short for a model of their course.

    The regime of a month is the set of measures in force (`prep.policy_measures`). A path draws the probabilities of the
    known months of the regime once (Bayesian bootstrap; Dirichlet weights that halve every `half_life` months back from the
    regime's last one), then each month anew: zero or not, with the series' share of zeros as a prior worth one month, and a
    known figure with a log-normal kernel of half the rule-of-thumb bandwidth (Silverman 1986). No trend, no season. Scenarios
    of a series share their random numbers, month by month, until their regimes differ.

    A regime without known months is answered only where its closing measures declare the share they stop, as that share of
    the last regime without such a measure.

    Parameters
    ----------
    half_life : float, default 3.0
        months back from the regime's last one in which a known month's weight halves
    leak : float, default 0.05
        median and log standard deviation of what a full ban leaves
    leak_sd : float, default 1.0
        median and log standard deviation of what a full ban leaves
    part_sd : float, default 0.35
        log standard deviation around a declared part

    References
    ----------
    * Rubin, D. B. (1981). The Bayesian bootstrap. Annals of Statistics 9(1), 130-134.
    * Silverman, B. W. (1986). Density Estimation for Statistics and Data Analysis. Chapman and Hall, eq. 3.28.
    """

    half_life: float = 3.0
    leak: float = 0.05
    leak_sd: float = 1.0
    part_sd: float = 0.35

    def __post_init__(self) -> None:
        if not self.half_life > 0:
            raise ConfigError("half_life must be above 0 months", where="option 'half_life'", hint="3")

    def predict(self, vintage: Vintage, task: Task, rng: np.random.Generator, answers: Answers = ()) -> Forecast:
        """Joint draws; TooShortError below six months, or three of the regime; NotIdentifiedError for a regime never seen."""
        asked = np.array(task.ordinals(vintage))
        made = [self._draw_series(vintage, series, asked, task.draws, rng) for series in task.series]
        return Forecast(task, np.stack([draws for draws, _ in made], axis=1), tuple(used for _, used in made), vintage.steps)

    def _draw_series(
        self, vintage: Vintage, series: str, asked: Ints, draws: int, rng: np.random.Generator
    ) -> tuple[Floats, Used]:
        """Draws (draws, months) of one series, and the record of what was used."""
        when, y, split = measured_months(vintage.observed(series))
        if len(y) < FEWEST:
            raise TooShortError(f"{len(y)} usable months where {FEWEST} are needed", where=series, hint="a longer history")
        known = _KnownMonths(series, when, y, measures_in_force(vintage, series, when), split)
        samplers: dict[frozenset[str], _MonthSampler] = {}
        notes: list[str] = []
        out = np.empty((draws, len(asked)))
        # in order of time, so that scenarios share their random numbers up to the month in which they differ
        order = np.argsort(asked, kind="stable")
        for place, regime in zip(order, measures_in_force(vintage, series, asked[order]), strict=True):
            if regime.measures not in samplers:
                samplers[regime.measures], note = self._sampler(vintage, known, regime, draws, rng)
                notes.append(note)
            out[:, place] = samplers[regime.measures].draw(rng)
        if vintage.nonnegative:
            out = np.maximum(out, 0.0)
        return out, Used("months of the same regime", scale="none", split=split, notes=tuple(notes))

    def _sampler(
        self, vintage: Vintage, known: _KnownMonths, regime: MeasuresInForce, draws: int, rng: np.random.Generator
    ) -> tuple[_MonthSampler, str]:
        """The sampler of a regime and a note: from its known months, else from the share its measures declare."""
        mine = known.in_regime(regime)
        if mine.any():
            if mine.sum() < KNOWN:
                problem = f"{mine.sum()} months of this regime are known where {KNOWN} are needed"
                raise TooShortError(problem, where=f"{known.series}: {regime.words}", hint="a later day")
            return self._bootstrap(known, mine, draws, rng), f"{mine.sum()} months of {regime.words}"
        share = declared_share_left(vintage, regime) if regime.closed else None
        if share is None or not known.last_open.any():
            raise NotIdentifiedError(
                "no month of this regime is known", where=f"{known.series}: {regime.words}", hint="declare share_stopped"
            )
        sampler = self._bootstrap(known, known.last_open, draws, rng)
        full = share <= self.leak
        middle, spread = (self.leak, self.leak_sd) if full else (share, self.part_sd)
        sampler.factor = np.minimum(middle * np.exp(spread * rng.standard_normal(draws)), 1.0)
        return sampler, f"declared: {middle:.0%} of the last {known.last_open.sum()} months without such a measure"

    def _bootstrap(self, known: _KnownMonths, mine: Bools, draws: int, rng: np.random.Generator) -> _MonthSampler:
        """The sampler of some of the known months."""
        when, y = known.when[mine], known.y[mine]
        weight = 0.5 ** ((when[-1] - when) / self.half_life)
        zero, often = y == 0.0, float(np.mean(known.y == 0.0))
        empty = _beta_draws(often + float(weight[zero].sum()), 1.0 - often + float(weight[~zero].sum()), draws, rng)
        figures, alpha = y[~zero], weight[~zero]
        if not len(figures):  # only zeros so far: a figure of any regime, with the probability above
            figures = known.y[known.y != 0.0]
            alpha = np.ones(len(figures))
        chances = rng.gamma(np.maximum(alpha, 1e-3), size=(draws, len(figures))) if len(figures) else np.empty((draws, 0))
        chances /= np.maximum(chances.sum(axis=1, keepdims=True), 1e-300)
        return _MonthSampler(figures, chances, empty, _kernel_bandwidth(figures, known.y))


def _beta_draws(a: float, b: float, draws: int, rng: np.random.Generator) -> Floats:
    """Draws of a Beta probability; 0 or 1 where a parameter is not positive."""
    made = rng.beta(max(a, 1e-12), max(b, 1e-12), size=draws)
    return np.zeros(draws) if a <= 0 else np.ones(draws) if b <= 0 else made


def _kernel_bandwidth(figures: Floats, all_figures: Floats) -> float:
    """Half the rule-of-thumb bandwidth of the logarithms, 0.53 s n^(-1/5); s of all months where there is one figure."""
    base: Sequence[float] | Floats = figures if len(figures) > 1 else all_figures[all_figures != 0.0]
    if len(base) < 2:
        return 0.0
    spread = min(float(np.std(np.log(np.abs(base)), ddof=1)), 1.0)
    return float(SMOOTH * 1.06 * spread * len(figures) ** -0.2)
