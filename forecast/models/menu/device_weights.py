"""Weights of the menu's devices by their continuous ranked probability scores at past origins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from forecast.arrays import Floats
from forecast.kernels.remembered_answers import remember_answers


def weigh_devices(names: Sequence[str], scores: Mapping[str, Sequence[float]], origins: int) -> Floats:
    """Weights of the named devices; the prior weight of the first is twice that of the others.

    A device without a score at each of the `origins` has no weight; without any score the first device has all of it.
    """
    alone: Floats = np.eye(len(names))[0]
    if len(names) == 1 or not origins:
        return alone
    prior = np.array([2.0 if name == names[0] else 1.0 for name in names])
    means = np.array([np.mean(scores[name]) if len(scores[name]) == origins else np.nan for name in names])
    return weights_by_score(prior, means, origins) if np.isfinite(means).any() else alone


def weights_by_score(prior: Floats, scores: Floats, origins: int, least: float = 0.05) -> Floats:
    """Weights of devices from their mean scores (lower is better; NaN: no score, no weight) at `origins` past origins.

    w ~ prior * score^-origins: the likelihood of `origins` errors with a scale of its own for each device; weights below
    `least` are set to zero.
    """
    known = np.isfinite(scores)
    if not known.any():
        return np.zeros(len(prior))
    best = max(float(np.nanmin(scores)), 1e-300)
    raw = np.where(known, prior * (np.where(known, scores, 1.0) / best) ** -float(origins), 0.0)
    raw = raw / raw.sum()
    raw = np.where(raw < least, 0.0, raw)
    shares: Floats = raw / raw.sum()
    return shares


@remember_answers(64)
def mean_crps(draws: Floats, truth: Floats) -> float:
    """Mean continuous ranked probability score over months, draws (n, h)."""
    ordered = np.sort(draws, axis=0)
    n = len(ordered)
    spread = (2.0 * np.arange(1, n + 1) - n - 1.0) @ ordered / n**2
    return float(np.mean(np.abs(draws - truth).mean(axis=0) - spread))
