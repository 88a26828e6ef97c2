"""The model `measures`: the law as written as the present path times what measures let through, imposed draw by draw."""

import datetime as dt

import numpy as np
import pytest

from forecast.core import months as mm, registry
from forecast.core.archive import bundled_archive
from forecast.core.errors import ConfigError, LookAheadError
from forecast.core.events import Event
from forecast.core.questions import Task
from forecast.core.results import Forecast
from forecast.core.scenario import Scenario
from forecast.study.ask import answer_or_raise
from forecast.study.scenarios import scenarios

SERIES = "CHN.export.USA.gallium"
IMPORT = "USA.import.CHN.gallium"
BASE = {"use": "event_mean"}
MODEL = {"use": "measures", "base": BASE}


def measure(name, begins, instrument="ban", **more):
    day = dt.date.fromisoformat(begins)
    return Event(
        name, name, announced=day, effective=day, imposed_by=("CHN",), targets=("USA",), products=("gallium",),
        instrument=instrument, role="default", **more,
    )  # fmt: skip


BAN = measure("ban", "2022-01-01", end=dt.date(2022, 9, 1), end_announced=dt.date(2022, 9, 1))
PAUSE = measure(
    "pause", "2022-09-01", "suspension", reversal_of="ban", end=dt.date(2023, 8, 1), end_announced=dt.date(2022, 9, 1)
)


def figures(seed=3):
    """Two open years about 1000, eight months of ban about 100, eight of pause about 900, all positive."""
    levels = np.array([1000.0] * 24 + [100.0] * 8 + [900.0] * 8)
    return (levels * np.random.default_rng(seed).uniform(0.8, 1.2, len(levels))).round().tolist()


def predict(vintage, task, **options):
    return answer_or_raise(registry.build("model", {**MODEL, **options}), vintage, task)


@pytest.fixture(scope="module")
def then(vintage_of):
    """May 2023: the pause ends on 1 August 2023, and the ban comes back."""
    return vintage_of(figures(), series=SERIES, events=(BAN, PAUSE), day="2023-05-20")


TASK = Task("2023-05-20", SERIES, mm.months("2023-05", "2024-04"), draws=400)
NEVER, SOONER = Scenario("never", {"pause": "never"}), Scenario("sooner", {"pause": "2023-06-01"})


def by_name(then, task, *given, **options):
    made = scenarios({**MODEL, **options}, then, task, given)
    return {fan.scenario: fan.answer.draws[:, 0] for fan in made if isinstance(fan.answer, Forecast)}


def test_without_a_change_of_measures_the_answer_is_the_base_s(vintage_of):
    quiet = vintage_of(figures()[:24], series=SERIES, day="2022-01-20")
    task = Task(quiet.day, SERIES, mm.months("2022-01", "2022-06"), draws=200)
    alone = answer_or_raise(registry.build("model", BASE), quiet, task)
    assert np.array_equal(predict(quiet, task).draws, alone.draws)


def test_the_calendar_as_it_stands_is_the_forecast_draw_by_draw(then):
    fans = by_name(then, TASK, Scenario("as written"), NEVER)
    assert np.array_equal(fans["as written"], predict(then, TASK).draws[:, 0])
    assert not np.array_equal(fans["as written"], fans["never"])


def test_a_ban_gives_no_more_than_its_suspension_and_only_in_the_months_it_covers(then):
    fans = by_name(then, TASK, Scenario("as written"), NEVER, SOONER)
    written, never, sooner = fans["as written"], fans["never"], fans["sooner"]
    assert np.array_equal(written[:, :3], never[:, :3])  # May to July
    assert np.array_equal(sooner[:, :1], never[:, :1])
    assert (written <= never).all()
    assert (sooner <= written).all()
    assert (written[:, 3:] < never[:, 3:]).mean() > 0.99
    assert np.array_equal(sooner[:, 3:], written[:, 3:])  # the same law: the same numbers
    assert (written[:, 3:] / never[:, 3:]).mean() == pytest.approx(0.1, abs=0.03)  # 100 of 1000


def test_goods_under_way_show_it_later_in_imports_alone(vintage_of):
    known = vintage_of(figures(), series=IMPORT, events=(BAN, PAUSE), day="2023-05-20")
    task = TASK.for_series(IMPORT)
    for lag, first in ((0, 3), (1, 4), (2, 5)):
        fans = by_name(known, task, Scenario("as written"), NEVER, lag_months=lag)
        differs = (fans["as written"] != fans["never"]).any(axis=0)
        assert differs.tolist() == [False] * first + [True] * (12 - first)
    assert "from 2023-09 ban" in " ".join(predict(known, task).used[0].notes)
    with pytest.raises(ConfigError, match="-1 months under way"):
        registry.build("model", {**MODEL, "lag_months": -1})


def test_another_destination_is_not_touched(vintage_of):
    other = SERIES.replace("USA", "DEU")
    known = vintage_of(figures()[:24], series=other, events=(BAN,), day="2022-01-20")
    task = Task(known.day, other, mm.months("2022-01", "2022-06"), draws=200)
    fans = by_name(known, task, Scenario("as written"), Scenario("off", {"ban": "2022-02-01"}))
    assert np.array_equal(fans["as written"], fans["off"])


def test_a_lift_gives_no_less_than_the_measure_it_lifts(vintage_of):
    """Standing in the ban: its end brings back the path of a history without its months."""
    known = vintage_of(figures()[:29], series=SERIES, events=(measure("ban", "2022-01-01"),), day="2022-06-20")
    task = Task(known.day, SERIES, mm.months("2022-06", "2023-05"), draws=400)
    fans = by_name(known, task, Scenario("as written"), Scenario("lifted", {"ban": "2022-09-01"}))
    assert np.array_equal(fans["lifted"][:, :3], fans["as written"][:, :3])
    assert (fans["lifted"] >= fans["as written"]).all()
    assert np.median(fans["lifted"][:, 3:]) == pytest.approx(1000, rel=0.1)


def test_a_lift_beside_a_later_measure_lies_between(vintage_of):
    campaign = measure("campaign", "2022-03-01", "enforcement")
    known = vintage_of(figures()[:29], series=SERIES, events=(measure("ban", "2022-01-01"), campaign), day="2022-06-20")
    task = Task(known.day, SERIES, mm.months("2022-06", "2023-05"), draws=400)
    made = scenarios(MODEL, known, task, [Scenario("as written"), Scenario("lifted", {"ban": "2022-09-01"})])
    written, lifted = (fan.answer.draws[:, 0] for fan in made)
    assert made[1].basis[1].text == "campaign: no month of this regime is known, and it only lifts measures now in force"
    assert (lifted >= written).all()
    back = (lifted - written)[:, 3:].mean(axis=1) / (np.median(figures()[:24]) - np.median(written))
    assert np.quantile(back, [0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9], abs=0.12)


def test_an_easing_lets_through_no_less_than_what_it_eases(then):
    easing = measure("eased", "2023-08-01", "relief", reversal_of="ban", share_stopped=0.5)
    fans = by_name(then, TASK, Scenario("as written"), Scenario("half", add=(easing,)), NEVER)
    assert (fans["half"] >= fans["as written"]).all()
    assert (fans["half"] <= fans["never"]).all()
    assert np.median((fans["half"] / fans["never"])[:, 3:]) == pytest.approx(0.5, abs=0.1)


def test_named_months_show_what_it_lets_through(then):
    """As in the eight months of pause: the ban would let nearly all through; months not yet over show nothing."""
    fans = by_name(then, TASK, Scenario("leaky", lets_through={"ban": "2022-09/2023-04"}), NEVER)
    assert 0.8 < np.median((fans["leaky"] / fans["never"])[:, 3:]) <= 1.0
    with pytest.raises(ConfigError, match="would be learned from 2023-04/2023-06"):
        by_name(then, TASK, Scenario("x", lets_through={"ban": "2023-04/2023-06"}))


def test_a_new_ban_passes_what_its_text_leaves(then):
    new = measure("new", "2023-07-01", share_stopped=1.0)
    fans = by_name(then, TASK, NEVER, Scenario("new", {"pause": "never"}, add=(new,)))
    share = (fans["new"] / fans["never"])[:, 2:]
    assert np.array_equal(fans["new"][:, :2], fans["never"][:, :2])
    assert np.median(share) == pytest.approx(0.05, abs=0.015)
    assert share.max() <= 1.0


def test_months_of_one_law_do_not_depend_on_how_many_are_asked(then):
    """A base whose months do not depend on the horizon: what measures do to a month does not either."""
    short = Task(TASK.day, SERIES, TASK.months[:6], draws=400)
    share = [
        by_name(then, task, Scenario("as written"), NEVER)["as written"] / by_name(then, task, NEVER)["never"]
        for task in (TASK, short)
    ]
    assert np.allclose(share[0][:, :6], share[1])


def test_what_is_announced_later_is_not_seen(then, vintage_of):
    """An end announced after the day, and one decided by a scenario in the past, change nothing and are refused."""
    late = measure("pause", "2022-09-01", "suspension", reversal_of="ban")
    known = vintage_of(figures(), series=SERIES, events=(BAN, late), day="2023-05-20")
    fans = by_name(known, TASK, Scenario("as written"), NEVER)
    assert np.array_equal(fans["as written"], fans["never"])
    with pytest.raises((ConfigError, LookAheadError)):
        by_name(then, TASK, Scenario("x", {"pause": "2023-03-01"}))


def test_magnets_are_as_steady_as_they_were_since_licences_settled():
    """World magnets, April 2026: nine months lie in 4,740 to 6,150 t, and the shock of spring 2025 is no ordinary noise."""
    vintage = bundled_archive().as_of("2026-09-08")
    task = Task(vintage.day, "CHN.export.WLD.re_magnets", mm.months("2026-04", "2027-03"), draws=1000)
    made = answer_or_raise(registry.build("model", "measures"), vintage, task)
    low, high = np.quantile(made.draws[:, 0, 0], [0.1, 0.9]) / 1000
    assert 4200 < low < 4750
    assert 6100 < high < 6700
    assert "transition to re_licensing_2025 left out: 2025-04, 2025-05, 2025-06" in made.used[0].notes


def test_what_passes_is_a_parameter_of_the_day_it_is_fitted_on():
    """Standing in September 2026 with parameters of November 2025: three months of ban and campaign instead of six."""
    vintage = bundled_archive().as_of("2026-09-08")
    notes = []
    for fitted_on in (None, "2025-11-21"):
        task = Task(vintage.day, IMPORT, mm.months("2026-08", "2027-03"), fitted_on, draws=100)
        made = answer_or_raise(registry.build("model", {**MODEL, "base": "mean12"}), vintage, task)
        notes.append(next(note for note in made.used[0].notes if "passes" in note))
    assert "from 6 months under it and 12 without" in notes[0]
    assert "from 3 months under it and 12 without" in notes[1]
