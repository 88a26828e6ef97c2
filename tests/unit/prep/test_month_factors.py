"""The season of one series: factors of quantities, amounts of what may be negative."""

import numpy as np
import pytest

from forecast.prep.month_factors import month_factors

MONTHS = np.arange(36)
SEASON = np.array([0.5, 2.0, 1.0, 1.0, 0.25, 4.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0])


def test_factors_of_a_quantity_leave_it_level_and_months_without_trade_empty():
    values = 10.0 * SEASON[MONTHS % 12]
    values[[3, 15]] = 0.0, np.nan
    found = month_factors(MONTHS, values, 12, multiplies=True)
    left = found.remove(values, found.before)
    assert left[3] == 0.0
    assert np.isnan(left[15])
    assert np.delete(left, [3, 15]) == pytest.approx(10.0)
    assert found.of_months(np.array([36, 37, 52])) == pytest.approx([0.5, 2.0, 0.25])


def test_a_period_has_the_mean_of_its_months():
    found = month_factors(MONTHS, 10.0 * SEASON[MONTHS % 12], 12, multiplies=True)
    assert found.of_periods((np.array([36]), np.array([37, 38, 39]))) == pytest.approx([0.5, 4.0 / 3])


def test_amounts_of_what_may_be_negative():
    values = SEASON[MONTHS % 12] - 3.0
    found = month_factors(MONTHS, values, 12, multiplies=False)
    assert found.remove(values, found.before) == pytest.approx(values.mean())
    assert found.of_months(MONTHS[:12]) == pytest.approx(SEASON - SEASON.mean())


@pytest.mark.parametrize(("length", "count"), [(None, 36), (12, 23)])
@pytest.mark.parametrize("multiplies", [True, False])
def test_without_a_season_or_two_cycles_nothing_is_removed(length, count, multiplies):
    values = SEASON[MONTHS % 12][:count]
    found = month_factors(MONTHS[:count], values, length, multiplies=multiplies)
    assert np.array_equal(found.remove(values, found.before), values)
    assert np.array_equal(found.of_months(MONTHS), np.full(36, float(multiplies)))


def test_series_known_in_different_months_are_fitted_apart():
    table = np.random.default_rng(2).lognormal(size=(len(MONTHS), 3)) * (10.0 * SEASON[MONTHS % 12])[:, None]
    table[[2, 9], 1] = np.nan
    table[5, 2] = 0.0
    found = month_factors(MONTHS, table, 12, multiplies=True)
    periods = (MONTHS[:1], MONTHS[1:4])
    for j, column in enumerate(table.T):
        alone = month_factors(MONTHS, column, 12, multiplies=True)
        assert found.before[:, j] == pytest.approx(alone.before)
        assert found.pattern[:, j] == pytest.approx(alone.pattern)
        assert found.of_periods(periods)[:, j] == pytest.approx(alone.of_periods(periods))
    assert found.of_periods(periods)[1] == pytest.approx(found.of_months(MONTHS[1:4]).mean(axis=0))
    assert found.before[2, 1] == 1.0
