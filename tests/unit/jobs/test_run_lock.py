"""Locks of a run folder: `fresh` respects running processes, and locks of dead ones are ignored."""

import json
import os
import platform
import shutil
import subprocess
import sys

import pytest

import forecast as fc
from forecast.core import manifest
from forecast.core.errors import ConfigError
from forecast.jobs import run_lock

CONFIG = """
name = "small"
draws = 100
[[models]]
use = "mean12"
[forecast]
series = ["CHN.export.WLD.re_magnets"]
months = 2
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A folder with a config and its finished run."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "small.toml").write_text(CONFIG)
    fc.run(folder / "small.toml", folder / "runs")
    return folder


@pytest.fixture
def made(finished, tmp_path):
    """The finished run, in a folder of the test's own."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    (folder,) = (tmp_path / "runs").glob("small-*")
    return fc.Run(folder)


@pytest.fixture
def other():
    """Another live process."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.communicate(b"\n")


def claim(folder, pid, host=None, began=None):
    host = host or platform.node()
    (folder / run_lock.FOLDER).mkdir(parents=True, exist_ok=True)
    owner = {"pid": pid, "began": run_lock._start_time(pid) if began is None else began, "host": host}
    (folder / run_lock.FOLDER / f"{host}.{pid}").write_text(json.dumps(owner))


def test_a_run_is_named_while_it_is_at_work_and_gone_after(tmp_path):
    with run_lock.hold(tmp_path):
        assert [path.name.rpartition(".")[2] for path in (tmp_path / run_lock.FOLDER).iterdir()] == [str(os.getpid())]
        assert run_lock.other_owners(tmp_path) == []
    assert not (tmp_path / run_lock.FOLDER).exists()


def test_fresh_beside_a_live_run_is_refused_and_nothing_is_lost(tmp_path, made, other):
    claim(made.folder, other.pid)
    before = {path: path.read_bytes() for path in made.folder.rglob("*") if path.is_file()}
    with pytest.raises(ConfigError, match=f"at work: process {other.pid} on") as error:
        fc.run(tmp_path / "small.toml", tmp_path / "runs", fresh=True)
    assert run_lock.FOLDER in error.value.hint
    assert {path: path.read_bytes() for path in made.folder.rglob("*") if path.is_file()} == before
    assert fc.run(tmp_path / "small.toml", tmp_path / "runs").folder == made.folder


@pytest.mark.parametrize("how", ["dead", "its number given to another", "nonsense"])
def test_the_dead_own_no_folder(tmp_path, other, how):
    claim(tmp_path, *{"dead": (dead(),), "nonsense": (other.pid,)}.get(how, (other.pid, None, "1")))
    if how == "nonsense":
        next((tmp_path / run_lock.FOLDER).iterdir()).write_text("[")
    assert run_lock.other_owners(tmp_path) == []


def dead():
    """The number of a process that has ended."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    return gone.pid


def test_the_dead_do_not_keep_a_folder(tmp_path, made):
    claim(made.folder, dead())
    again = fc.run(tmp_path / "small.toml", tmp_path / "runs", fresh=True)
    assert again.folder == made.folder
    assert not list(made.folder.parent.glob(".*.gone"))


def test_a_run_of_another_machine_is_taken_to_be_alive(tmp_path):
    claim(tmp_path, 1, "elsewhere")
    assert [owner.host for owner in run_lock.other_owners(tmp_path)] == ["elsewhere"]


def test_what_killed_runs_left_is_swept_unless_others_are_at_work(tmp_path, other):
    (tmp_path / ".cache").mkdir()
    left = tmp_path / ".cache" / "a.answer.7-0.part"
    left.write_text("half")
    claim(tmp_path, other.pid)
    run_lock.remove_leftovers(tmp_path)
    assert left.exists()
    (tmp_path / run_lock.FOLDER / f"{platform.node()}.{other.pid}").unlink()
    run_lock.remove_leftovers(tmp_path)
    assert not left.exists()


def test_a_changed_file_of_a_finished_run_is_reported_set_aside_and_made_again(tmp_path, made, caplog):
    whole = {path.name: path.read_bytes() for path in made.folder.glob("*.[pm][ad]*")}
    assert {"forecasts.parquet", "report.md"} <= set(whole)
    for name, text in (("report.md", b"my own words"), ("forecasts.parquet", whole["scores.parquet"])):
        (made.folder / name).write_bytes(text)
    caplog.clear()
    again = fc.run(tmp_path / "small.toml", tmp_path / "runs")
    told = caplog.text
    assert "report.md is not what was written" in told
    assert "forecasts.parquet is not what was written" in told
    assert {path.name: path.read_bytes() for path in again.folder.glob("*.[pm][ad]*") if path.name in whole} == whole
    assert (again.folder / "report.md.changed").read_bytes() == b"my own words"


def test_a_newer_run_is_left_as_it_is(tmp_path, made):
    info = json.loads((made.folder / "run.json").read_text())
    newer = json.dumps(info | {"schema_version": 99})
    (made.folder / "run.json").write_text(newer)
    for fresh in (False, True):
        with pytest.raises(fc.ForecastError, match="schema 99"):
            fc.run(tmp_path / "small.toml", tmp_path / "runs", fresh=fresh)
    assert (made.folder / "run.json").read_text() == newer
    assert (made.folder / "forecasts.parquet").exists()


def test_a_run_of_other_code_is_not_taken_for_this_one(tmp_path, made, monkeypatch):
    from forecast.jobs import execute, run_folder

    first = made.info["versions"]["code"]
    for module in (execute, run_folder):
        monkeypatch.setattr(module, "code_hash", lambda: "other")
    assert fc.run(tmp_path / "small.toml", tmp_path / "runs").info["versions"]["code"] == "other" != first


def test_a_page_redrawn_is_sealed_again_and_words_put_into_it_are_kept(tmp_path, made, caplog):
    page = (made.folder / "report.md").read_bytes()
    (made.folder / "report.md").write_bytes(b"my own words")
    caplog.clear()
    fc.report(made, "md")
    assert "report.md is not what was written" in caplog.text
    assert (made.folder / "report.md").read_bytes() == page
    assert (made.folder / "report.md.changed").read_bytes() == b"my own words"
    assert manifest.differences(made.folder) == {}
    (made.folder / "scores.parquet").write_bytes(b"x")
    with pytest.raises(fc.ForecastError, match=r"scores\.parquet is not what was written"):
        fc.report(made, "md")
