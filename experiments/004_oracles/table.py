"""What a published number is put beside: rows, cases and the way a question is asked."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import forecast as fc
from forecast.core.effects import Effect
from forecast.study.ask import answer

OTHER = "another estimator"


@dataclass(frozen=True)
class Row:
    """One published number and ours; a tolerance of NaN says that ours is another estimator, and `note` why."""

    id: str
    model: str
    quantity: str
    published: float
    ours: float
    tolerance: float = math.nan
    source: str = ""
    note: str = ""

    @property
    def within(self) -> str:
        """yes, no, or that the two are not meant to be equal."""
        if math.isnan(self.ours):
            return "not computed"
        if math.isnan(self.tolerance):
            return OTHER
        return "yes" if abs(self.ours - self.published) <= self.tolerance * (1 + 1e-9) else "no"


Case = Callable[[Path], Iterator[Row]]
CASES: dict[str, tuple[Case, tuple[str, ...]]] = {}


def case(*files: str) -> Callable[[Case], Case]:
    """A function that yields rows, and the files it needs."""

    def register(function: Case) -> Case:
        CASES[function.__name__] = (function, files)
        return function

    return register


def ask(vintage: fc.Vintage, design: fc.Design, use: str = "regression", **options: object) -> Effect:
    """The estimator's own answer, without placebos and gates."""
    made = answer(fc.estimator(use, **options), vintage, design, 0)
    assert isinstance(made, Effect), made
    return made


def monthly(first: str, count: int) -> list[str]:
    """Labels of months."""
    start = int(first[:4]) * 12 + int(first[5:]) - 1
    return [f"{(start + i) // 12}-{(start + i) % 12 + 1:02d}" for i in range(count)]


def tell(effect: Effect, source: str, model: str, table: list[tuple[str, str, str, float, float]]) -> Iterator[Row]:
    """Rows from (id, quantity, parameter, published, tolerance); a parameter `x.se` is the standard error of x."""
    for key, quantity, name, published, tolerance in table:
        found = effect.parameters[name.removesuffix(".se")]
        yield Row(key, model, quantity, published, found.se if name.endswith(".se") else found.estimate, tolerance, source)
