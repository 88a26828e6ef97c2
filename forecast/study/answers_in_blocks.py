"""Answers that are made when they are read, a block of questions at a time, and forgotten when the next block is read.

A method over thousands of series needs the draws of each for a moment only. Read in order, every answer is made once, and
memory holds one block whatever the number of series.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, overload

from forecast.core.contracts import Answer

BLOCK = 240  # questions: enough for a batch to pay, at a few megabytes of draws a question's worth of members


class AnswersInBlocks(Sequence[Answer]):
    """The answers to `required` (spec, question, vintage), made by `answer` a block at a time."""

    def __init__(self, required: Sequence[Any], answer: Callable[[Sequence[Any]], list[Answer]]) -> None:
        self.required, self.answer = required, answer
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
        first = place // BLOCK * BLOCK
        if first != self._first:
            self._made = []  # the last block is gone before the next one is made
            self._made, self._first = self.answer(self.required[first : first + BLOCK]), first
        return self._made[place - first]
