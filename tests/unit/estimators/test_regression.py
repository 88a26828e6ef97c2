"""Regression on events: rates found with the rest, parts that add up, events as they are, collapse, bands that cover."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from forecast.core import months, registry
from forecast.core.effects import Effect
from forecast.core.errors import ConfigError
from forecast.core.events import Event, EventCalendar
from forecast.core.questions import Design
from forecast.core.vintage import Cell, Vintage
from forecast.estimators.regression import collinearity
from forecast.estimators.regression.intervention_regressors import own_event_regressors
from forecast.kernels import shapley
from forecast.study.effects import judge, placebo

SERIES = "CHN.export.USA.gallium"
FIRST, COUNT = "2018-01", 96
WHEN = np.arange(months.ordinal(FIRST), months.ordinal(FIRST) + COUNT)
PLAIN = {"noise": "white", "lunar": False}


def event(name, day, **changes):
    day = dt.date.fromisoformat(day)
    made = {"announced": day, "effective": day, "products": ("gallium",), "targets": ("USA",), "instrument": "ban"}
    return Event(name, name, **(made | {"role": "default"} | changes))


def base(seed=2, noise=0.03, level=100.0):
    return level * np.exp(noise * np.random.default_rng(seed).standard_normal(COUNT))


def known(values, *events, first=FIRST):
    start = months.ordinal(first)
    cells = tuple(Cell(start + i, start + i, float(v), "zero" if v == 0 else "value") for i, v in enumerate(values))
    return Vintage(dt.date(2030, 1, 1), {SERIES: cells}, EventCalendar(tuple(events)))


def asked(events, **changes):
    return Design(events, SERIES, **({"stop": "2025-12", "draws": 500} | changes))


def estimate(vintage, design, seed=1, **options):
    made = fc.estimator("regression", **options).estimate(vintage, design, np.random.default_rng(seed))
    assert isinstance(made, Effect)
    return made


def table(y, **columns):
    frame = pd.DataFrame({"time": np.arange(len(y)), "y": y} | columns)
    return fc.panel(frame, value="y", controls=list(columns))


# --- rates ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "option", "rate"), [("decay", "rate", 0.6), ("decay", "rate", 0.9), ("gradual", "delta", 0.75)]
)
@pytest.mark.parametrize("noise", ["white", "level", ((1, 0, 0), (0, 0, 0, 0))])
def test_a_planted_rate_is_found(shape, option, rate, noise):
    rng = np.random.default_rng(4)
    since = np.arange(120) - 80
    path = np.where(since >= 0, rate ** np.clip(since, 0, None), 0.0)
    path = path if shape == "decay" else np.where(since >= 0, 1 - rate * path, 0.0)
    made = estimate(
        table(20 - 6 * path + 0.5 * rng.standard_normal(120)), fc.Design.at(80, "y", draws=500), noise=noise,
        shapes=[{"use": shape, option: "estimate"}],
    )  # fmt: skip
    found = made.parameters[f"{shape}.{option}"]
    assert 0.005 < found.se < 0.15
    assert abs(found.estimate - rate) < 3 * found.se
    assert abs(made.parameters[shape].estimate + 6) < 3 * made.parameters[shape].se
    low, high = made.cumulative.interval(0.99)
    assert low <= -6 * path.sum() <= high


def test_two_rates_are_found_together():
    rng = np.random.default_rng(5)
    since = np.clip(np.arange(160) - 90, 0, None)
    on = np.arange(160) >= 90
    path = 4 * on * 0.5**since - 3 * on * (1 - 0.9 ** (since + 1))
    made = estimate(
        table(10 + path + 0.15 * rng.standard_normal(160)), fc.Design.at(90, "y", draws=200), noise="white",
        shapes=[{"use": "decay", "rate": "estimate"}, {"use": "gradual", "delta": "estimate"}],
    )  # fmt: skip
    for name, truth in {"decay": 4, "decay.rate": 0.5, "gradual": -3, "gradual.delta": 0.9}.items():
        assert abs(made.parameters[name].estimate - truth) < 3 * made.parameters[name].se, name
    first = made.parameters["gradual.omega"]
    assert first.estimate == pytest.approx(
        made.parameters["gradual"].estimate * (1 - made.parameters["gradual.delta"].estimate)
    )
    assert 0 < first.se < made.parameters["gradual"].se
    assert made.cumulative.estimate == pytest.approx(path.sum(), rel=0.1)


def test_the_likelihood_and_the_rate_are_those_of_a_plain_search():
    """Least squares over a fine grid of rates: the same rate, the same likelihood; the curvature gives the same error."""
    rng = np.random.default_rng(6)
    since = np.arange(60) - 40
    y = 5 + np.where(since >= 0, 3 * 0.7 ** np.clip(since, 0, None), 0) + 0.4 * rng.standard_normal(60)
    made = estimate(table(y), fc.Design.at(40, "y", draws=200), noise="white", shapes=[{"use": "decay", "rate": "estimate"}])

    def likelihood(rate):
        x = np.column_stack([np.ones(60), np.where(since >= 0, rate ** np.clip(since, 0, None), 0)])
        rss = ((y - x @ np.linalg.lstsq(x, y, rcond=None)[0]) ** 2).sum()
        return -30 * (np.log(2 * np.pi * rss / 60) + 1)

    rates = np.arange(0.3, 0.95, 0.0005)
    values = np.array([likelihood(r) for r in rates])
    best = rates[values.argmax()]
    assert made.parameters["decay.rate"].estimate == pytest.approx(best, abs=6e-4)
    assert made.loglike == pytest.approx(values.max(), abs=1e-5)
    curve = (likelihood(best + 0.01) - 2 * likelihood(best) + likelihood(best - 0.01)) / 0.01**2
    assert made.parameters["decay.rate"].se == pytest.approx(np.sqrt(-1 / curve), rel=0.05)


def test_an_estimated_rate_widens_the_effect():
    rng = np.random.default_rng(7)
    since = np.arange(90) - 60
    y = 10 + np.where(since >= 0, -3 * 0.85 ** np.clip(since, 0, None), 0) + rng.standard_normal(90)
    free = estimate(table(y), fc.Design.at(60, "y"), noise="white", shapes=[{"use": "decay", "rate": "estimate"}])
    rate = free.parameters["decay.rate"].estimate
    held = estimate(table(y), fc.Design.at(60, "y"), noise="white", shapes=[{"use": "decay", "rate": rate}])
    assert free.cumulative.estimate == pytest.approx(held.cumulative.estimate, rel=1e-4)
    assert free.cumulative.se > 1.1 * held.cumulative.se
    assert free.parameters["decay"].se > held.parameters["decay"].se


def test_a_rate_the_figures_do_not_tell_is_said_so():
    y = np.r_[np.zeros(40), np.ones(30)] + 0.01 * np.random.default_rng(8).standard_normal(70)
    made = estimate(table(y), fc.Design.at(40, "y"), noise="white", shapes=[{"use": "decay", "rate": "estimate"}])
    assert made.parameters["decay.rate"].estimate == pytest.approx(0.98)
    assert np.isnan(made.parameters["decay.rate"].se)
    assert "lies on a bound of its range (0.02 to 0.98)" in made.used[0].notes[0]
    short = estimate(table(y[:42]), fc.Design.at(40, "y"), noise="white", shapes=[{"use": "decay", "rate": "estimate"}])
    assert short.counterfactual is None
    assert short.used[0].notes == ("2 figures after the start cannot tell a rate from a size",)


@pytest.mark.parametrize("words", [{"use": "ramp", "months": "estimate"}, {"use": "decay", "rate": "guess"}])
def test_only_rates_can_be_estimated(words):
    with pytest.raises(ConfigError):
        fc.estimator("regression", shapes=[words])


def test_elsewhere_an_estimated_rate_is_its_default():
    ban = event("ban", "2023-01-01", shape={"use": "decay", "rate": "estimate"})
    assert ban.response(WHEN) == pytest.approx(replace(ban, shape={"use": "decay", "rate": 0.7}).response(WHEN))


def test_an_event_of_the_calendar_may_ask_for_its_rate():
    ban = event("ban", "2023-01-01", shape={"use": "gradual", "delta": "estimate"})
    y = base() * np.exp(-0.8 * replace(ban, shape={"use": "gradual", "delta": 0.8}).response(WHEN)[:, 0])
    made = estimate(known(y, ban), asked(ban))
    assert made.parameters["ban.delta"].estimate == pytest.approx(0.8, abs=0.05)
    assert made.parameters["ban"].estimate == pytest.approx(-0.8, abs=0.05)


# --- parts ---------------------------------------------------------------------------------------------------------------

LICENCE, BAN, DEAL = event("licence", "2020-08-01"), event("ban", "2022-03-01"), event("deal", "2024-02-01")


def hit(*pairs, seed=2):
    y = base(seed)
    for one, size in pairs:
        y = y * np.exp(size * one.response(WHEN)[:, 0])
    return y


def test_parts_add_to_the_joint_effect_in_every_draw():
    y = hit((LICENCE, -0.5), (BAN, -0.8), (DEAL, 0.4))
    made = estimate(known(y, LICENCE, BAN, DEAL), asked((LICENCE, BAN, DEAL)))
    assert set(made.parts) == {"licence", "ban", "deal"}
    total = sum(part.draws for part in made.parts.values())
    assert np.abs(total - made.cumulative.draws).max() < 1e-8
    assert sum(part.estimate for part in made.parts.values()) == pytest.approx(made.cumulative.estimate, abs=1e-8)
    assert made.cumulative.estimate == pytest.approx((y - base())[31:].sum(), rel=0.1)
    assert max(made.parts["licence"].estimate, made.parts["ban"].estimate) < 0 < made.parts["deal"].estimate
    assert made.used[0].notes == ()


def test_parts_of_two_are_the_mean_of_both_orders():
    made = estimate(known(hit((LICENCE, -0.5), (BAN, -0.8)), LICENCE, BAN), asked((LICENCE, BAN)), noise="white")
    y = made.observed
    a, b = (
        made.parameters[e.id].estimate * e.response(np.array([first for first, _ in made.periods]))[:, 0]
        for e in (LICENCE, BAN)
    )
    first, last = y - y * np.exp(-a), y * np.exp(-b) - y * np.exp(-a - b)  # the licence off alone; off when the ban is off
    assert made.parts["licence"].estimate == pytest.approx(((first + last) / 2).sum(), rel=1e-9)


def test_parts_hold_after_the_placebos_widened_the_effect():
    made = estimate(known(hit((LICENCE, -0.5), (BAN, -1.5)), LICENCE, BAN), asked((LICENCE, BAN)))
    wide = placebo.stretch_interval(made, 2.5, nonnegative=True)
    assert set(wide.parts) == {"licence", "ban"}
    assert wide.cumulative.se > 2 * made.cumulative.se
    assert np.abs(sum(p.draws for p in wide.parts.values()) - wide.cumulative.draws).max() < 1e-8
    assert sum(p.estimate for p in wide.parts.values()) == pytest.approx(wide.cumulative.estimate)
    assert {k: p.estimate for k, p in wide.parts.items()} == {k: p.estimate for k, p in made.parts.items()}
    assert judge.apply_verdict(made, [judge.Gate("a", "fail", cap="descriptive", withholds=True)]).parts == {}
    assert placebo.stretch_interval(made, 1.0, nonnegative=True).parts == made.parts


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (event("second", "2022-04-20"), "they start 1.6 months apart"),
        (event("second", "2022-03-01"), "cannot be told from the other events"),
    ],
)
def test_events_too_close_have_a_joint_effect_only(second, why):
    y = hit((BAN, -0.5), (second, -0.4))
    made = estimate(known(y, BAN, second), asked((BAN, second)))
    assert made.parts == {}
    assert why in made.used[0].notes[0]
    assert "joint effect only" in made.used[0].notes[-1]
    assert made.cumulative.estimate == pytest.approx((y - base())[50:].sum(), rel=0.1)


def test_a_cluster_is_one_part_beside_others():
    pair = [event("one", "2022-03-01", cluster="pair"), event("two", "2023-03-01", cluster="pair")]
    made = estimate(known(hit((LICENCE, -0.5), (pair[0], -0.5), (pair[1], -0.3)), LICENCE, *pair), asked((LICENCE, *pair)))
    assert set(made.parts) == {"licence", "one+two"}
    assert made.used[0].notes == ("one and two are not told apart: they belong to one cluster",)
    assert sum(p.estimate for p in made.parts.values()) == pytest.approx(made.cumulative.estimate)


def test_one_event_has_no_parts():
    made = estimate(known(hit((BAN, -0.5)), BAN), asked(BAN))
    assert made.parts == {}
    assert made.used[0].notes == ()


def test_parts_of_several_series_add_up():
    other = "CHN.export.USA.germanium"
    licence, ban = (replace(e, products=("gallium", "germanium")) for e in (LICENCE, BAN))
    both = known(hit((licence, -0.5), (ban, -0.8)), licence, ban)
    more = known(hit((licence, -0.2), (ban, -0.4), seed=9), licence, ban).cells[SERIES]
    made = estimate(
        replace(both, cells={**both.cells, other: more}), Design((licence, ban), (SERIES, other), stop="2025-12", draws=300)
    )
    assert np.abs(sum(p.draws for p in made.parts.values()) - made.cumulative.draws).max() < 1e-8
    assert {p.name for p in made.parameters} >= {f"{SERIES}: ban", f"{other}: licence"}


@pytest.mark.parametrize("times", ["year", "month", "day"])
def test_a_plain_panel_carries_several_events(times):
    rng = np.random.default_rng(3)
    y = 10 + 0.3 * rng.standard_normal(60)
    y[25:] += 3
    y[40:] -= 2
    if times == "year":
        label, days = [str(1950 + i) for i in range(60)], ("1975-06-01", "1990-01-01")
    elif times == "month":
        label, days = [months.label(months.ordinal("2000-01") + i) for i in range(60)], ("2002-02-01", "2003-05-01")
    else:
        label = [(dt.date(2020, 1, 1) + dt.timedelta(days=i)).isoformat() for i in range(60)]
        days = ("2020-01-26", "2020-02-10")
    vintage = fc.panel(pd.DataFrame({"time": label, "y": y}), time="time", value="y")
    events = [fc.Event(n, n, dt.date.fromisoformat(d), dt.date.fromisoformat(d)) for n, d in zip("ab", days, strict=True)]
    made = estimate(vintage, fc.Design(events, "y"), noise="white")
    assert vintage.steps.period(*made.periods[0]) == label[25]
    assert made.parameters["a"].estimate == pytest.approx(3, abs=0.4)
    assert made.parameters["b"].estimate == pytest.approx(-2, abs=0.4)
    if times != "day":  # there the starts lie within a month of each other
        assert made.parts["a"].estimate == pytest.approx(35 * made.parameters["a"].estimate)
        assert made.parts["b"].estimate == pytest.approx(20 * made.parameters["b"].estimate)


# --- the maths behind them -----------------------------------------------------------------------------------------------


def test_shapley_shares_out_what_three_made_together():
    """The glove game (Shapley and Shubik): one left glove, two right ones, a pair is worth 1: 4/6, 1/6, 1/6."""
    parts = shapley.shapley(lambda s: np.array([float(0 in s and len(s) > 1)]), 3)
    assert parts[:, 0] == pytest.approx([4 / 6, 1 / 6, 1 / 6])


def test_shapley_of_many_samples_orders_and_still_adds():
    rng = np.random.default_rng(0)
    weight = rng.standard_normal((8, 5))

    def value(members):
        return np.exp(weight[sorted(members)].sum(axis=0)) if members else np.ones(5)

    parts = shapley.shapley(value, 8)
    assert parts.sum(axis=0) == pytest.approx(value(frozenset(range(8))) - 1.0)
    alone = shapley.shapley(lambda s: np.array(float(sum(2.0**i for i in s))), 8)
    assert alone == pytest.approx(2.0 ** np.arange(8))  # where nothing interacts, everyone has his own


def test_entangled_by_correlation_and_by_inflation():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((200, 3))
    x[:, 1] = x[:, 0] + 0.2 * rng.standard_normal(200)
    assert collinearity.inseparable_pairs(np.linalg.inv(x.T @ x), [0, 1, 2])[0][:2] == (0, 1)
    assert collinearity.inseparable_pairs(np.linalg.inv(x[:, [0, 2]].T @ x[:, [0, 2]]), [0, 1]) == []
    many = rng.standard_normal((500, 6))
    many[:, 5] = many[:, :5].sum(axis=1) + 0.65 * rng.standard_normal(500)  # no pair stands out, all together do
    found = collinearity.inseparable_pairs(np.linalg.inv(many.T @ many), range(6))
    assert any("multiply the variance" in why for _, _, why in found)
    assert collinearity.connected_groups(5, [(0, 2), (2, 4)]) == [(0, 2, 4), (1,), (3,)]
    assert collinearity.connected_groups(3, [(2, 1), (0, 2)]) == [(0, 1, 2)]


# --- events as they are --------------------------------------------------------------------------------------------------


def column(ban, vintage=None, **changes):
    vintage = vintage or known(base(), ban)
    made = own_event_regressors(vintage, asked(ban, **changes), WHEN)
    return dict(zip(made.names, made.columns(made.midpoints)[0].T, strict=True))


def at(label):
    return months.ordinal(label) - WHEN[0]


def test_a_start_within_a_month_counts_by_its_days():
    ban = event("ban", "2024-12-03")
    step = column(ban)["ban"]
    assert step[at("2024-11")] == 0
    assert step[at("2024-12")] == pytest.approx(29 / 31)
    assert step[at("2025-01")] == 1
    y = base() * np.exp(-1.2 * step)
    made = estimate(known(y, ban), asked(ban, draws=400))
    assert made.parameters["ban"].estimate == pytest.approx(-1.2, abs=0.05)
    assert made.cumulative.estimate == pytest.approx((y - base())[at("2024-12") :].sum(), rel=0.05)


def test_announced_is_not_effective():
    early = event("ban", "2024-06-01", announced=dt.date(2024, 2, 1))
    step = column(early)["ban"]
    assert step[at("2024-05")] == 0
    assert step[at("2024-06")] == 1


def test_goods_at_sea_arrive_later():
    ban = event("ban", "2023-06-15")
    late, now = column(ban, lag_months=2)["ban"], column(ban)["ban"]
    assert late[2:] == pytest.approx(now[:-2])
    y = base() * np.exp(-0.7 * late)
    made = estimate(known(y, ban), asked(ban, lag_months=2))
    assert made.periods[0] == (months.ordinal("2023-08"),) * 2
    assert made.parameters["ban"].estimate == pytest.approx(-0.7, abs=0.05)
    wrong = estimate(known(y, ban), asked(ban))
    assert abs(wrong.parameters["ban"].estimate) < 0.66


def test_the_months_of_a_donut_are_in_no_fit():
    ban = event("ban", "2024-01-01")
    y = base() * np.exp(-0.7 * column(ban)["ban"])
    muddled = y.copy()
    muddled[at("2024-01") : at("2024-03")] *= 7
    one, two = (estimate(known(v, ban), asked(ban, donut=2)) for v in (y, muddled))
    assert np.array_equal(one.counterfactual, two.counterfactual)
    assert one.periods[0] == (months.ordinal("2024-03"),) * 2
    assert one.parameters["ban"].estimate == pytest.approx(-0.7, abs=0.05)
    lone = [estimate(table(v), fc.Design.at(72, "y", donut=2), **PLAIN).parameters["effect"].estimate for v in (y, muddled)]
    assert lone[0] == lone[1]


def test_an_end_stops_the_effect():
    ban = event("ban", "2022-03-01", end=dt.date(2023, 6, 16), end_announced=dt.date(2023, 6, 1))
    step = column(ban)["ban"]
    assert step[at("2023-06")] == pytest.approx(0.5)
    assert not step[at("2023-07") :].any()
    y = base() * np.exp(-0.9 * step)
    made = estimate(known(y, ban), asked(ban))
    assert made.parameters["ban"].estimate == pytest.approx(-0.9, abs=0.05)
    assert made.cumulative.estimate == pytest.approx((y - base())[50:].sum(), rel=0.05)
    assert np.abs(made.draws[:, at("2023-07") - at("2022-03") :]).max() < 1e-9


def suspended():
    """A ban that a suspension ends: the level comes back only in part."""
    end = dt.date(2024, 6, 1)
    ban = event("ban", "2022-03-01", end=end, end_announced=end)
    suspension = event("suspension", "2024-06-01", reversal_of="ban", instrument="suspension")
    y = base() * np.exp(-0.9 * replace(ban, end=None, end_announced=None).response(WHEN)[:, 0])
    return ban, suspension, y * np.exp(0.5 * suspension.response(WHEN)[:, 0])


def test_a_reversal_goes_with_the_measure_it_reverses():
    ban, suspension, y = suspended()
    made = estimate(known(y, ban, suspension), asked(ban))
    assert made.parameters["ban"].estimate == pytest.approx(-0.9, abs=0.05)
    assert made.parameters["suspension"].estimate == pytest.approx(0.5, abs=0.05)
    assert set(made.parts) == {"ban", "suspension"}
    assert made.cumulative.estimate == pytest.approx((y - base())[50:].sum(), rel=0.05)


def test_a_reversal_after_the_asked_months_is_no_part_of_them():
    ban, suspension, y = suspended()
    licence = event("licence", "2020-08-01")
    y = y * np.exp(-0.3 * licence.response(WHEN)[:, 0])
    made = estimate(known(y, licence, ban, suspension), asked((licence, ban), stop="2023-12"))
    assert set(made.parts) == {"licence", "ban"}
    assert "suspension" in made.used[0].regressors
    assert sum(p.draws for p in made.parts.values()) == pytest.approx(made.cumulative.draws)


def test_a_reversal_is_compared_with_the_measure_going_on():
    ban, suspension, y = suspended()
    made = estimate(known(y, ban, suspension), asked(suspension))
    assert made.parameters["suspension"].estimate == pytest.approx(0.5, abs=0.05)
    assert made.cumulative.estimate == pytest.approx((y * (1 - np.exp(-0.5)))[at("2024-06") :].sum(), rel=0.1)
    assert "ban" in made.used[0].regressors
    assert made.parts == {}


def test_a_reversal_not_yet_announced_is_unknown():
    ban, suspension, y = suspended()
    day = dt.date(2024, 5, 31)
    calendar = EventCalendar((ban, suspension)).known_on(day)
    then = replace(known(y[: at("2024-04")]), day=day, events=calendar)
    made = estimate(then, asked(ban, stop="2024-03"))
    assert [p.name for p in made.parameters if not p.name.startswith("sigma2")] == ["ban", "lunar_new_year"]


def test_anticipation_has_its_own_columns_and_ledger():
    ban = event("ban", "2024-01-01", announced=dt.date(2023, 9, 1), anticipation_from=dt.date(2023, 9, 1))
    plain = base()
    y = plain * np.exp(0.47 * column(ban)["ban.anticipation"] - 1.5 * column(ban)["ban"])
    made = estimate(known(y, ban), asked(ban))
    early = slice(at("2023-09"), at("2024-01"))
    assert made.parameters["ban.anticipation"].estimate == pytest.approx(0.47, abs=0.05)
    assert made.anticipation.estimate == pytest.approx((y - plain)[early].sum(), rel=0.15)
    assert made.net.estimate == pytest.approx(made.cumulative.estimate + made.anticipation.estimate)
    assert made.parts == {}
    naive = estimate(known(y, replace(ban, anticipation_from=None)), asked(replace(ban, anticipation_from=None)))
    assert naive.anticipation is None


def test_a_design_may_set_the_months_of_anticipation_itself():
    ban = event("ban", "2024-01-01")
    y = base() * np.exp(-1.5 * column(ban)["ban"])
    y[at("2023-10") : at("2024-01")] *= 1.6
    made = estimate(known(y, ban), asked(ban, anticipation=3))
    assert made.parameters["ban.anticipation"].estimate == pytest.approx(np.log(1.6), abs=0.06)
    assert made.parameters["ban"].estimate == pytest.approx(-1.5, abs=0.05)
    foreseen = replace(ban, announced=dt.date(2023, 9, 1), anticipation_from=dt.date(2023, 9, 1))
    assert set(column(foreseen, anticipation=0)) == {"ban"}


# --- collapse ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("transform", ["auto", "log", "asinh"])
@pytest.mark.parametrize("noise", ["auto", "white", ((0, 1, 1), (0, 0, 0, 0))])
def test_a_flow_that_is_gone_is_lost_whole(transform, noise):
    plain = base(noise=0.1)
    y = np.where(BAN.start <= WHEN, 0.0, plain)
    made = estimate(known(y, BAN), asked(BAN), transform=transform, noise=noise)
    assert made.relative.estimate == -1.0
    low, high = made.relative.interval(0.95)
    assert low == -1.0 < high < -0.9, "the bound that the count of empty months sets"
    low, high = made.cumulative.interval(0.99)
    assert low <= -plain[50:].sum() <= high
    assert made.cumulative.estimate == pytest.approx(-plain[50:].sum(), rel=0.25)
    assert made.cumulative.draws == pytest.approx(-made.counterfactual.sum(axis=1))
    assert not any(p.name.startswith("ban") for p in made.parameters)
    assert "less than 1% of what was usual is left" in made.used[0].notes[0]
    assert made.parts == {}


def test_a_flow_that_is_nearly_gone_has_no_diverging_coefficient():
    plain = base(noise=0.1)
    y = np.where(BAN.start <= WHEN, 0.002 * plain, plain)
    made = estimate(known(y, BAN), asked(BAN), transform="log")
    assert -1.0 < made.relative.estimate < -0.99
    assert made.cumulative.estimate == pytest.approx((y - plain)[50:].sum(), rel=0.25)
    assert all(abs(p.estimate) < 50 for p in made.parameters)


def test_a_flow_that_was_nothing_before_does_not_collapse():
    made = estimate(known(np.zeros(COUNT), BAN), asked(BAN), transform="none")
    assert made.counterfactual is None or made.counterfactual.max() < 1e-9


def test_a_collapse_keeps_the_season_of_the_months_before():
    wave = 1 + 0.5 * np.sin(2 * np.pi * WHEN / 12)
    y = np.where(BAN.start <= WHEN, 0.0, base() * wave)
    made = estimate(known(y, BAN), asked(BAN, stop="2023-02"))
    assert made.counterfactual.mean(axis=0) == pytest.approx((base() * wave)[50:62], rel=0.15)


# --- bands ---------------------------------------------------------------------------------------------------------------


def test_draws_are_student_t():
    """Least squares on the plain scale: the effect is months x b, b Student t with n - k degrees."""
    y = np.r_[np.zeros(6), np.full(3, 2.0)] + np.array([0.3, -0.1, 0.4, -0.5, 0.2, -0.3, 0.1, -0.4, 0.3])
    made = estimate(table(y), fc.Design.at(6, "y", draws=20000), **PLAIN)
    b = made.parameters["effect"]
    low, high = made.average.interval(0.95)
    reach = 2.364624 * b.se  # the 97.5 % point of t with 7 degrees
    assert made.average.estimate == pytest.approx(b.estimate)
    assert (low, high) == pytest.approx((b.estimate - reach, b.estimate + reach), abs=0.03 * reach)


def test_the_level_is_not_taken_as_known():
    """In a short sample the step's variance is uncertain: the band is wider than the most likely variance would have it."""
    rng = np.random.default_rng(2)
    y = np.cumsum(0.2 * rng.standard_normal(30)) + rng.standard_normal(30)
    made = estimate(table(y), fc.Design.at(22, "y", draws=8000), noise="level")
    assert made.average.se > 1.1 * made.parameters["effect"].se


@pytest.mark.slow
@pytest.mark.parametrize(("before", "after"), [(36, 5), (60, 12)])
def test_cover_and_size_on_a_wandering_level(before, after):
    """600 runs: 90 % intervals cover 87-95 %, the 5 % test rejects 3.5-6.5 % (standard errors 0.012 and 0.009 on top)."""
    rng = np.random.default_rng(11)
    inside = away = 0
    for run in range(600):
        level = np.cumsum(0.03 * rng.standard_normal(before + after))
        y = 100 * np.exp(level + 0.15 * rng.standard_normal(before + after))
        frame = pd.DataFrame({"time": np.arange(len(y)), "y": y})
        vintage = fc.panel(frame, value="y", nonnegative=True)
        total = estimate(vintage, fc.Design.at(before, "y", draws=400), seed=run).cumulative
        low, high = total.interval(0.9)
        inside += low <= 0 <= high
        low, high = total.interval(0.95)
        away += not low <= 0 <= high
    assert 0.87 - 0.012 < inside / 600 < 0.95 + 0.012
    assert 0.035 - 0.009 < away / 600 < 0.065 + 0.009


@pytest.mark.parametrize("name", ["regression"])
def test_its_words_build_it_again(name):
    made = registry.build(
        "estimator", {"use": name, "noise": [[0, 1, 1], [0, 1, 1, 12]], "shapes": [{"use": "decay", "rate": "estimate"}]}
    )
    assert made == registry.build("estimator", registry.spec_of(made))
