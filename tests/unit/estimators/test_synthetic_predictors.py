"""Synthetic control on predictors, over a fit window and with selected donors, on panels worked out by hand."""

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from forecast.core.errors import ConfigError
from forecast.core.results import Failure
from forecast.estimators.synthetic import predictor_matching
from forecast.estimators.synthetic.sample import WeightingSample
from forecast.study.ask import answer

YEARS, START = range(1980, 2010), 2000


def long(outcomes, **columns):
    """A long table from outcomes {unit: (30,)} and columns {name: {unit: value or (30,)}}."""
    rows = [{"unit": u, "year": y, "value": float(v)} for u, path in outcomes.items() for y, v in zip(YEARS, path, strict=True)]
    table = pd.DataFrame(rows)
    for name, known in columns.items():
        table[name] = np.concatenate([np.broadcast_to(np.asarray(known[u], float), 30) for u in outcomes])
    return table


def walks(count=6, seed=4):
    """Smooth paths of a treated unit t, a mix of a and b, and other donors."""
    rng = np.random.default_rng(seed)
    donors = {name: 20 + np.cumsum(rng.standard_normal(30)) for name in "abcdefghijklmnopqrs"[:count]}
    own = 0.6 * donors["a"] + 0.4 * donors["b"] + 0.1 * rng.standard_normal(30)
    return {"t": own, **donors}


def made(table, controls=(), start=START, **options):
    vintage = fc.panel(table, unit="unit", time="year", value="value", controls=controls)
    design = fc.Design.at(start, "t", "all", draws=200)
    return answer(fc.estimator("synthetic", **{"form": "sc", **options}), vintage, design, 0)


def sample_of(outcomes, predictors, before=20):
    values = np.column_stack(list(outcomes.values()))
    made = WeightingSample.of_outcomes(
        values[:before, 0], values[:before, 1:], values[before:, 0], values[before:, 1:], np.full(10, 0.1)
    )
    return made if predictors is None else WeightingSample(**{**vars(made), "predictors": predictors})


def test_one_predictor_is_interpolated():
    """Predictor 3 of the treated unit between 1 and 5 of the donors: half each, whatever the outcomes."""
    table = long({name: path for name, path in walks(2).items()}, size={"t": 3, "a": 1, "b": 5})
    found = made(table, ["size"], predictors=["size"])
    assert found.weights == pytest.approx({"a": 0.5, "b": 0.5})
    assert found.parameters["V size"].estimate == 1
    names = ("size, treated", "size, weighted donors", "size, mean of the donors")
    assert [found.parameters[n].estimate for n in names] == pytest.approx([3, 3, 3])
    expected = np.mean(table[(table.unit == "t") & (table.year >= START)]["value"]) - 0.5 * sum(
        np.mean(table[(table.unit == u) & (table.year >= START)]["value"]) for u in "ab"
    )
    assert found.parameters["ATT"].estimate == pytest.approx(expected)


def test_a_window_is_the_mean_of_its_known_months():
    size = {"t": [np.nan] * 5 + [2, 4] + [99.0] * 23, "a": [1.0] * 30, "b": [5.0] * 30, "c": [9.0] * 30}
    found = made(long(walks(3), size=size), ["size"], predictors=[("size", 1980, 1986), ["outcome", "1990"], "outcome"])
    assert found.parameters["size 1980 to 1986, treated"].estimate == 3
    assert found.parameters["outcome 1990, treated"].estimate == pytest.approx(walks(3)["t"][10])
    assert found.parameters["outcome, treated"].estimate == pytest.approx(walks(3)["t"][:20].mean())


def test_no_month_from_the_event_on_is_read():
    """A window past the event is cut, which a note says; later values of a column change nothing."""
    early = {u: np.arange(30.0) * (i + 1) for i, u in enumerate(walks())}
    late = {u: np.where(np.arange(30) < 20, path, 1e6 * len(u)) for u, path in early.items()}
    first, second = (made(long(walks(), x=x), ["x"], predictors=[("x", 1995, 2005), ("outcome", 1990)]) for x in (early, late))
    assert first.weights == second.weights
    assert "predictor x 1995 to 2005: cut after 1999, the last year before the event" in first.used[0].notes
    gone = made(long(walks(), x=early), ["x"], predictors=[("x", 2003)])
    assert gone.counterfactual is None
    assert "unknown before the event" in gone.used[0].notes[0]


def test_the_unit_of_a_predictor_does_not_matter():
    rng = np.random.default_rng(2)
    x, z = ({u: rng.normal() for u in walks()} for _ in range(2))
    one = made(long(walks(), x=x, z=z), ["x", "z"], predictors=["x", "z", "outcome"])
    two = made(long(walks(), x={u: 1000 * v for u, v in x.items()}, z=z), ["x", "z"], predictors=["x", "z", "outcome"])
    assert one.weights == pytest.approx(two.weights, abs=1e-6)


def test_nested_predictor_weights_are_those_of_the_smallest_error():
    """Two predictors have one free weight: no point of a fine grid is better."""
    rng = np.random.default_rng(0)
    for _ in range(5):
        sample = sample_of(walks(6, int(rng.integers(100))), rng.standard_normal((2, 7)))

        def error(v, sample=sample):
            omega, _ = predictor_matching.match_predictors(sample, (v, 1 - v))
            return ((sample.y - sample.x @ omega) ** 2).mean()

        _, found = predictor_matching.match_predictors(sample, None)
        grid = 1 / (1 + np.exp(-np.linspace(-13, 13, 400)))
        assert found.sum() == pytest.approx(1)
        assert error(found[0]) <= min(error(v) for v in grid) * (1 + 1e-3)


def test_predictor_weights_may_be_equal_or_given():
    x, z = {u: i for i, u in enumerate(walks())}, {u: (3 * i) % 7 for i, u in enumerate(walks())}
    table, words = long(walks(), x=x, z=z), {"predictors": ["x", "z"]}
    equal, given = (made(table, ["x", "z"], predictor_weights=w, **words) for w in ("equal", [2, 2]))
    assert equal.weights == given.weights
    assert given.parameters["V z"].estimate == 0.5
    uneven = made(table, ["x", "z"], predictor_weights=[1, 3], **words)
    assert uneven.parameters["V z"].estimate == 0.75


def test_a_fit_window_gives_the_weights_of_its_months():
    """As if the panel began with the window; the fit is still told over all clean months."""
    table = long(walks(8))
    inside = made(table, fit=(1990, 1999))
    short = made(table[table.year >= 1990])
    assert inside.weights == pytest.approx(short.weights)
    assert inside.average.estimate == pytest.approx(short.average.estimate)
    assert inside.parameters["RMSPE of the fit window"].estimate == pytest.approx(short.parameters["pre-RMSPE"].estimate)
    assert inside.parameters["pre-RMSPE"].estimate != pytest.approx(short.parameters["pre-RMSPE"].estimate)
    for form in ("did", "sdid"):
        one, two = made(table, form=form, fit=(1990, 1999)), made(table[table.year >= 1990], form=form)
        assert one.average.estimate == pytest.approx(two.average.estimate)
        assert one.weights == pytest.approx(two.weights)
    assert "the fit window holds 4 clean years" in made(table, fit=(1990, 1993)).used[0].notes[0]


def test_forward_selection_finds_the_two_donors_of_the_mix():
    found = made(long(walks(18)), select="forward")
    assert {u for u, w in found.weights.items() if w > 0} == {"a", "b"}
    assert found.weights["a"] == pytest.approx(0.6, abs=0.05)
    assert "2 of 18 donors selected forward" in found.used[0].notes
    assert made(long(walks(18))).weights != found.weights


def test_forward_selection_finds_the_donors_of_a_shifted_mix_with_an_intercept():
    paths = walks(18)
    found = made(long(paths | {"t": paths["t"] + 50}), select="forward", demean=True)
    assert {u for u, w in found.weights.items() if w > 0 and "lambda" not in u} == {"a", "b"}


def test_forward_selection_keeps_the_predictor_weights_of_the_whole_pool():
    x = {u: float(i) for i, u in enumerate(walks(8))}
    table, words = long(walks(8), x=x), {"predictors": ["x", ("outcome", 1990), ("outcome", 1999)]}
    pool, chosen = (made(table, ["x"], select=select, **words) for select in ("all", "forward"))
    for name in ("V x", "V outcome 1990"):
        assert chosen.parameters[name].estimate == pytest.approx(pool.parameters[name].estimate)


def test_months_that_differ_are_tested_by_rank_in_space():
    """The effect of -30 is the largest of nine; a permutation of months would not allow a fit window."""
    paths = walks(8)
    table = long(paths | {"t": paths["t"] - 30 * (np.arange(30) >= 20)})
    found = made(table, fit=(1985, 1999))
    assert (found.p_value, found.p_floor) == pytest.approx((1 / 9, 1 / 9))
    assert made(table).p_floor == pytest.approx(1 / 30)


def test_a_donor_without_the_predictor_is_named():
    size = {u: float(i) for i, u in enumerate(walks(4))} | {"c": np.nan}
    found = made(long(walks(4), size=size), ["size"], predictors=["size"])
    assert "the predictor size of c is unknown before the event" in found.used[0].notes[0]
    misspelt = made(long(walks(4), size=size), ["size"], predictors=["sise"])
    assert isinstance(misspelt, Failure)
    assert "'size'" in misspelt.detail


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"form": "sdid", "predictors": ["x"]}, "exact synthetic control"),
        ({"form": "did", "select": "forward"}, "exact synthetic control"),
        ({"form": "sc", "predictors": ["x"], "demean": True}, "neither intercept"),
        ({"form": "sc", "predictors": [("x", 1, 2, 3)]}, "at most two months"),
        ({"form": "sc", "predictors": ["x"], "predictor_weights": [1, 2]}, "one number"),
        ({"form": "sc", "fit": ["1990"]}, "first and last month"),
        ({"form": "sc", "fit": ["1990", "1999"], "inference": "conformal"}, "all months alike"),
        ({"form": "sc", "select": "forward", "inference": "ttest"}, "all months alike"),
    ],
)
def test_words_that_do_not_go_together(options, says):
    with pytest.raises(ConfigError, match=says):
        fc.estimator("synthetic", **options)
