"""Whole commands, each in a process of its own: processor seconds with its children, the clock, and peak memory.

    python experiments/017_speed/commands.py [--repeats 3] [--workers 2]

Writes commands.csv: medians. Needs a quiet machine: the clock of `run` means little beside other work.
"""

from __future__ import annotations

import argparse
import csv
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
COLUMNS = ("command", "processor_seconds", "clock_seconds", "megabytes", "repeats")


def commands(workers: int) -> dict[str, list[str]]:
    """Words after `forecast`; the runs begin from nothing, in a folder of their own."""
    run = ["--fresh", "--quiet", "--workers", str(workers)]
    return {
        "--version": ["--version"],
        "list models": ["list", "models"],
        "check minerals": ["check", "minerals"],
        "run quick": ["run", "quick", *run],
        "run nowcast": ["run", "nowcast", *run],
        "run minerals": ["run", "minerals", *run],
    }


def timed(words: list[str]) -> tuple[float, float, float]:
    """Processor seconds of the process and its children, seconds by the clock, and the megabytes of the largest process."""
    with tempfile.TemporaryDirectory() as scratch:
        out = ["--out", scratch] if words[0] == "run" else []
        meter = (
            "import resource, subprocess, sys; code = subprocess.run(sys.argv[1:], capture_output=True).returncode; "
            "used = resource.getrusage(resource.RUSAGE_CHILDREN); "
            "print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, code)"
        )
        begun = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", meter, sys.executable, "-m", "forecast", *words, *out],
            capture_output=True, text=True, check=True, env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )  # fmt: skip
        clock = time.perf_counter() - begun
    seconds, megabytes, code = done.stdout.split()
    if code != "0":
        raise SystemExit(f"forecast {' '.join(words)} ended with {code}")
    return float(seconds), clock, float(megabytes)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--repeats", type=int, default=3)
    words.add_argument("--workers", type=int, default=2)
    words.add_argument("--only", default="")
    asked = words.parse_args()
    rows = []
    for name, command in commands(asked.workers).items():
        if asked.only in name:
            found = [timed(command) for _ in range(asked.repeats)]
            seconds, clock, megabytes = (statistics.median(column) for column in zip(*found, strict=True))
            rows.append((name, round(seconds, 2), round(clock, 2), round(megabytes), len(found)))
            print(*rows[-1], flush=True)
    with (HERE / "commands.csv").open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        table.writerows(rows)


if __name__ == "__main__":
    main()
