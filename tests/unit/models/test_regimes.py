"""The model `regimes`: chances, blur, zeros and declared shares against their formulas."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from forecast.core import registry
from forecast.core.errors import NotIdentifiedError, TooShortError
from forecast.core.events import Event
from forecast.core.questions import Task

SERIES = "USA.import.CHN.gallium"
DRAWS = 100_000


def measure(name, begins, instrument="ban", **more):
    day = dt.date.fromisoformat(begins)
    return Event(
        name, name, announced=day, effective=day, imposed_by=("CHN",), targets=("USA",), products=("gallium",),
        instrument=instrument, role="default", **more,
    )  # fmt: skip


@pytest.fixture
def ask(vintage_of):
    """Draws (draws, months) of the months after figures that begin in 2020-01, and what was used."""

    def drawn(values, events=(), months=("2023-01", "2023-02"), draws=DRAWS, nonnegative=True, **options):
        then = vintage_of(values, series=SERIES, events=events, day="2023-01-15", nonnegative=nonnegative)
        model = registry.build("model", {"use": "regimes", **options})
        made = model.predict(then, Task(then.day, SERIES, months, draws=draws), np.random.default_rng(7))
        return made.draws[:, 0], made.used[0]

    return drawn


def beside(log_draws, log_figures):
    """Place of the nearest figure of each draw."""
    return np.abs(log_draws[..., None] - np.asarray(log_figures)).argmin(axis=-1)


FAR = 1000.0 ** np.arange(1, 7)  # figures that no blur takes for one another


@pytest.mark.parametrize(("options", "half"), [({}, 3.0), ({"half_life": 0.8}, 0.8)])
def test_a_figure_s_chance_halves_with_every_half_life_back(ask, options, half):
    """Months 0, 1, 2, 4, 5 and 6, the fourth unknown: age counts, not rank."""
    draws, used = ask([*FAR[:3], None, *FAR[3:]], **options)
    weight = 0.5 ** (np.array([6, 5, 4, 2, 1, 0]) / half)
    chance = weight / weight.sum()
    found = beside(np.log(draws), np.log(FAR))
    assert np.bincount(found[:, 0], minlength=6) / DRAWS == pytest.approx(chance, abs=0.005)
    # chances are drawn once a path (Dirichlet): two months of it share a figure more often than by chance
    twice = (chance**2 + chance * (1 - chance) / (weight.sum() + 1)).sum()
    assert (found[:, 0] == found[:, 1]).mean() == pytest.approx(twice, abs=0.006)
    assert used.notes == ("6 months of no measure",)


def test_a_figure_is_blurred_around_itself_by_half_the_rule_of_thumb(ask):
    """Logarithms alternate by 0.2 about log 100; 0.53 s n^(-1/5) of eight, and the mean stays where it was."""
    values = 100 * np.exp(0.2 * np.array([1, -1] * 4))
    width = 0.53 * 0.2 * np.sqrt(8 / 7) * 8**-0.2
    logs = np.log(ask(values, half_life=1e9)[0] / 100)
    assert logs.var() == pytest.approx(0.2**2 + width**2, rel=0.01)
    assert logs.mean() == pytest.approx(-(width**2) / 2, abs=0.002)
    assert abs(np.corrcoef(logs.T)[0, 1]) < 0.12, "each month is drawn anew"


def test_the_blur_of_figures_far_apart_is_that_of_a_spread_of_one(ask):
    logs = np.log(ask(FAR)[0])
    left = logs - np.log(FAR)[beside(logs, np.log(FAR))]
    width = 0.53 * 6**-0.2
    assert left.std() == pytest.approx(width, rel=0.01)
    assert left.mean() == pytest.approx(-(width**2) / 2, abs=0.003)


def test_a_month_is_empty_as_often_as_the_regime_was_with_one_month_s_worth_of_the_series(ask):
    """Two zeros of the regime's four months, half-life of two; three of the series' ten: Beta(0.3 + w, 0.7 + w')."""
    values = [500, 500, 0, 500, 500, 500, 0, 500, 500, 0]
    weight = 0.5 ** (np.array([3, 2, 1, 0]) / 2)
    a, b = 0.3 + weight[0] + weight[3], 0.7 + weight[1] + weight[2]
    draws, used = ask(values, [measure("ban", "2020-07-01")], half_life=2.0)
    mean, var = a / (a + b), a * b / (a + b) ** 2 / (a + b + 1)
    assert (draws == 0).mean(axis=0) == pytest.approx([mean, mean], abs=0.006)
    assert (draws == 0).all(axis=1).mean() == pytest.approx(mean**2 + var, abs=0.006)
    assert draws[draws > 0] == pytest.approx(500)
    assert used.notes == ("4 months of ban",)


def test_a_series_that_was_never_empty_stays_so_and_one_that_always_was_too(ask):
    assert (ask([500] * 8, draws=2000)[0] == 500).all()
    assert (ask([0] * 8, draws=2000)[0] == 0).all()


def test_an_empty_regime_ships_like_any_month_of_the_series(ask):
    """Six of nine months traded, the last three, under a ban, did not: empty by Beta(1/3 + 3, 2/3), else any of the six."""
    values = [*FAR, 0, 0, 0]
    draws, _ = ask(values, [measure("ban", "2020-07-01")], half_life=1e9)
    assert (draws == 0).mean() == pytest.approx((1 / 3 + 3) / 4, abs=0.006)
    some = np.log(draws[draws > 0])
    assert np.bincount(beside(some, np.log(FAR))) / len(some) == pytest.approx(np.full(6, 1 / 6), abs=0.01)


def test_a_lone_shipment_is_blurred_by_the_spread_of_all(ask):
    values = [*(100 * np.exp(0.3 * np.array([1, -1] * 3))), 0, 40, 0]
    logs = np.log([v for v in values if v])
    draws, _ = ask(values, [measure("ban", "2020-07-01")])
    some = np.log(draws[draws > 0])
    assert some.std() == pytest.approx(0.53 * logs.std(ddof=1), rel=0.02)
    assert some.mean() == pytest.approx(np.log(40) - (0.53 * logs.std(ddof=1)) ** 2 / 2, abs=0.01)
    two, _ = ask([*values[:6], 30, 0, 50], [measure("ban", "2020-07-01")], half_life=1e9)
    half = np.log(5 / 3) / 2
    width = 0.53 * half * np.sqrt(2) * 2**-0.2
    assert np.log(two[two > 0]).var() == pytest.approx(half**2 + width**2, rel=0.03), "two tell of themselves"
    one, _ = ask([0] * 8 + [40], [measure("ban", "2020-07-01")])
    assert one[one > 0] == pytest.approx(40), "a single figure in all has no spread"


@pytest.mark.parametrize(
    ("stopped", "options", "middle", "spread"),
    [
        (1.0, {}, 0.05, 1.0),
        (0.95, {}, 0.05, 1.0),  # no more is left than leaks anyway
        (0.94, {}, 0.06, 0.35),
        (0.5, {}, 0.5, 0.35),
        (1.0, {"leak": 0.2, "leak_sd": 0.5}, 0.2, 0.5),
        (0.5, {"part_sd": 0.2}, 0.5, 0.2),
    ],
)
def test_a_declared_share_is_left_of_the_open_months(ask, stopped, options, middle, spread):
    """One factor a path, lognormal about the share; never more than all."""
    draws, used = ask([100] * 8, [measure("ban", "2023-01-01", share_stopped=stopped)], **options)
    assert np.array_equal(draws[:, 0], draws[:, 1])
    assert draws.max() <= 100 + 1e-9
    low, mid, high = np.quantile(draws[:, 0], [0.15865525, 0.5, 0.84134475]) / 100
    assert mid == pytest.approx(middle, rel=0.015)
    assert np.log([mid / low, high / mid]) == pytest.approx([spread, spread], rel=0.02)
    assert used.notes == (f"declared: {middle:.0%} of the last 8 months without such a measure",)


def test_the_factor_is_cut_where_nothing_is_stopped(ask):
    """Half of the trade with 0.35: the lognormal is above one in P(N > log 2 / 0.35) = 2.4 % of the paths."""
    draws, _ = ask([100] * 8, [measure("ban", "2023-01-01", share_stopped=0.5)])
    assert (draws[:, 0] >= 100 - 1e-9).mean() == pytest.approx(0.0238, abs=0.002)


@pytest.mark.parametrize(("known", "level", "said"), [(2, 100, "last 6 months"), (3, 900, "last 3 months")])
def test_open_months_are_those_of_the_last_regime_known_well_enough(ask, known, level, said):
    """A campaign that closes nothing was in force in the last two, or three, months before the ban."""
    events = [measure("campaign", "2020-07-01", "enforcement"), measure("ban", "2023-01-01", share_stopped=0.5)]
    draws, used = ask([100] * 6 + [900] * known, events)
    assert np.median(draws) == pytest.approx(level / 2, rel=0.02)
    assert said in used.notes[0]


def test_a_share_is_left_of_open_months_not_of_a_ban_s_own(ask):
    """Under a ban that stops 80 % a second one is to stop half: a tenth of the months before the first."""
    first = measure("first", "2020-07-01", share_stopped=0.8)
    events = [first, measure("second", "2023-01-01", share_stopped=0.5)]
    draws, used = ask([100] * 6 + [19] * 4, events)
    assert np.median(draws) == pytest.approx(10, rel=0.02)
    assert used.notes == ("declared: 10% of the last 6 months without such a measure",)
    with pytest.raises(NotIdentifiedError, match="no month of this regime is known"):
        ask([19] * 8, [replace(first, announced=dt.date(2020, 1, 1), effective=dt.date(2020, 1, 1)), events[1]])


def test_sums_that_were_split_are_counted(vintage_of):
    then = vintage_of([100] * 8, series=SERIES, spans=[("2020-09", "2020-10", 200)], day="2023-01-15")
    task = Task(then.day, SERIES, ["2023-01"], draws=50)
    used = registry.build("model", "regimes").predict(then, task, np.random.default_rng(0)).used[0]
    assert (used.split, used.scale, used.notes) == (2, "none", ("10 months of no measure",))


def test_six_months_of_a_series_and_three_of_a_regime_are_enough(ask):
    assert ask([100] * 6, draws=50)[0].shape == (50, 2)
    with pytest.raises(TooShortError, match="5 usable months where 6 are needed"):
        ask([100] * 5)
    ban = [measure("ban", "2020-07-01")]
    assert (ask([100] * 6 + [7] * 3, ban, draws=50)[0] == 7).all()
    with pytest.raises(TooShortError, match="2 months of this regime are known where 3 are needed"):
        ask([100] * 6 + [7] * 2, ban)


def test_the_order_of_the_asked_months_does_not_matter(ask):
    """Months of two regimes, the later one asked first."""
    ban = [measure("ban", "2023-02-01", share_stopped=0.5)]
    values = 100 * np.exp(0.2 * np.array([1, -1] * 4))
    one, _ = ask(values, ban, ("2023-01", "2023-02", "2023-03"), draws=500)
    two, _ = ask(values, ban, ("2023-03", "2023-01", "2023-02"), draws=500)
    assert np.array_equal(two, one[:, [2, 0, 1]])


def test_what_may_be_negative_stays_negative(ask):
    assert (ask([-100] * 8, draws=50)[0] == 0).all(), "and a quantity of trade is none"
    draws, _ = ask([-100] * 8 + [0] * 2, nonnegative=False, draws=500)
    assert set(draws.round(9).ravel()) == {-100.0, 0.0}
