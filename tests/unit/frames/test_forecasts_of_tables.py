"""Forecasts of tables in memory: the draws of `fc.predict`, in the shape that came in."""

import pickle

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import forecast as fc
from forecast.core.errors import DataError, TooShortError

N = 40
MONTHS = pd.period_range("2022-01", periods=N, freq="M")


def figures(seed=0, n=N):
    return np.random.default_rng(seed).normal(100, 10, n).round(1)


def wide_table(*names, index=MONTHS):
    return pd.DataFrame({name: figures(i, len(index)) for i, name in enumerate(names)}, index=index)


def long_of(table):
    """The table with a row per series and time, as `fc.panel` reads it."""
    table = table.rename_axis("ds").reset_index().astype({"ds": str})
    return table.melt("ds", var_name="unique_id", value_name="y")


def quick(data, h=3, **more):
    return fc.forecast(data, h, **{"model": "drift", "draws": 40, **more})


@pytest.mark.parametrize("model", ["ets", "structural", "conformal"])
def test_the_draws_are_those_of_predict(model):
    table = wide_table("A", "B")
    made = fc.forecast(table, 3, model=model, seed=7)
    vintage = fc.panel(long_of(table), unit="unique_id", time="ds", value="y", season=12, nonnegative=True)
    for name in table:
        task = fc.Task(vintage.day, name, fc.months("2025-05", "2025-07"))
        by_hand = fc.predict(model, vintage, task, seed=7)
        np.testing.assert_allclose(made.of(name), by_hand.of(name), rtol=1e-13)  # regressions are fitted together
    assert (made.of("A") != fc.forecast(table, 3, model=model, seed=8).of("A")).any()


def test_another_column_changes_no_draw():
    one, two = quick(wide_table("A"), model="ets"), quick(wide_table("A", "B"), model="ets")
    np.testing.assert_array_equal(one.of("A"), two.of("A"))


def test_every_shape_of_the_same_figures_gives_the_same_draws():
    table = wide_table("A", "B")
    long = long_of(table)
    stamped = table.set_index(MONTHS.to_timestamp(how="end").normalize())
    shapes = [
        long,
        long.sample(frac=1.0, random_state=1),
        long.set_index("unique_id"),
        pa.Table.from_pandas(long),
        pa.Table.from_pandas(stamped),
        stamped,
        table.set_index(MONTHS.astype(str)),
        table.set_axis(pd.Index(list(MONTHS), dtype=object)),
        table.set_index(pd.Index([int(m.strftime("%Y%m")) for m in MONTHS])),
        table.rename_axis("Month").reset_index(),
        table.rename_axis("when").reset_index(),
        table.astype(object).astype(str),
    ]
    wanted = quick(table)
    for data in shapes:
        made = quick(data)
        assert made.steps == wanted.steps
        for name in "AB":
            np.testing.assert_array_equal(made.of(name), wanted.of(name))
    renamed = long.rename(columns={"unique_id": "flow", "ds": "month", "y": "tonnes"})
    np.testing.assert_array_equal(quick(renamed, id="flow", time="month", target="tonnes").of("B"), wanted.of("B"))
    np.testing.assert_array_equal(quick(table["B"]).of("B"), wanted.of("B"))
    only = table.rename_axis("when").reset_index()
    np.testing.assert_array_equal(quick(only, time="when", target="B").of("B"), wanted.of("B"))


def test_the_long_table_says_unit_model_and_dates():
    made = quick(wide_table("A")["A"], unit="t", level=90)
    table = made.frame()
    assert list(table) == ["series", "month", "mean", "q05", "q50", "q95", "unit", "model", "date"]
    assert table["month"].tolist() == ["2025-05", "2025-06", "2025-07"]
    assert set(table["unit"]) == {"t"}
    assert set(table["model"]) == {"drift"}
    assert table["date"].tolist() == list(pd.date_range("2025-05-01", periods=3, freq="MS"))
    np.testing.assert_allclose(table["q05"], np.quantile(made.of("A"), 0.05, axis=0))


def test_wide_again_of_a_row_per_series_and_time():
    made = quick(long_of(wide_table("b", "a")), level=(95, 80)).frame(wide=True)
    assert list(made) == ["unique_id", "ds", "drift", "drift-lo-95", "drift-lo-80", "drift-hi-80", "drift-hi-95"]
    assert made["unique_id"].tolist() == ["b"] * 3 + ["a"] * 3
    assert made["ds"].tolist() == ["2025-05", "2025-06", "2025-07"] * 2
    assert (made["drift-lo-95"] <= made["drift-lo-80"]).all()
    assert (made["drift-hi-80"] <= made["drift-hi-95"]).all()


def test_wide_again_of_a_column_per_series_can_be_put_below_the_table():
    table = wide_table("A", 2)
    made = quick(table, level=80).frame(wide=True)
    assert list(made) == ["A", "A-lo-80", "A-hi-80", 2, "2-lo-80", "2-hi-80"]
    whole = pd.concat([table, made[table.columns]])
    assert whole.index.equals(pd.period_range("2022-01", periods=N + 3, freq="M"))
    assert list(quick(table.rename_axis("Month").reset_index()).frame(wide=True))[:2] == ["Month", "A"]
    assert list(quick(table["A"], level=80).frame(wide=True)) == ["drift", "drift-lo-80", "drift-hi-80"]


def test_numbers_of_series_stay_numbers():
    long = long_of(wide_table(7, 12))
    made = quick(long).frame(wide=True)
    assert made["unique_id"].tolist() == [7, 7, 7, 12, 12, 12]


def test_each_series_goes_on_from_its_own_last_figure():
    table = wide_table("A", "B")
    table.iloc[-4:, 1] = np.nan
    made = quick(table, h=2)
    rows = made.frame()
    assert rows["month"].tolist() == ["2025-05", "2025-06", "2025-01", "2025-02"]
    assert rows["mean"].notna().all()
    assert made.total().estimate == pytest.approx(rows["mean"].sum())
    assert made.span("B", *map(made.steps.ordinal, ["2025-01", "2025-02"])).shape == (40,)
    assert "the series end between 2024-12 and 2025-04, and each is answered from its own last figure on" in made.reading.notes
    again = made.frame(wide=True)
    assert again["B"].notna().tolist() == [True, True, False, False]
    assert again["A"].notna().tolist() == [False, False, True, True]


def test_missing_figures_stay_missing_and_are_said():
    table = wide_table("A")
    table.iloc[5, 0] = np.nan
    made = quick(table["A"])
    assert made.reading.notes == ("missing months inside the series stay missing: 1 of A",)
    zero = quick(table["A"].fillna(0.0), model="mean12")
    assert (zero.of("A") != quick(table["A"].iloc[6:], model="mean12").of("A")).any()


def test_a_series_too_short_is_nan_with_its_reason_and_the_others_are_answered():
    table = wide_table("A", "B", "C")
    table.iloc[1:, 1] = np.nan
    table["C"] = np.nan
    made = quick(table, model="ets")
    assert [(one.series, one.reason) for one in made.unanswered] == [
        ("B", "1 usable months where 10 are needed"),
        ("C", "the series has no figure"),
    ]
    rows = made.frame().set_index("series")["mean"]
    assert rows["A"].notna().all()
    assert rows["B"].isna().all()
    assert np.isnan(made.total().estimate)
    assert "B has no answer: 1 usable months where 10 are needed" in made.reading.notes
    assert made.frame(wide=True)["C"].isna().all()
    with pytest.raises(TooShortError, match="1 usable months") as error:
        quick(table[["B"]].dropna(), model="ets")
    assert error.value.where == "ets, B"


def test_not_below_zero_where_no_figure_is():
    level = pd.Series(np.abs(np.random.default_rng(3).normal(0, 3, N)), MONTHS, name="A")
    table = pd.DataFrame({"A": level, "B": level - 3.0})
    made = quick(table, model="drift", h=12, draws=400)
    assert made.reading.nonnegative == ("A",)
    assert made.reading.assumed
    assert "not below zero as no figure of it is: A" in made.reading.sentences
    assert made.of("A").min() >= 0
    assert made.of("B").min() < 0
    free = quick(table, model="drift", h=12, draws=400, nonnegative=False)
    assert free.of("A").min() < 0
    assert free.reading.nonnegative == ()
    asked = quick(level, nonnegative=True).reading
    assert asked.nonnegative == ("A",)
    assert asked.sentences == ["not below zero: A"]
    with pytest.raises(DataError, match="B falls to -"):
        quick(table, nonnegative=True)


def test_an_event_is_used_by_the_series_it_names():
    event = fc.Event(id="quota", title="Quota", announced="2023-06-01", effective="2023-06-15", products="A")
    made = quick(wide_table("A", "B"), model="structural", events=event)
    assert made.used[0].regressors == ("quota",)
    assert made.used[1].regressors == ()
    everywhere = fc.Event(id="quota", title="Quota", announced="2023-06-01", effective="2023-06-15")
    assert [one.regressors for one in quick(wide_table("A", "B"), model="structural", events=[everywhere]).used] == [
        ("quota",)
    ] * 2
    ban = fc.load_archive().events["us_ban_2024"]
    with pytest.raises(DataError, match="no series is called so"):
        quick(wide_table("A", "B"), events=[ban])
    assert quick(wide_table("A")["A"], model="structural", events=[ban]).used[0].regressors == ("us_ban_2024",)
    with pytest.raises(DataError, match="acts by month, and the figures are years"):
        quick(pd.Series(figures(), range(1980, 1980 + N)), events=event)


def test_a_forecast_of_an_archive_says_unit_and_model_and_has_no_table():
    archive = fc.load_archive()
    task = fc.Task(archive.latest.day, "CHN.export.WLD.re_magnets", ["2026-09"], draws=40)
    made = fc.predict("mean12", archive.latest, task)
    assert made.frame()[["unit", "model"]].values.tolist() == [["kg", "mean12"]]
    assert made.reading is None
    with pytest.raises(DataError, match="from no table"):
        made.frame(wide=True)


def test_no_forecast_reaches_beyond_the_calendar():
    with pytest.raises(DataError, match="120000 months after 2025-04 lie beyond the calendar"):
        quick(wide_table("A"), h=120_000)
    with pytest.raises(DataError, match="beyond the calendar"):
        quick(pd.Series(figures()), h=10**9, season=12)


def test_the_answer_can_be_kept():
    made = quick(wide_table("A", "B"))
    again = pickle.loads(pickle.dumps(made))
    pd.testing.assert_frame_equal(again.frame(wide=True), made.frame(wide=True))


@pytest.mark.parametrize(
    ("data", "more", "problem", "hint"),
    [
        (wide_table("A").iloc[:0], {}, "the table has no row", ""),
        (pd.Series([], dtype=float), {}, "has no figure", ""),
        (pd.concat([wide_table("A")] * 2), {}, "A has two rows at 2022-01", ""),
        (pd.concat([wide_table("A")] * 2, axis=1), {}, "two columns are called 'A'", ""),
        (wide_table("A").assign(B="steel"), {}, "column 'B' holds text: 'steel'", "id='B'"),
        (wide_table("A").assign(B=True), {}, "column 'B' holds truth values", "leave the column out"),
        (wide_table("A").assign(B=np.inf), {}, "'inf' in column 'B'", ""),
        (wide_table("A").assign(B=pd.Timestamp("2024-01-01")), {}, "column 'B' holds dates", "time='B'"),
        (wide_table("A").assign(B=1j), {}, "column 'B' holds complex numbers", ""),
        (wide_table("A", "B").set_axis(pd.MultiIndex.from_tuples([("x", 1), ("x", 2)]), axis=1), {}, "several levels", "join"),
        (wide_table("A").set_index("A", append=True).assign(B=1), {}, "the index has several levels", "reset_index"),
        (wide_table("A").reset_index(drop=True), {}, "the times are plain steps", "season=12"),
        (wide_table("A"), {"target": "a"}, "no column 'a'", "one of A"),
        (wide_table("A"), {"time": "month"}, "no column 'month'", ""),
        (wide_table("A")["A"], {"target": "A"}, "a Series has no columns", ""),
        (long_of(wide_table("A")), {"target": "tonnes"}, "no column 'tonnes'", ""),
        (long_of(wide_table("A")), {"target": "ds"}, "one column cannot be two things", ""),
        (long_of(wide_table("A")).assign(unique_id=None), {}, "a row names no unit", ""),
        (pd.DataFrame({"a": pd.to_datetime(["2024-01-01"]), "b": pd.to_datetime(["2024-01-01"]), "y": 1.0}), {},
         "2 columns may be the times", "time='a' or time='b'"),
        (pa.array([1.0, 2.0]), {}, "data is a DoubleArray", "an Arrow table"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_with_a_way_out(data, more, problem, hint):
    with pytest.raises(fc.ForecastError, match=problem) as error:
        quick(data, **more)
    assert hint in error.value.hint
    assert error.value.where
