"""Donors fitted to each other together have gaps, departures and placebos of donors fitted one at a time: all, or some."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from forecast.estimators.synthetic import synthetic_weights
from forecast.estimators.synthetic.donor_departures import DonorDepartures, donor_departures
from forecast.estimators.synthetic.donors_as_treated import DonorPanel, DonorsAsTreated
from forecast.estimators.synthetic.placebos_in_space import DonorPlacebos, fit_placebos
from forecast.estimators.synthetic.sample import WeightingSample
from forecast.estimators.synthetic.synthetic_weights import WeightRule
from forecast.kernels import local_level

RULES = {
    "sdid": WeightRule("sdid", many=6.0),
    "sdid, own ridge": WeightRule("sdid", zeta=0.1, many=6.0),
    "sc": WeightRule("sc"),
    "sc with a ridge": WeightRule("sc", zeta=0.2),
    "demeaned sc": WeightRule("sc", demean=True),
    "did": WeightRule("did"),
}
SHARE = np.arange(1, 7) / 21  # periods of unequal length


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
    return WeightingSample.of_outcomes(before[:, 0], before[:, 1:], after[:, 0], after[:, 1:], SHARE)


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
@pytest.mark.parametrize("shape", [(48, 9), (12, 15), (10, 4), (8, 3), (30, 2)])
@pytest.mark.parametrize("seed", range(4))
def test_donors_fitted_together_have_the_gaps_of_those_fitted_alone(rule, shape, seed):
    sample = sample_of(seed, *shape)
    together = DonorsAsTreated.of(sample, rule)
    before, after = together.everyone
    crossed = together.cross_fitted_gaps(np.arange(shape[1]), before)
    sizes = np.abs(sample.x).max(axis=0)[:, None]
    for mine, alone in zip((before, after, crossed), one_by_one(sample, rule), strict=True):
        assert mine / sizes == pytest.approx(np.array(alone) / sizes, abs=1e-9)


def test_synthdids_search_is_replaced_by_the_optimum():
    sample = sample_of(2)
    before, after = DonorsAsTreated.of(sample, replace(RULES["sdid"], exact=False)).everyone
    for mine, alone in zip((before, after), one_by_one(sample, RULES["sdid"]), strict=False):
        assert mine == pytest.approx(np.array(alone), abs=1e-9)


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


@pytest.mark.parametrize("shape", [(1, 3), (2, 2), (2, 3), (3, 2)])
def test_a_single_change_has_no_noise(shape):
    x = np.random.default_rng(0).normal(size=shape)
    alone = [synthetic_weights.donor_noise(np.delete(x, j, axis=1)) for j in range(shape[1])]
    assert DonorPanel.of(x, RULES["sdid"]).noise(np.arange(shape[1])) == pytest.approx(alone, rel=1e-12)


def test_donors_that_move_together_keep_the_digits_of_their_differences():
    """Figures of few digits, so that a common path added to them takes none: what is fitted is the same to the last."""
    x, rule = np.round(4096 * sample_of(2, months=60).x) / 4096, RULES["sc with a ridge"]
    common = np.round(1e8 * np.cumsum(np.random.default_rng(7).normal(size=60)))[:, None]
    apart, together = (DonorPanel.of(one, rule).weights(np.arange(9)) for one in (x, x + common))
    assert together == pytest.approx(apart, abs=1e-12)


def departures_one_by_one(sample, rule, asked):
    """The search as it is told: the farthest donor of those left, fits among them made anew each time."""
    model = local_level.build_model(np.arange(len(sample.x)), asked)
    left, moved, rounds = list(range(sample.x.shape[1])), [], []
    while True:
        _, after, crossed = map(np.array, one_by_one(sample.of_donors(left), rule))
        away = np.abs((after * sample.share).sum(axis=1)) / local_level.zero_forecast_errors(model, crossed)
        rounds.append((crossed, away))
        # two donors say of neither that it is the one that moved; beyond a third of all, the rest is no measure of the others
        if len(left) <= 2 or len(moved) > sample.x.shape[1] // 3 or away.max() <= local_level.DEPARTURE_THRESHOLD:
            return (*rounds[0], tuple(moved))
        moved.append(left.pop(int(away.argmax())))


@pytest.mark.parametrize(
    ("donors", "hits", "count"), [(9, (0, 6, 3), 3), (9, (1, 2, 3, 5, 7, 8), 4), (4, (0, 1, 2), 2), (2, (1,), 0), (5, (), 0)]
)
@pytest.mark.parametrize("rule", [RULES["sdid"], RULES["did"]], ids=["sdid", "did"])
def test_departures_are_those_of_a_search_one_by_one(rule, donors, hits, count):
    sample, asked = sample_of(4, donors=donors), np.arange(48, 54)
    for size, hit in enumerate(hits):
        sample.x_after[:, hit] += (-1.0) ** size * 4.0 ** (2 + size) * np.array([3, 2, 1, 1, 0.5, 0.5])
    found = donor_departures(DonorsAsTreated.of(sample, rule), np.arange(48), asked)
    gaps, errors, moved = departures_one_by_one(sample, rule, asked)
    assert len(found.moved) == count
    assert found.moved == moved
    assert found.gaps == pytest.approx(gaps, abs=1e-9)
    assert found.errors == pytest.approx(errors, rel=1e-7)


@pytest.mark.parametrize("kind", ["outcomes", "predictors", "window", "selected"])
def test_placebos_are_those_of_donors_in_the_place_of_the_treated(kind):
    sample, rule = sample_of(2, donors=6), WeightRule("sc", demean=True, many=6.0)
    if kind == "predictors":
        sample = replace(sample, predictors=np.random.default_rng(8).normal(size=(2, 7)))
    if kind == "window":
        sample = replace(sample, fitted=np.arange(48) >= 20)
    if kind == "selected":
        rule = replace(rule, selected=True)
    fitted = synthetic_weights.fit_weights(sample, rule)
    table = SimpleNamespace(donors=tuple("abcdef"), months=np.arange(48))
    made = fit_placebos(SimpleNamespace(sample=sample, table=table, when=(np.arange(48, 54),)), fitted, rule)
    own, own_after = (y - fitted.counterfactual(x) for y, x in ((sample.y, sample.x), (sample.y_after, sample.x_after)))
    assert made.own == pytest.approx(np.sqrt(SHARE @ own_after**2) / np.sqrt((own**2).mean()))
    for j in range(6):
        before, after = synthetic_weights.fitted_gaps(sample.as_treated(j), rule)
        size = np.sqrt((before**2).mean())
        assert made.gaps[j] == pytest.approx(after / size * np.sqrt((own**2).mean()), abs=1e-9)
        assert made.ratios[j] == pytest.approx(np.sqrt(SHARE @ after**2) / size)
    beyond = sum(ratio >= made.own for ratio in made.ratios)
    assert made.rank()[:2] == ((1 + beyond) / 7, 1 / 7)


def test_a_donor_that_moved_as_far_as_the_treated_counts_against_it_whatever_the_rounding():
    ratios = np.array([0.5, 2.0 * (1 - 1e-12), 2.0, 2.0 * (1 + 1e-12), 3.0])
    made = DonorPlacebos(tuple("abcde"), np.empty((5, 1)), ratios, 2.0, 1.0, DonorDepartures(np.empty((5, 1)), ratios, ()))
    assert made.rank() == (5 / 6, 1 / 6, "4 of 5 donors moved at least as far from their fit")
