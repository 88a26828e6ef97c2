"""Joint draws of the legs: the estimator draws each flow apart, and flows into one country share their shocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from forecast.arrays import Floats
from forecast.core.ledger import LedgerQuestion, Leg
from forecast.core.vintage import Vintage
from forecast.kernels.rank_reordering import joint_order, shrunk_correlation
from forecast.study.ledger.leg_plan import LegPlan
from forecast.study.ledger.legs import design_of

FEWEST_MONTHS = 24  # that all flows know before the event


def with_joint_draws(
    question: LedgerQuestion, plans: Sequence[LegPlan], legs: Sequence[Leg], vintage: Vintage, seed: int
) -> list[Leg]:
    """The legs with their draws in the order in which they move together as the flows did in the months before the event.

    Correlated are the monthly changes of the flows, without their calendar month's mean, each by as many months apart as goods
    are under way. With fewer than `FEWEST_MONTHS` common months the draws stay independent. Legs of one series keep their
    common order. The shocks of a series are drawn under its name, so that they are the same whatever else is asked.
    """
    first_of: dict[str, int] = {}
    for i, leg in enumerate(legs):
        if leg.draws is not None and leg.role != "ahead":
            first_of.setdefault(leg.series, i)
    if len(first_of) < 2:
        return list(legs)
    names = sorted(first_of)
    places = [first_of[name] for name in names]
    changes = [_changes(question, plans[i], vintage) for i in places]
    months = sorted(set.intersection(*(set(one) for one in changes)))
    residuals = np.array([[one[m] for one in changes] for m in months])
    if len(months) < FEWEST_MONTHS or not (residuals.std(axis=0) > 0).all():
        return list(legs)
    draws: Floats = np.column_stack([np.asarray(legs[i].draws) for i in places])
    shocks = [np.random.default_rng([seed, *name.encode()]).standard_normal(len(draws)) for name in names]
    order = joint_order(draws, shrunk_correlation(residuals), np.column_stack(shocks))
    columns = dict(zip(names, order.T, strict=True))
    return [leg if leg.draws is None else replace(leg, draws=leg.draws[columns[leg.series]]) for leg in legs]


def _changes(question: LedgerQuestion, plan: LegPlan, vintage: Vintage) -> dict[int, float]:
    """Changes on the month before, without their calendar month's mean, by month of the destination's imports."""
    seen, hole = vintage.observed(plan.series), design_of(question, plan, vintage).window(vintage).hole
    values = seen.values[: max(hole - seen.first, 0)]
    change = np.diff(values)
    months = seen.first + 1 + np.arange(len(change))
    for calendar in range(12):
        same = change[months % 12 == calendar]
        if np.isfinite(same).sum() > 1:
            change[months % 12 == calendar] = same - np.nanmean(same)
    return {int(m) - plan.shift: float(c) for m, c in zip(months, change, strict=True) if np.isfinite(c)}
