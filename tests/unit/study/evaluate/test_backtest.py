"""Backtest questions: what was known, what is asked, what can be scored."""

from dataclasses import dataclass

import numpy as np
import pytest

from forecast.core.archive import bundled_archive
from forecast.core.errors import ConfigError, MissingExtraError, TooShortError
from forecast.core.months import label, ordinal
from forecast.core.results import Failure, Forecast, Skipped, Used
from forecast.study.evaluate import backtest as bt, past_questions
from forecast.study.evaluate.cutoffs import cutoffs
from forecast.study.evaluate.score import error_scale, period_draws, periods_of, score

RE = "CHN.export.WLD.rare_earths_total"
ZINC = "USA.import.WLD.zinc"


@dataclass(frozen=True)
class Flat:
    """The last known figure, always; fails on zinc if told to."""

    fails: bool = False
    name = "flat"

    def predict(self, vintage, task, rng, answers=()):
        if self.fails and ZINC in task.series:
            raise TooShortError("told to fail")
        level = [vintage.observed(s).values[np.isfinite(vintage.observed(s).values)][-1] for s in task.series]
        draws = np.tile(np.array(level)[None, :, None], (5, 1, len(task.months)))
        return Forecast(task, draws, tuple(Used("flat") for _ in task.series))


@dataclass(frozen=True)
class Missing:
    """Needs a library that is not there."""

    name = "missing"

    def predict(self, vintage, task, rng, answers=()):
        raise MissingExtraError("no library")


@pytest.fixture(scope="module")
def archive():
    return bundled_archive()


def test_questions_start_after_the_series_own_last_month(archive):
    days = cutoffs("2025-06", "2025-08", series=RE)
    pasts = bt.backtest_questions(archive, [RE], days, 3)
    assert [label(p.last) for p in pasts] == ["2025-05", "2025-06", "2025-07"]
    assert pasts[0].task.months == ("2025-06", "2025-07", "2025-08")
    assert all(p.vintage(archive).last_month(RE) == p.last for p in pasts)


def test_a_day_without_news_asks_nothing_again(archive):
    first, second = cutoffs("2025-06", "2025-07", series=RE)
    between = second.replace(day=1)
    assert len(bt.backtest_questions(archive, [RE], [first, between, second], 1)) == 2


def test_short_series_are_not_asked(archive):
    assert not bt.backtest_questions(archive, [ZINC], cutoffs("2024-06", "2024-08", series=ZINC), 1, min_months=24)


def test_a_rolling_window_hides_what_is_older(archive):
    past = bt.backtest_questions(
        archive, [RE], cutoffs("2025-06", "2025-06", series=RE), 1, window="rolling", window_months=24
    )[0]
    observed = past.vintage(archive).observed(RE)
    assert observed.last - observed.first + 1 == 24
    with pytest.raises(ConfigError, match="rolling"):
        bt.backtest_questions(archive, [RE], [], window="rollin")


def test_a_gap_moves_the_asked_months(archive):
    past = bt.backtest_questions(archive, [RE], cutoffs("2025-06", "2025-06", series=RE), 3, gap=2)[0]
    assert label(past.last) == "2025-05"
    assert past.task.months == ("2025-08", "2025-09", "2025-10")
    truth = archive.latest
    rows = {p.first: p for p in periods_of(past, truth, [1]) if p.scored}
    assert [label(m) for m in rows] == ["2025-08"]  # horizons count from the first asked month
    draws = np.arange(3.0)[None, None, :].repeat(4, axis=0)
    block = period_draws(Forecast(past.task, draws, (Used("x"),)), past, periods_of(past, truth))
    np.testing.assert_array_equal(block[0], [0, 1, 2, 3])  # three months and their total
    made = bt.Backtest((bt.BacktestAnswer("m", past, Forecast(past.task, draws, (Used("x"),))),), archive)
    table = score(made, truth, ["mae"]).table
    assert table["h_info"].tolist() == [3, 4, 5]
    assert table["horizon"].tolist() == [2, 3, 4]  # the cutoff stands in June
    assert "|gap 2" in table["job"].iloc[0]


def test_a_step_leaves_cutoffs_out(archive):
    days = cutoffs("2024-03", "2025-02", series=RE)
    every = bt.backtest_questions(archive, [RE], days, 1)
    third = bt.backtest_questions(archive, [RE], days, 1, step=3)
    assert [p.last for p in third] == [p.last for p in every][::3]
    for bad in ({"step": 0}, {"gap": -1}):
        with pytest.raises(ConfigError, match="gap 0 or more"):
            bt.backtest_questions(archive, [RE], days, 1, **bad)


def test_the_day_of_the_fit_stands_in_the_job(archive):
    from forecast.study.evaluate.score import job_of

    days = cutoffs("2024-03", "2024-06", series=RE)
    jobs = [job_of("m", p) for p in bt.backtest_questions(archive, [RE], days, 1, refit="never")]
    assert jobs[0] == f"m|{RE}|{days[0]}"
    assert jobs[1] == f"m|{RE}|{days[1]}|fitted {days[0]}"
    assert len(set(jobs)) == len(jobs)


def test_cutoffs_on_assumed_release_days_are_flagged(archive):
    kinds = {name: {p.known for p in bt.backtest_questions(archive, [name], cutoffs("2025-06", "2025-08", series=name), 1)}
             for name in (RE, ZINC)}  # fmt: skip
    assert kinds == {RE: {"final"}, ZINC: {"pseudo"}}


def test_a_question_beyond_the_gap_needs_a_later_figure(archive):
    last = archive.latest.last_month(RE)
    days = cutoffs("2025-06", series=RE)
    near, far = (
        past_questions.scorable_questions(bt.backtest_questions(archive, [RE], days, 1, gap=gap), archive.latest)
        for gap in (0, 4)
    )
    assert max(p.last for p in far) <= last - 5 < max(p.last for p in near) < last


def test_scores_have_regimes_and_the_first_quarter(archive):
    made = bt.backtest(archive, cutoffs("2024-12", "2025-08", series=RE), [Flat()], RE, [1], draws=5)
    table = score(made, "latest", ["mae"]).table
    by_month = dict(zip(table["month"], zip(table["regime"], table["jan_mar"], strict=True), strict=True))
    assert by_month["2025-03"] == ("before", 1)
    assert by_month["2025-04"] == ("under control", 0)
    assert by_month["2025-06"] == ("after reversal", 0)


def test_periods_have_months_published_spans_and_the_total(archive):
    day = cutoffs("2022-12", "2022-12", series=RE)[0]
    past = bt.backtest_questions(archive, [RE], [day], 4)[
        0
    ]  # asks 2022-12 to 2023-03; Jan and Feb 2023 were published as a sum
    rows = {(label(p.first), label(p.last)): p for p in periods_of(past, archive.latest, [1, 3])}
    assert np.isnan(rows["2023-01", "2023-01"].truth)
    span = rows["2023-01", "2023-02"]
    assert span.truth > 0
    assert span.scored
    assert rows["2022-12", "2023-03"].truth == pytest.approx(
        rows["2022-12", "2022-12"].truth + span.truth + rows["2023-03", "2023-03"].truth
    )
    assert not rows["2022-12", "2023-03"].scored
    assert not rows["2023-03", "2023-03"].scored  # four months ahead was not asked for


def test_spans_are_summed_draw_by_draw(archive):
    past = bt.backtest_questions(archive, [RE], cutoffs("2022-12", "2022-12", series=RE), 3)[0]
    draws = np.random.default_rng(0).normal(size=(7, 1, 3))
    answer = Forecast(past.task, draws, (Used("x"),))
    rows = periods_of(past, archive.latest)
    block = period_draws(answer, past, rows)
    at = [(p.first - past.last, p.last - past.last) for p in rows].index((2, 3))
    np.testing.assert_allclose(block[:, at], draws[:, 0, 1] + draws[:, 0, 2])


def test_without_a_truth_joint_releases_get_a_sum(archive):
    past = bt.backtest_questions(archive, [RE], cutoffs("2025-12", "2025-12", series=RE), 4)[0]
    assert (ordinal("2026-01"), ordinal("2026-02")) in [(p.first, p.last) for p in periods_of(past, None)]


def test_scores_count_failures_and_share_the_common_set(archive):
    made = bt.backtest(
        archive, cutoffs("2025-08", "2025-09", series=ZINC), [Flat(fails=True), "mean12"], [RE, ZINC], [1], draws=50
    )
    scores = score(made, archive.latest, ["mae", "mase", {"use": "coverage", "level": 95, "name": "coverage_95"}])
    assert scores.failures["flat"] > 0
    assert set(scores.table["metric"]) == {"mae", "mase", "coverage_95"}
    assert ZINC in set(scores.table["series"])
    assert set(scores.common()["series"]) == {RE}
    summary = scores.summary().set_index(["model", "metric"])
    assert summary.loc[("flat", "mae"), "n"] == summary.loc[("mean12", "mae"), "n"]
    assert summary.loc[("flat", "mae"), "failures"] == scores.failures["flat"]


def test_a_perfect_forecast_has_no_error(archive):
    past = bt.backtest_questions(archive, [ZINC], cutoffs("2025-07", "2025-07", series=ZINC), 1)[0]
    truth = periods_of(past, archive.latest)[0].truth
    perfect = Forecast(past.task, np.full((4, 1, 1), truth), (Used("x"),))
    made = bt.Backtest((bt.BacktestAnswer("oracle", past, perfect),), archive)
    table = score(made, archive.latest, ["crps", "mae", "bias"]).table
    assert (table["value"] == 0).all()


def test_a_missing_library_is_not_a_failure_of_the_method(archive):
    past = bt.backtest_questions(archive, [RE], cutoffs("2025-06", "2025-06", series=RE), 1)[0]
    made = bt.answer_tasks(Missing(), [past.vintage(archive)], [past.task])[0]
    assert isinstance(made, Skipped)
    assert isinstance(made, Failure)


def test_two_models_of_one_name_are_refused():
    with pytest.raises(ConfigError, match="two models"):
        bt.models_by_name(["mean12", {"use": "drift", "name": "mean12"}])


def test_the_scale_stops_at_the_first_control(archive):
    truth = archive.latest
    calm = error_scale(RE, truth)
    observed = truth.observed(RE)
    end = ordinal("2025-04")
    values = {int(m): v for m, v in zip(observed.months, observed.values, strict=True) if m < end and np.isfinite(v)}
    by_hand = [abs(v - values[m - 12]) for m, v in values.items() if m - 12 in values]
    assert calm.mean == pytest.approx(np.mean(by_hand))
    assert calm.root == pytest.approx(np.sqrt(np.mean(np.square(by_hand))))
    assert calm.pairs == len(by_hand)
    assert not calm.frozen


def test_a_short_calm_freezes_the_first_training_window(archive):
    name = "USA.import.CHN.antimony_unwrought"
    training = archive.as_of("2025-03-01")
    scale = error_scale(name, archive.latest, training)
    assert scale.frozen
    assert "2025-03-01" in scale.basis
    assert scale.mean > 0


def test_no_scale_gives_the_reason(archive):
    scale = error_scale("CHN.export.USA.gallium", archive.latest)
    assert np.isnan(scale.mean)
    assert scale.reason
