"""What every model promises. The list is the folder `forecast/models`: a new file is tested by being there."""

import contextlib
import datetime as dt
import importlib.util

import numpy as np
import pytest

from contracts.archives import FIRST, SERIES, archive, day_after, event, monthly
from forecast.core import months as mm, registry
from forecast.core.contracts import EXEMPTIONS, exemptions
from forecast.core.errors import TooShortError
from forecast.core.panel import panel
from forecast.core.questions import Task
from forecast.core.results import Forecast
from forecast.study.ask import answer, answer_or_raise
from forecast.study.data.corrupt_future import corrupt_archive

NEEDS = {"prophet": "prophet"}  # models whose library is an extra, and starts slowly: asked in a few tests only
QUICK = [name for name in registry.names("model") if name not in NEEDS]
DRAWS = 200


def _installed(name):
    missing = name in NEEDS and importlib.util.find_spec(NEEDS[name]) is None
    return pytest.param(name, marks=pytest.mark.skipif(missing, reason=f"the extra '{NEEDS.get(name)}' is not installed"))


every_model = pytest.mark.parametrize("name", [_installed(name) for name in registry.names("model")])
quick_model = pytest.mark.parametrize("name", QUICK)


def ask(name, vintage, asked, seed=0, series=SERIES, draws=DRAWS):
    return answer(registry.build("model", name), vintage, Task(vintage.day, series, asked, draws=draws), seed)


def ahead(vintage, count=6, series=SERIES):
    last = vintage.last_month(series)
    return mm.months(mm.label(last + 1), mm.label(last + count))


def draws_of(name, vintage, asked=None, **more):
    made = ask(name, vintage, asked or ahead(vintage), **more)
    assert isinstance(made, Forecast), made
    return made.draws


def sane(draws, low, high):
    """Finite, not negative, and the medians of the first three months within bounds."""
    assert np.isfinite(draws).all()
    assert draws.min() >= 0
    middle = np.median(draws[:, 0, :3], axis=0)
    assert low <= middle.min()
    assert middle.max() <= high


@contextlib.contextmanager
def promise(name, word):
    """What stands inside is asked of every model; of one that declares itself exempt from it, it must fail."""
    exempt = word in exemptions(registry.get("model", name))
    try:
        yield
    except AssertionError:
        if not exempt:
            raise
        pytest.skip(f"{name} is exempt: it does not promise that {EXEMPTIONS[word]}")
    assert not exempt, f"{name} declares itself exempt from '{word}', but keeps the promise: remove it from `exempt_from`"


@pytest.mark.parametrize("name", registry.names("model"))
def test_exemptions_are_known(name):
    assert set(exemptions(registry.get("model", name))) <= set(EXEMPTIONS)


@pytest.fixture(scope="module")
def vintage():
    return archive().as_of(day_after("2022-12"))


# --- the answer -------------------------------------------------------------------------------------------------------


@every_model
def test_shape_support_and_what_was_used(name, vintage):
    made = ask(name, vintage, ahead(vintage, 9))
    assert isinstance(made, Forecast), made
    assert made.draws.shape == (DRAWS, 1, 9)
    recent = monthly()[48:60]
    sane(made.draws, recent.min() * 0.6, recent.max() * 1.7)
    assert np.ptp(made.draws[:, 0, 0]) > 0
    (used,) = made.used
    assert used.model
    assert used.scale or name == "combine"


@quick_model
def test_same_seed_same_draws(name, vintage):
    assert np.array_equal(draws_of(name, vintage, ahead(vintage, 3)), draws_of(name, vintage, ahead(vintage, 3)))


@quick_model
def test_another_seed_other_draws(name, vintage):
    assert not np.array_equal(draws_of(name, vintage), draws_of(name, vintage, seed=1))


@quick_model
def test_a_batch_gives_the_answers_of_single_questions(name):
    method = registry.build("model", name)
    if not hasattr(method, "predict_many"):
        pytest.skip("answers one question at a time")
    known = archive()
    asked = []
    for label in ("2021-05", "2019-11", "2022-12", "2018-02"):
        then = known.as_of(day_after(label))
        asked.append((then, Task(then.day, SERIES, ahead(then, 4), draws=DRAWS)))
    many = method.predict_many(asked, [np.random.default_rng(5) for _ in asked], [()] * len(asked))
    for (then, task), made in zip(asked[:3], many[:3], strict=True):
        alone = method.predict(then, task, np.random.default_rng(5))
        assert np.allclose(alone.draws, made.draws, rtol=1e-9)
        assert alone.used == made.used
    assert not isinstance(many[3], Forecast)


@quick_model
def test_two_series_are_one_question(name):
    import pandas as pd

    from contracts.archives import rows
    from forecast.core.archive import Archive

    other = "CHN.export.WLD.gallium"
    both = Archive(pd.DataFrame(rows(monthly()) + rows(monthly(seed=2, level=5.0), other)))
    then = both.as_of(day_after("2022-12"))
    draws = draws_of(name, then, ahead(then, 3), series=(SERIES, other))
    assert draws.shape == (DRAWS, 2, 3)
    assert np.median(draws[:, 0]) > 50 * np.median(draws[:, 1])


# --- nothing from the future ------------------------------------------------------------------------------------------


LAPSING = event("lapsing", "2019-05-01", "2019-06-01", end=dt.date(2022, 5, 1), end_announced=dt.date(2022, 10, 1))


@quick_model
@pytest.mark.parametrize("events", [(), (event(), LAPSING)], ids=["plain", "events"])
def test_the_future_changes_nothing(name, events):
    known = archive(events=events)
    day = day_after("2022-06")
    assert corrupt_archive(known, day).as_of("2030-01-01").observed(SERIES).values.max() > 1e8
    one, two = (ask(name, a.as_of(day), ahead(a.as_of(day))) for a in (known, corrupt_archive(known, day)))
    assert np.array_equal(one.draws, two.draws)
    assert one.used == two.used  # nor is an event that nobody knew of named among those left out


@pytest.mark.parametrize("name", [_installed(name) for name in NEEDS])
def test_the_future_changes_nothing_where_the_library_is_slow(name):
    known = archive(events=(event(), LAPSING))
    day = day_after("2022-06")
    first, second = (draws_of(name, a.as_of(day), ahead(a.as_of(day), 2)) for a in (known, corrupt_archive(known, day)))
    assert np.array_equal(first, second)


@quick_model
def test_an_event_that_has_not_begun_changes_nothing(name, vintage):
    day = vintage.day
    waiting = archive(events=(event("coming", str(day), "2023-09-01"),)).as_of(day)
    made = ask(name, waiting, ahead(waiting, 3))
    assert "coming" not in made.used[0].regressors
    assert np.allclose(made.draws, draws_of(name, vintage, ahead(vintage, 3)), rtol=1e-6)


def test_the_canary_sings():
    """A model that looks past its vintage's real_time is caught by the test above."""
    known = archive()
    day = day_after("2022-06")
    seen = [a.as_of(day).past(day_after("2022-12")).observed(SERIES).values[-1] for a in (known, corrupt_archive(known, day))]
    assert seen[0] != seen[1]


# --- units, zeros, gaps, sums -----------------------------------------------------------------------------------------


@quick_model
@pytest.mark.parametrize("zeros", [False, True])
def test_rescaling_units_rescales_draws(name, zeros):
    values = monthly()
    if zeros:
        values[[20, 33, 50]] = 0.0
    day = day_after("2022-12")
    small, large = (draws_of(name, archive(values * k).as_of(day)) for k in (1.0, 1000.0))
    levels = [0.1, 0.5, 0.9]
    assert np.allclose(np.quantile(large, levels, axis=0), 1000.0 * np.quantile(small, levels, axis=0), rtol=1e-3, atol=1.0)


@quick_model
def test_short_history_is_a_failure(name):
    then = archive(monthly(3)).as_of(day_after("2018-03"))
    asked = ahead(then, 2)
    assert not isinstance(ask(name, then, asked), Forecast)
    with pytest.raises(TooShortError):
        answer_or_raise(registry.build("model", name), then, Task(then.day, SERIES, asked))


@quick_model
def test_zeros_and_gaps_are_survived(name):
    values = monthly()
    values[[10, 40]] = 0.0
    values[[25, 26, 44]] = np.nan
    then = archive(values).as_of(day_after("2022-12"))
    sane(draws_of(name, then), 300.0, 3000.0)


@quick_model
def test_twelve_zero_months_forecast_next_to_nothing(name):
    values = monthly(60)
    values[48:] = 0.0
    draws = draws_of(name, archive(values).as_of(day_after("2022-12")))
    sane(draws, 0.0, np.inf)
    with promise(name, "zeros"):
        sane(draws, 0.0, 0.3 * values[36:48].mean())


@quick_model
def test_a_constant_series_stays(name):
    then = archive(np.full(60, 500.0)).as_of(day_after("2022-12"))
    sane(draws_of(name, then), 490.0, 510.0)


@quick_model
def test_a_sum_of_two_months_is_marked(name):
    values = monthly()
    total = values[36:38].sum()
    values[36:38] = np.nan
    then = archive(values, spans=[("2021-01", "2021-02", total)]).as_of(day_after("2022-12"))
    made = ask(name, then, ahead(then))
    assert made.used[0].split == 2 or any("sum" in note for note in made.used[0].notes)
    sane(made.draws, 300.0, 3000.0)


@quick_model
def test_a_zero_sum_is_zero_in_each_month(name):
    values = monthly()
    values[45:48] = 0.0
    day = day_after("2022-12")
    apart = archive(values).as_of(day)
    values[45:48] = np.nan
    together = archive(values, spans=[("2021-10", "2021-12", 0.0)]).as_of(day)
    assert np.allclose(draws_of(name, apart), draws_of(name, together), rtol=1e-9)


@quick_model
def test_a_hole_is_filled_from_what_came_before(name, vintage):
    first = mm.ordinal("2022-03")
    hidden = vintage.hide(SERIES, first, first + 3)
    asked = mm.months("2022-03", "2022-06")
    draws = draws_of(name, hidden, asked)
    sane(draws, 300.0, 3000.0)
    assert np.ptp(draws[:, 0, :], axis=0).min() > 0


@quick_model
def test_months_inside_a_published_sum_are_answered(name):
    values = monthly()
    total = values[58:60].sum()
    values[58:60] = np.nan
    then = archive(values[:60], spans=[("2022-11", "2022-12", total)]).as_of(day_after("2022-12"))
    sane(draws_of(name, then, mm.months("2022-11", "2023-01")), 300.0, 3000.0)


@quick_model
def test_a_plain_panel_has_no_season_and_may_go_below_zero(name):
    import pandas as pd

    rng = np.random.default_rng(3)
    table = pd.DataFrame({"year": np.arange(1960, 2010), "y": rng.standard_normal(50)})
    yearly = panel(table, time="year", value="y")
    made = ask(name, yearly, [str(y) for y in range(2010, 2013)], series="y")
    assert isinstance(made, Forecast), made
    assert np.isfinite(made.draws).all()
    assert made.draws.min() < 0 < made.draws.max()


def test_the_history_begins_where_the_archives_say():
    assert archive().as_of(day_after("2022-12")).observed(SERIES).first == mm.ordinal(FIRST)
