"""Reproducibility across processors: rounding in the last bit of a matrix or likelihood changes no draw."""

import numpy as np
import pytest
from scipy.stats import rankdata

import forecast as fc
from forecast.core.questions import Task
from forecast.kernels import gaussian, grid_search
from forecast.kernels.resample import multinomial_counts
from forecast.study.ask import seed_of

ULP = 2.0**-52


def nudged(matrix, rng):
    """The same matrix as another processor might have added it up."""
    noise = rng.standard_normal(matrix.shape)
    return matrix * (1 + 2 * ULP * (noise + noise.T))


@pytest.mark.parametrize("kind", ["tied", "singular", "random walk"])
def test_a_root_follows_its_matrix_and_not_the_eigenvectors(kind):
    rng = np.random.default_rng(1)
    turn = np.linalg.qr(rng.standard_normal((12, 12)))[0]
    sizes = {"tied": np.ones(12), "singular": np.r_[np.zeros(4), np.ones(8)], "random walk": np.arange(12.0) ** 2}[kind]
    matrix = (turn * sizes) @ turn.T
    matrix = (matrix + matrix.T) / 2
    draws = rng.standard_normal((100, 12))
    root = gaussian.symmetric_root(matrix)
    assert root @ root == pytest.approx(matrix, abs=1e-12 * sizes.max())
    for _ in range(20):
        other = gaussian.symmetric_root(nudged(matrix, rng))
        assert np.abs(draws @ other - draws @ root).max() < 1e-9 * np.sqrt(sizes.max())


def test_values_of_like_weight_are_drawn_as_often_whichever_is_a_bit_heavier():
    even = np.array([0.3, 0.35, 0.35])
    for moved in (even, even + np.array([0.0, 1.0, -1.0]) * ULP, even + np.array([0.0, -1.0, 1.0]) * ULP):
        drawn = multinomial_counts(1000, moved / moved.sum(), np.random.default_rng(3))
        assert drawn.tolist() == multinomial_counts(1000, even, np.random.default_rng(3)).tolist()
    assert multinomial_counts(100_000, even, np.random.default_rng(3)) / 100_000 == pytest.approx(even, abs=0.005)
    assert multinomial_counts(7, np.array([0.0, 1.0, 0.0]), np.random.default_rng(3)).tolist() == [0, 7, 0]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_maximum_stands_still_where_the_likelihood_is_rounded_otherwise(size):
    top = np.array([0.3, -0.2, 0.1])[:size]
    low, high = -np.ones(size), np.ones(size)

    def rounded(seed):
        noise = np.random.default_rng(seed)

        def loglike(points):
            distance = points - top
            exact = -300 - 40 * (distance**2).sum(axis=1) + 5 * (distance**3).sum(axis=1)
            return exact + 1e-12 * noise.standard_normal(len(points))

        return loglike

    found = np.array([grid_search.settle_maximum(rounded(seed), top + 2e-4, low, high) for seed in range(20)])
    assert np.ptp(found, axis=0).max() < 1e-8
    assert np.abs(found - top).max() < 1e-5


def test_old_questions_have_random_numbers_of_their_cutoff_and_present_ones_share_theirs():
    archive = fc.load_archive()
    past = fc.backtest(
        archive, ["2024-06-30", "2024-09-30"], ["mean12"], ["CHN.export.WLD.rare_earths_total"], [1, 2], draws=300, seed=4
    )
    first, second = (a.past.task for a in past.answered)
    model = fc.model("mean12")
    assert (first.stream, second.stream) == ("2024-06-30", "2024-09-30")
    assert seed_of(4, model, first) != seed_of(4, model, second)
    plain = [Task(task.day, task.series, task.months, draws=300) for task in (first, second)]
    assert seed_of(4, model, plain[0]) == seed_of(4, model, plain[1])
    again = fc.predict(model, archive.as_of(first.day), first, seed=4)
    assert (again.draws == past.answered[0].answer.draws).all()
    ranks = [rankdata(a.answer.draws[:, 0, 0]) for a in past.answered]
    assert abs(np.corrcoef(ranks)[0, 1]) < 0.2, "the luck of two cutoffs is not the same"
    shared = [rankdata(fc.predict(model, archive.as_of(task.day), task, seed=4).draws[:, 0, 0]) for task in plain]
    assert np.corrcoef(shared)[0, 1] > 0.5


def test_the_questions_that_a_question_rests_on_keep_its_stream():
    task = Task.past(fc.load_archive().latest.day, "CHN.export.WLD.re_magnets", ["2026-09"], draws=100)
    assert task.for_series("USA.import.WLD.gallium", ["2026-10"]).stream == task.stream
    vintage = fc.load_archive().latest
    for spec in (
        "menu",
        "reconciled",
        {"use": "conformal", "inner": "theta"},
        {"use": "combine", "members": ["mean12", "ets"]},
    ):
        method = fc.model(**(spec if isinstance(spec, dict) else {"use": spec}))
        inner = [one for _, one, *_ in method.asks(vintage, task)]
        assert inner
        assert {one.stream for one in inner} == {one.day.isoformat() for one in inner}, spec
