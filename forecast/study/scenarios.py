"""Scenarios: one model asked again under declared changes of the calendar, and on what each answer rests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast.core.contracts import failed
from forecast.core.errors import ConfigError, NotIdentifiedError
from forecast.core.questions import Task
from forecast.core.results import Failure, Forecast, Used
from forecast.core.scenario import Scenario
from forecast.core.spells import Regime, declared, regimes
from forecast.core.vintage import Vintage
from forecast.kernels.breaks import systematic
from forecast.study import ask

UNKNOWN = "no month of this regime is known"


@dataclass(frozen=True)
class Basis:
    """One regime of the asked months: its name, how many of its months are known, and the declared share it leaves."""

    regime: str
    first: str
    last: str
    known: int
    share: float | None = None

    @property
    def text(self) -> str:
        """On what the months rest, in words."""
        if self.known:
            return f"{self.regime}: {self.known} months of this regime are known"
        if self.share is not None:
            return f"{self.regime}: {UNKNOWN}; the level is declared, {self.share:.0%} of the old one, with a declared spread"
        return f"{self.regime}: {UNKNOWN}"


@dataclass(frozen=True)
class Fan:
    """One series under one scenario: joint draws over the asked months, or the reason why there are none."""

    scenario: str
    series: str
    answer: Forecast | Failure
    basis: tuple[Basis, ...]
    probability: float | None = None


def scenarios(method: Any, vintage: Vintage, task: Task, given: Sequence[Scenario], seed: int = 0) -> list[Fan]:
    """The model's answer to a task under each scenario, series by series, all from the same random numbers.

    A month whose regime was never seen is answered only where the texts of its measures declare a share; else the fan is a
    Failure that says so.
    """
    names = [scenario.name for scenario in given]
    if len(set(names)) < len(names):
        raise ConfigError("two scenarios have one name", hint="give each its own")
    memo: dict[Any, Any] = {}
    out = []
    for scenario in given:
        then = vintage.under(scenario)
        for series in task.series:
            inner = Task(task.day, series, task.months, task.fitted_on, task.draws)
            rests = basis(then, series, inner)
            missing = [part for part in rests if not part.known and part.share is None]
            if missing:
                reason = NotIdentifiedError(
                    UNKNOWN, where=f"{series}, {scenario.name}: {missing[0].regime}", hint="declare share_stopped"
                )
                answer: Any = failed(method, inner, reason)
            else:
                answer = ask.answer(method, then, inner, seed, memo)
            out.append(Fan(scenario.name, series, answer, rests, scenario.probability))
    return out


def basis(vintage: Vintage, series: str, task: Task) -> tuple[Basis, ...]:
    """The regimes of the asked months in order, each with its known months; the regime of the last figure counts as known."""
    asked = np.array(sorted(task.ordinals(vintage)))
    observed = vintage.observed(series)
    seen = observed.months[np.isfinite(observed.values)]
    past = regimes(vintage, series, seen)
    counts: dict[Regime, int] = {}
    for regime in past:
        counts[regime] = counts.get(regime, 0) + 1
    labels = regimes(vintage, series, asked)
    out = []
    for regime in dict.fromkeys(labels):
        own = [m for m, label in zip(asked.tolist(), labels, strict=True) if label == regime]
        share = _share(vintage, regime, past)
        out.append(Basis(regime.words, vintage.steps.label(own[0]), vintage.steps.label(own[-1]), counts.get(regime, 0), share))
    return tuple(out)


def _share(vintage: Vintage, regime: Regime, past: Sequence[Regime]) -> float | None:
    """The declared share of a closed regime; None where another measure, never seen and without a share, holds beside it."""
    share = declared(vintage, regime) if regime.closed else None
    seen = frozenset().union(*(other.measures for other in past))
    return share if share == 0.0 or not regime.measures - regime.closing - seen else None


def mixed(fans: Sequence[Fan]) -> Forecast:
    """The scenarios of one series pooled by the probabilities their author gave; refused where one is missing or unanswered."""
    given = [fan.probability for fan in fans]
    if any(p is None for p in given) or abs(sum(p or 0.0 for p in given) - 1.0) > 1e-6:
        raise ConfigError(
            "scenarios are pooled only where each has a probability and they add up to 1", hint="probability = 0.25"
        )
    answers = [fan.answer for fan in fans]
    lost = [fan.scenario for fan in fans if isinstance(fan.answer, Failure) and fan.probability]
    if lost:
        raise NotIdentifiedError(f"no fan under '{lost[0]}'", hint="scenarios whose regimes are known or declared")
    made = [(a, p) for a, p in zip(answers, given, strict=True) if isinstance(a, Forecast) and p is not None]
    first = made[0][0]
    count = first.task.draws
    index = np.random.default_rng(count).permutation(systematic(np.array([p for _, p in made]), count))
    draws = np.stack([a.draws for a, _ in made])[index, np.arange(count)]
    words = ", ".join(f"{fan.scenario} {fan.probability:.0%}" for fan in fans)
    used = Used(f"scenarios by declared probability: {words}", scale=first.used[0].scale)
    return Forecast(first.task, draws, (used,), first.steps)
