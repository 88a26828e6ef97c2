"""Donors fitted to each other together have the gaps of donors fitted one at a time: all of them, or some."""

import numpy as np
import pytest

from forecast.estimators.synthetic import synthetic_weights
from forecast.estimators.synthetic.donors_as_treated import DonorPanel, DonorsAsTreated
from forecast.estimators.synthetic.sample import WeightingSample
from forecast.estimators.synthetic.synthetic_weights import WeightRule

RULES = {
    "sdid": WeightRule("sdid", many=6.0),
    "sdid, own ridge": WeightRule("sdid", zeta=0.1, many=6.0),
    "sc": WeightRule("sc"),
    "sc with a ridge": WeightRule("sc", zeta=0.2),
    "demeaned sc": WeightRule("sc", demean=True),
    "did": WeightRule("did"),
}


def sample_of(seed, months=48, donors=9):
    """A common walk with loadings; every second sample has donors that are nearly alike, every third ones of other sizes."""
    rng = np.random.default_rng(seed)
    factor = np.cumsum(rng.normal(0, 0.2, months + 6))[:, None]
    values = 5 + factor * rng.normal(1, 0.4, donors + 1) + rng.normal(0, 0.3, (months + 6, donors + 1))
    if seed % 2:
        values[:, 2] = values[:, 1] + 1e-4 * rng.normal(size=months + 6)
    if seed % 3 == 0:
        values[:, -1] *= 1e3
    before, after = values[:months], values[months:]
    return WeightingSample.of_outcomes(before[:, 0], before[:, 1:], after[:, 0], after[:, 1:], np.full(6, 1 / 6))


def one_by_one(sample, rule):
    """Gaps before and after, and cross-fitted ones at the level of the fit, of each donor on its own."""
    before, after, crossed = [], [], []
    for j in range(sample.x.shape[1]):
        one = sample.as_treated(j)
        weights = synthetic_weights.fit_weights(one, rule)
        before.append(one.y - weights.counterfactual(one.x))
        after.append(one.y_after - weights.counterfactual(one.x_after))
        crossed.append(synthetic_weights.cross_fitted_gaps(one, weights, rule) - weights.level)
    return before, after, crossed


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize("shape", [(48, 9), (12, 15), (8, 3), (30, 2)])
@pytest.mark.parametrize("seed", range(4))
def test_donors_fitted_together_have_the_gaps_of_those_fitted_alone(rule, shape, seed):
    sample = sample_of(seed, *shape)
    together = DonorsAsTreated.of(sample, rule)
    before, after = together.everyone
    crossed = together.cross_fitted_gaps(np.arange(shape[1]), before)
    sizes = np.abs(sample.x).max(axis=0)[:, None]
    for mine, alone in zip((before, after, crossed), one_by_one(sample, rule), strict=True):
        assert mine / sizes == pytest.approx(np.array(alone) / sizes, abs=1e-9)


def test_some_donors_are_fitted_to_each_other_alone():
    sample, some = sample_of(4), np.array([0, 3, 4, 7])
    together = DonorsAsTreated.of(sample, RULES["sdid"])
    before, after = together.gaps(some)
    crossed = together.cross_fitted_gaps(some, before)
    for mine, alone in zip((before, after, crossed), one_by_one(sample.of_donors(some), RULES["sdid"]), strict=True):
        assert mine == pytest.approx(np.array(alone), abs=1e-9)


def test_the_noise_of_the_others_is_not_lost_beside_a_donor_a_million_times_as_large():
    x = sample_of(1).x * [1, 1, 1e6, 1, 1, 1, 1, 1, 1]
    found = DonorPanel.of(x, RULES["sdid"]).noise(np.arange(9))
    alone = [synthetic_weights.donor_noise(np.delete(x, j, axis=1)) for j in range(9)]
    assert found == pytest.approx(alone, rel=1e-12)


def test_the_weights_of_many_months_are_found_from_no_more_rows_than_donors():
    rule, x = RULES["sdid"], sample_of(2, months=120).x
    assert DonorPanel.of(x, rule).rows.shape == (9, 9)
    assert DonorPanel.of(x, RULES["sc"]).rows.shape == x.shape  # without a ridge several weights may fit alike
