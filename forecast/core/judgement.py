"""Judgement: what the judge adds to an effect, placebos, gates and the verdict with its words."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from forecast.core.presentation import shown
from forecast.core.significance import SignificanceTest

VERDICTS = (
    "supported", "suggestive", "descriptive", "no material effect", "cannot distinguish", "not identified",
    "contradicted by mirror",
)  # fmt: skip


@shown
@dataclass(frozen=True)
class Placebo:
    """An estimate whose true value is zero.

    relative : as a share of the counterfactual; z : its test's signed normal score; both NaN where they are not known
    """

    kind: str
    series: str
    start: str
    cumulative: float
    relative: float = math.nan
    z: float = math.nan


@shown
@dataclass(frozen=True)
class Gate:
    """Outcome of one check (pass | fail | not run); unless it passes, `cap` is the strongest verdict still allowed.

    withholds : the estimate itself is withheld and only the description remains, whatever the verdict.
    """

    gate: str
    outcome: str
    value: float = math.nan
    threshold: float = math.nan
    reason: str = ""
    cap: str = "supported"
    withholds: bool = False

    @property
    def ceiling(self) -> str:
        """The strongest verdict this gate allows."""
        return "supported" if self.outcome == "pass" else self.cap


@shown
@dataclass(frozen=True)
class Verdict:
    """One of the seven verdict words, the reading it allows, and the reason."""

    word: str
    reading: str
    because: str = ""


@shown
@dataclass(frozen=True)
class Judgement:
    """What the judge adds to an effect: the test of no effect, placebos, gates and the verdict.

    rank_p, rank_floor : randomisation p-value among placebo windows without overlap, and the smallest possible
    mde80 : effect found with power 80 % at 5 %; margin : smallest share of the counterfactual that a conclusion of no material
    effect could name, the larger bound of the 90 % interval; calibration : factor of the intervals from the placebo windows
    """

    test: SignificanceTest = field(default_factory=SignificanceTest)
    rank_p: float = math.nan
    rank_floor: float = math.nan
    mde80: float = math.nan
    margin: float = math.nan
    calibration: float = 1.0
    placebos: tuple[Placebo, ...] = ()
    gates: tuple[Gate, ...] = ()
    verdict: Verdict | None = None
