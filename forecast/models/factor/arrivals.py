"""Smoothed months for any set of arriving figures, from their joint distribution without all of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.arrivals import Arrival
from forecast.models.factor.dynamic_factor import EMFit, smoothed_moments
from forecast.models.factor.panel_layout import StandardPanel, StandardSeries

FEW = 5  # arrivals of one series of which every set is tried on the scale
SINGULAR = 1e-9  # of the largest variance of the arrivals: less counts as one figure known from the others
Moments = tuple[Floats, Floats]  # means and covariance of the asked months


def with_arrivals(panel: StandardPanel, arrivals: Sequence[Arrival]) -> tuple[Ints, Ints, Floats] | None:
    """Place (row and column, -1 where outside the panel) of each arrival, and its standard figures before and after (n, 2).

    None where an arrival would change the scale of its series, so that all its figures would move.
    """
    columns = {other.name: 1 + i for i, other in enumerate(panel.others)}
    rows, places = np.full(len(arrivals), -1), np.full(len(arrivals), -1)
    values = np.full((len(arrivals), 2), np.nan)
    for name in {arrival.series for arrival in arrivals} & columns.keys():
        other = panel.others[columns[name] - 1]
        own = [j for j, arrival in enumerate(arrivals) if arrival.series == name]
        months = np.array([arrivals[j].month - panel.first for j in own])
        inside = (months >= 0) & (months < len(panel.now))
        pairs = np.array([(arrivals[j].before, arrivals[j].after) for j in own])[inside]
        if not len(pairs):
            continue
        if not _keeps_scale(other, months[inside], pairs):
            return None
        kept = np.array(own)[inside]
        rows[kept], places[kept] = months[inside], columns[name]
        values[kept] = other.standard(pairs)
    return rows, places, values


def _keeps_scale(other: StandardSeries, months: Ints, pairs: Floats) -> bool:
    """Whether the scale is the same with every set of a series' arrivals; not said of more than a few."""
    if other.scale.name == "none":
        return True
    size = len(months)
    if size > FEW:
        return False
    for chosen in itertools.product((0, 1), repeat=size):
        now = other.now.copy()
        now[months] = pairs[np.arange(size), chosen]
        if replace(StandardSeries.of(other.name, now, other.past, True, same_day=False).scale, top=0.0) != replace(
            other.scale, top=0.0
        ):
            return False
    return True


def moments_by_arrivals(
    panel: StandardPanel, fit: EMFit, asked: Ints, rows: Ints, columns: Ints, values: Floats
) -> tuple[Callable[[frozenset[int]], Moments], Floats, Floats] | None:
    """The moments of the target's `asked` months as a function of the arrivals let in; and each arrival's mean and variance.

    One smoother pass without any of the arrivals gives the joint normal distribution of asked months and arrivals, of which
    every set of figures is a condition (Bańbura and Modugno 2014, eqs. 15-17). None where arrivals determine each other.
    """
    base = panel.now.copy()
    held = np.flatnonzero(rows >= 0)
    base[rows[held], columns[held]] = np.nan
    count = len(asked)
    joint = smoothed_moments(
        base, fit, np.concatenate([asked, rows[held]]), np.concatenate([np.zeros(count, dtype=np.int64), columns[held]])
    )
    inner = joint.covariance[count:, count:]
    if len(held) and not np.linalg.eigvalsh(inner)[0] > SINGULAR * inner.diagonal().max():
        return None

    def moments(members: frozenset[int]) -> Moments:
        state = np.array([int(j in members) for j in held.tolist()], dtype=np.int64)
        own = values[held, state]
        known = count + np.flatnonzero(np.isfinite(own))
        cross = joint.covariance[:count][:, known]
        gain = np.linalg.solve(joint.covariance[np.ix_(known, known)], cross.T).T
        mean = joint.mean[:count] + gain @ (own[known - count] - joint.mean[known])
        return mean, joint.covariance[:count, :count] - gain @ cross.T

    # before an arrival, a month may hold a figure that it revises: what is expected then is conditional on these
    known = np.flatnonzero(np.isfinite(values[held, 0]))
    gain = np.linalg.solve(inner[np.ix_(known, known)], inner[known]).T
    mean = joint.mean[count:] + gain @ (values[held, 0][known] - joint.mean[count:][known])
    expected, variance = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    expected[held] = mean
    variance[held] = np.maximum(inner.diagonal() - (gain * inner[:, known]).sum(axis=1), 0.0)
    return moments, expected, variance
