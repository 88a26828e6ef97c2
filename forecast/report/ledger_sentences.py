"""A ledger in words: each sentence is made from the figure that it states, and none says more than the figure shows."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from forecast.core.ledger import REST, Ledger, LedgerEntry, Route
from forecast.core.products import products
from forecast.report.numbers import NBSP, capitalize, country_in_text, decimal, product_name, quantity, share_text, window

WHY_UPPER = (
    "The smaller of two flows is an upper bound, because goods of one code that come in and goods that go out need not be the "
    "same goods: of Vietnam's exports to the United States in 2021, 16.1 % were rerouted by that measure of products and 1.8 % "
    "by that of firms (Iyoha, Malesky, Wen, Wu and Feng, Harvard Business School Working Paper 24-072, version of May 2024; "
    "the revision of March 2025, without Feng, finds that tariffs raised rerouting by 3.6, 2.5 and 1.4 percentage points by "
    "country, province and firm)."
)
RANGE = "Rerouting in one step and under one code is between"
COMMAND = re.compile(r" \((forecast fetch|pages of) [^)]*\)")  # stands once, with its flow
UNSEEN = (
    "Goods under another name or code, routes with more than one stop, and goods that a third country would have got anyway "
    "and sent on in place of using them are in none of these figures."
)


def sentences_of(made: Ledger) -> list[str]:
    """The sentences of a ledger: losses, other origins, shortfall, routes, declared origin, the exporter's side, limits."""
    told = [
        *_losses(made),
        *_other_origins(made),
        *_routes(made),
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


def in_short(made: Ledger) -> list[str]:
    """What was lost by each record, and which part of it may have been rerouted."""
    return [*_losses(made), *_share(made)]


def series_wanted(wanted: Iterable[str]) -> str:
    """The series that would fill something, each once; how they are fetched stands with the flows."""
    found: dict[str, str] = {}
    for one in wanted:
        for part in COMMAND.sub("", one).split("; "):
            found.setdefault(part.partition(",")[0], part)
    return "; ".join(found.values())


def amount_text(made: Ledger, value: float) -> str:
    """An amount of a ledger in the unit of the report, without its sign."""
    known = products().get(made.question.product)
    unit, size = (known.display_unit, known.scale) if known else ("t", 1000.0)
    text = quantity(abs(value), unit) if made.unit != "kg" else quantity(abs(value) / size, unit)
    return f"{text} {made.content}".strip()


def _interval_text(made: Ledger, low: float, high: float) -> str:
    if not math.isfinite(low):
        return ""
    ends = " to ".join(f"{'−' if one < 0 else ''}{amount_text(made, one)}" for one in (low, high))
    return f" (95{NBSP}% interval {ends})"


def _goods(made: Ledger) -> str:
    return product_name(made.question.product)


def _months(made: Ledger) -> str:
    return window(made.months_from, made.months_to)


def _against(made: Ledger) -> str:
    return "in the months compared with" if made.reading == "descriptive" else "expected without the measure"


def _lacking(text: str, wanted: tuple[str, ...]) -> str:
    return f"{text}: no data; it would take {series_wanted(wanted)}."


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
            told.append(_lacking(subject, entry.wanted))
            continue
        way = "below" if entry.at_lower >= 0 else "above"
        when = window(leg.months_from, leg.months_to)
        level = "the level of the months compared with" if made.reading == "descriptive" else _against(made)
        told.append(
            f"{subject} in {when} were {amount_text(made, entry.at_lower)}{_loss_interval(made, entry)} {way} what was {level}."
            if made.reading != "descriptive"
            else f"{subject} in {when} were {amount_text(made, entry.at_lower)} {way} {level}."
        )
    return told


def _loss_interval(made: Ledger, entry: LedgerEntry) -> str:
    return _interval_text(made, entry.lo95, entry.hi95).replace("interval", "interval of the loss")


def _other_origins(made: Ledger) -> list[str]:
    short, gap = made.entry("S"), made.gap
    if gap is None or not gap.complete:
        return (
            [_lacking(f"What {country_in_text(made.question.destination)} imported in all", short.wanted)]
            if short.wanted
            else []
        )
    told = [
        f"All other origins together sent {amount_text(made, gap.total)} {'more' if gap.total >= 0 else 'less'} than "
        f"{_against(made)}."
    ]
    named = [one for one in gap.changes if not one.origin.startswith(REST)]
    if named:
        parts = [
            f"{country_in_text(one.origin)} {'+' if one.value >= 0 else '−'}{amount_text(made, one.value)}"
            + (f" ({one.production})" if one.production else "")
            for one in named
        ]
        table = (
            "; production by the table of the US Geological Survey"
            if any("production" in one.production for one in named)
            else ""
        )
        told.append(f"Of the named ones: {', '.join(parts)}{table}.")
    if short.known:
        fell = short.at_lower > 0
        low, high = (short.lo95, short.hi95) if fell else (-short.hi95, -short.lo95)
        if short.lo95 < 0 < short.hi95:
            so = ": these figures cannot say whether they fell"
        else:
            so = (
                ("" if made.reading == "descriptive" else ": other imports did not replace that much")
                if fell
                else ": no shortage is shown"
            )
        moved = f"{'fell' if fell else 'rose'} by {amount_text(made, short.at_lower)}{_interval_text(made, low, high)}"
        if not short.at_lower and not short.lo95 < 0 < short.hi95:
            moved, so = "did not change", ""
        told.append(f"Imports from all origins {moved}{so}.")
    return told


def _routes(made: Ledger) -> list[str]:
    told = [one for route in made.routes for one in _route(made, route)]
    if any(route.outward.known and route.onward.known for route in made.routes):
        told.append(WHY_UPPER)
    return told


def _route(made: Ledger, route: Route) -> list[str]:
    name, q = country_in_text(route.country), made.question
    lacking = [leg for leg in (route.outward, route.onward) if not leg.known]
    if len(lacking) == 2:
        wanted = tuple(leg.wanted for leg in lacking)
        notes = [f"{name}: {leg.note}." for leg in lacking if leg.note]
        return [_lacking(f"What may have gone on through {name}", wanted), *notes]
    limit = f" (95{NBSP}% limit {amount_text(made, route.upper_limit)})" if math.isfinite(route.upper_limit) else ""
    crossed = route.lower > route.upper
    least = ""
    if route.lower > 0 and not crossed:
        own = f"if its own sources were no more than the {amount_text(made, route.own_sources)} that were declared"
        least = f"; at least {amount_text(made, route.lower)} must have, {own}"
    most = f"at most {amount_text(made, route.upper)}{limit}"
    told = [f"Through {name}, {most} can have gone on in one step and under one code{least}."]
    if crossed and not route.contradiction:
        told.append(
            f"What {name} sent on, less its declared own sources, is {amount_text(made, route.lower)}, above that bound: the "
            "two cross within their noise."
        )
    if lacking:
        told.append(_lacking(f"The other flow of {name}", (lacking[0].wanted,)))
    if route.contradiction:
        told.append(f"The bounds of {name} cross: {route.contradiction}.")
    if route.found:
        tested = sum(math.isfinite(one.p_value) for one in made.routes)
        others = f", over {tested} countries" if tested > 1 else ""
        more = ", the second by more than its own sources" if math.isfinite(route.own_sources) else ""
        told.append(
            f"Both flows of {name} rose{more} ({p_text(route.p_holm)}{others}): rerouting of goods is possible, and whether "
            f"these are goods of {country_in_text(q.exporter)} the figures do not say."
        )
    elif math.isfinite(route.p_holm):
        told.append(f"It is not shown that both flows of {name} rose ({p_text(route.p_holm)}).")
    for leg, flow in ((route.outward, "got"), (route.onward, "sent on")):
        if leg.note:
            told.append(f"What {name} {flow}: {leg.note}.")
        if leg.known and leg.mirror:
            reporter = country_in_text(leg.series.partition(".")[0])
            told.append(f"What {name} {flow} is known by the record of {reporter}, the other end of that flow.")
    return told


def p_text(p: float) -> str:
    """A p value in words of a sentence or a cell."""
    return "p < 0.001" if p < 0.001 else f"p = {decimal(p, 3 if p < 0.1 else 2)}"


def _declared_origin(made: Ledger) -> list[str]:
    entry = made.entry("O")
    if not entry.known or not entry.at_lower:
        return []
    return [
        f"In months for which {country_in_text(made.question.exporter)} reports no exports, goods of its declared origin still "
        f"arrived: {amount_text(made, entry.at_lower)}, indirect, delayed or not reported."
    ]


def _exporters_side(made: Ledger) -> list[str]:
    unsold, other = made.entry("Z"), made.entry("G")
    if not unsold.known:
        return [_lacking("The exporter's side of the account", unsold.wanted)] if unsold.wanted else []
    more = made.entry("L_X").at_lower - unsold.at_lower
    exporter = capitalize(country_in_text(made.question.exporter))
    fell = unsold.at_lower > 0
    low, high = (unsold.lo95, unsold.hi95) if fell else (-unsold.hi95, -unsold.lo95)
    told = [
        f"{exporter} exported {amount_text(made, more)} {'more' if more >= 0 else 'less'} to all others than "
        f"{_against(made)}; its exports to all destinations together {'fell' if fell else 'rose'} by "
        f"{amount_text(made, unsold.at_lower)}{_interval_text(made, low, high)}."
    ]
    if other.known and not made.crossed:
        ends = sorted((other.at_lower, other.at_upper))
        texts = [f"{'−' if one < 0 else ''}{amount_text(made, one)}" for one in ends]
        span = texts[0] if texts[0] == texts[1] else f"between {texts[0]} and {texts[1]}"
        told.append(f"Other growth of its exports is {span}, depending on how much went on.")
    return told


def _share(made: Ledger) -> list[str]:
    share = made.share
    if share.undefined:
        return [f"No share of the loss is given, because {share.undefined}."]
    far = "" if math.isnan(share.hi95) else f" (95{NBSP}% interval {share_text(share.lo95)} to {share_text(share.hi95)})"
    by_exporter = made.leg("L_X").known and (made.leg("L_X").value < 0 or not made.leg("L_M").known)
    record = country_in_text(made.question.exporter if by_exporter else made.question.destination)
    whole = f"the loss in the record of {record}"
    if share.lower > 0 or (math.isnan(share.lower) and share.lo95 > 0):
        whole += ", with the own sources that were declared"
    if math.isnan(share.lower):
        crossed = ", ".join(country_in_text(route.country) for route in made.crossed)
        held = f"lies between {share_text(share.lo95)} and {share_text(share.hi95)} with 95{NBSP}%"
        noise = f"estimates of the bounds of {crossed} cross within noise"
        return [f"The part that may have been rerouted of {whole}, {held}; {noise}, so no range of estimates is given."]
    if share.upper > 1:
        return [f"{RANGE} {share_text(share.lower)} of {whole} and all of it, or more than was lost{far}."]
    return [f"{RANGE} {share_text(share.lower)} and {share_text(share.upper)} of {whole}{far}."]
