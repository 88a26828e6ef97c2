"""The gate that reads the simulation study, and the table it reads."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from forecast.checks.calibration import Calibration
from forecast.checks.calibration.simulation_results import SimulationCell, load_simulation_cells, nearest_cells
from forecast.core import months, registry
from forecast.core.effects import Effect
from forecast.core.events import Event, EventCalendar
from forecast.core.questions import Design
from forecast.core.vintage import Cell as Figure, Vintage
from forecast.prep.baselines import describe
from forecast.study.effects.judge import Evidence

SERIES = "CHN.export.WLD.re_magnets"
BAN = Event("ban", "", dt.date(2030, 1, 1), dt.date(2030, 1, 1), products=("re_magnets",), role="default")


def cell(before, after, *, size=0.05, cover=0.9, role="correct", se=0.005, estimator="toy"):
    return SimulationCell(estimator, role, "steady", before, after, 2000, size, se, cover, se)


def gate(cells, clean=36, window=5, **changes):
    start = months.ordinal("2030-01")
    figures = tuple(Figure(m, m, 10.0) for m in range(start - clean, start + window))
    known = Vintage(dt.date(2035, 1, 1), {SERIES: figures}, EventCalendar((BAN,)))
    design = Design(BAN, SERIES, **changes)
    draws = np.full((10, window), 12.0)
    periods = tuple((m, m) for m in range(start, start + window))
    made = Effect("toy", design, "kg", periods, np.full(window, 10.0), draws, describe(known, design), n_clean=clean)
    return Calibration().gate_from_cells(made, Evidence(known, design), cells)


def test_a_method_that_held_its_promise_passes():
    found = gate([cell(36, 5), cell(36, 5, role="drift", cover=0.86)])
    assert (found.outcome, found.ceiling, found.withholds) == ("pass", "supported", False)
    both = "the 90% interval of this method held 90% of the truths and 86% of the truths where the level wanders"
    assert found.reason == f"in simulations with 36 months before and 5 after, {both}"


@pytest.mark.parametrize(
    ("bad", "words", "value", "threshold"),
    [
        (cell(36, 5, cover=0.79), "held 79% of the truths", 0.79, 0.87),
        (cell(36, 5, size=0.09), "excluded zero in 9.0% of the worlds without an event", 0.09, 0.065),
        (cell(36, 5, cover=0.80, role="drift"), "held 80% of the truths where the level wanders", 0.80, 0.85),
    ],
)
def test_a_method_that_failed_is_left_a_description(bad, words, value, threshold):
    found = gate([cell(36, 5), bad])
    assert (found.outcome, found.ceiling, found.withholds) == ("fail", "descriptive", True)
    assert words in found.reason
    assert (found.value, found.threshold) == (value, threshold)


@pytest.mark.parametrize(
    "good",
    [
        cell(36, 5, cover=0.86, se=0.006),  # within two standard errors of the bar
        cell(36, 5, size=0.072, se=0.004),
        cell(36, 5, cover=0.999, size=0.0),  # too wide never fails
        cell(36, 5, size=0.2, role="drift"),  # size is asked where the assumptions hold
    ],
)
def test_what_chance_or_caution_explains_does_not_fail(good):
    assert gate([good]).outcome == "pass"


def test_the_longest_history_not_above_and_the_shortest_window_not_below_are_read():
    cells = [cell(b, a, estimator=e) for b in (15, 36) for a in (5, 12) for e in ("toy", "other")]

    def read(clean, window):
        return [(c.estimator, c.months_before, c.months_after) for c in nearest_cells(cells, "toy", clean, window)]

    assert read(35, 3) == [("toy", 15, 5)]
    assert read(36, 5) == [("toy", 36, 5)]
    assert read(90, 6) == [("toy", 36, 12)]
    assert read(90, 30) == [("toy", 36, 12)]
    assert read(14, 5) == []


def test_a_shorter_history_a_share_a_panel_and_an_unknown_method_are_not_judged():
    bad = [cell(15, 5, cover=0.1)]
    assert gate(bad, clean=14).outcome == "not run"
    assert "begin with 15 months" in gate(bad, clean=14).reason
    assert gate(bad, share_of="CHN.export.WLD.all", estimand="share", measure="share").outcome == "not run"
    assert gate([replace(bad[0], estimator="other")]).outcome == "not run"
    for found in (gate(bad, clean=14), gate([replace(bad[0], estimator="other")])):
        assert (found.ceiling, found.withholds) == ("supported", False)


def test_a_plain_panel_is_not_judged():
    import pandas as pd

    import forecast as fc

    known = fc.panel(pd.DataFrame({"time": range(40), "value": np.random.default_rng(0).normal(10, 1, 40)}))
    made = fc.estimate(fc.estimator("baseline", fewest=12), known, fc.Design.at(35, "value", baselines=(("before", 20, 34),)))
    assert [g.outcome for g in made.gates if g.gate == "calibration"] == ["not run"]


def test_the_bundled_table_holds_every_estimator_and_enough_runs():
    cells = load_simulation_cells()
    assert {c.estimator for c in cells} == set(registry.names("estimator"))
    assert {c.role for c in cells} == {"correct", "drift"}
    keys = [(c.estimator, c.role, c.months_before, c.months_after) for c in cells]
    assert len(keys) == len(set(keys))
    for c in cells:
        assert c.runs >= 200, c
        assert all(0 <= share <= 1 for share in (c.size, c.cover90)), c
        assert all(0 < se < 0.05 for se in (c.size_se, c.cover90_se)), c
    for name in registry.names("estimator"):
        assert any(c.role == "correct" for c in cells if c.estimator == name), name
