"""Months of transition to a measure: told in hindsight, a shock and not a level, and from known figures alone."""

import datetime as dt

import numpy as np
import pytest

from forecast.core import months as mm
from forecast.core.archive import bundled_archive
from forecast.core.events import Event
from forecast.prep.settling import transition_months

SERIES = "IDN.export.WLD.nickel_ore"
NOISE = np.random.default_rng(5).uniform(0.9, 1.1, 48)


def licence(begins="2022-01-01", instrument="licence", **more):
    day = dt.date.fromisoformat(begins)
    return Event(
        "rule", "a rule", announced=day, effective=day, imposed_by=("IDN",), products=("nickel_ore",), instrument=instrument,
        role="default", **more,
    )  # fmt: skip


def found(vintage_of, levels, *events, first="2020-01"):
    y = (1000.0 * NOISE[: len(levels)] * np.array(levels)).tolist()
    last = mm.ordinal(first) + len(levels)
    then = vintage_of(y, first=first, series=SERIES, events=events, day=f"{mm.label(last)}-20")
    return [mm.label(m) for m in sorted(transition_months(then, SERIES))]


DIP = [1.0] * 24 + [0.4, 0.2, 0.5]


def test_a_shock_that_passed_is_found_once_six_months_after_it_are_known(vintage_of):
    dip = ["2022-01", "2022-02", "2022-03"]
    for after, expected in ((0, []), (5, []), (6, dip), (12, dip)):
        assert found(vintage_of, DIP + [1.0] * after, licence()) == expected


@pytest.mark.parametrize(
    ("levels", "events"),
    [
        (DIP + [1.0] * 8, ()),  # no measure is known
        (DIP + [1.0] * 8, (licence(instrument="ban"),)),  # a ban is a regime of its own
        (DIP + [1.0] * 8, (licence(share_stopped=0.5),)),
        ([1.0] * 24 + [0.5] * 10, (licence(),)),  # a new level, at once
        ([1.0] * 24 + [0.8, 0.6, 0.4] + [0.3] * 8, (licence(),)),  # on the way from one level to another
        ([1.0] * 35, (licence(),)),
        ([1.0, 0.4, 1.8] * 8 + [0.01, 0.01] + [1.0, 0.4, 1.8] * 3, (licence(),)),  # a flow that swings anyway
        ([1.0] * 4 + [0.2] + [1.0] * 10, (licence("2020-05-01"),)),  # too little is known of the time before
    ],
)
def test_what_is_no_shock_of_a_measure_stays(vintage_of, levels, events):
    assert found(vintage_of, levels, *events) == []


def test_months_of_notice_belong_to_it(vintage_of):
    rule = licence(anticipation_from=dt.date(2021, 11, 3))
    assert found(vintage_of, [1.0] * 22 + [2.0, 1.9, 0.3] + [1.0] * 9, rule) == ["2021-11", "2021-12", "2022-01"]


def test_magnets_and_the_day():
    """Spring 2025 is a transition on the days that know six months after it, from January 2026 on."""
    series, archive = "CHN.export.WLD.re_magnets", bundled_archive()
    spring = {mm.ordinal(m) for m in ("2025-04", "2025-05", "2025-06")}
    assert set(transition_months(archive.as_of("2026-09-08"), series)) == spring
    assert transition_months(archive.as_of("2025-11-30"), series) == {}
