"""Destinations of one flow, from an archive or a vintage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forecast.core import months as mm, registry
from forecast.core.archive import Archive
from forecast.core.destinations import Destinations
from forecast.core.errors import ConfigError, DataError, nearest, with_place
from forecast.core.event import Event
from forecast.core.schema import DestinationRow
from forecast.core.series import SeriesKey
from forecast.core.vintage import Vintage
from forecast.prep.partners import WORLD
from forecast.study.destinations.ahead import ahead
from forecast.study.destinations.rows import FlowRows, relief_events, reversed_by
from forecast.study.destinations.shares import PartnerFlow, partner_flows

PLACE = "fc.destinations, argument"
YEARS = 4  # calendar years that are told without a start, the last of them in part


def destinations(
    source: Archive | Vintage,
    *,
    product: str,
    exporter: str = "",
    importer: str = "",
    start: str | None = None,
    stop: str | None = None,
    after: Event | str | None = None,
    before: tuple[str, str] | None = None,
    model: str | Mapping[str, Any] | None = None,
    months: int = 12,
    draws: int = 1000,
    seed: int = 0,
) -> Destinations:
    """Where one flow of trade went, partner by partner: shares, concentration, who was served first, what each paid.

    Shares of the partners with a figure and of the others, the total less the named, add up to one. A partner without a figure
    is among the others, never zero.

    Parameters
    ----------
    source : Archive or Vintage
        the data; of an archive its latest vintage
    product : str
        the good
    exporter : str, optional
        the country whose exports are divided by destination
    importer : str, optional
        instead the country whose imports are divided by declared origin
    start : str, optional
        first month, "YYYY-MM" (default: January three years before the year of the vintage's day)
    stop : str, optional
        last month (default: the last one with a figure)
    after : Event or str, optional
        the event, or its id, after which partners' months are held against their own level of before (default: events that
        reverse another one)
    before : tuple of str, optional
        first and last month of that level (default: the 12 months before the event, or before the one that it reverses)
    model : str or mapping, optional
        a model whose forecasts are made to add up over partners (default: none)
    months : int, default 12
        months ahead
    draws : int, default 1000
        of the forecasts
    seed : int, default 0
        of the random numbers

    Returns
    -------
    Destinations
        its rows; `frame()`, `sentences()`, `plot()`

    Raises
    ------
    ConfigError
        where not exactly one of exporter and importer is given, months end before they begin, there is no such model, or
        `after` bears on no partner that has a figure
    DataError
        where no single partner of the flow has a figure, or there is no such event or month

    Examples
    --------
    >>> import forecast as fc
    >>> magnets = fc.destinations(fc.load_archive(), exporter="CHN", product="re_magnets", start="2025-01")
    >>> june = magnets.frame("share").query("month == '2025-06'")
    >>> dict(zip(june.partner, june.value.round(3)))
    {'DEU': 0.24, 'JPN': 0.041, 'USA': 0.111, 'REST': 0.609}
    """
    if bool(exporter) == bool(importer):
        hint = 'exporter="CHN", or importer="USA"'
        raise ConfigError("one of exporter and importer is to be given", where="fc.destinations", hint=hint)
    if isinstance(model, str | Mapping):
        registry.build("model", model, where=f"{PLACE} 'model'")  # refused before anything is computed
    vintage = source.latest if isinstance(source, Archive) else source
    total = SeriesKey(exporter or importer, "export" if exporter else "import", WORLD, product)
    flow = next(iter(partner_flows(vintage, [str(total)])), None)
    if flow is None:
        problem = f"no figure of a single partner of {total} is known on {vintage.day}"
        raise DataError(problem, where="fc.destinations", hint=_divided_flow_like(total, vintage))
    with with_place(f"{PLACE} 'after'"):
        chosen = after if after is None or isinstance(after, Event) else vintage.events[after]
    with with_place(f"{PLACE} 'start' or 'stop'"):
        first, last = _in_order(*window_of(flow, start, stop))
    with with_place(f"{PLACE} 'before'"):
        span = _level_months(before) if before is not None else None
    if chosen is not None:
        _refuse_elsewhere(chosen, flow)
    rows, found = rows_of(flow, first, last, chosen, span)
    if model is not None:
        found += rows.months_ahead(ahead(flow, vintage, model, months, draws, seed))
    return Destinations(total.reporter, total.flow, product, tuple(found), vintage.events)


def _divided_flow_like(total: SeriesKey, vintage: Vintage) -> str:
    """The most similar flow that can be divided, or what would make this one so."""
    known = [str(flow.key) for flow in partner_flows(vintage, vintage.series)]
    return nearest(str(total), known) or f"figures of {total.reporter}.{total.flow}.<partner>.{total.product}"


def _refuse_elsewhere(event: Event, flow: PartnerFlow) -> None:
    """An event that bears on no partner of the flow that has a figure: nobody's months can be held against it."""
    if any(event.touches(flow.series(partner)) for partner in flow.partners):
        return
    if not event.touches(flow.series(WORLD)):
        problem, hint = f"'{event.id}' does not bear on {flow.key}", "look at its imposed_by, targets and products"
    else:
        aimed = ", ".join(event.targets)
        problem = f"'{event.id}' is aimed at {aimed}, and no series of this flow is trade with it"
        hint = "a partner with figures: " + nearest(event.targets[0], flow.partners)
    raise ConfigError(problem, where=f"{PLACE} 'after'", hint=hint)


def _level_months(before: tuple[str, str]) -> tuple[int, int]:
    if isinstance(before, str) or len(before) != 2 or not all(isinstance(month, str) for month in before):
        problem = f"before is {before!r}, and fc.destinations takes a first and a last month"
        raise ConfigError(problem, hint='("2024-01", "2024-12")')
    return _in_order(mm.ordinal(before[0]), mm.ordinal(before[1]))


def _in_order(first: int, last: int) -> tuple[int, int]:
    if first <= last:
        return first, last
    problem = f"{mm.label(first)} lies after {mm.label(last)}, so that there is no month between them"
    raise ConfigError(problem, hint="the earlier month first; without a stop the last month is that of the last figure")


def rows_of(
    flow: PartnerFlow, first: int, last: int, event: Event | None = None, before: tuple[int, int] | None = None
) -> tuple[FlowRows, list[DestinationRow]]:
    """The rows of a flow over some months, without months ahead, and what made them."""
    everything, rows = FlowRows(flow, first, last), FlowRows(flow.within(first, last), first, last)
    found = [
        *everything.figures(),
        *everything.contradictions(),
        *everything.sums_beyond(),
        *rows.divisions(),
        *rows.premiums(),
    ]
    reliefs = relief_events(flow.vintage, flow, first, last) if len(flow.partners) > 1 else []  # one partner has no order
    for one in [event] if event else reliefs:
        found += rows.returns(one, reversed_by(flow.vintage, one), before)
    return rows, found


def window_of(flow: PartnerFlow, start: str | None = None, stop: str | None = None) -> tuple[int, int]:
    """First and last month told.

    By default they end in the last month with a figure, and begin in the January three years before the year of the vintage's
    day; of older figures, before the year after their last.
    """
    known = [s for p in (WORLD, *flow.partners) if flow.vintage.knows(s := flow.series(p))]
    last = mm.ordinal(stop) if stop else max(map(flow.vintage.last_month, known))
    year = min(flow.vintage.day.year, last // 12 + 1)
    return mm.ordinal(start) if start else 12 * (year - YEARS + 1), last
