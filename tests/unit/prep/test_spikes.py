"""Old spikes: which months are one, by hand."""

import datetime as dt

import numpy as np
import pytest

from forecast.core import months as mm
from forecast.core.events import Event, EventCalendar
from forecast.core.questions import Design
from forecast.core.vintage import Cell, Vintage
from forecast.prep import spikes
from forecast.prep.spikes import hide_spikes, spike_months, spike_notes, spikes_before

SERIES = "CHN.export.WLD.gallium"
BAN = Event("toy", "", dt.date(2023, 1, 1), dt.date(2023, 1, 1), products=("gallium",), role="default")


def quiet(count=48, seed=0):
    """Figures about 100, their logarithms 0.1 apart."""
    return 100 * np.exp(0.1 * np.random.default_rng(seed).standard_normal(count))


def found(values):
    return np.flatnonzero(spike_months(np.asarray(values, float))).tolist()


def raised(where, factor=8.0, count=48):
    y = quiet(count)
    y[where] *= factor
    return y


def test_a_quiet_flow_has_none():
    for seed in range(20):
        assert found(quiet(seed=seed)) == []


@pytest.mark.parametrize("length", [1, 2, 6])
@pytest.mark.parametrize("at", [0, 12, 30])
def test_a_short_rise_that_is_over_is_one(at, length):
    assert found(raised(slice(at, at + length))) == list(range(at, at + length))


def test_a_long_rise_is_a_level_of_its_own():
    assert found(raised(slice(20, 27))) == []


def test_a_rise_still_going_on_or_just_over_is_kept():
    assert found(raised(slice(40, 43))) == []  # five figures after it
    assert found(raised(slice(39, 42))) == [39, 40, 41]  # six
    assert found(raised(slice(45, 48))) == []


def test_a_dip_is_kept():
    assert found(raised(slice(20, 23), 0.05)) == []
    assert found(raised(slice(20, 23), 0.0)) == []


@pytest.mark.parametrize(("factor", "spike"), [(2.3, False), (2.8, True)])
def test_a_spike_is_two_and_a_half_times_the_level(factor, spike):
    """The noise is so small that five standard deviations are less than that."""
    y = 100 * np.exp(0.01 * np.random.default_rng(0).standard_normal(48))
    y[20] = 100 * factor
    assert found(y) == ([20] if spike else [])


def test_in_a_noisy_flow_a_spike_is_five_standard_deviations():
    """Logarithms have a standard deviation of 0.6, and e^3 is twenty times the level."""
    y = 100 * np.exp(0.6 * np.random.default_rng(3).standard_normal(60))
    for factor, spike in ((8.0, []), (60.0, [20])):
        z = y.copy()
        z[20] = 100 * factor
        assert found(z) == spike


def test_a_level_that_grows_is_followed():
    y = 100 * np.exp(0.05 * np.arange(60) + 0.05 * np.random.default_rng(1).standard_normal(60))
    assert found(y) == []  # the last months are twenty times the first
    y[30] *= 6
    assert found(y) == [30]


def test_two_spikes_do_not_hide_each_other():
    assert found(raised([10, 11, 25])) == [10, 11, 25]


def test_large_months_that_keep_coming_are_the_flow_s_own_way():
    rare = np.where(np.random.default_rng(2).random(120) < 0.3, 40.0, 0.5)
    assert found(rare) == []
    assert found(raised([5, 11, 17, 25])) == [5, 11, 17, 25]  # four in four years
    assert found(raised([2, 5, 11, 17, 25])) == []


def test_months_without_trade_are_no_level():
    y = raised([20])
    y[[3, 4, 9, 21, 30]] = 0.0
    assert found(y) == [20]


def test_too_few_figures_or_none_with_trade_tell_nothing():
    assert found(raised([5], count=17)) == []
    assert found(raised([5], count=18)) == [5]
    assert found(np.zeros(40)) == []


def test_units_do_not_matter():
    y = raised([10, 11, 30])
    assert found(1e-6 * y) == found(1e6 * y) == found(y)


def vintage(values, first="2019-01"):
    start = mm.ordinal(first)
    cells = tuple(Cell(start + i, start + i, float(v)) for i, v in enumerate(values))
    return Vintage(dt.date(2030, 1, 1), {SERIES: cells}, EventCalendar((BAN,)))


def test_the_spikes_of_the_clean_months_are_hidden_and_named():
    known = vintage(np.r_[raised([20, 21]), 900.0, np.full(5, 100.0)])
    design = Design(BAN, SERIES, stop="2023-06")
    assert [mm.label(m) for m in spikes_before(known, design, SERIES)] == ["2020-09", "2020-10"]
    hidden = hide_spikes(known, design).observed(SERIES)
    assert np.isnan(hidden.at(mm.ordinal("2020-09"), mm.ordinal("2020-10"))).all()
    assert np.isfinite(hidden.values).sum() == 52, "the window's own spike is what is asked about"
    assert spike_notes(known, design) == ("left out as an old spike: 2020-09, 2020-10",)


def test_a_question_that_keeps_spikes_has_none():
    known = vintage(np.r_[raised([20, 21]), np.full(6, 100.0)])
    kept = Design(BAN, SERIES, stop="2023-06", keep_spikes=True)
    assert len(spikes_before(known, kept, SERIES)) == 0
    assert hide_spikes(known, kept).observed(SERIES).values == pytest.approx(known.observed(SERIES).values)
    assert spike_notes(known, kept) == ()


@pytest.mark.parametrize("unknown", [0.0, 0.3, 0.95])
def test_the_level_around_a_month_is_the_median_of_what_is_known_there(unknown):
    rng = np.random.default_rng(4)
    values = np.where(rng.random(60) < unknown, np.nan, rng.normal(size=60))
    parts = [values[max(0, i - spikes.AROUND) : i + spikes.AROUND + 1] for i in range(60)]
    wanted = [np.median(part[np.isfinite(part)]) if np.isfinite(part).any() else np.nan for part in parts]
    assert np.array_equal(spikes._medians_around(values), wanted, equal_nan=True)
