"""Effects shrunk to those of like series: the population's moments, and forecasts that borrow them."""

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from forecast.core.panel import panel
from forecast.models.pooled.random_effects import dersimonian_laird


def test_the_population_is_that_of_statsmodels():
    from statsmodels.stats.meta_analysis import combine_effects

    b, v = np.array([0.1, 0.9, 0.4, -0.2, 0.35]), np.array([0.02, 0.05, 0.01, 0.08, 0.03])
    theirs = combine_effects(b, v, method_re="dl")
    ours = dersimonian_laird(b, v)
    assert ours.between == pytest.approx(theirs.tau2, rel=1e-12)
    assert ours.mean == pytest.approx(theirs.mean_effect_re, rel=1e-12)
    assert ours.mean_variance == pytest.approx(theirs.sd_eff_w_re**2, rel=1e-12)


def test_estimates_that_differ_by_their_errors_alone_have_no_spread_of_their_own():
    ours = dersimonian_laird(np.array([1.0, 1.1, 0.9]), np.array([0.1, 0.1, 0.1]))
    assert ours.between == 0.0
    assert ours.spread == pytest.approx(0.1 / 3)


SEASON = 0.4 * np.sin(2 * np.pi * np.arange(12) / 12)


def units(short=15, count=5, same=True, seed=0):
    """Flows with one season, or each with its own; the first is short. Rows of a panel and the first's next year."""
    rng = np.random.default_rng(seed)
    rows, truth = [], None
    for u in range(count):
        phase = 0 if same else 3 * u
        at = np.arange(-59, 13)
        y = np.exp(5 + SEASON[(at + phase) % 12] + 0.05 * rng.standard_normal(len(at)))
        if u == 0:
            truth = y[at > 0]
        keep = (at <= 0) & (at > -short if u == 0 else at > -99)
        rows += [{"unit": f"u{u}", "step": int(t), "y": float(v)} for t, v in zip(at[keep], y[keep], strict=True)]
    return pd.DataFrame(rows), truth


def asked(table, spec="pooled", **words):
    vintage = panel(table, unit="unit", time="step", value="y", season=12, nonnegative=True)
    task = fc.Task(vintage.day, "u0", [str(s) for s in range(1, 13)], draws=400)
    return fc.predict(fc.model(spec, **words), vintage, task)


def missed(guess, truth):
    return float(np.abs(np.median(guess.draws[:, 0], axis=0) / truth - 1).mean())


def test_a_short_series_borrows_the_season_of_the_others():
    table, truth = units()
    pooled, alone = asked(table), asked(table, months=False)
    assert missed(pooled, truth) < 0.08 < 0.15 < missed(alone, truth)
    assert pooled.used[0].notes[0] == "11 effects drawn towards those of 4 to 4 series"
    low, high = np.quantile(pooled.draws[:, 0], [0.025, 0.975], axis=0)
    assert ((low <= truth) & (truth <= high)).sum() >= 10


def test_where_the_others_differ_little_is_borrowed():
    """Each with a season of its own: the spread between them is large, and a long series keeps what it shows itself."""
    table, truth = units(short=60, same=False)
    assert missed(asked(table), truth) < 0.08


def test_two_like_series_teach_nothing():
    table, _ = units(short=60, count=3)
    assert asked(table).used[0].notes[0] == "no like series"


def test_a_batch_gives_what_single_questions_give():
    table, _ = units(short=30)
    vintage = panel(table, unit="unit", time="step", value="y", season=12, nonnegative=True)
    method = fc.model("pooled")
    tasks = [fc.Task(vintage.day, name, ["1", "2"], draws=200) for name in ("u0", "u1")]
    many = method.predict_many([(vintage, t) for t in tasks], [np.random.default_rng(3) for _ in tasks], [(), ()])
    for task, made in zip(tasks, many, strict=True):
        assert np.array_equal(made.draws, method.predict(vintage, task, np.random.default_rng(3)).draws)


def test_only_series_that_count_the_same_thing_are_like():
    vintage = fc.load_archive().as_of("2026-09-08")
    found = fc.model("pooled")._like_series(vintage, "USA.import.WLD.gallium")
    assert len(found) == 17
    assert all(name.startswith("USA.import.WLD.") for name in found)
