"""A killed run is resumed by the same command, with the same bytes as an uninterrupted one."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

CONFIG = """
name = "killed"
seed = 5
draws = 100
[data]
use = "csv"
path = "own.csv"
key = "CHL.export.WLD.sample_salt"
[[models]]
use = "seasonal_naive"
[[models]]
use = "mean12"
[[models]]
use = "theta"
[[models]]
use = "combine"
name = "mean"
members = ["mean12", "theta"]
[[events]]
id = "licences"
announced = 2023-06-15
effective = 2023-07-01
imposed_by = ["CHL"]
products = ["sample_salt"]
instrument = "licence"
role = "default"
[[backtest]]
name = "all"
series = ["CHL.export.WLD.*"]
first = "2023-07"
horizons = [1, 3]
[forecast]
series = ["CHL.export.WLD.*"]
months = 3
[[effects]]
id = "1"
question = "What did licences change?"
event = "licences"
treated = "CHL.export.WLD.sample_salt"
estimators = [{ use = "counterfactual", model = "mean12" }, "baseline"]
"""


def started(folder, workers, pipe=subprocess.PIPE):
    words = [sys.executable, "-m", "forecast", "run", "own.toml", "--out", f"runs{workers}", "--workers", str(workers)]
    root = Path(__file__).resolve().parents[3]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.Popen(words, cwd=folder, env=environment, stdout=pipe, stderr=pipe, text=True, start_new_session=True)


def written(folder, workers):
    """All files of a run by name; run.json without its timings."""
    out, err = (process := started(folder, workers)).communicate()
    assert process.returncode == 0, err
    place = folder / out.strip().splitlines()[-1]
    files = {str(path.relative_to(place)): path.read_bytes() for path in sorted(place.rglob("*")) if path.is_file()}
    info, seal = json.loads(files.pop("run.json")), json.loads(files.pop("manifest.json"))["files"]
    return files | {"run.json": info | {"timings": {}}, "manifest.json": seal | {"run.json": {}}}


@pytest.mark.slow
def test_a_killed_run_ends_in_the_bytes_of_a_whole_one(tmp_path):
    rows = [f"{2019 + i // 12}-{i % 12 + 1:02d},{100 + 7 * (5 * i % 12) + (13 * i) % 17}" for i in range(60)]
    (tmp_path / "own.csv").write_text("\n".join(["period,value", *rows]), "utf-8")
    (tmp_path / "own.toml").write_text(CONFIG, "utf-8")
    process, answered = started(tmp_path, 2, subprocess.DEVNULL), []  # its workers, orphans then, would hold a pipe open
    while process.poll() is None and len(answered) < 3:
        answered = list((tmp_path / "runs2").glob("*/.cache/*.answer"))
        time.sleep(0.005)
    process.kill()
    process.wait()
    assert process.returncode == -9, "it was killed while it worked"
    assert not list((tmp_path / "runs2").glob("*/report.html"))
    killed, whole = written(tmp_path, 2), written(tmp_path, 1)
    assert set(killed) == set(whole)
    assert {Path(name).suffix for name in whole} >= {".parquet", ".png", ".svg", ".html", ".json"}
    assert [name for name in whole if killed[name] != whole[name]] == []
