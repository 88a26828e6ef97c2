"""Cases of a forecast from the months before: CausalImpact, CausalArima, CausalMBSTS; and those whose data are not at hand."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from table import Row, ask, case

import forecast as fc


@case("causalimpact_official/example_set_seed_1.csv")
def example(folder: Path) -> Iterator[Row]:
    """The example of CausalImpact, whose truth is 10."""
    frame = pd.read_csv(folder / "causalimpact_official/example_set_seed_1.csv")
    vintage = fc.panel(frame, time="t", value="y", controls=["x1"])
    design = fc.Design.at(71, "y", controls=["x1"])
    made = ask(vintage, design, "counterfactual", level_sd=0.01)
    low, high = made.average.interval(0.95)
    source = "R CausalImpact, published run"
    for name, published, ours in (
        ("average", 10.51, made.average.estimate),
        ("lower 95 %", 9.76, low),
        ("upper 95 %", 11.21, high),
    ):
        yield Row("CI1", "local level (step sd .01) + x1", name, published, ours, 0.3, source)
    made = ask(vintage, design, "counterfactual", model={"use": "sarimax", "order": (0, 0, 0)})
    source = "CausalArima README"
    for name, published, ours in (
        ("slope", 1.199333, made.parameters["x1"].estimate), ("cumulative", 310.709, made.cumulative.estimate),
        ("SE cumulative", 6.634, made.cumulative.se), ("average", 10.357, made.average.estimate),
        ("SE average", 0.221, made.average.se), ("last point", 12.257, float(made.path["effect_q50"].iloc[-1])),
    ):  # fmt: skip
        yield Row("CI2", "regression on x1, no constant, months before", name, published, ours, 1e-3, source)


@case("tfcausalimpact/arma_data.csv", "tfcausalimpact/google_data.csv")
def pinned(folder: Path) -> Iterator[Row]:
    """Two more runs of R CausalImpact."""
    source = "R CausalImpact, pinned by tfcausalimpact"
    for key, file, controls, start, average, tolerance in (
        ("CI3", "arma_data", ["X"], 71, 0.89, 0.3), ("CI5", "google_data", ["x1", "x2"], 62, 27.0, 5.0),
    ):  # fmt: skip
        frame = pd.read_csv(folder / f"tfcausalimpact/{file}.csv")
        vintage = fc.panel(frame.assign(t=range(1, len(frame) + 1)), time="t", value="y", controls=controls)
        made = ask(vintage, fc.Design.at(start, "y", controls=controls), "counterfactual", level_sd=0.01)
        yield Row(key, "local level (step sd .01) + controls", "average", average, made.average.estimate, tolerance, source)


@case("mlsynth/cmbsts_vignette.csv")
def two_series(folder: Path) -> Iterator[Row]:
    """Two simulated weekly series with a cycle of 75 weeks; the truth is +2."""
    frame = pd.read_csv(folder / "mlsynth/cmbsts_vignette.csv")
    start = int((frame["date"] == "2020-02-27").to_numpy().argmax()) + 1
    for series, published in (("y1", 2.4469), ("y2", 2.2756)):
        vintage = fc.panel(frame.assign(t=range(1, 301)), time="t", value=series, season=75)
        made = ask(vintage, fc.Design.at(start, series))
        low, high = made.average.interval(0.95)
        why = "theirs samples both series with a smooth cycle; ours is a level with 75 shrunk effects, one series at a time"
        note = f"{why}; truth 2, our 95 % interval {low:.2f} to {high:.2f}"
        yield Row(
            "MB1",
            "trend + cycle of 75",
            f"average, {series}",
            published,
            made.average.estimate,
            source="CausalMBSTS",
            note=note,
        )


@case()
def elsewhere(folder: Path) -> Iterator[Row]:
    """Published numbers whose data are in no folder known here: nothing of ours to put beside them."""
    why = "not computed: interactive fixed effects with staggered adoption are no estimator here, and the data are not at hand"
    for name, published in (("without covariates", 5.1304927), ("with covariates", 4.8957798)):
        yield Row(
            "GS1", "gsynth, r = 2, turnout", f"ATT {name}", published, math.nan, source="fect 2.4.5, captured run", note=why
        )
    why = "not computed: the data are not at hand; ridge augmentation is no form of 'synthetic'"
    for name, published in (("SCM", -0.029435), ("ridge ASCM", -0.040063), ("ridge ASCM, covariates", -0.060937)):
        yield Row(
            "KS1", f"augsynth, Kansas, {name}", "ATT", published, math.nan, source="augsynth 0.2.0, captured run", note=why
        )
    why = "not computed: the data are not at hand; it would be asked with predictors and fit=(1960, 1969)"
    paper = "Abadie and Gardeazabal 2003"
    for region, published in (("Catalonia", 0.8508), ("Madrid", 0.1492)):
        yield Row("BC1", "SC with predictors, Basque Country", f"weight {region}", published, math.nan, source=paper, note=why)
