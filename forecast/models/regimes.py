"""Regimes: every month to come is drawn from the known months under the same measures, the later ones first."""

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
from forecast.prep.transform import measured_months

FEWEST = 6  # months of a series
KNOWN = 3  # months of a regime
SMOOTH = 0.5  # of the rule-of-thumb bandwidth


@dataclass(frozen=True)
class _KnownMonths:
    """One series as known: its months, figures, their regimes, and how many were split from sums."""

    series: str
    when: Ints
    y: Floats
    under: list[MeasuresInForce]
    split: int

    def of(self, regime: MeasuresInForce) -> Bools:
        return np.array([own.measures == regime.measures for own in self.under])

    @property
    def unshut(self) -> Bools:
        """The months of the last regime without a closing measure that is known well enough."""
        for regime in dict.fromkeys(reversed([own for own in self.under if not own.closed])):
            if (mine := self.of(regime)).sum() >= KNOWN:
                return mine
        return np.zeros(len(self.y), dtype=bool)


@dataclass
class _MonthSampler:
    """What the months of one regime are drawn from: figures other than zero, their chances, and the chance of a zero."""

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

    The regime of a month is the set of measures in force (`core.spells`). A path draws the chances of the known months of the
    regime once (Bayesian bootstrap, Rubin 1981, Ann. Stat. 9:130; Dirichlet weights that halve every `half_life` months back
    from the regime's last one), then each month anew: zero or not, shrunk to the series' own share of zeros by one month's
    worth, and a known figure blurred by half the rule-of-thumb bandwidth in logarithms (Silverman 1986, eq. 3.28). No trend, no
    season. All scenarios of a series share their random numbers, month by month until their regimes part.

    A regime with no known month is answered only where the texts of its closing measures declare the share they stop: of the
    last regime without one; leak, leak_sd, part_sd as in `menu`.
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
        made = [self._one(vintage, series, asked, task.draws, rng) for series in task.series]
        return Forecast(task, np.stack([draws for draws, _ in made], axis=1), tuple(used for _, used in made), vintage.steps)

    def _one(self, vintage: Vintage, series: str, asked: Ints, draws: int, rng: np.random.Generator) -> tuple[Floats, Used]:
        when, y, split = measured_months(vintage.observed(series))
        if len(y) < FEWEST:
            raise TooShortError(f"{len(y)} usable months where {FEWEST} are needed", where=series, hint="a longer history")
        known = _KnownMonths(series, when, y, measures_in_force(vintage, series, when), split)
        urns: dict[frozenset[str], _MonthSampler] = {}
        notes: list[str] = []
        out = np.empty((draws, len(asked)))
        order = np.argsort(asked, kind="stable")
        for place, regime in zip(order, measures_in_force(vintage, series, asked[order]), strict=True):
            if regime.measures not in urns:
                urns[regime.measures], told = self._urn(vintage, known, regime, draws, rng)
                notes.append(told)
            out[:, place] = urns[regime.measures].draw(rng)
        if vintage.nonnegative:
            out = np.maximum(out, 0.0)
        return out, Used("months of the same regime", scale="none", split=split, notes=tuple(notes))

    def _urn(
        self, vintage: Vintage, known: _KnownMonths, regime: MeasuresInForce, draws: int, rng: np.random.Generator
    ) -> tuple[_MonthSampler, str]:
        mine = known.of(regime)
        if mine.any():
            if mine.sum() < KNOWN:
                problem = f"{mine.sum()} months of this regime are known where {KNOWN} are needed"
                raise TooShortError(problem, where=f"{known.series}: {regime.words}", hint="a later day")
            return self._filled(known, mine, draws, rng), f"{mine.sum()} months of {regime.words}"
        share = declared_share_left(vintage, regime) if regime.closed else None
        if share is None or not known.unshut.any():
            raise NotIdentifiedError(
                "no month of this regime is known", where=f"{known.series}: {regime.words}", hint="declare share_stopped"
            )
        urn = self._filled(known, known.unshut, draws, rng)
        full = share <= self.leak
        middle, spread = (self.leak, self.leak_sd) if full else (share, self.part_sd)
        urn.factor = np.minimum(middle * np.exp(spread * rng.standard_normal(draws)), 1.0)
        return urn, f"declared: {middle:.0%} of the last {known.unshut.sum()} months without such a measure"

    def _filled(self, known: _KnownMonths, mine: Bools, draws: int, rng: np.random.Generator) -> _MonthSampler:
        when, y = known.when[mine], known.y[mine]
        weight = 0.5 ** ((when[-1] - when) / self.half_life)
        zero, often = y == 0.0, float(np.mean(known.y == 0.0))
        empty = _beta_draws(often + float(weight[zero].sum()), 1.0 - often + float(weight[~zero].sum()), draws, rng)
        figures, alpha = y[~zero], weight[~zero]
        if not len(figures):  # none of them: a shipment like any other known one, at the chance above
            figures = known.y[known.y != 0.0]
            alpha = np.ones(len(figures))
        chances = rng.gamma(np.maximum(alpha, 1e-3), size=(draws, len(figures))) if len(figures) else np.empty((draws, 0))
        chances /= np.maximum(chances.sum(axis=1, keepdims=True), 1e-300)
        return _MonthSampler(figures, chances, empty, _kernel_bandwidth(figures, known.y))


def _beta_draws(a: float, b: float, draws: int, rng: np.random.Generator) -> Floats:
    """Draws of a chance; certain where one side has no weight at all."""
    made = rng.beta(max(a, 1e-12), max(b, 1e-12), size=draws)
    return np.zeros(draws) if a <= 0 else np.ones(draws) if b <= 0 else made


def _kernel_bandwidth(figures: Floats, all_figures: Floats) -> float:
    """Half the rule-of-thumb bandwidth of the logarithms, 0.53 s n^(-1/5); s of all months where one figure alone is known."""
    base: Sequence[float] | Floats = figures if len(figures) > 1 else all_figures[all_figures != 0.0]
    if len(base) < 2:
        return 0.0
    spread = min(float(np.std(np.log(np.abs(base)), ddof=1)), 1.0)
    return float(SMOOTH * 1.06 * spread * len(figures) ** -0.2)
