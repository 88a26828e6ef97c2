"""First, k-th or latest release."""

import datetime as dt

import numpy as np
import pytest

from forecast.core.errors import ConfigError
from forecast.study.evaluate.backtest import Backtest, BacktestAnswer, backtest_questions
from forecast.study.evaluate.score import score
from forecast.study.evaluate.truth import truth_of, vintage_kind

SERIES = "CHN.export.WLD.re_magnets"


@pytest.fixture
def revised(figure, archive_of):
    """Three months: two releases of the first, three of the second, one of the third."""
    return archive_of(
        figure(SERIES, "2024-01", 10, "2024-02-20"), figure(SERIES, "2024-01", 11, "2024-03-20"),
        figure(SERIES, "2024-02", 20, "2024-03-20"), figure(SERIES, "2024-02", 21, "2024-04-20"),
        figure(SERIES, "2024-02", 22, "2024-05-20"), figure(SERIES, "2024-03", 30, "2024-04-20"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("release", "values"),
    [("first", [10, 20, 30]), (1, [10, 20, 30]), (2, [11, 21]), (3, [22]), ("latest", [11, 22, 30])],
)
def test_each_figure_has_its_own_count(revised, release, values):
    truth = truth_of(revised, release).observed(SERIES)
    np.testing.assert_array_equal(truth.values[np.isfinite(truth.values)], values)


def test_a_figure_published_too_seldom_has_no_truth(revised):
    assert not truth_of(revised, 4).knows(SERIES)


def test_only_releases_by_the_day_count(revised):
    truth = truth_of(revised, 2, "2024-04-01").observed(SERIES)
    np.testing.assert_array_equal(truth.values, [11])


@pytest.mark.parametrize("release", ["second", 0, True, 1.5])
def test_no_such_release(revised, release):
    with pytest.raises(ConfigError, match="no release to mark against"):
        truth_of(revised, release)


def test_scores_are_marked_against_the_release_asked_for(revised):
    from forecast.core.results import Forecast, Used

    past = backtest_questions(revised, [SERIES], [dt.date(2024, 3, 1)], 1, min_months=1)[0]  # asks February
    answer = Forecast(past.task, np.full((3, 1, 1), 20.0), (Used("x"),))
    made = Backtest((BacktestAnswer("m", past, answer),), revised)
    errors = [score(made, release, ["mae"]).table["value"].iloc[0] for release in ("first", 2, "latest")]
    assert errors == [0, 1, 2]


def test_kinds_of_vintage(figure, archive_of):
    from dataclasses import replace

    known = archive_of(
        figure(SERIES, "2024-01", 10, "2024-02-20", basis="actual"), figure(SERIES, "2024-02", 10, "2024-03-20", basis="rule")
    )
    assert vintage_kind(known.as_of("2024-03-01"), SERIES) == "final"
    assert vintage_kind(known.as_of("2024-04-01"), SERIES) == "pseudo"
    assert vintage_kind(replace(known, pseudo=False).as_of("2024-03-01"), SERIES) == "real"
    assert vintage_kind(known.as_of("2024-01-01"), SERIES) == "pseudo"
