"""Publication lags and declared regressors: what a backtest may see on a day."""

import datetime as dt
import pickle
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from contracts.archives import SERIES, archive, day_after

from forecast.core.errors import ConfigError, DataError, LookAheadError
from forecast.core.months import label, ordinal
from forecast.core.panel import panel
from forecast.core.results import Forecast, Used
from forecast.study.data.real_time import RECENT_DAYS, RealTimeView, Regressor, refuse_look_ahead
from forecast.study.evaluate.backtest import backtest, backtest_questions
from forecast.study.evaluate.cutoffs import cutoffs
from forecast.study.evaluate.score import score
from forecast.study.evaluate.truth import vintage_kind

N = 60


def plain(**columns):
    times = [label(ordinal("2018-01") + i) for i in range(N)]
    y = 100 + 10 * np.random.default_rng(3).standard_normal(N)
    return pd.DataFrame({"time": times, "unit": "A", "value": y, **columns})


def leaky():
    """A panel whose control is the outcome itself."""
    table = plain()
    return panel(table.assign(x=table["value"]), "unit", controls=["x"])


@dataclass(frozen=True)
class Copies:
    """Says what the control says of the asked month; where it is unknown, the last figure."""

    name = "copies"

    def predict(self, vintage, task, rng, answers=()):
        observed = vintage.observed(task.series[0])
        held = vintage.controls_of(task.series[0], ["x"], task.ordinals(vintage))[:, 0]
        middle = np.where(np.isfinite(held), held, observed.values[-1])
        return Forecast(task, np.tile(middle, (4, 1, 1)), (Used("copies"),), vintage.steps)


def test_an_archive_without_lags_is_seen_as_it_is():
    known = archive()
    day = day_after("2021-06")
    assert RealTimeView(known).as_of(day).fingerprint() == known.as_of(day).fingerprint()
    assert RealTimeView(known).latest.day == known.latest.day


def test_a_view_keeps_the_days_asked_last_and_answers_the_others_again():
    view = RealTimeView(archive(), {"CHN.export.*": 1})
    day = day_after("2021-06")
    first = view.as_of(day)
    for i in range(1, RECENT_DAYS):
        view.as_of(day - dt.timedelta(days=i))
    assert view.as_of(day) is first, "asked again, it is the latest"
    view.as_of(day - dt.timedelta(days=RECENT_DAYS))
    assert view.as_of(day) is first
    assert len(view._recent) == RECENT_DAYS
    before = view.as_of(day - dt.timedelta(days=1))
    assert before.fingerprint() == RealTimeView(archive(), {"CHN.export.*": 1}).as_of(before.day).fingerprint()


def test_a_lag_removes_months_and_never_adds_one():
    day = day_after("2021-06")  # 21 July: June was out on the 20th
    lasts = [RealTimeView(archive(), {"CHN.export.*": lag}).as_of(day).last_month(SERIES) for lag in (0, 1, 3)]
    assert [label(m) for m in lasts] == ["2021-06", "2021-05", "2021-03"]
    early = dt.date(2021, 7, 2)  # June had ended, but was not out
    assert label(RealTimeView(archive(), {"*": 0}).as_of(early).last_month(SERIES)) == "2021-05"


def test_lags_are_by_series_the_first_pattern_that_fits():
    table = pd.concat([plain(), plain().assign(unit="B")])
    view = RealTimeView(panel(table, "unit"), {"A": 2, "*": 1})
    seen = view.as_of("2020-07-15")
    assert [label(seen.last_month(s)) for s in "AB"] == ["2020-04", "2020-05"]


def test_a_lagged_cutoff_is_pseudo():
    day = day_after("2021-06")
    assert vintage_kind(RealTimeView(archive(), {"*": 1}).as_of(day), SERIES) == "pseudo"
    assert {p.known for p in backtest_questions(RealTimeView(panel(plain(), "unit")), ["A"], [dt.date(2021, 7, 1)], 1)} == {
        "pseudo"
    }


def test_earlier_vintages_are_lagged_too():
    seen = RealTimeView(archive(), {"*": 2}).as_of(day_after("2021-06"))
    assert label(seen.earlier(day_after("2020-06")).last_month(SERIES)) == "2020-04"


def test_a_panel_can_be_backtested():
    known = panel(plain(), "unit", season=12)
    days = cutoffs("2021-01", "2022-12", archive=known)
    assert days[0] == dt.date(2021, 1, 1)
    assert len(cutoffs("2021-01", "2021-12", "quarter", archive=known)) == 4
    made = backtest(known, days, ["mean12"], "A", [1, 2], draws=20)
    assert [p.last for p in {a.past for a in made.answered}].count(ordinal("2020-12")) == 1
    table = score(made, "latest", ["mae"]).table
    assert set(table["vintage"]) == {"pseudo"}
    assert len(table) == 2 * 24 - 1  # the panel ends in December 2022: the last cutoff has one month of truth


def test_a_realised_regressor_leaks_only_where_it_may():
    days = cutoffs("2021-01", "2022-11", archive=leaky())

    def error(known, lag=0):
        made = backtest(leaky(), days, [Copies()], "A", [1], draws=4, regressors=[Regressor("x", known, lag)])
        return score(made, "latest", ["mae"]).table["value"].mean()

    assert error("known_future") == pytest.approx(0, abs=1e-9)  # what is known ahead may be used
    assert error("observed_only") > 5  # the planted copy of the outcome is of no use


def test_an_observed_regressor_has_its_own_lag():
    view = RealTimeView(leaky(), {"A": 0}, (Regressor("x", "observed_only", 2),))
    seen = view.as_of("2021-07-01")
    months = [ordinal(m) for m in ("2021-04", "2021-05", "2021-06")]
    np.testing.assert_array_equal(np.isfinite(seen.controls_of("A", ["x"], months)[:, 0]), [True, False, False])
    assert label(seen.last_month("A")) == "2021-06"


def test_values_may_come_with_the_declaration():
    price = Regressor("price", "observed_only", 0, {"2021-05": 7.0, "2021-06": 8.0}, ("CHN.*",))
    seen = RealTimeView(archive(), {}, (price,)).as_of("2021-06-30")
    held = seen.controls_of(SERIES, ["price"], [ordinal("2021-05"), ordinal("2021-06")])[:, 0]
    np.testing.assert_array_equal(held, [7.0, np.nan])


def test_an_undeclared_control_is_refused():
    with pytest.raises(ConfigError, match="'x' is not declared"):
        backtest(leaky(), [dt.date(2021, 1, 1)], ["mean12"], "A", [1])


def test_a_vintage_that_holds_the_future_is_refused():
    observed = [Regressor("x", "observed_only")]
    with pytest.raises(LookAheadError, match="'x' of 2022-12 was not known on 2021-01-01"):
        refuse_look_ahead(RealTimeView(leaky(), {}, (Regressor("x", "known_future"),)).as_of("2021-01-01"), observed)
    with pytest.raises(LookAheadError, match="nothing says"):
        refuse_look_ahead(leaky(), [])


@pytest.mark.parametrize(
    "make",
    [
        lambda: Regressor("x", "sometimes"),
        lambda: Regressor("x", "observed_only", -1),
        lambda: RealTimeView(archive(), {"*": -1}),
        lambda: RealTimeView(archive(), {}, (Regressor("x", "known_future"), Regressor("x", "known_future"))),
    ],
)
def test_declarations_are_checked(make):
    with pytest.raises(ConfigError):
        make()


def test_years_have_no_cutoffs():
    with pytest.raises(DataError, match="needs months"):
        RealTimeView(panel(pd.DataFrame({"time": [1990, 1991], "value": [1.0, 2.0]})))


def test_a_view_can_be_sent_to_another_process():
    view = RealTimeView(archive(), {"*": 1})
    day = day_after("2021-06")
    view.as_of(day)
    again = pickle.loads(pickle.dumps(view))
    assert again.as_of(day).fingerprint() == view.as_of(day).fingerprint()
    assert again.fingerprint == view.fingerprint != RealTimeView(archive()).fingerprint
