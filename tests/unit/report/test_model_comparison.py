"""Tables of models beside the best naive one: intervals, ties, regimes."""

import math

import pandas as pd
import pytest

from forecast.core.schema import ComparisonRow, rows_of
from forecast.report import blocks as b
from forecast.report.comparison import comparison_table, rank_text, regime_table

ROW = {
    "model": "ets", "benchmark": "mean12", "metric": "crps", "group": "g", "ratio": 0.9, "lo90": 0.8, "hi90": 0.95, "n": 60,
    "n_cutoffs": 30, "note": "benchmark chosen on the 15 cutoffs before", "failures": 2, "rank": 1, "tied": True, "dm_p": 0.04,
    "gw_p": 0.0004, "in_mcs": True, "mcs_p": 1.0, "mz_p": 0.0051,
}  # fmt: skip


def cells(*rows):
    table = comparison_table(rows_of(ComparisonRow, pd.DataFrame([{**ROW, **row} for row in rows])))
    heads = [column.head for column in table.columns]
    return [dict(zip(heads, [c.text for c in row], strict=True)) for row in table.rows if len(row) > 1]


def test_intervals_places_tests_and_failures_stand_in_the_row():
    found = cells({}, {"model": "mean12", "ratio": 1.0, "lo90": math.nan, "hi90": math.nan, "dm_p": math.nan, "gw_p": math.nan})
    best, benchmark = found
    assert best["said of it"] == "beats it"
    assert (best["Place"], best["DM p"], best["GW p"], best["Bias p"], best["Failures"]) == (
        "1\u00a0=", "0.04", "< 0.001", "0.005", "2",
    )  # fmt: skip
    assert benchmark["said of it"] == "benchmark"
    assert benchmark["DM p"] == b.MISSING


@pytest.mark.parametrize(("lo", "hi", "said"), [(0.8, 1.01, "not shown to beat it"), (1.01, 1.2, "is worse")])
def test_nothing_is_said_to_beat_whose_interval_reaches_one(lo, hi, said):
    assert cells({"lo90": lo, "hi90": hi})[0]["said of it"] == said


def test_without_a_test_there_is_no_place():
    untested = {"lo90": math.nan, "hi90": math.nan, "in_mcs": None, "tied": False, "note": "no test, ratio only: 8 cutoffs"}
    row = cells(untested)[0]
    assert row["said of it"] == "ratio only, no test"
    assert row["Place"] == b.MISSING


def test_a_model_that_left_most_open_is_not_ranked():
    row = cells(
        {
            "ratio": 0.5,
            "lo90": math.nan,
            "hi90": math.nan,
            "rank": None,
            "in_mcs": None,
            "note": "answered 3 of 60 questions: not ranked",
        }
    )[0]
    assert row["said of it"] == "not ranked"


@pytest.mark.parametrize(("tied", "text"), [(True, "2\u00a0="), (False, "2")])
def test_a_tie_is_shown_as_a_tie(tied, text):
    assert rank_text(ComparisonRow(**{**ROW, "rank": 2, "tied": tied})) == text


def test_a_run_of_an_earlier_version_has_no_places():
    old = {
        key: ROW[key] for key in ("model", "benchmark", "metric", "group", "ratio", "lo90", "hi90", "n", "n_cutoffs", "note")
    }
    table = comparison_table(rows_of(ComparisonRow, pd.DataFrame([old])))
    assert [c.text for c in table.rows[1][4:]] == [b.MISSING] * 5


def scores(**more):
    rows = []
    for series, size in (("a", 1.0), ("b", 100.0)):
        for i in range(8):
            regime = "before" if i < 4 else "under control"
            for model, factor in (("mean12", 1.0), ("ets", 0.5 if i < 4 else 2.0)):
                rows.append(
                    {"model": model, "series": series, "cutoff": f"2024-{i + 1:02d}-20", "month": f"2024-{i + 1:02d}",
                     "metric": "crps", "value": size * factor, "regime": regime, "jan_mar": int(i < 3), **more}
                )  # fmt: skip
    return pd.DataFrame(rows)


def test_ratios_by_regime_weigh_series_alike():
    table = regime_table("g", scores(), "mean12")
    assert [c.head for c in table.columns] == ["Model", "before", "under control", "January to March", "other months"]
    found = {row[0].text: [c.text for c in row[1:]] for row in table.rows}
    assert found["ets"] == ["0.50", "2.00", "0.50", "1.70"]
    assert found["mean12"] == ["1.00"] * 4
    assert found["questions, cutoffs"] == ["8, 4", "8, 4", "6, 3", "10, 5"]


def test_one_regime_gives_no_table():
    one = scores(regime="before", jan_mar=0)
    assert regime_table("g", one, "mean12") is None
    assert regime_table("g", scores(), "drift") is None
