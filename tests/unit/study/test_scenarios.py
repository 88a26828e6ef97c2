"""Scenarios in a study: what each fan rests on, what is refused, that the past stays as it is known; the model `regimes`."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

import forecast as fc
from forecast.core import months as mm
from forecast.core.archive import bundled_archive
from forecast.core.errors import ConfigError, LookAheadError, NotIdentifiedError, TooShortError
from forecast.core.events import Event
from forecast.core.questions import Task
from forecast.core.results import Failure, Forecast, Used
from forecast.core.scenario import Scenario
from forecast.study.ask import answer_or_raise
from forecast.study.scenarios import Fan, pool_scenarios, refuse_changed_past, regime_basis, scenarios

SERIES = "USA.import.CHN.gallium"
FROM = 24  # place of the ban's first month


def measure(name, begins, instrument="ban", **more):
    day = dt.date.fromisoformat(begins)
    return Event(
        name, name, announced=day, effective=day, imposed_by=("CHN",), targets=("USA",), products=("gallium",),
        instrument=instrument, role="default", **more,
    )  # fmt: skip


BAN = measure("ban", "2022-01-01", end=dt.date(2022, 9, 1), end_announced=dt.date(2022, 9, 1))
PAUSE = measure(
    "pause", "2022-09-01", "suspension", reversal_of="ban", end=dt.date(2023, 6, 1), end_announced=dt.date(2022, 9, 1)
)
CAMPAIGN = measure("campaign", "2022-05-01", "enforcement")


@pytest.fixture(scope="module")
def then(vintage_of):
    """Two open years about 1000, four leaky months of ban about 300, four tight ones about 10, eight of pause about 500."""
    rng = np.random.default_rng(2)
    levels = [1000.0] * FROM + [300.0] * 4 + [10.0] * 4 + [500.0] * 8
    values = (np.array(levels) * rng.uniform(0.8, 1.2, len(levels))).round().tolist()
    values[29] = 0.0
    return vintage_of(values, first="2020-01", series=SERIES, events=(BAN, PAUSE, CAMPAIGN), day="2023-05-20")


@pytest.fixture(scope="module")
def task(then):
    return Task(then.day, SERIES, mm.months("2023-05", "2024-04"), draws=400)


GIVEN = (
    Scenario("extended", ends={"pause": "never"}),
    Scenario("tight"),
    Scenario("leaky", ends={"campaign": "2023-06-01"}),
    Scenario("half", add=(measure("eased", "2023-06-01", "relief", reversal_of="ban", share_stopped=0.5),)),
    Scenario("new", ends={"pause": "never"}, add=(measure("stop", "2023-07-01", share_stopped=1.0),)),
    Scenario("licence", ends={"pause": "never"}, add=(measure("licence", "2023-07-01", "licence"),)),
)


@pytest.fixture(scope="module")
def fans(then, task):
    return {fan.scenario: fan for fan in fc.scenarios("regimes", then, task, GIVEN)}


def level(fan, places=slice(3, None)):
    return float(fan.answer.draws[:, 0, places].mean())


def test_months_are_like_those_under_the_same_measures(fans):
    assert 420 < level(fans["extended"]) < 580
    assert level(fans["tight"]) < 12
    assert 240 < level(fans["leaky"]) < 360
    assert 190 < level(fans["half"]) < 310
    assert 5 < level(fans["new"]) < 80
    assert all(fan.answer.draws.min() >= 0 for fan in fans.values() if isinstance(fan.answer, Forecast))


def test_a_basis_counts_the_known_months_of_each_regime_in_order(fans):
    """The pause has eight known months; of the ban's eight the last four were under the campaign too."""
    rests = {name: [(b.regime, b.first, b.last, b.known, b.share) for b in fan.basis] for name, fan in fans.items()}
    now, to_come = ("campaign", "2023-05", "2023-05", 8, None), ("2023-06", "2024-04")
    assert rests == {
        "extended": [("campaign", "2023-05", "2024-04", 8, None)],
        "tight": [now, ("ban + campaign", *to_come, 4, None)],
        "leaky": [now, ("ban", *to_come, 4, None)],
        "half": [now, ("ban + campaign + eased", *to_come, 0, 0.5)],
        "new": [("campaign", "2023-05", "2023-06", 8, None), ("campaign + stop", "2023-07", "2024-04", 0, 0.0)],
        "licence": [("campaign", "2023-05", "2023-06", 8, None), ("campaign + licence", "2023-07", "2024-04", 0, None)],
    }
    assert fans["leaky"].basis[1].text == "ban: 4 months of this regime are known"


def test_a_fan_answers_the_question_that_was_asked(then):
    """Series by series, with the days, the months, the draws, the seed and the probability it was given."""
    given = [Scenario("extended", {"pause": "never"}, probability=0.8), Scenario("tight", probability=0.2)]
    task = Task(then.day, SERIES, ["2023-09", "2023-07"], dt.date(2023, 4, 1), draws=70)
    one, two, other = (scenarios(fc.model("regimes"), then, task, given, **seed) for seed in ({"seed": 0}, {}, {"seed": 2}))
    assert [(f.scenario, f.series, f.probability, f.answer.task) for f in one] == [
        ("extended", SERIES, 0.8, task), ("tight", SERIES, 0.2, task),
    ]  # fmt: skip
    assert [(b.first, b.last) for b in one[0].basis] == [("2023-07", "2023-09")]
    assert np.array_equal(one[1].answer.draws, two[1].answer.draws)
    assert not np.array_equal(one[1].answer.draws, other[1].answer.draws)


def test_two_scenarios_of_one_name_are_refused(then, task):
    with pytest.raises(ConfigError, match="two scenarios have one name"):
        scenarios(fc.model("regimes"), then, task, [Scenario("a"), Scenario("b"), Scenario("a")])


@pytest.mark.parametrize(
    ("months", "said"), [(25, "1 month of this regime is known"), (26, "2 months of this regime are known")]
)
def test_one_month_is_one_month(vintage_of, months, said):
    short = vintage_of([100.0] * months, series=SERIES, events=(measure("ban", "2022-01-01"),), day="2022-03-20")
    (rest,) = regime_basis(short, SERIES, Task(short.day, SERIES, ["2022-03"]))
    assert rest.text == f"ban: {said}"


def test_measures_on_the_whole_are_named_before_those_on_a_part(vintage_of):
    total, part = "USA.import.WLD.gallium", measure("ban", "2022-01-01")
    whole = replace(measure("quota", "2022-01-01", "quota"), imposed_by=("USA",), targets=("ALL",))
    for events, words in (((), "no measure"), ((part,), "measures on a part of it alone"), ((part, whole), "quota")):
        then = vintage_of([5.0] * 40, series=total, events=events, day="2023-05-20")
        assert [b.regime for b in regime_basis(then, total, Task(then.day, total, ["2023-06"]))] == [words]


def test_no_model_answers_for_a_regime_never_seen(then, task):
    """Not even one that looks at no measure."""
    (made,) = scenarios(fc.model("mean12"), then, task, [GIVEN[-1]])
    assert made.answer.reason == "no month of this regime is known"


def test_the_figures_and_the_day_stay_as_they_are(then):
    other = {SERIES: then.cells[SERIES][:-1]}
    for changed in (replace(then, cells=other), replace(then, day=dt.date(2023, 5, 21))):
        with pytest.raises(LookAheadError, match="the scenario 'x' changes what is known of the past"):
            refuse_changed_past(then, changed, SERIES, "x")
    refuse_changed_past(then, replace(then), SERIES, "x")


def test_a_share_beside_a_measure_never_seen_is_none_unless_nothing_is_left(then):
    """A ban that stops half beside an unknown licence: how much is left is not said; one that stops all leaves nothing."""
    licence, day = measure("licence", "2023-07-01", "licence"), ["2023-08"]
    for stopped, left in ((0.5, None), (1.0, 0.0)):
        later = then.under(
            Scenario("x", {"pause": "never"}, add=(licence, measure("stop", "2023-07-01", share_stopped=stopped)))
        )
        assert [b.share for b in regime_basis(later, SERIES, Task(then.day, SERIES, day))] == [left]
    alone = then.under(Scenario("x", {"pause": "never"}, add=(measure("stop", "2023-07-01", share_stopped=0.5),)))
    assert [b.share for b in regime_basis(alone, SERIES, Task(then.day, SERIES, day))] == [0.5]


def test_until_the_scenarios_part_they_are_one(fans):
    first = fans["extended"].answer.draws[:, 0, :1]
    for name in ("tight", "leaky", "half", "new"):
        assert np.array_equal(fans[name].answer.draws[:, 0, :1], first), name
    assert np.array_equal(fans["new"].answer.draws[:, 0, :2], fans["extended"].answer.draws[:, 0, :2])
    assert not np.array_equal(fans["new"].answer.draws[:, 0, 2], fans["extended"].answer.draws[:, 0, 2])


def test_a_measure_never_seen_without_a_share_is_not_identified(fans):
    assert isinstance(fans["licence"].answer, Failure)
    assert fans["licence"].answer.reason == "no month of this regime is known"
    assert "no month of this regime is known" in fans["licence"].basis[-1].text
    assert fans["half"].basis[-1].text.endswith("its texts leave 50% of the trade, and the spread is declared")


def test_the_menu_tells_months_of_a_ban_from_others_under_the_same_ban(then, task):
    made = {fan.scenario: fan for fan in scenarios(fc.model("menu", base="mean12", devices=["mixture"]), then, task, GIVEN[:3])}
    assert level(made["tight"]) < 0.3 * level(made["leaky"])


def test_a_total_is_not_told_what_a_ban_on_a_part_of_it_does():
    whole = bundled_archive().latest
    series = "USA.import.WLD.gallium"
    asked = [whole.steps.label(whole.last_month(series) + h) for h in range(1, 13)]
    given = [
        Scenario("extended", ends={"us_ban_suspension_2025": "never"}),
        Scenario("sooner", ends={"us_ban_suspension_2025": "2026-10-01"}),
        Scenario("as written"),
    ]
    extended, lapses, written = scenarios(fc.model("regimes"), whole, Task(whole.day, series, asked, draws=100), given)
    assert isinstance(written.answer, Forecast), "the law as written is what the fan stands on"
    assert written.caveat == "us_ban_2024 begins or ends on a part of this total: what the whole does then is not identified"
    assert isinstance(extended.answer, Forecast)
    assert extended.basis[0].regime == "measures on a part of it alone"
    assert isinstance(lapses.answer, Failure)
    assert "us_ban_2024 begins or ends on a part of this total" in lapses.answer.reason
    assert lapses.basis[0].text == f"measures on a part of it alone: {lapses.basis[0].known} months of this regime are known"
    assert lapses.basis[0].known == whole.observed(series).count


def test_measures_on_a_part_are_named_and_one_that_goes_on_asks_nothing(vintage_of):
    """A total over partners, a ban on one of them: in force at the last figure, lifted in the third month asked."""
    whole = "USA.import.WLD.gallium"
    then = vintage_of([5.0] * 40, series=whole, events=(measure("ban", "2022-01-01"),), day="2023-05-20")
    given = [
        Scenario("stays"),
        Scenario("lifted", {"ban": "2023-08-01"}),
        Scenario("both", {"ban": "2023-08-01"}, add=(measure("more", "2023-08-01", "licence"),)),
    ]
    task = Task(then.day, whole, mm.months("2023-05", "2023-09"), draws=50)
    stays, lifted, both = scenarios(fc.model("regimes"), then, task, given)
    assert isinstance(stays.answer, Forecast)
    assert "ban begins or ends on a part of this total" in lifted.answer.reason
    assert [(b.regime, b.first, b.last) for b in lifted.basis] == [("measures on a part of it alone", "2023-05", "2023-09")]
    assert "ban and more begin or end on a part of this total" in both.answer.reason
    early = scenarios(fc.model("regimes"), then, Task(then.day, whole, ["2023-07", "2023-06"], draws=50), given)
    assert all(isinstance(fan.answer, Forecast) for fan in early), "before it is lifted nothing has changed"


# --- nothing from before its day changes ------------------------------------------------------------------------------


class Leaky(Scenario):
    """A scenario that moves a measure of the past, as if nobody looked."""

    def calendar(self, events, day):
        return events.with_events([measure("ban", "2021-06-01", end=dt.date(2022, 9, 1), end_announced=dt.date(2022, 9, 1))])


class Peeking(Scenario):
    """A scenario that brings a measure on a part of a total into the past."""

    def calendar(self, events, day):
        return events.with_events([measure("early", "2021-06-01", "enforcement")])


@pytest.mark.parametrize("leak", [Leaky("leak"), Peeking("leak")])
def test_a_scenario_that_changes_the_past_is_caught(then, task, leak):
    with pytest.raises(LookAheadError, match="changes what is known of the past"):
        scenarios(fc.model("regimes"), then, task, [leak])


def test_a_scenario_that_changes_the_past_of_a_total_is_caught(vintage_of):
    whole = "USA.import.WLD.gallium"
    then = vintage_of([5.0] * 40, first="2020-01", series=whole, day="2023-05-20")
    task = Task(then.day, whole, mm.months("2023-05", "2023-08"), draws=100)
    with pytest.raises(LookAheadError):
        scenarios(fc.model("regimes"), then, task, [Peeking("leak")])


def test_a_measure_that_was_expected_already_is_refused(then):
    late = measure("late", "2023-07-01", anticipation_from=dt.date(2023, 4, 1))
    with pytest.raises(ConfigError, match="would have been expected by 2023-05-20"):
        Scenario("x", add=(late,)).calendar(then.events, then.day)
    coming = measure("coming", "2023-05-01").__class__(
        **{**vars(late), "announced": dt.date(2023, 5, 1), "anticipation_from": None}
    )
    with pytest.raises(ConfigError, match="would have been expected"):
        Scenario("x", add=(coming,)).calendar(then.events, then.day)
    with pytest.raises(ConfigError, match="before it takes effect"):
        Scenario("x", ends={"late": "2023-06-15"}).calendar(then.events.with_events([measure("late", "2023-07-01")]), then.day)


def test_later_figures_and_events_change_no_fan(archive_of, figure):
    events = (BAN, PAUSE, CAMPAIGN, measure("later", "2023-08-01"))
    first = mm.ordinal("2020-01")
    rows = [figure(SERIES, mm.label(m), 100.0 + m - first, mm.last_day(m + 1).isoformat()) for m in range(first, first + 60)]
    day = dt.date(2023, 5, 20)
    made = []
    for kept in (rows, [r for r in rows if r["released"] <= "2023-05-20"]):
        now = archive_of(*kept, events=events if kept is rows else events[:3]).as_of(day)
        task = Task(day, SERIES, mm.months("2023-06", "2023-10"), draws=100)
        made.append(scenarios(fc.model("regimes"), now, task, GIVEN[:3]))
    for one, two in zip(*made, strict=True):
        assert np.array_equal(one.answer.draws, two.answer.draws)


# --- the model --------------------------------------------------------------------------------------------------------


def test_figures_lately_weigh_more(vintage_of):
    then = vintage_of([1000.0, 900.0, 1100.0, 1000.0] * 6 + [100.0, 90.0, 110.0] * 2, series=SERIES)
    task = Task(then.day, SERIES, mm.months("2022-07", "2022-08"), draws=400)
    short, long = (np.mean(answer_or_raise(fc.model("regimes", half_life=h), then, task).draws) for h in (2.0, 1000.0))
    assert short < 350 < 700 < long


def test_an_empty_regime_stays_all_but_empty(vintage_of):
    events = (measure("ban", "2022-01-01"),)
    then = vintage_of([500.0, 0.0] * 12 + [0.0] * 6, series=SERIES, events=events)
    draws = answer_or_raise(
        fc.model("regimes"), then, Task(then.day, SERIES, mm.months("2022-07", "2023-06"), draws=500)
    ).draws[:, 0]
    assert 0.0 < (draws > 0).mean() < 0.2


def test_too_few_months_of_a_regime_and_none_at_all(vintage_of):
    short = vintage_of([100.0] * 26, series=SERIES, events=(measure("ban", "2022-01-01"),))
    task = Task(short.day, SERIES, ["2022-03"], draws=100)
    with pytest.raises(TooShortError, match="2 months of this regime are known where 3 are needed"):
        answer_or_raise(fc.model("regimes"), short, task)
    none = vintage_of([100.0] * 24, series=SERIES, events=(measure("ban", "2022-01-01"),))
    with pytest.raises(NotIdentifiedError, match="no month of this regime is known"):
        answer_or_raise(fc.model("regimes"), none, Task(none.day, SERIES, ["2022-03"], draws=100))
    with pytest.raises(ConfigError, match="half_life"):
        fc.model("regimes", half_life=0)


def fan(name, level, probability, draws=400):
    """Draw i of month j is level + i + j / 10: every figure tells its scenario, its path and its month."""
    task = Task("2023-05-20", SERIES, mm.months("2023-05", "2023-07"), draws=draws)
    if level is None:
        return Fan(name, SERIES, Failure("toy", "q", SERIES, "unknown"), (), probability)
    paths = level + np.arange(draws)[:, None, None] + np.arange(3) / 10
    return Fan(name, SERIES, Forecast(task, paths, (Used("toy", scale="log"),)), (), probability)


def test_pooled_paths_are_whole_paths_of_one_scenario_as_often_as_its_probability_says():
    """So that sums of months come from the draws of the months, under one scenario each."""
    given = [fan("a", 10_000, 0.5), fan("b", 20_000, 0.3), fan("c", 30_000, 0.2)]
    made = pool_scenarios(given)
    paths = made.draws[:, 0]
    which = (paths[:, 0] // 10_000).astype(int)
    assert np.bincount(which).tolist() == [0, 200, 120, 80]
    assert paths == pytest.approx((10_000 * which + np.arange(400))[:, None] + np.arange(3) / 10)
    assert made.total().draws == pytest.approx(3 * (10_000 * which + np.arange(400)) + 0.3)
    assert set(which[:40]) == {1, 2, 3}, "no scenario stands at one end of the draws"
    assert made.task == given[0].answer.task
    assert [(u.model, u.scale) for u in made.used] == [("scenarios by declared probability: a 50%, b 30%, c 20%", "log")]


def test_fans_are_pooled_only_with_probabilities_that_add_up_and_answers_where_they_weigh():
    for p in (None, 0.49, 0.51, 0.5 + 2e-6, 0.5 - 2e-6):
        with pytest.raises(ConfigError, match="add up to 1"):
            pool_scenarios([fan("a", 10_000, 0.5), fan("b", 20_000, p)])
    with pytest.raises(ConfigError, match="each has a probability"):
        pool_scenarios([fan("a", 10_000, 1.0), fan("b", 20_000, None)])
    assert (pool_scenarios([fan("a", 10_000, 0.5), fan("b", 20_000, 0.5 + 5e-7)]).draws > 15_000).mean() == 0.5
    with pytest.raises(NotIdentifiedError, match="no fan under 'b'"):
        pool_scenarios([fan("a", 10_000, 0.9), fan("b", None, 0.1)])
    alone = pool_scenarios([fan("b", None, 0.0), fan("a", 10_000, 1.0)])
    assert np.array_equal(alone.draws, fan("a", 10_000, 1.0).answer.draws)


def test_pooled_fans_say_by_which_probabilities(fans):
    weighed = [
        Fan(f.scenario, f.series, f.answer, f.basis, p)
        for f, p in zip((fans["extended"], fans["tight"]), (0.7, 0.3), strict=True)
    ]
    made = pool_scenarios(weighed)
    assert (made.draws[:, 0, -1] > 100).mean() == pytest.approx(0.7, abs=0.02)
    assert made.used[0].model == "scenarios by declared probability: extended 70%, tight 30%"
