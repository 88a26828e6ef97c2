"""Two records of one trade around a measure: what a planted misreport does to their gap, and what the rest does not."""

import datetime as dt

import numpy as np
import pytest
from scipy import stats

from forecast.core import months
from forecast.core.events import Event, EventCalendar
from forecast.core.vintage import Cell, Vintage
from forecast.kernels.mirror_gap import change_in_time, log_gap, slope_on_incentive
from forecast.study.data.mirror_gaps import mirror_gaps

BAN = Event("ban", "", dt.date(2023, 1, 1), dt.date(2023, 1, 1), targets="USA", products="gallium", role="default")
OTHERS = ("nickel", "boron", "zinc", "selenium")


def world(misreported=0.6, common=0.0, goods=("gallium", *OTHERS), seed=1, start="2020-01", count=60):
    """Exports, and imports a month later times 1.1; from the ban on the exporter records less of gallium than arrives."""
    rng, first = np.random.default_rng(seed), months.ordinal(start)
    cells = {}
    for good in goods:
        left = 1000 * np.exp(0.3 * rng.standard_normal(count))
        after = np.arange(count) + first >= BAN.start
        recorded = left * np.exp(0.05 * rng.standard_normal(count)) * np.exp(-common * after)
        if good == "gallium":
            recorded = recorded * np.where(after, 1 - misreported, 1.0)
        arrived = 1.1 * left * np.exp(0.05 * rng.standard_normal(count))
        cells[f"CHN.export.USA.{good}"] = tuple(Cell(first + i, first + i, float(v)) for i, v in enumerate(recorded))
        cells[f"USA.import.CHN.{good}"] = tuple(Cell(first + i + 1, first + i + 1, float(v)) for i, v in enumerate(arrived))
    return Vintage(dt.date(2030, 1, 1), cells, EventCalendar((BAN,)))


def rows_of(vintage, **more):
    found = mirror_gaps(vintage, [BAN], **more)
    return {row.product or "contrast": row for row in found}


def test_a_planted_misreport_is_found_and_a_common_change_drops_out():
    found = rows_of(world(common=0.2))
    own, plain, contrast = found["gallium"], found["nickel"], found["contrast"]
    truth = np.log(1 - 0.6)
    assert (own.controlled, plain.controlled) == (True, False)
    assert own.gap_before == pytest.approx(-np.log(1.1), abs=0.05)
    assert own.change == pytest.approx(truth - 0.2, abs=0.06)
    assert plain.change == pytest.approx(-0.2, abs=0.06)
    assert contrast.change_lo95 < truth < contrast.change_hi95 < 0
    assert (contrast.n_before, contrast.n_after) == (1, 4)


def test_without_a_misreport_the_contrast_holds_zero():
    inside = [rows_of(world(misreported=0.0, seed=seed))["contrast"] for seed in range(40)]
    assert np.mean([row.change_lo95 <= 0 <= row.change_hi95 for row in inside]) >= 0.85  # nominally 95 %


def test_the_lag_belongs_to_the_pair():
    wrong = rows_of(world(), lag_months=0)["gallium"]
    right = rows_of(world())["gallium"]
    assert right.change_hi95 - right.change_lo95 < 0.6 * (wrong.change_hi95 - wrong.change_lo95)


def test_goods_of_another_measure_are_no_comparison():
    other = Event("own", "", dt.date(2022, 1, 1), dt.date(2022, 1, 1), targets="USA", products="nickel", role="default")
    vintage = world()
    touched = Vintage(vintage.day, vintage.cells, EventCalendar((other, BAN)))
    assert "nickel" not in rows_of(touched)
    assert rows_of(touched)["contrast"].n_after == 3


def test_a_missing_record_is_named_and_never_a_zero():
    vintage = world()
    one_side = Vintage(vintage.day, {"CHN.export.USA.gallium": vintage.cells["CHN.export.USA.gallium"]}, vintage.events)
    row = rows_of(one_side, asked=["CHN.export.USA.gallium", "CHN.export.WLD.gallium"])["gallium"]
    assert (row.state, row.wanted, row.change) == ("no data", "USA.import.CHN.gallium", None)
    none = world(misreported=1.0)
    assert rows_of(none)["gallium"].state == "too few months"  # no trade on one side has no logarithm


def test_a_measure_not_yet_in_force_is_asked_nothing():
    early = world()
    assert mirror_gaps(Vintage(dt.date(2022, 12, 1), early.cells, early.events), [BAN]) == []


# --- the kernel against references --------------------------------------------------------------------------------------


def test_the_slope_is_that_of_ordinary_least_squares():
    """Fisman and Wei's regression of the gap on the tax rate; with a mark of control it is the pooled two-sample t interval."""
    rng = np.random.default_rng(3)
    tax = rng.uniform(10, 60, 30)
    gap = 0.1 + 0.03 * tax + 0.2 * rng.standard_normal(30)
    line = stats.linregress(tax, gap)
    half = stats.t.ppf(0.975, 28) * line.stderr
    found = slope_on_incentive(gap, tax)
    assert (found.estimate, found.low, found.high) == pytest.approx((line.slope, line.slope - half, line.slope + half))
    assert found.low < 0.03 < found.high
    mark, change = np.repeat([1.0, 0.0], [4, 7]), rng.standard_normal(11)
    two = stats.ttest_ind(change[:4], change[4:]).confidence_interval(0.95)
    assert tuple(vars(slope_on_incentive(change, mark)).values())[1:] == pytest.approx(tuple(two))
    assert np.isnan(slope_on_incentive(change, np.ones(11)).estimate)


def test_the_change_allows_for_serial_correlation():
    """Without it, Welch's variance; an autoregression of 0.7 has (1 + .7) / (1 - .7) times that, and a wider interval."""
    rng = np.random.default_rng(5)
    y = np.zeros(4000)
    for i in range(1, 4000):
        y[i] = 0.7 * y[i - 1] + rng.standard_normal()
    after = np.arange(4000) >= 2000
    wide = change_in_time(y, after)
    plain = 2 * 1.96 * np.sqrt(y[:2000].var(ddof=1) / 2000 + y[2000:].var(ddof=1) / 2000)
    assert 1.7 < (wide.high - wide.low) / plain < np.sqrt(1.7 / 0.3) + 0.1
    white = rng.standard_normal(4000)
    even = change_in_time(white, after)
    usual = 2 * 1.96 * np.sqrt(white[:2000].var(ddof=1) / 2000 + white[2000:].var(ddof=1) / 2000)
    assert (even.high - even.low) / usual == pytest.approx(1.0, abs=0.12)


def test_a_gap_needs_trade_in_both_records():
    gap = log_gap(np.array([2.0, 0.0, np.nan, 3.0]), np.array([1.0, 1.0, 1.0, 0.0]))
    assert gap[0] == pytest.approx(np.log(2))
    assert np.isnan(gap[1:]).all()
