"""Lost or delayed: what came back of a loss, from the same draws as the loss, and what is said where that is not known."""

import datetime as dt
import math
from dataclasses import replace

import numpy as np
import pytest

from forecast.core import months
from forecast.core.events import Event, EventCalendar
from forecast.core.questions import Design, replace_design
from forecast.core.vintage import Cell, Vintage
from forecast.study.ask import estimator_from
from forecast.study.effects import judge
from forecast.study.effects.recovered import Recovery, asks_for_a_loss, recovered_since, turn_of

SERIES = "CHN.export.USA.gallium"
START, EASED = dt.date(2024, 3, 1), dt.date(2024, 6, 10)
BAN = Event("ban", "", START, START, targets="USA", products="gallium", instrument="ban", role="default")
DEAL = Event(
    "deal", "", EASED, EASED, targets="USA", products="gallium", instrument="deal", reversal_of="ban", role="default"
)  # fmt: skip
LOST, LATER = range(4), range(4, 13)  # March to June, and the nine months after, counted from the ban


def known(day="2025-04-20", back=0.0, seed=1, events=(BAN, DEAL), noise=0.08, lost=0.8, holes=()):
    """About 1,000 kg a month over six years; the ban takes 80 % of four months, of which a share comes back over nine."""
    rng = np.random.default_rng(seed)
    first, ban, today = months.ordinal("2018-03"), months.ordinal("2024-03"), dt.date.fromisoformat(day)
    cells = []
    for m in range(first, months.ordinal("2025-04")):
        value = 1000 * float(np.exp(noise * rng.standard_normal()))
        if m - ban in LOST:
            value -= lost * value
        if m - ban in LATER:
            value += back * lost * 4000 / len(LATER)
        if m < months.ordinal(day) and m not in holes:
            cells.append(Cell(m, m, value))
    return Vintage(today, {SERIES: tuple(cells)}, EventCalendar(events).known_on(today))


def asked(vintage, method="counterfactual", stop="2024-06", **more):
    design = Design(BAN, SERIES, start="2024-03", stop=stop, draws=400, **more)
    made = judge.estimate(estimator_from(method), vintage, design, 1)
    return recovered_since(estimator_from(method), vintage, made, 1)


@pytest.mark.parametrize("method", ["baseline", "counterfactual"])
@pytest.mark.parametrize("back", [0.0, 0.6])
def test_the_share_that_came_back_is_found(method, back):
    found = asked(known(back=back), method)
    assert found.state == "known"
    assert (found.turn.event, months.label(found.months[1]), months.label(found.since[0])) == ("deal", "2024-06", "2024-07")
    path, whole = found.recovery, len(found.recovery.periods)
    share, bounds = path.share(whole)
    assert all(low < back < high for low, high in bounds)
    assert abs(share - back) < 0.35
    low, high = path.loss().interval(0.95)
    assert low < 3200 < high
    # half of the nine months bring half of what comes back
    assert path.back(4 + 4).estimate == pytest.approx(4 / 9 * back * 3200, abs=900)


def test_a_method_that_assumes_the_path_shows_nothing_of_it():
    found = asked(known(back=0.6), "regression")
    assert (found.state, found.recovery) == ("not identified", None)
    assert "assumes how the effect goes on" in found.reason


def test_what_came_back_and_what_is_missing_add_up_in_every_draw():
    path = asked(known(back=0.5)).recovery
    whole = len(path.periods)
    assert np.abs(path.balance(whole).draws - path.effect.sum(axis=1)).max() < 1e-9
    assert path.loss(2).estimate < path.loss(3).estimate < path.loss().estimate


def test_before_the_deal_nothing_is_known_of_it_and_after_it_only_once_a_month_is_out():
    early = asked(known("2024-06-09"), stop="2024-05")
    assert (early.reason, early.holding) == ("no end or easing is known", ()), "it holds, and nothing else has turned"
    under = asked(known("2024-07-15"), stop="2024-05")  # the month of the deal is out, and none after it
    assert (under.state, under.reason, under.since) == ("not yet known", "no month after it is published", None)
    just = asked(known("2024-07-15"))
    assert (just.state, just.reason, just.turn.event) == ("not yet known", "no month after it is published", "deal")
    later = asked(known("2024-09-15"))
    assert later.state == "known"
    assert months.label(later.since[1]) == "2024-08"


def test_a_window_past_the_turn_counts_as_lost_only_what_went_missing_before_it():
    found = asked(known(back=0.6), stop="2025-03", estimand="net", measure="net")
    assert found.state == "known"
    assert [months.label(m) for m in (*found.months, *found.since)] == ["2024-03", "2024-06", "2024-07", "2025-03"]


def test_without_a_loss_there_is_nothing_to_come_back():
    assert asked(known(lost=0.0)).state == "no loss shown"


def test_where_the_checks_allow_no_estimate_there_is_the_description_alone():
    short = known()
    cut = replace(short, cells={SERIES: short.cells[SERIES][60:]})  # twelve clean months: a month, not a year
    found = asked(cut, "baseline")
    assert found.state == "not identified"
    assert "clean months" in found.reason
    name, lost, back = found.described
    assert name == "mean of the 12 months before"  # months a year earlier are not known for all of them
    assert (lost, back) == (pytest.approx(-3200, rel=0.15), pytest.approx(0, abs=600))


def test_a_month_without_a_figure_is_named_and_in_neither_sum():
    hole = months.ordinal("2024-11")
    found = asked(known(holes=(hole,)), "counterfactual")
    assert found.unknown == ("2024-11",)
    assert hole not in [first for first, _ in found.recovery.periods]


def test_the_months_after_a_suspension_ends_are_under_the_ban_again():
    pause = replace(DEAL, end=dt.date(2024, 12, 1), end_announced=EASED)
    found = asked(known(events=(BAN, pause)))
    assert months.label(found.since[1]) == "2024-11"


def test_goods_under_way_arrive_under_the_measure_still():
    vintage = known()
    assert months.label(turn_of(vintage, Design(BAN, SERIES, start="2024-03"))[0].last) == "2024-06"
    assert months.label(turn_of(vintage, Design(BAN, SERIES, start="2024-03", lag_months=2))[0].last) == "2024-08"
    first_of_month = replace(DEAL, effective=dt.date(2024, 7, 1))
    found, _ = turn_of(known(events=(BAN, first_of_month)), Design(BAN, SERIES, start="2024-03"))
    assert months.label(found.last) == "2024-06"


def test_a_turn_before_the_months_asked_is_no_turn_of_their_loss():
    design = Design(BAN, SERIES, start="2024-08", stop="2024-11", draws=400)
    vintage = known(back=-0.4)
    made = judge.estimate(estimator_from("baseline"), vintage, design, 1)
    found = recovered_since(estimator_from("baseline"), vintage, made, 1)
    assert (found.state, found.since, found.recovery, found.turn.event) == ("not asked", None, None, "deal")
    assert "begin after the turn" in found.reason
    # an end that comes later is the turn of that loss
    ended = replace(BAN, end=dt.date(2024, 12, 10), end_announced=START)
    later = known(back=-0.4, events=(ended, DEAL))
    made = judge.estimate(estimator_from("baseline"), later, replace(design, events=(ended,)), 1)
    found = recovered_since(estimator_from("baseline"), later, made, 1)
    assert (found.state, found.turn.event, months.label(found.turn.last)) == ("known", "ban", "2024-12")


def test_of_several_measures_the_last_turn_counts_and_one_that_goes_on_leaves_none():
    campaign = Event(
        "campaign", "", dt.date(2024, 4, 1), dt.date(2024, 4, 1), end=dt.date(2024, 5, 15), end_announced=dt.date(2024, 4, 1),
        targets="USA", products="gallium", instrument="enforcement", role="default",
    )  # fmt: skip
    both = Design([BAN, campaign], SERIES, start="2024-03", stop="2024-06", draws=400)

    def turned(vintage, design):
        turn, holding = turn_of(vintage, design)
        return turn and turn.event, holding

    assert turned(known(events=(BAN, campaign, DEAL)), both) == ("deal", ())
    assert turned(known("2024-06-05", events=(BAN, campaign, DEAL)), both) == ("campaign", ("ban",))
    assert turned(known(events=(BAN,)), replace_design(both, events=(BAN,))) == (None, ("ban",))
    # the campaign had ended before these months: the ban alone took part in their loss
    assert turned(known(events=(BAN, campaign, DEAL)), replace_design(both, start="2024-06")) == ("deal", ())
    # one that begins after these months took no part in it either
    late = replace(campaign, announced=dt.date(2024, 9, 1), effective=dt.date(2024, 9, 1), end=None, end_announced=None)
    assert turned(known(events=(BAN, late, DEAL)), replace_design(both, events=(BAN, late))) == ("deal", ())
    # of two turns in these months or later, the first is that of the loss
    second = replace(DEAL, id="second", announced=dt.date(2024, 10, 10), effective=dt.date(2024, 10, 10))
    assert turned(known(events=(BAN, DEAL, second)), replace_design(both, events=(BAN,))) == ("deal", ())
    # one whose first goods arrive after these months took no part in their loss
    soon = replace(late, announced=dt.date(2024, 5, 1), effective=dt.date(2024, 5, 1))
    for lag, holding in ((1, ("campaign",)), (2, ())):
        under_way = replace_design(both, events=(BAN, soon), lag_months=lag)
        assert turned(known(events=(BAN, soon, DEAL)), under_way) == ("deal", holding)
    vintage = known(events=(BAN, campaign))
    made = judge.estimate(estimator_from("baseline"), vintage, both, 1)
    found = recovered_since(estimator_from("baseline"), vintage, made, 1)
    assert (found.state, found.reason) == ("not yet known", "no end or easing of all the measures is known")
    assert found.recovery is None


def test_where_one_measure_goes_on_the_months_after_the_other_turned_are_described():
    """The months between the loss and the turn are in neither sum, and no share of the loss is said to have come back."""
    day = dt.date(2024, 4, 1)
    campaign = Event("campaign", "", day, day, targets="USA", products="gallium", instrument="enforcement", role="default")
    pause = replace(DEAL, end=dt.date(2025, 2, 10), end_announced=EASED)
    vintage = known(back=0.6, events=(BAN, campaign, pause))
    design = Design([BAN, campaign], SERIES, start="2024-03", stop="2024-05", draws=400)
    made = judge.estimate(estimator_from("baseline"), vintage, design, 1)
    found = recovered_since(estimator_from("baseline"), vintage, made, 1)
    assert (found.state, found.recovery, found.holding, found.turn.event) == ("not yet known", None, ("campaign",), "deal")
    assert [months.label(m) for m in (*found.months, *found.since)] == ["2024-03", "2024-05", "2024-07", "2025-01"]
    _, lost, back = found.described
    assert (lost, back) == (pytest.approx(-2400, rel=0.15), pytest.approx(7 / 9 * 0.6 * 3200, rel=0.35))
    # a turn inside the months of the loss divides them no more: the other measure held throughout
    longer = replace_design(design, stop="2024-08")
    made = judge.estimate(estimator_from("baseline"), vintage, longer, 1)
    found = recovered_since(estimator_from("baseline"), vintage, made, 1)
    assert [months.label(m) for m in (*found.months, *found.since)] == ["2024-03", "2024-08", "2024-09", "2025-01"]
    # one that had turned before these months is told by nothing
    earlier = replace(campaign, id="earlier", announced=dt.date(2023, 1, 1), effective=dt.date(2023, 1, 1))
    ended = replace(earlier, end=dt.date(2023, 6, 1), end_announced=dt.date(2023, 1, 1))
    vintage = known(events=(ended, campaign))
    turn, holding = turn_of(vintage, replace_design(design, events=(ended, campaign)))
    assert (turn, holding) == (None, ("campaign",))


def test_other_measures_are_those_that_begin_in_the_months_since():
    """Neither what turned nor one that began before, be it between the months of the loss and the turn."""

    def tariff(start):
        return replace(BAN, id=f"tariff_{start:%m}", announced=start, effective=start, instrument="tariff")

    tariffs = tuple(tariff(dt.date(2024, month, 1)) for month in (5, 6, 7, 11))
    deal = replace(DEAL, effective=dt.date(2024, 7, 1))
    found = asked(known(events=(BAN, deal, *tariffs)), "baseline")
    assert (found.turn.event, months.label(found.since[0]), found.others) == ("deal", "2024-07", ("tariff_07", "tariff_11"))
    campaign = replace(BAN, id="campaign", announced=dt.date(2024, 4, 1), effective=dt.date(2024, 4, 1))
    vintage = known(events=(BAN, campaign, deal, *tariffs))
    made = judge.estimate(
        estimator_from("baseline"), vintage, Design([BAN, campaign], SERIES, start="2024-03", stop="2024-05", draws=400), 1
    )
    found = recovered_since(estimator_from("baseline"), vintage, made, 1)
    assert (found.holding, months.label(found.since[0]), found.others) == (("campaign",), "2024-07", ("tariff_07", "tariff_11"))


def test_only_a_quantity_can_be_lost():
    for more in ({"estimand": "recovery"}, {"measure": "relative"}, {"estimand": "anticipation"}):
        assert not asks_for_a_loss(Design(BAN, SERIES, start="2024-03", **more))
    assert asks_for_a_loss(Design(BAN, SERIES, start="2024-03"))


def test_a_loss_that_is_not_shown_bounds_no_share():
    rng = np.random.default_rng(2)
    effect = np.column_stack([rng.normal(-1, 1, 4000), rng.normal(1, 0.1, 4000)])  # no loss in a sixth of the draws
    share, ((low, high), _) = Recovery(((0, 0), (1, 1)), effect, 1).share(2)
    assert share == pytest.approx(1, abs=0.1)
    assert (low, high) == (-math.inf, math.inf)


def test_the_interval_of_a_share_is_fiellers():
    """With normal sums b ~ N(2, .2), l ~ N(4, .3), independent: the roots of (b - s l)^2 = z^2 (.2^2 + s^2 .3^2), z = 1.96."""
    rng = np.random.default_rng(3)
    effect = np.column_stack([-rng.normal(4, 0.3, 200_000), rng.normal(2, 0.2, 200_000)])
    low, high = Recovery(((0, 0), (1, 1)), effect, 1).share(2)[1][1]
    z = 1.959964
    roots = np.roots([16 - (z * 0.3) ** 2, -16, 4 - (z * 0.2) ** 2])
    assert (low, high) == pytest.approx((roots.min(), roots.max()), abs=0.003)


def test_over_many_worlds_the_share_lies_in_its_interval():
    inside, count = 0, 40
    for seed in range(count):
        path = asked(known(back=0.5, seed=seed, noise=0.15), "baseline").recovery
        low, high = path.share(len(path.periods))[1][0]
        inside += low <= 0.5 <= high
    assert inside / count >= 0.7  # nominally 80 %


@pytest.mark.parametrize(
    ("start", "end", "held"),
    [("2023-05-01", "", True), ("2024-04-05", "", True), ("2023-05-01", "2024-05-15", False), ("2024-08-01", "", False)],
)
def test_measures_that_began_before_and_held_in_the_months_since_are_named(start, end, held):
    day = dt.date.fromisoformat(start)
    over = dt.date.fromisoformat(end) if end else None
    duty = Event(
        "duty", "", day, day, end=over, end_announced=over and day, imposed_by="USA", targets="CHN", products="gallium",
        instrument="tariff", role="default",
    )  # fmt: skip
    found = asked(known(events=(BAN, DEAL, duty)), "baseline")
    assert found.standing == (("duty",) if held else ())
    assert not set(found.standing) & {*found.others, "ban", "deal"}


def test_a_measure_that_another_one_suspended_is_not_said_to_hold():
    day = dt.date(2023, 5, 1)
    duty = Event("duty", "", day, day, imposed_by="USA", targets="CHN", products="gallium", instrument="tariff", role="default")
    gone = replace(
        duty, id="gone", announced=EASED, effective=EASED, instrument="suspension", reversal_of="duty"
    )  # fmt: skip
    assert asked(known(events=(BAN, DEAL, duty, gone)), "baseline").standing == ()
