"""What is known of a flow's partners, in sentences: each is made from the rows that it states."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from forecast.core import months as mm
from forecast.core.destinations import Destinations
from forecast.core.products import display_unit
from forecast.core.schema import DestinationRow, group_rows
from forecast.report.numbers import (
    NBSP,
    capitalize,
    decimal,
    join_with_and,
    listed_months,
    month_of,
    number_in_words,
    percent,
    period,
    product_name,
    quantity,
    share_text,
)
from forecast.report.partner_sums import contradicting_sums_sentence, sums_beyond_sentence, sums_sentence
from forecast.report.partners import NAMED, OTHERS, REST, WORLD, partner_name

KNOWN = 1e-9  # difference of bounds below which they are one
BACK = "the level before"


def destination_sentences(made: Destinations) -> list[str]:
    """All that can be said of one flow."""
    return [
        *filter(None, (known_sentence(made), shares_sentence(made), concentration_sentence(made), sums_sentence(made))),
        *filter(None, (sums_beyond_sentence(made), contradicting_sums_sentence(made))),
        *contradiction_sentences(made),
        *first_served_sentences(made),
        *premium_sentences([made]),
        *ahead_sentences([made]),
    ]


def flow_words(made: Destinations) -> str:
    """The flow in a sentence: exports of gallium from China."""
    verb, by = ("exports", "from") if made.flow == "export" else ("imports", "by")
    return f"{verb} of {product_name(made.product)} {by} {partner_name(made.reporter)}"


def known_sentence(made: Destinations) -> str:
    """How many months have a total, and a figure of each partner."""
    rows = [r for r in made.of("figures") if r.status != "group"]
    partners = sorted((r for r in rows if r.partner != WORLD and r.value > 0), key=lambda r: (-r.value, r.partner))
    if not partners:
        none = f"{capitalize(flow_words(made))}, {period(rows[0].month)}: no single partner has a figure of a single month."
        return none if sums_sentence(made) or sums_beyond_sentence(made) or contradicting_sums_sentence(made) else ""
    first, last = mm.parse_period(rows[0].month)
    total = next((int(r.value) for r in rows if r.partner == WORLD), 0)
    shown = [f"{partner_name(r.partner)} in {int(r.value)}" for r in partners[:NAMED]]
    shown += [f"{len(partners) - NAMED} more"] if len(partners) > NAMED else []
    return (
        f"{capitalize(flow_words(made))}, {period(rows[0].month)}: the total is known in {total} of {last - first + 1} months, "
        f"{join_with_and(shown)}. {_of_the_others(total)}"
    )


def _of_the_others(months_with_total: int) -> str:
    """What partners without a figure are: part of what a total leaves, where one is known."""
    if months_with_total:
        return f"Whoever has no figure is among the {OTHERS}, and not zero."
    return "Without a total there are no shares, and nobody can say what partners without a figure traded; it is not zero."


def last_division(made: Destinations) -> list[DestinationRow]:
    """The shares of the month in which most partners are named, the last of several."""
    by_month = group_rows((r for r in made.of("share") if "/" not in r.month), lambda r: r.month)
    best = max(by_month, key=lambda m: (len(by_month[m]), m), default=None)
    return by_month[best] if best else []


def shares_sentence(made: Destinations) -> str:
    """The shares of one month, which add up to one with the others; of one partner named alone, its own."""
    rows = last_division(made)
    named = sorted((r for r in rows if r.partner != REST), key=lambda r: -r.value)
    if not named:
        return ""
    verb, word = ("went", "to") if made.flow == "export" else ("came", "from")
    if len(named) == 1:
        (only,) = named
        part = f"{share_text(only.value)} {verb} {word}" if only.value else f"nothing {verb} {word}"
        latest = f"In {period(only.month)}, the latest month in which a partner is named"
        return f"{latest}, of {_total_text(made, only.month)} {part} {partner_name(only.partner)}, the only one named."
    traded = [r for r in named if r.value > 0]
    left = sum(r.value for r in [*traded[NAMED:], *(r for r in rows if r.partner == REST)])
    texts = [f"{share_text(r.value)} {word} {partner_name(r.partner)}" for r in traded[:NAMED]]
    texts += [f"{share_text(left)} {word} {OTHERS}"] if left > 0 else []
    none = [r.partner for r in named if r.value == 0]
    zero = f"; published as zero: {_list_partners(none)}" if none else ""
    latest = f"In {period(rows[0].month)}, the latest of the months in which most partners are named"
    when = f"{latest}, of {_total_text(made, rows[0].month)} "
    return f"{when}{join_with_and(texts).replace(f' {word} ', f' {verb} {word} ', 1)}{zero}."


def _total_text(made: Destinations, month: str) -> str:
    unit, scale = display_unit(made.series)
    return quantity(next(r.value for r in made.of("volume") if r.partner == WORLD and r.month == month) / scale, unit)


def concentration_sentence(made: Destinations, explained: bool = True) -> str:
    """The index of that month as bounds, and the months in which it is known."""
    rows = [r for r in made.of("concentration") if (r.n or 0) > 1]
    month = next((r.month for r in last_division(made)), "")
    row = next((r for r in rows if r.month == month), None)
    if row is None:
        return ""
    exact = [r for r in rows if "/" not in r.month and r.hi - r.lo < KNOWN]
    if row in exact:
        text = f"All partners of that month are named, so its concentration is known: an index of {decimal(row.lo, 2)}"
    else:
        text = (
            f"The concentration of that month lies between {decimal(row.lo, 2)}, if the {OTHERS} are very many, and "
            f"{decimal(row.hi, 2)}, if they are one"
        )
    others = [r for r in exact if r is not row]
    if others:
        known = [f"{decimal(r.lo, 2)} in {period(r.month)}" for r in others[-NAMED:]]
        text += f"; with all partners named it was {join_with_and(known)}"
    return f"{text} (Hirschman-Herfindahl index, 1 where one partner has all)." if explained else f"{text}."


def contradiction_sentences(made: Destinations) -> list[str]:
    """Months in which the named partners exceed the total, and longer sums without such a month, in one sentence."""
    rows = [r for r in made.of("volume") if r.partner == REST and r.status == "contradiction"]
    single = [r for r in rows if "/" not in r.month]
    inside = {mm.ordinal(r.month) for r in single}
    longer = [r for r in rows if "/" in r.month and inside.isdisjoint(_months_of(r.month))]
    told = single + longer
    if not told:
        return []
    unit, scale = display_unit(made.series)
    most = min(told, key=lambda r: r.value)
    amount = f"{quantity(-most.value / scale, unit)} more than the total of {_total_text(made, most.month)}"
    if len(told) == 1:
        return [
            f"In {period(most.month)} the partners named add up to {amount}: a contradiction between sources, so that no "
            "shares are formed."
        ]
    when = [*([listed_months([r.month for r in single])] if single else []), *(period(r.month) for r in longer)]
    return [
        f"In {join_with_and(when)} the partners named add up to more than the total, at most, in {period(most.month)}, to "
        f"{amount}: contradictions between sources, so that no shares are formed."
    ]


def _months_of(label: str) -> range:
    first, last = mm.parse_period(label)
    return range(first, last + 1)


def first_served_sentences(made: Destinations) -> list[str]:
    """Who was back first at its own level after each event, as far as months with figures say."""
    return [_first_served(made, event, rows) for event, rows in group_rows(made.of("back"), lambda r: r.event).items()]


def _first_served(made: Destinations, event: str, rows: Sequence[DestinationRow]) -> str:
    start = mm.parse_period(rows[0].month)[0]
    title = made.events[event].short_title if event in made.events else event.replace("_", " ")
    opening = f"After “{title}” ({month_of(start)})"
    order = made.order(event)
    if len(order.ranked) < 2:
        has = f"only {partner_name(order.ranked[0])} has" if order.ranked else "no partner has"
        return f"{opening}, {has} both a figure and a level before, so nobody can say who was served first."
    back = {r.partner: r for r in rows if r.level == 1.0}
    levels = {r.partner: r for r in made.of("level before") if r.event == event}
    clean = period(next(iter(levels.values())).month)
    if not order.month:
        return f"{opening}, no month of {_names(order.ranked)} is known to have been back at its mean of {clean}."
    out = [f"{opening}, the months known do not say who was first back at its own mean of {clean}."]
    if order.first:
        was = "were" if len(order.first) > 1 else "was"
        out = [
            f"{opening}, {_names(order.first)} {was} the first of the partners whose months are known to be back at their own "
            f"mean of {clean}, in {period(order.month)}."
        ]
    begun = [r for r in made.of("month after") if r.event == event and mm.ordinal(r.month) == start]
    if begun:
        stood = [f"{percent(r.value, sign=False)} for {partner_name(r.partner)}" for r in sorted(begun, key=lambda r: -r.value)]
        out.append(f"In {month_of(start)} itself the flow stood, against that mean, at {join_with_and(stood)}.")
    out += [f"{capitalize(partner_name(partner))} followed {_when(start, back[partner])}." for partner in order.later]
    if order.never:
        out.append(f"{capitalize(_names(order.never))} {'were' if len(order.never) > 1 else 'was'} not, in any month known.")
    for when, those in group_rows(order.perhaps, lambda partner: _when(start, back[partner])).items():
        out.append(f"For {_names(those)} months without a figure leave it open: {when}.")
    if order.unknown:
        out.append(f"Not ranked, for want of a figure before or after: {_list_partners(order.unknown)}.")
    lower = made.order(event, 0.9)
    if lower.first and (lower.first, lower.month) != (order.first, order.month):
        out.append(f"If nine tenths of that level count, it was {_names(lower.first)}, in {period(lower.month)}.")
    counts = [f"{levels[partner].n} for {partner_name(partner)}" for partner in order.ranked]
    out.append(f"Each mean is of the months known: {join_with_and(counts)}.")
    return " ".join(out)


def _when(start: int, row: DestinationRow) -> str:
    if row.lo == row.hi:
        return f"in {_month(start, row.hi)}"
    if not math.isfinite(row.hi):
        return f"not before {_month(start, row.lo)}"
    return f"between {_month(start, row.lo)} and {_month(start, row.hi)}"


def _month(start: int, after: float) -> str:
    return month_of(start + int(after))


def _names(codes: Sequence[str]) -> str:
    return join_with_and([partner_name(code) for code in codes])


def _list_partners(codes: Sequence[str]) -> str:
    shown = [partner_name(code) for code in codes[:NAMED]]
    return join_with_and([*shown, f"{len(codes) - NAMED} more"] if len(codes) > NAMED else shown)


def premium_sentences(flows: Iterable[Destinations]) -> list[str]:
    """The premium of each partner in the last year in which it is no matter of single lots."""
    said, thin = [], []
    for made in flows:
        same = {(r.partner, r.month): r.value for r in made.of("premium in the same months")}
        for partner, rows in group_rows(made.of("premium"), lambda r: r.partner).items():
            enough = [r for r in rows if r.status == "compared"]
            name = f"{product_name(made.product)}, {partner_name(partner)}"
            if not enough:
                thin.append(name)
                continue
            row = enough[-1]
            month = same.get((partner, row.month), math.nan)
            time = f", {percent(month)} month against month" if math.isfinite(month) else ""
            said.append(f"{name} {percent(row.value)}{time} ({period(row.month)}, {_months_of_trade(row)})")
    out = []
    if said:
        out.append(
            "Unit value against that of all others together, as ratios of sums over the months in which value and weight of "
            f"both are known: {'; '.join(said)}. The second figure takes out that partners buy in different months; the mix of "
            "goods and grades within a code stays in both, so neither is a price."
        )
    if thin:
        out.append(f"Too little trade for a unit value to say anything: {'; '.join(thin)}.")
    return out


def _months_of_trade(row: DestinationRow) -> str:
    return f"trade in {number_in_words(row.n or 0)} month{'s' * (row.n != 1)}"


def ahead_sentences(flows: Iterable[Destinations], told: bool = True) -> list[str]:
    """Shares ahead by forecasts that add up (if `told`), and for which flows there are none and why."""
    said, without = [], []
    for made in flows:
        for reason in (r for r in made.of("volume ahead") if r.status == "not possible"):
            most = [r for r in made.of("figures") if r.partner != WORLD and r.status != "group"]
            best = max(most, key=lambda r: r.n or 0, default=None)
            found = f" (most: {partner_name(best.partner)}, {best.n})" if best and "monthly figures" in reason.note else ""
            without.append(f"{flow_words(made)}: {reason.note}{found}")
        shares = [r for r in made.of("share ahead") if r.partner != REST]
        said += [
            f"{partner_name(r.partner)} in {flow_words(made)} {share_text(r.value)} (80{NBSP}% {share_text(r.lo)} to "
            f"{share_text(r.hi)}, {period(r.month)})"
            for r in shares
        ]
    out = []
    if said and told:
        out.append(
            f"By forecasts that add up over partners in every draw, the expected share of {'; of '.join(said)}. Only partners "
            f"with 24 monthly figures are forecast apart; the {OTHERS} take the rest."
        )
    if without:
        out.append(f"No forecasts that add up over partners for {'; '.join(without)}.")
    return out
