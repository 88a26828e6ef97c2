"""One look of the factor model answers for every set of arriving figures, exactly as asking it for each would."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecast.core import months
from forecast.core.questions import Task
from forecast.core.vintage import Cell, Vintage
from forecast.models.factor import Factor
from forecast.study.nowcast.arrivals import arrivals_of
from forecast.study.nowcast.news import news
from forecast.study.nowcast.vintage_diff import Change, Release, releases_between

NAMES = ("a", "b", "c", "d", "e")
FIRST, SIZE = months.ordinal("2019-01"), 60
BEFORE, AFTER = dt.date(2023, 12, 1), dt.date(2024, 1, 20)


def published(*, nonnegative, zero=False):
    """Five series on one factor: figures of the last two months arrive on some days, one month is revised."""
    rng = np.random.default_rng(4)
    factor = np.zeros(SIZE)
    for t in range(1, SIZE):
        factor[t] = 0.7 * factor[t - 1] + rng.standard_normal()
    z = factor[:, None] * [1.0, 0.9, -0.8, 0.7, 0.6] + 0.6 * rng.standard_normal((SIZE, 5))
    values = 1000 * np.exp(0.2 * z) if nonnegative else z
    values[20, 1] = np.nan
    if zero:
        values[-1, 2] = 0.0
    rows = []
    for j, name in enumerate(NAMES):
        for t in range(SIZE - (name == "a")):
            late = t - (SIZE - 2)
            day = dt.date(2019, 1, 5) if late < 0 else (dt.date(2024, 1, 10 + late) if j % 2 else dt.date(2024, 1, 12))
            if np.isfinite(values[t, j]):
                rows.append((name, t, float(values[t, j]), day, dt.date.max))
    rows = [r if r[:2] != ("d", 50) else (*r[:4], dt.date(2024, 1, 11)) for r in rows]
    rows.append(("d", 50, float(values[49, 3]), dt.date(2024, 1, 11), dt.date.max))
    return rows


class Known:
    """Vintages of the published figures."""

    def __init__(self, **options):
        self.rows, self.nonnegative, self.kept = published(**options), options["nonnegative"], {}
        self.series, self.events = NAMES, ()

    def states(self, series):
        return tuple(
            Cell(FIRST + t, FIRST + t, v, released=day, until=until) for s, t, v, day, until in self.rows if s == series
        )

    def as_of(self, day):
        day = months.parse_day(day)
        if day not in self.kept:
            cells = {s: tuple(c for c in self.states(s) if c.released <= day < c.until) for s in NAMES}
            self.kept[day] = Vintage(day, {s: c for s, c in cells.items() if c}, past=self.as_of, nonnegative=self.nonnegative)
        return self.kept[day]


def table(known, *, asked="a", month="2023-12"):
    return news(Factor(), known, Task(BEFORE, asked, [month], draws=300), BEFORE, AFTER)


@pytest.mark.parametrize("options", [{"nonnegative": True}, {"nonnegative": False}, {"nonnegative": True, "zero": True}])
@pytest.mark.parametrize("asked", ["a", "b"])
def test_impacts_are_those_of_asking_for_every_set(options, asked, monkeypatch):
    quick = table(Known(**options), asked=asked)
    monkeypatch.delattr(Factor, "means_by_arrivals")
    slow = table(Known(**options), asked=asked)
    told = ["kind", "series", "release_month", "actual", "nowcast_from", "nowcast_to", "impact"]
    assert len(quick) > 5
    assert {"new", "revision", *(["estimation"] if asked == "a" else [])} <= set(quick["kind"])
    size = float(np.abs(slow["nowcast_to"]).max())
    pd.testing.assert_frame_equal(quick[told], slow[told], rtol=1e-9, atol=1e-9 * size)
    assert quick["impact"].sum() == pytest.approx((quick["nowcast_to"] - quick["nowcast_from"]).iloc[0], abs=1e-9 * size)


def test_one_look_is_taken_for_all_sets(monkeypatch):
    """The model is asked a few times, however many sets of figures the shares rest on."""
    asked = []
    plain = Factor.predict
    monkeypatch.setattr(Factor, "predict", lambda self, *given: asked.append(1) or plain(self, *given))
    table(Known(nonnegative=False))
    assert len(asked) < 20


def test_the_expectation_is_the_models_own():
    """Where nothing else arrives, that of a figure is the smoothed month of its series."""
    known = Known(nonnegative=False)
    rows = table(known)
    first = rows[rows["series"].eq("b") & rows["release_month"].eq("2023-11")].iloc[0]
    alone = Factor().predict(known.as_of(BEFORE), Task(BEFORE, "b", ["2023-11"], draws=300), np.random.default_rng(0))
    assert first["expected"] == pytest.approx(alone.mean[0, 0], abs=0.15)


def test_what_is_more_than_single_months_of_others_is_no_arrival():
    before, after = (Known(nonnegative=True).as_of(day) for day in (BEFORE, AFTER))
    month = Cell(FIRST + 59, FIRST + 59, 2.0)
    arrival = Release("new", "", "b", (Change("b", None, month),))
    (found,) = arrivals_of(arrival, ("a",), before, after)
    assert (found.series, found.month, found.after) == ("b", FIRST + 59, 2.0)
    assert np.isnan(found.before)
    assert arrivals_of(arrival, ("b",), before, after) is None
    assert arrivals_of(Release("calendar", "events", "x", event="x"), ("a",), before, after) is None
    whole = Release("new", "", "b", (Change("b", None, Cell(FIRST + 58, FIRST + 59, 4.0)),))
    assert arrivals_of(whole, ("a",), before, after) is None
    zero = replace(after, cells={**after.cells, "b": (*after.cells["b"], Cell(FIRST + 58, FIRST + 59, 0.0, status="zero"))})
    assert arrivals_of(arrival, ("a",), before, zero) is None


@pytest.mark.parametrize(("former", "kinds"), [(None, ["new"]), (1.0, ["new", "revision"])])
def test_a_sum_is_the_same_news_as_its_last_month_where_both_are_new(former, kinds):
    month, whole = Cell(FIRST + 5, FIRST + 5, 2.0), Cell(FIRST + 3, FIRST + 5, 9.0)
    held = () if former is None else (replace(month, value=former),)
    before, after = (Vintage(BEFORE, {"a": (Cell(FIRST, FIRST, 1.0), *own)}) for own in (held, (month, whole)))
    assert sorted(release.kind for release in releases_between(before, after)) == kinds
