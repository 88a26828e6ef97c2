"""Which events a run knows: by default, by the word `calendar`, and what is told of those it does not."""

import datetime as dt

import pytest

from forecast.core.archive import Archive
from forecast.core.archive_table import ArchiveRow
from forecast.core.errors import ConfigError, ForecastError
from forecast.core.events import Event, EventCalendar, bundled_events
from forecast.jobs.config import Config
from forecast.jobs.event_calendar import calendar_findings, calendar_kind, known_events
from forecast.jobs.load import load, own_events, read_archive
from forecast.jobs.plan import make_plan

OWN = 'draws = 100\n{word}\n[data]\nuse = "csv"\npath = "own.csv"\nkey = "{key}"\n{join}'
COBALT = "COD.export.WLD.cobalt"
EVENT = """
[[events]]
id = "stop"
announced = 2025-02-22
effective = 2025-02-22
imposed_by = ["COD"]
products = ["cobalt"]
instrument = "ban"
role = "default"
"""
ASKED = '[[effects]]\nid = "1"\nquestion = "q"\nevent = "{}"\ntreated = "{}"\nto = "2025-04"\n'
BAN = "cod_cobalt_ban_2025"


def made(tmp_path, text="", word="", key=COBALT, join="", data=True):
    lines = [f"{year}-{month:02d},{100 + month}" for year in range(2021, 2026) for month in range(1, 13)]
    (tmp_path / "own.csv").write_text("period,value\n" + "\n".join(lines) + "\n", "utf-8")
    head = OWN.format(word=word, key=key, join=join) if data else f"draws = 100\n{word}\n"
    (tmp_path / "own.toml").write_text(f"{head}\n{text}", "utf-8")
    return load(tmp_path / "own.toml")


def ids(config):
    return [event.id for event in read_archive(config).events]


def told(config):
    return [f.text for f in make_plan(config, read_archive(config)).findings if f.topic == "calendar"]


def test_own_figures_are_read_with_own_events_alone(tmp_path):
    assert ids(made(tmp_path, EVENT)) == ["stop"]
    assert ids(made(tmp_path)) == []


def test_bundled_figures_are_read_with_both(tmp_path):
    bundle = {event.id for event in bundled_events()}
    assert set(ids(made(tmp_path, EVENT, data=False))) == bundle | {"stop"}
    assert set(ids(made(tmp_path, EVENT, join="join = true\n"))) == bundle | {"stop"}
    assert read_archive(made(tmp_path, data=False)).events == bundled_events()


def test_the_word_says_otherwise(tmp_path):
    bundle = {event.id for event in bundled_events()}
    assert set(ids(made(tmp_path, EVENT, 'calendar = "both"'))) == bundle | {"stop"}
    assert set(ids(made(tmp_path, EVENT, 'calendar = "bundled"'))) == bundle
    assert ids(made(tmp_path, EVENT, 'calendar = "own"', data=False)) == ["stop"]
    with pytest.raises(ConfigError, match="'theirs' is not allowed here") as error:
        made(tmp_path, word='calendar = "theirs"')
    assert error.value.where.endswith("own.toml, calendar")


def test_an_event_of_both_calendars_stands_once_and_is_the_own_one(tmp_path):
    events = read_archive(made(tmp_path, EVENT.replace("stop", BAN), 'calendar = "both"')).events
    assert [e.id for e in events].count(BAN) == 1
    assert events[BAN].title == BAN
    assert len(events) == len(bundled_events())


def test_an_asked_event_that_no_model_of_the_months_ahead_reads_is_told(tmp_path):
    context = EVENT.replace('role = "default"\n', "")
    ahead = f'[[models]]\nuse = "mean12"\n[forecast]\nseries = ["{COBALT}"]\nmonths = 3\n'
    asked = ASKED.format("stop", COBALT)
    said = "no model of the months ahead reads 'stop', and no fan shows it: role = \"default\" changes that"
    assert said in told(made(tmp_path, context + ahead + asked))
    for text in (EVENT + ahead + asked, context + asked, context + ahead):
        assert said not in told(made(tmp_path, text))


def test_an_own_event_that_replaces_a_bundled_one_is_told(tmp_path):
    both = told(made(tmp_path, EVENT.replace("stop", "re_licensing_2025"), 'calendar = "both"'))
    assert "'re_licensing_2025' replaces the bundled event of that id" in both
    own = told(made(tmp_path, EVENT.replace("stop", "re_licensing_2025")))
    assert not any("replaces" in text for text in own)


def test_a_bundled_event_that_is_named_is_taken_in_where_no_own_one_is_declared(tmp_path):
    config = made(tmp_path, ASKED.format(BAN, COBALT))
    assert ids(config) == [BAN]
    assert make_plan(config, read_archive(config)).batches[0].design.event_ids == BAN
    scenario = '[scenario_forecast]\nseries = ["{}"]\n[[scenarios]]\nname = "s"\nends = {{ {} = "never" }}\n'
    name = "us_ban_suspension_2025"
    assert ids(made(tmp_path, scenario.format("USA.import.CHN.gallium", name))) == [name]


@pytest.mark.parametrize(
    ("text", "word", "name", "problem"),
    [
        (EVENT, "", "us_ban_2024", "which this config does not use"),
        ("", 'calendar = "own"', "us_ban_2024", "which this config does not use"),
        (EVENT, 'calendar = "bundled"', "stop", "whose own events are left out"),
    ],
)
def test_an_event_of_the_calendar_that_is_not_used_is_one_readable_error(tmp_path, text, word, name, problem):
    config = made(tmp_path, text + ASKED.format(name, COBALT), word)
    with pytest.raises(ConfigError, match=problem) as error:
        read_archive(config)
    assert error.value.where.endswith("own.toml, [[effects]] 1, event")
    assert 'calendar = "both"' in error.value.hint


def test_bundled_events_that_bear_on_own_figures_are_counted(tmp_path):
    config = made(tmp_path, EVENT)
    day = read_archive(config).latest.day
    left = [e for e in bundled_events() if e.touches(COBALT) and e.announced <= day]
    (text,) = told(config)
    assert text.startswith(f"left out: {len(left)} events of the bundled calendar that bear on these series, ")
    assert text.endswith('calendar = "both" takes them in')
    assert not any(word in text for word in ("China", "US", "tariff"))
    assert told(made(tmp_path, key="CHL.export.PER.salt")) == []


def test_only_events_announced_by_the_day_are_counted(tmp_path):
    touching = [e.announced for e in bundled_events() if e.touches(COBALT)]
    assert min(touching) < dt.date(2025, 2, 28) < max(touching)
    early = load(made(tmp_path).origin, as_of="2025-02-28")
    count = sum(announced <= dt.date(2025, 2, 28) for announced in touching)
    assert told(early)[0].startswith(f"left out: {count} event")
    assert told(load(made(tmp_path).origin, as_of="2021-12-31")) == [], "China's law acts on what leaves China"


def test_one_measure_under_two_ids_is_told(tmp_path):
    (text,) = told(made(tmp_path, EVENT, 'calendar = "both"'))
    assert text.startswith(f"'stop' and the bundled '{BAN}' begin in one month on the same goods")
    assert told(made(tmp_path, EVENT.replace("2025-02-22", "2025-01-10"), 'calendar = "both"')) == []
    assert told(made(tmp_path, EVENT.replace('"cobalt"', '"ALL"'), 'calendar = "both"')) == []


def test_own_events_elsewhere_and_those_left_out_are_told(tmp_path):
    other = told(made(tmp_path, EVENT.replace('"cobalt"', '"salt"')))
    assert any("'stop' bears on no series of these data" in text for text in other)
    for elsewhere in (EVENT.replace("COD", "CHL"), EVENT.replace('imposed_by = ["COD"]', "")):
        assert any("'stop' is imposed by no country of these data" in text for text in told(made(tmp_path, elsewhere)))
    unused = 'left out: the events of the config, by calendar = "bundled"'
    assert told(made(tmp_path, EVENT, 'calendar = "bundled"')) == [unused]


@pytest.mark.parametrize(
    ("targets", "found"), [(["DUE"], "in the place of DUE: 'DEU'"), (["EU27"], ""), (["DEU", "ZZT"], ""), (["ALL"], "")]
)
def test_an_event_aimed_at_a_country_without_figures_is_told_with_the_nearest(targets, found):
    day = dt.date(2025, 1, 1)
    event = Event("stop", "", day, day, imposed_by="AAA", targets=targets, products="salt", role="default")
    rows = [ArchiveRow(f"AAA.export.{p}.salt", "2025-02", 5.0, released="2025-03-20") for p in ("WLD", "DEU", "JPN")]
    archive = Archive.of(rows, EventCalendar((event,)))
    texts = [one.text for one in calendar_findings(Config(name="own"), archive, archive.latest) if "'stop'" in one.text]
    assert bool(texts) is bool(found)
    assert all(
        "'stop' is aimed at DUE, and these data hold no trade with it" in text and text.endswith(found) for text in texts
    )


def test_a_file_of_events_says_how_far_it_was_verified(tmp_path):
    (tmp_path / "mine.toml").write_text(f"verified_to = 2025-06-30\n{EVENT.replace('events', 'event')}", "utf-8")
    text = 'events = "mine.toml"'
    assert read_archive(made(tmp_path, word=text)).events.verified_to == dt.date(2025, 6, 30)
    assert read_archive(made(tmp_path, word=f'{text}\ncalendar = "both"')).events.verified_to == bundled_events().verified_to
    assert read_archive(made(tmp_path, EVENT)).events.verified_to is None
    (tmp_path / "mine.toml").write_text(f'verified_to = "June"\n{EVENT.replace("events", "event")}', "utf-8")
    with pytest.raises(ConfigError) as error:
        made(tmp_path, word=text)
    assert error.value.where.endswith("mine.toml, verified_to")


def test_a_source_may_bring_events_of_its_own(tmp_path):
    config = made(tmp_path)
    brought = own_events(made(tmp_path, EVENT))
    place = "own.toml"
    assert known_events(config, brought, own_events(config), place).events == brought.events
    whole = bundled_events().with_events(brought)
    assert known_events(config, whole, own_events(config), place).events == brought.events
    assert len(known_events(made(tmp_path, word='calendar = "both"'), brought, own_events(config), place)) == len(whole)


def test_the_word_enters_the_name_of_a_run_only_where_it_is_said(tmp_path):
    plain, said = made(tmp_path, data=False), made(tmp_path, word='calendar = "both"', data=False)
    assert "calendar" not in plain.resolved
    assert said.resolved["calendar"] == "both"
    assert plain.hash8 != said.hash8
    assert [load(name).hash8 for name in ("minerals", "nowcast", "quick")] == ["c456a483", "82cf0a70", "ff3de953"]


def test_every_source_but_the_bundled_figures_is_own():
    kinds = {
        "published": "both",
        "csv": "own",
        "plugged_in": "own",
    }
    for use, kind in kinds.items():
        assert calendar_kind(Config(name="x", data={"use": use, "path": "x.csv"})) == kind
    assert calendar_kind(Config(name="x", data={"use": "plugged_in", "join": True})) == "own"


def test_notes_of_an_own_file_are_read_with_its_events(tmp_path):
    note = '[[note]]\nday = 2025-06-01\nkind = "statement"\ntext = "a word"\nstatus = "secondary"\nabout = ["mine"]\n'
    (tmp_path / "mine.toml").write_text(f"{EVENT.replace('events', 'event')}\n{note}", "utf-8")
    text = 'events = "mine.toml"'
    assert [n.text for n in read_archive(made(tmp_path, word=text)).events.notes] == ["a word"]
    both = read_archive(made(tmp_path, word=f'{text}\ncalendar = "both"')).events.notes
    assert [n.text for n in both] == [*(n.text for n in bundled_events().notes), "a word"]
    (tmp_path / "mine.toml").write_text(f"{EVENT.replace('events', 'event')}\n{note.replace('secondary', 'sure')}", "utf-8")
    with pytest.raises(ForecastError, match="unknown status 'sure'") as error:
        made(tmp_path, word=text)
    assert error.value.where.endswith("mine.toml, [[note]] 1")
