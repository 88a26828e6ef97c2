"""A ledger in words: each sentence is made from the figure that it states, and none says more than the figure shows."""

from __future__ import annotations

import math
from collections.abc import Sequence

from forecast.core.ledger import REST, GapFilled, Ledger, LedgerEntry
from forecast.report.ledger_amounts import UNSETTLED, amount_text, interval_text, span_text
from forecast.report.ledger_route_sentences import route_sentences
from forecast.report.ledger_wanted import lacking_sentence
from forecast.report.numbers import NBSP, capitalize, country_in_text, product_name, share_text, window

RANGE = "Rerouting in one step and under one code is between"
UNSEEN = (
    "Goods under another name or code, routes with more than one stop, and goods that a third country would have got anyway "
    "and sent on in place of using them are in none of these figures."
)


def sentences_of(made: Ledger) -> list[str]:
    """The sentences of a ledger: losses, other origins, shortfall, routes, declared origin, the exporter's side, limits."""
    told = [
        *_losses(made),
        *_other_origins(made),
        *route_sentences(made),
        *_declared_origin(made),
        *_exporters_side(made),
        *_share(made),
    ]
    told += [f"{note[0].upper()}{note[1:]}." for note in made.notes]
    if made.reading == "descriptive":
        told.append("Differences of means have no interval, and do not say what the measure caused.")
    if made.closure:
        told.append("That a side of the account adds up is arithmetic, and shows nothing.")
    return [*told, UNSEEN]


def accounts_in_short(accounts: Sequence[Ledger]) -> tuple[str, ...]:
    """What was lost by each record, and which part of it may have been rerouted; by name where several ask about one flow."""
    flows = [made.question.lost_flow for made in accounts]
    return tuple(
        f"{made.question.name}: {told[0].lower()}{told[1:]}" if flows.count(made.question.lost_flow) > 1 else told
        for made in accounts
        for told in (*_losses(made), *_share(made))
    )


def _goods(made: Ledger) -> str:
    return product_name(made.question.product)


def _against(made: Ledger) -> str:
    return "in the months compared with" if made.reading == "descriptive" else "expected without the measure"


def _losses(made: Ledger) -> list[str]:
    q = made.question
    exporter, destination = country_in_text(q.exporter), country_in_text(q.destination)
    what = {
        "L_M": (f"By the record of {destination}, imports of {_goods(made)} of declared origin {exporter}", "L_M"),
        "L_X": (f"By the record of {exporter}, exports of {_goods(made)} to {destination}", "L_X"),
    }
    told = []
    for symbol, (subject, role) in what.items():
        entry, leg = made.entry(symbol), made.leg(role)
        if not entry.known:
            told.append(lacking_sentence(subject, entry.wanted))
            continue
        way = "below" if entry.at_lower >= 0 else "above"
        when = window(leg.months_from, leg.months_to)
        level = "the level of the months compared with" if made.reading == "descriptive" else _against(made)
        told.append(
            f"{subject} in {when} were {amount_text(made, entry.at_lower)}"
            f"{interval_text(made, entry.lo95, entry.hi95, ' of the loss')} {way} what was {level}{unsettled_text(entry)}."
            if made.reading != "descriptive"
            else f"{subject} in {when} were {amount_text(made, entry.at_lower)} {way} {level}."
        )
    return told


def _other_origins(made: Ledger) -> list[str]:
    short, gap = made.entry("S"), made.gap
    if gap is None or not gap.complete:
        return (
            [lacking_sentence(f"What {country_in_text(made.question.destination)} imported in all", short.wanted)]
            if short.wanted
            else []
        )
    low, high = (gap.lo95, gap.hi95) if gap.total >= 0 else (-gap.hi95, -gap.lo95)
    told = [
        f"All other origins together sent {amount_text(made, gap.total)}{interval_text(made, low, high)} "
        f"{'more' if gap.total >= 0 else 'less'} than {_against(made)}{unsettled_text(gap)}."
    ]
    named = [one for one in gap.changes if not one.origin.startswith(REST)]
    if named:
        parts = []
        for one in named:
            limits = span_text(made, one.lo95, one.hi95) if math.isfinite(one.lo95) else ""
            more = "; ".join(filter(None, (limits, one.production)))
            change = f"{'+' if one.value >= 0 else '−'}{amount_text(made, one.value)}"
            parts.append(f"{country_in_text(one.origin)} {change}{f' ({more})' if more else ''}")
        table = (
            "; production by the table of the US Geological Survey"
            if any("production" in one.production for one in named)
            else ""
        )
        joint = f", with joint 95{NBSP}% limits" if any(math.isfinite(one.lo95) for one in named) else ""
        told.append(f"Of the named ones{joint}: {', '.join(parts)}{table}.")
    if short.known:
        fell = short.at_lower > 0
        low, high = (short.lo95, short.hi95) if fell else (-short.hi95, -short.lo95)
        if unsettled_text(short):
            so = ": these figures cannot say whether they fell"
        else:
            so = (
                ("" if made.reading == "descriptive" else ": other imports did not replace that much")
                if fell
                else ": no shortage is shown"
            )
        moved = f"{'fell' if fell else 'rose'} by {amount_text(made, short.at_lower)}{interval_text(made, low, high)}"
        if not short.at_lower and not unsettled_text(short):
            moved, so = "did not change", ""
        told.append(f"Imports from all origins {moved}{so}.")
    return told


def _declared_origin(made: Ledger) -> list[str]:
    entry = made.entry("O")
    if not entry.known or not entry.at_lower:
        return []
    return [
        f"In months for which {country_in_text(made.question.exporter)} reports no exports, goods of its declared origin still "
        f"arrived: {amount_text(made, entry.at_lower)}, indirect, delayed or not reported."
    ]


def _exporters_side(made: Ledger) -> list[str]:
    unsold, other, sold = made.entry("Z"), made.entry("G"), made.to_others
    if not unsold.known:
        return [lacking_sentence("The exporter's side of the account", unsold.wanted)] if unsold.wanted else []
    more = sold.at_lower
    exporter = capitalize(country_in_text(made.question.exporter))
    fell = unsold.at_lower > 0
    low, high = (unsold.lo95, unsold.hi95) if fell else (-unsold.hi95, -unsold.lo95)
    ends = (sold.lo95, sold.hi95) if more >= 0 else (-sold.hi95, -sold.lo95)
    told = [
        f"{exporter} exported {amount_text(made, more)}{interval_text(made, *ends)} {'more' if more >= 0 else 'less'} to all "
        f"others than {_against(made)}{unsettled_text(sold)}; its exports to all destinations together "
        f"{'fell' if fell else 'rose'} by {amount_text(made, unsold.at_lower)}{interval_text(made, low, high)}"
        f"{unsettled_text(unsold)}."
    ]
    if other.known and not made.crossed:
        span = span_text(made, *sorted((other.at_lower, other.at_upper)))
        texts = span.split(" to ")
        span = texts[0] if texts[0] == texts[1] else f"between {texts[0]} and {texts[1]}"
        limits = f"; 95{NBSP}% limits {span_text(made, other.lo95, other.hi95)}" if math.isfinite(other.lo95) else ""
        told.append(f"Other growth of its exports is {span}, depending on how much went on{limits}.")
    return told


def _share(made: Ledger) -> list[str]:
    share = made.share
    if share.undefined:
        return [f"No share of the loss is given, because {share.undefined}."]
    far = "" if math.isnan(share.hi95) else f" (95{NBSP}% interval {share_text(share.lo95)} to {share_text(share.hi95)})"
    by_exporter = made.leg("L_X").known and (made.leg("L_X").value < 0 or not made.leg("L_M").known)
    whole = f"the loss in the record of {country_in_text(made.question.exporter if by_exporter else made.question.destination)}"
    given = []  # what the range, or its lower end, hangs on
    if made.reading == "descriptive":
        given.append("the months compared with show what there would have been")
    if share.lower > 0 or (math.isnan(share.lower) and share.lo95 > 0):
        given.append("all else that the third countries could have sent was no more than was declared")
    if math.isnan(share.lower):
        crossed = ", ".join(country_in_text(route.country) for route in made.crossed)
        held = f"lies between {share_text(share.lo95)} and {share_text(share.hi95)} with 95{NBSP}%"
        noise = f"estimates of the bounds of {crossed} cross within noise"
        hangs = f", if {' and '.join(given)}," if given else ","
        return [f"The part that may have been rerouted of {whole}{hangs} {held}; {noise}, so no range of estimates is given."]
    ends = f"{share_text(share.lower)} and {share_text(share.upper)} of {whole}"
    if share.upper > 1:
        ends = f"{share_text(share.lower)} of {whole} and all of it, or more than was lost"
    told = f"{RANGE} {ends}{far}{'; differences of means have no interval' if made.reading == 'descriptive' else ''}."
    return [f"If {' and '.join(given)}, {told[0].lower()}{told[1:]}" if given else told]


def unsettled_text(one: LedgerEntry | GapFilled) -> str:
    """That a figure is not told from zero, where its interval holds it; "" where not, or where nothing is estimated."""
    return UNSETTLED if one.lo95 < 0 < one.hi95 else ""
