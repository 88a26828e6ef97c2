"""An answer is reused where everything the method read is unchanged, and only there."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from contracts.archives import SERIES, day_after, monthly, rows

from forecast.core import months, registry
from forecast.core.archive import Archive
from forecast.core.errors import TooShortError
from forecast.core.events import EventCalendar
from forecast.core.questions import Task
from forecast.core.results import Forecast, Used
from forecast.study import ask
from forecast.study.nowcast.memo import DependencyCache, tracked_vintage
from forecast.study.nowcast.vintage_diff import releases_between, withhold

OTHER, THIRD = "USA.import.CHN.re_magnets", "USA.import.CHN.gallium"
DAY = day_after("2021-12")
LAST = months.ordinal("2021-12")
ASKED = []  # each question that a Reader is asked


@pytest.fixture(scope="module")
def vintage():
    made = [one for seed, name in enumerate((SERIES, OTHER, THIRD)) for one in rows(monthly(48, seed=seed), name)]
    return Archive(pd.DataFrame(made), EventCalendar()).as_of(DAY)


def task(series=SERIES):
    return Task(DAY, series, ["2022-01"], draws=20)


def without_last(vintage, series):
    """The vintage as if the last figure of a series had not been released."""
    before = vintage.earlier(day_after("2021-11"))
    return withhold(before, vintage, [release for release in releases_between(before, vintage) if release.series == series])


@dataclass(frozen=True)
class Reader:
    """Reads the last figures of some series, or of all."""

    series: tuple[str, ...] = (SERIES,)
    every: bool = False
    own_day: bool = False
    short: bool = False
    name: str = "reader"

    def predict(self, vintage, task, rng, answers=()):
        ASKED.append(1)
        if self.short:
            raise TooShortError("too short")
        seen = vintage.earlier(vintage.day) if self.own_day else vintage
        names = seen.series if self.every else self.series
        value = sum(seen.observed(name).values[-1] for name in names) + sum(a.mean.sum() for a in answers)
        return Forecast(task, np.full((task.draws, 1, 1), value), (Used("reader"),), vintage.steps)


@pytest.mark.parametrize(
    ("method", "again"),
    [
        (Reader(), {SERIES}),
        (Reader((SERIES, OTHER)), {SERIES, OTHER}),
        (Reader(every=True), {SERIES, OTHER, THIRD}),
        (Reader(own_day=True), {SERIES}),
    ],
)
def test_only_what_was_read_counts(vintage, method, again):
    for name in (SERIES, OTHER, THIRD):
        cache, other = DependencyCache(), without_last(vintage, name)
        first = cache.forecast(method, vintage, task())
        ASKED.clear()
        second = cache.forecast(method, other, task())
        assert bool(ASKED) == (name in again)
        assert (second is first) == (name not in again)
        assert np.array_equal(second.draws, ask.answer_or_raise(method, other, task()).draws)


def test_cached_answers_equal_direct_answers(vintage):
    for name in ("ets", "menu", {"use": "combine", "members": ["mean12", "drift"], "how": "inverse"}):
        method = registry.build("model", name)
        cache = DependencyCache(seed=4)
        for seen in (vintage, without_last(vintage, OTHER), without_last(vintage, SERIES)):
            np.testing.assert_allclose(
                cache.forecast(method, seen, task()).draws, ask.answer_or_raise(method, seen, task(), 4).draws, rtol=1e-9
            )


def test_an_answer_depends_on_what_its_required_answers_depend_on(vintage):
    @dataclass(frozen=True)
    class Outer(Reader):
        def asks(self, vintage, task):
            return [("mean12", Task(task.day, OTHER, task.months, draws=task.draws))]

    method, cache = Outer(), DependencyCache()
    first = cache.forecast(method, vintage, task())
    assert cache.forecast(method, without_last(vintage, THIRD), task()) is first
    assert cache.forecast(method, without_last(vintage, OTHER), task()) is not first
    # the inner answer is reused, and still counts for the outer one
    fresh = Outer(short=False, series=(THIRD,))
    cache.forecast(fresh, vintage, task())
    entry = cache.entry(fresh, vintage, task())
    assert set(entry.figures) == {OTHER, THIRD}


def test_the_list_of_all_series_counts_where_it_was_asked_for(vintage):
    @dataclass(frozen=True)
    class Counter(Reader):
        def predict(self, vintage, task, rng, answers=()):
            return Forecast(task, np.full((task.draws, 1, 1), float(len(vintage.series))), (Used("n"),), vintage.steps)

    cache, method = DependencyCache(), Counter()
    first = cache.forecast(method, vintage, task())
    assert cache.forecast(method, without_last(vintage, OTHER), task()) is first
    fewer = vintage.hide(OTHER, 0)
    assert cache.forecast(method, fewer, task()).mean.item() == 2.0


def test_regressors_and_events_count_always(vintage):
    cache, method = DependencyCache(), Reader()
    first = cache.forecast(method, vintage, task())
    assert cache.forecast(method, replace(vintage, controls={(SERIES, "ships"): {LAST: 1.0}}), task()) is not first


def test_a_failure_is_raised_each_time_and_cached_among_many(vintage):
    cache, method = DependencyCache(), Reader(short=True)
    for _ in range(2):
        with pytest.raises(TooShortError):
            cache.forecast(method, vintage, task())
    ASKED.clear()
    assert [answer.reason for answer in cache.answers(method, [(task(), vintage)] * 2)] == ["too short"] * 2
    assert len(ASKED) == 1


def test_a_tracked_vintage_has_the_same_content(vintage):
    seen = tracked_vintage(vintage, {})
    assert seen.fingerprint() == vintage.fingerprint()
    assert tracked_vintage(vintage, {}).earlier("2020-06-01").fingerprint() == vintage.earlier("2020-06-01").fingerprint()
    again = tracked_vintage(vintage, {})
    assert again.earlier(DAY).knows(OTHER)
    assert OTHER in again.cells.series


def test_a_series_is_assembled_once_for_all_vintages_with_its_cells(vintage):
    assembled = {}
    one, two = (tracked_vintage(vintage, assembled).observed(vintage.series[0]) for _ in range(2))
    assert one is two
    last = max(c.last for c in vintage.cells[vintage.series[0]])
    hidden = tracked_vintage(vintage.hide(vintage.series[0], last), assembled).observed(vintage.series[0])
    assert hidden.last < one.last
