"""Look-ahead test: a question asked again after everything later than its day was corrupted; no answer may change."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast.core import registry
from forecast.core.contracts import Answer
from forecast.core.effects import Effect
from forecast.core.identity import identity
from forecast.core.questions import Design, Task
from forecast.core.results import Failure, Forecast
from forecast.core.vintage import Vintage
from forecast.study import ask
from forecast.study.data.corrupt_future import KINDS, corrupt_view, patch_archives
from forecast.study.data.real_time import RealTimeView
from forecast.study.effects import judge
from forecast.study.effects.shipped_gates import CheckSpec

PLACEBOS = 2  # of a judged effect


@dataclass(frozen=True)
class LeakageQuestion:
    """One question to one method: the method's label in the config, its spec, what it is about, and the day it is asked on.

    put : makes the vintage and the question from a real-time view
    checks : the gates that judge an effect, instead of the shipped ones
    """

    method: str
    spec: dict[str, Any]
    about: str
    day: dt.date
    put: Callable[[RealTimeView], tuple[Vintage, Task | Design]]
    checks: Sequence[CheckSpec] | None = None


@dataclass(frozen=True)
class Leak:
    """An answer that changed with information not known on its day."""

    method: str
    about: str
    day: dt.date
    why: str
    change: str

    @property
    def text(self) -> str:
        """The leak in one line."""
        return f"LEAK in {self.method}, {self.about}, standing on {self.day}: {self.change}; it follows {self.why}"


def find_leaks(
    view: RealTimeView, asked: Sequence[LeakageQuestion], seed: int = 0, tell: Callable[[str], None] = print
) -> list[Leak]:
    """Answers that change when everything not known on their day is corrupted; empty if no method looks ahead.

    Each question is asked twice with the same seed. Where the answer changes, it is asked again with each kind of garbage
    alone, to find what it depends on. A method that does not repeat its own answer cannot be checked and is reported as such.
    """
    found: list[Leak] = []
    for day in sorted({one.day for one in asked}):
        mine = [one for one in asked if one.day == day]
        first, second = _answers(view, mine, seed), _answers_with_corrupt_future(view, mine, day, seed)
        changed = [(one, describe_difference(a, b)) for one, a, b in zip(mine, first, second, strict=True)]
        changed = [(one, change) for one, change in changed if change]
        found += [Leak(one.method, one.about, day, _causes(view, one, seed), change) for one, change in changed]
        tell(f"{day}: {len(mine)} answers, {len(changed) or 'none'} changed")
    return found


def _answers(view: RealTimeView, asked: Sequence[LeakageQuestion], seed: int) -> list[Answer]:
    """Answers to questions of one day; questions about the same thing share the answers they require."""
    from threadpoolctl import threadpool_limits

    memos: dict[str, ask.Memo] = {}
    with threadpool_limits(1):
        return [_answer(view, one, seed, memos.setdefault(one.about, {})) for one in asked]


def _answer(view: RealTimeView, one: LeakageQuestion, seed: int, memo: ask.Memo) -> Answer:
    vintage, question = one.put(view)
    if isinstance(question, Task):
        return ask.answer(registry.build("model", one.spec), vintage, question, seed, memo)
    method = registry.build("estimator", one.spec)
    return judge.estimate(method, vintage, question, seed, memo=memo, placebos=PLACEBOS, checks=one.checks)


def _answers_with_corrupt_future(
    view: RealTimeView, asked: Sequence[LeakageQuestion], day: dt.date, seed: int, kinds: Sequence[str] = KINDS
) -> list[Answer]:
    other = corrupt_view(view, day, kinds)
    with patch_archives(day, kinds, view.lags):
        return _answers(other, asked, seed)


def _causes(view: RealTimeView, one: LeakageQuestion, seed: int) -> str:
    """What a changed answer depends on: the kinds of garbage that change it alone."""
    plain = _answers(view, [one], seed)[0]
    if describe_difference(plain, _answers(view, [one], seed)[0]):
        return "nothing that can be told: the same question twice does not give the same answer"
    why = [
        kind
        for kind in KINDS
        if describe_difference(plain, _answers_with_corrupt_future(view, [one], one.day, seed, (kind,))[0])
    ]
    return " and ".join(why) or "several kinds of later news together"


def describe_difference(one: Answer, other: Answer) -> str:
    """The difference between two answers, in words; empty where they are identical to the last bit."""
    if type(one).__name__ != type(other).__name__:
        return f"{_answer_type(one)} becomes {_answer_type(other)}"
    if isinstance(one, Forecast) and isinstance(other, Forecast) and not np.array_equal(one.draws, other.draws):
        return _forecast_difference(one, other)
    if isinstance(one, Effect) and isinstance(other, Effect) and (change := _effect_difference(one, other)):
        return change
    was, now = _full_text(one), _full_text(other)
    if was == now:
        return ""
    at = next((i for i, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), min(len(was), len(now)))
    return f"its figures stay, its words change: '...{was[max(at - 30, 0) : at + 40]}' becomes '...{now[at : at + 40]}'"


def _forecast_difference(one: Forecast, other: Forecast) -> str:
    """The month whose median moved most, relative to the width of the forecast."""
    if one.draws.shape != other.draws.shape:
        return f"{one.draws.shape} draws become {other.draws.shape}"
    was, now = (np.median(f.draws, axis=0) for f in (one, other))
    low, high = np.quantile(one.draws, [0.1, 0.9], axis=0)
    if np.array_equal(was, now):
        return "its median stays, its bands move"
    series, month = np.unravel_index(int(np.argmax(np.abs(now - was) / np.maximum(high - low, 1e-12))), was.shape)
    name, label = one.task.series[int(series)], one.task.months[int(month)]
    return f"the median of {name} in {label} moves from {was[series, month]:,.6g} to {now[series, month]:,.6g}"


def _effect_difference(one: Effect, other: Effect) -> str:
    """How far an estimate or its counterfactual moved; empty where neither did."""
    had, has = one.counterfactual, other.counterfactual
    if had is None or has is None:
        return "" if had is has else f"its estimate {'is gone' if has is None else 'is new'}"
    was, now = one.cumulative.estimate, other.cumulative.estimate
    if was != now:
        return f"its estimate moves from {was:,.6g} to {now:,.6g} {one.unit}"
    if np.array_equal(had, has):
        return ""
    return (
        f"what it is measured against moves from {had.mean():,.6g} to {has.mean():,.6g} {one.unit} a month, its estimate stays"
    )


def _answer_type(answer: Answer) -> str:
    return f"a failure ({answer.reason})" if isinstance(answer, Failure) else f"an answer ({type(answer).__name__.lower()})"


def _full_text(answer: Answer) -> str:
    """The text of an answer with every digit; of a forecast, everything but the draws."""
    with np.printoptions(threshold=sys.maxsize, precision=17):
        return identity(answer.used) if isinstance(answer, Forecast) else identity(answer)
