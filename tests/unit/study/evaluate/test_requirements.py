"""What a history supports, determined before the run."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from contracts.archives import SERIES, archive, event, monthly

from forecast.core.errors import TooShortError
from forecast.core.months import label, ordinal
from forecast.core.panel import panel
from forecast.core.results import Forecast, Used
from forecast.study.evaluate.requirements import errors_for_coverage, feasible


@dataclass(frozen=True)
class Needs:
    """Answers from so many months on."""

    months: int = 30
    name = "needs"

    def predict(self, vintage, task, rng, answers=()):
        count = vintage.observed(task.series[0]).count
        if count < self.months:
            raise TooShortError(f"{count} usable months where {self.months} are needed")
        return Forecast(task, np.ones((task.draws, 1, len(task.months))), (Used("needs"),), vintage.steps)


def plain(n, units="A"):
    times = [label(ordinal("2018-01") + i) for i in range(n)]
    tables = [pd.DataFrame({"time": times, "unit": u, "value": 100.0 + np.arange(n) % 7}) for u in units]
    return panel(pd.concat(tables), "unit", season=12)


def rows(table, **where):
    for key, value in where.items():
        table = table[table[key] == value]
    return table


@pytest.mark.parametrize(("level", "n"), [(50, 1), (66.7, 3), (80, 4), (90, 9), (95, 19), (99, 99)])
def test_a_level_needs_so_many_errors(level, n):
    assert errors_for_coverage(level) == n
    assert n / (n + 1) >= level / 100 - 1e-9 > (n - 1) / n - 1e-9


def test_windows_are_counted_by_horizon_and_levels_follow():
    table = feasible(plain(48), "A", [Needs(24)], horizons=[1, 6], levels=[80, 95])
    # cutoffs know 24 to 47 months, the last of 48 lie one ahead
    assert rows(table, horizon=1)["windows"].unique().tolist() == [24]
    assert rows(table, horizon=6)["windows"].unique().tolist() == [19]
    assert set(table["interval"]) == {"own"}
    assert rows(table, horizon=6, level=95)["reach"].item() == pytest.approx(95.0)


def test_the_first_cutoff_that_a_model_answers_is_found():
    table = feasible(plain(48), "A", [Needs(40)], horizons=[1], levels=[80, 95])
    one = rows(table, level=95).iloc[0]
    assert one["first_cutoff"] == "2021-05-01"  # 40 months are known when April has ended
    assert one["windows"] == 8
    assert one["interval"] == "no"
    assert "39 usable months where 40 are needed" in one["reason"]
    assert "95 % needs 19 past errors, the series has 8, all series 8" in one["reason"]
    assert rows(table, level=80).iloc[0]["interval"] == "own"


def test_a_model_that_never_answers_says_why():
    one = feasible(plain(48), "A", [Needs(400)], horizons=[1], levels=[80]).iloc[0]
    assert one["windows"] == 0
    assert one["first_cutoff"] == ""
    assert "400 are needed" in one["reason"]


def test_series_are_pooled_where_each_is_too_short():
    table = feasible(plain(36, "AB"), ["A", "B"], [Needs(24)], horizons=[1], levels=[95])
    assert set(table["windows"]) == {12}
    assert set(table["pooled"]) == {24}
    assert set(table["interval"]) == {"pooled"}


def test_a_series_that_is_too_short_for_any_cutoff():
    one = feasible(plain(12), "A", [Needs(2)], horizons=[1], levels=[80]).iloc[0]
    assert one["windows"] == 0
    assert "12 months known; a cutoff needs 24" in one["reason"]


def test_tests_need_cutoffs_and_two_regimes():
    known = archive(monthly(72))
    assert set(feasible(known, SERIES, [Needs(24)], [1], [80])["test"]) == {"no: one regime (no control)"}
    banned = archive(monthly(72), events=[event("ban", "2022-06-01", "2022-06-01")])
    assert set(feasible(banned, SERIES, [Needs(24)], [1], [80])["test"]) == {"yes"}
    few = feasible(archive(monthly(40)), SERIES, [Needs(24)], [1], [80])["test"].iloc[0]
    assert few.startswith("no: ")
    assert few.endswith("20 needed")


def test_real_models_are_asked_on_trial():
    table = feasible(archive(monthly(30)), SERIES, ["seasonal_naive", "ets"], [1, 3], [80], min_months=12)
    first = table.groupby("model")["first_cutoff"].first()
    assert first["ets"] < first["seasonal_naive"]  # ten months against fourteen
