"""Faults on purpose while an archive grows: no row lost or doubled, a plain message, and the next append goes on.

    python experiments/016_archive/faults.py kills --count 1000
    python experiments/016_archive/faults.py power --count 1000
    python experiments/016_archive/faults.py together
    python experiments/016_archive/faults.py disk          (Linux, as root: it mounts small tmpfs)
    python experiments/016_archive/faults.py flips --count 300
    python experiments/016_archive/faults.py fuzz --seconds 600

A worker is forked from a process that has everything imported.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

from forecast.archives import growing
from forecast.archives.growing import GrowingArchive
from forecast.archives.reading import open_archive
from forecast.core import months, output_files
from forecast.core.archive_table import ArchiveRow
from forecast.core.errors import ForecastError

EVENTS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.listdir", "os.scandir")
FIRST = months.ordinal("2024-01")


def batch(number: int) -> list[ArchiveRow]:
    """The rows of one answer: a new month of three series, and a revision of the month before."""
    rows = []
    for partner in ("MEX", "THA", "BEL"):
        for month in range(max(number - 1, 0), number + 1):
            day = f"{2024 + (number + 2) // 12}-{(number + 2) % 12 + 1:02d}-05"
            value = 1000.0 * (month + 1) + number + len(partner)
            period = months.label(FIRST + month)
            rows.append(
                ArchiveRow(f"USA.import.{partner}.gallium", period, value, released=day, basis="actual", publisher="US Census")
            )
    return rows


def held_rows(folder: Path) -> collections.Counter:
    """Every row of the archive with the number of times it is there; none where there is no archive yet."""
    try:
        return collections.Counter(open_archive(folder).figures.all_rows().rows())
    except ForecastError as error:
        if error.problem in ("there is no archive", "the archive holds no figure"):
            return collections.Counter()
        raise


def wanted_rows(count: int) -> collections.Counter:
    """What the first `count` answers leave in an archive."""
    return collections.Counter(row for number in range(count) for row in batch(number))


def forked(work) -> tuple[int, str]:
    """Some work in a forked process: how it ended (a signal as a negative number) and what it said."""
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if not child:
            os.dup2(said.fileno(), 2)
            code = 0
            try:
                work()
            except ForecastError as error:
                code = 2
                os.write(2, str(error).encode())
            except BaseException:
                code = 1
                os.write(2, traceback.format_exc().encode())
            os._exit(code)
        _, status = os.waitpid(child, 0)
        said.seek(0)
        return os.waitstatus_to_exitcode(status), said.read().decode("utf-8", "replace")


def die_at(folder: Path, at: int, cut: float, writing: bool) -> None:
    """In a worker: die at system call number `at` on a file of the archive; a write dies with a part of it written.

    writing : count from the first write on
    """
    count = [-1000 if writing else 0]

    def step() -> None:
        count[0] += 1
        if count[0] == at:
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(event: str, values: tuple) -> None:
        if event in EVENTS and str(values[0]).startswith(str(folder)):
            step()

    real, sync = output_files._write_flushed, os.fsync

    def torn(part: Path, data: bytes) -> None:
        count[0] = max(count[0], 0) + 1
        if count[0] == at:
            part.write_bytes(data[: int(cut * len(data))])
            os.kill(os.getpid(), signal.SIGKILL)
        real(part, data)

    def synced(number: int) -> None:
        step()
        sync(number)

    output_files._write_flushed, os.fsync = torn, synced
    sys.addaudithook(hook)


def kills(home: Path, count: int, luck: random.Random) -> None:
    """`count` kills while answers are appended one by one; after each the archive is whole and the same append goes on."""
    growing.MOST_SMALL, growing.GRACE = 6, 0.0  # parts are put together often, and old files removed at once
    folder, done, died, wrong = home / "killed", 0, 0, 0
    stages: collections.Counter = collections.Counter()
    while died < count:
        if done == 40:
            shutil.rmtree(folder)
            done = 0
        number = done

        def append(number: int = number) -> None:
            writing = luck.random() < 0.7
            die_at(folder, luck.randrange(1, 14 if writing else 60), luck.random(), writing)
            GrowingArchive(folder).append(batch(number))

        luck.random()
        code, said = forked(append)
        held = held_rows(folder)
        before, after = wanted_rows(done), wanted_rows(done + 1)
        if code == -signal.SIGKILL:
            died += 1
            stages["before it counted" if held == before else "after it counted"] += 1
        if held not in (before, after) or code not in (0, -signal.SIGKILL) or (code == 0 and held != after):
            wrong += 1
            print("wrong:", done, code, said)
        if luck.random() < 0.5 or held == after:
            code, said = forked(lambda number=number: GrowingArchive(folder).append(batch(number)))
            if code or held_rows(folder) != after or output_files.unfinished_files(folder):
                wrong += 1
                print("does not go on:", done, code, said)
            done += 1
    print(f"{died} kills ({', '.join(f'{n} {k}' for k, n in sorted(stages.items()))}), {wrong} rows lost or doubled or stuck")


class Disk:
    """What a disk may hold after power fails: files and names, of which only those flushed are certain."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.log: list[tuple] = []

    def watch(self) -> contextlib.ExitStack:
        """Record every change below `root` while the context lasts."""
        from unittest import mock

        stack, names = contextlib.ExitStack(), {}
        flush, move, make, drop, sync = output_files._write_flushed, os.replace, os.mkdir, os.unlink, os.fsync
        opened = os.open

        def write(part: Path, data: bytes) -> None:
            self.log.append(("write", str(part), data))
            flush(part, data)
            self.log.append(("flushed", str(part)))

        def replace(source, target, **more) -> None:
            move(source, target, **more)
            self.log.append(("name", str(source), str(target)))

        def mkdir(path, *more, **words) -> None:
            make(path, *more, **words)
            self.log.append(("folder", str(path)))

        def unlink(path, *more, **words) -> None:
            drop(path, *more, **words)
            self.log.append(("gone", str(path)))

        def open_(path, *more, **words) -> int:
            number = opened(path, *more, **words)
            names[number] = str(path)
            return number

        def fsync(number: int) -> None:
            sync(number)
            if Path(names.get(number, "-")).is_dir():
                self.log.append(("names flushed", names[number]))

        for place, name, new in (
            (output_files, "_write_flushed", write), (os, "replace", replace), (os, "mkdir", mkdir), (os, "unlink", unlink),
            (os, "open", open_), (os, "fsync", fsync),
        ):  # fmt: skip
            stack.enter_context(mock.patch.object(place, name, new))
        return stack

    def after_crash(self, length: int, luck: random.Random, target: Path) -> None:
        """The disk after a crash behind `length` changes, some or all of what was not flushed dropped, below `target`."""
        log = self.log[:length]
        sure = set()
        for i, entry in enumerate(log):
            if entry[0] == "names flushed":
                sure |= {j for j in range(i) if log[j][0] in ("name", "folder", "gone") and self._folder(log[j]) == entry[1]}
            if entry[0] == "flushed":
                sure |= {j for j in range(i) if log[j][0] == "write" and log[j][1] == entry[1]}
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        files: dict[str, bytes] = {}
        lost_all = luck.random() < 0.5
        for i, entry in enumerate(log):
            kept = i in sure or (not lost_all and luck.random() < 0.5)
            if entry[0] == "write":
                # a name of its own is certain only with its folder; the file may be there empty, in part or whole
                files[entry[1]] = entry[2] if kept else entry[2][: int(luck.random() * len(entry[2]))]
            elif entry[0] == "name" and kept and entry[1] in files:
                files[entry[2]] = files.pop(entry[1])
            elif entry[0] == "gone" and kept:
                files.pop(entry[1], None)
        for name, data in files.items():
            path = target / Path(name).relative_to(self.root)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def _folder(self, entry: tuple) -> str:
        return str(Path(entry[-1]).parent)


def power(home: Path, count: int, luck: random.Random) -> None:
    """Power failures: everything not yet flushed may be lost, in any selection; what an append returned for must be there."""
    growing.MOST_SMALL, growing.GRACE = 6, 0.0
    disk, marks = Disk(home / "live"), []
    with disk.watch():
        for number in range(16):
            GrowingArchive(home / "live" / "archive").append(batch(number))
            marks.append(len(disk.log))
    wrong = 0
    for _ in range(count):
        at = luck.randrange(1, len(disk.log) + 1)
        sure = sum(mark <= at for mark in marks)
        disk.after_crash(at, luck, home / "crashed")
        folder = home / "crashed" / "archive"
        try:
            held = held_rows(folder)
            fine = held in (wanted_rows(sure), wanted_rows(sure + 1))
            for number in range(sure, min(sure + 2, 16)):
                GrowingArchive(folder).append(batch(number))
            fine = fine and held_rows(folder) == wanted_rows(min(sure + 2, 16))
        except Exception:
            traceback.print_exc()
            fine = False
        wrong += not fine
        if not fine:
            print("wrong after", at, disk.log[at - 1][:2], "appends returned:", sure)
    print(f"{count} power failures in {len(disk.log)} changes of the disk, {wrong} with rows lost or doubled or stuck")


def together(home: Path) -> None:
    """Several processes that append at once, each its own answers; and one that meets a lock that is held."""
    folder, children = home / "together", []
    for own in range(4):
        child = os.fork()
        if not child:
            for number in range(own, 40, 4):
                rows = [row for row in batch(number) if row.period == months.label(FIRST + number)]
                GrowingArchive(folder).append(rows)
            os._exit(0)
        children.append(child)
    seen = []
    while any(os.waitpid(child, os.WNOHANG)[0] == 0 for child in children[-1:]):
        seen.append(sum(held_rows(folder).values()))
    codes = [0] + [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children[:-1]]
    held = held_rows(folder)
    print(f"4 writers: {codes}, {sum(held.values())} rows of 120, {len(held)} different")
    print(f"{len(seen)} reads meanwhile, never fewer rows than before: {seen == sorted(seen)}")
    growing.PATIENCE = 0.2
    import filelock

    with filelock.FileLock(folder / growing.LOCK):
        print("a lock that is held:", forked(lambda: GrowingArchive(folder).append(batch(41))))


def disk(home: Path) -> None:
    """Small disks that fill up; after room was made the same append goes on."""
    for size in (4, 8, 16, 24, 40):
        out = home / f"disk{size}"
        out.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(out)], check=True)
        folder = out / "archive"

        def append(number: int, folder: Path = folder) -> tuple[int, str]:
            return forked(lambda: GrowingArchive(folder).append(batch(number)))

        try:
            done, code, said = 0, 0, ""
            while not code and done < 40:
                code, said = append(done)
                done += not code
            whole = held_rows(folder) in (wanted_rows(done), wanted_rows(done + 1))
            left = len(output_files.unfinished_files(out))
            subprocess.run(["mount", "-o", "remount,size=64m", str(out)], check=True)
            goes_on = not append(done)[0] and held_rows(folder) == wanted_rows(done + 1)
            print(f"{size} kB: full after {done} appends, exit {code}, {whole=}, {left} left over, {goes_on=}")
            print(f"  {said.splitlines()[:1]}")
        finally:
            subprocess.run(["umount", str(out)], check=True)


def flips(home: Path, count: int, luck: random.Random) -> None:
    """A bit flipped or an end cut in any file: it is named and the rest read; the same appends restore what was lost."""
    GrowingArchive(home / "sound").append([row for number in range(5) for row in batch(number)])
    for number in range(5, 12):
        GrowingArchive(home / "sound").append(batch(number))
    wrong = 0
    for _ in range(count):
        folder = home / "flipped"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(home / "sound", folder)
        path = luck.choice(sorted(folder.glob("*.json")) + sorted(folder.glob("parts/*")))
        data = bytearray(path.read_bytes())
        if luck.random() < 0.3:
            data = data[: luck.randrange(len(data))]
        else:
            data[luck.randrange(len(data))] ^= 1 << luck.randrange(8)
        path.write_bytes(data)
        try:
            notes = open_archive(folder).figures.notes
            held = held_rows(folder)
            fine = any(path.name in note for note in notes) and not held - wanted_rows(12)
            fine = fine and (path.suffix != ".json" or held == wanted_rows(12))
            GrowingArchive(folder).append(batch(12))
            for number in range(12):
                GrowingArchive(folder).append(batch(number))
            fine = fine and held_rows(folder) == wanted_rows(13)
        except Exception:
            traceback.print_exc()
            fine = False
        wrong += not fine
        if not fine:
            print("wrong:", path.name, len(data))
    print(f"{count} files spoilt, {wrong} not named, with other rows, or not restored by the same appends")


def fuzz(home: Path, seconds: float, luck: random.Random) -> None:
    """Files of an archive spoilt in many ways, whole sets of them: an answer or an error of the package, never a traceback."""
    for number in range(6):
        GrowingArchive(home / "sound").append(batch(number))
    sound = {path.relative_to(home / "sound"): path.read_bytes() for path in (home / "sound").rglob("*") if path.is_file()}
    texts = [b"{}", b"[]", b"null", b'"x"', b"", b"{" * 5000, bytes(99)]
    texts += [b'{"sha256":1,"format":1}', b'{"format":2,"sha256":"x"}']
    ends: collections.Counter = collections.Counter()
    stop = time.monotonic() + seconds
    while time.monotonic() < stop:
        folder = home / "fuzzed"
        shutil.rmtree(folder, ignore_errors=True)
        for name, data in sound.items():
            spoilt = spoil(data, texts, luck) if luck.random() < 0.4 else data
            if spoilt is not None:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(spoilt)
        try:
            made = open_archive(folder)
            made.as_of("2024-09-30").fingerprint()
            made.latest.fingerprint()
            ends["answer"] += 1
        except ForecastError:
            ends["own error"] += 1
        except Exception:
            ends["traceback"] += 1
            traceback.print_exc()
        try:
            GrowingArchive(folder).append(batch(6))
            ends["append went on"] += 1
        except ForecastError:
            ends["append refused"] += 1
        except Exception:
            ends["traceback"] += 1
            traceback.print_exc()
    print(", ".join(f"{count:,} {end}" for end, count in sorted(ends.items())))


def spoil(data: bytes, texts: list[bytes], luck: random.Random) -> bytes | None:
    """Some bytes cut, changed, doubled or replaced; None for a file that is lost."""
    kind = luck.randrange(8)
    if kind == 0:
        return None
    if kind == 1:
        return luck.choice(texts)
    at = luck.randrange(len(data) + 1)
    if kind == 2:
        return data[:at]
    if kind == 3:
        return data[at:] + data[:at]
    spoilt = bytearray(data or b"x")
    for _ in range(luck.choice((1, 1, 4, 64))):
        spoilt[luck.randrange(len(spoilt))] = luck.randrange(256)
    return bytes(spoilt)


def main() -> None:
    """One kind of fault, by name."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("kind", choices=["kills", "power", "together", "disk", "flips", "fuzz"])
    words.add_argument("--count", type=int, default=300)
    words.add_argument("--seconds", type=float, default=60.0)
    words.add_argument("--seed", type=int, default=1)
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as place:
        home, luck = Path(os.path.realpath(place)), random.Random(asked.seed)
        if asked.kind in ("kills", "power", "flips"):
            {"kills": kills, "power": power, "flips": flips}[asked.kind](home, asked.count, luck)
        elif asked.kind == "fuzz":
            fuzz(home, asked.seconds, luck)
        else:
            {"together": together, "disk": disk}[asked.kind](home)


if __name__ == "__main__":
    main()
