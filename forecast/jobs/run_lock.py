"""Lock files of a run folder: which processes are using it, so that none of its files is removed while they do."""

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
    """A process that uses a run folder: its id, its start time (clock ticks since boot) and the name of its machine."""

    pid: int
    began: str
    host: str

    @property
    def alive(self) -> bool:
        """Whether it still runs; a process on another machine is assumed to."""
        if self.host != platform.node():
            return True
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except OSError:  # it belongs to another user
            return True
        return _start_time(self.pid) == self.began  # the id may have been reused since


def _start_time(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[19]
    except (OSError, IndexError, ValueError):
        return ""


@contextlib.contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Hold a lock file of this process in a run folder for the length of the block."""
    me = LockOwner(os.getpid(), _start_time(os.getpid()), platform.node())
    path = output_files.write(folder, f"{FOLDER}/{output_files.segment(me.host)}.{me.pid}", json.dumps(vars(me)))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # other processes hold locks here
            path.parent.rmdir()


def other_owners(folder: Path) -> list[LockOwner]:
    """Other processes that use a run folder; lock files of dead ones are removed."""
    owners = []
    for path in sorted((folder / FOLDER).glob("*")):
        owner = _read_owner(path)
        if owner is None or not owner.alive:
            path.unlink(missing_ok=True)
        elif owner.pid != os.getpid() or owner.host != platform.node():
            owners.append(owner)
    return owners


def _read_owner(path: Path) -> LockOwner | None:
    try:
        return LockOwner(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def remove_run(folder: Path) -> None:
    """Remove a run folder with everything in it; a ConfigError if another process uses it."""
    busy = other_owners(folder)
    if busy:
        who = ", ".join(f"process {owner.pid} on {owner.host}" for owner in busy)
        hint = f"wait until it ends, or, if it no longer runs, remove {folder / FOLDER}"
        raise ConfigError(f"a run of this config is at work: {who}", where=str(folder), hint=hint)
    removed = folder.with_name(f".{folder.name}.{os.getpid()}.gone")
    os.replace(folder, removed)  # atomic, so that a run that starts now gets a new folder
    shutil.rmtree(removed, ignore_errors=True)


def remove_leftovers(folder: Path) -> None:
    """Remove unfinished files of killed runs, unless another process uses the folder."""
    if other_owners(folder):
        return
    for path in output_files.unfinished_files(folder):
        path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # it does not exist, or holds the lock of this process
        (folder / FOLDER).rmdir()
