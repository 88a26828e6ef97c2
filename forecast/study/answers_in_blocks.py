"""Answers that are made when they are read, a block of questions at a time, and forgotten when the next block is read.

A method over thousands of series needs the draws of each for a moment only. Read in order, every answer is made once, and
memory holds one block whatever the number of series.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Sequence
from typing import Any, overload

from forecast.core.contracts import Answer

PATHS = 120_000  # drawn paths in a block: enough questions for a batch to pay, at some ten megabytes a member and year


class AnswersInBlocks(Sequence[Answer]):
    """The answers to `required` (spec, question, vintage), made by `answer` a block at a time."""

    def __init__(self, required: Sequence[Any], answer: Callable[[Sequence[Any]], list[Answer]]) -> None:
        self.required, self.answer = required, answer
        self._starts = block_starts(required)
        self._first, self._made = -1, list[Answer]()

    def __len__(self) -> int:
        return len(self.required)

    @overload
    def __getitem__(self, at: int) -> Answer: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Answer]: ...
    def __getitem__(self, at: int | slice) -> Answer | Sequence[Answer]:
        if isinstance(at, slice):
            return AnswersInBlocks(self.required[at], self.answer)
        place = range(len(self.required))[at]
        block = bisect.bisect_right(self._starts, place) - 1
        first, end = (*self._starts, len(self.required))[block : block + 2]
        if first != self._first:
            self._made = []  # the last block is gone before the next one is made
            self._made, self._first = self.answer(self.required[first:end]), first
        return self._made[place - first]


def block_starts(required: Sequence[Any]) -> list[int]:
    """Where blocks of `PATHS` drawn paths begin; a question without draws counts as one path."""
    starts, held = [0], 0
    for place, (_, question, *_) in enumerate(required):
        paths = getattr(question, "draws", 1) * len(getattr(question, "series", "1"))
        if held and held + paths > PATHS:
            starts.append(place)
            held = 0
        held += paths
    return starts
