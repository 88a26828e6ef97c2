"""Donor methods against numbers from papers and other software, asked through the public interface on plain panels.

Sources: Arkhangelsky et al. (2021), *Am. Econ. Rev.* 111: 4088-4118, and the R package synthdid 0.0.9 (Proposition 99);
Abadie, Diamond and Hainmueller (2010), *J. Am. Stat. Assoc.* 105: 493-505; Chernozhukov, Wuethrich and Zhu, the t-test
(2018, arXiv:1812.10820) and the conformal test (2021, *J. Am. Stat. Assoc.* 116: 1849-1864), with the R package scinference;
Lei and Sudijono (2024, arXiv:2401.07152); the simplex fit of scpi for West Germany (Cattaneo et al.). The captured runs were
published by the package mlsynth; the data lie beside the clone, so these tests are skipped where it stands alone.
"""

import json

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from forecast.study.ask import answer

FOLDER = "oracles/intervention"


@pytest.fixture(scope="module")
def smoking(shared):
    table = pd.read_csv(shared(f"{FOLDER}/synthdid/california_prop99.csv"), sep=";")
    return fc.panel(table, unit="State", time="Year", value="PacksPerCapita")


@pytest.fixture(scope="module")
def tax():
    return fc.Design.at(start="1989", treated="California", donors="all")


def asked(vintage, design, **options):
    return fc.estimate(fc.estimator("synthetic", **options), vintage, design)


def parameters(effect):
    return {p.name: p for p in effect.parameters}


@pytest.mark.parametrize(
    ("options", "effect"),
    [
        ({"form": "sdid"}, -15.603829), ({"form": "sc", "solver": "frank_wolfe"}, -19.619665), ({"form": "did"}, -27.349111),
        ({"form": "sc"}, -19.5136),
    ],
)  # fmt: skip
def test_four_estimates_of_proposition_99(smoking, tax, options, effect):
    """synthdid: -15.603829, -19.619665 (its search stops short of the optimum), -27.349111; the exact simplex: -19.5136."""
    made = asked(smoking, tax, **options)
    assert made.average.estimate == pytest.approx(effect, abs=1e-4)
    assert made.cumulative.estimate == pytest.approx(12 * effect, abs=1e-3)
    assert parameters(made)["ATT"].estimate == pytest.approx(effect, abs=1e-4)
    assert np.isnan(parameters(made)["ATT"].se)  # one treated unit: no standard error is made up
    low, high = made.average.interval(0.9)
    assert low < effect < high


def test_the_weights_of_proposition_99(smoking, tax):
    weights = asked(smoking, tax, form="sdid").weights
    months = {name: w for name, w in weights.items() if name.startswith("lambda")}
    assert set(months) == {"lambda 1986", "lambda 1987", "lambda 1988"}
    assert list(months.values()) == pytest.approx([0.366, 0.206, 0.427], abs=1e-3)
    top = {"Nevada": 0.124, "New Hampshire": 0.105, "Connecticut": 0.078, "Delaware": 0.070, "Colorado": 0.058}
    assert {name: weights[name] for name in top} == pytest.approx(top, abs=1e-3)
    assert sum(weights.values()) == pytest.approx(2.0)


def test_the_exact_optimum_is_near_synthdid(smoking, tax):
    assert asked(smoking, tax, form="sdid", solver="exact").average.estimate == pytest.approx(-15.6054, abs=1e-3)


def test_the_exact_synthetic_control_of_proposition_99(smoking, tax):
    """A convex problem with one answer: fit, gap of 2000 and sum as computed by an independent quadratic programme."""
    made = asked(smoking, tax, form="sc")
    path = made.path.set_index("month")
    assert parameters(made)["pre-RMSPE"].estimate == pytest.approx(1.6564, abs=1e-4)
    assert path.loc["2000", "effect_q50"] == pytest.approx(-26.597, abs=1e-3)
    assert path["effect_q50"].sum() == pytest.approx(-234.164, abs=1e-3)
    assert made.cumulative.estimate == pytest.approx(-234.164, abs=1e-3)


def test_the_debiased_t_test(smoking, tax):
    """scinference, K = 3: -17.991121, SE 1.5632, 90 % [-22.56, -13.43]."""
    made = asked(smoking, tax, form="sc", inference="ttest", folds=3)
    assert made.average.estimate == pytest.approx(-17.991121, abs=1e-4)
    assert parameters(made)["ATT"].se == pytest.approx(1.5632, abs=1e-4)
    assert made.average.interval(0.9) == pytest.approx((-22.56, -13.43), abs=0.01)


def test_leaving_two_donors_out(smoking, tax):
    """Lei and Sudijono: 73 of 703 pairs, p = 0.1038406828."""
    made = asked(smoking, tax, form="sc", inference="leave_two_out")
    assert made.p_value == pytest.approx(0.1038406828, abs=1e-9)
    assert "73 of 703 pairs lost" in made.used[0].notes


def test_the_rank_of_california_among_39_states(smoking, tax):
    """ADH 2010 print 1/39 with their predictors; "sdid" gives it from outcomes alone.

    A fit of outcomes without predictors does not: Missouri and Virginia have the larger ratio of gaps after and before.
    """
    made = asked(smoking, tax, form="sdid", inference="space")
    assert (made.p_value, made.p_floor) == (1 / 39, 1 / 39)
    assert sum(p.kind == "space" for p in made.placebos) == 38
    assert asked(smoking, tax, form="sc", inference="space").p_value == 3 / 39


@pytest.fixture(scope="module")
def germany(shared):
    table = pd.read_csv(shared(f"{FOLDER}/scpi/scpi_germany.csv"))
    vintage = fc.panel(table, unit="country", time="year", value="gdp")
    return asked(vintage, fc.Design.at(1991, "West Germany", "all"), form="sc")


def test_the_donors_of_west_germany(germany):
    """scpi_pkg, outcomes 1960 to 1990."""
    printed = {
        "Austria": 0.2911, "USA": 0.2728, "Italy": 0.1914, "Netherlands": 0.1330, "Switzerland": 0.0814, "France": 0.0303,
    }  # fmt: skip
    assert {name: germany.weights[name] for name in printed} == pytest.approx(printed, abs=1e-4)
    assert sum(germany.weights.values()) == pytest.approx(1.0)


def test_the_path_of_west_germany(germany, shared):
    captured = json.loads(shared(f"{FOLDER}/mlsynth/reference/scpi_germany_pi.json").read_text())["values"]
    assert germany.path["month"].tolist() == [str(year) for year in captured["years"]]
    assert germany.path["counterfactual_q50"].to_numpy() == pytest.approx(captured["fit"], abs=2e-4)
    assert germany.path["observed"].to_numpy() == pytest.approx(captured["obs"], abs=1e-9)


@pytest.fixture(scope="module")
def rhode_island(shared):
    """Log arrest rates of 51 states 1985 to 2009 (CWZ 2021, sec. 5), the first the treated one; steps 1 to 25."""
    table = pd.read_csv(shared(f"{FOLDER}/mlsynth/logfemrate.txt"), sep=r"\s+")
    long = table.assign(step=range(1, 26)).melt("step", var_name="state", value_name="rate")
    return fc.panel(long, unit="state", time="step", value="rate")


def test_the_conformal_test_of_rhode_island(rhode_island):
    made = asked(rhode_island, fc.Design.at(20, "V1", "all"), form="sc", inference="conformal")
    assert made.p_value == pytest.approx(0.04, abs=1e-9)
    assert made.p_floor == pytest.approx(0.04, abs=1e-9)


@pytest.mark.parametrize(("length", "p"), [(1, 0.3157894737), (2, 0.3157894737), (3, 0.2631578947)])
def test_the_placebo_specification_test_of_rhode_island(rhode_island, length, p):
    """The last months before the event taken for those after it."""
    design = fc.Design.at(20 - length, "V1", "all", stop=19)
    assert asked(rhode_island, design, form="sc", inference="conformal").p_value == pytest.approx(p, abs=1e-9)


def test_the_pointwise_intervals_of_rhode_island(rhode_island, shared):
    """90 %, published on a grid of 0.05 to 0.01: [-0.26, 0.70] in 2004, [-1.16, -0.33] in 2007."""
    captured = json.loads(shared(f"{FOLDER}/mlsynth/reference/cwz_conformal.json").read_text())["values"]
    made = asked(rhode_island, fc.Design.at(20, "V1", "all"), form="sc", inference="conformal")
    low, high = np.quantile(made.draws, [0.05, 0.95], axis=0)
    years = range(2004, 2010)
    assert low == pytest.approx([captured[f"lb_{year}"] for year in years], abs=0.0101)
    assert high == pytest.approx([captured[f"ub_{year}"] for year in years], abs=0.0101)


# --- contaminated donors ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["sc", "sdid", "did"])
@pytest.mark.parametrize("donor", ["Utah", "Nevada", "Montana", "Connecticut", "Alabama", "New Hampshire"])
def test_a_contaminated_donor_moves_nothing_or_is_seen(shared, smoking, tax, form, donor):
    """A donor that falls by 40 packs when the event comes: within one standard error, or the gate withholds the estimate."""
    table = pd.read_csv(shared(f"{FOLDER}/synthdid/california_prop99.csv"), sep=";")
    table.loc[(table["State"] == donor) & (table["Year"] >= 1989), "PacksPerCapita"] -= 40
    clean = asked(smoking, tax, form=form)
    made = asked(fc.panel(table, unit="State", time="Year", value="PacksPerCapita"), tax, form=form)
    gate = {g.gate: g for g in made.gates}["donors"]
    moved = abs(made.average.estimate - clean.average.estimate)
    assert moved <= clean.average.se or (gate.outcome == "fail" and gate.withholds)
    assert {g.gate: g for g in clean.gates}["donors"].outcome == "pass"


def test_proposition_99_with_the_predictors_of_2010(shared):
    """Abadie, Diamond and Hainmueller (2010), Tables 1 and 2 and the rank; the captured run of Synth fits no better."""
    means = pd.read_csv(shared(f"{FOLDER}/abadie/california_predictors.csv")).rename(columns={"state": "State"})
    table = pd.read_csv(shared(f"{FOLDER}/synthdid/california_prop99.csv"), sep=";").merge(means)
    columns = ["lnincome", "age15to24", "retprice", "beer"]
    vintage = fc.panel(table, unit="State", time="Year", value="PacksPerCapita", controls=columns)
    predictors = [*columns, ("outcome", 1988), ("outcome", 1980), ("outcome", 1975)]
    design = fc.Design.at(1989, "California", "all")
    made = answer(fc.estimator("synthetic", form="sc", predictors=predictors), vintage, design, 0)
    theirs = {"Utah": 0.334, "Nevada": 0.234, "Montana": 0.199, "Colorado": 0.164, "Connecticut": 0.069}
    assert {name: made.weights[name] for name in theirs} == pytest.approx(theirs, abs=5e-3)
    assert sum(made.weights[name] for name in theirs) == pytest.approx(1.0, abs=1e-3)
    assert made.parameters["retprice, weighted donors"].estimate == pytest.approx(89.41, abs=0.05)
    assert made.parameters["pre-RMSPE"].estimate < 1.79139
    assert made.p_value == pytest.approx(1 / 39)


def test_west_germany_by_cross_validation(shared):
    """Abadie, Diamond and Hainmueller (2015, Table 1: .42 .22 .16 .11 .09): predictor weights that fit the 1980s."""
    columns = ["trade", "infrate", "industry", "schooling", "invest70", "invest80"]
    table = pd.read_csv(shared(f"{FOLDER}/pysyncon/germany.csv"))
    vintage = fc.panel(table, unit="country", time="year", value="gdp", controls=columns)
    design = fc.Design.at(1991, "West Germany", "all")

    def made(first, last, school, invest, **words):
        means = [(name, first, last) for name in ("outcome", "trade", "infrate", "industry")]
        predictors = [*means, ("schooling", *school), (invest, 1980)]
        return answer(fc.estimator("synthetic", form="sc", predictors=predictors, **words), vintage, design, 0)

    trained = made(1971, 1980, (1970, 1975), "invest70", fit=(1981, 1990)).parameters
    weights = [p.estimate for p in trained if p.name.startswith("V ")]
    found = made(1981, 1990, (1980, 1985), "invest80", predictor_weights=weights)
    theirs = {"Austria": 0.42, "USA": 0.22, "Japan": 0.16, "Switzerland": 0.11, "Netherlands": 0.09}
    assert {name: found.weights[name] for name in theirs} == pytest.approx(theirs, abs=0.01)


def test_forward_selection_on_proposition_99(smoking, tax):
    """Cerulli's (2024) method as the package mlsynth has it: three donors, -20.15 packs."""
    made = answer(fc.estimator("synthetic", form="sc", select="forward"), smoking, tax, 0)
    assert {name for name, weight in made.weights.items() if weight > 0} == {"Montana", "Nevada", "Utah"}
    assert made.average.estimate == pytest.approx(-20.15, abs=5e-3)
