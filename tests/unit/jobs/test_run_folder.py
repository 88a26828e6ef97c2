"""From a config to a run folder: tables follow the schema, with the same bytes after any interruption."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecast.core.archive import bundled_archive
from forecast.core.run import Run
from forecast.core.schema import COLUMNS, TABLES
from forecast.jobs import execute as ex, run_folder as fo
from forecast.jobs.load import load, read_archive
from forecast.jobs.plan import make_plan

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
[[effects]]
id = "3"
question = "germanium"
event = "us_ban_2024"
treated = "USA.import.CHN.germanium_unwrought"
from = "2024-12"
to = "2025-04"
clean_from = "2023-09"
estimators = ["baseline", { use = "counterfactual", model = "mean12" }]
vary = { lag_months = [0, 1], day = ["2024-11-30", "2025-03-31"], placebos = 3 }
[[expiry]]
series = ["USA.import.CHN.gallium"]
regimes = [{ name = "as in the ban", from = "2024-12", to = "2025-11", text = "if it lapses" }]
[scenario_forecast]
series = ["USA.import.CHN.gallium", "USA.import.CHN.germanium_unwrought"]
model = "regimes"
[[scenarios]]
name = "extended"
ends = { us_ban_suspension_2025 = "never" }
[[scenarios]]
name = "lapses"
"""


def planned(tmp_path, text=CONFIG):
    path = tmp_path / "tiny.toml"
    path.write_text(text, "utf-8")
    config = load(path)
    return make_plan(config, read_archive(config))


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
        assert list(run.table(name).columns) == list(COLUMNS[name])
    keys = ["job", "model", "model_used", "series", "unit", "cutoff", "month", "horizon", "h_info", "mean"]
    quantiles = ["q025", "q05", "q10", "q25", "q50", "q75", "q90", "q95", "q975"]
    assert list(run.forecasts.columns[:20]) == [*keys, *quantiles, "truth"]


def test_tables_are_sorted_by_their_leading_columns(done):
    for name in ("forecasts", "scores", "observations", "effects", "paths", "sensitivity"):
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
    wide = table.pivot_table(index=["series", "cutoff", "month"], columns="model", values="q50")
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


def test_a_question_asked_otherwise_is_a_table_of_its_own(done):
    run = Run(done[1])
    table = run.sensitivity.set_index(["what", "value"])
    assert set(table["job"]) == {"3|baseline"}
    asked = run.effects[run.effects["job"] == "3|baseline"].iloc[0]
    own = table.loc[("lag_months", "0")]
    for name in ("estimate", "lo80", "hi95", "verdict", "desc_estimate", "observed_total", "months_from", "months_to"):
        assert own[name] == asked[name], name
    assert table.loc[("lag_months", "1"), "months_from"] == "2025-01"
    then = table.loc[("day", "2025-03-31")]
    assert (then["months_from"], then["months_to"]) == ("2024-12", "2025-01")
    early = table.loc[("day", "2024-11-30")]
    assert (early["verdict"], early["because"]) == ("not identified", "us_ban_2024 was not announced by 2024-11-30")
    assert early[["estimate", "desc_estimate", "observed_total", "months_from"]].isna().all()
    assert not run.failures["job"].str.startswith("3|").any()
    assert run.info["counts"]["variations"] == 4


def test_the_words_of_a_variation_are_part_of_its_key(done, tmp_path):
    made = done[0]
    keys = ex.cache_keys(made, ex.context_of(made))
    other = planned(tmp_path, CONFIG.replace('"2025-03-31"], placebos', '"2025-04-30"], placebos'))
    changed = ex.cache_keys(other, ex.context_of(other))
    assert {name for name in keys if keys[name] != changed[name]} == {"3|vary"}


def test_paths_carry_the_band_of_the_whole_path(done):
    table = Run(done[1]).paths
    known = table[table["effect_q50"].notna()]
    assert len(known)
    assert (known["effect_band_lo"] <= known["effect_q50"]).all()
    assert (known["effect_band_hi"] >= known["effect_q50"]).all()
    assert table[table["effect_q50"].isna()]["effect_band_lo"].isna().all()


def test_regimes_are_observed_means(done):
    row = Run(done[1]).regimes.iloc[0]
    seen = done[0].vintage.observed("USA.import.CHN.gallium").at(12 * 2024 + 11, 12 * 2025 + 10)
    assert row["mean"] == pytest.approx(seen.mean())
    assert (row["lo"], row["hi"], row["n"]) == (seen.min(), seen.max(), 12)


def test_run_json_says_what_was_asked_and_is_not_yet_finished(done):
    info = Run(done[1]).info
    assert info["config"]["models"][2]["members"] == ["mean12", "drift"]
    assert info["as_of"] == "2026-09-08"
    assert {"archive", "vintage"} <= set(info["fingerprints"])
    assert not info["finished"]
    assert not fo.is_finished(done[1], done[0])
    assert any(e["id"] == "us_ban_2024" and e["announced"] == "2024-12-03" for e in info["events"])


def test_two_workers_write_the_same_bytes(done, tmp_path):
    made, one = done
    two = written(made, tmp_path / "two", workers=2)
    assert same(one, two)


def test_an_interrupted_run_resumes_to_the_same_bytes(done, tmp_path, monkeypatch):
    made, whole = done
    real, ran = ex.run_batch, []

    def dies(batch, *rest, **more):
        if len(ran) == 3:
            raise KeyboardInterrupt
        ran.append(batch.name)
        return real(batch, *rest, **more)

    monkeypatch.setattr(ex, "run_batch", dies)
    with pytest.raises(KeyboardInterrupt):
        written(made, tmp_path / "run")
    assert not (tmp_path / "run" / "run.json").exists()
    again = []
    monkeypatch.setattr(ex, "run_batch", lambda b, *rest, **more: again.append(b.name) or real(b, *rest, **more))
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
    keys = ex.cache_keys(made, ex.context_of(made))
    (cache / f"{next(iter(keys.values()))}.answer.123-0a.part").write_bytes(b"half")
    assert same(whole, written(made, tmp_path / "run"))


def test_keys_follow_seed_words_and_data(done, tmp_path):
    made = done[0]
    keys = ex.cache_keys(made, ex.context_of(made))
    (tmp_path / "a").mkdir()
    other = planned(tmp_path / "a", CONFIG.replace("seed = 3", "seed = 4"))
    changed = ex.cache_keys(other, ex.context_of(other))
    assert not set(keys.values()) & set(changed.values())
    (tmp_path / "b").mkdir()
    retitled = planned(tmp_path / "b", 'title = "another title"\n' + CONFIG)
    assert ex.cache_keys(retitled, ex.context_of(retitled)) == keys


def test_a_run_with_nothing_to_answer_writes_empty_tables(tmp_path):
    folder = written(planned(tmp_path, 'name = "tiny"\n'), tmp_path / "run")
    run = Run(folder)
    assert run.forecasts.empty
    assert list(run.scores.columns) == list(COLUMNS["scores"])
    assert len(run.observations)


def test_close_marks_the_run_and_lets_go_of_the_cache(tmp_path):
    made = planned(tmp_path, 'name = "tiny"\n')
    folder = written(made, tmp_path / "run")
    for name in ("report.html", "report.md", "brief.html", "brief.md"):
        (folder / name).write_text("page", "utf-8")
    with fo.open_for_run(folder, False):
        fo.write(folder, made, ex.execute(made, folder / ".cache"), {})
        fo.close(folder, 1.0)
    assert fo.is_finished(folder, made)
    assert not (folder / ".cache").exists()
    info = json.loads((folder / "run.json").read_text("utf-8"))
    (folder / "run.json").write_text(json.dumps(info | {"fingerprints": {}}), "utf-8")
    assert not fo.is_finished(folder, made)


def test_a_missing_library_is_a_finding_and_no_failure(tmp_path, monkeypatch):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    text = 'name = "tiny"\n[[models]]\nuse = "prophet"\n[forecast]\nseries = ["CHN.export.WLD.re_magnets"]\n'
    run = Run(written(planned(tmp_path, text), tmp_path / "run"))
    assert run.failures.empty
    assert any(f["topic"] == "skipped" and "prophet" in f["text"] for f in run.findings)


def made_up(design, **more):
    from forecast.core.contrast import Contrast
    from forecast.core.effects import Effect
    from forecast.core.judgement import Gate, Judgement, Placebo
    from forecast.core.results import Summary
    from forecast.prep.baselines import describe

    draws = np.array([[90.0, 110.0], [110.0, 130.0], [100.0, 120.0]])
    early = Contrast(((24298, 24298),), np.array([100.0]), np.array([[95.0], [85.0], [90.0]]), 9.0)
    parts = {"one": Summary(np.array([-60.0, -100.0, -80.0]), -75.0), "two": Summary(np.array([-80.0, -80.0, -80.0]), -85.0)}
    effect = Effect(
        "toy", design, "kg", ((24299, 24299), (24300, 24300)), np.array([20.0, 40.0]), draws,
        describe(bundled_archive().latest, design), point=-160.0, early=early, parts=parts,
        judgement=Judgement(placebos=(
            Placebo("time", "x", "2023-10", 40.0, 0.1, 0.5), Placebo("time", "x", "2023-11", -80.0, -4 / 11, -1.0),
            Placebo("space", "y", "", 1.0),
        )),
    )  # fmt: skip
    return replace(effect, **more), Gate("length", "fail", cap=more.pop("cap", "suggestive"))


def test_the_ledger_and_the_parts_stand_with_the_estimate_and_fall_with_it(done, monkeypatch):
    from forecast.jobs.batch_results import BatchResult
    from forecast.jobs.rows import effect_tables
    from forecast.study.effects import judge

    monkeypatch.setattr(judge, "apply_family_gates", lambda effects, checks: list(effects))
    batch = next(b for b in done[0].batches if b.name == "3")
    effect, gate = made_up(batch.design)
    stands, falls = judge.apply_verdict(effect, [gate]), judge.apply_verdict(effect, [replace(gate, cap="descriptive")])
    tables = effect_tables(done[0], [BatchResult("3", effects={"toy": stands})])
    row = tables["effects"][0]
    assert (row.estimate, row.anticipation, row.net) == (-160.0, 9.0, -151.0)
    assert row.net_lo80 <= row.net <= row.net_hi80
    assert (row.breakdown, row.n_placebo, row.n_space) == (2.0, 2, 1)
    assert [p.event for p in tables["parts"]] == ["one", "two"]
    assert sum(p.estimate for p in tables["parts"]) == row.estimate
    assert all(p.lo95 <= p.lo80 <= p.estimate <= p.hi80 <= p.hi95 for p in tables["parts"])
    gone = effect_tables(done[0], [BatchResult("3", effects={"toy": falls})])
    assert gone["parts"] == []
    without = gone["effects"][0]
    assert {without.estimate, without.anticipation, without.net, without.breakdown} == {None}
    assert all(np.isnan(p.effect_band_lo) for p in gone["paths"])
