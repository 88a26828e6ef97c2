"""Arguments of the public functions: every wrong one is named, with its place and what to give instead."""

import datetime as dt
import inspect
import pickle

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from forecast.core.arguments import TAKES
from forecast.core.errors import ConfigError, DataError, LookAheadError

MAGNETS = "CHN.export.WLD.re_magnets"
TABLE = pd.DataFrame({"a": np.arange(40.0)}, index=pd.period_range("2020-01", periods=40, freq="M"))


@pytest.fixture(scope="module")
def given():
    archive = fc.load_archive()
    event, vintage = archive.events["re_licensing_2025"], archive.latest
    task = fc.Task(vintage.day, MAGNETS, ["2026-10"], draws=20)
    design = fc.Design(event, treated=MAGNETS, stop="2025-06")
    return {"archive": archive, "event": event, "vintage": vintage, "task": task, "design": design}


WRONG = [
    (lambda g: fc.predict("ets", g["archive"], g["task"]), "vintage is an Archive", "archive.latest"),
    (lambda g: fc.predict("ets", TABLE, 6), "vintage is a DataFrame", "fc.forecast(table, h=6)"),
    (lambda g: fc.predict("ets", g["vintage"], 6), "task is 6", "fc.forecast(table, h=6)"),
    (lambda g: fc.predict(g["vintage"], "ets", g["task"]), "method is a Vintage", "the order fc.predict(method, vintage, task"),
    (lambda g: fc.predict("ets", g["task"], g["vintage"]), "vintage is a Task", "the order fc.predict(method, vintage, task"),
    (lambda g: fc.predict("ets", g["vintage"], g["design"]), "task is a Design", "fc.estimate answers a Design"),
    (lambda g: fc.predict("ets", g["vintage"], g["task"], seed="x"), "seed is the text 'x'", "seed=0"),
    (lambda g: fc.predict("ets", g["vintage"]), "fc.predict needs 'task'", "fc.Task(vintage.day"),
    (lambda g: fc.predict(None, g["vintage"], g["task"]), "method is None", "fc.model"),
    (lambda g: fc.predict("ets", g["vintage"], g["task"], sead=1), "no argument 'sead'", "'seed'"),
    (lambda g: fc.estimate("baseline", g["vintage"], TABLE), "design is a DataFrame", "fc.effect(table, start="),
    (lambda g: fc.estimate("baseline", g["vintage"], g["event"]), "design is an Event", "fc.Design(event, treated=series)"),
    (lambda g: fc.estimate("baseline", g["vintage"], g["task"]), "design is a Task", "fc.predict answers a Task"),
    (lambda g: fc.placebo(g["design"], g["archive"], "baseline"), "source is a Design", "the order fc.placebo(source, design"),
    (lambda g: fc.untouched(g["archive"], "us_ban_2024"), "event is the text 'us_ban_2024'", 'archive.events["us_ban_2024"]'),
    (lambda g: fc.Design("us_ban_2024", treated=MAGNETS), "event is the text 'us_ban_2024'", 'archive.events["us_ban_2024"]'),
    (lambda g: fc.Design(["us_ban_2024"], treated=MAGNETS), "event is a list of str", "archive.events"),
    (lambda g: fc.Design(g["event"], treated=[1, 2]), r"treated is \[1, 2\]", "a list of names"),
    (lambda g: fc.Task("2025-01-31", MAGNETS, "2025-02"), "months is the text '2025-02'", "a list"),
    (lambda g: fc.Task("2025-01-31", MAGNETS, TABLE.index), "months is a PeriodIndex", "str(month) for month"),
    (lambda g: fc.Task(20250131, MAGNETS, ["2025-02"]), "day is 20250131", "YYYY-MM-DD"),
    (lambda g: fc.Task("2025-01-31", MAGNETS, ["2025-02"], draws=0), "draws is 0", "1, 2"),
    (lambda g: fc.backtest(g["archive"], "2025-01", ["ets"]), "days is the text '2025-01'", "fc.cutoffs"),
    (lambda g: fc.backtest(g["archive"], ["2025-01-31"], "ets"), "models is the text 'ets'", "a list"),
    (lambda g: fc.score(g["archive"]), "past is an Archive", "fc.backtest"),
    (lambda g: fc.compare(g["archive"]), "what is an Archive", "fc.backtest"),
    (lambda g: fc.scenarios("ets", g["vintage"], g["task"], "it ends"), "given is the text 'it ends'", "fc.Scenario"),
    (lambda g: fc.to_hub(g["archive"]), "run is an Archive", "fc.run(config)"),
    (lambda g: fc.panel(TABLE["a"]), "data is a Series", "fc.forecast(series, h=6)"),
    (lambda g: fc.forecast(TABLE, 0), "h is 0", "1, 2"),
    (lambda g: fc.forecast(TABLE, "six"), "h is the text 'six'", "1, 2"),
    (lambda g: fc.forecast(TABLE, True), "h is True", "1, 2"),
    (lambda g: fc.forecast(TABLE, 2.5), "h is 2.5", "1, 2"),
    (lambda g: fc.forecast(TABLE), "fc.forecast needs 'h'", "1, 2"),
    (lambda g: fc.forecast(TABLE, 6, level=0.8), "level is 0.8", "level=80: in percent"),
    (lambda g: fc.forecast(TABLE, 6, level=(80, 120)), r"level is \(80, 120\)", "in percent"),
    (lambda g: fc.forecast(TABLE, 6, level=100), "level is 100", "in percent"),
    (lambda g: fc.forecast(TABLE, 6, level=[]), "level is a list", "in percent"),
    (lambda g: fc.forecast(TABLE, 6, season="year"), "season is the text 'year'", "1, 2"),
    (lambda g: fc.forecast(TABLE, 6, nonnegative="yes"), "nonnegative is the text 'yes'", "True or False"),
    (lambda g: fc.forecast(TABLE, 6, events="ban"), "events is the text 'ban'", 'archive.events["ban"]'),
    (lambda g: fc.forecast([1, 2, 3], 6), r"data is \[1, 2, 3\]", "a pandas Series"),
    (lambda g: fc.forecast("own.csv", 6), "data is the text 'own.csv'", "pd.read_csv"),
    (lambda g: fc.forecast(g["archive"], 6), "data is an Archive", "fc.predict"),
    (lambda g: fc.effect(g["vintage"], "2025-04"), "data is a Vintage", "fc.predict or fc.estimate"),
    (lambda g: fc.effect(TABLE, event="ban"), "event is the text 'ban'", 'archive.events["ban"]'),
    (lambda g: fc.effect(TABLE, "2022-01", estimator=3), "estimator is 3", "fc.estimator"),
]


@pytest.mark.parametrize("nth", range(len(WRONG)))
def test_a_wrong_argument_is_named_with_its_place_and_a_way_out(given, nth):
    call, problem, hint = WRONG[nth]
    with pytest.raises(ConfigError, match=problem) as error:
        call(given)
    assert error.value.where.startswith("fc.")
    assert hint in error.value.hint


def test_a_task_later_than_its_vintage_is_refused(given):
    task = fc.Task("2025-06-30", MAGNETS, ["2025-07"])
    with pytest.raises(
        LookAheadError, match="stands on 2025-06-30, and the vintage knows what was known on 2025-03-31"
    ) as error:
        fc.predict("ets", given["archive"].as_of("2025-03-31"), task)
    assert "as_of" in error.value.hint


def test_a_series_that_is_not_known_gets_the_name_of_one(given):
    design = fc.Design(given["event"], treated="CHN.export.WLD.re_magnet", stop="2025-06")
    with pytest.raises(fc.ForecastError, match="no figure of CHN") as error:
        fc.estimate("baseline", given["vintage"], design)
    assert error.value.hint == f"'{MAGNETS}'"


def test_what_is_right_passes(given):
    assert fc.predict("mean12", given["vintage"], given["task"], np.int64(3)).draws.shape == (20, 1, 1)
    months = (month for month in ["2026-10", "2026-11"])
    task = fc.Task(given["vintage"].day, iter([MAGNETS]), months, draws=np.int64(5))
    assert (task.series, task.months) == ((MAGNETS,), ("2026-10", "2026-11"))
    assert fc.Design([given["event"]], treated=iter([MAGNETS])).treated == (MAGNETS,)


def test_every_argument_spoken_of_is_one_of_the_function():
    for name, takes in TAKES.items():
        assert set(takes) <= set(inspect.signature(getattr(fc, name)).parameters), name
    assert inspect.signature(fc.forecast).parameters["h"].default is inspect.Parameter.empty
    assert "h steps" in fc.forecast.__doc__.replace("`", "")


def test_a_public_function_can_be_sent_to_another_process():
    assert pickle.loads(pickle.dumps(fc.predict)) is fc.predict
    assert pickle.loads(pickle.dumps(fc.forecast)) is fc.forecast


def test_events_are_written_as_people_write_them():
    event = fc.Event(id="a", title="A", announced="2024-06-20", effective=dt.datetime(2024, 7, 1), products="gallium")
    assert (event.announced, event.effective) == (dt.date(2024, 6, 20), dt.date(2024, 7, 1))
    assert event.products == ("gallium",)
    with pytest.raises(DataError, match="'soon' is not a day"):
        fc.Event(id="a", title="A", announced="soon")
