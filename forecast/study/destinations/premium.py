"""Price premium by partner: its unit value against that of all others in the same months, where value and weight are known."""

from __future__ import annotations

import math
from dataclasses import dataclass

from forecast.prep.partners import WORLD
from forecast.study.destinations.shares import PartnerFlow

FEW = 3  # months with trade
LITTLE = 0.01  # of the weight compared


@dataclass(frozen=True)
class Premium:
    """Unit value of one partner against that of the others, over the periods in which value and weight of both are known.

    unit_value, others : USD per kg, ratios of sums
    same_months : its value over what its own months' weights were worth at the others' unit values, less one
    periods : months (or one published year) that are compared; `traded`, those in which the partner traded
    weight, weight_of_others : kg
    """

    partner: str
    first: int
    last: int
    unit_value: float
    others: float
    same_months: float
    periods: int
    traded: int
    weight: float
    weight_of_others: float

    @property
    def is_thin(self) -> bool:
        """Whether so little of the trade is the partner's, or so few months, that its unit value is that of single lots."""
        return self.traded < FEW or self.weight < LITTLE * (self.weight + self.weight_of_others)

    @property
    def premium(self) -> float:
        """The ratio of the two unit values, less one."""
        return self.unit_value / self.others - 1.0


def premium(flow: PartnerFlow, partner: str, first: int, last: int) -> Premium | None:
    """The premium of a partner over some months; None where nothing can be compared.

    Unit values are ratios of sums, never means of ratios. Two compositions enter them. That of time, by which a partner that
    buys when all pay more seems to pay more, is taken out of `same_months`, a Paasche index over months. That of goods and
    qualities within one code stays, and no customs figure can remove it: a unit value is no price (Silver 2010, Review of
    Income and Wealth 56: S206).
    """
    figures = [found for m in range(first, last + 1) if (found := _figures(flow, partner, m, m))]
    figures = figures or [found for found in [_figures(flow, partner, first, last)] if found]
    if not figures:
        return None
    own_value, own_weight, other_value, other_weight = (sum(column) for column in zip(*figures, strict=True))
    if own_weight <= 0 or other_weight <= 0 or other_value <= 0:
        return None
    both = [row for row in figures if row[3] > 0 and row[2] > 0]
    worth = sum(weight * others_value / others_weight for _, weight, others_value, others_weight in both)
    paid = sum(row[0] for row in both)
    return Premium(
        partner, first, last, own_value / own_weight, other_value / other_weight,
        paid / worth - 1.0 if worth > 0 else math.nan, len(figures), sum(row[1] > 0 for row in figures), own_weight,
        other_weight,
    )  # fmt: skip


def _figures(flow: PartnerFlow, partner: str, first: int, last: int) -> tuple[float, float, float, float] | None:
    """USD and kg of a partner and of all others; None where one is not known, or value and weight do not go together."""
    own = [flow.amount(partner, first, last, measure) for measure in ("usd", "quantity")]
    whole = [flow.amount(WORLD, first, last, measure) for measure in ("usd", "quantity")]
    if not all(map(math.isfinite, (*own, *whole))):
        return None
    value, weight = own
    others_value, others_weight = whole[0] - value, whole[1] - weight
    if others_value < 0 or others_weight < 0 or (value > 0) != (weight > 0):
        return None
    return value, weight, others_value, others_weight
