"""The change of a forecast between two runs, taken apart: the parts add up to what the runs state, or a reason is given."""

import math
import shutil

import pytest

import forecast as fc
from forecast.core.schema import NewsRow

SERIES = "USA.import.WLD.gallium"
CONFIG = """
name = "small"
draws = 200
{seed}
default_model = "level"
[[models]]
use = "{model}"
name = "level"
[forecast]
series = ["USA.import.WLD.gallium", "USA.import.CHN.gallium"]
months = 9
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The same config on two days; with another model on the later one; with another seed."""
    out, made = tmp_path_factory.mktemp("runs"), {}
    for name, day, model, seed in (
        ("then", "2026-02-20", "ets", ""), ("now", "2026-06-20", "ets", ""), ("other", "2026-06-20", "theta", ""),
        ("seed", "2026-06-20", "ets", "seed = 7"),
    ):  # fmt: skip
        config = out / f"{name}.toml"
        config.write_text(CONFIG.format(model=model, seed=seed))
        made[name] = fc.run(config, out / "runs", as_of=day)
    return made


def means(run, month):
    rows = run.forecasts
    return float(rows.loc[(rows["series"] == SERIES) & (rows["month"] == month), "mean"].iloc[0])


@pytest.mark.parametrize(("first", "second"), [("then", "now"), ("then", "other"), ("now", "other"), ("now", "seed")])
def test_the_amounts_add_up_to_the_change_of_the_runs(runs, first, second):
    found = fc.diff(runs[first], runs[second], attribute=SERIES)
    assert found.unattributed == ""
    months = sorted({row.ref_month for row in found.attributed})
    assert len(months) >= 4
    for month in months:
        rows = [row for row in found.attributed if row.ref_month == month]
        old, new = means(runs[first], month), means(runs[second], month)
        assert old != new
        assert {(row.nowcast_from, row.nowcast_to) for row in rows} == {(old, new)}
        assert math.fsum(row.impact for row in rows) == pytest.approx(new - old, rel=1e-8, abs=1e-8 * abs(old))
    kinds = {row.kind for row in found.attributed}
    expected = {("then", "now"): "new", ("then", "other"): "model", ("now", "other"): "model", ("now", "seed"): "rest"}
    assert expected[first, second] in kinds
    assert "together" in str(found)
    assert all(isinstance(row, NewsRow) for row in found.attributed)


def test_one_changed_model_is_all_of_the_change(runs):
    found = fc.diff(runs["now"], runs["other"], attribute=SERIES)
    assert {row.kind for row in found.attributed} == {"model"}
    assert [(c.path, c.old, c.new) for c in found.config if c.path.startswith("models")] == [
        ("models[level].use", "ets", "theta")
    ]
    assert found.figures == found.events == found.outcomes == ()


def test_nothing_is_taken_apart_that_cannot_be_asked_again(runs, tmp_path):
    import pyarrow.parquet as pq
    from contracts.report_run import write_table

    assert (
        "no month of USA.import.WLD.germanium is forecast"
        in fc.diff(runs["then"], runs["now"], attribute="USA.import.WLD.germanium").unattributed
    )
    assert "no model 'other'" in fc.diff(runs["then"], runs["now"], SERIES, "other").unattributed
    assert "later day" in fc.diff(runs["now"], runs["then"], SERIES).unattributed
    folder = shutil.copytree(runs["then"].folder, tmp_path / "copy")
    (folder / "manifest.json").unlink()
    rows = pq.read_table(folder / "observations.parquet").to_pylist()
    rows[0]["value"] += 1.0
    write_table(folder, "observations", rows)
    found = fc.diff(folder, runs["now"], SERIES)
    assert "no longer those that the run saw on 2026-02-20: " in found.unattributed
    assert found.unattributed in str(found)
    assert found.attributed == ()


def test_without_the_word_nothing_is_asked_again(runs, monkeypatch):
    import forecast.study.ask as ask

    monkeypatch.setattr(ask, "answer_given", lambda *given: pytest.fail("a model was asked"))
    assert len(fc.diff(runs["then"], runs["now"]).forecasts) > 0
