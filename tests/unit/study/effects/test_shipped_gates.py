"""The gates that judge: a frozen list, what takes its place, and what a gate left out costs."""

import datetime as dt

import numpy as np
import pytest

import forecast as fc
from forecast.core import months, registry
from forecast.core.errors import ConfigError
from forecast.core.events import Event, EventCalendar
from forecast.core.vintage import Cell, Vintage
from forecast.study.effects.judge import VERDICTS_BY_STRENGTH
from forecast.study.effects.shipped_gates import (
    LEFT_OUT,
    SHIPPED_GATES,
    departures,
    gate_name,
    gates_asked,
    gates_left_out,
)

SERIES = "COD.export.WLD.cobalt_hydroxide"
BAN = Event(
    "stop", "", dt.date(2024, 1, 1), dt.date(2024, 1, 1), products=("cobalt_hydroxide",), instrument="ban", role="default"
)


def halved(before=72):
    """Quiet months, then six of half the trade: every shipped gate lets the loss pass."""
    rng, first = np.random.default_rng(3), months.ordinal("2024-01") - before
    values = 1e3 * np.exp(0.1 * rng.standard_normal(before + 6)) * np.r_[np.ones(before), np.full(6, 0.5)]
    cells = tuple(Cell(first + i, first + i, float(v), "value") for i, v in enumerate(values))
    return Vintage(dt.date(2024, 8, 1), {SERIES: cells}, EventCalendar((BAN,)))


def names(checks):
    return [gate_name(gate) for gate in gates_asked(checks)]


def test_the_list_holds_the_folder_as_it_is_shipped():
    assert sorted(SHIPPED_GATES) == list(registry.names("check"))
    assert names(None) == list(SHIPPED_GATES)
    assert names(None)[:3] == ["identified", "length", "data_state"]
    assert gates_left_out() == departures() == []


def test_named_gates_take_the_place_of_the_list_in_its_order():
    assert names(["sign", "length"]) == ["length", "sign"]
    assert names([]) == []
    assert names(["shipped"]) == names([{"use": "shipped"}]) == list(SHIPPED_GATES)
    changed = ["shipped", {"use": "placebo_time", "level": 0.2}]
    assert names(changed) == list(SHIPPED_GATES)
    assert next(gate for gate in gates_asked(changed) if gate_name(gate) == "placebo_time").level == 0.2
    assert departures(changed) == ["placebo_time: level = 0.2 instead of 0.1"]
    built = registry.build("check", {"use": "agreement", "level": 0.95})
    assert next(gate for gate in gates_asked(["shipped", built]) if gate_name(gate) == "agreement") is built


def test_what_was_left_out_is_told():
    told = departures([name for name in SHIPPED_GATES if name not in ("sign", "mirror")])
    assert told == [
        "mirror left out by the config, so suggestive at most", "sign left out by the config, so cannot distinguish at most",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("checks", "problem"),
    [
        (["fit", {"use": "fit", "level": 0.9}], "named twice"),
        (["sgn"], "no check is called 'sgn'"),
        ([{"use": "sign", "lvl": 1}], "no option 'lvl'"),
    ],
)
def test_a_list_that_cannot_be_asked_is_refused(checks, problem):
    with pytest.raises(ConfigError, match=problem) as caught:
        gates_asked(checks, "own.toml, [[checks]]")
    assert f"own.toml, [[checks]] {len(checks)}" in str(caught.value)


def test_a_clear_loss_passes_every_shipped_gate():
    known = halved()
    made = fc.estimate("counterfactual", known, fc.Design(BAN, SERIES), 1)
    assert made.verdict.word == "supported"
    assert fc.estimate("counterfactual", known, fc.Design(BAN, SERIES), 1, checks=["shipped"]).verdict == made.verdict


@pytest.mark.parametrize("name", SHIPPED_GATES)
def test_a_gate_left_out_is_not_run_and_caps_the_verdict(name):
    rest = [other for other in SHIPPED_GATES if other != name]
    made = fc.estimate("counterfactual", halved(), fc.Design(BAN, SERIES), 1, checks=rest)
    gate = next(g for g in made.gates if g.gate == name)
    assert (gate.outcome, gate.reason, gate.cap) == ("not run", f"{name} {LEFT_OUT}", SHIPPED_GATES[name])
    assert made.verdict.word == SHIPPED_GATES[name]
    assert f"{name} {LEFT_OUT}" in made.verdict.because
    assert (made.counterfactual is None) == (SHIPPED_GATES[name] == "descriptive")


@pytest.mark.parametrize("before", [8, 20, 30, 72])
@pytest.mark.parametrize(
    "name", ["identified", "length", "data_state", "sign", "placebo_time", "significance", "materiality", "fit"]
)
def test_leaving_a_gate_out_never_gives_a_stronger_verdict(name, before):
    known, design = halved(before), fc.Design(BAN, SERIES)
    full = fc.estimate("counterfactual", known, design, 1)
    less = fc.estimate("counterfactual", known, design, 1, checks=[other for other in SHIPPED_GATES if other != name])
    assert VERDICTS_BY_STRENGTH.index(less.verdict.word) >= VERDICTS_BY_STRENGTH.index(full.verdict.word)


def test_a_stricter_option_acts():
    known, design = halved(), fc.Design(BAN, SERIES)
    strict = fc.estimate("counterfactual", known, design, 1, checks=["shipped", {"use": "length", "full": 100}])
    assert strict.verdict.word == "suggestive"
    assert "100 clean months" in strict.verdict.because
    (varied,) = fc.vary("counterfactual", known, design, lags=(), donuts=(1,), seed=1, checks=[{"use": "length", "full": 100}])
    assert varied.answer.verdict.word == "descriptive"
