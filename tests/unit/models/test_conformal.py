"""The conformal wrapper: pooled over series, honest about few errors, blind to the future."""

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import pytest
from contracts.archives import SERIES, archive, day_after, event, monthly, rows

from forecast.core import months as mm, registry
from forecast.core.archive import Archive
from forecast.core.errors import ConfigError, TooShortError
from forecast.core.events import EventCalendar
from forecast.core.panel import panel
from forecast.core.questions import Task
from forecast.prep.past_origins import past_origins
from forecast.study.ask import answer, answer_many, answer_or_raise
from forecast.study.data.corrupt_future import corrupt_archive

NAMES = [f"CHN.export.{code}.re_magnets" for code in ("USA", "DEU", "JPN", "KOR", "VNM", "THA", "MEX", "IND", "FRA", "GBR")]


def wide_panel(series=60, n=48, sd=0.1, ahead=4, seed=0, tail=None):
    """Noise about a constant, `sd` of it; and the figures that come."""
    rng = np.random.default_rng(seed)
    size = np.full(series, sd) if tail is None else tail
    values = 100.0 * np.exp(size[:, None] * rng.standard_normal((series, n + ahead)))
    names = [f"s{i}" for i in range(series)]
    table = pd.DataFrame({"unit": np.repeat(names, n), "t": np.tile(np.arange(n), series), "y": values[:, :n].ravel()})
    return panel(table, unit="unit", time="t", value="y", nonnegative=True), names, values[:, n:]


def ask(vintage, series, asked, draws=400, seed=0, **options):
    model = registry.build("model", {"use": "conformal", "inner": "mean12", **options})
    return answer_or_raise(model, vintage, Task(vintage.day, series, asked, draws=draws), seed)


def many(events=(), n=72):
    """An archive of ten series."""
    table = [r for i, name in enumerate(NAMES) for r in rows(monthly(n, seed=i), name)]
    return Archive(pd.DataFrame(table), EventCalendar(tuple(events)))


def test_bands_of_a_narrow_model_are_widened():
    """The inner model's bands are made a third as wide; its past errors tell, and the wrapper covers."""
    vintage, names, truth = wide_panel(series=80)
    asked = [str(48 + h) for h in range(4)]
    inner = ask(vintage, names, asked, inner="mean12", origins=3)
    model = registry.build("model", {"use": "conformal", "inner": "mean12"})
    past = model._past(vintage, Task(vintage.day, names, asked, draws=400))

    def narrowed(forecast):
        middle = np.median(forecast.draws, axis=0)
        return dataclasses.replace(forecast, draws=middle + (forecast.draws - middle) / 3.0)

    base = registry.build("model", "mean12")
    now = [narrowed(answer_or_raise(base, vintage, Task(vintage.day, s, asked, draws=400))) for s in names]
    then = [narrowed(answer_or_raise(base, q.vintage, q.task)) for q in past]
    made = model.predict(vintage, Task(vintage.day, names, asked, draws=400), np.random.default_rng(0), [*now, *then])

    def covered(forecast):
        low, high = np.quantile(forecast.draws, [0.1, 0.9], axis=0)
        return np.mean((low <= truth) & (truth <= high))

    own = np.mean([covered_one(a, t) for a, t in zip(now, truth, strict=True)])
    assert own < 0.45
    assert 0.72 < covered(made) < 0.88
    assert 0.72 < covered(inner) < 0.88


def covered_one(forecast, truth):
    low, high = np.quantile(forecast.draws[:, 0], [0.1, 0.9], axis=0)
    return np.mean((low <= truth) & (truth <= high))


def test_one_short_series_keeps_the_inner_bands_and_says_so():
    vintage, _names, _ = wide_panel(series=1)
    made = ask(vintage, "s0", ["48", "49"])
    (used,) = made.used
    assert used.notes[0] == "the bands are the inner model's own: 3 past errors where 9 are needed for one of 80 per cent"
    assert "bands from past errors" not in used.model


def test_few_errors_never_make_a_wide_band():
    """Twelve windows support a band of 11/13 = 85 per cent; the notes say where the rest comes from."""
    vintage, names, _ = wide_panel(series=4)
    made = ask(vintage, names, ["48"], origins=3, step=1)
    assert any("up to 85 per cent" in note for note in made.used[0].notes)
    inner = answer_or_raise(registry.build("model", "mean12"), vintage, Task(vintage.day, "s0", ["48"], draws=400))
    low, high = np.quantile(made.of("s0"), [0.025, 0.975])
    assert low <= np.quantile(inner.draws, 0.025) + 1e-9 or low <= made.of("s0").min() * 1.001
    assert high >= np.quantile(inner.draws, 0.975) - 1e-9


def test_one_long_series_learns_from_its_own_origins():
    vintage, _names, _ = wide_panel(series=1, n=140)
    made = ask(vintage, "s0", ["140"], origins=60, step=1)
    assert "bands from past errors" in made.used[0].model


def test_median_and_dependence_of_the_inner_model_stay():
    vintage, names, _ = wide_panel(series=20)
    asked = [str(48 + h) for h in range(3)]
    made = ask(vintage, names, asked, inner="drift")
    inner = answer_or_raise(registry.build("model", "drift"), vintage, Task(vintage.day, "s3", asked, draws=400))
    ours = made.of("s3")
    assert np.allclose(np.median(ours, axis=0), np.median(inner.draws[:, 0], axis=0), rtol=0.01)
    assert np.corrcoef(ours.T)[0, 2] == pytest.approx(np.corrcoef(inner.draws[:, 0].T)[0, 2], abs=0.15)
    assert made.draws.min() >= 0


def test_a_noisier_series_gets_wider_bands():
    tail = np.r_[np.full(30, 0.05), np.full(10, 0.4)]
    vintage, names, truth = wide_panel(series=40, tail=tail, n=60)
    made = ask(vintage, names, ["60", "61", "62", "63"])
    low, high = np.quantile(made.draws, [0.1, 0.9], axis=0)
    width = np.log(high / np.maximum(low, 1e-9)).mean(axis=1)
    assert width[30:].mean() > 4 * width[:30].mean()
    assert 0.65 < np.mean((low <= truth) & (truth <= high)) < 0.92


# --- nothing from the future ------------------------------------------------------------------------------------------


def test_the_future_changes_nothing():
    known = many(events=(event(),))
    day = day_after("2022-06")
    asked = mm.months("2022-07", "2022-09")
    one, two = (ask(a.as_of(day), NAMES, asked, inner="drift") for a in (known, corrupt_archive(known, day)))
    assert np.array_equal(one.draws, two.draws)
    assert one.used == two.used


def test_past_questions_stand_on_days_before_their_answers():
    vintage = many().as_of(day_after("2022-06"))
    found = past_origins(vintage, Task(vintage.day, NAMES, mm.months("2022-07", "2022-12")), 3)
    assert len(found) == 3 * len(NAMES)
    for past in found:
        assert past.vintage.day < vintage.day
        assert past.vintage.last_month(past.task.series[0]) == past.origin
        assert past.leads.min() == 1
        assert len(past.truth) == len(past.leads) <= 6


def test_on_a_panel_the_later_months_of_all_series_are_hidden():
    vintage, names, _ = wide_panel(series=5)
    for past in past_origins(vintage, Task(vintage.day, names, ["48", "49", "50"]), 3):
        assert all(past.vintage.last_month(s) == past.origin for s in names)


def test_errors_come_from_the_day_of_the_parameters():
    """With `fitted_on` no figure released after that day enters the bands' scale."""
    known = many()
    day, early = day_after("2022-06"), day_after("2021-06")
    vintage = known.as_of(day)
    task = Task(day, NAMES, mm.months("2022-07", "2022-09"), fitted_on=early)
    for past in past_origins(vintage, task, 3):
        assert past.vintage.day < early
        assert past.origin + past.leads.max() <= mm.ordinal("2021-06")


# --- regimes ----------------------------------------------------------------------------------------------------------


def test_errors_under_control_make_the_bands_under_control():
    """All series fall into noise twenty months ago; bands now rest on errors made since."""
    ban = event("ban", "2021-01-01", "2021-01-15")
    rng = np.random.default_rng(7)
    table = []
    for i, name in enumerate(NAMES):
        values = monthly(n=60, seed=i)
        values[36:] *= np.exp(0.6 * rng.standard_normal(24))
        table += rows(values, name)
    known = Archive(pd.DataFrame(table), EventCalendar((ban,)))
    vintage = known.as_of(day_after("2022-12"))
    made = ask(vintage, NAMES, mm.months("2023-01", "2023-03"), origins=6, step=6)
    assert any("past windows under control" in note for note in made.used[0].notes)
    pooled = ask(vintage, NAMES, mm.months("2023-01", "2023-03"), origins=6, step=6, regimes=False)
    assert not any("under control" in note for note in pooled.used[0].notes)


# --- questions about the wrapper --------------------------------------------------------------------------------------


def test_a_series_that_cannot_be_answered_is_named():
    vintage, names, _ = wide_panel(series=3)
    short = panel(pd.DataFrame({"t": np.arange(3), "y": [1.0, 2.0, 3.0]}), time="t", value="y", nonnegative=True)
    joined = dataclasses.replace(vintage, cells={**vintage.cells, "short": short.cells["y"]})
    with pytest.raises(TooShortError) as caught:
        ask(joined, [*names, "short"], ["48"])
    assert caught.value.where == "short"
    assert caught.value.problem.startswith("1 of 4 series not answered")


def test_options_are_checked():
    with pytest.raises(ConfigError, match="above zero"):
        registry.build("model", {"use": "conformal", "origins": 0})


@pytest.mark.parametrize("adapt", ["aci", "pid"])
def test_bands_may_follow_coverage(adapt):
    vintage, names, truth = wide_panel(series=20, n=60)
    made = ask(vintage, names, [str(60 + h) for h in range(4)], origins=10, step=2, adapt=adapt)
    low, high = np.quantile(made.draws, [0.1, 0.9], axis=0)
    assert 0.6 < np.mean((low <= truth) & (truth <= high)) < 0.95


def stormy(at=40, n=64):
    """Three flows about a constant, whose noise is four times as large from month `at` on."""
    rng = np.random.default_rng(5)
    size = np.where(np.arange(n) < at, 0.05, 0.2)
    return Archive(pd.DataFrame([r for s in NAMES[:3] for r in rows(1000 * np.exp(size * rng.standard_normal(n)), s)]))


def month_by_month(known, adapt, memo, first=41, count=10):
    """Whether each month's figures lay in the band of 80 per cent made the month before, and the last answer."""
    words = {"use": "conformal", "inner": "mean12", "origins": 16, "step": 1, "adapt": adapt, "rate": 0.15}
    model, hits = registry.build("model", words), []
    for m in range(mm.ordinal("2018-01") + first, mm.ordinal("2018-01") + first + count):
        then = known.as_of(day_after(mm.label(m - 1)))
        made = answer(model, then, Task(then.day, NAMES[:3], [mm.label(m)], draws=200), 1, memo)
        low, high = np.quantile(made.draws[:, :, 0], [0.1, 0.9], axis=0)
        truth = np.array([known.latest.observed(s).at(m, m)[0] for s in NAMES[:3]])
        hits.append(np.mean((low <= truth) & (truth <= high)))
    return np.mean(hits), made


def test_cover_drifts_and_is_won_back_month_by_month():
    """The noise grows: pooled errors alone cover far too little for a year, bands that follow come back."""
    known, memo = stormy(), {}
    plain, _ = month_by_month(known, "none", memo)
    followed, last = month_by_month(known, "aci", memo)
    controlled, _ = month_by_month(known, "pid", memo)
    assert plain < 0.6
    assert followed > plain + 0.1
    assert controlled > plain
    assert "aci: follows the coverage of 16 earlier origins" in last.used[0].notes


@pytest.mark.parametrize("adapt", ["aci", "pid"])
def test_what_is_followed_is_replayed_from_the_vintage_alone(adapt):
    """Asked for the first time, or after a year of months: the same; and nothing that came later enters."""
    known = stormy()
    _, after = month_by_month(known, adapt, {}, 50, 3)
    _, fresh = month_by_month(known, adapt, {}, 52, 1)
    assert np.array_equal(after.draws, fresh.draws)
    other = corrupt_archive(known, after.task.day)
    model = {"use": "conformal", "inner": "mean12", "origins": 16, "step": 1, "adapt": adapt, "rate": 0.15}
    then = other.as_of(after.task.day)
    assert np.array_equal(answer(registry.build("model", model), then, after.task, 1).draws, after.draws)


def test_months_inside_a_published_sum_keep_it():
    values = monthly()
    total = values[58:60].sum()
    values[58:60] = np.nan
    table = [r for i, n in enumerate(NAMES) for r in rows(monthly(60, seed=i), n)]
    table = [r for r in table if r["series"] != SERIES] + rows(values[:60], SERIES, spans=[("2022-11", "2022-12", total)])
    then = Archive(pd.DataFrame(table)).as_of(day_after("2022-12"))
    made = ask(then, (SERIES, *NAMES), mm.months("2022-11", "2023-01"))
    assert np.allclose(made.span(SERIES, mm.ordinal("2022-11"), mm.ordinal("2022-12")), total, rtol=1e-6)


def test_the_default_model_is_named_once():
    import forecast as fc

    assert fc.model().name == registry.DEFAULT_MODEL
    assert registry.build("model", registry.DEFAULT_MODEL).inner == "two_part"
    known = archive().as_of(day_after("2022-12"))
    made = fc.predict(fc.model(), known, Task(known.day, SERIES, mm.months("2023-01", "2023-03"), draws=100))
    assert made.used[0].model.startswith("mean of ")
    assert known.day > dt.date(2022, 1, 1)


@pytest.mark.parametrize("spec", ["ets", {"use": "combine", "members": ["drift", "mean12"]}])
def test_a_batch_of_questions_gives_the_answers_of_single_ones(spec):
    vintage, names, _ = wide_panel(series=4)
    model = registry.build("model", spec)
    tasks = [Task(vintage.day, name, ["48", "49"], draws=60) for name in [*names, names[0]]]
    many_ = answer_many(model, [(task, vintage) for task in tasks])
    for task, made in zip(tasks, many_, strict=True):
        assert np.allclose(made.draws, answer_or_raise(model, vintage, task).draws, rtol=1e-9)
    assert np.array_equal(many_[0].draws, many_[-1].draws)
