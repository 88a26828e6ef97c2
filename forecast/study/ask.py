"""Ask one question of one method: answers it rests on first, a seed of its own, failures as rows."""

from __future__ import annotations

import hashlib
import json
import warnings
from typing import Any

import numpy as np

from forecast.core import registry
from forecast.core.contracts import Answer
from forecast.core.errors import ForecastError, NotIdentifiedError, TooShortError
from forecast.core.questions import Design, Task
from forecast.core.results import Effect, Failure, Forecast
from forecast.core.vintage import Vintage

Question = Task | Design


def seed_of(seed: int, method: Any, question: Question) -> int:
    """A job's seed: a hash of the config's seed, the method's words and the question's series.

    Data, cutoff, order and code version do not enter, so two vintages share their random numbers.
    """
    series = question.series if isinstance(question, Task) else question.treated
    text = json.dumps([seed, registry.spec_of(method), list(series)], sort_keys=True, default=str)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def rng_of(seed: int, method: Any, question: Question) -> np.random.Generator:
    """The generator of a job."""
    return np.random.default_rng(seed_of(seed, method, question))


def answer(method: Any, vintage: Vintage, question: Question, seed: int = 0, memo: dict[Any, Answer] | None = None) -> Answer:
    """The answer to a question; what the method cannot answer is a Failure.

    memo : answers already given, shared between calls that stand on the same archive.
    """
    memo = {} if memo is None else memo
    key = _key(method, vintage, question)
    if key not in memo:
        memo[key] = _ask(method, vintage, question, seed, memo)
    return memo[key]


def _key(method: Any, vintage: Vintage, question: Question) -> tuple[str, str]:
    words = json.dumps(registry.spec_of(method), sort_keys=True, default=str)
    return words, f"{vintage.day}|{vintage.holes}|{len(vintage.events)}|{question!r}"


def _ask(method: Any, vintage: Vintage, question: Question, seed: int, memo: dict[Any, Answer]) -> Answer:
    given: list[Answer] = []
    for spec, inner in method.asks(vintage, question) if hasattr(method, "asks") else ():
        seen = vintage if inner.day == vintage.day or isinstance(inner, Design) else vintage.earlier(inner.day)
        given.append(answer(registry.build(_kind_of(inner), spec), seen, inner, seed, memo))
    rng = rng_of(seed, method, question)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if isinstance(question, Task):
                made: Answer = method.predict(vintage, question, rng, given)
            else:
                made = method.estimate(vintage, question, rng, given)
    except (TooShortError, NotIdentifiedError) as error:
        return failed(method, question, error)
    except ForecastError as error:
        return failed(method, question, error)
    except (ArithmeticError, ValueError, np.linalg.LinAlgError) as error:
        return failed(method, question, error)
    if isinstance(made, Forecast) and not np.isfinite(made.draws).all():
        return failed(method, question, ArithmeticError("the forecast is not finite"))
    return made


def _kind_of(question: Question) -> str:
    return "model" if isinstance(question, Task) else "estimator"


def failed(method: Any, question: Question, error: Exception) -> Failure:
    """The row of a question left unanswered."""
    if isinstance(question, Task):
        asked, series = f"{question.day}: {question.months[0]} to {question.months[-1]}", "+".join(question.series)
    else:
        asked, series = f"{question.event_ids}: {question.start or ''} to {question.stop or ''}", "+".join(question.treated)
    reason = error.problem if isinstance(error, ForecastError) else f"{type(error).__name__}: {error}"
    detail = "; ".join(x for x in (getattr(error, "where", ""), getattr(error, "hint", "")) if x)
    return Failure(method.name, asked, series, reason, detail)


__all__ = ["Effect", "answer", "failed", "rng_of", "seed_of"]
