"""Sums of months stand apart from months, in runs of the earlier schema too; kept draws give any other sum its band."""

import json

import numpy as np
import pandas as pd
import pytest

from forecast.core import schema
from forecast.core.errors import ConfigError, DataError
from forecast.core.run import Run
from forecast.core.schema import COLUMNS, ForecastRow, ScenarioForecastRow
from forecast.jobs import execute as ex, run_folder as fo
from forecast.jobs.load import load, read_archive
from forecast.jobs.plan import make_plan
from forecast.jobs.tables import parquet

MAGNETS, GALLIUM = "CHN.export.WLD.re_magnets", "USA.import.CHN.gallium"
CONFIG = f"""
name = "sums"
seed = 5
draws = 200
default_model = "law"

[[models]]
use = "measures"
name = "law"
base = "mean12"

[[models]]
use = "drift"

[forecast]
series = ["{MAGNETS}", "{GALLIUM}"]
months = 12
keep_draws = true

[scenario_forecast]
series = ["{GALLIUM}"]
months = 16

[[scenarios]]
name = "lapses"

[[scenarios]]
name = "extended"
ends = {{ us_ban_suspension_2025 = "never" }}
"""
LEVELS = {"q025": 0.025, "q10": 0.1, "q50": 0.5, "q90": 0.9, "q975": 0.975}


def one_null(frame):
    """The same with one kind of missing cell: a column without any value reads as None or as NaN."""
    return frame.astype(object).where(frame.notna(), None)


def finished(place, text=CONFIG):
    (place / "c.toml").write_text(text, "utf-8")
    config = load(place / "c.toml")
    made = make_plan(config, read_archive(config))
    fo.write(place / "run", made, ex.execute(made, place / "run" / ".cache"), {})
    return Run(place / "run")


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    return finished(tmp_path_factory.mktemp("sums"))


def test_no_table_of_months_holds_a_sum(done):
    assert not done.forecasts["month"].str.contains("/").any()
    assert not done.scenarios["month"].str.contains("/").any()
    assert done.sums["month"].str.contains("/").all()
    assert set(done.sums["scenario"].dropna()) == {"lapses", "extended"}


def test_adding_a_column_counts_each_month_once(done):
    own = done.forecasts[(done.forecasts["model"] == "law") & (done.forecasts["series"] == MAGNETS)]
    assert len(own) == 12
    total = done.sums[(done.sums["model"] == "law") & (done.sums["month"] == "2026-04/2027-03")]
    assert own["mean"].sum() == pytest.approx(float(total["mean"].iloc[0]), rel=1e-9)


@pytest.mark.parametrize(
    ("series", "months"),
    [(MAGNETS, "2026-04/2027-03"), (MAGNETS, "2027-01/2027-02"), (GALLIUM, "2026-08/2027-07")],
)
def test_a_sum_of_one_s_own_has_the_band_of_the_table(done, series, months):
    first, last = months.split("/")
    own = done.draws(series).loc[:, first:last].sum(axis=1)
    rows = done.sums[done.sums["scenario"].isna() & (done.sums["model"] == "law") & (done.sums["series"] == series)]
    row = rows.set_index("month").loc[months]
    assert len(own) == 200
    for name, p in LEVELS.items():
        assert own.quantile(p) == pytest.approx(row[name], rel=1e-12), name
    assert own.std() > 0


def test_draws_are_joint_over_the_months(done):
    """The band of a sum is narrower than the sum of the bands, and the months' own bands are those of the table."""
    draws = done.draws(MAGNETS)
    rows = done.forecasts[(done.forecasts["model"] == "law") & (done.forecasts["series"] == MAGNETS)].set_index("month")
    assert list(draws.columns) == list(rows.sort_index().index)
    for month in draws.columns:
        assert draws[month].quantile(0.9) == pytest.approx(rows.loc[month, "q90"], rel=1e-12)
    whole = np.diff(draws.sum(axis=1).quantile([0.1, 0.9]))[0]
    assert whole < (rows["q90"] - rows["q10"]).sum()


def test_draws_of_another_series_or_another_run_are_refused(done, tmp_path):
    with pytest.raises(DataError, match="no draws of 'CHN") as told:
        done.draws("CHN.export.WLD.re_magnet")
    assert MAGNETS in str(told.value)
    silent = finished(tmp_path, CONFIG.replace("keep_draws = true\n", "").replace("draws = 200", "draws = 100"))
    with pytest.raises(DataError, match="kept no draws") as told:
        silent.draws(MAGNETS)
    assert "keep_draws = true" in str(told.value)
    assert not (silent.folder / "draws.npz").exists()


def test_the_word_changes_no_hash_of_configs_without_it(tmp_path):
    (tmp_path / "c.toml").write_text(CONFIG, "utf-8")
    (tmp_path / "d.toml").write_text(CONFIG.replace("keep_draws = true", "keep_draws = false"), "utf-8")
    (tmp_path / "e.toml").write_text(CONFIG.replace("keep_draws = true\n", ""), "utf-8")
    hashes = [load(tmp_path / f"{name}.toml").hash8 for name in "cde"]
    assert hashes[1] == hashes[2] != hashes[0]
    with pytest.raises(ConfigError):
        load_text(tmp_path, CONFIG.replace("keep_draws = true", 'keep_draws = "perhaps"'))


def load_text(place, text):
    (place / "f.toml").write_text(text, "utf-8")
    return load(place / "f.toml")


def test_a_run_of_the_earlier_schema_reads_as_one_of_today(done, tmp_path):
    """The same rows, written as schema 1 did: sums among the months, and no table of their own."""
    old = tmp_path / "old"
    old.mkdir()
    sums = done.sums
    courses = sums[sums["scenario"].notna()]
    for name, row, more in (
        ("forecasts", ForecastRow, sums[sums["scenario"].isna()]),
        ("scenarios", ScenarioForecastRow, courses),
    ):
        held = pd.concat([done.table(name), more.reindex(columns=list(COLUMNS[name]))], ignore_index=True)
        (old / f"{name}.parquet").write_bytes(parquet(schema.rows_of(row, held), COLUMNS[name]))
    info = done.info | {"schema_version": 1}
    (old / "run.json").write_text(json.dumps(info), "utf-8")
    read = Run(old)
    for name in ("forecasts", "scenarios"):
        pd.testing.assert_frame_equal(one_null(read.table(name)), one_null(done.table(name)), check_dtype=False)
    keys = ["series", "model", "month", "mean", "q10", "q90", "scenario"]
    mine, theirs = (run.sums[keys].sort_values(keys[:4], ignore_index=True) for run in (read, done))
    pd.testing.assert_frame_equal(one_null(mine), one_null(theirs), check_dtype=False)
    (old / "scenarios.parquet").unlink()  # a still older run
    assert read.sums["scenario"].isna().all()


def test_a_newer_run_is_refused(done, tmp_path):
    (tmp_path / "run.json").write_text(json.dumps(done.info | {"schema_version": schema.SCHEMA_VERSION + 1}), "utf-8")
    with pytest.raises(DataError, match="written with schema"):
        Run(tmp_path)
