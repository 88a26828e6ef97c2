"""The manifest of a finished run folder: the hash of every file, so that later changes are detected."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from forecast.core import output_files
from forecast.core.errors import DataError

NAME = "manifest.json"
ASIDE_SUFFIX = ".changed"  # suffix of a changed file that is kept under another name


def seal(folder: Path, names: Iterable[str] | None = None) -> None:
    """Record the hashes of all files of a run folder, or of `names` alone, leaving the other entries as they are."""
    entries = {} if names is None else read_entries(folder) or {}
    chosen = _run_files(folder) if names is None else sorted(names)
    entries |= {name: _file_entry(folder / name) for name in chosen}
    text = json.dumps({"files": dict(sorted(entries.items()))}, indent=1, ensure_ascii=False)
    output_files.write(folder, NAME, text + "\n")


def is_sealed(folder: Path) -> bool:
    """Whether the folder has a manifest; interrupted runs and folders of old versions have none."""
    return (folder / NAME).is_file()


def differences(folder: Path) -> dict[str, str]:
    """Files that have changed, each with the change in words; empty if there is no manifest."""
    return {name: change for name in read_entries(folder) or {} if (change := difference(folder, name))}


def set_aside(folder: Path, names: Iterable[str] | None = None) -> dict[str, str]:
    """Keep changed files (among `names`, if given) under another name before they are written again, and return them."""
    changed = differences(folder)
    kept = {name: change for name, change in changed.items() if names is None or name in set(names)}
    for name in kept:
        with contextlib.suppress(FileNotFoundError):
            os.replace(folder / name, folder / f"{name}{ASIDE_SUFFIX}")
    return kept


def describe_changes(folder: Path, changed: Mapping[str, str]) -> str:
    """Changed files in words, one paragraph each."""
    return "\n".join(f"{name} is not what was written: {change}\n  at: {folder / name}" for name, change in changed.items())


def difference(folder: Path, name: str, data: bytes | None = None) -> str:
    """How one file has changed ("" if it has not, or is not in the manifest); `data` are its bytes, if already read."""
    entry = (read_entries(folder) or {}).get(name)
    if entry is None:
        return ""
    try:
        actual = _file_entry(folder / name, data)
    except OSError:
        return "it is not there"
    if actual["bytes"] != entry["bytes"]:
        return f"{actual['bytes']} bytes where {entry['bytes']} were written"
    return "" if actual["sha256"] == entry["sha256"] else "its bytes are others"


def _run_files(folder: Path) -> list[str]:
    """The files of a run, without hidden and unfinished ones and those kept under another name."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    names = (path.relative_to(folder) for path in paths)
    return sorted(
        name.as_posix()
        for name in names
        if name.as_posix() != NAME
        and not any(part.startswith(".") for part in name.parts)
        and not name.name.endswith((output_files.PART_SUFFIX, ASIDE_SUFFIX))
    )


def _file_entry(path: Path, data: bytes | None = None) -> dict[str, Any]:
    size = path.stat().st_size if data is None else len(data)
    return {"sha256": output_files.sha256(path if data is None else data), "bytes": size}


def read_entries(folder: Path) -> dict[str, dict[str, Any]] | None:
    """The entries of the manifest; None if there is none."""
    entries: dict[str, dict[str, Any]] = {}
    try:
        entries = json.loads((folder / NAME).read_text("utf-8"))["files"]
        valid = isinstance(entries, dict) and all(
            isinstance(entry, dict) and isinstance(entry.get("sha256"), str) and isinstance(entry.get("bytes"), int)
            for entry in entries.values()
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        valid = False
    if not valid:
        raise DataError("the run's manifest cannot be read", where=str(folder / NAME), hint="forecast run CONFIG --fresh")
    return entries
