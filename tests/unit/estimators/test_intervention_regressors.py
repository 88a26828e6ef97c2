"""Columns of a design's events: in which month each begins and ends, worked out by hand; names, rates, what goes with what."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from forecast.core import months as mm
from forecast.core.events import Event, EventCalendar
from forecast.core.questions import Design
from forecast.core.time_axis import Steps
from forecast.core.vintage import Cell, Vintage
from forecast.estimators.regression.intervention_regressors import (
    close_event_pairs,
    donut_months,
    other_event_regressors,
    own_event_regressors,
    own_events,
)

SERIES = "CHN.export.USA.gallium"
AXIS = np.arange(mm.ordinal("2022-01"), mm.ordinal("2024-01"))
YEARS = np.arange(1970, 1990)


def event(name, day, **changes):
    day = dt.date.fromisoformat(day)
    made = {"announced": day, "effective": day, "products": ("gallium",), "targets": ("USA",), "instrument": "ban"}
    return Event(name, name, **(made | {"role": "default"} | changes))


def foreseen(name, day, since, **changes):
    since = dt.date.fromisoformat(since)
    return event(name, day, announced=since, anticipation_from=since, **changes)


def ended(name, day, end, **changes):
    return event(name, day, end=dt.date.fromisoformat(end), end_announced=dt.date.fromisoformat(end), **changes)


def known(*events, axis=AXIS, series=SERIES, steps=None, day="2030-01-01"):
    cells = {series: tuple(Cell(int(m), int(m), 10.0) for m in axis)}
    return Vintage(dt.date.fromisoformat(day), cells, EventCalendar(tuple(events)), steps=steps or Steps())


def laid(onsets, axis=AXIS, label=mm.label):
    """{column: {month: value other than zero}}"""
    columns = onsets.columns(onsets.midpoints)[0].T
    return {
        n: {label(m): v for m, v in zip(axis.tolist(), c, strict=True) if v} for n, c in zip(onsets.names, columns, strict=True)
    }


def asked(events, *others, shapes=(), **changes):
    events = [events] if isinstance(events, Event) else events
    return laid(own_event_regressors(known(*events, *others), Design(events, SERIES, **changes), AXIS, shapes))


def ones(first, last="2023-12"):
    return dict.fromkeys(mm.months(first, last), 1.0)


# --- calendar months -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ban", "design", "columns"),
    [
        (event("ban", "2023-03-01"), {}, {"ban": ones("2023-03")}),
        (event("ban", "2023-03-01"), {"lag_months": 2}, {"ban": ones("2023-05")}),
        (event("ban", "2023-06-16"), {}, {"ban": {"2023-06": 0.5} | ones("2023-07")}),
        (ended("ban", "2023-03-01", "2023-06-16"), {}, {"ban": ones("2023-03", "2023-05") | {"2023-06": 0.5}}),
        (
            foreseen("ban", "2023-03-01", "2023-01-01"),
            {},
            {"ban": ones("2023-03"), "ban.anticipation": ones("2023-01", "2023-02")},
        ),
        (
            foreseen("ban", "2023-03-01", "2023-01-01"),
            {"lag_months": 1},
            {"ban": ones("2023-04"), "ban.anticipation": ones("2023-02", "2023-03")},
        ),
        (foreseen("ban", "2023-03-01", "2023-01-01"), {"anticipation": 0}, {"ban": ones("2023-03")}),
        (
            foreseen("ban", "2023-03-01", "2023-01-01"),
            {"anticipation": 3},
            {"ban": ones("2023-03"), "ban.anticipation": ones("2022-12", "2023-02")},
        ),
        (
            event("ban", "2023-03-01"),  # announced on the day: whoever asks says that it was expected
            {"anticipation": 2},
            {"ban": ones("2023-03"), "ban.anticipation": ones("2023-01", "2023-02")},
        ),
        (
            event("ban", "2023-01-16", announced=dt.date(2022, 7, 1)),
            {"anticipation": 1},
            {"ban": {"2023-01": 16 / 31} | ones("2023-02"), "ban.anticipation": {"2022-12": 1.0, "2023-01": 15 / 31}},
        ),
    ],
)
def test_a_column_begins_and_ends_with_its_event(ban, design, columns):
    found = asked(ban, **design)
    assert list(found) == list(columns)
    for name, values in columns.items():
        assert found[name] == pytest.approx(values), name


def test_months_of_anticipation_that_a_design_sets_are_those_before_its_first_event():
    """Of two that begin in one month both; a later one was expected by nobody, whatever the calendar says."""
    first, beside, later = event("a", "2023-03-01"), event("b", "2023-03-20"), foreseen("c", "2023-09-01", "2023-07-01")
    found = asked([later, first, beside], anticipation=1)
    assert set(found) == {"a", "a.anticipation", "b", "b.anticipation", "c"}
    assert found["a.anticipation"] == ones("2023-02", "2023-02")
    assert found["b.anticipation"] == pytest.approx({"2023-02": 1.0, "2023-03": 19 / 31})
    assert found["c"] == ones("2023-09")
    assert asked([first, later])["c.anticipation"] == ones("2023-07", "2023-08")
    talk = event("talk", "2023-02-10", effective=None)  # the first of them by its announcement, as in the window
    assert asked([talk, first], anticipation=1) == {"a": ones("2023-03")}


def test_an_unnamed_event_is_a_step_called_effect():
    panel = known(series="Ohio")
    design = Design.at("2023-03", "Ohio", anticipation=2)
    assert laid(own_event_regressors(panel, design, AXIS)) == {
        "effect": ones("2023-03"),
        "anticipation": ones("2023-01", "2023-02"),
    }
    assert laid(own_event_regressors(panel, Design.at("2023-03", "Ohio", lag_months=1), AXIS)) == {"effect": ones("2023-04")}
    both = own_event_regressors(panel, design, AXIS, ["ramp", {"use": "pulse", "length": 2}])
    assert laid(both) == {
        "ramp": {"2023-03": pytest.approx(1 / 6), "2023-04": pytest.approx(1 / 2), "2023-05": pytest.approx(5 / 6)}
        | ones("2023-06"),
        "pulse": ones("2023-03", "2023-04"),
        "anticipation": ones("2023-01", "2023-02"),
    }
    assert both.owners == ("effect",) * 3


# --- other steps -----------------------------------------------------------------------------------------------------------


def yearly(events, axis=YEARS, unit="year", **changes):
    steps = Steps(unit, None)
    then = known(*events, axis=axis, series="y", steps=steps)
    return laid(own_event_regressors(then, Design(events, "y", **changes), axis), axis, steps.label)


def years(first, last=1989):
    return {str(y): 1.0 for y in range(first, last + 1)}


@pytest.mark.parametrize(
    ("law", "design", "columns"),
    [
        (event("law", "1975-06-20"), {}, {"law": years(1975)}),
        (event("law", "1975-06-20", announced=dt.date(1974, 2, 1)), {"lag_months": 2}, {"law": years(1977)}),
        (ended("law", "1975-06-20", "1980-02-01"), {}, {"law": years(1975, 1979)}),
        (ended("law", "1975-06-20", "1980-02-01"), {"lag_months": 1}, {"law": years(1976, 1980)}),
        (foreseen("law", "1975-06-20", "1973-12-31"), {}, {"law": years(1975), "law.anticipation": years(1973, 1974)}),
        (
            foreseen("law", "1975-06-20", "1973-12-31"),
            {"anticipation": 1},
            {"law": years(1975), "law.anticipation": years(1974, 1974)},
        ),
        (foreseen("law", "1975-06-20", "1973-12-31"), {"anticipation": 0}, {"law": years(1975)}),
        (event("law", "1975-06-20", superseded_on=dt.date(1973, 1, 1)), {}, {"law": {}}),
        (event("law", "1975-06-20", shape={"use": "pulse", "length": 3}), {}, {"law": years(1975, 1977)}),
    ],
)
def test_years_are_read_as_whole_steps(law, design, columns):
    found = yearly([law], **design)
    assert found == columns
    assert list(found) == list(columns)


def test_days_are_steps_of_their_own():
    axis = np.arange(dt.date(2024, 2, 20).toordinal(), dt.date(2024, 3, 20).toordinal())
    found = yearly(
        [ended("law", "2024-03-01", "2024-03-05", anticipation_from=dt.date(2024, 2, 28))], axis, "day", lag_months=1
    )
    assert found == {
        "law": {f"2024-03-0{d}": 1.0 for d in (2, 3, 4, 5)},
        "law.anticipation": {"2024-02-29": 1.0, "2024-03-01": 1.0},
    }


def test_a_design_s_anticipation_is_before_its_first_event_on_any_axis():
    laws = [event("a", "1975-06-20"), foreseen("b", "1980-01-01", "1978-01-01")]
    assert yearly(laws, anticipation=2) == {"a": years(1975), "a.anticipation": years(1973, 1974), "b": years(1980)}
    assert yearly(laws)["b.anticipation"] == years(1978, 1979)


# --- which events ----------------------------------------------------------------------------------------------------------


def ids(events):
    return [event.id for event in events]


BAN = ended("ban", "2022-06-01", "2023-06-01")
PAUSE = event("pause", "2023-06-01", instrument="suspension", reversal_of="ban")


@pytest.mark.parametrize(
    ("change", "taken"),
    [
        ({}, True),
        ({"reversal_of": "other"}, False),
        ({"role": "context"}, False),
        ({"called_off": dt.date(2023, 7, 1)}, False),
        ({"products": ("germanium",)}, False),
        ({"targets": ("JPN",)}, False),
        ({"announced": dt.date(2030, 1, 1), "effective": dt.date(2030, 2, 1)}, True),
    ],
)
def test_a_reversal_of_the_same_flow_goes_with_the_event(change, taken):
    then = known(BAN, replace(PAUSE, **change))
    assert ids(own_events(then, Design(BAN, SERIES))) == ["ban", "pause"][: 1 + taken]
    two = Design(BAN, (SERIES, "CHN.export.JPN.gallium"))
    assert ids(own_events(then, two)) == ["ban"], "it bears on one of the two alone"


def test_an_event_of_the_design_is_there_once_and_as_its_day_knew_it():
    then = known(BAN, PAUSE)
    assert ids(own_events(then, Design((BAN, PAUSE), SERIES))) == ["ban", "pause"]
    early = replace(then, day=dt.date(2023, 5, 1), events=then.events.known_on(dt.date(2023, 5, 1)))
    (alone,) = own_events(early, Design((BAN, PAUSE), SERIES))
    assert (alone.id, alone.until) == ("ban", None)
    assert own_events(then, Design(replace(BAN, end=None, end_announced=None, called_off=dt.date(2022, 7, 1)), SERIES)) == []


@pytest.mark.parametrize(
    ("turn", "goes_on"),
    [
        ("2023-06-01", True),
        ("2023-06-30", True),
        ("2023-07-01", False),  # a month between them: the ban ended, and something else began
        ("2023-05-02", True),
        ("2023-05-01", False),
    ],
)
@pytest.mark.parametrize("how", ["end", "superseded_on"])
def test_a_ban_goes_on_beside_the_reversal_that_ends_it(turn, goes_on, how):
    """The reversal's column carries the return, if it begins within a month of the end."""
    plain = event("ban", "2022-06-01")
    ban = BAN if how == "end" else replace(plain, superseded_by="pause", superseded_on=dt.date(2023, 6, 1))
    pause = event("pause", turn, instrument="suspension", reversal_of="ban")
    found = asked(ban, pause)
    assert found["ban"] == ones("2022-06", "2023-12" if goes_on else "2023-05")
    assert list(found) == ["ban", "pause"]
    assert asked([ban, pause]) == found, "in the design itself too"
    (one, _) = own_events(known(ban, pause), Design(ban, SERIES))
    assert (one == plain) == goes_on


def test_a_ban_ends_where_nobody_reversed_it():
    assert asked(BAN)["ban"] == ones("2022-06", "2023-05")
    assert asked(BAN, replace(PAUSE, called_off=dt.date(2023, 7, 1)))["ban"] == ones("2022-06", "2023-05")
    assert asked([BAN, replace(PAUSE, reversal_of="")])["ban"] == ones("2022-06", "2023-05")


# --- everyone else's -------------------------------------------------------------------------------------------------------


def others(*events, own=None, rows=None, **changes):
    own = own or event("own", "2022-09-01")
    rows = np.arange(len(AXIS)) if rows is None else rows
    calendar = {e.id: e for e in (own, *events)}.values()
    found, dropped = other_event_regressors(known(*calendar), Design(own, SERIES), SERIES, AXIS, rows, **changes)
    columns = {
        n: {mm.label(m): v for m, v in zip(AXIS.tolist(), c, strict=True) if v}
        for n, c in zip(found.names, found.matrix.T, strict=True)
    }
    return columns, dropped


def test_other_events_have_columns_where_they_moved():
    licence, late = event("licence", "2023-03-01"), event("late", "2023-11-01")
    assert others(licence, late) == ({"licence": ones("2023-03")}, ("late",))
    assert others(licence, late, used=False) == ({}, ())
    assert others() == ({}, ())
    listed, withdrawn = event("own", "2022-09-01"), event("own", "2022-09-01", called_off=dt.date(2022, 9, 2))
    assert others(listed, own=withdrawn) == ({}, ()), "nor does the calendar's own copy of it come back"
    assert others(event("relief", "2023-03-01", reversal_of="own")) == ({}, ()), "it goes with the design's own"


def test_another_ban_goes_on_where_its_reversal_has_a_column():
    """Where the pause moved within the sample its column carries the return; else the ban's column ends."""
    everything, _ = others(BAN, PAUSE)
    assert everything == {"ban": ones("2022-06"), "pause": ones("2023-06")}
    before = np.arange(mm.ordinal("2023-06") - AXIS[0])
    assert others(BAN, PAUSE, rows=before) == ({"ban": ones("2022-06", "2023-05")}, ("pause",))
    assert others(BAN, own=PAUSE) == ({"ban": ones("2022-06")}, ())


def test_the_months_of_a_donut_follow_each_event_after_the_lag():
    one, two = event("one", "2022-09-20", announced=dt.date(2022, 6, 1)), event("two", "2023-03-01")
    then = known(one, two)
    found = donut_months(then, Design((one, two), SERIES, donut=2, lag_months=1))
    assert sorted(mm.label(m) for m in found) == ["2022-10", "2022-11", "2023-04", "2023-05"]
    assert donut_months(then, Design(one, SERIES)) == set()
    lone = donut_months(known(series="Ohio"), Design.at("2023-03", "Ohio", donut=2, lag_months=1))
    assert sorted(mm.label(m) for m in lone) == ["2023-04", "2023-05"]


def test_events_of_one_cluster_or_of_less_than_three_months_are_not_told_apart():
    a, b, c, d = (
        event(n, day) for n, day in zip("abcd", ("2022-03-01", "2022-05-31", "2022-08-31", "2022-12-01"), strict=True)
    )
    design = Design((a, b, c, d), SERIES)
    assert close_event_pairs(known(a, b, c, d), design, "abcd") == [
        ("a", "b", "they start 3.0 months apart")
    ]  # 2.97: three are enough
    e = event("e", "2022-06-01")
    assert close_event_pairs(known(a, e), Design((a, e), SERIES), "ae") == []
    pair = [event(n, day, cluster="pair") for n, day in (("f", "2022-03-01"), ("g", "2023-03-01"))]
    mixed = Design((*pair, replace(e, cluster="other")), SERIES)
    assert close_event_pairs(known(*mixed.events), mixed, "efg") == [("f", "g", "they belong to one cluster")]
    assert close_event_pairs(known(*mixed.events), mixed, "eg") == []


# --- names, rates, some of them --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shapes", "names"),
    [
        ((), ["ban", "ban.anticipation"]),
        (["ramp"], ["ban", "ban.anticipation"]),
        (["step", "pulse"], ["ban.step", "ban.pulse", "ban.anticipation"]),
        (["step", {"use": "anticipation"}], ["ban.step", "ban.anticipation"]),
        ([{"use": "anticipation", "each_month": True}], ["ban.1", "ban.2"]),
        (["pulse", {"use": "pulse", "length": 2}, "pulse"], ["ban.pulse", "ban.pulse#2", "ban.pulse#3", "ban.anticipation"]),
    ],
)
def test_columns_are_named_after_event_and_shape(shapes, names):
    found = asked(foreseen("ban", "2023-03-01", "2023-01-01"), shapes=shapes)
    assert list(found) == names


def test_each_month_of_anticipation_has_its_own_column():
    found = asked(foreseen("ban", "2023-03-01", "2023-01-01"), shapes=[{"use": "anticipation", "each_month": True}, "step"])
    assert found == {
        "ban.anticipation.1": {"2023-01": 1.0}, "ban.anticipation.2": {"2023-02": 1.0}, "ban.step": ones("2023-03"),
    }  # fmt: skip


@pytest.fixture
def free():
    """A decay and a gradual onset of one event, rates unknown, and a step of another."""
    ban, licence = event("ban", "2022-03-01"), event("licence", "2022-02-01")
    shapes = [{"use": "decay", "rate": "estimate"}, "step", {"use": "gradual", "delta": "estimate"}]
    then, axis = known(ban, licence), AXIS[:5]
    both = own_event_regressors(then, Design((ban, licence), SERIES), axis, shapes)
    return both.select([name for name in both.names if name not in ("licence.decay", "licence.gradual")])


def test_rates_have_names_ranges_and_a_first_guess(free):
    assert free.names == ("ban.decay", "ban.step", "ban.gradual", "licence.step")
    assert free.owners == ("ban", "ban", "ban", "licence")
    assert free.rates == ("ban.decay.rate", "ban.gradual.delta")
    assert free.ranges == ((0.02, 0.98), (0.0, 0.98))
    assert free.midpoints == pytest.approx(np.array([[0.5, 0.49]]))


def test_columns_follow_each_row_of_rates(free):
    made = free.columns(np.array([[0.5, 0.2], [0.25, 0.6], [0.5, 0.6]]))
    assert made.shape == (3, 5, 4)
    for columns, (rate, delta) in zip(made, [(0.5, 0.2), (0.25, 0.6), (0.5, 0.6)], strict=True):
        by_hand = [
            [0, 0, 1, rate, rate**2],
            [0, 0, 1, 1, 1],
            [0, 0, 1 - delta, 1 - delta**2, 1 - delta**3],
            [0, 1, 1, 1, 1],
        ]
        assert columns.T.tolist() == [pytest.approx(row) for row in by_hand]


def test_some_columns_are_kept_with_their_rates(free):
    rest = free.select(["ban.gradual", "licence.step"])
    assert (rest.names, rest.owners) == (("ban.gradual", "licence.step"), ("ban", "licence"))
    assert rest.rates == ("ban.gradual.delta",)
    assert rest.columns(np.array([[0.2]]))[0].T[0] == pytest.approx([0, 0, 0.8, 0.96, 0.992])
    none = rest.select([])
    assert (none.names, none.rates, none.midpoints.shape) == ((), (), (1, 0))
    assert none.columns(none.midpoints).shape == (1, 5, 0)


def test_one_of_several_columns_of_a_part_may_stay():
    ban = foreseen("ban", "2022-04-01", "2022-01-01")
    three = own_event_regressors(known(ban), Design(ban, SERIES), AXIS[:5], [{"use": "anticipation", "each_month": True}])
    two = three.select(["ban.1", "ban.3"])
    assert (two.names, two.owners) == (("ban.1", "ban.3"), ("ban", "ban"))
    assert two.select(["ban.3", "ban.2"]).names == ("ban.3",), "what was dropped does not come back"
    assert two.columns(two.midpoints)[0].T.tolist() == [[1, 0, 0, 0, 0], [0, 0, 1, 0, 0]]
