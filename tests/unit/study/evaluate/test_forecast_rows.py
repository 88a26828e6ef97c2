"""Answers as rows of the forecasts table."""

from contracts.archives import SERIES, archive, day_after

from forecast.core.results import PROBABILITIES
from forecast.core.schema import COLUMNS, TABLES
from forecast.study.evaluate.backtest import backtest
from forecast.study.evaluate.forecast_rows import forecast_table
from forecast.study.evaluate.score import score


def test_rows_have_the_columns_of_the_run_folder():
    assert "forecasts" in TABLES
    made = forecast_table(backtest(archive(), [day_after("2022-06")], ["mean12"], SERIES, [1, 2], draws=50))
    assert set(COLUMNS["forecasts"]) - {"group"} <= set(made.columns)  # the group is the run's
    assert len(PROBABILITIES) == sum(name.startswith("q") for name in COLUMNS["forecasts"])


def test_rows_agree_with_the_scores():
    made = backtest(archive(), [day_after(m) for m in ("2022-06", "2022-07")], ["mean12", "drift"], SERIES, [1, 2], draws=50)
    rows = forecast_table(made).set_index(["job", "month"])
    for score_row in score(made, "latest", ["mae"]).table.to_dict("records"):
        row = rows.loc[(score_row["job"], score_row["month"])]
        assert abs(row["truth"] - row["q50"]) == score_row["value"]
        assert (row["h_info"], row["vintage"]) == (score_row["h_info"], score_row["vintage"])


def test_a_question_left_open_has_no_row():
    made = backtest(archive(), [day_after("2018-08")], ["mean12"], SERIES, [1], min_months=2, draws=50)
    assert made.failures == {"mean12": 1}
    assert forecast_table(made).empty
