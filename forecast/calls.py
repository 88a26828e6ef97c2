"""Calls of the public functions: their arguments are looked at first, and an answer that takes long says so."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable
from typing import Any

from forecast.core.arguments import TAKES, check_arguments, read_once
from forecast.core.errors import ConfigError, nearest
from forecast.core.long_answers import saying

SLOW = {
    "backtest", "destinations", "effect", "estimate", "feasible", "forecast", "news", "placebo", "predict", "scenarios", "vary",
}  # fmt: skip


def public(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A public function that looks at its arguments first, and says so where its answer takes long."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            raise _misfit(name, signature, args, kwargs, error) from None
        bound.arguments.update({key: read_once(value) for key, value in bound.arguments.items()})
        check_arguments(name, bound.arguments)
        with saying(f"fc.{name} is still at work") if name in SLOW else contextlib.nullcontext():
            return function(*bound.args, **bound.kwargs)

    call.__module__, call.__qualname__ = "forecast", name  # so that it can be sent to another process
    return call


def _misfit(name: str, signature: inspect.Signature, args: Any, kwargs: Any, error: TypeError) -> ConfigError:
    """The error of a call whose arguments fit no parameters: one unknown, missing or too many."""
    known = list(signature.parameters)
    where = f"fc.{name}({', '.join(known[:6])}{', ...' if known[6:] else ''})"
    unknown = [key for key in kwargs if key not in known]
    if unknown:
        return ConfigError(f"fc.{name} has no argument '{unknown[0]}'", where=where, hint=nearest(unknown[0], known))
    required = [p.name for p in signature.parameters.values() if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    missing = [key for key in required[len(args) :] if key not in kwargs]
    if missing:
        kind = TAKES.get(name, {}).get(missing[0])
        return ConfigError(f"fc.{name} needs '{missing[0]}'", where=where, hint=kind.hint if kind else missing[0])
    return ConfigError(f"fc.{name}: {error}", where=where, hint="arguments by their names")
