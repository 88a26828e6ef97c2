"""The answer to a ledger's question: its legs asked of one estimator, its routes, its account and who filled the gap."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from forecast.core.archive import Archive
from forecast.core.event import Event
from forecast.core.event_scope import exporter_under
from forecast.core.ledger import Ledger, LedgerQuestion, Route, country_codes
from forecast.core.vintage import Vintage
from forecast.study.ask import Memo
from forecast.study.ledger.account import Account, Amount, account_of, declared_while_none_reported
from forecast.study.ledger.candidates import candidates, third_countries_wanted
from forecast.study.ledger.cautions import cautions_of
from forecast.study.ledger.clean_months import what_an_interval_would_take
from forecast.study.ledger.gap_filled import gap_filled_of
from forecast.study.ledger.joint_draws import with_joint_draws
from forecast.study.ledger.leg_answers import described_legs, estimated_legs
from forecast.study.ledger.legs import legs_of, require_one_form
from forecast.study.ledger.rerouting import (
    LIMIT,
    Bounds,
    bounds_of,
    rerouted_draws,
    routes_of,
    share_of_loss,
    total_rerouted,
)


def ledger(
    source: Archive | Vintage,
    event: Event | Sequence[Event],
    *,
    destination: str,
    product: str,
    exporter: str | None = None,
    through: str | Iterable[str] | None = None,
    origins: str | Iterable[str] = (),
    start: str | None = None,
    stop: str | None = None,
    lag_direct: int = 1,
    lag_to: int = 1,
    lag_from: int = 1,
    ahead: int = 0,
    own_sources: Mapping[str, float] | None = None,
    producers: str | Iterable[str] | None = None,
    gains: float | None = None,
    estimator: str | Mapping[str, Any] = "counterfactual",
    baseline: tuple[str, str] | None = None,
    clean_from: str | None = None,
    element: bool = False,
    draws: int = 2000,
    seed: int = 0,
) -> Ledger:
    """Where the trade went that a measure took: losses, rerouting between bounds, replacement and shortfall, on both sides.

    Parameters
    ----------
    source : Archive or Vintage
        the data; of an archive its latest vintage
    event : Event or sequence of Event
        the measure, or several that cannot be told apart
    destination, product : str
        the country that it is aimed at (or a group such as "EU27"), and the good by its name in the package
    exporter : str, optional
        whose exports are asked about (default: the one country that imposed the measure)
    through : str or sequence of str, optional
        third countries through which goods may have gone on (default: by the rule of `candidates`: those with a flow in the
        data that produce little or nothing themselves)
    origins : str or sequence of str, optional
        other origins that are told apart
    start, stop : str, optional
        labels of the first and last month of the destination's imports (default: the event's first and `lag_direct`; the last
        that all known flows have in common and that an end of the measure does not reach)
    lag_direct, lag_to, lag_from : int, default 1
        months under way from exporter to destination, from exporter to third country, from third country to destination
    ahead : int, default 0
        months before the first in which a third country could have stocked
    own_sources : mapping of str to float, optional
        by country, tonnes that it could have found otherwise; unknown ones are left out
    producers : str or sequence of str, optional
        countries that produce the good (default: those of the bundled table)
    gains : float, optional
        tonnes by which all other origins together sent more, where only that sum is published
    estimator : str or mapping, default "counterfactual"
        of every leg: its name, or a mapping of its name and options
    baseline : tuple of (str, str), optional
        first and last month that described legs are compared with
    clean_from : str, optional
        label of the first month that is fitted
    element : bool, default False
        amounts of the contained element
    draws : int, default 2000
        number of draws
    seed : int, default 0
        of the random numbers

    Returns
    -------
    Ledger
        amounts in the unit of the archive (kg); `frame()`, `sentences()` and `plot()` tell it

    Raises
    ------
    ConfigError
        where a country is named twice, no exporter is named and not just one other country imposed the measure, there is no
        such estimator, or the element is asked of goods of several forms

    Examples
    --------
    >>> import forecast as fc
    >>> archive = fc.load_archive()
    >>> ban = archive.events["us_ban_2024"]
    >>> account = fc.ledger(archive, ban, destination="USA", product="antimony_unwrought", through=["THA"], stop="2025-11")
    >>> account.reading, account.leg("I", "THA").state, round(account.entry("L_M").at_lower / 1000)  # tonnes
    ('descriptive', 'no data', 347)
    """
    vintage = source.latest if isinstance(source, Archive) else source
    events = (event,) if isinstance(event, Event) else tuple(event)
    sender = exporter or exporter_under(events, destination, f"ledger of {product} to {destination}")
    question = LedgerQuestion(
        events, sender, destination, product,
        () if through is None else country_codes(through), country_codes(origins), start, stop, lag_direct, lag_to, lag_from,
        ahead, own_sources or {}, None if producers is None else country_codes(producers), gains, estimator, baseline,
        clean_from, element, draws=draws,
    )  # fmt: skip
    if through is None:
        question = question.with_candidates(candidates(question, vintage))
    return answer_ledger(question, vintage, seed)


def answer_ledger(question: LedgerQuestion, vintage: Vintage, seed: int = 0, memo: Memo | None = None) -> Ledger:
    """The ledger of a question; with an estimate of every leg that has data, else with a description of all of them."""
    factor, content = require_one_form(question)
    plans, seen = legs_of(question, vintage)
    legs = estimated_legs(question, plans, seen, factor, seed, memo)
    legs = with_joint_draws(question, plans, legs, seen, seed)
    states = {leg.state for leg in legs}
    reading: Literal["estimated", "descriptive", "no data"] = "estimated"
    notes = cautions_of(question, plans, seen) if any(leg.known for leg in legs) else []
    if "described" in states:
        reading = "descriptive"
        wanted = what_an_interval_would_take(question, plans, legs, seen)
        legs, compared = described_legs(question, plans, legs, seen, factor)
        notes += [f"compared with the {compared.removeprefix('the ')}"] if compared else []
        notes += [wanted] if wanted else []
    if not any(leg.known for leg in legs):
        reading = "no data"
    by_role = {(leg.role, leg.country): leg for leg in legs}
    n = question.draws if reading == "estimated" else 0
    bounds = bounds_of(question, by_role, factor, n)
    routes = routes_of(question, by_role, bounds, factor)
    declared, note = declared_while_none_reported(question, plans, seen, factor, n)
    rerouted, limits = _all_routes(question, bounds, routes, n, vintage.day)
    account: Account = account_of(question, by_role, routes, rerouted, limits, declared, n)
    records = [one for one in (by_role["L_X", question.destination], by_role["L_M", question.exporter]) if one.known]
    loss = next((one for one in records if one.value < 0), records[0] if records else None)
    main = next(plan for plan in plans if plan.role == "L_M")
    return Ledger(
        question, "kg", content, reading, seen.steps.label(main.first), seen.steps.label(main.last),
        main.last - main.first + 1, tuple(legs), tuple(routes), account.entries, account.to_others,
        share_of_loss(bounds, routes, loss or by_role["L_M", question.exporter]),
        gap_filled_of(question, by_role, factor, vintage.day), account.closure, (*notes, *([note] if note else [])),
    )  # fmt: skip


def _all_routes(
    question: LedgerQuestion, bounds: Bounds, routes: Sequence[Route], draws: int, day: dt.date
) -> tuple[tuple[Amount, Amount], tuple[float, float]]:
    """R at its lower and at its upper bound, and the limits of the two."""
    none = np.zeros(draws)
    wanted = tuple(
        wish for route in routes if not math.isfinite(route.upper) for wish in (route.outward.wanted, route.onward.wanted)
    )
    if not routes:
        wanted = (third_countries_wanted(question, day),)
    lower = float(sum(route.lower for route in routes if math.isfinite(route.lower)))
    upper = float(sum(route.upper for route in routes))
    if not draws:
        return (Amount(lower, none), Amount(upper, none, wanted)), (math.nan, math.nan)
    low_draws, high_draws = rerouted_draws(bounds, routes) if not wanted else (none, none)
    _, _, low, high = total_rerouted(bounds, LIMIT)
    if low > high or any(route.contradiction for route in routes):  # bounds that cross have no limits that hold them
        low = high = math.nan
    return (Amount(lower, low_draws), Amount(upper, high_draws, wanted)), (low, high)
