"""Designs of the effect questions in a config: events and donors as known on the run's day, series names checked."""

from __future__ import annotations

from collections.abc import Sequence

from forecast.core.archive import Archive
from forecast.core.errors import ConfigError, DataError, nearest, with_place
from forecast.core.event_ends import ended_measure
from forecast.core.event_scope import scope_is_unknown
from forecast.core.events import Event, EventCalendar
from forecast.core.products import products
from forecast.core.questions import Design
from forecast.core.results import Finding
from forecast.core.series import SeriesKey
from forecast.core.spillovers import spillover
from forecast.core.vintage import Vintage
from forecast.jobs.effect_config import UNTOUCHED, EffectConfig
from forecast.study.effects.candidate_donors import reasons_touched, untouched


def findings_out_of_scope(
    topic: str, name: str, series: Sequence[str], asked: Sequence[str], events: EventCalendar
) -> list[Finding]:
    """Findings on series outside the scope of every event of a question: an indirect effect, or a misspelt scope.

    topic, name : of the finding; series : those asked about; asked : ids of the events
    """
    measures, names = [events[event] for event in asked], ", ".join(asked)
    missed = [s for s in series if not any(event.touches(s) for event in measures)]
    return [
        Finding(
            topic,
            f"whether {names} covers {one} is not known here: its good is in no table of the package"
            if scope_is_unknown(measures, [one])
            else f"{one} lies outside the scope of {names}: an indirect effect",
            name,
        )
        for one in missed
    ]


def findings_past_the_end(name: str, design: Design, vintage: Vintage) -> list[Finding]:
    """Findings on months after the end of the measures asked about: named where they are asked, else that they are left out."""
    try:
        window = design.window(vintage)
    except DataError as error:
        if design.estimand != "anticipation" and any(ended_measure(event.id) for event in design.events):
            text = f'{error.problem}: estimand = "anticipation" asks for the months before an end'
            return [Finding("effect", text, name)]
        return []
    label, measures = vintage.steps.label, " and ".join(event.id for event in design.events)
    after = design.aftermath(vintage, window.first, window.last)
    if after:
        asked = f"{len(after.months)} of the {window.length} months asked, {label(window.first)} to {label(window.last)},"
        lie = "lies" if len(after.months) == 1 else "lie"
        return [Finding("effect", f"{asked} {lie} after the end of {measures} on {after.ended}", name)]
    known = max(vintage.last_month(s) for s in design.treated if vintage.knows(s))
    if design.stop is None and window.last < known:
        text = f"the months asked end in {label(window.last)} with {measures}, the figures in {label(known)}"
        return [Finding("effect", f"{text}: `to` asks for more", name)]
    return []


def findings_on_donors(row: EffectConfig, design: Design, vintage: Vintage) -> list[Finding]:
    """Findings on donors: those that the measures asked about may reach are named with the reason, and so are those let in."""
    if not row.donors or row.donors == ("all",):
        return []
    reached = {s: spillover(s, design.treated, design.events, design.diversion) for s in design.donors}
    if row.donors == (UNTOUCHED,):
        for event in design.events:
            for s, why in reasons_touched(vintage, event, design.treated[0], design.diversion).items():
                own = spillover(s, design.treated, design.events, design.diversion) or why
                reached[s] = own if s not in design.treated and not reached.get(s) else reached.get(s, "")
    reached = {s: why for s, why in reached.items() if why}
    out = [Finding("donors", f"{s} is no donor: {why}", row.id) for s, why in reached.items() if s not in design.let_in]
    for s in design.let_in:
        why = reached.get(s) or spillover(s, design.treated, design.events, design.diversion)
        said = f", although: {why}" if why else ", and nothing speaks against it"
        out.append(Finding("donors", f"{s} is let in as a donor by hand{said}", row.id, "warning" if why else "note"))
    return out


def design_of(row: EffectConfig, archive: Archive, vintage: Vintage, where: str = "", through: Sequence[str] = ()) -> Design:
    """The Design of one [[effects]] row, with its events and donors as they were known on the run's day.

    through : countries on the way by a ledger of the same measure, which are barred like those of the row's `diversion`
    """
    named = {"treated": row.treated, "share_of": (row.share_of,) if row.share_of else (), "donors": row.donors}
    named["let_in"] = row.let_in
    for key, names in named.items():
        for name in names if names not in (("all",), (UNTOUCHED,)) else ():
            _check_spelling(name, archive, f"{where}, {key}")
    with with_place(where, ConfigError):
        events = [vintage.events[event] for event in row.event]
        diversion = tuple(dict.fromkeys((*row.diversion, *through))) if row.donors else ()
        return Design(
            events,
            treated=row.treated,
            donors=_donors(row, vintage, events, diversion),
            diversion=diversion,
            let_in=row.let_in,
            start=row.first,
            stop=row.last,
            anticipation=row.anticipation,
            lag_months=row.lag_months,
            donut=row.donut,
            estimand=row.estimand,
            measure=row.measure,
            baselines=tuple(b.value for b in row.baselines),
            baseline=row.baseline,
            share_of=row.share_of,
            clean_from=row.clean_from,
        )


def _donors(row: EffectConfig, vintage: Vintage, events: Sequence[Event], diversion: Sequence[str]) -> tuple[str, ...] | str:
    """The donors of a row; "untouched" are flows that no event touched, neither the row's nor another one, and those let in."""
    if row.donors == ("all",):
        return "all"
    if row.donors != (UNTOUCHED,):
        return tuple(dict.fromkeys((*row.donors, *row.let_in)))
    by_event = [untouched(vintage, event, like=row.treated[0], diversion=diversion) for event in events]
    by_rule = [s for s in by_event[0] if all(s in others for others in by_event[1:])]
    return tuple(dict.fromkeys((*by_rule, *row.let_in)))


def _check_spelling(series: str, archive: Archive, where: str) -> None:
    """Refuse a misspelt series; one without figures is allowed."""
    if series in archive.series:
        return
    with with_place(where, ConfigError):
        key = SeriesKey.parse(series)
    known = set(products()) | {SeriesKey.parse(s).product for s in archive.series}
    if key.product not in known:
        raise ConfigError(f"no product is called '{key.product}'", where=where, hint=nearest(key.product, known))
