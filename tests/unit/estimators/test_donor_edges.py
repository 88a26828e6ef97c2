"""Donor methods where the figures give out: a described Effect or a Failure, each with its reason, and nothing on stderr."""

import datetime as dt

import numpy as np
import pytest

from forecast.core import months, registry
from forecast.core.effects import Effect
from forecast.core.events import Event, EventCalendar
from forecast.core.questions import Design
from forecast.core.results import Failure
from forecast.core.vintage import Cell, Vintage
from forecast.study.ask import answer
from forecast.study.effects import judge

METHODS = [
    {"use": "synthetic"}, {"use": "synthetic", "form": "sc", "demean": True}, {"use": "synthetic", "form": "did"},
    {"use": "ppml"},
]  # fmt: skip
NAMES = ["sdid", "sc", "did", "ppml"]
TREATED, UNITS = "CHN.export.USA.gallium", tuple(f"CHN.export.USA.good_{letter}" for letter in "abcde")
BAN = Event("toy_ban", "", dt.date(2023, 1, 1), dt.date(2023, 1, 1), products=("gallium",), instrument="ban", role="default")
BEFORE, AFTER = 48, 6


def flows():
    rng = np.random.default_rng(3)
    return np.array([10.0, 1.0, 100.0, 10.0, 1000.0, 50.0]) * np.exp(0.1 * rng.standard_normal((BEFORE + AFTER, 6)))


def vintage(values):
    start = months.ordinal("2019-01")
    cells = {
        name: tuple(
            Cell(start + i, start + i, float(v), "missing" if np.isnan(v) else ("zero" if v == 0 else "value"))
            for i, v in enumerate(column)
        )
        for name, column in zip((TREATED, *UNITS), values.T, strict=True)
    }
    return Vintage(dt.date(2030, 1, 1), cells, EventCalendar((BAN,)))


def asked(method, values, capfd, donors=UNITS, **changes):
    """The judged answer and the raw one; neither may say anything but its result."""
    design = Design(BAN, TREATED, donors, **({"stop": "2023-06", "draws": 200} | changes))
    known, built = vintage(values), registry.build("estimator", method)
    made = answer(built, known, design, 1)
    judged = judge.estimate(built, known, design, 1, placebos=2)
    assert capfd.readouterr() == ("", "")
    assert isinstance(made, Effect | Failure)
    if isinstance(judged, Effect):
        assert judged.verdict.word
        assert judged.verdict.because
    else:
        assert judged.reason
    return made


def refused(made, words):
    """A description that stands, and the reason why nothing more does."""
    assert isinstance(made, Effect)
    assert made.counterfactual is None
    assert words in " ".join(made.used[0].notes)
    return made


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
def test_all_lost(method, capfd):
    values = flows()
    values[BEFORE:, 0] = 0
    made = asked(method, values, capfd)
    assert made.relative.estimate == -1.0
    low, high = made.relative.interval(0.95)
    assert low == -1.0 < high < -0.5, "the bound that the count of empty months sets"
    assert made.cumulative.estimate == pytest.approx(-60, rel=0.2)


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
def test_a_single_month(method, capfd):
    values = flows()
    values[BEFORE, 0] *= 0.2
    made = asked(method, values, capfd, stop="2023-01")
    assert made.counterfactual.shape == (200, 1)
    assert made.cumulative.interval(0.9)[1] < 0


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
def test_flat_flows(method, capfd):
    made = asked(method, np.full((BEFORE + AFTER, 6), 7.0), capfd)
    assert made.cumulative.estimate == pytest.approx(0, abs=1e-9)
    assert made.cumulative.interval(0.95) == pytest.approx((0, 0), abs=1e-9)


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
@pytest.mark.parametrize("gone", [slice(None), slice(BEFORE, None)], ids=["all", "after"])
def test_all_missing(method, gone, capfd):
    values = flows()
    values[gone, 0] = np.nan
    made = asked(method, values, capfd)
    if isinstance(made, Effect):
        refused(made, "no figure in the asked window")
    else:
        assert "no figure" in made.detail


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
def test_no_month_before(method, capfd):
    values = flows()
    values[:BEFORE, 0] = np.nan
    made = refused(asked(method, values, capfd), "0 clean months")
    assert made.description.observed == pytest.approx(values[BEFORE:, 0].sum())


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
def test_donors_that_never_traded(method, capfd):
    values = flows()
    values[:, 1:] = 0
    made = refused(
        asked(method, values, capfd), "0 donors are left" if method["use"] == "synthetic" else "every donor was zero"
    )
    assert made.description.observed > 0


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_donors(method, count, capfd):
    """Weights need two donors, a Poisson difference one; with two an estimate, and with fewer than three no placebo test."""
    made = asked(method, flows(), capfd, UNITS[:count])
    if count == 2 or (count == 1 and method["use"] == "ppml"):
        low, high = made.relative.interval(0.95)
        assert low < 0 < high
        assert sum(p.kind == "space" for p in made.placebos) <= count
    else:
        refused(made, "weights need two" if method["use"] == "synthetic" else "no donor to compare with")


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
def test_an_event_after_the_figures(method, capfd):
    made = asked(method, flows()[: BEFORE - 3], capfd, stop=None)
    assert isinstance(made, Failure)
    assert "ends in 2022-09, before it begins in 2023-01" in made.reason


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
def test_negative_figures(method, capfd):
    """A trade flow has none; where one stands, nothing is divided by its mean."""
    values = flows()
    values[:BEFORE, 0] -= 20
    made = asked(method, values, capfd)
    if method["use"] == "ppml":
        refused(made, "negative")
    else:
        assert isinstance(made, Effect)


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
def test_a_treated_flow_of_zeros(method, capfd):
    values = flows()
    values[:BEFORE, 0] = 0
    refused(asked(method, values, capfd), "")


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
def test_a_flow_that_began_after_the_event_is_described(method, capfd):
    design = Design(BAN, TREATED, UNITS, stop="2023-06", draws=200)
    whole, start = vintage(flows()), months.ordinal("2023-04")
    late = tuple(cell for cell in whole.cells[TREATED] if cell.first >= start)
    known = Vintage(whole.day, {**whole.cells, TREATED: late}, whole.events)
    made = answer(registry.build("estimator", method), known, design, 1)
    assert isinstance(made, Effect)
    assert made.counterfactual is None
    assert made.description.observed == pytest.approx(flows()[-3:, 0].sum())
    assert capfd.readouterr() == ("", "")
