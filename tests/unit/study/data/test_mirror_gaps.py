"""Two records of one trade around a measure: what a planted misreport does to their gap, and what the rest does not."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from forecast.core import months
from forecast.core.events import Event, EventCalendar
from forecast.core.vintage import Cell, Vintage
from forecast.kernels.mirror_gap import change_in_time, log_gap, slope_on_incentive, variance_of_change
from forecast.study.data.mirror_gaps import mirror_gaps

BAN = Event("ban", "", dt.date(2023, 1, 1), dt.date(2023, 1, 1), targets="USA", products="gallium", role="default")
OTHERS = ("nickel", "boron", "zinc", "selenium")


def world(misreported=0.6, common=0.0, goods=("gallium", *OTHERS), seed=1, start="2020-01", count=60, noise=0.05):
    """Exports, and imports a month later times 1.1; from the ban on the exporter records less of gallium than arrives."""
    rng, first = np.random.default_rng(seed), months.ordinal(start)
    cells = {}
    for good in goods:
        left = 1000 * np.exp(0.3 * rng.standard_normal(count))
        after = np.arange(count) + first >= BAN.start
        recorded = left * np.exp(0.05 * rng.standard_normal(count)) * np.exp(-common * after)
        if good == "gallium":
            recorded = recorded * np.where(after, 1 - misreported, 1.0) * np.exp((noise - 0.05) * rng.standard_normal(count))
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


def test_the_noise_of_a_single_good_under_control_is_in_its_contrast():
    """Its records are eight times as noisy as those of the others: their spread says nothing of it."""
    found = [rows_of(world(misreported=0.0, seed=seed, noise=0.4)) for seed in range(40)]
    inside = [one["contrast"].change_lo95 <= 0 <= one["contrast"].change_hi95 for one in found]
    assert np.mean(inside) >= 0.85  # nominally 95 %

    def width(row):
        return row.change_hi95 - row.change_lo95

    assert all(width(one["contrast"]) >= width(one["gallium"]) for one in found)


@pytest.mark.parametrize("how", ["end", "easing"])
def test_the_months_after_an_end_or_easing_are_counted(how):
    day = dt.date(2024, 3, 1)
    ban = BAN if how == "easing" else replace(BAN, end=day, end_announced=day)
    deal = Event("deal", "", day, day, targets="USA", products="gallium", instrument="deal", reversal_of="ban", role="default")
    vintage = world()
    calendar = EventCalendar((ban, deal) if how == "easing" else (ban,))
    found = {row.product or "contrast": row for row in mirror_gaps(Vintage(vintage.day, vintage.cells, calendar), [ban])}
    assert (found["gallium"].n_after, found["gallium"].n_turned) == (23, 10)  # February 2023 on; March 2024 on
    assert found["contrast"].n_turned == 10
    assert found["nickel"].n_turned == 0  # it was never under control
    assert rows_of(vintage)["gallium"].n_turned == 0
    early = Vintage(dt.date(2024, 2, 1), vintage.cells, calendar)
    assert mirror_gaps(early, [ban])[0].n_turned == 0


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


def test_a_slope_with_known_variances_is_the_usual_one_where_they_are_equal():
    rng = np.random.default_rng(4)
    mark, change = np.repeat([1.0, 0.0], [3, 6]), rng.standard_normal(9)
    usual = vars(slope_on_incentive(change, mark))
    residual = np.r_[change[:3] - change[:3].mean(), change[3:] - change[3:].mean()]
    equal = slope_on_incentive(change, mark, variance=np.full(9, 0.5 * residual @ residual / 7))
    assert tuple(vars(equal).values()) == pytest.approx(tuple(usual.values()))
    own = np.linspace(1.0, 9.0, 9)  # far more than the residuals hold: nothing common is left, and the variances add up
    wide = slope_on_incentive(change, mark, variance=own)
    se = np.sqrt(own[:3].sum() / 9 + own[3:].sum() / 36)
    assert wide.high - wide.estimate == pytest.approx(stats.t.ppf(0.975, 7) * se)


def test_the_variance_of_a_change_is_read_back_from_its_interval():
    rng = np.random.default_rng(6)
    gap, after = rng.standard_normal(30), np.arange(30) >= 15
    made = change_in_time(gap, after)
    (variance,) = variance_of_change(np.array([made.low]), np.array([made.high]), np.array([30]))
    assert made.high - made.estimate == pytest.approx(stats.t.ppf(0.975, 28) * np.sqrt(variance))


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
