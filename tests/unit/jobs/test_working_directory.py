"""Neither a command nor the processes it starts import anything from the working directory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PLANTED = (
    "joblib",
    "loky",
    "numpy",
    "pandas",
    "cloudpickle",
    "distributed",
    "dask",
    "tornado",
    "psutil",
    "pickle",
    "threading",
)
MARK = """
import os, sys
open({marks!r} + f"/{{os.getpid()}}.{name}", "w").write(" ".join(sys.orig_argv))
raise ImportError("planted")
"""
CONFIG = """
draws = 100
metrics = ["crps"]
[[models]]
use = "mean12"
[[models]]
use = "drift"
[[backtest]]
name = "few"
series = ["CHN.export.WLD.rare_earths_total"]
first = "2025-08"
horizons = [1]
"""
CLUSTER = """
from forecast.jobs.dask_cluster import open_cluster, run_on_cluster
if __name__ == "__main__":
    with open_cluster(1, "shared") as far:
        print(*run_on_cluster(far, [(7,)], print))
"""
PROCESSES = (
    "import math\nfrom forecast.jobs.workers import run_in_processes as run\n"
    "print(*(task for task, _ in run([4, 9], math.pow, bool, 2, 0.5)))\n"
)


@pytest.fixture
def project(tmp_path):
    """A folder with a config and with files that are called like libraries, and leave a mark where they are imported."""
    folder, marks = tmp_path / "project", tmp_path / "marks"
    folder.mkdir()
    marks.mkdir()
    for name in PLANTED:
        (folder / f"{name}.py").write_text(MARK.format(marks=str(marks), name=name), "utf-8")
    (folder / "mine.toml").write_text(CONFIG, "utf-8")
    return folder


def ran(folder, *words):
    """What a command says that is run in `folder` as somebody would who has the package installed."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"} | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def marks(folder):
    return {path.name: path.read_text("utf-8") for path in (folder.parent / "marks").iterdir()}


def script(folder, text):
    """The path of a script that lies elsewhere, as the command `forecast` does."""
    path = folder.parent / "script.py"
    path.write_text(text, "utf-8")
    return str(path)


def test_the_command_and_its_two_workers_import_nothing_from_there(project):
    command = script(project, "from forecast.cli import main\nmain()\n")
    out = ran(project, command, "run", "mine.toml", "--workers", "2", "--strict")
    assert (project / out.splitlines()[-1] / "forecasts.parquet").exists()
    assert marks(project) == {}


def test_nor_does_the_package_run_as_a_module(project):
    assert "CHN.export.WLD.re_magnets" in ran(project, "-m", "forecast", "list", "series")
    assert marks(project) == {}


def test_nor_do_a_cluster_and_its_worker(project):
    pytest.importorskip("distributed", reason="the extra 'scale' is not installed")
    ran(project, script(project, CLUSTER))
    assert marks(project) == {}


def test_a_folder_on_pythonpath_stays_one(project, monkeypatch):
    where = project.parent / "libraries"
    where.mkdir()
    (where / "answer.py").write_text("def of(task, shared): assert task\n", "utf-8")
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{where}"}
    path = script(project, PROCESSES.replace("math.pow", "answer.of").replace("math", "answer"))
    done = subprocess.run([sys.executable, path], cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert sorted(done.stdout.split()) == ["4", "9"], done.stderr


def test_our_own_environment_is_left_as_it_was(project):
    seen = "import os\nbefore = dict(os.environ)\n{}\nassert dict(os.environ) == before\n"
    ran(project, script(project, seen.format(PROCESSES)))
