"""Power of a test, and the minimum detectable effect."""

import numpy as np
import pytest

from forecast.kernels.power import detectable_effect, power


def test_power_at_no_effect_is_the_level():
    for level in (0.01, 0.05, 0.1):
        assert power(0.0, 3.0, level) == pytest.approx(level)


def test_power_rises_and_has_no_sign():
    sizes = [power(x, 2.0) for x in (0.0, 1.0, 3.0, 6.0, 20.0)]
    assert sizes == sorted(sizes)
    assert sizes[-1] == pytest.approx(1.0)
    assert power(-3.0, 2.0) == power(3.0, 2.0)
    assert np.isnan(power(1.0, 0.0))


def test_the_detectable_effect_is_seen_four_times_in_five():
    """Bloom (1995): 2.80 standard errors for a two-sided test at 5 %."""
    assert detectable_effect(1.0) == pytest.approx(2.80159, abs=1e-5)
    assert power(detectable_effect(7.0), 7.0) == pytest.approx(0.8, abs=1e-5)
    assert power(detectable_effect(7.0, chance=0.5), 7.0) == pytest.approx(0.5, abs=1e-4)
    assert np.isnan(detectable_effect(0.0))


def test_power_is_how_often_a_simulated_effect_is_called():
    rng = np.random.default_rng(0)
    called = np.abs(2.0 + rng.standard_normal(200_000)) > 1.959964
    assert power(2.0, 1.0) == pytest.approx(called.mean(), abs=0.004)
