"""Odd tables, made at random: an answer or an error of our own, never a traceback of a library's."""

import contextlib
import datetime as dt
import math
import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import HealthCheck, given, settings, strategies as st

import forecast as fc

CELLS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(-(10**20), 10**20),
    st.sampled_from(
        [None, True, "", "n/a", "1,234", "12", "steel", Decimal("1.5"), 1j, b"x", [1], pd.NA, pd.NaT, np.float32(2.5)]
    ),
)
LABELS = st.one_of(
    st.sampled_from(["unique_id", "ds", "y", "Month", "A", "", 0, None, ("x", 1), math.nan]), st.text(max_size=4)
)
INDEXES = {
    "months": lambda n: pd.period_range("2020-01", periods=n, freq="M"),
    "quarters": lambda n: pd.date_range("2000-01-01", periods=n, freq="QE"),
    "years": lambda n: pd.Index(range(1980, 1980 + n)),
    "weeks": lambda n: pd.date_range("2020-01-03", periods=n, freq="W"),
    "hours": lambda n: pd.date_range("2020-01-03", periods=n, freq="h", tz="UTC"),
    "rows": pd.RangeIndex,
    "twice": lambda n: pd.Index(["2020-01"] * n),
    "text": lambda n: pd.Index([f"{2020 + i // 12}-{i % 12 + 1:02d}" for i in range(n)]),
    "two": lambda n: pd.MultiIndex.from_product([["a"], range(n)]),
    "categories": lambda n: pd.CategoricalIndex([f"{2000 + i}" for i in range(n)]),
    "intervals": lambda n: pd.interval_range(0, n),
    "durations": lambda n: pd.timedelta_range("1D", periods=n),
}
ODD_TIMES = st.one_of(
    st.dates(), st.datetimes(), st.integers(-5, 300000), st.floats(), st.text(max_size=8), st.none(),
    st.sampled_from(["2024-01", "2024Q5", "2024-13", "0000-01", "2024-W54", "9999-12", pd.Period("2020Q1"), dt.date.max]),
)  # fmt: skip


@st.composite
def tables(draw):
    """A table of anything, or a good one with at most one thing odd in it."""
    n = draw(st.integers(0, 30))
    if draw(st.booleans()):
        return good_table(draw, 12 + n)
    index = INDEXES[draw(st.sampled_from(sorted(INDEXES)))](n)
    if draw(st.booleans()):
        index = pd.Index(draw(st.lists(ODD_TIMES, min_size=n, max_size=n)), dtype=object)
    labels = draw(st.lists(LABELS, max_size=4, unique_by=repr))
    cells = [pd.Series(draw(st.lists(CELLS, min_size=n, max_size=n)), dtype=object).to_numpy() for _ in labels]
    table = pd.DataFrame(dict(enumerate(cells)), index=index)
    table.columns = pd.Index(labels, dtype=object)
    kind = draw(st.sampled_from(["table", "series", "turned", "arrow", "twice"]))
    if kind == "series" and labels:
        return table.iloc[:, 0]
    if kind == "twice":
        return pd.concat([table, table], axis=1)
    if kind == "arrow":
        with warnings.catch_warnings(), contextlib.suppress(Exception):  # what Arrow cannot hold stays a frame
            warnings.simplefilter("ignore")
            return pa.Table.from_pandas(table)
    return table.T if kind == "turned" else table


def good_table(draw, n):
    """A table that can be answered, but for one cell, time or label that may be odd."""
    index = INDEXES[draw(st.sampled_from(["months", "quarters", "years", "text"]))](n)
    table = pd.DataFrame({"A": np.arange(n) % 7 + 1.0, "B": np.arange(n) % 5 - 1.0}, index=index)
    odd = draw(st.sampled_from(["nothing", "nothing", "cell", "time", "label", "order"]))
    row = draw(st.integers(0, n - 1))
    if odd == "cell":
        table = table.astype(object)
        table.iat[row, 0] = draw(CELLS)
    elif odd == "time":
        times = list(table.index)
        times[row] = draw(ODD_TIMES)
        table.index = pd.Index(times, dtype=object)
    elif odd == "label":
        table.columns = pd.Index(["A", draw(LABELS)], dtype=object)
    elif odd == "order":
        table = table.iloc[::-1]
    return table


OPTIONS = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"season": st.sampled_from([1, 4, 7, 12])}),
    st.fixed_dictionaries({"freq": st.sampled_from(["month", "quarter", "year", "week", "day", "integer"])}),
    st.fixed_dictionaries({"nonnegative": st.sampled_from([True, False])}),
    st.fixed_dictionaries(
        {},
        optional={
            "id": st.sampled_from(["unique_id", "A"]),
            "time": st.sampled_from(["ds", "Month"]),
            "target": st.sampled_from(["y", "A"]),
        },
    ),
)


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(tables(), OPTIONS)
def test_a_forecast_of_any_table_is_one_or_says_why_not(table, options):
    try:
        made = fc.forecast(table, 2, model="drift", draws=10, **options)
    except fc.ForecastError:
        return
    rows, wide = made.frame(), made.frame(wide=True)
    assert set(rows["series"]) <= set(made.task.series)
    assert len(wide) > 0
    assert made.reading.sentences is not None


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(tables(), OPTIONS, ODD_TIMES, ODD_TIMES)
def test_an_effect_in_any_table_is_one_or_says_why_not(table, options, start, stop):
    try:
        made = fc.effect(table, start, stop, estimator="baseline", placebos=0, draws=20, **options)
    except fc.ForecastError:
        return
    assert len(made.frame()) == 1
    assert len(made.frame(wide=True)) == len(made.periods)


def test_the_tables_made_here_are_neither_all_good_nor_all_bad():
    seen = set()

    @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(tables(), OPTIONS)
    def ask(table, options):
        try:
            fc.forecast(table, 1, model="drift", draws=5, **options)
            seen.add("answer")
        except fc.ForecastError as error:
            seen.add(error.problem[:12])

    ask()
    assert "answer" in seen
    assert len(seen) > 12
