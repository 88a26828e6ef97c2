"""The fit gate: past errors of the method, white errors, undeclared breaks."""

from dataclasses import replace

import numpy as np
import pytest

from forecast.core import registry
from forecast.core.effects import Description, Effect, Placebo
from forecast.core.events import Event
from forecast.core.questions import Design
from forecast.kernels import innovations
from forecast.study.judge import Evidence

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
    def judged(values, placebos=(), first="2018-01"):
        known = vintage_of(values, first=first, series=SERIES, events=[ban])
        design = Design(ban, SERIES, stop="2023-06")
        draws = 600 + np.random.default_rng(0).standard_normal((200, 1))
        found = tuple(Placebo("time", SERIES, "2020-01", x) for x in placebos)
        made = Effect("toy", design, "kg", ((0, 0),), np.array([400.0]), draws, Description(1.0, ""), placebos=found)
        return registry.build("check", "fit").judge(made, Evidence(known, design))

    return judged


def test_calm_months_pass(gate):
    made = gate(series(), placebos=[10.0, -20.0, 15.0])
    assert made.outcome == "pass"
    assert made.value == pytest.approx(np.sqrt((100 + 400 + 225) / 3) / 600, rel=0.01)
    assert "Ljung-Box" in made.reason
    assert "no break" in made.reason


def test_large_past_errors_leave_a_suggestion(gate):
    made = gate(series(), placebos=[400.0, -500.0, 300.0])
    assert (made.outcome, made.ceiling) == ("fail", "suggestive")
    assert "of the counterfactual" in made.reason
    assert made.value > 0.5


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
    assert made.ceiling == "supported"


def test_false_alarms_are_rare(gate):
    assert np.mean([gate(series(seed)).outcome == "fail" for seed in range(40)]) <= 0.1


def test_ljung_box_is_that_of_statsmodels():
    from statsmodels.stats.diagnostic import acorr_ljungbox

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
    white = innovations.whiten(z, rows, rows, None, train=140)
    score, at = innovations.level_break(white, 60)
    assert abs(at - 150) <= 2
    assert score == pytest.approx(2.0 / np.sqrt(1 / 150 + 1 / 50), rel=0.35)
    assert abs(white.score(np.ones(200))) < 1e-6, "a constant is no regressor beside the level"


def test_nothing_estimated_is_not_run(vintage_of, ban):
    known = vintage_of(series(), first="2018-01", series=SERIES, events=[ban])
    design = Design(ban, SERIES, stop="2023-06")
    made = Effect("toy", design, "kg", ((0, 0),), np.array([400.0]), None, Description(1.0, ""))
    assert registry.build("check", "fit").judge(made, Evidence(known, design)).outcome == "not run"
    assert replace(made, anticipation=None).net.draws.size == 0
