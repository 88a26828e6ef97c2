"""How a measure may reach a flow beside the treated one; and what a diverted donor does to an estimate."""

import datetime as dt

import numpy as np
import pytest

from forecast.core import months, registry
from forecast.core.events import Event, EventCalendar
from forecast.core.questions import Design
from forecast.core.spillovers import spillover
from forecast.core.vintage import Cell, Vintage
from forecast.study.ask import answer
from forecast.study.effects import judge
from forecast.study.effects.placebo import placebos_in_space

BAN = Event(
    "toy_ban", "", dt.date(2023, 1, 1), dt.date(2023, 1, 1), targets="USA", products=("gallium", "germanium"),
    instrument="ban", role="default",
)  # fmt: skip
TREATED = "CHN.export.USA.gallium"


@pytest.mark.parametrize(
    ("donor", "words"),
    [
        ("CHN.export.JPN.gallium", "to another destination"),  # diverted
        ("JPN.import.CHN.gallium", "to another destination"),  # the same trade by the partner's record
        ("USA.import.CAN.gallium", "from another origin"),  # in its place
        ("CAN.export.USA.gallium", "from another origin"),
        ("CAN.export.JPN.gallium", "by another way"),
        ("CHN.export.USA.germanium", "in the scope of toy_ban itself"),
        ("CHN.export.THA.nickel", "pass through THA"),
        ("THA.export.USA.nickel", "pass through THA"),
        ("USA.import.THA.nickel", "pass through THA"),
        ("CHN.export.USA.nickel", ""),
        ("CHN.export.JPN.nickel", ""),
        ("a unit of a panel", ""),
    ],
)
def test_each_way_has_its_words(donor, words):
    found = spillover(donor, [TREATED], [BAN], ["THA"])
    assert words in found
    assert bool(found) is bool(words)


def test_the_same_element_in_another_form():
    for donor in ("CHN.export.USA.antimony_oxide", "USA.import.MEX.antimony_ore", "CHN.export.JPN.antimony_oxide"):
        assert spillover(donor, ["USA.import.CHN.antimony_unwrought"]) == "the same element in another form"


def test_a_measure_on_all_goods_reaches_the_flows_that_it_applies_to():
    tariff = Event("tariff", "", dt.date(2023, 1, 1), dt.date(2023, 1, 1), targets="USA", products="ALL")
    assert spillover("CHN.export.USA.nickel", [TREATED], [tariff]) == "in the scope of tariff itself"
    assert not spillover("CHN.export.JPN.nickel", [TREATED], [tariff])


def test_partners_of_the_good_stay_where_they_are_the_comparison_but_not_a_country_on_the_way():
    assert not spillover("CHN.export.JPN.gallium", [TREATED], [BAN], ["THA"], relative=True)
    assert "THA" in spillover("CHN.export.THA.gallium", [TREATED], [BAN], ["THA"], relative=True)


# --- planted contamination: what is taken from the treated flow goes to one of its donors -------------------------------

CLEAN = tuple(f"CHN.export.USA.good_{letter}" for letter in "abcd")
DIVERTED, ON_THE_WAY = "CHN.export.THA.gallium", "CHN.export.THA.nickel"
BEFORE, AFTER = 48, 9


def world(seed=4, hit=DIVERTED):
    """The treated loses 70 % of about 1,000 kg a month, and `hit`, which ran with it more closely than the rest, gets it."""
    rng = np.random.default_rng(seed)
    factor = np.cumsum(0.06 * rng.standard_normal(BEFORE + AFTER))
    own = np.cumsum(0.06 * rng.standard_normal(BEFORE + AFTER))  # shared by the treated and the diverted flow alone

    def flow(level, *parts):
        return level * np.exp(sum(parts) + 0.05 * rng.standard_normal(BEFORE + AFTER))

    values = {TREATED: flow(1000, factor, own), hit: flow(1000, factor, own)} | {s: flow(1000, factor) for s in CLEAN}
    lost = 0.7 * values[TREATED][BEFORE:]
    values[TREATED][BEFORE:] -= lost
    values[hit][BEFORE:] += lost
    start = months.ordinal("2019-01")
    cells = {s: tuple(Cell(start + i, start + i, float(v)) for i, v in enumerate(column)) for s, column in values.items()}
    return Vintage(dt.date(2030, 1, 1), cells, EventCalendar((BAN,))), float(lost.sum())


def lost(vintage, method="synthetic", **more):
    design = Design(BAN, TREATED, (*CLEAN, next(iter(set(vintage.series) - {TREATED, *CLEAN}))), draws=300, **more)
    made = answer(registry.build("estimator", method), vintage, design, 1)
    return -made.cumulative.estimate, design, made


@pytest.mark.parametrize("hit", [DIVERTED, ON_THE_WAY])
def test_a_diverted_donor_biases_the_effect_and_is_barred_unless_let_in(hit):
    vintage, truth = world(hit=hit)
    barred, _, made = lost(vintage, diversion=("THA",))
    let, design, contaminated = lost(vintage, diversion=("THA",), let_in=(hit,))
    assert hit not in made.weights
    assert any(text.startswith(f"{hit}: ") for text in made.used[0].dropped)
    assert contaminated.weights[hit] > 0.3
    assert abs(let - truth) > 2 * abs(barred - truth)
    assert let > 1.3 * truth  # what it gained is counted as lost once more
    judged = judge.estimate(registry.build("estimator", "synthetic"), vintage, design, 1, placebos=4)
    gate = next(g for g in judged.gates if g.gate == "donors")
    assert gate.outcome == "fail"
    assert f"{hit} was let in by hand" in gate.reason or "left the other donors" in gate.reason


def test_what_is_declared_diverted_is_barred_from_a_poisson_difference_too():
    misdeclared = "CHN.export.USA.good_z"
    vintage, truth = world(hit=misdeclared)
    barred, _, _ = lost(vintage, "ppml", diversion=("*.good_z",))
    let, _, _ = lost(vintage, "ppml")
    assert abs(let - truth) > 2 * abs(barred - truth)


def test_placebos_in_time_have_the_donors_of_the_question():
    vintage, _ = world()
    germanium = "CHN.export.USA.germanium"
    design = Design(BAN, TREATED, (*CLEAN, germanium))
    assert {germanium} & set(design.donors)
    assert all(germanium not in one.donors for one in design.in_time(vintage))
    kept = Design(BAN, TREATED, (*CLEAN, germanium), let_in=(germanium,))
    assert all(germanium in one.donors for one in kept.in_time(vintage))


def test_a_diverted_flow_is_no_placebo_in_space():
    vintage, _ = world()
    design = Design(BAN, TREATED, (*CLEAN, DIVERTED), draws=100)
    found, _ = placebos_in_space(registry.build("estimator", "synthetic"), vintage, design, 1)
    assert {one.series for one in found} == set(CLEAN)
