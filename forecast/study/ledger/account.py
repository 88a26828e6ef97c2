"""The account: what the legs add up to on each side, in every draw and with rerouting at both of its bounds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats
from forecast.core.fetch_commands import what_would_fill
from forecast.core.ledger import LedgerEntry, LedgerQuestion, Leg, Role, Route
from forecast.core.plurals import pluralize
from forecast.core.vintage import Vintage
from forecast.prep.spans_and_gaps import window_total
from forecast.study.ledger.leg_plan import LegPlan


@dataclass(frozen=True)
class Amount:
    """An amount of the account: its value and its draws, (n,), with (0,) where nothing is drawn; or what would fill it."""

    value: float
    draws: Floats
    wanted: tuple[str, ...] = ()

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.value + other.value, self.draws + other.draws, tuple(dict.fromkeys(self.wanted + other.wanted)))

    def __sub__(self, other: Amount) -> Amount:
        return self + Amount(-other.value, -other.draws, other.wanted)


@dataclass(frozen=True)
class Account:
    """The entries of both sides, what all others got more, and the largest error of each identity that can be formed."""

    entries: tuple[LedgerEntry, ...]
    to_others: LedgerEntry
    closure: Mapping[str, float]


def account_of(
    question: LedgerQuestion, legs: Mapping[tuple[Role, str], Leg], routes: Sequence[Route], rerouted: tuple[Amount, Amount],
    limits: tuple[float, float], declared: Amount, draws: int,
) -> Account:  # fmt: skip
    """The entries of a ledger.

    With I_k, D_k the effects on the flows k to destination and exporter to k, all origins and all destinations included:

        L_M = R + N + S,  R + N = sum I_k,  S = -(change of the destination's imports)
        L_X - L_M = O + M
        L_X = R + O + G + Z,  Z = L_X - sum D_k,  G = sum D_k - R - O

    rerouted : R at its lower and at its upper bound; limits : one-sided limits of the two
    declared : O, imports of declared origin in the months for which the exporter reports none
    """
    n = draws
    lost_m, lost_x = (_minus(_amount(legs[key], n)) for key in (("L_M", question.exporter), ("L_X", question.destination)))
    origins = _total([legs["I", k] for k in (*question.through, *question.origins)], legs["rest_I", "OTHERS"], n)
    others = _total([legs["D", k] for k in question.through], legs["rest_D", "OTHERS"], n)
    short, gap, unsold = lost_m - origins, lost_x - lost_m - declared, lost_x - others
    entries = [
        _entry("L_X", lost_x, lost_x), _entry("L_M", lost_m, lost_m),
        _entry("R", *rerouted, limits=limits), _entry("O", declared, declared),
        _entry("N", origins - rerouted[0], origins - rerouted[1]), _entry("S", short, short), _entry("M", gap, gap),
        _entry("G", others - rerouted[0] - declared, others - rerouted[1] - declared), _entry("Z", unsold, unsold),
    ]  # fmt: skip
    found = {e.symbol: e for e in entries}
    sides = {
        "importer": ("L_M", ("R", "N", "S")), "both records": ("L_X", ("R", "O", "N", "S", "M")),
        "exporter": ("L_X", ("R", "O", "G", "Z")),
    }  # fmt: skip
    closure = {
        side: _largest_error(found[whole], [found[part] for part in parts])
        for side, (whole, parts) in sides.items()
        if all(found[symbol].known for symbol in (whole, *parts))
    }
    return Account(tuple(entries), _entry("D", others, others), closure)


def declared_while_none_reported(
    question: LedgerQuestion, plans: Sequence[LegPlan], vintage: Vintage, factor: float, draws: int
) -> tuple[Amount, str]:
    """O: recorded imports of declared origin, of goods that left in months for which the exporter reports none; and a note."""
    out, back = (next(p for p in plans if p.role == role) for role in ("L_X", "L_M"))
    lacking = tuple(p.wanted for p in (out, back) if not p.series)
    none = np.zeros(draws)
    if lacking:
        return Amount(math.nan, none, lacking), ""
    record, seen = vintage.observed(out.series), vintage.observed(back.series)
    reported = record.at(out.first, out.last)
    if not np.isfinite(reported).all():
        if math.isfinite(total := window_total(record, out.first, out.last)) and total > 0:
            note = "months of the exporter's record are known as sums: a month without exports among them is not seen"
            return Amount(0.0, none), note
        wanted = f"{what_would_fill(out.series)}, {vintage.steps.period(out.first, out.last)}"
        return Amount(math.nan, none, (wanted,)), ""
    empty = [out.first + i for i in np.flatnonzero(reported == 0).tolist()]
    arrived = [window_total(seen, m - out.shift, m - out.shift) for m in empty]
    if len(empty) == len(reported):
        arrived = [window_total(seen, back.first, back.last)]
    if not all(map(math.isfinite, arrived)):
        wanted = f"{what_would_fill(back.series)}, {vintage.steps.period(back.first, back.last)}"
        return Amount(math.nan, none, (wanted,)), ""
    note = f"the exporter reports no exports in {pluralize(len(empty), 'month')}: a record, and no proof that none left"
    note = note if empty else ""
    total = factor * sum(arrived)
    return Amount(total, np.full(draws, total)), note  # a record, the same in every draw


def _amount(leg: Leg, draws: int) -> Amount:
    drawn = np.zeros(draws) if leg.draws is None or not draws else leg.draws
    return Amount(leg.value, drawn, () if leg.known else (leg.wanted,))


def _minus(one: Amount) -> Amount:
    return Amount(-one.value, -one.draws, one.wanted)


def _total(named: Sequence[Leg], rest: Leg, draws: int) -> Amount:
    """The sum of all partners: of the named and of the rest.

    The rest is the reporter's total less what it records of the named; those that it does not record are inside it, also where
    the partner's own record tells of them.
    """
    amount = _amount(rest, draws)
    for leg in named:
        if leg.known and not leg.mirror:
            amount = amount + _amount(leg, draws)
    return amount


def _entry(symbol: str, lower: Amount, upper: Amount, limits: tuple[float, float] | None = None) -> LedgerEntry:
    """An entry at both ends of rerouting; its limits are those of the draws of both, unless they are given."""
    wanted = tuple(dict.fromkeys(lower.wanted + upper.wanted))
    if lower.wanted:
        return LedgerEntry(symbol, wanted=wanted)
    if upper.wanted:
        return LedgerEntry(symbol, lower.value if symbol == "R" and lower.value > 0 else math.nan, wanted=wanted)
    if not len(lower.draws):
        return LedgerEntry(symbol, lower.value, upper.value)
    if limits is None:
        low, high = (np.quantile(one.draws, [0.025, 0.975]) for one in (lower, upper))
        ends = [lower.value, upper.value]
        limits = min(low[0], high[0], *ends), max(low[1], high[1], *ends)
    return LedgerEntry(symbol, lower.value, upper.value, lower.draws, upper.draws, float(limits[0]), float(limits[1]))


def _largest_error(whole: LedgerEntry, parts: Sequence[LedgerEntry]) -> float:
    """Largest error of an identity, as a share of the largest amount in it, over both ends, the estimates and all draws."""
    errors, sizes = [0.0], [1e-300]
    for end in ("lower", "upper"):
        value = f"at_{end}"
        errors.append(abs(getattr(whole, value) - sum(getattr(part, value) for part in parts)))
        sizes += [abs(getattr(one, value)) for one in (whole, *parts)]
        drawn = getattr(whole, f"draws_{end}")
        if drawn is not None:
            errors.append(float(np.abs(drawn - sum(getattr(part, f"draws_{end}") for part in parts)).max()))
            sizes += [float(np.abs(getattr(one, f"draws_{end}")).max()) for one in (whole, *parts)]
    return max(errors) / max(sizes)
