"""Tasks and Designs on the time axis, and placebo designs whose true effect is zero."""

import datetime as dt
import pickle

import numpy as np
import pytest

from forecast.core import months
from forecast.core.errors import ConfigError, DataError
from forecast.core.events import Event
from forecast.core.questions import Design, Task, replace_design

S = "CHN.export.WLD.re_magnets"
O = months.ordinal  # noqa: E741
LICENCE = Event(
    "re",
    "re",
    dt.date(2023, 4, 4),
    dt.date(2023, 4, 4),
    targets=("ALL",),
    products=("magnets",),
    instrument="licence",
    role="default",
)
WITH_NOTICE = Event(
    "sb", "sb", dt.date(2023, 3, 15), dt.date(2023, 5, 15), targets=("ALL",), products=("magnets",), instrument="licence",
    role="default", anticipation_from=dt.date(2023, 3, 15),
)  # fmt: skip


@pytest.fixture(scope="module")
def vintage(vintage_of):
    return vintage_of(100 + np.arange(48.0), first="2020-01", events=[LICENCE])


def window(design, vintage):
    w = design.window(vintage)
    return [months.label(m) for m in (w.hole, w.start, w.first, w.last)]


# --- Task -------------------------------------------------------------------------------------------------------------


def test_task_takes_words():
    one = Task("2025-03-31", S, months.months("2025-03", "2025-05"))
    assert one == Task(dt.date(2025, 3, 31), [S], ["2025-03", "2025-04", "2025-05"])
    assert one.fitted_on is None
    assert Task("2025-03-31", S, ["2025-04"], fitted_on="2025-01-31").fitted_on == dt.date(2025, 1, 31)
    assert hash(one) == hash(pickle.loads(pickle.dumps(one)))


def test_task_needs_a_series_and_a_month():
    with pytest.raises(DataError, match="at least one series and one month"):
        Task("2025-03-31", S, [])
    with pytest.raises(DataError, match="at least one series and one month"):
        Task("2025-03-31", [], ["2025-04"])
    with pytest.raises(DataError, match="is not a day"):
        Task("2025-03", S, ["2025-04"])


def test_task_on_the_axis(vintage):
    assert Task("2025-03-31", S, ["2024-12", "2025-01"]).ordinals(vintage) == [O("2024-12"), O("2025-01")]


# --- windows ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ["2023-04", "2023-04", "2023-04", "2023-12"]),
        ({"stop": "2023-06"}, ["2023-04", "2023-04", "2023-04", "2023-06"]),
        ({"lag_months": 2}, ["2023-06", "2023-06", "2023-06", "2023-12"]),
        ({"donut": 1}, ["2023-04", "2023-04", "2023-05", "2023-12"]),
        ({"lag_months": 1, "donut": 1}, ["2023-05", "2023-05", "2023-06", "2023-12"]),
        ({"anticipation": 3}, ["2023-01", "2023-04", "2023-04", "2023-12"]),
        ({"anticipation": 1, "lag_months": 2}, ["2023-03", "2023-06", "2023-06", "2023-12"]),
        ({"start": "2023-07"}, ["2023-04", "2023-04", "2023-07", "2023-12"]),
        ({"start": "2023-02"}, ["2023-02", "2023-04", "2023-02", "2023-12"]),
        ({"start": "2023-07", "stop": "2023-09"}, ["2023-04", "2023-04", "2023-07", "2023-09"]),
    ],
)
def test_window_of_one_event(vintage, options, expected):
    assert window(Design(LICENCE, S, **options), vintage) == expected


def test_window_of_an_announced_event_hides_the_notice(vintage):
    assert window(Design(WITH_NOTICE, S), vintage) == ["2023-03", "2023-05", "2023-05", "2023-12"]
    assert window(Design(WITH_NOTICE, S, anticipation=0), vintage) == ["2023-05", "2023-05", "2023-05", "2023-12"]


def test_window_of_a_cluster_begins_with_its_first_event(vintage):
    cluster = Design([WITH_NOTICE, LICENCE], S)
    assert window(cluster, vintage) == ["2023-03", "2023-04", "2023-04", "2023-12"]
    assert cluster.event_ids == "sb+re"


def test_window_of_a_start_without_an_event(vintage):
    assert window(Design.at("2022-01", S, stop="2022-06"), vintage) == ["2022-01", "2022-01", "2022-01", "2022-06"]
    assert window(Design.at("2022-01", S, anticipation=2, donut=1), vintage) == ["2021-11", "2022-01", "2022-02", "2023-12"]
    assert Design.at("2022-01", S).event_ids == "at 2022-01"


def test_a_window_that_ends_before_it_begins_is_refused(vintage):
    with pytest.raises(DataError, match="ends in 2023-03, before it begins in 2023-04") as error:
        Design(LICENCE, S, stop="2023-03").window(vintage)
    assert error.value.where == f"re, {S}"
    with pytest.raises(DataError, match="no figure of"):
        Design(LICENCE, "CHN.export.USA.gallium").window(vintage)


def test_window_length(vintage):
    assert Design(LICENCE, S, stop="2023-06").window(vintage).length == 3


# --- construction -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lag_month": 1}, "a Design has no 'lag_month'"),
        ({"estimand": "shortfal"}, "unknown estimand 'shortfal'"),
        ({"measure": "sum"}, "unknown measure 'sum'"),
    ],
)
def test_misspelt_options_are_refused(options, message):
    with pytest.raises(ConfigError, match=message) as error:
        Design(LICENCE, S, **options)
    assert error.value.hint


def test_a_design_needs_something_treated_and_a_start():
    with pytest.raises(ConfigError, match="needs a treated series"):
        Design(LICENCE)
    with pytest.raises(ConfigError, match="needs an event or a start"):
        Design((), S)


def test_one_or_many():
    assert Design(LICENCE, S) == Design([LICENCE], [S])
    assert Design(LICENCE, S, "all").donors == "all"
    assert Design(LICENCE, S, "a").donors == Design(LICENCE, S, ["a"]).donors == ("a",)
    assert Design(LICENCE, S).donors == ()
    assert Design(events=(LICENCE,), treated=S) == Design(LICENCE, S)


def test_replace_design_changes_only_what_is_named():
    design = Design(LICENCE, S, "all", lag_months=2, controls=("x",), baselines=["year_earlier", ("own", "2022-01", "2022-06")])
    assert replace_design(design) == design
    later = replace_design(design, stop="2023-09", treated="b")
    assert (later.stop, later.treated, later.lag_months, later.donors) == ("2023-09", ("b",), 2, "all")
    with pytest.raises(ConfigError, match="has no 'lag'"):
        replace_design(design, lag=1)


def test_designs_travel_between_workers():
    design = Design(WITH_NOTICE, S, donut=1)
    assert pickle.loads(pickle.dumps(design)) == design


def test_basis():
    assert [Design(LICENCE, s).basis for s in (S, "USA.import.CHN.x", "USA.import.WLD.x", "California")] == [
        "export", "import_origin", "import_total", "panel",
    ]  # fmt: skip


# --- baselines --------------------------------------------------------------------------------------------------------


def test_named_baselines(vintage):
    found = Design(WITH_NOTICE, S).named_baselines(vintage)
    assert [b.name for b in found] == ["same months a year earlier", "mean of the 12 months before", "mean of 2022"]
    assert [found[1].first, found[1].last] == [O("2022-03"), O("2023-02")]
    assert [found[2].first, found[2].last] == [O("2022-01"), O("2022-12")]


def test_own_baseline_and_the_chosen_one_first(vintage):
    design = Design(
        LICENCE, S, baselines=("year_earlier", ("first half of 2022", "2022-01", "2022-06")), baseline="first half of 2022"
    )
    assert [b.name for b in design.named_baselines(vintage)] == ["first half of 2022", "same months a year earlier"]
    with pytest.raises(ConfigError, match="no baseline is called 'x'"):
        replace_design(design, baseline="x").named_baselines(vintage)
    with pytest.raises(ConfigError, match="unknown baseline 'last_year'"):
        replace_design(design, baselines=("last_year",), baseline="").named_baselines(vintage)


@pytest.mark.parametrize(("name", "problem"), [("2021; 2022", "'2021; 2022' holds '; '"), ("", "an empty name")])
def test_a_baseline_whose_name_could_not_be_read_back_is_refused(name, problem):
    with pytest.raises(ConfigError, match=problem) as error:
        Design(LICENCE, S, baselines=("year_earlier", (name, "2022-01", "2022-06")))
    assert "another name" in error.value.hint


# --- what a counterfactual may see ------------------------------------------------------------------------------------


def test_hidden_cuts_the_treated_series_and_the_later_events(vintage_of):
    later = Event("later", "later", dt.date(2023, 10, 1), dt.date(2023, 10, 1), targets=("ALL",), products=("magnets",))
    earlier = Event("earlier", "earlier", dt.date(2021, 1, 1), dt.date(2021, 1, 1), targets=("ALL",), products=("magnets",))
    vintage = vintage_of(np.arange(48.0), events=[LICENCE, later, earlier])
    cut = Design(LICENCE, S, anticipation=2).hidden(vintage)
    assert cut.observed(S).last == O("2023-01")
    assert [e.id for e in cut.events] == ["earlier"]


# --- placebos ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options", [{}, {"lag_months": 2}, {"anticipation": 2}, {"donut": 1}, {"lag_months": 1, "anticipation": 1, "donut": 2}]
)
@pytest.mark.parametrize("touched", [(), range(O("2021-06"), O("2021-09"))])
def test_placebos_in_time_stay_clear(vintage, options, touched):
    design = Design(LICENCE, S, stop="2023-09", **options)
    real = design.window(vintage)
    placebos = design.in_time(vintage, minimum=12, touched=touched)
    starts, some = [O(p.start) for p in placebos], design.in_time(vintage, minimum=12, touched=touched, apart=3)
    assert [O(p.start) for p in some] == [start for start in starts if (starts[-1] - start) % 3 == 0]
    assert placebos
    starts = []
    for placebo in placebos:
        w = placebo.window(vintage)
        # the same question, laid on other months
        assert (w.length, w.first - w.start, w.start - w.hole) == (real.length, real.first - real.start, real.start - real.hole)
        assert w.last < real.hole
        assert w.hole - vintage.observed(S).first >= 12
        assert not set(touched) & set(range(w.hole, w.last + 1))
        assert placebo.events == ()
        assert placebo.placebo_of == "re"
        assert placebo.treated == design.treated
        starts.append(w.start)
    assert len(set(starts)) == len(starts)
    if not touched:
        # as many as fit
        length = real.last - real.start + 1
        assert len(starts) == real.hole - length - (O("2020-01") + 12 + real.start - real.hole) + 1


def test_no_room_no_placebo(vintage):
    assert Design(LICENCE, S).in_time(vintage, minimum=36) == []
    assert Design(LICENCE, S, stop="2023-04").in_time(vintage, touched=range(O("2020-01"), O("2024-01"))) == []


def test_a_placebo_of_a_panel(vintage_of):
    import pandas as pd

    from forecast.core.panel import panel

    unit = panel(pd.DataFrame({"time": range(1970, 2000), "value": range(30)}))
    placebos = Design.at(1990, "value", stop=1994).in_time(unit, minimum=10)
    assert [p.start for p in placebos] == ["1980", "1981", "1982", "1983", "1984", "1985"]
    assert placebos[-1].window(unit).last == 1989


def test_placebos_in_space():
    design = Design(LICENCE, S, ["a", "b", "c"], lag_months=1)
    placebos = design.in_space(["a", "b", "c"])
    assert [(p.treated, p.donors) for p in placebos] == [(("a",), ("b", "c")), (("b",), ("a", "c")), (("c",), ("a", "b"))]
    assert all(p.placebo_of == "re" and p.lag_months == 1 and p.events == (LICENCE,) for p in placebos)
