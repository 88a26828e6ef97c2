"""Every shape keeps the contract: nothing before the announcement, fractions of months, ends as known."""

import datetime as dt

import numpy as np
import pytest

from forecast.core import months, registry
from forecast.core.errors import ConfigError
from forecast.core.events import Event

SHAPES = registry.names("shape")
WHEN = np.arange(months.ordinal("2024-01"), months.ordinal("2026-01"))
SEP = months.ordinal("2024-09") - WHEN[0]


def event(**changes):
    made = {
        "id": "toy",
        "title": "toy",
        "announced": dt.date(2024, 8, 15),
        "effective": dt.date(2024, 9, 15),
        "anticipation_from": dt.date(2024, 8, 15),
    } | changes
    return Event(**made)


def response(shape, toy=None):
    columns = np.asarray(registry.build("shape", shape).response(WHEN, toy or event()), float)
    return columns.reshape(len(WHEN), -1)


@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_before_the_announcement(shape):
    assert not response(shape)[: SEP - 1].any()
    assert response(shape).any()


@pytest.mark.parametrize("shape", [s for s in SHAPES if s != "anticipation"])
def test_nothing_before_it_takes_effect(shape):
    assert not response(shape)[:SEP].any()
    assert (response(shape)[SEP] > 0).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_finite_within_zero_and_one_and_the_same_for_any_stretch_of_months(shape):
    whole = response(shape)
    assert np.isfinite(whole).all()
    assert whole.min() >= 0
    assert whole.max() <= 1 + 1e-12
    part = np.asarray(registry.build("shape", shape).response(WHEN[12:], event()), float)
    assert part.reshape(12, -1) == pytest.approx(whole[12:])


@pytest.mark.parametrize("shape", SHAPES)
def test_a_measure_called_off_before_it_took_effect_leaves_no_step(shape):
    off = event(called_off=dt.date(2024, 9, 1))
    assert not response(shape, off)[SEP:].any() or shape == "anticipation"


@pytest.mark.parametrize("shape", SHAPES)
def test_an_end_not_yet_announced_changes_nothing(shape):
    later = event(end=dt.date(2025, 3, 1), end_announced=dt.date(2025, 2, 1))
    before = later.known_on(dt.date(2025, 1, 1))
    assert response(shape, before) == pytest.approx(response(shape))


def test_a_step_counts_the_days_of_its_first_and_last_month():
    step = response("step", event(end=dt.date(2025, 3, 11), end_announced=dt.date(2024, 9, 1)))[:, 0]
    assert step[SEP] == pytest.approx(16 / 30)
    assert step[SEP + 1 : SEP + 6] == pytest.approx(np.ones(5))
    assert step[SEP + 6] == pytest.approx(10 / 31)
    assert not step[SEP + 7 :].any()


def test_a_successor_ends_a_step():
    step = response("step", event(superseded_by="other", superseded_on=dt.date(2024, 12, 1)))[:, 0]
    assert step[SEP + 2] == 1
    assert not step[SEP + 3 :].any()


def test_a_pulse_has_its_length():
    assert response("pulse")[:, 0].sum() == pytest.approx(1)
    assert response({"use": "pulse", "length": 3})[:, 0].sum() == pytest.approx(3 + (16 / 30 + 14 / 30 - 1), abs=0.02)
    sharp = response("pulse", event(effective=dt.date(2024, 9, 1)))[:, 0]
    assert sharp[SEP] == 1
    assert sharp.sum() == 1


def test_a_ramp_rises_by_its_mean_over_each_month():
    ramp = response({"use": "ramp", "months": 3}, event(effective=dt.date(2024, 9, 1)))[:, 0]
    assert ramp[SEP : SEP + 4] == pytest.approx([1 / 6, 3 / 6, 5 / 6, 1])


def test_a_decay_fades_by_its_rate():
    decay = response({"use": "decay", "rate": 0.6}, event(effective=dt.date(2024, 9, 1)))[:, 0]
    assert decay[SEP : SEP + 4] == pytest.approx([1, 0.6, 0.36, 0.216])
    ended = event(effective=dt.date(2024, 9, 1), end=dt.date(2024, 11, 1), end_announced=dt.date(2024, 9, 1))
    assert not response("decay", ended)[SEP + 2 :].any()


def test_a_gradual_onset_is_one_less_a_power_and_is_forgotten_at_the_same_rate():
    start = event(effective=dt.date(2024, 9, 1))
    gradual = response({"use": "gradual", "delta": 0.5}, start)[:, 0]
    assert gradual[SEP : SEP + 4] == pytest.approx([1 - 0.5 ** (k + 1) for k in range(4)])
    ended = event(effective=dt.date(2024, 9, 1), end=dt.date(2024, 11, 1), end_announced=dt.date(2024, 9, 1))
    assert response({"use": "gradual", "delta": 0.5}, ended)[SEP + 2 : SEP + 4, 0] == pytest.approx([0.375, 0.1875])


def test_anticipation_runs_from_the_first_day_to_the_effect():
    whole = response("anticipation")[:, 0]
    assert whole[SEP - 1 : SEP + 2] == pytest.approx([17 / 31, 14 / 30, 0])
    pulses = response({"use": "anticipation", "each_month": True})
    assert pulses.shape[1] == 2
    assert pulses.sum(axis=1) == pytest.approx(whole)
    assert (np.count_nonzero(pulses, axis=0) == 1).all()


@pytest.mark.parametrize(
    "words",
    [
        {"use": "ramp", "months": 0},
        {"use": "decay", "rate": 1.0},
        {"use": "gradual", "delta": 1.0},
        {"use": "pulse", "length": 0},
    ],
)
def test_an_impossible_option_is_refused(words):
    with pytest.raises(ConfigError):
        registry.build("shape", words)
