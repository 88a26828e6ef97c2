"""Messages that nobody can receive end nothing and change no exit code."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CODE = """
from forecast.core.stderr import dropped_if_lost, write_line
import sys
for _ in range(3):
    write_line("to nobody" * 2000)
with dropped_if_lost():
    print("by hand", file=sys.stderr, flush=True)
print("still here")
sys.exit(3)
"""


def run_code(**streams):
    words = [sys.executable, "-c", CODE]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(words, stdout=subprocess.PIPE, text=True, env=environment, check=False, **streams)


def test_a_reader_that_has_gone_away():
    reading, writing = os.pipe()
    os.close(reading)
    done = run_code(stderr=writing)
    os.close(writing)
    assert (done.returncode, done.stdout) == (3, "still here\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk():
    with open("/dev/full", "w") as full:
        done = run_code(stderr=full)
    assert (done.returncode, done.stdout) == (3, "still here\n")


def test_no_stderr_at_all():
    done = run_code(preexec_fn=lambda: os.close(2))
    assert (done.returncode, done.stdout) == (3, "still here\n")


def test_lines_arrive_where_somebody_reads():
    done = run_code(stderr=subprocess.PIPE)
    assert done.returncode == 3
    assert done.stderr == ("to nobody" * 2000 + "\n") * 3 + "by hand\n"
