"""Samples that many histories share: each is fitted once, and every history finds its own pair."""

from types import SimpleNamespace

import numpy as np

from forecast.prep.histories import DistinctSamples, GapFreeSeries


def sample(values, hidden=()):
    known = np.ones(len(values), bool)
    known[list(hidden)] = False
    return GapFreeSeries(0, np.array(values, float), known)


def test_a_sample_met_again_is_fitted_once_and_a_mark_makes_another():
    a, again, marked, longer = sample([1, 2, 3]), sample([1, 2, 3]), sample([1, 2, 3], [1]), sample([1, 2, 3, 4])
    pairs = [(a, a), (again, again), (marked, marked), (a, longer), (longer, longer), (again, longer)]
    made = DistinctSamples.of([SimpleNamespace(training=old, latest=new) for old, new in pairs])
    assert [len(one.z) for one in made.fits] == [3, 3, 4]
    assert made.pair.tolist() == [0, 0, 1, 2, 3, 2]
    assert made.fit.tolist() == [0, 1, 0, 2]
    assert [(pairs.tolist(), asked.tolist()) for pairs, asked in made.chunks(3)] == [([0, 1, 2], [0, 1, 2, 3, 5]), ([3], [4])]
