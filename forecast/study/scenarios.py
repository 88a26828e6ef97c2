"""Scenario forecasts: one model under declared changes of the policy calendar, and what each answer is based on.

The calendar as it stands is the law as written, scheduled ends included: its scenario is the model's own forecast, draw by
draw.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from forecast.arrays import Ints
from forecast.core import months
from forecast.core.contracts import Answer, Forecaster, failure_for
from forecast.core.errors import ConfigError, LookAheadError, NotIdentifiedError
from forecast.core.presentation import shown, upper
from forecast.core.questions import Task
from forecast.core.results import Failure, Forecast, Used
from forecast.core.scenario import Scenario
from forecast.core.vintage import Vintage
from forecast.kernels.resample import systematic_resample
from forecast.prep.policy_measures import MeasuresInForce, declared_share_left, measures_in_force, months_under_way
from forecast.study import ask

if TYPE_CHECKING:
    from matplotlib.axes import Axes

UNKNOWN = "no month of this regime is known"
IN_PART = "measures on a part of it alone"


@dataclass(frozen=True)
class Basis:
    """One policy regime of the asked months: its name, the number of its months that are known, and the declared share left.

    Parameters
    ----------
    regime : str
        its name
    first, last : str
        the asked months under it
    known : int
        number of months of this regime that are known
    share : float, optional
        the share of the trade that its texts leave, from 0 to 1; None where they name none
    like : str, optional
        the months that a scenario names as its example; then `known` counts those
    lifts : bool, default False
        whether it is the present regime with measures lifted, and none besides
    """

    regime: str
    first: str
    last: str
    known: int
    share: float | None = None
    like: str = ""
    lifts: bool = False

    @property
    def text(self) -> str:
        """What the forecast of these months is based on, in words."""
        if self.known and self.like:
            return f"{self.regime}: as in the {self.known} known months of {self.like}"
        if self.known:
            count = f"{self.known} months of this regime are known" if self.known > 1 else "1 month of this regime is known"
            return f"{self.regime}: {count}"
        if self.share is not None:
            return f"{self.regime}: {UNKNOWN}, its texts leave {self.share:.0%} of the trade, and the spread is declared"
        return f"{self.regime}: {UNKNOWN}" + (", and it only lifts measures now in force" if self.lifts else "")


@shown
@dataclass(frozen=True)
class Fan:
    """One series under one scenario: joint draws over the asked months, or the reason there are none.

    Parameters
    ----------
    scenario : str
        its name
    series : str
        its key
    answer : Forecast or Failure
        joint draws, in the unit of the archive, or why there are none
    basis : tuple of Basis
        the regimes of the asked months, and what is known of each
    probability : float, optional
        as the scenario declares it, from 0 to 1
    caveat : str, optional
        what the law as written does that these data cannot answer, so that the fan takes the trade to go on
    """

    scenario: str
    series: str
    answer: Forecast | Failure
    basis: tuple[Basis, ...]
    probability: float | None = None
    caveat: str = ""

    def plot(self, ax: Axes | None = None) -> Axes:
        """History, median and 80 % band; `fc.plot.scenarios(fans)` draws several.

        Parameters
        ----------
        ax : Axes, optional
            matplotlib axes to draw on (default: new ones)

        Returns
        -------
        Axes
            with the unit of the report over months

        Raises
        ------
        NotIdentifiedError
            where the fan has no draws
        """
        axes: Axes = upper("plots.plot", "scenarios")([self], ax)
        return axes


def scenarios(
    method: Forecaster | str | Mapping[str, object],
    vintage: Vintage,
    task: Task,
    given: Iterable[Scenario],
    seed: int = 0,
    memo: ask.Memo | None = None,
) -> list[Fan]:
    """Forecasts of a task under declared changes of the policy calendar, series by series, with common random numbers.

    A scenario that leaves the calendar as it is has the model's own forecast. By the model `measures` the fans of a series
    share their paths, and a measure only takes away from them; other models find in the data what a measure does.

    A month of a regime never observed is answered only if its measures declare a share, or if it is the present regime less
    some of its measures; otherwise the answer is a Failure that says so. So is that of a total over partners where a measure
    on part of it begins or ends in the asked months, because the calendar does not say what the other partners would ship
    then. Under the calendar as it stands neither is refused: the fan has a `caveat`.

    Parameters
    ----------
    method : Forecaster, str or mapping
        a model, its name, or a mapping of its name and options (`{"use": ..., option: value}`)
    vintage : Vintage
        the data
    task : Task
        the series and months that are asked
    given : sequence of Scenario
        the scenarios, each with a name of its own
    seed : int, default 0
        of the random numbers, which the scenarios share
    memo : dict, optional
        answers already computed on the same data with the same seed, such as the forecast under the law as written

    Returns
    -------
    list of Fan
        one for each scenario and series, in that order: its `answer` (a Forecast or a Failure) and its `basis`, the known
        months, or the declared share, behind it

    Raises
    ------
    ConfigError
        where an argument is of another kind, two scenarios have one name, or one names an unknown event
    LookAheadError
        where a scenario changes what is known of the past

    Examples
    --------
    >>> import forecast as fc
    >>> vintage = fc.load_archive().latest
    >>> task = fc.Task(vintage.day, "USA.import.CHN.gallium", fc.months("2026-11", "2027-01"), draws=200)
    >>> extended = fc.Scenario("the suspension goes on", ends={"us_ban_suspension_2025": "never"})
    >>> fans = fc.scenarios("measures", vintage, task, [fc.Scenario("the ban returns"), extended])
    >>> {fan.scenario: bool(fan.answer.mean[0, -1] > 100) for fan in fans}  # kg in January 2027
    {'the ban returns': False, 'the suspension goes on': True}
    """
    method, given = ask.forecaster_from(method), list(given)
    names = [scenario.name for scenario in given]
    if len(set(names)) < len(names):
        raise ConfigError("two scenarios have one name", hint="give each its own")
    memo = {} if memo is None else memo
    lag = int(getattr(method, "lag_months", 0))
    out = []
    for scenario in given:
        changed = vintage.under(scenario)
        as_written = {e.id: e for e in changed.events} == {e.id: e for e in vintage.events}
        if as_written:
            changed = vintage
        for series in task.series:
            inner, under_way = task.for_series(series), months_under_way(series, lag)
            basis = regime_basis(changed, series, inner, under_way)
            refuse_changed_past(vintage, changed, series, scenario.name)
            reason = _reason_unanswerable(changed, inner, basis, scenario.name, under_way)
            if reason is not None and not as_written:
                answer: Answer = failure_for(method, inner, reason)
            else:
                answer = ask.answer(method, changed, inner, seed, memo)
            assert isinstance(answer, Forecast | Failure)
            caveat = reason.problem if reason is not None and isinstance(answer, Forecast) else ""
            if isinstance(answer, Forecast):
                answer = replace(answer, history=vintage.only([series]))
            out.append(Fan(scenario.name, series, answer, basis, scenario.probability, caveat))
    return out


def _reason_unanswerable(
    changed: Vintage, task: Task, basis: Sequence[Basis], name: str, under_way: int
) -> NotIdentifiedError | None:
    """Why a series has no fan under a scenario; None if it may have one."""
    series = task.series[0]
    missing = [part for part in basis if not part.known and part.share is None and not part.lifts]
    if missing:
        return NotIdentifiedError(UNKNOWN, where=f"{series}, {name}: {missing[0].regime}", hint="declare share_stopped")
    asked = np.array([changed.last_month(series), *sorted(task.ordinals(changed))])
    now, *later = measures_in_force(changed, series, asked, whole=False, under_way=under_way)
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


def refuse_changed_past(vintage: Vintage, changed: Vintage, series: str, name: str) -> None:
    """Raise LookAheadError if a scenario changes a figure, or the measures in force in a past month."""
    same = changed.day == vintage.day and changed.cells == vintage.cells
    if same and vintage.steps.unit == "month":
        passed = np.arange(vintage.observed(series).first, months.ordinal(vintage.day))
        for whole in (True, False):
            same = same and measures_in_force(changed, series, passed, whole) == measures_in_force(
                vintage, series, passed, whole
            )
    if not same:
        problem = f"the scenario '{name}' changes what is known of the past"
        raise LookAheadError(problem, where=series, hint=f"changes after {vintage.day}")


def regime_basis(vintage: Vintage, series: str, task: Task, under_way: int = 0) -> tuple[Basis, ...]:
    """The regimes of the asked months in order, each with the number of its months in which a figure is known.

    under_way : months that goods are under way before they show a measure (`policy_measures.measures_in_force`)
    """
    asked = np.array(sorted(task.ordinals(vintage)))
    observed = vintage.observed(series)
    seen = observed.months[np.isfinite(observed.values)]
    past = measures_in_force(vintage, series, seen, under_way=under_way)
    counts: dict[MeasuresInForce, int] = {}
    for regime in past:
        counts[regime] = counts.get(regime, 0) + 1
    present, *labels = measures_in_force(vintage, series, np.array([vintage.last_month(series), *asked]), under_way=under_way)
    part = measures_in_force(vintage, series, asked, whole=False, under_way=under_way)
    in_part = any(regime.measures for regime in part)
    out = []
    for regime in dict.fromkeys(labels):
        own = [m for m, label in zip(asked.tolist(), labels, strict=True) if label == regime]
        words = IN_PART if in_part and not regime.measures else regime.words
        first, last = vintage.steps.label(own[0]), vintage.steps.label(own[-1])
        like = next((span for name in sorted(regime.closing) if (span := vintage.events[name].like)), "")
        known = _count_within(seen, like) if like else counts.get(regime, 0)
        lifts = regime.measures < present.measures
        out.append(Basis(words, first, last, known, _declared_share(vintage, regime, past), like, lifts))
    return tuple(out)


def _count_within(seen: Ints, span: str) -> int:
    first, last = months.parse_period(span)
    return int(((seen >= first) & (seen <= last)).sum())


def _declared_share(vintage: Vintage, regime: MeasuresInForce, past: Sequence[MeasuresInForce]) -> float | None:
    """The declared share of a closed regime; None if another measure, never observed and without a share, is also in force."""
    share = declared_share_left(vintage, regime) if regime.closed else None
    seen = frozenset().union(*(other.measures for other in past))
    return share if share == 0.0 or not regime.measures - regime.closing - seen else None


def pool_scenarios(fans: Sequence[Fan]) -> Forecast:
    """The mixture of one series' scenarios by their declared probabilities; refused if one is missing or unanswered."""
    given = [fan.probability for fan in fans]
    if any(p is None for p in given) or abs(sum(p or 0.0 for p in given) - 1.0) > 1e-6:
        raise ConfigError(
            "scenarios are pooled only where each has a probability and they add up to 1", hint="probability = 0.25"
        )
    answers = [fan.answer for fan in fans]
    failures = [fan.scenario for fan in fans if isinstance(fan.answer, Failure) and fan.probability]
    if failures:
        raise NotIdentifiedError(f"no fan under '{failures[0]}'", hint="scenarios whose regimes are known or declared")
    made = [(a, p) for a, p in zip(answers, given, strict=True) if isinstance(a, Forecast) and p is not None]
    first = made[0][0]
    count = first.task.draws
    index = np.random.default_rng(count).permutation(systematic_resample(np.array([p for _, p in made]), count))
    draws = np.stack([a.draws for a, _ in made])[index, np.arange(count)]
    words = ", ".join(f"{fan.scenario} {fan.probability:.0%}" for fan in fans)
    used = Used(f"scenarios by declared probability: {words}", scale=first.used[0].scale)
    return Forecast(first.task, draws, (used,), first.steps)
