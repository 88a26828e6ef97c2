"""The ban benchmark of `experiments/007_ban`: the script from end to end on made series, and some of its figures again."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

HOME = Path(__file__).parents[2] / "experiments" / "007_ban"


def _module(name, monkeypatch):
    spec = importlib.util.spec_from_file_location(f"ban_{name}", HOME / f"{name}.py")
    made = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, made)  # dataclasses look their module up
    spec.loader.exec_module(made)
    return made


@pytest.fixture
def run(monkeypatch):
    return _module("run", monkeypatch)


def fresh(run, monkeypatch, data, out, *more):
    monkeypatch.setattr(sys, "argv", ["run.py", "--data", str(data), "--out", str(out), *more])
    run.main()
    table = pd.read_csv(out / "results.csv", keep_default_na=False)
    return table.set_index(["variant", "told", "seen", "model"]).sort_index()


def made_series(folder, count=2, months=66):
    at = np.arange(months)
    lines = ["unique_id,ds,y"]
    for i in range(count):
        rng = np.random.default_rng(i)
        y = 1000 * np.exp(0.15 * np.sin(2 * np.pi * at / 12) + np.cumsum(0.01 * rng.standard_normal(months)))
        lines += [f"S{i},{j},{v:.3f}" for j, v in enumerate(y * np.exp(0.05 * rng.standard_normal(months)))]
    (folder / "train.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_the_script_runs_from_end_to_end_and_takes_up_what_is_finished(run, monkeypatch, tmp_path):
    made_series(tmp_path)
    monkeypatch.setattr(run, "TOLD", {"full": ("as full", "not told")})
    monkeypatch.setattr(run, "SEEN", (0, 1))
    monkeypatch.setattr(run, "LEAST", 60)
    monkeypatch.setattr(run, "MODELS", {"seasonal naive": "seasonal_naive"})
    monkeypatch.setattr(run, "SETTINGS", {})
    table = fresh(run, monkeypatch, tmp_path, tmp_path / "out")
    assert set(table["series"]) == {2}
    told, untold = table.loc[("full", "as full", 0, "menu")], table.loc[("full", "not told", 0, "menu")]
    assert told["mae"] < 10 < 80 < untold["mae"]
    assert table.loc[("full", "as full", 1, "menu"), "mae"] < 2
    assert table.loc[("full", "", 1, "seasonal naive"), "mae"] > 80
    assert table.loc[("full", "as full", 1, "menu"), "best_device"] in run.DEVICES
    assert (table["negative"] == 0).loc[:, :, :, "menu"].all()

    monkeypatch.setattr(run, "PARTS", dict.fromkeys(run.PARTS))  # nothing is left to be run
    assert fresh(run, monkeypatch, tmp_path, tmp_path / "out").equals(table)


def test_a_case_knows_nothing_of_its_truth(run):
    y = np.arange(1.0, 121.0)
    for case in run.cases("S", y):
        then = case.vintage()
        known = then.observed(run.SERIES).values
        assert len(known) == case.known
        assert len(case.truth) == run.AHEAD
        told = [event.until for event in then.events]
        assert (told == []) == (case.told == "not told")
        assert all(end is None or (case.told == "end told" and end <= then.day) for end in told)


def test_variants_leave_what_they_say(run):
    assert run.left("full", 3).tolist() == [0.03] * 3
    assert run.left("leaking", 20)[[0, 11, 19]] == pytest.approx([0.03, 0.15, 0.15])
    assert run.left("reversed", 8).tolist() == [0.03] * 6 + [1.0] * 2


def test_the_page_shows_the_committed_figures(monkeypatch):
    table = _module("table", monkeypatch)
    assert table.page() in (HOME / "README.md").read_text("utf-8")
    assert (table.committed()["negative"] == 0)[table.committed()["model"] == "menu"].all()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_some_series_of_the_benchmark_keep_the_bars(run, shared, monkeypatch, tmp_path):
    """Six series: bars loosely, and the committed means within four standard errors of six series."""
    data = shared("benchmark/m3_monthly/train.csv").parent
    table = fresh(run, monkeypatch, data, tmp_path, "--series", "6", "--only", "menu", "devices")
    ours = table.xs("menu", level="model")
    assert ours.loc[("full", "as full", 0), "mae"] <= 10
    assert (ours.loc["full"].query("seen == 1")["mae"] <= 2).all()
    assert (ours.loc[("reversed", "end told")].query("seen <= 3")["mae"] < 25).all()
    assert (ours["negative"] == 0).all()
    assert 60 <= ours.loc[["full", "partial"]].query("seen in (1, 3, 6)")["cov80"].astype(float).mean() <= 97
    seen = ours.query("seen > 0 and told != 'not told' and told != 'end not told'")
    assert (seen["difference"].astype(float) <= 3 * seen["difference_se"].astype(float) + 0.5).all()
    kept = pd.read_csv(HOME / "results.csv", keep_default_na=False)
    kept = kept.set_index(["variant", "told", "seen", "model"]).sort_index().xs("menu", level="model").loc[ours.index]
    bound = 4 * kept["mae_se"].astype(float) * np.sqrt(kept["series"] / 6) + 0.1
    assert ((ours["mae"] - kept["mae"]).abs() <= bound).all()
