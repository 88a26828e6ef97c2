"""Sentences of an effect on a panel: its own steps, years, weeks or days, are counted and called by their names."""

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from forecast.core.panel import panel
from forecast.core.questions import Design


def frame(times, values):
    return pd.DataFrame({"time": times, "value": values})


@pytest.mark.parametrize(
    ("times", "season", "named"),
    [
        (
            pd.date_range("2019-01-04", periods=120, freq="7D"),
            52,
            ["same weeks a year earlier", "mean of the 12 weeks before"],
        ),
        (pd.date_range("2024-01-01", periods=120), 7, ["same days 2 weeks earlier", "mean of the 12 days before"]),
        (range(1900, 2020), None, ["mean of the 12 years before"]),
        (range(120), 4, ["same steps 12 steps earlier", "mean of the 12 steps before"]),
    ],
)
def test_steps_are_called_by_their_own_names(times, season, named):
    """Every sentence of an effect speaks of the panel's own steps."""
    rng = np.random.default_rng(1)
    times = list(times)
    known = panel(frame(times, 100 + rng.normal(0, 3, 120) - 40 * (np.arange(120) >= 110)), season=season)
    made = fc.estimate("baseline", known, Design.at(known.steps.label(known.steps.ordinal(times[110])), "value"), seed=1)
    assert [c.baseline for c in made.description.compared] == named
    said = [made.verdict.because, made.description.months, *(gate.reason for gate in made.gates)]
    said += [part for used in made.used for part in used.sentences]
    assert not [text for text in said if "month" in text.lower()]
    noun = known.steps.noun
    assert any(f"110 clean {noun}s" in gate.reason for gate in made.gates)


def test_too_short_a_panel_is_told_in_its_own_steps():
    known = panel(frame(range(2000, 2012), [5.0 + i % 3 for i in range(12)]))
    made = fc.estimate("counterfactual", known, Design.at(2005, "value"), seed=1)
    text = " ".join([made.verdict.because, *(gate.reason for gate in made.gates)])
    assert "5 clean years" in text or "only 5" in text
    assert "month" not in text
