"""Upper tails of thin flows: no draw of a month far beyond anything seen because some figures are next to nothing."""

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from forecast.kernels.regime_ratio import RatioPrior, ratio_paths

SAMPLES = [2.0, 1.0, 3.0, 4.0]


def thin(tiny):
    """Thirty-six months of some hundreds, empty months, and months of `tiny`."""
    rng = np.random.default_rng(5)
    y = np.where(rng.random(36) < 0.5, 0.0, 500.0 * np.exp(rng.normal(0, 0.6, 36)))
    y[[4, 13, 22, 31]] = tiny
    return y


def draws(y, model):
    frame = pd.Series(y, pd.period_range("2021-01", periods=len(y), freq="M"), name="x")
    return fc.forecast(frame, 1, model=model, draws=4000, seed=1).of("x")[:, 0]


@pytest.mark.parametrize("model", ["hurdle", "two_part"])
def test_samples_of_a_kilogram_do_not_set_the_spread(model):
    with_samples, without = draws(thin(SAMPLES), model), draws(thin(0.0), model)
    assert np.quantile(with_samples, 0.975) == pytest.approx(np.quantile(without, 0.975), rel=0.2)
    above = (with_samples > thin(SAMPLES).max()).mean()
    assert above < 2 * 2 / 37, (
        "a month beyond the largest of thirty-six is not expected more than once in thirty-seven, or twice"
    )


def test_empty_months_of_the_old_regime_do_not_inflate_the_new_one():
    rng = np.random.default_rng(2)
    full = 100.0 * np.exp(rng.normal(0, 0.4, (4000, 8)))
    thin_base = np.where(rng.random(full.shape) < 0.4, 0.0, full)
    seen, at = np.array([90.0, 140.0]), np.arange(8)
    prior = RatioPrior(0.0, 0.3)
    of_full, of_thin = (ratio_paths(base, seen, at, prior, 1e-6, np.random.default_rng(1)) for base in (full, thin_base))
    traded = of_thin[of_thin > 0]
    assert np.quantile(traded, 0.99) == pytest.approx(np.quantile(of_full[of_full > 0], 0.99), rel=0.25)
    assert (of_thin == 0).mean() == pytest.approx(0.4, abs=0.05)
