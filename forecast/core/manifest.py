"""Manifest: every file of a finished run folder with its hash, so that what was written can be told from what is there."""

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
ASIDE_SUFFIX = ".changed"  # how the name of a file ends that was not what was written, and was set aside


def seal(folder: Path, names: Iterable[str] | None = None) -> None:
    """Write down the hashes of all files of a run folder; where `names` are given, of these alone, the others staying."""
    known = {} if names is None else _read_entries(folder) or {}
    chosen = _run_files(folder) if names is None else sorted(names)
    known |= {name: _file_entry(folder / name) for name in chosen}
    text = json.dumps({"files": dict(sorted(known.items()))}, indent=1, ensure_ascii=False)
    output_files.write(folder, NAME, text + "\n")


def is_sealed(folder: Path) -> bool:
    """Whether the folder says of its files what was written; older folders, and interrupted runs, do not."""
    return (folder / NAME).is_file()


def differences(folder: Path) -> dict[str, str]:
    """Files that are not what was written, each with what is wrong; nothing where there is no manifest."""
    return {name: wrong for name in _read_entries(folder) or {} if (wrong := difference(folder, name))}


def set_aside(folder: Path, names: Iterable[str] | None = None) -> dict[str, str]:
    """Keep the changed files of a folder (of `names`, if given) under another name before they are made again; say which."""
    changed = differences(folder)
    found = {name: wrong for name, wrong in changed.items() if names is None or name in set(names)}
    for name in found:
        with contextlib.suppress(FileNotFoundError):
            os.replace(folder / name, folder / f"{name}{ASIDE_SUFFIX}")
    return found


def describe_changes(folder: Path, changed: Mapping[str, str]) -> str:
    """Changed files in words, a line each."""
    return "\n".join(f"{name} is not what was written: {wrong}\n  at: {folder / name}" for name, wrong in changed.items())


def difference(folder: Path, name: str, data: bytes | None = None) -> str:
    """What is wrong with one file ("" if nothing is, or if the manifest does not name it); `data` are its bytes, if read."""
    entry = (_read_entries(folder) or {}).get(name)
    if entry is None:
        return ""
    try:
        found = _file_entry(folder / name, data)
    except OSError:
        return "it is not there"
    if found["bytes"] != entry["bytes"]:
        return f"{found['bytes']} bytes where {entry['bytes']} were written"
    return "" if found["sha256"] == entry["sha256"] else "its bytes are others"


def _run_files(folder: Path) -> list[str]:
    """The files of a run, hidden ones, unfinished ones and those set aside left out."""
    found = (path for path in folder.rglob("*") if path.is_file())
    names = (path.relative_to(folder) for path in found)
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


def _read_entries(folder: Path) -> dict[str, dict[str, Any]] | None:
    """The entries; None where there is no manifest."""
    found: dict[str, dict[str, Any]] = {}
    try:
        found = json.loads((folder / NAME).read_text("utf-8"))["files"]
        sound = isinstance(found, dict) and all(
            isinstance(entry, dict) and isinstance(entry.get("sha256"), str) and isinstance(entry.get("bytes"), int)
            for entry in found.values()
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        sound = False
    if not sound:
        raise DataError("the run's manifest cannot be read", where=str(folder / NAME), hint="forecast run CONFIG --fresh")
    return found
