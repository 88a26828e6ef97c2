"""Verdicts of panel estimators on degenerate panels are the same in any unit of the data."""

import numpy as np
import pandas as pd
import pytest

import forecast as fc

BEFORE, AFTER = 48, 8
MONTHS = [str(month) for month in pd.period_range("2020-01", periods=BEFORE + AFTER, freq="M")]
RNG = np.random.default_rng(3)
COMMON = 100 + 2 * np.cumsum(RNG.standard_normal(BEFORE + AFTER))
DONORS = {f"d{i}": COMMON * (0.6 + 0.2 * i) + RNG.standard_normal(BEFORE + AFTER) for i in range(5)}
CALM = COMMON + RNG.standard_normal(BEFORE + AFTER)
HIT = np.where(np.arange(BEFORE + AFTER) < BEFORE, 1.0, 0.6)
MIXED = (DONORS["d1"] + DONORS["d3"]) / 2
PANELS = {
    "constant donors": {f"c{i}": np.full(BEFORE + AFTER, 50.0 + 7 * i) for i in range(5)} | {"y": CALM * HIT},
    "collinear donors": DONORS | {"e": DONORS["d0"], "f": 2 * DONORS["d0"], "y": CALM * HIT},
    "a multiple of the treated": DONORS | {"m": 3.0 * CALM, "y": CALM * HIT},
    "multiples of the treated": {f"m{k}": k * CALM for k in (3.0, 0.7, 1.1, 0.31)} | {"y": CALM * HIT},
    "the treated itself": {f"m{k}": CALM for k in range(4)} | {"y": CALM * HIT},
    "donors of zero": {f"z{i}": np.zeros(BEFORE + AFTER) for i in range(4)} | {"y": CALM * HIT},
    "a mixture without an effect": DONORS | {"y": MIXED},
}
METHODS = [
    {"use": "synthetic"}, {"use": "synthetic", "form": "sc"}, {"use": "synthetic", "form": "sc", "demean": True},
    {"use": "synthetic", "inference": "space"}, {"use": "synthetic", "inference": "ttest"}, {"use": "ppml"},
]  # fmt: skip


def answer(panel, method, unit):
    rows = [pd.DataFrame({"unit": name, "time": MONTHS, "value": unit * own}) for name, own in panel.items()]
    vintage = fc.panel(pd.concat(rows), unit="unit", time="time", value="value")
    design = fc.Design.at(MONTHS[BEFORE], treated="y", donors=[name for name in panel if name != "y"], draws=100)
    made = fc.estimate(method, vintage, design, seed=1, placebos=6)
    if made.counterfactual is None:
        return made.verdict.word, np.full(4, np.nan)
    size = np.abs(made.observed).sum()
    return made.verdict.word, np.array(
        [made.p_value, made.cumulative.estimate / size, *np.array(made.cumulative.interval()) / size]
    )


@pytest.mark.parametrize("method", METHODS, ids=lambda words: " ".join(map(str, words.values())))
@pytest.mark.parametrize("name", PANELS)
def test_the_verdict_does_not_depend_on_the_unit(name, method):
    word, figures = answer(PANELS[name], method, 1.0)
    for unit in (1e3, 1e-3):
        other, found = answer(PANELS[name], method, unit)
        assert other == word
        assert np.allclose(found, figures, rtol=1e-6, atol=1e-6, equal_nan=True)
