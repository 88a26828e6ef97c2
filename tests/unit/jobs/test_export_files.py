"""Exports stay inside the run folder, whatever the models are called and whatever files are already there."""

import pandas as pd
import pytest

import forecast as fc
from forecast.core.errors import WriteError
from forecast.jobs.export import write_exports
from forecast.jobs.load import load

CONFIG = """
name = "small"
export = ["boe", "hub"]
seed = 5
draws = 100
[data]
use = "csv"
path = "own.csv"
key = "CHL.export.WLD.sample_salt"
[forecast]
series = ["CHL.export.WLD.*"]
months = 2
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with the figures that the configs read."""
    folder = tmp_path_factory.mktemp("project") / "deep" / "home"
    folder.mkdir(parents=True)
    rows = [f"{year}-{month:02},{100 + month}" for year in (2021, 2022, 2023) for month in range(1, 13)]
    (folder / "own.csv").write_text("\n".join(["period,value", *rows]) + "\n", "utf-8")
    return folder


def asked(home, *names):
    path = home / "small.toml"
    path.write_text(CONFIG + "".join(f"[[models]]\nuse = 'mean12'\nname = '{name}'\n" for name in names), "utf-8")
    return path


def test_no_name_of_a_model_leads_out_of_the_folder(home):
    top = home.parents[1]
    names = ["../../../../../escaped/x", f"{top}/absolute/x", "..", "a/b", "<b>", "plain", "C:\\x"]
    run = fc.run(asked(home, *names), home / "runs")
    outside = {p.name for p in top.rglob("*") if p.is_file() and run.folder not in p.parents}
    assert outside == {"own.csv", "small.toml"}
    found = list((run.folder / "export" / "hub" / "model-output").rglob("*.parquet"))
    assert len(found) == len(names)
    assert all(p.parent.name == p.stem for p in found)
    assert {pd.read_parquet(p)["model_id"].unique().item() for p in found} == set(names)
    assert (run.folder / "export" / "hub" / "model-output" / "plain" / "plain.parquet").exists()


@pytest.mark.parametrize("link", ["export", "export/boe", "export/hub/model-output/plain"])
def test_nothing_is_handed_over_through_a_link(home, tmp_path, link):
    config = asked(home, "plain")
    run = fc.run(config, tmp_path / "runs")
    outside, place = tmp_path / "outside", run.folder / link
    outside.mkdir()
    place.rename(tmp_path / "moved")
    place.symlink_to(outside)
    with pytest.raises(WriteError, match="symbolic link"):
        write_exports(run.folder, load(config))
    assert list(outside.rglob("*")) == []
