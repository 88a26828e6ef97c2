"""A measure in a sentence: its instrument, no closer than its own names say."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

import forecast as fc
from forecast.core.events import EventCalendar
from forecast.report.facts import FactsInMemory
from forecast.report.measure_phrases import event_phrase

DAY = dt.date(2025, 1, 1)


def phrase(event: fc.Event, *others: fc.Event) -> str:
    return event_phrase(FactsInMemory(EventCalendar((event, *others))), event.id).replace("\u00a0", " ")


def event(title: str, instrument: str, **more: object) -> fc.Event:
    return fc.Event("own", title, DAY, DAY, instrument=instrument, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("title", "instrument", "said"),
    [
        ("Deal", "relief", "“Deal” of Jan 2025"),
        ("Licences eased", "relief", "the eased licensing of Jan 2025"),
        ("Ban on antimony oxide", "ban", "the ban of Jan 2025"),
        ("Import ban on oxide", "ban", "the ban of Jan 2025"),
        ("Export ban on oxide", "ban", "the export ban of Jan 2025"),
        ("Licences for imports", "licence", "licensing of Jan 2025"),
        ("Raids", "enforcement", "the enforcement of Jan 2025"),
        ("A campaign", "enforcement", "the enforcement campaign of Jan 2025"),
        ("Port closed", "supply", "“Port closed” of Jan 2025"),
    ],
)
def test_a_phrase_says_no_more_than_the_event(title: str, instrument: str, said: str) -> None:
    assert phrase(event(title, instrument)) == said


def test_what_eases_a_licence_is_eased_licensing_and_what_eases_a_ban_is_not() -> None:
    lifted = replace(event("One", "licence"), id="lifted")
    deal = event("Deal", "relief", reversal_of="lifted")
    assert phrase(deal, lifted) == "the eased licensing of Jan 2025"
    assert phrase(deal, replace(lifted, instrument="ban")) == "“Deal” of Jan 2025"


def test_bundled_measures_keep_their_names() -> None:
    bundled = (
        "us_ban_2024",
        "re_licensing_2025",
        "general_licences_2025",
        "enforcement_2025",
        "us_magnet_procurement_ban_2018",
    )
    known = FactsInMemory(fc.load_archive().events)
    assert [event_phrase(known, one).replace("\u00a0", " ") for one in bundled] == [
        "the export ban of Dec 2024", "export licensing of Apr 2025", "the eased licensing of Dec 2025",
        "the enforcement campaign of May 2025", "the ban of Aug 2018",
    ]  # fmt: skip
