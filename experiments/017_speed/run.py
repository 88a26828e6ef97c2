"""Processor seconds of the package and, where their environments exist, of its peers, in turn.

    python experiments/017_speed/run.py [--only W1] [--sizes "W4 default=600,W1 sarimax=10"] [--repeats 3] [--peers PYTHON ...]

Every workload runs in a process of its own with one BLAS thread; the peers' (`peers.py`) by each PYTHON given, after ours and
before the next repeat, so that a busy machine slows both. Writes results.csv: medians, the size that was run, and the seconds
for the full size, in proportion.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

import ours
import peers

HERE = Path(__file__).parent
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
COLUMNS = ("workload", "who", "size", "full", "seconds", "seconds_full", "ms_per_fit", "megabytes", "repeats")


def timed(python: str, script: str, workload: str, size: int) -> dict[str, float]:
    command = [python, str(HERE / script), workload, str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **ONE_THREAD})
    if done.returncode:
        raise SystemExit(f"{workload}: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def row(workload: str, who: str, found: list[dict[str, float]]) -> dict[str, object]:
    seconds = statistics.median(one["seconds"] for one in found)
    one = found[0]
    scale = 1.0 if workload.startswith("growth") else one["full"] / one["size"]
    return {
        "workload": workload, "who": who, "size": one["size"], "full": one["full"], "seconds": round(seconds, 2),
        "seconds_full": round(seconds * scale, 2), "ms_per_fit": round(1000 * seconds / one["fits"], 3),
        "megabytes": max(each["megabytes"] for each in found), "repeats": len(found),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="")
    parser.add_argument("--sizes", default="")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peers", nargs="*", default=[])
    parser.add_argument("--out", type=Path, default=HERE / "results.csv")
    asked = parser.parse_args()
    sizes = {name: int(size) for name, _, size in (part.partition("=") for part in asked.sizes.split(",") if part)}
    rows = []
    for workload, (_, full) in ours.WORKLOADS.items():
        if asked.only not in workload:
            continue
        size = sizes.get(workload, full)
        mine: list[dict[str, float]] = []
        theirs: dict[str, list[dict[str, float]]] = {}
        for _ in range(asked.repeats):
            mine.append(timed(sys.executable, "ours.py", workload, size))
            for python in asked.peers if workload in peers.WORKLOADS else ():
                if "absent" not in (found := timed(python, "peers.py", workload, sizes.get(f"peer {workload}", size))):
                    theirs.setdefault(peers.WORKLOADS[workload][0], []).append(found)
        rows += [row(workload, "forecast", mine), *(row(workload, who, found) for who, found in theirs.items())]
        print(*rows[-1 - len(theirs) :], sep="\n", flush=True)
    with asked.out.open("w", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    print(f"Python {platform.python_version()}, {platform.machine()}")


if __name__ == "__main__":
    main()
