"""Results do not depend on what computes them: processes, a Dask cluster, or workers that are killed."""

import logging
import os
import re
import signal
import threading
import time
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from forecast.core.errors import ConfigError, ForecastError, MissingExtraError
from forecast.core.schema import TABLES
from forecast.jobs import execute as ex, run_folder as fo
from forecast.jobs.config import ScaleConfig
from forecast.jobs.dask_cluster import RemoteScheduler, open_cluster, run_on_cluster
from forecast.jobs.load import load, read_archive
from forecast.jobs.plan import make_plan
from forecast.jobs.workers import run_in_processes

CONFIG = """
name = "spread"
seed = 3
draws = 100
metrics = ["crps"]
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
refit = 2
"""
MORE = """
[[effects]]
id = "1"
question = "magnets"
event = "re_licensing_2025"
treated = "CHN.export.WLD.re_magnets"
from = "2025-04"
to = "2025-06"
[[models]]
use = "structural"
[[backtest]]
name = "US imports"
series = ["USA.import.WLD.gallium", "USA.import.WLD.germanium_unwrought", "USA.import.WLD.antimony_unwrought"]
first = "2026-01"
horizons = [1, 3]
models = ["mean12", "drift", "structural"]
"""


def planned(folder, text=CONFIG):
    (folder / "spread.toml").write_text(text, "utf-8")
    config = load(folder / "spread.toml")
    return make_plan(config, read_archive(config))


def written(made, folder, workers=1):
    fo.write(folder, made, ex.execute(made, folder / ".cache", workers), {})
    return folder


def same(one, two):
    names = [*(f"{name}.parquet" for name in TABLES), "findings.json"]
    return [name for name in names if (one / name).read_bytes() != (two / name).read_bytes()] == []


def test_where_a_run_is_done_is_no_part_of_what_is_asked(tmp_path):
    here, there = planned(tmp_path), planned(tmp_path, CONFIG + "[scale]\ncluster = 2\n")
    assert there.config.scale.cluster == 2
    assert there.config.hash8 == here.config.hash8
    assert there.config.resolved == here.config.resolved
    assert ex.cache_keys(there, ex.context_of(there)) == ex.cache_keys(here, ex.context_of(here))


@pytest.mark.parametrize("library", ["distributed", "cryptography"])
def test_without_its_libraries_a_cluster_is_refused(monkeypatch, library):
    import sys

    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError) as error, open_cluster(2, None):
        pass
    assert "forecast[scale]" in error.value.hint


def test_a_local_cluster_of_two_processes_gives_the_same_answers(tmp_path):
    pytest.importorskip("distributed", reason="the extra 'scale' is not installed")
    made = planned(tmp_path)
    near = ex.execute(made, tmp_path / "near")
    config = made.config.model_copy(update={"scale": ScaleConfig(cluster=2)})
    far = ex.execute(replace(made, config=config), tmp_path / "far")
    assert [repr(one) for one in near] == [repr(one) for one in far]
    assert sum(len(one.scores) for one in far)
    assert {p.name for p in (tmp_path / "near").iterdir()} == {p.name for p in (tmp_path / "far").iterdir()}


def test_an_address_without_a_scheduler_is_a_readable_error(monkeypatch):
    pytest.importorskip("distributed", reason="the extra 'scale' is not installed")
    monkeypatch.setattr("forecast.jobs.dask_cluster.CONNECT_SECONDS", 0.5)
    with (
        pytest.raises(ConfigError, match="no Dask scheduler answers"),
        open_cluster(RemoteScheduler("tcp://127.0.0.1:9"), None),
    ):
        pass


@dataclass(frozen=True)
class Dies:
    """Leaves a mark for each task; the worker that takes number `deadly` dies, as long as there are no `lives` marks of it."""

    folder: str
    deadly: int
    lives: int

    def __call__(self, task, shared):
        deaths = len(list(Path(self.folder).glob(f"{task}.death*")))
        if task == self.deadly and deaths < self.lives:
            Path(self.folder, f"{task}.death{deaths}").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        Path(self.folder, f"{task}.done").touch()
        return task, shared


def stored_in(folder):
    return lambda task: (task, "all") if (folder / f"{task}.done").exists() else None


def warn(task, shared):
    logging.getLogger("forecast.somewhere").warning("task %s of %s", task, shared)
    logging.getLogger("another.library").warning("not ours")
    warnings.warn(f"odd {task}", stacklevel=1)
    return os.getpid()


def children():
    """The processes that this one has started and that still live."""
    me, found = str(os.getpid()), []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = path.read_text("utf-8").rpartition(")")[2].split()[:2]
        except OSError:  # it has just ended
            continue
        found += [path.parent.name] if parent == me and state != "Z" and is_worker(path.parent) else []
    return found


def is_worker(process):
    return b"loky" in (process / "cmdline").read_bytes() and b"resource_tracker" not in (process / "cmdline").read_bytes()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_a_run_that_has_its_answers_leaves_no_process_waiting(tmp_path):
    dict(run_in_processes(range(3), warn, lambda task: None, 2, "all"))
    assert len(children()) >= 2, "they wait for the next stage"
    made = planned(tmp_path)
    assert ex.execute(made, tmp_path / "answers", 2)
    assert children() == []


def test_what_a_process_logs_is_logged_here(caplog):
    done = dict(run_in_processes(range(3), warn, lambda task: None, 2, "all"))
    assert os.getpid() not in done.values()
    said = {name: [r.getMessage() for r in caplog.records if r.name == name] for name in {r.name for r in caplog.records}}
    assert sorted(said["forecast.somewhere"]) == [f"task {task} of all" for task in range(3)]
    assert sorted(re.search(r"odd \d", text)[0] for text in said["py.warnings"]) == ["odd 0", "odd 1", "odd 2"]
    assert "another.library" not in said


def test_what_a_killed_process_had_in_hand_is_done_again(tmp_path):
    done = run_in_processes(range(6), Dies(str(tmp_path), 3, 1), stored_in(tmp_path), 2, "all")
    assert sorted(done) == [(task, (task, "all")) for task in range(6)]


def test_a_task_that_kills_every_process_is_given_up(tmp_path):
    done = run_in_processes(range(3), Dies(str(tmp_path), 1, 99), stored_in(tmp_path), 2, "all")
    with pytest.raises(ForecastError, match="ended 3 times"):
        list(done)
    assert len(list(tmp_path.glob("1.death*"))) >= 3


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a socket of the worker that is gone
def test_what_a_killed_worker_of_a_cluster_had_in_hand_is_done_again(tmp_path):
    pytest.importorskip("distributed", reason="the extra 'scale' is not installed")
    with open_cluster(2, "known to all") as far:
        done = list(run_on_cluster(far, [(task,) for task in range(6)], Dies(str(tmp_path), 3, 1)))
    assert sorted(done) == [(task, "known to all") for task in range(6)]
    assert len(list(tmp_path.glob("3.death*"))) == 1


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_killed_worker_of_a_cluster_loses_nothing(tmp_path):
    distributed = pytest.importorskip("distributed", reason="the extra 'scale' is not installed")
    one = written(planned(tmp_path, CONFIG + MORE), tmp_path / "one")
    killed = []

    def kill(cluster, cache):
        while len(list(cache.glob("*.answer"))) < 2:
            time.sleep(0.02)
        victim = next(iter(cluster.workers.values()))
        os.kill(victim.pid, signal.SIGKILL)
        killed.append(len(list(cache.glob("*.answer"))))

    from forecast.jobs.event_loop import event_loop

    options = {"threads_per_worker": 1, "dashboard_address": ":0", "memory_limit": 0, "silence_logs": 50}
    with event_loop() as loop, distributed.LocalCluster(n_workers=2, loop=loop, **options) as cluster:
        made = planned(tmp_path, f'{CONFIG}{MORE}[scale]\ntrusted = true\ncluster = "{cluster.scheduler_address}"\n')
        killer = threading.Thread(target=kill, args=(cluster, tmp_path / "two" / ".cache"))
        killer.start()
        two = written(made, tmp_path / "two")
        killer.join()
    assert killed
    assert killed[0] < len(made.batches)
    assert same(one, two)
