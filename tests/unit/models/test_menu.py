"""The menu of devices against breaks, on series whose truth is known."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from contracts.archives import archive, day_after, monthly, rows

from forecast.core import months as mm, registry
from forecast.core.archive import Archive, bundled_archive
from forecast.core.errors import ConfigError, NotIdentifiedError, TooShortError
from forecast.core.events import Event, EventCalendar
from forecast.core.questions import Task
from forecast.core.results import Failure, Forecast
from forecast.core.scenario import Scenario
from forecast.models.menu.collapses import detect_collapses
from forecast.models.menu.structural_breaks import find_breaks
from forecast.study.ask import answer_or_raise
from forecast.study.scenarios import pool_scenarios, scenarios

SERIES = "IDN.export.WLD.nickel_ore"
BAN = 54  # place of the ban's first month: 2022-07


def ban(share=1.0, **more):
    return Event(
        "ban", "a ban", announced=dt.date(2022, 6, 20), effective=dt.date(2022, 7, 1), imposed_by=("IDN",),
        products=("nickel_ore",), instrument="ban", role="default", share_stopped=share, **more,
    )  # fmt: skip


def known(seen, left=0.03, events=(), back=None):
    """The vintage when `seen` months since the ban are known; from place `back` on trade is whole again."""
    y = monthly(72)
    y[BAN : back or 72] *= left
    made = archive(y, SERIES, events=events)
    return made.as_of(day_after(mm.label(mm.ordinal("2018-01") + BAN + seen - 1))), y


def ask(then, words="menu", count=6, **more):
    last = then.last_month(SERIES)
    task = Task(then.day, SERIES, mm.months(mm.label(last + 1), mm.label(last + count)), draws=400, **more)
    return answer_or_raise(registry.build("model", words), then, task)


def test_an_unbroken_series_gets_the_base_models_own_answer():
    then, _ = known(0)
    made = ask(then)
    assert made.used[0].model.startswith("menu, no break: local level")
    low, high = np.quantile(made.draws[:, 0], [0.05, 0.95], axis=0)
    own_low, own_high = np.quantile(ask(then, "structural").draws[:, 0], [0.05, 0.95], axis=0)
    assert low == pytest.approx(own_low, rel=0.1)
    assert high == pytest.approx(own_high, rel=0.1)


@pytest.mark.parametrize(("share", "low", "high"), [(1.0, 20.0, 90.0), (0.6, 300.0, 520.0), (None, 150.0, 520.0)])
def test_before_its_first_month_a_ban_is_what_its_text_says(share, low, high):
    made = ask(known(0, events=(ban(share),))[0])
    assert low < np.median(made.draws[:, 0]) < high
    assert made.draws.min() >= 0
    assert any("declared" in note or "unknown" in note for note in made.used[0].notes)


@pytest.mark.parametrize("events", [(ban(),), ()], ids=["told", "not told"])
@pytest.mark.parametrize("seen", [1, 3])
def test_after_one_month_the_collapse_is_followed(seen, events):
    then, y = known(seen, events=events)
    made = ask(then)
    truth = y[BAN + seen : BAN + seen + 6]
    miss = np.abs(np.median(made.draws[:, 0], axis=0) - truth).mean()
    assert miss < 0.02 * y[BAN - 12 : BAN].mean()
    assert made.draws.min() >= 0


def test_a_single_odd_month_may_have_been_an_outlier():
    whole = 0.7 * monthly(72)[BAN - 12 : BAN].mean()
    odd, persisting = (ask(known(seen)[0]).draws[:, 0, 0] for seen in (1, 2))
    assert 0.15 < (odd > whole).mean() < 0.35
    assert (persisting > whole).mean() < 0.05


def test_an_announced_end_brings_the_old_level_back():
    over = dt.date(2022, 10, 1)
    then, y = known(3, events=(ban(end=over, end_announced=dt.date(2022, 9, 25)),), back=BAN + 3)
    made = np.median(ask(then).draws[:, 0], axis=0)
    assert np.abs(made - y[BAN + 3 : BAN + 9]).mean() < 0.25 * y[BAN - 12 : BAN].mean()
    unaware, _ = known(3, events=(ban(),), back=BAN + 3)
    assert np.median(ask(unaware).draws[:, 0]) < 0.1 * y[BAN - 12 : BAN].mean()


def test_a_return_nobody_announced_is_told_from_the_figures():
    then, y = known(8, events=(ban(),), back=BAN + 6)
    made = ask(then)
    assert "2 months of a return" in made.used[0].model
    assert np.abs(np.median(made.draws[:, 0], axis=0) - y[BAN + 8 : BAN + 14]).mean() < 0.25 * y[BAN - 12 : BAN].mean()


def test_later_the_devices_are_weighed_by_earlier_days():
    then, _ = known(6, events=(ban(),))
    words = {"use": "menu", "devices": ["mixture", "plain"]}
    asked = registry.build("model", words).asks(then, Task(then.day, SERIES, ["2023-01"]))
    days = [vintage.last_month(SERIES) for _, _, vintage in asked]
    assert max(days) <= then.last_month(SERIES)
    assert sum(day < then.last_month(SERIES) for day in days) == 4  # the mask, and three earlier days
    weights = ask(then, words).used[0].model
    assert "mixture" in weights


@pytest.mark.parametrize(("device", "low", "high"), [("mask", 600.0, 1500.0), ("ratio", 15.0, 60.0), ("plain", -1.0, 800.0)])
def test_a_single_device_can_be_asked(device, low, high):
    made = ask(known(3, events=(ban(),))[0], {"use": "menu", "devices": [device]})
    assert made.used[0].model.endswith(f"{device} 100%")
    assert low < np.median(made.draws[:, 0, 0]) < high


def test_like_measures_in_the_vintage_teach_the_depth():
    start = mm.ordinal("2018-01")
    others = {f"IDN.export.WLD.{name}": 0.5 for name in ("tin_ore", "bauxite", "copper_ore")}
    table, events = rows(monthly(BAN), SERIES), [ban(None)]
    for i, (name, left) in enumerate(others.items()):
        y = monthly(BAN, seed=i + 5)
        y[30:] *= left
        table += rows(y, name)
        day = dt.date((start + 30) // 12, (start + 30) % 12 + 1, 1)
        product = name.rsplit(".", 1)[1]
        events.append(
            Event(
                product, product, announced=day, effective=day, imposed_by=("IDN",), products=(product,), instrument="ban",
                role="default",
            )
        )  # fmt: skip
    then = Archive(pd.DataFrame(table), EventCalendar().with_events(events)).as_of(day_after(mm.label(start + BAN - 1)))
    made = ask(then)
    assert any("3 series under like measures" in note for note in made.used[0].notes)
    assert 350 < np.median(made.draws[:, 0, 0]) < 700


def test_what_is_hidden_is_the_break_and_nothing_else():
    then, _ = known(4, events=(ban(),))
    asked = np.array([mm.ordinal("2022-11")])
    broken = find_breaks(then, SERIES, asked, detect_collapses)
    assert broken.hidden.tolist() == [mm.ordinal("2018-01") + BAN + i for i in range(4)]
    assert broken.shut
    assert not broken.unexplained
    assert broken.ongoing.depth == 0.0


def test_bad_options_are_refused():
    with pytest.raises(ConfigError, match="without devices"):
        registry.build("model", {"use": "menu", "devices": []})
    with pytest.raises(ConfigError, match="no share"):
        registry.build("model", {"use": "menu", "persist": 1.5})


# --- scenarios --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fans():
    then, _ = known(4, events=(ban(),))
    task = Task(then.day, SERIES, mm.months("2022-11", "2023-04"), draws=400)
    licence = Event(
        "licence", "a licence", announced=dt.date(2022, 12, 1), effective=dt.date(2023, 1, 1), imposed_by=("IDN",),
        products=("nickel_ore",), instrument="licence", role="default",
    )  # fmt: skip
    eased = Event(
        "eased", "eased", announced=dt.date(2022, 12, 1), effective=dt.date(2023, 1, 1), imposed_by=("IDN",),
        products=("nickel_ore",), instrument="relief", reversal_of="ban", role="default", share_stopped=0.5,
    )  # fmt: skip
    given = [
        Scenario("stays", probability=0.6),
        Scenario("lifted", ends={"ban": "2023-01-01"}, probability=0.4),
        Scenario("eased", add=(eased,)),
        Scenario("licence", ends={"ban": "2022-12-25"}, add=(licence,)),
    ]
    return {fan.scenario: fan for fan in scenarios(registry.build("model", "menu"), then, task, given)}


def test_a_scenario_moves_the_months_it_changes(fans):
    stays, lifted, eased = (np.median(fans[name].answer.draws[:, 0], axis=0) for name in ("stays", "lifted", "eased"))
    assert stays.max() < 100
    assert lifted[:2].max() < 100
    assert lifted[2:].min() > 500
    assert 300 < eased[2:].mean() < 700


def test_a_regime_that_was_never_seen_is_no_fan_unless_its_depth_is_declared(fans):
    assert isinstance(fans["licence"].answer, Failure)
    assert fans["licence"].answer.reason == "no month of this regime is known"
    assert [part.known for part in fans["stays"].basis] == [4]
    assert "declared" in fans["eased"].basis[-1].text
    assert isinstance(fans["eased"].answer, Forecast)


def test_scenarios_are_pooled_only_by_the_readers_own_probabilities(fans):
    made = pool_scenarios([fans["stays"], fans["lifted"]])
    assert (made.draws[:, 0, -1] > 500).mean() == pytest.approx(0.4, abs=0.05)
    with pytest.raises(ConfigError, match="probability"):
        pool_scenarios([fans["stays"], fans["eased"]])
    unanswered = [fans["licence"].__class__(**{**vars(fans["licence"]), "probability": 0.4}), fans["stays"]]
    with pytest.raises(NotIdentifiedError):
        pool_scenarios(unanswered)


def test_where_too_little_is_left_outside_the_break_another_device_stands_and_says_so():
    y = monthly(40)
    y[13:] = 0.0
    first = mm.ordinal("2018-01") + 13
    day = dt.date(first // 12, first % 12 + 1, 1)
    early = Event(
        "ban", "a ban", announced=day, effective=day, imposed_by=("IDN",), products=("nickel_ore",), instrument="ban",
        role="default",
    )  # fmt: skip
    then = archive(y[:16], SERIES, events=(early,)).as_of(day_after("2019-04"))
    hidden = then.hide(SERIES, mm.ordinal("2018-01"), mm.ordinal("2018-08"))
    made = ask(hidden, {"use": "menu", "devices": ["mixture", "plain"], "base": "hurdle"}, count=2)
    assert made.used[0].model.endswith("known 100%")
    assert any(note.startswith("mask: ") for note in made.used[0].notes)
    assert "too few months outside the break: months as known under the same measures" in made.used[0].notes
    with pytest.raises(TooShortError):
        ask(hidden, {"use": "menu", "devices": ["mixture"], "base": "hurdle", "known": "seasonal_naive"}, count=2)


def test_months_of_a_regime_to_come_are_as_known_where_the_mask_fails():
    """Antimony of Chinese origin: few months before the measures, nine under the suspension, then the ban comes back."""
    vintage = bundled_archive().as_of("2026-09-08")
    task = Task(vintage.day, "USA.import.CHN.antimony_unwrought", mm.months("2026-08", "2027-07"), draws=400)
    made = answer_or_raise(registry.build("model", {"use": "menu", "base": "conformal"}), vintage, task)
    assert made.used[0].model.endswith("known 100%")
    assert any("as known under the same measures" in note for note in made.used[0].notes)
    high = np.quantile(made.draws[:, 0], 0.9, axis=0)
    assert high[:4].max() < 1000 < high[4:].min() < 3000  # kg; the suspension, then the ban's own months: nought to 2.2 t
