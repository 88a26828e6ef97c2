"""Judgement: what the judge adds to an effect, placebos, gates and the verdict with its words."""

from __future__ import annotations

import math
from collections.abc import Iterable
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

    Parameters
    ----------
    kind : str
        "time" or "space"
    series : str
        the series treated
    start : str
        first month of the window, as a label
    cumulative : float
        the estimate, in the unit of the series
    relative : float, default NaN
        as a share of the counterfactual; NaN where it is not known
    z : float, default NaN
        its test's signed normal score; NaN where it is not known
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
    """Outcome of one check; unless it passes, `cap` is the strongest verdict still allowed.

    Parameters
    ----------
    gate : str
        its name
    outcome : str
        "pass", "fail" or "not run"
    value, threshold : float, default NaN
        what was found, and what it was compared with, in the unit of the check
    reason : str, optional
        in words
    cap : str, default "supported"
        the strongest verdict allowed unless it passes
    withholds : bool, default False
        whether the estimate itself is withheld and only the description remains, whatever the verdict
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
    """One of the seven verdict words, the reading it allows, and the reason.

    Parameters
    ----------
    word : str
        one of `VERDICTS`
    reading : str
        "causal", "relative", "descriptive" or "none"
    because : str, optional
        the reason, in words
    """

    word: str
    reading: str
    because: str = ""


@shown
@dataclass(frozen=True)
class Judgement:
    """What the judge adds to an effect: the test of no effect, placebos, gates and the verdict.

    Parameters
    ----------
    test : SignificanceTest, optional
        of no effect
    rank_p, rank_floor : float, default NaN
        randomisation p-value among placebo windows without overlap, and the smallest possible
    mde80 : float, default math.nan
        effect found with power 80 % at 5 %, in the unit of the series
    margin : float, default NaN
        smallest share of the counterfactual that a conclusion of no material effect could name, the larger bound of the 90 %
        interval
    calibration : float, default 1.0
        factor of the intervals from the placebo windows
    placebos : tuple of Placebo, optional
        of windows or donors
    gates : tuple of Gate, optional
        in the order in which they judged
    verdict : Verdict, optional
        None before it is passed
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


def placebos_apart(started: Iterable[tuple[int, Placebo]], length: int) -> list[Placebo]:
    """Placebos, each with the first of its `length` months, that share no month, counted back from the latest."""
    found: list[tuple[int, Placebo]] = []
    for start, one in sorted(started, key=lambda pair: -pair[0]):
        if not found or start + length <= found[-1][0]:
            found.append((start, one))
    return [one for _, one in found]
