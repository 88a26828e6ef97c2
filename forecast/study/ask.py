"""Ask one question of one method: answers it rests on first, a seed of its own, failures as rows."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from forecast.core import registry
from forecast.core.contracts import Answer, failed
from forecast.core.effects import Effect
from forecast.core.errors import ForecastError, LookAheadError, MissingExtraError
from forecast.core.questions import Design, Task
from forecast.core.results import Forecast
from forecast.core.vintage import Vintage

Question = Task | Design
METHOD_ERRORS = (ForecastError, ArithmeticError, ValueError, np.linalg.LinAlgError)  # what turns into a Failure


def seed_of(seed: int, method: Any, question: Question) -> int:
    """A job's seed: a hash of the config's seed, the method's words, the question's series and its stream.

    Data, order and code version do not enter, so two vintages share their random numbers; nor does the day of a question but
    through its stream, which holds the cutoff of an old one: luck that all cutoffs shared would not average out.
    """
    series = question.series if isinstance(question, Task) else question.treated
    stream = [question.stream] if isinstance(question, Task) and question.stream else []
    text = json.dumps([seed, registry.spec_of(method), list(series), *stream], sort_keys=True, default=str)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def rng_of(seed: int, method: Any, question: Question) -> np.random.Generator:
    """The generator of a job."""
    return np.random.default_rng(seed_of(seed, method, question))


def answer(method: Any, vintage: Vintage, question: Question, seed: int = 0, memo: dict[Any, Answer] | None = None) -> Answer:
    """The answer to a question; what the method cannot answer is a Failure.

    memo : answers already given, shared between calls that stand on the same archive.
    """
    memo = {} if memo is None else memo
    key = key_of(method, vintage, question)
    if key not in memo:
        try:
            memo[key] = answer_or_raise(method, vintage, question, seed, memo)
        except METHOD_ERRORS as error:
            memo[key] = failed(method, question, error)
    return memo[key]


def key_of(method: Any, vintage: Vintage, question: Question) -> tuple[str, str]:
    """What an answer is remembered by: the method's words, and the question with what can be seen of it."""
    words = json.dumps(registry.spec_of(method), sort_keys=True, default=str)
    return words, f"{vintage.day}|{vintage.holes}|{vintage.events.spelling}|{question!r}"


def answer_or_raise(
    method: Any, vintage: Vintage, question: Question, seed: int = 0, memo: dict[Any, Answer] | None = None
) -> Answer:
    """The answer to a question put by hand: what the method cannot answer is raised.

    A Task that stands on an earlier day than the vintage is answered with what was known on that day.
    """
    if isinstance(question, Task) and question.day < vintage.day:
        vintage = vintage.earlier(question.day)
    return answer_given(method, vintage, question, seed, required_answers(method, vintage, question, seed, memo))


def answer_given(method: Any, vintage: Vintage, question: Question, seed: int, answers: Sequence[Answer]) -> Answer:
    """The answer to a question, given those it rests on; what the method cannot answer is raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if isinstance(question, Task):
            made: Answer = method.predict(vintage, question, rng_of(seed, method, question), answers)
        else:
            made = method.estimate(vintage, question, rng_of(seed, method, question), answers)
    return _require_finite(made)


def required_answers(
    method: Any, vintage: Vintage, question: Question, seed: int = 0, memo: dict[Any, Answer] | None = None
) -> list[Answer]:
    """The answers a method rests on, as it asks for them: (spec, question), on the same day or an earlier one.

    A method may add a vintage of its own, (spec, question, vintage), where the inner question must see less (a hole).
    """
    memo = {} if memo is None else memo
    asked = required_questions(method, vintage, question)
    groups: dict[str, list[int]] = {}
    for i, (spec, _, _) in enumerate(asked):
        groups.setdefault(json.dumps(spec, sort_keys=True, default=str), []).append(i)
    out: list[Answer | None] = [None] * len(asked)
    for places in groups.values():
        inner = registry.build(_kind_of(asked[places[0]][1]), asked[places[0]][0])
        made = answer_many(inner, [asked[i][1:] for i in places], seed, memo)
        for i, one in zip(places, made, strict=True):
            out[i] = one
    return [one for one in out if one is not None]


def required_questions(method: Any, vintage: Vintage, question: Question) -> list[tuple[Any, Question, Vintage]]:
    """What a method asks for, each question with the vintage of its day; a later day is a LookAheadError."""
    out = []
    for spec, inner, *own in method.asks(vintage, question) if hasattr(method, "asks") else ():
        seen = own[0] if own else vintage
        if seen.day > vintage.day:
            problem = f"{method.name} asks on {seen.day}, standing on {vintage.day}"
            raise LookAheadError(problem, hint="the same day or an earlier one")
        if isinstance(inner, Task) and inner.day != seen.day:
            seen = seen.earlier(inner.day)
        out.append((spec, inner, seen))
    return out


def answer_many(
    method: Any, asked: Sequence[tuple[Question, Vintage]], seed: int = 0, memo: dict[Any, Answer] | None = None
) -> list[Answer]:
    """Answers to many questions: those of a model with `predict_many`, or their members', in one call each."""
    memo = {} if memo is None else memo
    keys = [key_of(method, vintage, question) for question, vintage in asked]
    new = _unanswered(keys, memo)
    if hasattr(method, "predict_many") and len(new) > 1:
        tasks = [(vintage, task) for task, vintage in (asked[i] for i in new) if isinstance(task, Task)]
        rngs = [rng_of(seed, method, task) for _, task in tasks]
        for i, made in zip(new, answer_batch(method, tasks, rngs, [[] for _ in tasks]), strict=True):
            memo[keys[i]] = made
    elif hasattr(method, "asks") and len(new) > 1:
        _answer_members(method, [asked[i] for i in new], seed, memo)
    return [answer(method, vintage, question, seed, memo) for question, vintage in asked]


def _unanswered(keys: Sequence[Any], memo: Mapping[Any, Answer]) -> list[int]:
    """Places of the keys not answered yet, each once."""
    places: dict[Any, int] = {}
    for i, key in enumerate(keys):
        if key not in memo:
            places.setdefault(key, i)
    return list(places.values())


def _answer_members(method: Any, asked: Sequence[tuple[Question, Vintage]], seed: int, memo: dict[Any, Answer]) -> None:
    """Put what many questions rest on to each member at once, into the memo; what cannot be asked fails when it is answered."""
    groups: dict[str, tuple[Any, list[tuple[Question, Vintage]]]] = {}
    for question, vintage in asked:
        try:
            inner_questions = required_questions(method, vintage, question)
        except METHOD_ERRORS:
            continue
        for spec, inner, seen in inner_questions:
            groups.setdefault(json.dumps(spec, sort_keys=True, default=str), (spec, []))[1].append((inner, seen))
    for spec, together in groups.values():
        answer_many(registry.build(_kind_of(together[0][0]), spec), together, seed, memo)


def answer_batch(
    method: Any,
    asked: list[tuple[Vintage, Task]],
    rngs: list[np.random.Generator],
    answers: list[list[Answer]],
) -> list[Answer]:
    """A whole batch in one call of `predict_many`, which turns failures into rows itself; one by one if the call fails."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made: list[Answer] = list(method.predict_many(asked, rngs, answers))
    except MissingExtraError as error:
        return [failed(method, task, error) for _, task in asked]
    except METHOD_ERRORS:
        return [
            _answer_or_failure(method, task, partial(method.predict, vintage, task, rng, inner))
            for (vintage, task), rng, inner in zip(asked, rngs, answers, strict=True)
        ]
    return [_answer_or_failure(method, task, partial(_identity, one)) for (_, task), one in zip(asked, made, strict=True)]


def _answer_or_failure(method: Any, question: Question, make: Callable[[], Answer]) -> Answer:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _require_finite(make())
    except METHOD_ERRORS as error:
        return failed(method, question, error)


def _identity(made: Answer) -> Answer:
    return made


def _require_finite(made: Answer) -> Answer:
    if isinstance(made, Forecast) and not np.isfinite(made.draws).all():
        raise ArithmeticError("the forecast is not finite")
    return made


def _kind_of(question: Question) -> str:
    return "model" if isinstance(question, Task) else "estimator"


__all__ = [
    "Effect", "answer", "answer_many", "failed", "given", "key_of", "made_many", "put", "rng_of", "seed_of", "told", "wanted",
]  # fmt: skip
