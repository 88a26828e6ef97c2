"""Each metric against its formula computed by hand or by other software."""

import numpy as np
import pytest

from forecast.core import registry
from forecast.core.errors import ConfigError
from forecast.study.evaluate.score import error_scale

SERIES = "CHN.export.WLD.re_magnets"


def score(name, draws, truth, scale=None, **options):
    draws = np.asarray(draws, float)
    truth = np.atleast_1d(np.asarray(truth, float))
    if draws.ndim == 1:
        draws = draws[:, None]
    scale = np.ones(len(truth)) if scale is None else np.atleast_1d(np.asarray(scale, float))
    return registry.build("metric", {"use": name, **options}).score(draws, truth, scale)


def test_crps_equals_scoringrules():
    import scoringrules

    rng = np.random.default_rng(1)
    draws, truth = rng.gamma(2.0, 3.0, (200, 5)), rng.gamma(2.0, 3.0, 5)
    theirs = scoringrules.crps_ensemble(truth, draws.T, estimator="nrg")
    np.testing.assert_allclose(score("crps", draws, truth), theirs, rtol=1e-10)


def test_crps_of_a_point_forecast_is_the_absolute_error():
    assert score("crps", np.full(10, 3.0), 5.0) == pytest.approx(2.0)


def test_wis_by_hand():
    draws = np.linspace(0.0, 10.0, 1001)
    # one interval, alpha = 0.2: [1, 9]; y = 12: spread .1 * 8, under (12 - 9) + .5 (12 - 5), over K + 1/2 = 1.5
    assert score("wis", draws, 12.0, alphas=[0.2]) == pytest.approx((0.8 + 3.0 + 3.5) / 1.5)


def test_point_metrics_use_the_point_that_suits_them():
    draws = np.array([0.0, 0.0, 0.0, 4.0, 6.0])
    assert score("mae", draws, 1.0) == pytest.approx(1.0)
    assert score("mase", draws, 1.0, scale=4.0) == pytest.approx(0.25)
    assert score("rmsse", draws, 5.0, scale=2.0) == pytest.approx(1.5)


def test_scaled_errors_of_several_months_by_hand():
    """Medians 1 and 20, means 2 and 30, against 4 and 50."""
    draws, truth, scale = [[0.0, 10.0], [5.0, 60.0], [1.0, 20.0]], [4.0, 50.0], [0.5, 10.0]
    assert list(score("mase", draws, truth, scale)) == [3 / 0.5, 30 / 10]
    assert list(score("rmsse", draws, truth, scale)) == [2 / 0.5, 20 / 10]


def test_each_scaled_metric_divides_by_the_seasonal_error_of_its_own_kind(vintage_of):
    """Twelve pairs of months a year apart, half of them by 1 kg and half by 7: mean error 4, root of the mean square 5."""
    scale = error_scale(SERIES, vintage_of([10.0] * 12 + [11.0, 3.0] * 6, series=SERIES))
    divisors = {name: scale.of(registry.build("metric", name)) for name in ("mase", "msis", "rmsse")}
    assert divisors == pytest.approx({"mase": 4.0, "msis": 4.0, "rmsse": 5.0})


def test_msis_by_hand():
    draws = np.linspace(0.0, 100.0, 1001)
    # alpha = 0.2: [10, 90], width 80; 95 lies 5 above: 2 / 0.2 * 5 = 50; scale 10
    assert score("msis", draws, 95.0, scale=10.0, level=80) == pytest.approx(13.0)
    assert score("msis", draws, 50.0, scale=10.0, level=80) == pytest.approx(8.0)
    with pytest.raises(ConfigError, match="between 0 and 100"):
        registry.build("metric", {"use": "msis", "level": 0})


@pytest.mark.parametrize("name", ["mase", "rmsse", "msis"])
@pytest.mark.parametrize("scale", [0.0, np.nan])
def test_no_scale_no_score(name, scale):
    assert np.isnan(score(name, np.ones(3), 1.0, scale=scale))


def test_smape_is_200_at_most_and_0_for_a_foreseen_zero():
    assert score("smape", np.full(3, 10.0), 0.0) == pytest.approx(200.0)
    assert score("smape", np.zeros(3), 0.0) == pytest.approx(0.0)
    assert score("smape", np.full(3, 110.0), 90.0) == pytest.approx(20.0)


def test_coverage_counts_the_ends():
    draws = np.linspace(0.0, 100.0, 101)
    assert list(score("coverage", np.column_stack([draws] * 3), [10.0, 9.9, 90.0])) == [1.0, 0.0, 1.0]
    assert score("coverage", draws, 5.0, level=95) == 1.0


def test_coverage_refuses_a_level_of_one():
    with pytest.raises(ConfigError, match="between 0 and 100"):
        registry.build("metric", {"use": "coverage", "level": 100})


def test_bias_points_up_when_forecasts_are_high():
    assert score("bias", np.array([1.0, 2.0, 3.0, 4.0]), 0.0) == 1.0
    assert score("bias", np.array([1.0, 2.0, 3.0, 4.0]), 3.5) == -0.5


def test_coverage_is_labelled_and_judged_by_its_level():
    narrow, wide = registry.build("metric", "coverage"), registry.build("metric", {"use": "coverage", "level": 95})
    assert (narrow.label, narrow.better) == ("in 80\u00a0%", 0.8)
    assert (wide.label, wide.better) == ("in 95\u00a0%", 0.95)
