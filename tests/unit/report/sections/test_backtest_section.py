"""The section on the backtest."""

from __future__ import annotations

import re
from pathlib import Path

from contracts.report_run import small_run

from forecast.core.run import Run
from forecast.core.schema import ComparisonRow
from forecast.report.blocks import Details
from forecast.report.run_data import RunData
from forecast.report.sections.backtest import BacktestSection, _hindsight


def test_the_backtest_says_plainly_whether_the_default_beats_the_best_naive(page: str) -> None:
    text = re.sub(r"<[^>]+>", "", page)
    assert "China's exports: the default beats the best naive forecast, the same month a year earlier" in text.replace(
        "&#x27;", "'"
    )
    assert "its CRPS is 0.80 times as large (90\u00a0% interval 0.70 to 0.90; 30 cutoffs, 120 questions)" in text


def test_a_naive_forecast_that_did_better_later_is_named(small: Run) -> None:
    ratios = {"ets": 0.9, "mean12": 0.8, "seasonal_naive": 1.0, "drift": 0.85}
    rows = [ComparisonRow(model=model, ratio=ratio, benchmark="seasonal_naive") for model, ratio in ratios.items()]
    told = _hindsight(RunData(small), rows[0], rows)
    assert "the 12-month mean (mean12) did better than that one (0.80 times its CRPS)" in told
    assert "the default's is 1.13 times as large" in told
    assert _hindsight(RunData(small), rows[2], rows) == "", "the default is the benchmark itself"
    assert _hindsight(RunData(small), rows[0], [row for row in rows if row.ratio >= 0.9]) == ""


def test_scores_of_an_earlier_version_lack_later_columns(tmp_path: Path) -> None:
    run = small_run(tmp_path / "older-0123abcd")
    later = ["jan_mar", "vintage", "group"]
    run.scores.drop(columns=later).to_parquet(run.folder / "scores.parquet")
    blocks = BacktestSection().blocks(RunData(run))
    assert [type(block).__name__ for block in blocks[:2]] == ["Heading", "Prose"]
    assert any("All scores" in block.summary for block in blocks if isinstance(block, Details))
