"""Owners: which processes are at work in a run folder, so that nothing is removed under their feet."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from forecast.core import output_files
from forecast.core.errors import ConfigError

FOLDER = ".owners"


@dataclass(frozen=True)
class LockOwner:
    """A process at work: its number and when it began (clock ticks since the machine did), and the machine's name."""

    pid: int
    began: str
    host: str

    @property
    def alive(self) -> bool:
        """Whether it is still at work; a process of another machine is taken to be."""
        if self.host != platform.node():
            return True
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except OSError:  # it is another user's
            return True
        return _start_time(self.pid) == self.began  # the number may have gone to another process since


def _start_time(pid: int) -> str:
    """When a process began, where the system tells."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[19]
    except (OSError, IndexError, ValueError):
        return ""


@contextlib.contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Say that this process works in a run folder, until it has done so."""
    me = LockOwner(os.getpid(), _start_time(os.getpid()), platform.node())
    path = output_files.write(folder, f"{FOLDER}/{output_files.segment(me.host)}.{me.pid}", json.dumps(vars(me)))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # others are at work here too
            path.parent.rmdir()


def other_owners(folder: Path) -> list[LockOwner]:
    """Other processes at work in a run folder; the names that dead ones left are removed."""
    found = []
    for path in sorted((folder / FOLDER).glob("*")):
        owner = _read_owner(path)
        if owner is None or not owner.alive:
            path.unlink(missing_ok=True)
        elif owner.pid != os.getpid() or owner.host != platform.node():
            found.append(owner)
    return found


def _read_owner(path: Path) -> LockOwner | None:
    try:
        return LockOwner(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def remove_run(folder: Path) -> None:
    """Remove a run folder and all in it, unless a process is at work there."""
    busy = other_owners(folder)
    if busy:
        who = ", ".join(f"process {owner.pid} on {owner.host}" for owner in busy)
        hint = f"wait until it ends, or, if it no longer runs, remove {folder / FOLDER}"
        raise ConfigError(f"a run of this config is at work: {who}", where=str(folder), hint=hint)
    gone = folder.with_name(f".{folder.name}.{os.getpid()}.gone")
    os.replace(folder, gone)  # at once, so that a run that starts now finds a folder of its own
    shutil.rmtree(gone, ignore_errors=True)


def remove_leftovers(folder: Path) -> None:
    """Remove what killed runs left unfinished, unless another process is at work there."""
    if other_owners(folder):
        return
    for path in output_files.unfinished_files(folder):
        path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # there is none, or this process stands in it
        (folder / FOLDER).rmdir()
