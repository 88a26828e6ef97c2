"""Ask a method one question: the answers it requires come first, each job has its own seed, failures become rows."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol, cast

import numpy as np

from forecast.core import registry
from forecast.core.contracts import Answer, Answers, Estimator, Forecaster, failure_for
from forecast.core.effects import Effect
from forecast.core.errors import ForecastError, LookAheadError, MissingExtraError
from forecast.core.identity import identity
from forecast.core.questions import Design, Task
from forecast.core.results import Failure, Forecast
from forecast.core.time_axis import Steps
from forecast.core.vintage import Vintage
from forecast.study.answers_in_blocks import AnswersInBlocks, block_starts

Question = Task | Design
Method = Forecaster | Estimator
Spec = str | Mapping[str, object]  # the name of a plug-in, or {"use": name, option: value, ...}
Memo = dict[tuple[str, str], Answer]  # answers by `key_of`
METHOD_ERRORS = (ForecastError, ArithmeticError, ValueError, np.linalg.LinAlgError)  # recorded as a Failure
MOST_BUILT = 64  # methods kept that other methods ask
_built: dict[tuple[type, str], Method] = {}
SPELLING = "_spelling"  # where a method keeps its spec as text


class BatchForecaster(Forecaster, Protocol):
    """A forecaster that answers many questions in one call."""

    def predict_many(
        self, questions: Sequence[tuple[Vintage, Task]], rngs: Sequence[np.random.Generator], answers: Sequence[Answers]
    ) -> Sequence[Answer]:
        """One answer per question; failures are returned, not raised."""


def forecaster_from(method: Forecaster | Spec) -> Forecaster:
    """A forecaster as it is, or built from its name or its options."""
    made: Forecaster = registry.build("model", method) if isinstance(method, str | Mapping) else method
    return made


def estimator_from(method: Estimator | Spec) -> Estimator:
    """An estimator as it is, or built from its name or its options."""
    made: Estimator = registry.build("estimator", method) if isinstance(method, str | Mapping) else method
    return made


def name_of(method: Method) -> str:
    """The name a method is registered under; the registry sets it, so the Protocols do not declare it."""
    plugin: Any = method
    return str(plugin.name)


def seed_of(seed: int, method: Method, question: Question) -> int:
    """The seed of a job: a hash of the config's seed, the method's spec, the question's series and its random stream.

    Data, order and code version do not enter, so two vintages share their random numbers. The day of a question does not
    enter either, except through the stream, which holds the cutoff of a backtest question: a draw common to all cutoffs would
    not average out.
    """
    series = question.series if isinstance(question, Task) else question.treated
    stream = [question.stream] if isinstance(question, Task) and question.stream else []
    rest = json.dumps([list(series), *stream], default=str)
    text = f"[{json.dumps(seed, default=str)}, {_spelling_of(method)}, {rest[1:]}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def _spelling_of(method: Method) -> str:
    """The spec of a method as text, which a method keeps: it is asked a thousand questions."""
    kept = getattr(method, "__dict__", {})
    if SPELLING not in kept:
        kept[SPELLING] = json.dumps(registry.spec_of(method), sort_keys=True, default=str)
    return str(kept[SPELLING])


def rng_of(seed: int, method: Method, question: Question) -> np.random.Generator:
    """The random number generator of a job."""
    return np.random.default_rng(seed_of(seed, method, question))


def answer(method: Method, vintage: Vintage, question: Question, seed: int = 0, memo: Memo | None = None) -> Answer:
    """The answer to a question; what the method cannot answer is a Failure.

    memo : answers already computed, shared between calls on the same archive.
    """
    memo = {} if memo is None else memo
    key = key_of(method, vintage, question)
    if key not in memo:
        memo[key] = _answer_anew(method, vintage, question, seed, memo)
    return memo[key]


def _answer_anew(
    method: Method,
    vintage: Vintage,
    question: Question,
    seed: int,
    memo: Memo,
    required: Sequence[tuple[Any, Question, Vintage]] | None = None,
) -> Answer:
    """The answer that no memo holds yet; `required` as `required_questions` tells it, where that is known."""
    try:
        if required is None:
            made = answer_or_raise(method, vintage, question, seed, memo)
        else:
            made = answer_given(method, vintage, question, seed, _answer_required(required, seed, memo))
    except METHOD_ERRORS as error:
        made = failure_for(method, question, error)
    return _in_own_steps(made, vintage.steps)


def _in_own_steps(made: Answer, steps: Steps) -> Answer:
    """An answer whose notes, or whose reason for failing, speak of the panel's own steps."""
    if steps.unit == "month":
        return made
    if isinstance(made, Failure):
        return replace(made, reason=steps.words(made.reason))
    return replace(made, used=tuple(replace(u, notes=tuple(map(steps.words, u.notes))) for u in made.used))


def key_of(method: Method, vintage: Vintage, question: Question) -> tuple[str, str]:
    """The key of an answer in a memo: the method's spec, and the question with what can be seen of it."""
    return _spelling_of(method), _situation(vintage, question)


def spec_text(spec: Any) -> str:
    """A spec as text, equal for equal specs."""
    if isinstance(spec, str):
        return spec
    return json.dumps(spec, sort_keys=True, default=str)


def _situation(vintage: Vintage, question: Question) -> str:
    return f"{vintage.day}|{vintage.holes}|{vintage.events.fingerprint}|{identity(question)}"


def answer_or_raise(method: Method, vintage: Vintage, question: Question, seed: int = 0, memo: Memo | None = None) -> Answer:
    """The answer to a single question; what the method cannot answer is raised.

    A Task whose day is earlier than the vintage is answered with what was known on that day.
    """
    if isinstance(question, Task) and question.day < vintage.day:
        vintage = vintage.earlier(question.day)
    return answer_given(method, vintage, question, seed, required_answers(method, vintage, question, seed, memo))


def answer_given(method: Method, vintage: Vintage, question: Question, seed: int, answers: Sequence[Answer]) -> Answer:
    """The answer to a question, given the answers it requires; what the method cannot answer is raised."""
    rng = rng_of(seed, method, question)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if isinstance(question, Task):
            made: Answer = cast(Forecaster, method).predict(vintage, question, rng, answers)
        else:
            made = cast(Estimator, method).estimate(vintage, question, rng, answers)
    return _require_finite(made)


def required_answers(
    method: Method, vintage: Vintage, question: Question, seed: int = 0, memo: Memo | None = None
) -> Sequence[Answer]:
    """The answers a method requires, in the order of its `asks`: (spec, question), on the same day or an earlier one.

    A method may add a vintage, (spec, question, vintage), where the inner question must see less (a hole). Many answers that
    nobody else needs are made in blocks, if the method `reads_in_order`.
    """
    required = required_questions(method, vintage, question)
    if memo is None and getattr(method, "reads_in_order", False) and len(block_starts(required)) > 1:
        return AnswersInBlocks(required, partial(_answer_required, seed=seed, memo=None))
    return _answer_required(required, seed, memo)


def _answer_required(required: Sequence[tuple[Any, Question, Vintage]], seed: int, memo: Memo | None) -> list[Answer]:
    """Answers in the order asked; questions to the same method are answered together, so that it can batch them."""
    memo = {} if memo is None else memo
    groups: dict[str, list[int]] = {}
    for i, (spec, _, _) in enumerate(required):
        groups.setdefault(spec_text(spec), []).append(i)
    out: list[Answer | None] = [None] * len(required)
    for places in groups.values():
        inner = _method_asked(_kind_of(required[places[0]][1]), required[places[0]][0])
        made = answer_many(inner, [required[i][1:] for i in places], seed, memo)
        for i, one in zip(places, made, strict=True):
            out[i] = one
    return [one for one in out if one is not None]


def _method_asked(kind: str, spec: Any) -> Method:
    """The method of a spec, which has no state and is asked again for every question that rests on it."""
    try:
        key = registry.get(kind, spec if isinstance(spec, str) else spec["use"]), json.dumps(spec, sort_keys=True)
    except (TypeError, KeyError):  # no plain text, or no name: told where it is built
        return cast(Method, registry.build(kind, spec))
    if key not in _built:
        if len(_built) >= MOST_BUILT:
            _built.clear()
        _built[key] = registry.build(kind, spec)
    return _built[key]


def forecaster_asked(spec: Any) -> Forecaster:
    """The model of a spec, as `forecaster_from` builds it, but one and the same for all who ask it."""
    return cast(Forecaster, _method_asked("model", spec))


def required_questions(method: Method, vintage: Vintage, question: Question) -> list[tuple[Any, Question, Vintage]]:
    """The questions a method asks first, each with the vintage of its day; a later day is a LookAheadError."""
    out = []
    for spec, inner, *own in method.asks(vintage, question) if hasattr(method, "asks") else ():
        seen = own[0] if own else vintage
        if seen.day > vintage.day:
            problem = f"{name_of(method)} asks on {seen.day}, standing on {vintage.day}"
            raise LookAheadError(problem, hint="the same day or an earlier one")
        if isinstance(inner, Task) and inner.day != seen.day:
            seen = seen.earlier(inner.day)
        out.append((spec, inner, seen))
    return out


def answer_many(
    method: Method, asked: Sequence[tuple[Question, Vintage]], seed: int = 0, memo: Memo | None = None
) -> list[Answer]:
    """Answers to many questions, in one call of `predict_many` where the method, or what it requires, offers it."""
    memo = {} if memo is None else memo
    spec = _spelling_of(method)
    keys = [(spec, _situation(vintage, question)) for question, vintage in asked]
    first: dict[tuple[str, str], int] = {}
    for i, key in enumerate(keys):
        if key not in memo:
            first.setdefault(key, i)
    new = list(first.values())
    if hasattr(method, "predict_many") and len(new) > 1:
        tasks = [(vintage, task) for task, vintage in (asked[i] for i in new) if isinstance(task, Task)]
        rngs = [rng_of(seed, method, task) for _, task in tasks]
        made = answer_batch(cast(Forecaster, method), tasks, rngs, [[] for _ in tasks])
        memo.update(zip((keys[i] for i in new), made, strict=True))
    elif hasattr(method, "asks") and len(new) > 1:
        required = _answer_members(method, [asked[i] for i in new], seed, memo)
        for i, inner in zip(new, required, strict=True):
            memo[keys[i]] = _answer_anew(method, asked[i][1], asked[i][0], seed, memo, inner)
    return [
        memo[key] if key in memo else answer(method, vintage, question, seed, memo)
        for key, (question, vintage) in zip(keys, asked, strict=True)
    ]


def _answer_members(
    method: Method, asked: Sequence[tuple[Question, Vintage]], seed: int, memo: Memo
) -> list[list[tuple[Any, Question, Vintage]] | None]:
    """Fill the memo with what many questions require, member by member; what each requires, None where it has to ask itself."""
    groups: dict[str, tuple[Any, list[tuple[Question, Vintage]]]] = {}
    out: list[list[tuple[Any, Question, Vintage]] | None] = []
    for question, vintage in asked:
        try:
            required = required_questions(method, vintage, question)
        except METHOD_ERRORS:  # what cannot be asked fails when it is answered
            out.append(None)
            continue
        # a question of an earlier day than its vintage is answered with less than it was asked with here
        out.append(None if isinstance(question, Task) and question.day < vintage.day else required)
        for spec, inner, seen in required:
            groups.setdefault(spec_text(spec), (spec, []))[1].append((inner, seen))
    for spec, together in groups.values():
        answer_many(_method_asked(_kind_of(together[0][0]), spec), together, seed, memo)
    return out


def answer_batch(
    method: Forecaster,
    asked: list[tuple[Vintage, Task]],
    rngs: list[np.random.Generator],
    answers: Sequence[Sequence[Answer]],
) -> list[Answer]:
    """A batch in one call of `predict_many`, which returns its failures; one question at a time if the call itself fails."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = list(cast(BatchForecaster, method).predict_many(asked, rngs, answers))
    except MissingExtraError as error:
        return [failure_for(method, task, error) for _, task in asked]
    except METHOD_ERRORS:
        return [
            _answer_or_failure(method, task, partial(method.predict, vintage, task, rng, inner))
            for (vintage, task), rng, inner in zip(asked, rngs, answers, strict=True)
        ]
    return [_answer_or_failure(method, task, partial(_require_finite, one)) for (_, task), one in zip(asked, made, strict=True)]


def _answer_or_failure(method: Method, question: Question, make: Callable[[], Answer]) -> Answer:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _require_finite(make())
    except METHOD_ERRORS as error:
        return failure_for(method, question, error)


def _require_finite(made: Answer) -> Answer:
    # a sum is finite where all is, and takes no memory of the size of the draws
    if isinstance(made, Forecast) and not np.isfinite(made.draws.sum()) and not np.isfinite(made.draws).all():
        raise ArithmeticError("the forecast is not finite")
    return made


def _kind_of(question: Question) -> str:
    return "model" if isinstance(question, Task) else "estimator"


__all__ = [
    "METHOD_ERRORS", "BatchForecaster", "Effect", "Memo", "Method", "Question", "Spec", "answer", "answer_batch",
    "answer_given", "answer_many", "answer_or_raise", "estimator_from", "failure_for", "forecaster_from", "key_of", "name_of",
    "required_answers", "required_questions", "rng_of", "seed_of",
]  # fmt: skip
