"""From a config to a run folder: tables as promised, the same bytes whatever happens on the way."""

import json

import pandas as pd
import pytest

from forecast.core.run import TABLES, Run
from forecast.jobs import execute as ex, folder as fo
from forecast.jobs.load import load, read_archive
from forecast.jobs.plan import plan

CONFIG = """
name = "tiny"
seed = 3
draws = 100
metrics = ["crps", "mase"]
[[models]]
use = "mean12"
[[models]]
use = "drift"
[[models]]
use = "combine"
name = "both"
members = ["mean12", "drift"]
[[backtest]]
name = "rare earths"
series = ["CHN.export.WLD.rare_earths_total"]
first = "2025-03"
last = "2025-09"
horizons = [1, 3]
[forecast]
series = ["CHN.export.WLD.re_magnets"]
months = 3
[[effects]]
id = "1"
question = "magnets"
event = "re_licensing_2025"
treated = "CHN.export.WLD.re_magnets"
from = "2025-04"
to = "2025-06"
[[effects]]
id = "2"
question = "nothing is known of this"
event = "us_ban_2024"
treated = "USA.import.THA.antimony_oxide"
[[expiry]]
series = ["USA.import.CHN.gallium"]
regimes = [{ name = "as in the ban", from = "2024-12", to = "2025-11", text = "if it lapses" }]
"""


def planned(tmp_path, text=CONFIG):
    path = tmp_path / "tiny.toml"
    path.write_text(text, "utf-8")
    config = load(path)
    return plan(config, read_archive(config))


def written(made, folder, workers=1):
    fo.write(folder, made, ex.execute(made, folder / ".cache", workers), {})
    return folder


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    place = tmp_path_factory.mktemp("jobs")
    made = planned(place)
    return made, written(made, place / "run")


def test_every_table_is_there_with_its_columns(done):
    run = Run(done[1])
    for name in TABLES:
        assert list(run.table(name).columns) == list(fo.COLUMNS[name])
    keys = ["job", "model", "model_used", "series", "unit", "cutoff", "month", "horizon", "h_info", "mean"]
    quantiles = ["q025", "q05", "q10", "q25", "q50", "q75", "q90", "q95", "q975"]
    assert list(run.forecasts.columns[:20]) == [*keys, *quantiles, "truth"]


def test_tables_are_sorted_by_their_leading_columns(done):
    for name in ("forecasts", "scores", "observations"):
        table = Run(done[1]).table(name)
        lead = list(table.columns[:2])
        assert table[lead].apply(tuple, axis=1).is_monotonic_increasing


def test_horizons_count_from_the_cutoff_and_from_the_last_known_month(done):
    table = Run(done[1]).forecasts
    row = table[(table["model"] == "drift") & (table["cutoff"] == "2025-06-10") & (table["month"] == "2025-06")].iloc[0]
    assert (row["horizon"], row["h_info"]) == (0, 1)


def test_future_has_no_truth_and_missing_is_null(done):
    table = Run(done[1]).forecasts
    ahead = table[table["cutoff"] == done[0].vintage.day.isoformat()]
    assert len(ahead)
    assert ahead["truth"].isna().all()
    assert (ahead["q025"] <= ahead["q975"]).all()
    assert table["truth"].notna().any()


def test_combinations_are_made_of_the_members_own_answers(done):
    table = Run(done[1]).forecasts
    single = table[~table["month"].str.contains("/")]
    wide = single.pivot_table(index=["series", "cutoff", "month"], columns="model", values="q50")
    assert (wide["both"] >= wide[["mean12", "drift"]].min(axis=1) - 1e-6).all()
    assert (wide["both"] <= wide[["mean12", "drift"]].max(axis=1) + 1e-6).all()


def test_a_question_without_figures_is_a_row_that_says_so(done):
    row = Run(done[1]).effects.set_index("id").loc["2"]
    assert row["verdict"] == "not identified"
    assert pd.isna(row["estimate"])
    assert row["because"]


def test_an_estimate_never_stands_without_its_bounds(done):
    table = Run(done[1]).effects
    assert (table["estimate"].isna() == table["lo95"].isna()).all()
    assert (table["estimate"].isna() == table["hi80"].isna()).all()
    assert table["desc_estimate"].notna().any()


def test_regimes_are_observed_means(done):
    row = Run(done[1]).regimes.iloc[0]
    seen = done[0].vintage.observed("USA.import.CHN.gallium").at(12 * 2024 + 11, 12 * 2025 + 10)
    assert row["mean"] == pytest.approx(seen.mean())
    assert (row["lo"], row["hi"], row["n"]) == (seen.min(), seen.max(), 12)


def test_run_json_says_what_was_asked_and_is_not_yet_finished(done):
    info = Run(done[1]).info
    assert info["config"]["models"][2]["members"] == ["mean12", "drift"]
    assert info["as_of"] == "2026-09-05"
    assert {"archive", "vintage"} <= set(info["fingerprints"])
    assert not info["finished"]
    assert not fo.finished(done[1], done[0])
    assert any(e["id"] == "us_ban_2024" and e["announced"] == "2024-12-03" for e in info["events"])


def test_two_workers_write_the_same_bytes(done, tmp_path):
    made, one = done
    two = written(made, tmp_path / "two", workers=2)
    assert same(one, two)


def test_an_interrupted_run_resumes_to_the_same_bytes(done, tmp_path, monkeypatch):
    made, whole = done
    real, ran = ex.run_batch, []

    def dies(batch, cache, keys):
        if len(ran) == 3:
            raise KeyboardInterrupt
        ran.append(batch.name)
        real(batch, cache, keys)

    monkeypatch.setattr(ex, "run_batch", dies)
    with pytest.raises(KeyboardInterrupt):
        written(made, tmp_path / "run")
    assert not (tmp_path / "run" / "run.json").exists()
    again = []
    monkeypatch.setattr(ex, "run_batch", lambda b, c, k: (again.append(b.name), real(b, c, k)))
    assert same(whole, written(made, tmp_path / "run"))
    assert not set(ran) & set(again)
    assert set(ran) | set(again) == {b.name for b in made.batches}


def same(one, two):
    names = [*(f"{name}.parquet" for name in TABLES), "findings.json"]
    return all((one / name).read_bytes() == (two / name).read_bytes() for name in names)


def test_a_half_written_answer_is_not_taken_for_one(done, tmp_path):
    made, whole = done
    cache = tmp_path / "run" / ".cache"
    cache.mkdir(parents=True)
    keys = ex.keys_of(made, ex.context_of(made))
    (cache / f"{next(iter(keys.values()))}.pkl.123.part").write_bytes(b"half")
    assert same(whole, written(made, tmp_path / "run"))


def test_keys_follow_seed_words_and_data(done, tmp_path):
    made = done[0]
    keys = ex.keys_of(made, ex.context_of(made))
    (tmp_path / "a").mkdir()
    other = planned(tmp_path / "a", CONFIG.replace("seed = 3", "seed = 4"))
    changed = ex.keys_of(other, ex.context_of(other))
    assert not set(keys.values()) & set(changed.values())
    (tmp_path / "b").mkdir()
    retitled = planned(tmp_path / "b", 'title = "another title"\n' + CONFIG)
    assert ex.keys_of(retitled, ex.context_of(retitled)) == keys


def test_a_run_with_nothing_to_answer_writes_empty_tables(tmp_path):
    folder = written(planned(tmp_path, 'name = "tiny"\n'), tmp_path / "run")
    run = Run(folder)
    assert run.forecasts.empty
    assert list(run.scores.columns) == list(fo.COLUMNS["scores"])
    assert len(run.observations)


def test_close_marks_the_run_and_lets_go_of_the_cache(tmp_path):
    made = planned(tmp_path, 'name = "tiny"\n')
    folder = written(made, tmp_path / "run")
    for name in ("report.html", "report.md"):
        (folder / name).write_text("page", "utf-8")
    fo.close(folder, 1.0)
    assert fo.finished(folder, made)
    assert not (folder / ".cache").exists()
    info = json.loads((folder / "run.json").read_text("utf-8"))
    (folder / "run.json").write_text(json.dumps(info | {"fingerprints": {}}), "utf-8")
    assert not fo.finished(folder, made)


def test_a_missing_library_is_a_finding_and_no_failure(tmp_path, monkeypatch):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    text = 'name = "tiny"\n[[models]]\nuse = "prophet"\n[forecast]\nseries = ["CHN.export.WLD.re_magnets"]\n'
    run = Run(written(planned(tmp_path, text), tmp_path / "run"))
    assert run.failures.empty
    assert any(f["topic"] == "skipped" and "prophet" in f["text"] for f in run.findings)
