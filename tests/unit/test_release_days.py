"""Release days: a break-even day that is known is found, and "none" is an answer."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from contracts.archives import SERIES, event, released, row, rows

from forecast.core import months as mm
from forecast.core.archive import Archive
from forecast.core.errors import ConfigError, DataError
from forecast.core.events import EventCalendar
from forecast.core.results import Forecast, Used
from forecast.study.export import BOE_FORECASTS, boe
from forecast.study.release_days import BINS, BREAK_EVEN, bins, break_even, by_day, nowcasts, published

MIRROR = "USA.import.CHN.re_magnets"
EARLY = 20  # days before the target on which the mirror, which tells it, comes out
NAIVE = ("flat", "last")
BAN = event("ban", announced="2021-01-01", effective="2021-01-01")


@dataclass(frozen=True)
class Flat:
    """The mean of all figures known."""

    name: str = "flat"

    def predict(self, vintage, task, rng, answers=()):
        return said(vintage, task, float(np.nanmean(vintage.observed(task.series[0]).values)))


@dataclass(frozen=True)
class Last:
    """The last figure known."""

    name: str = "last"

    def predict(self, vintage, task, rng, answers=()):
        return said(vintage, task, float(vintage.observed(task.series[0]).values[-1]))


@dataclass(frozen=True)
class Mirrored:
    """The mirror's figure of the month where it is known; else the flat rule missed by a fifth."""

    name: str = "mirrored"

    def predict(self, vintage, task, rng, answers=()):
        month = mm.ordinal(task.months[0])
        seen = vintage.observed(MIRROR)
        known = float(seen.at(month, month)[0])
        return said(vintage, task, known if np.isfinite(known) else 1.2 * float(np.nanmean(vintage.observed(SERIES).values)))


@dataclass(frozen=True)
class Wrong:
    """Twice the flat rule."""

    name: str = "wrong"

    def predict(self, vintage, task, rng, answers=()):
        return said(vintage, task, 2.0 * float(np.nanmean(vintage.observed(task.series[0]).values)))


def said(vintage, task, value):
    draws = np.full((task.draws, 1, len(task.months)), value)
    return Forecast(task, draws, (Used("made"),), vintage.steps)


@pytest.fixture(scope="module")
def made():
    """Six years of noise about 1000; the mirror is out `EARLY` days before; the last month is known only inside a sum."""
    rng = np.random.default_rng(3)
    values = 1000.0 * (1.0 + 0.2 * rng.standard_normal(72))
    start = mm.ordinal("2018-01")
    table = rows(values[:-2], SERIES, spans=[("2023-11", "2023-12", float(values[-2:].sum()))])
    for i, value in enumerate(values):
        table.append(row(MIRROR, start + i, start + i, value, released(start + i) - dt.timedelta(days=EARLY)))
    return Archive(pd.DataFrame(table), EventCalendar((BAN,)))


@pytest.fixture(scope="module")
def told(made):
    models = [Flat(), Last(), Mirrored(), Wrong()]
    past = nowcasts(made, models, SERIES, "2020-06", "2023-12", days=(1, 8, 15, 22, 29, 36), draws=2)
    return by_day(past)


@pytest.fixture(scope="module")
def table(told):
    return bins(told, NAIVE)


def test_questions_stand_on_days_before_publication(made, told):
    assert set(told["days_to_publication"]) == {1, 8, 15, 22, 29, 36}
    assert (told["cutoff"] < told["published"]).all()
    assert told["month"].max() == "2023-10"  # later months have no figure of their own
    assert published(made, SERIES)[mm.ordinal("2022-03")] == released(mm.ordinal("2022-03"))
    truth = made.latest.observed(SERIES)
    month = mm.ordinal("2022-03")
    assert told.loc[told["month"] == "2022-03", "truth"].unique() == pytest.approx(truth.at(month, month))
    assert set(told["regime"]) == {"before", "under control"}
    assert dict(zip(told["month"], told["jan_mar"], strict=True))["2022-03"] == 1


def test_the_known_break_even_day_is_found(table):
    assert tuple(table.columns) == BINS
    whole = table[(table["regime"] == "all") & (table["jan_mar"] == "all")]
    mirrored = whole[whole["model"] == "mirrored"].set_index("days_to")
    assert (mirrored.loc[[7, 14, 21], "ratio"] < 1e-9).all()
    assert (mirrored.loc[[28, 35, 42], "ratio"] > 1.0).all()
    assert set(mirrored["benchmark"]) == {"flat"}
    found = break_even(table)
    assert tuple(found.columns) == BREAK_EVEN
    row_of = found.set_index(["model", "regime", "jan_mar"])
    assert row_of.loc[("mirrored", "all", "all"), "break_even"] == 21
    assert row_of.loc[("mirrored", "under control", "all"), "break_even"] == 21
    assert np.isnan(row_of.loc[("wrong", "all", "all"), "break_even"])
    assert row_of.loc[("wrong", "all", "all"), "text"].startswith("none: no day")
    assert "from 21 days before publication" in row_of.loc[("mirrored", "all", "all"), "text"]


def test_gain_and_standard_error_are_the_paired_ones(told, table):
    own = table[
        (table["model"] == "wrong") & (table["regime"] == "all") & (table["jan_mar"] == "all") & (table["days_to"] == 7)
    ]
    months = sorted(told["month"].unique())
    held = told[told["month"].isin(months[len(months) // 3 :]) & (told["days_to_publication"] == 1)]
    loss = held.assign(loss=(held["mean"] - held["truth"]) ** 2).pivot(index="month", columns="model", values="loss")
    gains = (loss["flat"] - loss["wrong"]) / loss["flat"].mean()
    assert own["n"].item() == len(gains)
    assert own["gain"].item() == pytest.approx(gains.mean())
    assert own["gain_se"].item() == pytest.approx(gains.std(ddof=1) / np.sqrt(len(gains)))
    assert own["rmse"].item() == pytest.approx(np.sqrt(loss["wrong"].mean()))


def test_january_to_march_stands_apart_and_few_months_are_too_few(told, table):
    counts = table[(table["model"] == "last") & (table["days_to"] == 7) & (table["regime"] == "all")].set_index("jan_mar")["n"]
    assert counts["Jan-Mar"] + counts["Apr-Dec"] == counts["all"]
    short = break_even(bins(told[told["month"] >= "2023-04"], NAIVE))
    assert short["break_even"].isna().all()
    assert short["text"].str.contains("too few").all()


def test_an_early_lead_that_is_lost_again_is_no_break_even_day(table):
    lost = table.copy()
    lost.loc[(lost["model"] == "mirrored") & (lost["days_to"] == 7), "ratio"] = 1.01
    assert break_even(lost).set_index(["model", "regime", "jan_mar"]).loc[("mirrored", "all", "all"), "break_even"] != 21


def test_the_bank_of_england_schema_holds_the_days(made, told):
    seen = [
        {"series": s, "period": made.latest.steps.period(c.first, c.last), "value": c.value, "released": c.released.isoformat()}
        for s in (SERIES, MIRROR)
        for c in made.latest.cells[s]
    ]
    out = boe(told, pd.DataFrame(seen))
    assert tuple(out.forecasts.columns) == (*BOE_FORECASTS, "days_to_publication")
    assert out.forecasts["days_to_publication"].to_list() == told["days_to_publication"].to_list()
    assert out.forecasts["value"].to_numpy() == pytest.approx(told["mean"].to_numpy())


def test_what_cannot_be_asked_is_refused(made):
    with pytest.raises(ConfigError, match="a day before"):
        nowcasts(made, [Flat()], SERIES, "2022-01", "2022-02", days=(0,))
    with pytest.raises(DataError, match="no month"):
        nowcasts(made, [Flat()], SERIES, "2018-02", "2018-04")
