"""Weights on the simplex: optimal, exact in corners, and as another package leaves them."""

import numpy as np
import pytest

from forecast.estimators.synthetic import simplex


def problem(seed, rows=12, columns=7):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((rows, columns)), rng.standard_normal(rows)


def aim(a, b, w, penalty):
    return float(((a @ w - b) ** 2).sum() + penalty * (w @ w))


@pytest.mark.parametrize("penalty", [0.0, 3.0])
@pytest.mark.parametrize("shape", [(12, 7), (5, 20)])
@pytest.mark.parametrize("seed", range(8))
def test_the_exact_weights_meet_the_conditions_of_an_optimum(seed, shape, penalty):
    """On the support the gradient is level, elsewhere it is no lower (Karush, Kuhn and Tucker)."""
    a, b = problem(seed, *shape)
    w = simplex.least_squares_weights(a, b, penalty)
    gradient = a.T @ (a @ w - b) + penalty * w
    level = gradient @ w
    assert w.min() >= 0
    assert w.sum() == pytest.approx(1.0, abs=1e-12)
    assert gradient[w > 0] == pytest.approx(level, abs=1e-8)
    assert gradient.min() >= level - 1e-8


def test_no_random_weights_are_better():
    a, b = problem(3)
    best = aim(a, b, simplex.least_squares_weights(a, b, 0.5), 0.5)
    others = np.random.default_rng(0).dirichlet(np.full(7, 0.3), size=500)
    assert min(aim(a, b, w, 0.5) for w in others) >= best - 1e-12


def test_a_mixture_of_donors_is_found_again():
    a, _ = problem(1)
    true = np.array([0.5, 0.0, 0.2, 0.0, 0.0, 0.3, 0.0])
    assert simplex.least_squares_weights(a, a @ true) == pytest.approx(true, abs=1e-10)


def test_a_donor_that_is_the_target_takes_all():
    a, _ = problem(2)
    assert simplex.least_squares_weights(a, a[:, 4].copy()) == pytest.approx(np.eye(7)[4], abs=1e-12)
    assert simplex.least_squares_weights(a[:, :1], a[:, 2]) == pytest.approx([1.0])
    assert simplex.least_squares_weights(a[:, [4, 1, 4]], a[:, 4].copy()) == pytest.approx([0.5, 0.0, 0.5])


@pytest.mark.parametrize("by", [1e-6, 1e6])
def test_units_change_no_weight(by):
    a, b = problem(5)
    assert simplex.least_squares_weights(by * a, by * b, by**2 * 2.0) == pytest.approx(
        simplex.least_squares_weights(a, b, 2.0), abs=1e-9
    )


def test_the_outcome_far_from_zero_changes_no_weight():
    a, b = problem(6)
    assert simplex.least_squares_weights(a + 1e5, b + 1e5) == pytest.approx(simplex.least_squares_weights(a, b), abs=1e-6)


def slow(a, b, zeta, w, decrease, most):
    """`sc.weight.fw` of the R package synthdid 0.0.9, line by line (without intercept)."""
    n, values = len(a), []
    while len(values) < most and (len(values) < 2 or values[-2] - values[-1] > decrease**2):
        half = (a @ w - b) @ a + n * zeta**2 * w
        i = half.argmin()
        step = -w
        step[i] = 1 - w[i]
        change = a[:, i] - a @ w
        length = -(half @ step) / ((change**2).sum() + n * zeta**2 * (step**2).sum())
        w = w + min(1.0, max(0.0, length)) * step
        values.append(zeta**2 * (w**2).sum() + ((a @ w - b) ** 2).sum() / n)
    return w


@pytest.mark.parametrize("zeta", [1e-6, 0.7])
@pytest.mark.parametrize("seed", range(4))
def test_frank_and_wolfe_stop_where_synthdid_stops(seed, zeta):
    a, b = problem(seed)
    start = np.full(7, 1 / 7)
    mine = simplex.frank_wolfe_weights(a, b, len(a) * zeta**2, start, 1e-3, 400)
    assert mine == pytest.approx(slow(a, b, zeta, start, 1e-3, 400), abs=1e-9)


def test_frank_and_wolfe_end_at_the_optimum():
    a, b = problem(7)
    far = simplex.frank_wolfe_weights(a, b, 5.0, np.full(7, 1 / 7), 0.0, 20_000)
    assert far == pytest.approx(simplex.least_squares_weights(a, b, 5.0), abs=1e-3)


def test_sparse_weights_lose_what_is_small():
    assert simplex.sparsify(np.array([0.6, 0.15, 0.05, 0.2])) == pytest.approx([0.75, 0.0, 0.0, 0.25])


def test_least_squares_without_negatives_end_at_an_optimum():
    """Of scipy before 1.16 some do not (seeds found by trying 3,000); synthetic controls and reconciled draws rest on them."""
    from scipy.optimize import nnls

    worst = 0.0
    for seed in range(3000):
        rng = np.random.default_rng(seed)
        rows, columns = rng.integers(4, 40), rng.integers(2, 20)
        a = rng.normal(size=(rows, columns)) * 10 ** rng.uniform(-4, 4)
        b = rng.normal(size=rows) * 10 ** rng.uniform(-4, 4)
        a = np.abs(a) if seed % 3 == 0 else a
        x = nnls(a, b)[0]
        slope = a.T @ (a @ x - b) / (np.linalg.norm(a) * np.linalg.norm(b))
        worst = max(worst, -slope.min(), np.abs(slope * (x > 0)).max())
    assert worst < 1e-12
