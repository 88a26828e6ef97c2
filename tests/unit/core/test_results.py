"""Forecast and Effect: every summary comes from one matrix of draws."""

import datetime as dt
import math

import numpy as np
import pytest
from scipy.stats import beta

from forecast.core import months
from forecast.core.effects import BaselineComparison, Description, Effect
from forecast.core.events import Event
from forecast.core.judgement import VERDICTS, Gate, Verdict
from forecast.core.parameters import Parameter, Parameters
from forecast.core.questions import Design, Task
from forecast.core.results import Forecast, Summary, Used, quantile_name

A, B = "CHN.export.WLD.re_magnets", "CHN.export.USA.re_magnets"
O = months.ordinal  # noqa: E741
EVENT = Event("re", "re", dt.date(2025, 4, 4), dt.date(2025, 4, 4), targets=("ALL",), products=("magnets",))


@pytest.fixture(scope="module")
def forecast():
    rng = np.random.default_rng(1)
    task = Task("2025-03-31", (A, B), months.months("2025-03", "2025-05"), draws=400)
    return Forecast(task, rng.gamma(5.0, 20.0, (400, 2, 3)), (Used("x"), Used("x")))


# --- Forecast ---------------------------------------------------------------------------------------------------------


def test_quantile_names_are_those_on_disk():
    names = [quantile_name(p) for p in (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)]
    assert names == ["q025", "q05", "q10", "q25", "q50", "q75", "q90", "q95", "q975"]


def test_total_is_summed_draw_by_draw(forecast):
    np.testing.assert_allclose(forecast.total().draws, forecast.of(A).sum(axis=1) + forecast.of(B).sum(axis=1))
    # the spread of a sum is not the sum of the spreads
    assert forecast.total().se < sum(forecast.draws[:, i, j].std() for i in range(2) for j in range(3))


def test_quantiles_and_frame_agree(forecast):
    table = forecast.frame((0.1, 0.5, 0.9)).set_index(["series", "month"])
    assert forecast.quantiles((0.1, 0.5, 0.9)).shape == (2, 3, 3)
    np.testing.assert_allclose(
        table.loc[(B, "2025-04"), ["q10", "q50", "q90"]].astype(float), np.quantile(forecast.of(B)[:, 1], [0.1, 0.5, 0.9])
    )
    np.testing.assert_allclose(table["mean"], forecast.mean.ravel())


def test_a_span_is_the_sum_of_its_months(forecast):
    np.testing.assert_allclose(forecast.span(A, O("2025-04"), O("2025-05")), forecast.of(A)[:, 1:].sum(axis=1))
    with pytest.raises(ValueError, match="not in"):
        forecast.span(A, O("2025-05"), O("2025-06"))


def test_draws_must_fit_the_task(forecast):
    with pytest.raises(ValueError, match=r"draws of shape \(400, 3, 2\) for 2 series and 3 months"):
        Forecast(forecast.task, forecast.draws.swapaxes(1, 2), ())


# --- Summary ----------------------------------------------------------------------------------------------------------


def test_summary_of_draws():
    summary = Summary(np.arange(101.0))
    assert summary.estimate == 50.0
    assert summary.interval(0.8) == pytest.approx((10.0, 90.0))
    assert summary.se == pytest.approx(np.arange(101.0).std(ddof=1))


def test_an_interval_holds_its_own_point():
    assert Summary(np.arange(101.0), 120.0).interval(0.8) == pytest.approx((10.0, 120.0))
    assert Summary(np.arange(101.0), -3.0).interval(0.8) == pytest.approx((-3.0, 90.0))


def test_no_draws_no_number():
    empty = Summary(np.empty(0))
    assert math.isnan(empty.estimate)
    assert math.isnan(empty.se)
    assert all(map(math.isnan, empty.interval()))


# --- Effect -----------------------------------------------------------------------------------------------------------

DESCRIPTION = Description(
    90.0, "2025-04/2025-07",
    (
        BaselineComparison("year before", 180.0, -90.0, -0.5), BaselineComparison("last 12", 150.0, -60.0, -0.4),
        BaselineComparison("flat", 200.0, -110.0, -0.55),
    ),
)  # fmt: skip


def effect(counterfactual, observed=(30.0, 60.0), measure="cumulative", **more):
    periods = ((O("2025-04"), O("2025-04")), (O("2025-05"), O("2025-07")))
    return Effect(
        "x", Design(EVENT, A, measure=measure), "kg", periods, np.array(observed), counterfactual, DESCRIPTION, **more
    )


@pytest.fixture(scope="module")
def draws():
    return np.random.default_rng(2).normal([50.0, 130.0], [5.0, 10.0], (500, 2))


def test_cumulative_average_and_relative_come_from_one_matrix(draws):
    made = effect(draws)
    np.testing.assert_allclose(made.cumulative.draws, 90.0 - draws.sum(axis=1))
    # one month and a span of three are four steps
    assert made.average.estimate == pytest.approx(made.cumulative.estimate / 4)
    np.testing.assert_allclose(made.relative.draws, 90.0 / draws.sum(axis=1) - 1.0)
    assert made.relative.estimate == pytest.approx(np.median(made.relative.draws))
    path = made.path
    assert list(path["month"]) == ["2025-04", "2025-05/2025-07"]
    np.testing.assert_allclose(path["counterfactual_q50"] + path["effect_q50"], path["observed"])
    np.testing.assert_allclose(path["counterfactual_q975"] + path["effect_q025"], path["observed"])


def test_an_estimators_own_point(draws):
    made = effect(draws, point=-80.0)
    assert made.cumulative.estimate == -80.0
    assert made.average.estimate == -20.0
    # 90 observed where 170 were expected
    assert made.relative.estimate == pytest.approx(90 / 170 - 1)


def test_all_lost_is_minus_one_with_the_bound_of_the_count(draws):
    made = effect(draws, observed=(0.0, 0.0))
    assert made.relative.estimate == -1.0
    low, high = made.relative.interval()
    assert low == -1.0
    assert high == pytest.approx(beta.ppf(0.975, 0.5, 4.5) - 1, abs=0.01)  # four months, in two periods, without any
    assert made.cumulative.estimate == -draws.sum(axis=1).mean(), "the loss in kg is that of the counterfactual"


def test_a_counterfactual_of_nothing_has_no_ratio():
    made = effect(np.zeros((10, 2)), measure="relative")
    assert math.isnan(made.relative.estimate)
    row = made.frame().iloc[0]
    assert math.isnan(row["estimate"])
    assert math.isnan(row["lo95"])


def test_frame_never_gives_an_estimate_without_bounds(draws):
    row = effect(draws).frame().iloc[0]
    assert row["lo95"] <= row["lo80"] <= row["estimate"] <= row["hi80"] <= row["hi95"]
    assert row["unit"] == "kg"
    refused = effect(None).frame().iloc[0]
    assert refused[["estimate", "lo80", "hi80", "lo95", "hi95"]].isna().all()
    # the description stands whatever the verdict
    assert (refused["desc_estimate"], refused["desc_lo"], refused["desc_hi"]) == (-90.0, -110.0, -60.0)


def test_frame_in_the_rows_measure(draws):
    row = effect(draws, measure="relative").frame().iloc[0]
    assert row["unit"] == ""
    assert -1 <= row["estimate"] < 0
    assert (row["desc_estimate"], row["desc_lo"], row["desc_hi"]) == (-0.5, -0.55, -0.4)


def test_a_refused_effect_has_no_draws():
    made = effect(None)
    assert made.draws.shape == (0, 2)
    assert made.path["effect_q50"].isna().all()
    assert made.path["observed"].tolist() == [30.0, 60.0]
    assert math.isnan(made.cumulative.estimate)
    assert math.isnan(made.relative.estimate)


def test_without_a_baseline_the_last_level_stands():
    bare = Description(math.nan, "2025-04/2025-07", (), 12.0, "2023-06")
    assert bare.bounds("cumulative") == ("none; last published level, 2023-06", 12.0, 12.0, 12.0)
    assert bare.chosen is None
    assert Description(math.nan, "").bounds("cumulative")[0] == "none"
    assert DESCRIPTION.chosen.baseline == "year before"


def test_judging_keeps_the_effect(draws):
    made = effect(draws)
    judged = made.with_verdict(
        [Gate("length", "fail", 8, 12, "8 clean months", "descriptive")], Verdict("descriptive", "descriptive")
    )
    assert judged.verdict.word in VERDICTS
    assert judged.cumulative.estimate == made.cumulative.estimate
    assert made.verdict is None


def test_the_seven_words():
    assert VERDICTS == (
        "supported",
        "suggestive",
        "descriptive",
        "no material effect",
        "cannot distinguish",
        "not identified",
        "contradicted by mirror",
    )


def test_parameters_are_read_by_place_and_by_name():
    found = Parameters([Parameter("effect", -0.4, 0.1), Parameter("petrol", -0.3)])
    assert (found["petrol"].estimate, found[0].se, len(found)) == (-0.3, 0.1, 2)
    assert [p.name for p in found] == ["effect", "petrol"]
    with pytest.raises(KeyError, match="effect, petrol"):
        found["law"]
