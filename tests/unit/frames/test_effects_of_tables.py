"""Effects in tables in memory: the answer of `fc.estimate`, on the times of the table."""

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from forecast.core.errors import DataError

N = 60
MONTHS = pd.period_range("2020-01", periods=N, freq="M")


def series(fall=0.0, index=MONTHS, name="magnets", seed=0):
    values = np.random.default_rng(seed).normal(100, 5, len(index))
    values[-6:] *= 1 - fall
    return pd.Series(values, index, name=name)


def asked(data, start="2024-07", **more):
    return fc.effect(data, start, **{"estimator": "baseline", "stop": "2024-09", **more})


@pytest.mark.parametrize("method", ["baseline", "counterfactual"])
def test_the_draws_and_the_verdict_are_those_of_estimate(method):
    data = series(0.5)
    made = asked(data, estimator=method, seed=4, placebos=4)
    long = data.rename_axis("time").reset_index().astype({"time": str})
    vintage = fc.panel(long, value="magnets", season=12, nonnegative=True)
    design = fc.Design.at("2024-07", "magnets", stop="2024-09")
    by_hand = fc.estimate(method, vintage, design, seed=4, placebos=4)
    np.testing.assert_array_equal(made.counterfactual, by_hand.counterfactual)
    assert made.verdict == by_hand.verdict
    assert made.cumulative.estimate < -100


@pytest.mark.parametrize(
    ("index", "start", "stop", "first"),
    [
        (MONTHS, "2024-07", pd.Period("2024-09", "M"), MONTHS[54]),
        (MONTHS.to_timestamp(), pd.Timestamp("2024-07-01"), "2024-09", pd.Timestamp("2024-07-01")),
        (MONTHS.astype(str), "2024-07-15", "2024-09", "2024-07"),
        (pd.Index([int(m.strftime("%Y%m")) for m in MONTHS]), 202407, 202409, 202407),
        (pd.period_range("2010Q1", periods=N, freq="Q"), "2023Q3", "2024-03", pd.Period("2023Q3")),
        (pd.Index(range(1960, 1960 + N)), 2014, "2016", 2014),
    ],
)
def test_start_and_stop_are_written_as_the_table_writes_its_times(index, start, stop, first):
    path = asked(series(0.5, index), start, stop=stop).frame(wide=True)
    assert path.index[0] == first
    assert len(path) == 3
    assert path.index.dtype == index.dtype
    assert path["observed"].notna().all()


def test_an_event_instead_of_a_start():
    event = fc.Event(id="licence", title="Licence", announced="2024-06-20", effective="2024-07-01")
    made = asked(series(0.5), start=None, event=event)
    assert made.design.event_ids == "licence"
    assert made.frame()["event"].tolist() == ["licence"]
    by_quarter = asked(series(0.5, pd.period_range("2010Q1", periods=N, freq="Q")), start=None, event=event, stop=None)
    assert by_quarter.frame(wide=True).index[0] == pd.Period("2024Q3")


def test_unit_and_reading_stand_in_the_answer():
    made = asked(series(0.2), unit="t")
    assert made.frame()["unit"].tolist() == ["t"]
    assert made.reading.sentences == ["not below zero as no figure of it is: magnets"]
    assert asked(series(0.2) - 100).reading.nonnegative == ()


def test_one_series_of_a_table_and_its_donors():
    table = pd.DataFrame({name: series(0.5 if name == "a" else 0.0, seed=i) for i, name in enumerate("abcdef")})
    made = asked(table, treated="a", donors="all", estimator="synthetic")
    assert {name for name in made.weights if " " not in name} <= set("bcdef")
    assert made.cumulative.estimate < -100
    some = asked(table, treated="a", donors=["b", "c", "d"], estimator="synthetic")
    assert {name for name in some.weights if " " not in name} <= set("bcd")


@pytest.mark.parametrize(
    ("more", "problem", "hint"),
    [
        ({"start": None}, "nothing tells when it began", 'start="2025-04"'),
        ({"start": "soon"}, "'soon' is not a month", "such as 2024-12"),
        ({"start": float("nan")}, "is not a month", "such as 2024-12"),
        ({"stop": "2024-06"}, "ends in 2024-06, before it begins in 2024-07", "a later `stop`"),
        ({"start": "2030-01", "stop": None}, "ends in 2024-12, before it begins", ""),
        ({"treated": "b"}, "no series is called 'b'", "magnets"),
        ({"donors": ["b"]}, "no series is called 'b'", "magnets"),
        ({"data": pd.DataFrame({"a": series(), "b": series()})}, "the table has several series", "one of a, b"),
    ],
)
def test_what_cannot_be_asked_is_said_with_a_way_out(more, problem, hint):
    with pytest.raises(fc.ForecastError, match=problem) as error:
        asked(**{"data": series(), **more})
    assert hint in error.value.hint
    assert error.value.where


def test_an_effect_of_an_archive_has_no_table():
    archive = fc.load_archive()
    design = fc.Design(archive.events["re_licensing_2025"], treated="CHN.export.WLD.re_magnets", stop="2025-06")
    with pytest.raises(DataError, match="from no table"):
        fc.estimate("baseline", archive.latest, design, placebos=0).frame(wide=True)
