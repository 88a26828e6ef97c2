"""Months ahead by partner: forecasts that add up over partners in every draw, where partners have figures enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast.arrays import Floats
from forecast.core.questions import Task
from forecast.core.results import Failure, Forecast
from forecast.core.vintage import Vintage
from forecast.prep.partners import FEWEST, REST, WORLD
from forecast.prep.spans_and_gaps import count_months
from forecast.study import ask
from forecast.study.destinations.shares import PartnerFlow


@dataclass(frozen=True)
class Ahead:
    """Joint draws of the total, the partners that are forecast apart, and the others.

    draws : of each, "WLD", country codes and "REST", shape (draws, months), in kg; empty where there are none
    reason : why there are none
    model : what answered
    """

    months: tuple[str, ...]
    draws: dict[str, Floats]
    model: str = ""
    reason: str = ""

    def shares(self, partner: str) -> Floats:
        """Draws of a partner's share of the total over all months, shape (draws,); NaN where a total is nothing."""
        whole, part = self.draws[WORLD].sum(axis=1), self.draws[partner].sum(axis=1)
        out: Floats = np.full(len(whole), np.nan)
        np.divide(part, whole, out=out, where=whole > 0)
        return out


def ahead(
    flow: PartnerFlow, vintage: Vintage, inner: str | Mapping[str, Any], months: int, draws: int = 1000, seed: int = 0
) -> Ahead:
    """Forecasts by the model `reconciled` over `inner` for the months after the total's last known one.

    vintage : what is known, with the way to earlier days and the declared regressors that models may ask for. Partners with
    fewer than 24 monthly figures belong to the others, as the model has it; without any other there is nothing to add up.
    """
    total = flow.series(WORLD)
    if not vintage.knows(total):
        return Ahead((), {}, reason="the total over all partners is not known")
    parts = [p for p in flow.partners if count_months(vintage.observed(flow.series(p))) >= FEWEST]
    last = vintage.last_month(total)
    when = tuple(vintage.steps.label(last + h) for h in range(1, months + 1))
    if not parts:
        return Ahead(when, {}, reason=f"no partner has {FEWEST} monthly figures")
    method = ask.forecaster_from({"use": "reconciled", "hierarchy": "partners", "inner": inner})
    task = Task(vintage.day, [total, *map(flow.series, parts)], when, draws=draws)
    made = ask.answer(method, vintage, task, seed)
    if isinstance(made, Failure):
        return Ahead(when, {}, reason=made.reason)
    assert isinstance(made, Forecast)
    found = {WORLD: made.of(total)} | {p: made.of(flow.series(p)) for p in parts}
    # what the parts leave of the total in each draw is what the model drew for the others
    rest = np.maximum(found[WORLD] - sum(found[p] for p in parts), 0.0)
    return Ahead(when, found | {REST: rest}, made.used[0].model)
