"""The fit gate: past errors of the method, white errors, undeclared breaks."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.diagnostic import acorr_ljungbox

from forecast.checks.fit import PrePeriodFit
from forecast.core import months as mm, registry
from forecast.core.effects import Description, Effect
from forecast.core.events import Event
from forecast.core.judgement import Judgement, Placebo
from forecast.core.panel import panel
from forecast.core.questions import Design
from forecast.kernels import innovations
from forecast.prep.working_scale import amount_scale
from forecast.study.effects.judge import Evidence

SERIES = "CHN.export.WLD.re_magnets"


@pytest.fixture
def ban():
    import datetime as dt

    return Event(
        "toy", "", dt.date(2023, 1, 1), dt.date(2023, 1, 1), products=("re_magnets",), instrument="ban", role="default"
    )


def series(seed=0, break_at=None, size=0.5, wave=0.0, count=66):
    rng = np.random.default_rng(seed)
    at = np.arange(count)
    y = 100 * np.exp(0.1 * rng.standard_normal(count) + wave * np.sin(2 * np.pi * at / 5))
    if break_at is not None:
        y[break_at:] *= size
    return y


@pytest.fixture
def gate(vintage_of, ban):
    def judged(values, scores=(), first="2018-01", space=(), **options):
        """Windows without an event with these `scores`, in their own predicted standard errors."""
        known = vintage_of(values, first=first, series=SERIES, events=[ban])
        design = Design(ban, SERIES, stop="2023-06")
        draws = 300 + np.random.default_rng(0).standard_normal((200, 2))
        found = [Placebo("time", SERIES, "2020-01", 1e3 * z, z=z) for z in scores]
        found += [Placebo("space", "x", "2023-01", x, z=x) for x in space]
        made = Effect(
            "toy", design, "kg", ((0, 0), (1, 1)), np.array([300.0, 100.0]), draws, Description(1.0, ""),
            judgement=Judgement(placebos=tuple(found)),
        )  # fmt: skip
        return registry.build("check", {"use": "fit", **options}).judge(made, Evidence(known, design))

    return judged


def test_calm_months_pass(gate):
    made = gate(series(), [1.0, -2.0, 1.5])
    assert made.outcome == "pass"
    assert made.value == pytest.approx(np.sqrt((1 + 4 + 2.25) / 3))
    assert "Ljung-Box" in made.reason
    assert "no break" in made.reason


def test_large_past_errors_leave_a_suggestion(gate):
    made = gate(series(), [3.0, -4.0, 2.0])
    assert (made.outcome, made.ceiling) == ("fail", "suggestive")
    assert "predicted standard errors" in made.reason
    assert made.value > 2


@pytest.mark.parametrize(
    ("scores", "outcome", "size"),
    [
        ([2.0, -2.0, 2.0], "pass", 2.0),
        ([3.0, -4.0, 5.0], "fail", np.sqrt(50 / 3)),
        ([2.1, -2.1, 2.1, np.nan], "fail", 2.1),
    ],
)
def test_past_errors_are_a_root_mean_square_in_predicted_standard_errors(gate, scores, outcome, size):
    made = gate([10.0] * 26, scores, first="2021-05", space=[1e6])
    assert (made.gate, made.outcome, made.value, made.threshold) == ("fit", outcome, pytest.approx(size), 2.0)
    assert made.reason == f"in 3 windows without an event off by {size:.1f} predicted standard errors (root mean square)"
    assert made.ceiling == ("supported" if outcome == "pass" else "suggestive")


def test_two_windows_tell_no_past_error(gate):
    for made in (gate(series(), [3.0, 3.0], space=[1.0]), gate(series(), [np.nan] * 3)):
        assert np.isnan(made.value)
        assert (made.outcome, made.reason.startswith("one-step errors")) == ("pass", True)


TOO_FEW, NO_BREAK = "too few earlier months to tell a break from a season", "no break of the level in the last 12 clean months"


@pytest.mark.parametrize(
    ("months", "without", "said"),
    [
        (23, [], None),
        (24, [], TOO_FEW),
        (35, [], TOO_FEW),
        (36, [], NO_BREAK),
        (24, [3], None),
        (36, [3], TOO_FEW),  # 23 figures before the last twelve months, where two years are needed
        (36, [30], NO_BREAK),
        (36, [23], TOO_FEW),  # the last of them
        (36, [24], NO_BREAK),  # the first of the twelve
        (50, list(range(4, 19)), TOO_FEW),
        (50, list(range(4, 32, 2)), NO_BREAK),
    ],
)
def test_a_break_is_looked_for_where_two_earlier_years_are_known(gate, months, without, said):
    """24 clean months are tested for a pattern, 36 for a break too: the last twelve against two years."""
    values = [None if i in without else y for i, y in enumerate(series(count=months + 6))]
    made = gate(values, first=mm.label(mm.ordinal("2023-01") - months))
    assert made.outcome == ("pass" if said else "not run")
    assert made.reason.split("; ")[1:] == ([said] if said else [])
    assert ("Ljung-Box" in made.reason) == bool(said)


def laid(values, first="2018-01", until="2022-12"):
    """Scores of the months before the ban, their places, the season's columns, as the gate lays them out."""
    known = np.array([np.nan if v is None else v for v in values])[: mm.ordinal(until) + 1 - mm.ordinal(first)]
    rows = np.flatnonzero(np.isfinite(known))
    axis = np.arange(mm.ordinal(first), mm.ordinal(first) + len(known))
    return amount_scale(known[rows]).forward(known[rows]), rows, axis, 12, mm.lunar_new_year(axis)[:, None]


@pytest.mark.parametrize(("months", "lags"), [(27, 5), (34, 6), (48, 9), (60, 10)])
def test_what_is_left_over_has_statsmodels_p(gate, months, lags):
    """A lag for five months, ten at most; the Lunar New Year is no pattern."""
    first = mm.label(mm.ordinal("2023-01") - months)
    values = series(seed=months, wave=0.05, count=months + 6)
    p = float(acorr_ljungbox(innovations.level_innovations(*laid(values, first)).errors, lags=[lags])["lb_pvalue"].iloc[0])
    assert 0.02 < p < 0.98
    assert f"Ljung-Box p = {p:.3f}" in gate(values, first=first).reason
    exact = innovations.ljung_box(innovations.level_innovations(*laid(values, first)).errors, lags)[1]
    assert [gate(values, first=first, level=x).outcome for x in (exact - 1e-9, exact + 1e-9)] == ["pass", "fail"]


@pytest.mark.parametrize("size", [0.6, 1.6])
def test_a_break_has_its_month_and_its_t(gate, size):
    """The variances are those of the months before the last twelve; two of them are missing."""
    values = [None if i in (20, 51) else y for i, y in enumerate(series(seed=3, break_at=55, size=size))]
    score, at = innovations.largest_level_shift(innovations.level_innovations(*laid(values), 47), 12)
    assert (at, score > 0) == (55, size > 1)
    made = gate(values)
    assert made.outcome == "fail"
    assert f"an undeclared break of the level in 2022-08 (t = {score:.1f})" in made.reason
    assert "Ljung-Box" not in made.reason
    assert [gate(values, critical=x).outcome for x in (abs(score) + 1e-9, abs(score) - 1e-9)] == ["pass", "fail"]


def test_its_limits_are_those_it_states():
    assert registry.build("check", "fit") == PrePeriodFit(most=2.0, level=0.01, critical=4.0, recent=12, enough=24)


def test_a_flat_past_says_nothing(gate):
    assert gate([10.0] * 66).outcome == "not run"
    assert "no break" in gate([10.0] * 30 + [20.0] * 36, recent=24).reason, "its level moved long ago"


def test_several_series_are_tested_each_by_its_name(vintage_of, ban):
    other = "CHN.export.USA.re_magnets"
    one, two = (vintage_of(y, first="2018-01", series=s, events=[ban]) for y, s in ((series(), SERIES), (series(2, 54), other)))
    design = Design(ban, (SERIES, other), stop="2023-06")
    made = Effect("toy", design, "kg", ((0, 0),), np.array([400.0]), np.full((9, 1), 600.0), Description(1.0, ""))
    gate = PrePeriodFit().judge(made, Evidence(replace(one, cells={**one.cells, **two.cells}), design))
    assert gate.outcome == "fail"
    assert gate.reason.startswith(f"{other}: an undeclared break of the level in 2022-07")
    assert SERIES not in gate.reason


@pytest.mark.parametrize(("count", "said"), [(35, TOO_FEW), (36, NO_BREAK)])
def test_steps_without_a_season_need_as_many_before(count, said):
    rng = np.random.default_rng(5)
    known = panel(pd.DataFrame({"time": np.arange(count + 3), "y": 50 + rng.standard_normal(count + 3)}), value="y")
    design = Design.at(count, "y")
    made = Effect("toy", design, "", ((0, 0),), np.array([400.0]), np.full((9, 1), 600.0), Description(1.0, ""))
    assert said in PrePeriodFit().judge(made, Evidence(known, design)).reason


def test_a_break_nobody_declared_is_found_in_its_month(gate):
    made = gate(series(break_at=54))
    assert made.outcome == "fail"
    assert "break of the level in 2022-07" in made.reason
    assert gate(series(break_at=30)).outcome == "pass", "an old break is no longer news"


def test_a_season_is_no_break(gate):
    rng = np.random.default_rng(1)
    season = np.exp(np.where(np.arange(66) % 12 == 10, -0.8, 0.0) + 0.05 * rng.standard_normal(66))
    assert gate(100 * season).outcome == "pass"


def test_a_pattern_left_over_is_found(gate):
    made = gate(series(wave=0.5))
    assert made.outcome == "fail"
    assert "Ljung-Box p = 0.000" in made.reason


def test_few_months_are_not_tested(gate):
    made = gate(series(count=20), first="2021-11")
    assert made.outcome == "not run"
    assert made.ceiling == "suggestive", "a required gate"


def test_false_alarms_are_rare(gate):
    assert np.mean([gate(series(seed)).outcome == "fail" for seed in range(40)]) <= 0.1


def test_ljung_box_is_that_of_statsmodels():
    errors = np.random.default_rng(3).standard_normal(50)
    theirs = acorr_ljungbox(errors, lags=[7])
    q, p = innovations.ljung_box(errors, 7)
    assert q == pytest.approx(float(theirs["lb_stat"].iloc[0]), rel=1e-10)
    assert p == pytest.approx(float(theirs["lb_pvalue"].iloc[0]), abs=1e-10)
    assert innovations.ljung_box(np.ones(30), 5) == (0.0, 1.0)


def test_a_level_shift_has_the_size_of_its_t():
    """White noise of known spread: t is the shift over its standard error."""
    rng = np.random.default_rng(0)
    z = rng.standard_normal(200)
    z[150:] += 2.0
    rows = np.arange(200)
    white = innovations.level_innovations(z, rows, rows, None, train=140)
    score, at = innovations.largest_level_shift(white, 60)
    assert abs(at - 150) <= 2
    assert score == pytest.approx(2.0 / np.sqrt(1 / 150 + 1 / 50), rel=0.35)
    assert abs(white.t_statistic(np.ones(200))) < 1e-6, "a constant is no regressor beside the level"


def test_nothing_estimated_is_not_run(vintage_of, ban):
    known = vintage_of(series(), first="2018-01", series=SERIES, events=[ban])
    design = Design(ban, SERIES, stop="2023-06")
    made = Effect("toy", design, "kg", ((0, 0),), np.array([400.0]), None, Description(1.0, ""))
    assert registry.build("check", "fit").judge(made, Evidence(known, design)).outcome == "not run"
