"""The gate of placebos in time: ranks of scores by hand, among windows that share no month."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from forecast.checks.placebo_time import PlaceboTime
from forecast.core import months
from forecast.core.effects import Description, Effect
from forecast.core.events import Event
from forecast.core.judgement import Judgement, Placebo
from forecast.core.questions import Design
from forecast.core.vintage import Vintage
from forecast.study.effects.judge import Evidence
from forecast.study.effects.placebo import rank_p_value

SERIES = "CHN.export.WLD.re_magnets"
BAN = Event("toy", "", dt.date(2023, 1, 1), dt.date(2023, 1, 1), products=("re_magnets",), role="default")
FIRST = months.ordinal("2000-01")


def judged(scores, every, score=-10.0, estimated=True, space=(), **options):
    """The gate of an effect of `score` over six months, windows of `scores` beginning `every` months."""
    found = [Placebo("time", SERIES, months.label(FIRST + every * i), 1e6 / (1 + i), z=z) for i, z in enumerate(scores)]
    found += [Placebo("space", SERIES, "2023-01", z, z=z) for z in space]
    draws = np.zeros((4, 1)) if estimated else None
    periods = ((months.ordinal("2023-01"), months.ordinal("2023-06")),)
    made = Effect(
        "toy", Design(BAN, SERIES, stop="2023-06"), "kg", periods, np.zeros(1), draws, Description(0.0, ""), point=-1.0,
        judgement=Judgement(placebos=tuple(found)),
    )  # fmt: skip
    rank, floor = rank_p_value(score, made.apart)
    made = replace(made, judgement=replace(made.judgement, rank_p=rank, rank_floor=floor))
    return PlaceboTime(**options).judge(made, Evidence(Vintage(dt.date(2030, 1, 1), {}), made.design))


@pytest.mark.parametrize(
    ("beyond", "windows", "outcome", "p"),
    [
        (0, 9, "pass", 1 / 10),
        (0, 12, "pass", 1 / 13),
        (1, 9, "fail", 2 / 10),
        (1, 19, "pass", 2 / 20),
        (2, 19, "fail", 3 / 20),
        (9, 9, "fail", 1.0),
    ],
)
def test_windows_apart_have_a_p_value_and_a_tenth_is_enough(beyond, windows, outcome, p):
    gate = judged([(-1) ** i * (10.0 + i) for i in range(beyond)] + [9.0] * (windows - beyond), 6)
    assert (gate.gate, gate.outcome, gate.value, gate.threshold) == ("placebo_time", outcome, pytest.approx(p), 0.1)
    assert f"over {windows} windows without overlap, of {windows} without an event" in gate.reason
    assert gate.ceiling == ("supported" if outcome == "pass" else "suggestive")


def test_windows_that_overlap_are_too_few_for_a_rank_and_limit_nothing():
    """Starts a month apart: of eight two share no month, so that the lowest possible p is a third."""
    gate = judged([9.0] * 8, 1)
    assert (gate.outcome, gate.value, gate.threshold) == ("not run", pytest.approx(1 / 3), 0.1)
    assert gate.reason == "2 windows without overlap, of 8 without an event: too few for a rank below 0.1"
    assert gate.ceiling == "supported", "the test of no effect does not rest on the windows"


def test_the_smallest_p_decides_whether_there_is_a_rank():
    assert judged([9.0] * 8, 6).outcome == "not run"  # 1 / 9 at least
    assert judged([11.0] * 8, 6).outcome == "not run"
    assert judged([9.0] * 8, 6, level=0.12).outcome == "pass"


def test_tonnes_do_not_rank():
    assert judged([0.1] * 9, 6).value == pytest.approx(1 / 10), "the windows' effects in tonnes are far larger"


def test_windows_without_a_score_and_other_series_are_no_windows_in_time():
    assert judged([9.0] * 8 + [np.nan], 6).outcome == "not run"
    assert judged([9.0] * 7, 1, space=[1.0, 2.0]).outcome == "not run"
    none = judged([], 1, space=[1.0, 2.0])
    assert (none.outcome, none.threshold, none.ceiling) == ("not run", 0.1, "supported")
    assert none.reason == "no clean window of this length before the event"
    assert judged([9.0] * 9, 6, space=[99.0]).outcome == "pass"


def test_without_an_estimate_nothing_is_ranked():
    gate = judged([9.0] * 9, 6, estimated=False)
    assert (gate.outcome, gate.reason) == ("not run", "nothing was estimated")
