"""Ctrl-C and SIGTERM end a run at once, with one message, the right code, and no process left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from forecast.jobs.signals import Interrupted, interruptible

psutil = pytest.importorskip("psutil", reason="the extra 'scale' is not installed")

ROOT = Path(__file__).resolve().parents[3]
MESSAGE = "interrupted; the same command takes the run up where it stopped\n"
WORKER = ("popen_loky", "spawn_main")  # what the command line of a worker says, of either kind
CONFIG = """
draws = 1000
metrics = ["crps"]
[[models]]
use = "structural"
[[models]]
use = "sarimax"
[[backtest]]
name = "long"
series = ["CHN.export.WLD.rare_earths_total", "USA.import.WLD.*"]
first = "2022-01"
horizons = [1, 3, 12]
"""


def started(folder, *words):
    """The command in a session of its own, where Ctrl-C is not ignored, and the processes below it once two workers are up."""
    (folder / "long.toml").write_text(CONFIG, "utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "forecast", "run", "long.toml", *words],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    below = []
    while process.poll() is None and sum(any(word in c for word in WORKER for c in cmdline(p)) for p in below) < 2:
        below = psutil.Process(process.pid).children(recursive=True)
        time.sleep(0.02)
    return process, below


def cmdline(process):
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.fixture
def run():
    """`run(folder, words)`; whatever happens, nothing of it outlives the test."""
    all_of_them = []

    def go(*words):
        process, below = started(*words)
        all_of_them.extend([psutil.Process(process.pid), *below])
        return process, below

    yield go
    for one in all_of_them:
        if one.is_running():
            one.kill()


def left(processes, seconds=3):
    """Those that still run after some seconds; one that has ended and that nobody has asked about does not."""
    until = time.perf_counter() + seconds
    while alive := [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]:
        if time.perf_counter() > until:
            break
        time.sleep(0.02)
    return alive


CASES = [
    ("--workers", signal.SIGTERM, 0.0),  # workers are being started
    ("--workers", signal.SIGINT, 1.0),  # they answer
    ("--cluster", signal.SIGINT, 0.0),
    ("--cluster", signal.SIGTERM, 3.0),
]


@pytest.mark.parametrize(("where", "number", "delay"), CASES)
def test_a_signal_ends_a_run_and_all_its_processes(run, tmp_path, where, number, delay):
    process, below = run(tmp_path, where, "2")
    assert process.poll() is None
    time.sleep(delay)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does: the workers are sent it too
    else:
        process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (128 + number, MESSAGE)
    assert left(below) == []


def test_workers_end_with_a_parent_that_is_killed(run, tmp_path):
    process, below = run(tmp_path, "--workers", "2")
    process.kill()
    process.communicate(timeout=30)
    assert left(below) == []


def broken_off():
    """A library that makes an error of its own of an interrupt."""
    try:
        signal.raise_signal(signal.SIGTERM)
    finally:
        raise RuntimeError("Nanny failed to start")


def test_whatever_an_interrupt_breaks_off_is_the_interrupt(monkeypatch):
    monkeypatch.setattr("forecast.jobs.signals._silence_threads", lambda: None)  # this process goes on
    with pytest.raises(Interrupted) as end, interruptible():
        broken_off()
    assert end.value.code == 143
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_another_error_stays_itself():
    with pytest.raises(RuntimeError), interruptible():
        raise RuntimeError("a fault")
