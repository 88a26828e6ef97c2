"""Nowcasts by days to publication: a known break-even day is found, and "none" is an answer."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from contracts.archives import SERIES, event, released, row, rows

import forecast as fc
from forecast.core import months as mm
from forecast.core.archive import Archive
from forecast.core.errors import ConfigError, DataError
from forecast.core.events import EventCalendar
from forecast.core.results import Forecast, Used
from forecast.study.evaluate.export import BOE_FORECASTS, QUANTILES
from forecast.study.evaluate.lead_time import (
    SUM,
    BreakEven,
    ErrorBin,
    break_even_days,
    error_bins,
    nowcast_table,
    nowcasts,
    publication_days,
    publications,
)

MIRROR = "USA.import.CHN.re_magnets"
EARLY = 20  # days before the target on which the mirror, which tells it, comes out
NAIVE = ("flat", "last")
BAN = event("ban", announced="2021-01-01", effective="2021-01-01")


@dataclass(frozen=True)
class Flat:
    """The mean of all figures known."""

    name: str = "flat"

    def predict(self, vintage, task, rng, answers=()):
        return constant_forecast(vintage, task, float(np.nanmean(vintage.observed(task.series[0]).values)))


@dataclass(frozen=True)
class Last:
    """The last figure known."""

    name: str = "last"

    def predict(self, vintage, task, rng, answers=()):
        return constant_forecast(vintage, task, float(vintage.observed(task.series[0]).values[-1]))


@dataclass(frozen=True)
class Mirrored:
    """The mirror's figure of the month where it is known; else the flat rule missed by a fifth."""

    name: str = "mirrored"

    def predict(self, vintage, task, rng, answers=()):
        month = mm.ordinal(task.months[0])
        seen = vintage.observed(MIRROR)
        known = float(seen.at(month, month)[0])
        return constant_forecast(
            vintage, task, known if np.isfinite(known) else 1.2 * float(np.nanmean(vintage.observed(SERIES).values))
        )


@dataclass(frozen=True)
class Wrong:
    """Twice the flat rule."""

    name: str = "wrong"

    def predict(self, vintage, task, rng, answers=()):
        return constant_forecast(vintage, task, 2.0 * float(np.nanmean(vintage.observed(task.series[0]).values)))


def constant_forecast(vintage, task, value):
    draws = np.full((task.draws, 1, len(task.months)), value)
    return Forecast(task, draws, (Used("made"),), vintage.steps)


@pytest.fixture(scope="module")
def made():
    """Six years of noise about 1000; the mirror is published `EARLY` days before; the last month is known only inside a sum."""
    rng = np.random.default_rng(3)
    values = 1000.0 * (1.0 + 0.2 * rng.standard_normal(72))
    start = mm.ordinal("2018-01")
    table = rows(values[:-2], SERIES, spans=[("2023-11", "2023-12", float(values[-2:].sum()))])
    for i, value in enumerate(values):
        table.append(row(MIRROR, start + i, start + i, value, released(start + i) - dt.timedelta(days=EARLY)))
    return Archive(pd.DataFrame(table), EventCalendar((BAN,)))


@pytest.fixture(scope="module")
def by_day(made):
    models = [Flat(), Last(), Mirrored(), Wrong()]
    past = nowcasts(made, models, SERIES, "2020-06", "2023-12", days=(1, 8, 15, 22, 29, 36), draws=2)
    return nowcast_table(past)


@pytest.fixture(scope="module")
def table(by_day):
    return error_bins(by_day, NAIVE)


def test_questions_are_asked_on_days_before_publication(made, by_day):
    assert set(by_day["days_to_publication"]) == {1, 8, 15, 22, 29, 36}
    assert (by_day["cutoff"] < by_day["published"]).all()
    assert by_day["month"].max() == "2023-10"  # later months have no figure of their own
    assert publication_days(made, SERIES)[mm.ordinal("2022-03")] == released(mm.ordinal("2022-03"))
    truth = made.latest.observed(SERIES)
    month = mm.ordinal("2022-03")
    assert by_day.loc[by_day["month"] == "2022-03", "truth"].unique() == pytest.approx(truth.at(month, month))
    assert set(by_day["regime"]) == {"before", "under control"}
    assert dict(zip(by_day["month"], by_day["jan_mar"], strict=True))["2022-03"] == 1


def test_the_known_break_even_day_is_found(table):
    assert tuple(table.columns) == ErrorBin._fields
    whole = table[(table["regime"] == "all") & (table["jan_mar"] == "all")]
    mirrored = whole[whole["model"] == "mirrored"].set_index("days_to")
    assert (mirrored.loc[[7, 14, 21], "ratio"] < 1e-9).all()
    assert (mirrored.loc[[28, 35, 42], "ratio"] > 1.0).all()
    assert set(mirrored["benchmark"]) == {"flat"}
    found = break_even_days(table)
    assert tuple(found.columns) == BreakEven._fields
    row_of = found.set_index(["model", "regime", "jan_mar"])
    assert row_of.loc[("mirrored", "all", "all"), "break_even"] == 21
    assert row_of.loc[("mirrored", "under control", "all"), "break_even"] == 21
    assert np.isnan(row_of.loc[("wrong", "all", "all"), "break_even"])
    assert row_of.loc[("wrong", "all", "all"), "text"].startswith("none: no day")
    assert "from 21 days before publication" in row_of.loc[("mirrored", "all", "all"), "text"]


def test_gain_and_standard_error_are_the_paired_ones(by_day, table):
    own = table[
        (table["model"] == "wrong") & (table["regime"] == "all") & (table["jan_mar"] == "all") & (table["days_to"] == 7)
    ]
    months = sorted(by_day["month"].unique())
    held = by_day[by_day["month"].isin(months[len(months) // 3 :]) & (by_day["days_to_publication"] == 1)]
    loss = held.assign(loss=(held["mean"] - held["truth"]) ** 2).pivot(index="month", columns="model", values="loss")
    gains = (loss["flat"] - loss["wrong"]) / loss["flat"].mean()
    assert own["n"].item() == len(gains)
    assert own["gain"].item() == pytest.approx(gains.mean())
    assert own["gain_se"].item() == pytest.approx(gains.std(ddof=1) / np.sqrt(len(gains)))
    assert own["rmse"].item() == pytest.approx(np.sqrt(loss["wrong"].mean()))


def test_a_naive_model_that_seldom_answers_does_not_thin_the_choice(by_day):
    months = sorted(by_day["month"].unique())
    training = months[: len(months) // 3]
    seldom = by_day[(by_day["model"] == "mirrored") & ((by_day["month"] == training[-1]) | ~by_day["month"].isin(training))]
    table = error_bins(pd.concat([by_day, seldom.assign(model="seldom")]), ("flat", "last", "seldom"))
    assert set(table["benchmark"]) == {"flat"}
    assert set(table["n_chosen"]) == {len(training)}
    silent = by_day[~(by_day["month"].isin(training) & (by_day["model"] == "flat"))]
    alone = error_bins(silent, NAIVE)  # one that never answered is no choice either
    assert set(alone["benchmark"]) == {"last"}


def test_january_to_march_is_a_block_of_its_own_and_few_months_are_too_few(by_day, table):
    counts = table[(table["model"] == "last") & (table["days_to"] == 7) & (table["regime"] == "all")].set_index("jan_mar")["n"]
    assert counts["Jan-Mar"] + counts["Apr-Dec"] == counts["all"]
    short = break_even_days(error_bins(by_day[by_day["month"] >= "2023-04"], NAIVE))
    assert short["break_even"].isna().all()
    assert short["text"].str.contains("too few").all()


def test_an_early_lead_that_is_lost_again_is_no_break_even_day(table):
    lost = table.copy()
    lost.loc[(lost["model"] == "mirrored") & (lost["days_to"] == 7), "ratio"] = 1.01
    assert break_even_days(lost).set_index(["model", "regime", "jan_mar"]).loc[("mirrored", "all", "all"), "break_even"] != 21


def test_the_bank_of_england_schema_holds_the_days(joined):
    known, _ = joined
    made = nowcasts(known, [Flat(), Last()], SERIES, "2020-06", "2023-12", days=(1, 7, 28), draws=4)
    by_day = nowcast_table(made)
    single = by_day[by_day["months"] == 1].reset_index(drop=True)
    out = fc.to_boe(made)
    assert tuple(out.forecasts.columns) == (*BOE_FORECASTS, "days_to_publication")
    assert len(out.forecasts) == len(single) < len(by_day)
    assert out.forecasts["value"].to_numpy() == pytest.approx(single["mean"].to_numpy())
    assert out.forecasts["vintage_date"].dt.strftime("%Y-%m-%d").to_list() == single["cutoff"].to_list()
    assert out.forecasts["forecast_horizon"].min() == 0  # they count from the first month without a figure
    assert not out.forecasts.duplicated(["date", "vintage_date", "variable", "source"]).any()
    assert not out.outturns["date"].dt.strftime("%Y-%m").isin(["2022-01", "2022-02"]).any()  # derived, never published
    first = out.outturns.groupby(["variable", "date"])["vintage_date"].min().rename("out")
    both = out.forecasts.join(first, on=["variable", "date"])
    assert ((both["out"] - both["vintage_date"]).dt.days == both["days_to_publication"]).all()  # as their NowcastData counts
    assert len(out.densities) == len(QUANTILES) * len(single)


@pytest.fixture(scope="module")
def joined():
    """January and February of 2021 to 2023 were released as one sum on 20 March; those of 2022 were derived apart in June."""
    rng = np.random.default_rng(4)
    values = 1000.0 * (1.0 + 0.2 * rng.standard_normal(72))
    spans = []
    for year in (2021, 2022, 2023):
        at = mm.ordinal(f"{year}-01") - mm.ordinal("2018-01")
        spans.append((f"{year}-01", f"{year}-02", float(values[at : at + 2].sum())))
        values[at : at + 2] = np.nan
    spans.append(("2020-05", "2020-06", 2000.0))  # a sum whose months do not come out together
    values[28:30] = np.nan
    table = pd.DataFrame(rows(values, SERIES, spans=spans))
    first = mm.ordinal("2022-01")
    late = [row(SERIES, first + i, first + i, spans[1][2] * share, dt.date(2022, 6, 20)) for i, share in enumerate((0.4, 0.6))]
    return Archive(pd.concat([table, pd.DataFrame(late).assign(kind="derived")], ignore_index=True)), spans


def test_january_and_february_are_one_question_where_they_came_out_as_one(joined):
    known, spans = joined
    found = [r for r in publications(known, SERIES) if r.last > r.first]
    assert [(mm.period_label(r.first, r.last), r.day) for r in found] == [
        (f"{y}-01/{y}-02", dt.date(y, 3, 20)) for y in (2021, 2022, 2023)
    ]
    assert mm.ordinal("2022-01") not in publication_days(known, SERIES)  # derived after the sum: never published
    made = nowcasts(known, [Flat(), Last()], SERIES, "2020-06", "2023-12", days=(7, 28, 56), draws=4)
    by_day = nowcast_table(made)
    sums = by_day[by_day["months"] == 2]
    assert sorted(sums["month"].unique()) == ["2021-01/2021-02", "2022-01/2022-02", "2023-01/2023-02"]
    assert set(sums["days_to_publication"]) == {7, 28, 56}
    assert not by_day["month"].isin(["2022-01", "2022-02"]).any()
    assert by_day.loc[by_day["months"] == 1, "month"].str.len().max() == 7
    assert not by_day.duplicated(["model", "month", "cutoff"]).any()
    flat = sums[sums["model"] == "flat"]
    assert flat["truth"].to_numpy() == pytest.approx([total for _, _, total in spans[:3] for _ in range(3)])
    for at in flat.itertuples():  # the draws of both months are summed
        assert at.mean == pytest.approx(2.0 * np.nanmean(known.as_of(at.cutoff).observed(SERIES).values))
    assert (sums["jan_mar"] == 1).all()


def test_sums_stand_in_a_block_of_their_own(joined):
    known, _ = joined
    by_day = nowcast_table(nowcasts(known, [Flat(), Last()], SERIES, "2020-06", "2023-12", days=(7, 28), draws=2))
    table = error_bins(by_day, NAIVE)
    sums = table[table["jan_mar"] == SUM]
    assert set(sums["n"]) == {2}  # the first year stands in the third that chooses the naive forecast
    held = sorted(by_day["month"].unique())
    held = by_day[
        by_day["month"].isin(held[len(held) // 3 :]) & (by_day["days_to_publication"] == 7) & (by_day["model"] == "flat")
    ]
    single = held[held["months"] == 1]
    whole = table[(table["model"] == "flat") & (table["regime"] == "all") & (table["days_to"] == 7)].set_index("jan_mar")
    assert whole.loc["all", "rmse"] == pytest.approx(np.sqrt(((single["mean"] - single["truth"]) ** 2).mean()))
    assert whole.loc["all", "n"] == len(single) == whole.loc["Jan-Mar", "n"] + whole.loc["Apr-Dec", "n"]
    found = break_even_days(table).set_index(["model", "regime", "jan_mar"])
    others = set(by_day["model"]) - set(table["benchmark"])
    assert found.loc[(others.pop(), "all", SUM), "text"].endswith("(2): no test, ratio only")


def test_what_cannot_be_asked_is_refused(made):
    with pytest.raises(ConfigError, match="a day before"):
        nowcasts(made, [Flat()], SERIES, "2022-01", "2022-02", days=(0,))
    with pytest.raises(DataError, match="no month"):
        nowcasts(made, [Flat()], SERIES, "2018-02", "2018-04")
