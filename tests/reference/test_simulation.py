"""The simulation study of `experiments/003_simulation`, made again with fewer runs, against what is committed."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

HOME = Path(__file__).parents[2] / "experiments" / "003_simulation"
COMMITTED = pd.read_csv(HOME / "results.csv", dtype={"options": str}).fillna({"options": ""})
FAST = [("baseline", "steady", 23, 5), ("baseline", "drift", 36, 12)]
SLOW = [
    ("baseline", "drift", 15, 12),
    ("counterfactual", "drift", 15, 5),
    ("counterfactual", "drift", 36, 12),
    ("regression", "drift", 36, 5),
    ("synthetic", "common", 36, 12),
    ("ppml", "common", 36, 5),
]


@pytest.fixture(scope="module")
def study():
    names = ("run", "summary", "worlds", "planted")
    sys.path.insert(0, str(HOME))
    try:
        return tuple(importlib.import_module(name) for name in names)
    finally:
        sys.path.remove(str(HOME))
        for name in names:  # the names are common ones: another experiment's test must not meet these modules
            sys.modules.pop(name, None)


def committed(estimator, world, before, after):
    at = COMMITTED
    found = at[
        (at["estimator"] == estimator) & (at["options"] == "") & (at["world"] == world) & (at["effect"] == 0)
        & (at["months_before"] == before) & (at["months_after"] == after)
    ]  # fmt: skip
    assert len(found) == 1
    return found.iloc[0]


def compared(study, runs, estimator, world, before, after):
    run, *_ = study
    rows = [r for i in range(runs) for r in run.one(estimator, world, before, after, (0.0,), 0, i)]
    table = pd.DataFrame(rows)
    table = table[~table["refused"]]
    assert len(table) > 0.9 * runs
    known = committed(estimator, world, before, after)
    held = (table["lo90"] <= table["truth"]) & (table["truth"] <= table["hi90"])
    excluded = (table["lo95"] > 0) | (table["hi95"] < 0)
    for seen, name in ((held, "cover90"), (excluded, "size_interval")):
        p = (known[name] * known["runs"] + 0.5) / (known["runs"] + 1)
        bound = 3.0 * np.sqrt(p * (1 - p) * (1 / len(table) + 1 / known["runs"])) + 0.5 / len(table)
        assert abs(seen.mean() - known[name]) < bound, (name, seen.mean(), known[name], bound)


@pytest.mark.parametrize("cell", FAST, ids=lambda c: "-".join(map(str, c)))
def test_size_and_cover_are_those_committed(study, cell):
    compared(study, 120, *cell)


@pytest.mark.slow
@pytest.mark.parametrize("cell", SLOW, ids=lambda c: "-".join(map(str, c)))
def test_size_and_cover_of_every_estimator_are_those_committed(study, cell):
    compared(study, 200, *cell)


@pytest.mark.slow
def test_trade_brought_forward_is_recovered(study):
    planted = study[3]
    held = pd.DataFrame([planted.ledger(i) for i in range(150)])
    for name in ("A", "P", "A + P"):
        assert held[name].mean() > 0.87 - 2.5 * np.sqrt(0.87 * 0.13 / 150), name


def test_a_world_is_made_again_from_its_seed_and_a_fall_takes_away_its_share(study):
    worlds = study[2]
    y = worlds.flows("drift", 30, worlds.rng_of(0, "drift", 25, 5, 3))
    assert (y == worlds.flows("drift", 30, worlds.rng_of(0, "drift", 25, 5, 3))).all()
    assert not (y == worlds.flows("drift", 30, worlds.rng_of(0, "drift", 25, 5, 4))).any()
    cut = worlds.planted(y, 25, -0.25)
    assert (cut[:25] == y[:25]).all()
    assert (cut[25:, 1:] == y[25:, 1:]).all()
    assert cut[25:, 0] == pytest.approx(0.75 * y[25:, 0])


def test_the_worlds_are_what_they_say(study):
    worlds = study[2]
    long = {w: np.log(worlds.flows(w, 4000, worlds.rng_of(0, w, 0, 0, 0)) + 1e-12) for w in ("steady", "common", "drift")}
    steps = {w: np.diff(z, axis=0) for w, z in long.items()}
    variance = {w: s.var(axis=0).mean() for w, s in steps.items()}
    assert variance["steady"] == pytest.approx(2 * worlds.NOISE**2, rel=0.05)
    assert variance["drift"] == pytest.approx(2 * worlds.NOISE**2 + worlds.DRIFT**2, rel=0.05)
    assert np.corrcoef(steps["common"].T)[0, 1] == pytest.approx(worlds.COMMON**2 / variance["common"], abs=0.05)
    lumpy = worlds.flows("lumpy", 4000, worlds.rng_of(0, "lumpy", 0, 0, 0))
    assert (lumpy > 0).mean() == pytest.approx(worlds.TRADING, abs=0.02)


def test_a_blind_method_answers_for_every_effect_as_if_asked_anew(study):
    run, *_ = study
    assert all(m.words["use"] in ("baseline", "counterfactual") for m in run.METHODS.values() if m.blind)
    for name in ("baseline", "counterfactual"):
        together = run.one(name, "drift", 19, 5, (0.0, -0.5), 0, 0)[1]
        alone = run.one(name, "drift", 19, 5, (-0.5,), 0, 0)[0]
        for key in ("truth", "estimate", "lo90", "hi95"):
            assert together[key] == pytest.approx(alone[key]), (name, key)


def test_a_rank_test_is_read_at_its_largest_attainable_level(study):
    summary = study[1]
    rng = np.random.default_rng(0)
    p = pd.Series(rng.integers(1, 97, 5000) / 96)
    level, rate, se = summary.attainable(p, pd.Series(np.full(5000, 1 / 96)))
    assert level == pytest.approx(4 / 96)
    assert abs(rate - level) < 3.5 * se
    assert summary.uniform(p, pd.Series(np.full(5000, 1 / 96))) > 0.001
    assert summary.uniform(p**2 // (1 / 96) / 96 + 1 / 96, pd.Series(np.full(5000, 1 / 96))) < 1e-6
    few = summary.attainable(pd.Series(rng.integers(1, 8, 5000) / 7), pd.Series(np.full(5000, 1 / 7)))
    assert few[0] == pytest.approx(1 / 7)
