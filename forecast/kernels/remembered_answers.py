"""Pure functions that remember their last answers: an effect and its checks, a nowcast and its news ask the same many times."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import numpy as np

P = ParamSpec("P")
R = TypeVar("R")


class Sample(Protocol):
    """Figures to which something is fitted."""

    @property
    def content(self) -> Hashable:
        """All that a fit reads of the sample: samples of equal content have the same fit."""


S = TypeVar("S", bound=Sample)


class _Arguments:
    """Positional arguments, equal to others where every array has the same shape, type and bytes."""

    __slots__ = ("given", "key")

    def __init__(self, given: tuple[Any, ...]) -> None:
        self.given = given
        self.key: tuple[Hashable, ...] = tuple(
            (one.shape, one.dtype.str, one.tobytes()) if isinstance(one, np.ndarray) else one for one in given
        )

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Arguments) and self.key == other.key


def remember_answers(size: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorator: a function of positional arrays and hashable values keeps its last `size` answers.

    The answer must depend on the arguments alone. An array that is the answer is locked, because it is shared.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.lru_cache(maxsize=size)
        def look_up(arguments: _Arguments) -> R:
            made = function(*arguments.given)  # type: ignore[call-arg]
            arguments.given = ()
            if isinstance(made, np.ndarray):
                made.flags.writeable = False
            return made

        @functools.wraps(function)
        def answer(*given: P.args, **named: P.kwargs) -> R:
            return function(*given, **named) if named else look_up(_Arguments(given))

        return answer

    return decorate


def remember_fits(
    size: int,
) -> Callable[[Callable[Concatenate[Sequence[S], P], Sequence[R]]], Callable[Concatenate[Sequence[S], P], list[R]]]:
    """Decorator: a function that fits each of many samples by itself keeps the last `size`; others are made in one call.

    The fit must depend on the sample's `content` and the other, positional and hashable arguments alone: not on the samples it
    is made beside, not in its last digit either, or the order of questions would change answers. Nobody may write to a fit.
    """

    def decorate(
        function: Callable[Concatenate[Sequence[S], P], Sequence[R]],
    ) -> Callable[Concatenate[Sequence[S], P], list[R]]:
        kept: dict[Hashable, R] = {}

        @functools.wraps(function)
        def fits(samples: Sequence[S], /, *given: P.args, **named: P.kwargs) -> list[R]:
            if named:
                return list(function(samples, *given, **named))
            keys: list[Hashable] = [(sample.content, given) for sample in samples]
            found = {key: fit for key in keys if (fit := kept.get(key)) is not None}
            new = {key: sample for key, sample in zip(keys, samples, strict=True) if key not in found}
            if new:
                found.update(zip(new, function(list(new.values()), *given), strict=True))  # type: ignore[call-arg]
            for key, fit in found.items():  # to the end, as the last ones asked for
                kept.pop(key, None)
                kept[key] = fit
            for key in list(kept)[:-size]:
                kept.pop(key, None)
            return [found[key] for key in keys]

        return fits

    return decorate
