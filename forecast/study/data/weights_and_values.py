"""Weight against value of the same flow: unit values that jump, weights of zero beside money. Weights alone: jumps of unit."""

from __future__ import annotations

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.results import Finding
from forecast.core.vintage import Vintage

NEIGHBOURS = 12  # known months on either side, whose median a unit value is held against
FEWEST = 6  # known months from which a flow has a usual unit value
JUMP = 8.0  # a factor beyond which a unit value is another unit, or a slip of the point, before it is a price
USUAL = 0.5  # of the median value, from which a shipment is no sample, whose price may be anything
THOUSANDFOLD = 0.5  # decades about a factor of 1,000, in which a level that jumps may be another unit
NAMED = 3  # months that a finding names


def unit_value_findings(vintage: Vintage) -> list[Finding]:
    """Months in which weight and value of one flow contradict each other."""
    out: list[Finding] = []
    for weight in vintage.series:
        if ":" in weight:
            continue
        if not vintage.knows(f"{weight}:usd"):
            out += _thousandfold(vintage, weight)
            continue
        tonnes, money = vintage.observed(weight), vintage.observed(f"{weight}:usd")
        first, last = max(tonnes.first, money.first), min(tonnes.last, money.last)
        if last < first:
            continue
        kilograms = tonnes.values[first - tonnes.first : last - tonnes.first + 1]
        dollars = money.values[first - money.first : last - money.first + 1]
        months = np.arange(first, last + 1)
        empty = months[(kilograms == 0) & (dollars > 0)]
        if len(empty):
            text = (
                f"a weight of 0 beside money in {_name_months(vintage, empty)}: a weight that is not known is missing, not zero"
            )
            out.append(Finding("unit value", text, weight, "warning"))
        out += _jumps(vintage, weight, months, kilograms, dollars)
    return out


def _jumps(vintage: Vintage, weight: str, months: Ints, kilograms: Floats, dollars: Floats) -> list[Finding]:
    """A finding on months whose unit value is many times that of the months around them, up or down."""
    known = (kilograms > 0) & (dollars > 0)
    if known.sum() < FEWEST:
        return []
    at, prices = months[known], np.log(dollars[known] / kilograms[known])
    usual = dollars[known] >= USUAL * np.median(dollars[known])
    shift = _level_shift(prices[usual])
    if shift is not None:
        place, times = shift
        begun = vintage.steps.label(int(at[usual][place]))
        text = f"from {begun} on the unit value is {times:,.0f} times another: a change of unit?"
        return [Finding("unit value", text, weight, "warning")]
    around = np.array([np.median(np.delete(prices, i)[max(i - NEIGHBOURS, 0) : i + NEIGHBOURS]) for i in range(len(prices))])
    far = (np.abs(prices - around) > np.log(JUMP)) & usual
    if not far.any():
        return []
    times = float(np.exp(np.abs((prices - around)[far]).max()))
    text = f"the unit value lies {times:,.0f} times off its neighbours in {_name_months(vintage, at[far])}"
    return [Finding("unit value", f"{text}: another unit, or a slip of the point?", weight, "warning")]


def _thousandfold(vintage: Vintage, weight: str) -> list[Finding]:
    """A finding on a flow without values whose later figures are all about 1,000 times the earlier ones, or a thousandth."""
    observed = vintage.observed(weight)
    at = np.flatnonzero(np.nan_to_num(observed.values) > 0)
    figures = np.log10(observed.values[at])
    for cut in range(FEWEST, len(at) - FEWEST + 1):
        before, after = figures[:cut], figures[cut:]
        gap = float(np.median(after) - np.median(before))
        apart = max(after.min() - before.max(), before.min() - after.max())
        if abs(abs(gap) - 3.0) < THOUSANDFOLD and apart > 2.0:
            begun = vintage.steps.label(int(observed.first + at[cut]))
            text = f"from {begun} on figures are about {'1,000 times' if gap > 0 else 'a thousandth of'} those before"
            return [Finding("unit", f"{text}: a change of unit?", weight, "warning")]
    return []


def _level_shift(prices: Floats) -> tuple[int, float] | None:
    """Where the median of all later unit values lies beyond the jump from that of all earlier ones, and by what factor."""
    cuts = range(FEWEST // 2, len(prices) - FEWEST // 2 + 1)
    gaps = {cut: abs(float(np.median(prices[cut:]) - np.median(prices[:cut]))) for cut in cuts}
    apart = [cut for cut, gap in gaps.items() if gap > np.log(JUMP)]
    place = max(apart, key=lambda cut: _closeness(prices, cut), default=0)
    return (place, float(np.exp(gaps[place]))) if apart else None


def _closeness(prices: Floats, cut: int) -> float:
    """How little unit values scatter within the two parts."""
    parts = (prices[:cut], prices[cut:])
    return -sum(float(np.abs(part - np.median(part)).sum()) for part in parts)


def _name_months(vintage: Vintage, months: Ints) -> str:
    labels = [vintage.steps.label(int(month)) for month in months]
    more = f" and {len(labels) - NAMED} months more" if len(labels) > NAMED else ""
    return ", ".join(labels[:NAMED]) + more
