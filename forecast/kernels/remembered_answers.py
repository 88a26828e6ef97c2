"""Pure functions of arrays that remember their last answers: an effect, its placebos and its checks ask the same many times."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable
from typing import Any, ParamSpec, TypeVar

import numpy as np

P = ParamSpec("P")
R = TypeVar("R")


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
