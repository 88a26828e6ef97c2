"""Notes of the calendar: read from tables, known from their day, told of a run and read by no model."""

import datetime as dt

import pytest

from forecast.core.calendar_notes import note_from
from forecast.core.errors import DataError
from forecast.core.events import Event, EventCalendar, bundled_events

ROW = {"day": "2026-11-27", "kind": "due", "text": "it ends", "status": "unverified", "about": ["ban"], "known": "2026-10-05"}


def test_a_note_is_read_with_its_days():
    note = note_from(ROW)
    assert (note.day, note.known, note.about) == (dt.date(2026, 11, 27), dt.date(2026, 10, 5), ("ban",))
    assert note_from({k: v for k, v in ROW.items() if k != "known"}).known == note.day


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"kind": "rumour"}, "unknown kind 'rumour'"), ({"status": "sure"}, "unknown status 'sure'"),
        ({"text": ""}, "lacks its 'text'"), ({"txt": "x"}, "no field 'txt'"), ({"day": "soon"}, "'soon'"),
        ({"about": [1]}, "no list of names"), ({"text": 3}, "no text"),
    ],
)  # fmt: skip
def test_a_wrong_note_is_named(change, problem):
    with pytest.raises(DataError, match=problem) as error:
        note_from({**ROW, **change}, "mine.toml, [[note]] 1")
    assert error.value.where.startswith("mine.toml, [[note]] 1")


def test_a_calendar_tells_what_was_known_and_what_was_learned_later():
    early, late = (Event(name, name, day, day) for name, day in (("a", dt.date(2026, 1, 1)), ("b", dt.date(2026, 9, 23))))
    calendar = EventCalendar((early, late), dt.date(2026, 10, 5), (note_from(ROW),))
    day = dt.date(2026, 9, 8)
    known, learned = calendar.known_on(day), calendar.learned_after(day)
    assert ([e.id for e in known], known.notes) == (["a"], ())
    assert ([e.id for e in learned], [n.text for n in learned.notes]) == (["b"], ["it ends"])
    whole = calendar.known_on(dt.date(2026, 10, 5))
    assert ([e.id for e in whole], len(whole.notes)) == (["a", "b"], 1)
    assert not len(calendar.learned_after(dt.date(2026, 10, 5)))


def test_no_bundled_note_is_known_before_it_could_be_read():
    calendar = bundled_events()
    for note in calendar.notes:
        assert note not in calendar.known_on(note.known - dt.timedelta(days=1)).notes
        assert note in calendar.known_on(note.known).notes
        assert note.known >= note.day or note.kind in ("due", "future")


def test_a_status_is_one_of_three_or_not_stated():
    with pytest.raises(DataError, match="unknown status 'sure'"):
        Event("x", "x", "2025-01-01", status="sure")
    assert Event("x", "x", "2025-01-01").status == ""
    # where an event was read is no part of what is asked: no answer and no seed changes with it
    assert (
        EventCalendar((Event("x", "x", "2025-01-01", status="official"),)).fingerprint
        == EventCalendar((Event("x", "x", "2025-01-01"),)).fingerprint
    )
