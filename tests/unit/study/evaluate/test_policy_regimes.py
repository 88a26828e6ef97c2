"""The export policy regime of a month."""

import datetime as dt

import pytest

from forecast.core.archive import bundled_archive
from forecast.core.events import Event
from forecast.core.months import ordinal
from forecast.study.evaluate.policy_regimes import distinct_regimes, in_first_quarter, regime_of

SERIES = "CHN.export.WLD.re_magnets"


def event(name, day, instrument="licence", announced=None, **more):
    day = dt.date.fromisoformat(day)
    said = dt.date.fromisoformat(announced) if announced else day
    return Event(name, name, said, day, products=("re_magnets",), instrument=instrument, role="default", **more)


def regimes(events, *months):
    return [regime_of(SERIES, ordinal(m), events) for m in months]


def test_regimes_follow_the_controls_of_the_bundle():
    events = bundled_archive().events
    name = "USA.import.CHN.gallium"
    said = [regime_of(name, ordinal(m), events) for m in ("2023-03", "2023-07", "2024-12", "2026-03")]
    assert said == ["before", "anticipation", "under control", "after reversal"]
    assert regime_of("USA.import.WLD.zinc", ordinal("2025-06"), events) == "no control"


def test_anticipation_runs_from_the_announcement_to_the_start():
    events = [event("a", "2024-06-01", announced="2024-03-15")]
    assert regimes(events, "2024-02", "2024-03", "2024-05", "2024-06") == [
        "before", "anticipation", "anticipation", "under control",
    ]  # fmt: skip


def test_traders_may_act_before_the_announcement():
    events = [event("a", "2024-06-01", anticipation_from=dt.date(2024, 4, 1))]
    assert regimes(events, "2024-03", "2024-04") == ["before", "anticipation"]


def test_a_control_that_has_ended_is_reversed():
    ended = {"end": dt.date(2024, 9, 15), "end_announced": dt.date(2024, 9, 1)}
    assert regimes([event("a", "2024-06-01", **ended)], "2024-08", "2024-09") == ["under control", "after reversal"]


@pytest.mark.parametrize(
    ("change", "regime"),
    [
        ({"instrument": "suspension"}, "after reversal"),
        ({"instrument": "relief", "reversal_of": "a"}, "after reversal"),
        ({"instrument": "relief"}, "under control"),  # first licences ease a control, they do not take it back
        ({"instrument": "tariff"}, "under control"),
    ],
)
def test_what_takes_a_control_back(change, regime):
    assert regimes([event("a", "2024-06-01"), event("b", "2024-09-01", **change)], "2024-10") == [regime]


def test_a_new_control_ends_a_reversal_and_so_does_its_own_end():
    deal = event("b", "2024-09-01", "deal")
    assert regimes([event("a", "2024-06-01"), deal, event("c", "2025-01-01", "ban")], "2024-12", "2025-01") == [
        "after reversal", "under control",
    ]  # fmt: skip
    until = {"end": dt.date(2025, 2, 1), "end_announced": dt.date(2024, 9, 1)}
    paused = [event("a", "2024-06-01"), event("b", "2024-09-01", "suspension", **until)]
    assert regimes(paused, "2025-01", "2025-02") == ["after reversal", "under control"]


def test_context_and_called_off_measures_make_no_regime():
    called = event("a", "2024-06-01", announced="2024-05-01", called_off=dt.date(2024, 5, 20))
    assert regimes([called], "2024-07") == ["no control"]


def test_the_first_quarter_is_a_flag():
    flags = [in_first_quarter(ordinal(m), ordinal(m)) for m in ("2024-12", "2025-01", "2025-03", "2025-04")]
    assert flags == [False, True, True, False]
    assert in_first_quarter(ordinal("2024-12"), ordinal("2025-01"))


def test_regimes_are_named_in_order():
    assert distinct_regimes(["under control", "before", "before"]) == ["before", "under control"]
