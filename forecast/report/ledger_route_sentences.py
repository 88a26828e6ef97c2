"""What may have gone on through each third country, in words."""

from __future__ import annotations

import math

from forecast.core.ledger import Ledger, Route
from forecast.report.ledger_amounts import amount_text, limit_text
from forecast.report.ledger_wanted import lacking_sentence
from forecast.report.numbers import country_in_text, decimal

WHY_UPPER = (
    "The smaller of two flows is an upper bound, because goods of one code that come in and goods that go out need not be the "
    "same goods: of Vietnam's exports to the United States in 2021, 16.1 % were rerouted by that measure of products and 1.8 % "
    "by that of firms (Iyoha, Malesky, Wen, Wu and Feng, Harvard Business School Working Paper 24-072, version of May 2024; "
    "the revision of March 2025, without Feng, finds that tariffs raised rerouting by 3.6, 2.5 and 1.4 percentage points by "
    "country, province and firm)."
)
MADE_UP_FOR = "the smaller of two noisy estimates is more often too low than too high, and the bound makes up for it"


def route_sentences(made: Ledger) -> list[str]:
    """All third countries, and why a minimum of two flows is an upper bound."""
    told = [one for route in made.routes for one in _route(made, route)]
    if any(route.outward.known and route.onward.known for route in made.routes):
        told.append(WHY_UPPER)
    return told


def p_text(p: float) -> str:
    """A p value in words of a sentence or a cell."""
    return "p < 0.001" if p < 0.001 else f"p = {decimal(p, 3 if p < 0.1 else 2)}"


def flows_exceeded(made: Ledger, route: Route) -> str:
    """The flows that the upper bound exceeds as printed, "both flows" or "the smaller flow"; "" where it exceeds none.

    With months ahead the larger of two minima counts, with and without them.
    """
    if not (route.outward.known and route.onward.known):
        return ""
    early = sum(leg.value for leg in made.legs if (leg.role, leg.country) == ("ahead", route.country) and leg.known)
    got = max(route.outward.value, route.outward.value - early)
    smaller, larger = sorted((got, route.onward.value))
    if not _is_above(made, route.upper, max(smaller, 0.0)):
        return ""
    return "both flows" if _is_above(made, route.upper, larger) else "the smaller flow"


def _is_above(made: Ledger, one: float, other: float) -> bool:
    return one > other and amount_text(made, one) != amount_text(made, other)


def _route(made: Ledger, route: Route) -> list[str]:
    name, q = country_in_text(route.country), made.question
    lacking = [leg for leg in (route.outward, route.onward) if not leg.known]
    if len(lacking) == 2:
        wanted = tuple(leg.wanted for leg in lacking)
        notes = [f"{name}: {leg.note}." for leg in lacking if leg.note]
        return [lacking_sentence(f"What may have gone on through {name}", wanted), *notes]
    crossed = route.lower > route.upper
    means = ", by the means compared" if made.reading == "descriptive" else ""
    least = ""
    if route.lower > 0 and not crossed:
        least = (
            f"; if all else that it could have sent, by longer ways and under other codes too, was no more than the "
            f"{amount_text(made, route.own_sources)} that were declared, at least {amount_text(made, route.lower)}"
            f"{limit_text(made, route.lower_limit)} did"
        )
    most = f"at most {amount_text(made, route.upper)}{limit_text(made, route.upper_limit)}"
    told = [f"Through {name}, {most} can have gone on in one step and under one code{means}{least}."]
    if exceeded := flows_exceeded(made, route):
        flows = " and ".join(amount_text(made, leg.value) for leg in (route.outward, route.onward))
        told.append(f"The bound of {name} lies above {exceeded} (of {flows}): {MADE_UP_FOR}.")
    if crossed and not route.contradiction:
        told.append(
            f"What {name} sent on, less its declared own sources, is {amount_text(made, route.lower)}, above that bound: the "
            "two cross within their noise."
        )
    if lacking:
        told.append(lacking_sentence(f"The other flow of {name}", (lacking[0].wanted,)))
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
