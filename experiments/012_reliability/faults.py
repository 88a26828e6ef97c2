"""Faults on purpose: kills, flipped bits, full disks and runs beside each other; every recovery must end in the same bytes.

    python experiments/012_reliability/faults.py kills --count 300
    python experiments/012_reliability/faults.py flips --count 100 --tables 60
    python experiments/012_reliability/faults.py disk          (Linux, as root: it mounts a small tmpfs)
    python experiments/012_reliability/faults.py together

A worker process is forked from one that has everything imported, so that hundreds of runs take minutes.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import forecast as fc
from forecast.core import output_files

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """
name = "small"
seed = 5
draws = 100
data = { use = "csv", path = "own.csv", key = "CHL.export.WLD.sample_salt" }
models = ["seasonal_naive", "mean12", "theta", { use = "combine", name = "mean", members = ["mean12", "theta"] }]
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


def project(folder: Path) -> Path:
    """A small config with figures of its own."""
    rows = [f"{2019 + i // 12}-{i % 12 + 1:02d},{100 + 7 * (i % 12) + (13 * i) % 17}" for i in range(60)]
    (folder / "own.csv").write_text("\n".join(["period,value", *rows]), "utf-8")
    (folder / "small.toml").write_text(CONFIG, "utf-8")
    return folder / "small.toml"


def content(folder: Path) -> dict[str, bytes | dict]:
    """Every file of a run by name; run.json without its timings, and the manifest without the entry of run.json."""
    found = {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
    info, seal = json.loads(found.pop("run.json")), json.loads(found.pop("manifest.json"))
    info.pop("timings")
    seal["files"].pop("run.json")
    return {name: data for name, data in found.items() if not name.endswith(".changed")} | {"run.json": info, "seal": seal}


def forked(config: Path, out: Path, prepare=None) -> tuple[int, str]:
    """A run in a forked process: how it ended (a signal as a negative number) and what it said on stderr."""
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if not child:
            os.dup2(said.fileno(), 2)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            code = 1
            with contextlib.suppress(SystemExit):
                if prepare:
                    prepare(out)
                from forecast.cli import app

                try:
                    code = app(["run", str(config), "--out", str(out), "--workers", "1"], standalone_mode=False) or 0
                except BaseException as error:
                    code = getattr(error, "exit_code", 1)
                    if code == 1:
                        import traceback

                        traceback.print_exc()
            sys.stderr.flush()
            os._exit(code)
        _, status = os.waitpid(child, 0)
        said.seek(0)
        return os.waitstatus_to_exitcode(status), said.read().decode("utf-8", "replace")


def deadly(at: int, cut: float):
    """In a process about to run: die at system call number `at` on a file of the run; a write dies with a part written."""

    def prepare(out: Path) -> None:
        place, count = str(out), [0]

        def step(path: object = "") -> None:
            if str(path).startswith(place):
                count[0] += 1
                if count[0] == at:
                    os.kill(os.getpid(), signal.SIGKILL)

        def hook(event: str, values: tuple) -> None:
            if event in ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.scandir", "os.listdir"):
                step(values[0])

        real, sync = output_files._write_flushed, os.fsync

        def torn(part: Path, data: bytes) -> None:
            count[0] += 1
            if count[0] == at:
                part.write_bytes(data[: int(cut * len(data))])
                os.kill(os.getpid(), signal.SIGKILL)
            real(part, data)

        def synced(number: int) -> None:
            step(out)
            sync(number)

        output_files._write_flushed, os.fsync = torn, synced
        sys.addaudithook(hook)

    return prepare


def stage(folder: Path) -> str:
    """Where a killed run was."""
    if not folder.exists():
        return "before"
    names = (("manifest.json", "closed"), ("report.md", "closing"), ("report.html", "report"), ("run.json", "report"))
    for name, where in names:
        if (folder / name).exists():
            return where
    return "tables" if list(folder.glob("*.parquet")) else "execute"


def kills(config: Path, home: Path, count: int, luck: random.Random) -> None:
    """`count` kills at random system calls, each run taken up by the same command afterwards."""
    whole, size = reference(config, home)
    died: collections.Counter = collections.Counter()
    wrong = 0
    while sum(died.values()) < count:
        out = home / "killed"
        shutil.rmtree(out, ignore_errors=True)
        for _ in range(luck.choice((1, 1, 2, 3))):  # killed again while it recovers
            code, said = forked(config, out, deadly(luck.randrange(1, size), luck.random()))
            if code == -signal.SIGKILL:
                died[stage(out / whole[0])] += 1
            elif code:
                wrong += 1
                print(code, said)
        code, said = forked(config, out)
        if code or "Traceback" in said or content(out / whole[0]) != whole[1] or output_files.unfinished_files(out):
            wrong += 1
            now = content(out / whole[0])
            others = [name for name in now.keys() | whole[1].keys() if now.get(name) != whole[1].get(name)]
            print("not recovered:", code, said, output_files.unfinished_files(out), others)
    print(f"{sum(died.values())} kills ({', '.join(f'{n} {k}' for k, n in sorted(died.items()))}), {wrong} not recovered")


def reference(config: Path, home: Path) -> tuple[tuple[str, dict], int]:
    """Name and content of an uninterrupted run, and about how many system calls on its files it makes."""
    run = fc.run(config, home / "whole")
    out, counted = home / "counted", home / "count.txt"

    def prepare(place: Path) -> None:
        number = [0]

        def hook(event: str, values: tuple) -> None:
            if event in ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.scandir", "os.listdir"):
                number[0] += str(values[0]).startswith(str(place))
                if event == "os.rmdir":
                    os.write(tally, f"{number[0]}\n".encode())

        tally = os.open(counted, os.O_WRONLY | os.O_CREAT)
        sys.addaudithook(hook)

    forked(config, out, prepare)
    size = max(int(line) for line in counted.read_text().split())
    return (run.folder.name, content(run.folder)), int(1.7 * size)  # writes and syncs come on top of what was counted


def flips(config: Path, home: Path, answers: int, tables: int, luck: random.Random) -> None:
    """One bit of a stored answer, or of a table of a finished run; the same command must say so and end in the same bytes."""
    whole, size = reference(config, home)
    cached = home / "cached"
    at = size
    while True:  # a run that died after its answers and before its tables
        shutil.rmtree(cached, ignore_errors=True)
        forked(config, cached, deadly(at, 0.5))
        if stage(cached / whole[0]) == "tables":
            break
        at = luck.randrange(size // 3, size)
    for what, count, source in (("stored answers", answers, cached), ("tables", tables, home / "whole")):
        silent = traces = others = 0
        for _ in range(count):
            out = home / "flipped"
            shutil.rmtree(out, ignore_errors=True)
            shutil.copytree(source, out)
            pattern = ".cache/*.answer" if what == "stored answers" else "*.parquet"
            path = luck.choice(sorted((out / whole[0]).glob(pattern)))
            data = bytearray(path.read_bytes())
            data[luck.randrange(len(data))] ^= 1 << luck.randrange(8)
            path.write_bytes(data)
            code, said = forked(config, out)
            silent += path.name not in said
            traces += "Traceback" in said or bool(code)
            others += content(out / whole[0]) != whole[1]
        print(f"{count} flipped bits in {what}: {silent} not named, {traces} tracebacks, {others} with other bytes afterwards")


def disk(config: Path, home: Path) -> None:
    """Small disks that fill up; after room was made the same command ends in the same bytes."""
    whole, _ = reference(config, home)
    for size in (40, 160, 260, 340):
        out = home / f"disk{size}"
        out.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(out)], check=True)
        try:
            code, said = forked(config, out)
            left = len(output_files.unfinished_files(out))
            subprocess.run(["mount", "-o", "remount,size=64m", str(out)], check=True)
            again, _ = forked(config, out)
            same = not again and content(out / whole[0]) == whole[1]
            told = " / ".join(said.strip().splitlines()[-3:])
            how = f"exit code {code}, traceback: {'Traceback' in said}, {left} left over"
            print(f"{size} kB: {how}, then the same: {same}; {told}")
        finally:
            subprocess.run(["umount", str(out)], check=True)


def together(config: Path, home: Path) -> None:
    """Two runs at once, and a run with --fresh beside a live one."""
    whole, _ = reference(config, home)
    words = [sys.executable, "-m", "forecast", "run", str(config), "--workers", "1", "--out"]
    options = {
        "env": {**os.environ, "PYTHONPATH": str(ROOT)},
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "text": True,
    }
    for apart in (0.0, 0.5, 1.0, 2.0):
        out = home / f"two{apart}"
        pair = [subprocess.Popen([*words, str(out)], **options)]
        time.sleep(apart)
        pair.append(subprocess.Popen([*words, str(out)], **options))
        ends = [(p.communicate()[1], p.returncode) for p in pair]
        same = content(out / whole[0]) == whole[1]
        traces = sum("Traceback" in said for said, _ in ends)
        print(f"two runs {apart} s apart: {[code for _, code in ends]}, {traces} tracebacks, {same=}")
    out = home / "fresh"
    first = subprocess.Popen([*words, str(out)], **options)
    while not list(out.glob("*/.owners/*")):
        time.sleep(0.01)
    second = subprocess.run([*words, str(out), "--fresh"], **{k: v for k, v in options.items()}, check=False)
    said, _ = first.communicate()[1], first.returncode
    print(f"--fresh beside it: {second.returncode}, {second.stderr.strip().splitlines()[-3:]}")
    print(f"the live run: {first.returncode}, traceback: {'Traceback' in said}, same: {content(out / whole[0]) == whole[1]}")


def main() -> None:
    """One kind of fault, by name."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("kind", choices=["kills", "flips", "disk", "together"])
    words.add_argument("--count", type=int, default=100)
    words.add_argument("--tables", type=int, default=60)
    words.add_argument("--seed", type=int, default=1)
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as place:
        home, luck = Path(place), random.Random(asked.seed)
        config = project(home)
        if asked.kind == "kills":
            kills(config, home, asked.count, luck)
        elif asked.kind == "flips":
            flips(config, home, asked.count, asked.tables, luck)
        else:
            {"disk": disk, "together": together}[asked.kind](config, home)


if __name__ == "__main__":
    main()
