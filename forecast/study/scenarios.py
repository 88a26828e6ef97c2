"""Scenarios: one model asked again under declared changes of the calendar, and on what each answer rests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast.core import months
from forecast.core.contracts import failed
from forecast.core.errors import ConfigError, LookAheadError, NotIdentifiedError
from forecast.core.questions import Task
from forecast.core.results import Failure, Forecast, Used
from forecast.core.scenario import Scenario
from forecast.core.vintage import Vintage
from forecast.kernels.resample import systematic
from forecast.prep.policy_measures import Regime, declared, regimes
from forecast.study import ask

UNKNOWN = "no month of this regime is known"
IN_PART = "measures on a part of it alone"


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
            count = f"{self.known} months of this regime are known" if self.known > 1 else "1 month of this regime is known"
            return f"{self.regime}: {count}"
        if self.share is not None:
            return f"{self.regime}: {UNKNOWN}, its texts leave {self.share:.0%} of the trade, and the spread is declared"
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
    Failure that says so. So is the fan of a total over partners where a measure on a part of it begins or ends in the asked
    months: what the other partners would send then is not in the calendar. A scenario that changes what is known of the past is
    a LookAheadError.
    """
    names = [scenario.name for scenario in given]
    if len(set(names)) < len(names):
        raise ConfigError("two scenarios have one name", hint="give each its own")
    memo: dict[Any, Any] = {}
    out = []
    for scenario in given:
        then = vintage.under(scenario)
        for series in task.series:
            inner = task.about(series)
            rests = regime_basis(then, series, inner)
            refuse_changed_past(vintage, then, series, scenario.name)
            reason = _reason_unanswerable(then, inner, rests, scenario.name)
            if reason is not None:
                answer: Any = failed(method, inner, reason)
            else:
                answer = ask.answer(method, then, inner, seed, memo)
            out.append(Fan(scenario.name, series, answer, rests, scenario.probability))
    return out


def _reason_unanswerable(then: Vintage, task: Task, rests: Sequence[Basis], name: str) -> NotIdentifiedError | None:
    """Why a series has no fan under a scenario, None where it may have one."""
    series = task.series[0]
    missing = [part for part in rests if not part.known and part.share is None]
    if missing:
        return NotIdentifiedError(UNKNOWN, where=f"{series}, {name}: {missing[0].regime}", hint="declare share_stopped")
    asked = np.array([then.last_month(series), *sorted(task.ordinals(then))])
    now, *later = regimes(then, series, asked, whole=False)
    moved = next((regime for regime in later if regime.measures != now.measures), None)
    if moved is None:
        return None
    which = sorted(moved.measures ^ now.measures)
    verb = "begins or ends" if len(which) == 1 else "begin or end"
    return NotIdentifiedError(
        f"{' and '.join(which)} {verb} on a part of this total: what the whole does then is not identified",
        where=f"{series}, {name}",
        hint="the flows that the measure bears on",
    )


def refuse_changed_past(vintage: Vintage, then: Vintage, series: str, name: str) -> None:
    """A LookAheadError where a scenario changes a figure, or the measures of a month that has passed."""
    same = then.day == vintage.day and then.cells == vintage.cells
    if same and vintage.steps.unit == "month":
        passed = np.arange(vintage.observed(series).first, months.ordinal(vintage.day))
        for whole in (True, False):
            same = same and regimes(then, series, passed, whole) == regimes(vintage, series, passed, whole)
    if not same:
        problem = f"the scenario '{name}' changes what is known of the past"
        raise LookAheadError(problem, where=series, hint=f"changes after {vintage.day}")


def regime_basis(vintage: Vintage, series: str, task: Task) -> tuple[Basis, ...]:
    """The regimes of the asked months in order, each with its known months; the regime of the last figure counts as known."""
    asked = np.array(sorted(task.ordinals(vintage)))
    observed = vintage.observed(series)
    seen = observed.months[np.isfinite(observed.values)]
    past = regimes(vintage, series, seen)
    counts: dict[Regime, int] = {}
    for regime in past:
        counts[regime] = counts.get(regime, 0) + 1
    labels = regimes(vintage, series, asked)
    in_part = any(regime.measures for regime in regimes(vintage, series, asked, whole=False))
    out = []
    for regime in dict.fromkeys(labels):
        own = [m for m, label in zip(asked.tolist(), labels, strict=True) if label == regime]
        words = IN_PART if in_part and not regime.measures else regime.words
        first, last = vintage.steps.label(own[0]), vintage.steps.label(own[-1])
        out.append(Basis(words, first, last, counts.get(regime, 0), _declared_share(vintage, regime, past)))
    return tuple(out)


def _declared_share(vintage: Vintage, regime: Regime, past: Sequence[Regime]) -> float | None:
    """The declared share of a closed regime; None where another measure, never seen and without a share, holds beside it."""
    share = declared(vintage, regime) if regime.closed else None
    seen = frozenset().union(*(other.measures for other in past))
    return share if share == 0.0 or not regime.measures - regime.closing - seen else None


def pool_scenarios(fans: Sequence[Fan]) -> Forecast:
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
