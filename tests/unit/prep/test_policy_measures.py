"""Measures in force in a month: ends, lapsing suspensions, declared shares."""

import datetime as dt

import numpy as np
import pytest

from forecast.core import months as mm
from forecast.core.errors import ConfigError, DataError
from forecast.core.events import Event, event_from
from forecast.core.scenario import Scenario
from forecast.prep.policy_measures import declared_share_left, measures_in_force

SERIES = "IDN.export.WLD.nickel_ore"


def event(name, announced, effective, instrument="ban", **more):
    return Event(
        name, name, announced=dt.date.fromisoformat(announced), effective=dt.date.fromisoformat(effective), imposed_by=("IDN",),
        products=("nickel_ore",), instrument=instrument, role="default", **more,
    )  # fmt: skip


@pytest.fixture
def words(vintage_of):
    def build(*events, first="2024-01", last="2024-12", scenario=None, day="2024-06-30"):
        then = vintage_of([1.0] * 6, first="2024-01", series=SERIES, events=events, day=day)
        then = then.under(scenario) if scenario else then
        when = np.arange(mm.ordinal(first), mm.ordinal(last) + 1)
        return [regime.words for regime in measures_in_force(then, SERIES, when)], then

    return build


def test_a_month_is_named_after_what_holds_for_most_of_it(words):
    late, _ = words(event("ban", "2024-02-01", "2024-03-20"))
    assert late[:4] == ["no measure"] * 3 + ["ban"]
    early, _ = words(event("ban", "2024-02-01", "2024-03-10"))
    assert early[2] == "ban"


def test_a_ban_comes_back_when_its_suspension_lapses(words):
    ban = event("ban", "2024-01-01", "2024-01-01", end=dt.date(2024, 4, 1), end_announced=dt.date(2024, 4, 1))
    pause = event(
        "pause", "2024-04-01", "2024-04-01", "suspension", reversal_of="ban",
        end=dt.date(2024, 9, 1), end_announced=dt.date(2024, 4, 1),
    )  # fmt: skip
    lapses, _ = words(ban, pause)
    assert lapses == ["ban"] * 3 + ["no measure"] * 5 + ["ban"] * 4
    extended, _ = words(ban, pause, scenario=Scenario("extended", ends={"pause": "2024-11-01"}))
    assert extended == ["ban"] * 3 + ["no measure"] * 7 + ["ban"] * 2
    stays, _ = words(ban, pause, scenario=Scenario("for good", ends={"pause": "never"}))
    assert stays == ["ban"] * 3 + ["no measure"] * 9


def test_a_ban_is_lifted_called_off_or_new(words):
    ban = event("ban", "2024-01-01", "2024-01-01")
    lifted, _ = words(ban, scenario=Scenario("lifted", ends={"ban": "2024-09-01"}))
    assert lifted == ["ban"] * 8 + ["no measure"] * 4
    coming = event("coming", "2024-05-01", "2024-10-01")
    off, _ = words(coming, scenario=Scenario("off", called_off=("coming",)))
    assert off == ["no measure"] * 12
    new, _ = words(scenario=Scenario("new", add=(event("new", "2024-09-01", "2024-10-01"),)))
    assert new == ["no measure"] * 9 + ["new"] * 3


@pytest.mark.parametrize(
    ("scenario", "problem"),
    [
        (Scenario("x", ends={"bam": "2024-09-01"}), "not known"),
        (Scenario("x", ends={"ban": "2024-02-01"}), "not after"),
        (Scenario("x", ends={"over": "2024-09-01"}), "ended on"),
        (Scenario("x", called_off=("ban",)), "in force"),
        (Scenario("x", add=(event("late", "2024-01-01", "2024-02-01"),)), "not after"),
        (Scenario("x", add=(event("ban", "2024-09-01", "2024-10-01"),)), "known already"),
    ],
)
def test_the_past_cannot_be_changed(words, scenario, problem):
    over = event("over", "2024-01-01", "2024-01-01", end=dt.date(2024, 3, 1), end_announced=dt.date(2024, 1, 1))
    with pytest.raises(ConfigError, match=problem):
        words(event("ban", "2024-01-01", "2024-01-01"), over, scenario=scenario)


def test_a_probability_is_one():
    with pytest.raises(ConfigError, match="probability"):
        Scenario("x", probability=1.2)


def test_declared_depths(words):
    def left(*events):
        _, then = words(*events)
        return declared_share_left(then, measures_in_force(then, SERIES, np.array([mm.ordinal("2024-06")]))[0])

    full = event("ban", "2024-01-01", "2024-01-01", share_stopped=1.0)
    half = event("half", "2024-01-01", "2024-01-01", "quota", share_stopped=0.5)
    eased = event("eased", "2024-03-01", "2024-03-01", "relief", reversal_of="ban", share_stopped=0.75)
    assert left(full) == 0.0
    assert left(half) == 0.5
    assert left(half, event("other", "2024-01-01", "2024-01-01", "quota", share_stopped=0.5)) == 0.25
    assert left(full, eased) == 0.25
    assert left(event("ban", "2024-01-01", "2024-01-01")) is None
    assert left() is None


def test_a_share_is_read_and_checked():
    row = {"id": "b", "announced": "2024-01-01", "effective": "2024-01-01", "instrument": "ban"}
    assert event_from(row | {"share_stopped": "0.6"}).share_stopped == 0.6
    assert event_from(row).share_stopped is None
    with pytest.raises(DataError, match="share"):
        event_from(row | {"share_stopped": "most"})
    with pytest.raises(DataError, match=r"stops 1\.2"):
        event_from(row | {"share_stopped": 1.2})


def test_another_calendar_is_another_vintage(words):
    ban = event("ban", "2024-01-01", "2024-01-01")
    _, one = words(ban)
    _, two = words(ban, scenario=Scenario("lifted", ends={"ban": "2024-09-01"}))
    assert one.fingerprint() != two.fingerprint()
    assert one.events.fingerprint != two.events.fingerprint


@pytest.mark.parametrize(("stopped", "left"), [((1.0,), 0.0), ((0.95,), 0.05), ((0.9,), 0.1), ((0.9, 0.7), 0.03)])
def test_what_is_left_is_a_share_without_rounding_errors(words, stopped, left):
    _, then = words(*(event(f"ban{i}", "2024-01-01", "2024-01-01", share_stopped=s) for i, s in enumerate(stopped)))
    (regime,) = measures_in_force(then, SERIES, np.array([mm.ordinal("2024-03")]))
    assert declared_share_left(then, regime) == left
