"""Ratios to the best naive model."""

import numpy as np
import pandas as pd
import pytest

from forecast.study.compare import compare


def table(cutoffs=30, regimes=("before", "under control"), better=0.5, seed=1):
    rng = np.random.default_rng(seed)
    rows = []
    for series, size in (("a", 1.0), ("b", 1000.0)):
        for i in range(cutoffs):
            error = abs(rng.normal()) + 0.5
            for model, factor in (("seasonal_naive", 1.0), ("mean12", 2.0), ("good", better)):
                day, regime = f"20{10 + i // 12}-{i % 12 + 1:02d}-21", regimes[i % len(regimes)]
                row = {"job": "", "model": model, "series": series, "cutoff": day, "month": str(i), "horizon": 0, "h_info": 1}
                rows.append(row | {"metric": "crps", "value": size * factor * error, "regime": regime})
    return pd.DataFrame(rows)


def row(found, model):
    return next(r for r in found if r["model"] == model)


def test_the_better_naive_is_the_benchmark_and_ratios_are_of_sums():
    found = compare(table(), "g")
    assert {r["benchmark"] for r in found} == {"seasonal_naive"}
    assert row(found, "good")["ratio"] == pytest.approx(0.5)
    assert row(found, "mean12")["ratio"] == pytest.approx(2.0)
    assert row(found, "good")["hi90"] == pytest.approx(0.5)  # a constant ratio has no spread
    assert row(found, "good")["n_cutoffs"] == 20
    assert row(found, "good")["n"] == 40


@pytest.mark.parametrize(("given", "why"), [({"cutoffs": 24}, "16 cutoffs"), ({"regimes": ("before",)}, "one regime")])
def test_too_little_for_a_test(given, why):
    good = row(compare(table(**given), "g"), "good")
    assert "no test, ratio only" in good["note"]
    assert why in good["note"]
    assert np.isnan(good["lo90"])
    assert good["ratio"] == pytest.approx(0.5)


def test_noise_gives_an_interval_around_one():
    data = table()
    rng = np.random.default_rng(3)
    noisy = data["model"] == "good"
    data.loc[noisy, "value"] = data.loc[noisy, "value"] * 2 * rng.lognormal(-0.08, 0.4, noisy.sum())
    good = row(compare(data, "g"), "good")
    assert good["lo90"] < good["ratio"] < good["hi90"]
    assert good["lo90"] < 1 < good["hi90"]


def test_only_common_questions_count():
    data = table()
    lost = (data["model"] == "good") & (data["series"] == "b")
    data.loc[lost, "value"] = np.nan
    assert row(compare(data, "g"), "mean12")["n"] == 20


def test_without_a_naive_model_there_is_nothing_to_compare():
    data = table()
    assert compare(data[data["model"] == "good"], "g") == []
