"""Events as intervals: what was known when, which flows they apply to, and what is refused."""

import datetime as dt
import math

import numpy as np
import pytest

from forecast.core import months
from forecast.core.errors import ConfigError, DataError
from forecast.core.events import Event, EventCalendar, bundled_events, event_from
from forecast.core.products import products

D = dt.date


def event(**changes):
    made = {
        "id": "x", "title": "x", "announced": D(2024, 12, 3), "effective": D(2024, 12, 3), "targets": ("USA",),
        "products": ("gallium",), "instrument": "ban", "role": "default",
    }  # fmt: skip
    return Event(**(made | changes))


def test_calendars_that_differ_in_one_event_share_no_part():
    """Parts of a calendar are remembered by its content."""
    series = "CHN.export.USA.gallium"
    one, same, ended = (
        EventCalendar((event(**more),)) for more in ({}, {}, {"end": D(2025, 6, 1), "end_announced": D(2025, 1, 1)})
    )
    assert hash(one) == hash(same) != hash(ended)
    assert one.touching(series) is same.touching(series)
    assert [calendar.touching(series)["x"].end for calendar in (one, ended)] == [None, D(2025, 6, 1)]
    assert ended.held_at(months.position(D(2025, 5, 1)))["x"].end is None
    assert ended.held_at(months.position(D(2025, 7, 1)))["x"].end == D(2025, 6, 1)
    told = EventCalendar((event(short="Ban"),))  # a name for readers is no part of the hash
    assert told.touching(series)["x"].short == "Ban"


# --- what was known when ----------------------------------------------------------------------------------------------


def test_nothing_is_known_before_the_announcement():
    assert event().known_on(D(2024, 12, 2)) is None
    assert event().known_on(D(2024, 12, 3)) == event()


def test_an_end_is_unknown_until_it_is_announced():
    ban = event(end=D(2026, 11, 27), end_announced=D(2025, 11, 9))
    before, after = ban.known_on(D(2025, 11, 8)), ban.known_on(D(2025, 11, 9))
    assert (before.end, before.end_announced) == (None, None)
    assert before.interval[1] == math.inf
    assert after == ban


def test_the_end_tells_nothing_before_its_announcement():
    early = event(end=D(2025, 12, 1), end_announced=D(2025, 11, 9)).known_on(D(2025, 6, 1))
    late = event(end=D(2027, 12, 1), end_announced=D(2026, 11, 9)).known_on(D(2025, 6, 1))
    assert early == late


def test_called_off_is_unknown_until_it_was():
    control = event(announced=D(2025, 10, 9), effective=D(2025, 12, 1), called_off=D(2025, 11, 7))
    assert control.known_on(D(2025, 11, 6)).in_force
    assert not control.known_on(D(2025, 11, 7)).in_force
    assert control.interval[0] == control.interval[1]


def test_superseded():
    first = event(superseded_by="y", superseded_on=D(2025, 4, 12), end=D(2025, 5, 14), end_announced=D(2025, 5, 12))
    assert first.until == D(2025, 4, 12)
    before = first.known_on(D(2025, 4, 11))
    assert (before.superseded_by, before.superseded_on, before.until) == ("", None, None)
    assert first.known_on(D(2025, 4, 12)).until == D(2025, 4, 12)


def test_an_end_before_effect_goes_with_the_calling_off():
    # the end was announced first, the calling off came later: in between, only the plan is known
    plan = event(
        announced=D(2025, 10, 9), effective=D(2025, 12, 1), end=D(2025, 11, 10), end_announced=D(2025, 10, 30),
        called_off=D(2025, 11, 7),
    )  # fmt: skip
    known = plan.known_on(D(2025, 11, 1))
    assert (known.end, known.called_off, known.in_force) == (None, None, True)
    assert plan.known_on(D(2025, 11, 7)) == plan


def test_every_bundled_event_can_be_read_on_every_day_that_matters():
    calendar = bundled_events()
    fields = ("announced", "effective", "end", "end_announced", "called_off", "superseded_on")
    days = sorted({getattr(e, f) for e in calendar for f in fields if getattr(e, f)})
    for day in days:
        known = calendar.known_on(day)
        for e in known:
            assert e.announced <= day
            assert e.end is None or e.end_announced <= day
            assert e.called_off is None or e.called_off <= day
            assert e.superseded_on is None or e.superseded_on <= day


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"end": D(2024, 12, 1), "end_announced": D(2024, 12, 1)}, "ends on 2024-12-01, before it was announced"),
        ({"end": D(2025, 12, 1)}, "not the day on which that end was announced"),
        ({"called_off": D(2024, 11, 1)}, "called off on 2024-11-01, before it was announced"),
        ({"effective": D(2025, 6, 1), "end": D(2025, 3, 1), "end_announced": D(2025, 3, 1)}, "before it takes effect"),
        ({"effective": D(2024, 11, 1)}, "takes effect before it was announced"),
        ({"instrument": "bann"}, "unknown instrument 'bann'"),
        ({"role": "defalt"}, "unknown role 'defalt'"),
    ],
)
def test_impossible_events_are_refused(changes, message):
    with pytest.raises(DataError, match=message) as error:
        event(**changes)
    assert "event 'x'" in str(error.value)
    assert error.value.hint


def test_called_off_before_it_took_effect_is_valid():
    control = event(announced=D(2025, 10, 9), effective=D(2025, 12, 1), called_off=D(2025, 11, 7))
    assert not control.in_force
    ended = event(
        announced=D(2025, 10, 9),
        effective=D(2025, 12, 1),
        end=D(2025, 11, 10),
        end_announced=D(2025, 11, 7),
        called_off=D(2025, 11, 7),
    )
    assert not ended.in_force


def test_a_row_of_a_file():
    made = event_from({"id": "a", "announced": "2025-04-04", "targets": "USA;JPN", "shape": "ramp", "end": ""})
    assert (made.announced, made.targets, made.shape, made.title) == (D(2025, 4, 4), ("USA", "JPN"), {"use": "ramp"}, "a")
    with pytest.raises(DataError, match="no field 'efective'") as error:
        event_from({"id": "a", "announced": "2025-04-04", "efective": "2025-04-04"}, "own.csv, row 2")
    assert error.value.hint == "'effective'"
    assert error.value.where == "own.csv, row 2"
    with pytest.raises(DataError, match="lacks its 'announced'"):
        event_from({"id": "a"})
    with pytest.raises(DataError, match="is not a day"):
        event_from({"id": "a", "announced": "soon"})
    with pytest.raises(DataError, match="before it was announced") as error:
        event_from({"id": "a", "announced": "2025-04-04", "end": "2025-01-01", "end_announced": "2025-01-01"}, "own.csv, row 2")
    assert error.value.where == "own.csv, row 2, event 'a'"


def test_two_events_of_one_name_are_refused():
    with pytest.raises(DataError, match="two events are called 'x'"):
        EventCalendar((event(), event()))


# --- whom it touches --------------------------------------------------------------------------------------------------

BAN = event()
LICENCE = event(targets=("ALL",), instrument="licence")
TARIFF = event(imposed_by=("USA",), targets=("CHN",), instrument="tariff")
GLOBAL = event(imposed_by=("USA",), targets=("ALL",), instrument="tariff")
GERMAN = event(targets=("DEU",))
EXPORTS = event(targets=("ALL",), instrument="licence", acts_on="exports")
IMPORTS = event(imposed_by=("USA",), targets=("CHN",), instrument="tariff", acts_on="imports")


@pytest.mark.parametrize(
    ("measure", "series", "touches", "whole"),
    [
        (BAN, "CHN.export.USA.gallium", True, True),
        (BAN, "USA.import.CHN.gallium", True, True),
        (BAN, "CHN.export.JPN.gallium", False, False),
        (BAN, "CHN.export.WLD.gallium", True, False),
        (BAN, "USA.import.WLD.gallium", True, False),
        (BAN, "JPN.import.WLD.gallium", False, False),
        (BAN, "USA.import.JPN.gallium", False, False),
        (BAN, "CHN.export.USA.germanium", False, False),
        (LICENCE, "CHN.export.USA.gallium", True, True),
        (LICENCE, "CHN.export.WLD.gallium", True, True),
        (LICENCE, "USA.import.WLD.gallium", True, False),
        (LICENCE, "USA.import.JPN.gallium", False, False),
        (LICENCE, "CHN.export.EU27.gallium", True, True),
        (TARIFF, "CHN.export.USA.gallium", True, True),
        (TARIFF, "USA.import.CHN.gallium", True, True),
        (TARIFF, "CHN.export.WLD.gallium", True, False),
        (GLOBAL, "USA.import.WLD.gallium", True, True),
        (GLOBAL, "CHN.export.USA.gallium", True, True),
        (GLOBAL, "CHN.export.JPN.gallium", False, False),
        (GERMAN, "CHN.export.EU27.gallium", True, False),
        (GERMAN, "CHN.export.DEU.gallium", True, True),
        (GERMAN, "CHN.export.EUR_REGION.gallium", False, False),
        (GERMAN, "CHN.export.THA_MEX.gallium", False, False),
        (BAN, "California", False, False),
        (LICENCE, "BOL.export.CHN.gallium", True, True),
        (LICENCE, "CHL.export.WLD.gallium", True, False),
        (EXPORTS, "CHN.export.USA.gallium", True, True),
        (EXPORTS, "USA.import.CHN.gallium", True, True),
        (EXPORTS, "USA.import.WLD.gallium", True, False),
        (EXPORTS, "CHN.export.WLD.gallium", True, True),
        (EXPORTS, "BOL.export.CHN.gallium", False, False),
        (EXPORTS, "CHN.import.BOL.gallium", False, False),
        (EXPORTS, "CHL.export.WLD.gallium", False, False),
        (EXPORTS, "CHN.import.WLD.gallium", False, False),
        (IMPORTS, "CHN.export.USA.gallium", True, True),
        (IMPORTS, "USA.import.CHN.gallium", True, True),
        (IMPORTS, "USA.export.CHN.gallium", False, False),
        (IMPORTS, "CHN.import.USA.gallium", False, False),
    ],
)
def test_touching_and_directed_at(measure, series, touches, whole):
    assert measure.touches(series) is touches
    assert measure.directed_at(series) is whole


def test_scope_by_mineral_and_by_all():
    assert event(products=("antimony",)).touches("CHN.export.USA.antimony_oxide")
    assert not event(products=("antimony_ore",)).touches("CHN.export.USA.antimony_oxide")
    assert event(products=("ALL",)).touches("CHN.export.USA.never_heard_of")


def test_bundled_controls_act_on_what_leaves_and_tariffs_on_what_comes():
    licence = bundled_events()["sb_licensing_2024"]
    assert licence.touches("CHN.export.USA.antimony_oxide")
    assert not licence.touches("BOL.export.CHN.antimony_oxide")
    assert not bundled_events()["cn_tariff_us_goods_34_2025"].touches("CHN.export.USA.antimony_oxide")
    assert {e.acts_on for e in bundled_events() if e.instrument == "tariff"} == {"imports"}
    assert {e.acts_on for e in bundled_events() if e.instrument in ("deal", "agreement")} == {"both"}


def test_a_direction_that_there_is_not_is_refused():
    with pytest.raises(DataError, match="unknown acts_on 'export'") as error:
        event(acts_on="export")
    assert "exports" in error.value.hint


def test_a_value_is_touched_like_its_quantity():
    assert BAN.touches("USA.import.CHN.gallium:usd")
    assert BAN.touches("USA.import.CHN.gallium:usd_per_kg")


# --- calendar ---------------------------------------------------------------------------------------------------------


def test_calendar_lookup():
    calendar = EventCalendar().with_events([event(), event(id="y", announced=D(2023, 1, 1), effective=D(2023, 1, 1))])
    assert [e.id for e in calendar] == ["y", "x"]
    assert "x" in calendar
    assert len(calendar.without(["x"])) == 1
    with pytest.raises(DataError, match="no event is called 'z'"):
        calendar["z"]


def test_joining_replaces_an_event_of_the_same_name():
    calendar = EventCalendar((event(),)).with_events([event(title="new")])
    assert [e.title for e in calendar] == ["new"]


def test_verified_to_is_no_later_than_the_day():
    calendar = EventCalendar((), D(2026, 3, 12))
    assert calendar.known_on(D(2025, 1, 1)).verified_to == D(2025, 1, 1)
    assert calendar.known_on(D(2027, 1, 1)).verified_to == D(2026, 3, 12)


def test_regressors_take_only_events_of_the_whole_flow():
    off = event(id="off", effective=D(2025, 6, 1), called_off=D(2025, 5, 1))
    calendar = EventCalendar().with_events([BAN, off, event(id="all", targets=("ALL",)), event(id="note", role="context")])
    when = np.arange(months.ordinal("2024-11"), months.ordinal("2025-03"))
    names, columns = calendar.regressors(when, "CHN.export.USA.gallium")
    assert sorted(names) == ["all", "x"]
    # 3 December leaves 29 of 31 days
    assert columns[:, 0] == pytest.approx([0.0, 29 / 31, 1.0, 1.0])
    assert calendar.regressors(when, "CHN.export.WLD.gallium")[0] == ["all"]
    names, columns = calendar.regressors(when, "CHN.export.JPN.graphite")
    assert names == []
    assert columns.shape == (4, 0)


def test_an_unknown_shape_is_refused():
    with pytest.raises(ConfigError, match="no shape is called 'stepp'"):
        event(shape={"use": "stepp"}).response(np.arange(3))


def test_start_and_anticipation():
    licence = event(announced=D(2024, 8, 15), effective=D(2024, 9, 15), anticipation_from=D(2024, 8, 15))
    assert months.label(licence.start) == "2024-09"
    assert licence.anticipation == 1
    assert event(effective=None).start == months.ordinal("2024-12")


# --- the bundled calendar ---------------------------------------------------------------------------------------------


def test_bundled_ids_and_days():
    calendar = bundled_events()
    for name in (
        "gage_licensing_2023", "graphite_licensing_2023", "sb_licensing_2024", "us_ban_2024", "bi_w_in_licensing_2025",
        "re_licensing_2025", "geneva_truce_2025", "us_china_deal_2025", "enforcement_2025", "re_controls_oct_2025",
        "us_ban_suspension_2025",
    ):  # fmt: skip
        assert name in calendar
    assert calendar["us_china_deal_2025"].announced == D(2025, 6, 10)
    suspension = calendar["us_ban_suspension_2025"]
    assert (suspension.reversal_of, suspension.end) == ("us_ban_2024", D(2026, 11, 27))
    assert not calendar["re_controls_oct_2025"].in_force
    assert calendar["us_ban_2024"].cluster == calendar["enforcement_2025"].cluster
    assert all(e.source_url for e in calendar if e.role == "default")


def test_bundled_references_hold():
    calendar = bundled_events()
    for e in calendar:
        assert not e.reversal_of or e.reversal_of in calendar
        assert not e.superseded_by or e.superseded_by in calendar
    minerals = {p.mineral for p in products().values()} | set(products())
    for e in calendar:
        if e.role == "default":
            assert set(e.products) & minerals, e.id
