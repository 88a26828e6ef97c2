"""The seal of what was filed: one root hash over all files, by which whatever changed is recognised and named.

The manifest holds the hash of every file, the root hash is that of the manifest, and the folder's name ends with its first
digits. So a change of a file disagrees with the manifest, a change of the manifest with the name. Who changes all three makes
another root hash, which is told from the one that was published on the day of filing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from forecast.core import manifest, output_files
from forecast.core.errors import DataError

FOLDER = "."  # the folder itself, which was renamed
LATER = "follow"  # folder of what is added later, no part of what was filed
SHOWN = 12  # digits of the root hash in the folder's name
FEWEST = 8  # digits of a root hash that may stand for it
ENDING = re.compile(rf"-[0-9a-f]{{{SHOWN}}}$")  # of the name of a folder that says its root hash


def seal(folder: Path) -> str:
    """Record the hash of every file of a folder, and return the root hash."""
    manifest.seal(folder)
    return root_of(folder)


def root_of(folder: Path) -> str:
    """The root hash of a folder as it stands, "" where it has no manifest."""
    path = folder / manifest.NAME
    return output_files.sha256(path) if path.is_file() else ""


def stands_for(given: str, digest: str) -> bool:
    """Whether digits that someone kept, in groups or capitals too, are the first of a hash, and enough to stand for it."""
    digits = "".join(given.split()).lower()
    return len(digits) >= FEWEST and digest.startswith(digits)


def changes(folder: Path, root: str = "") -> dict[str, str]:
    """Everything that is not as it was filed, by its name, with the change in words; empty if nothing changed.

    root : the root hash that was published on the day of filing, or its first digits (at least `FEWEST`)
    """
    if not manifest.is_sealed(folder):
        return {manifest.NAME: "it is not there"}
    found = root_of(folder)
    if root and not stands_for(root, found):
        return {manifest.NAME: f"its root hash is {found}, and {''.join(root.split()).lower()} was filed"}
    name = folder.resolve().name
    renamed = not name.endswith(f"-{found[:SHOWN]}")
    try:
        changed = _changed_files(folder)
    except DataError as error:
        return {manifest.NAME: error.problem}
    if renamed and not root and ENDING.search(name):  # of another root hash: the manifest or the name is not that of the day
        which = "" if changed else "; or it is the folder that was renamed, which --root with the root hash of the day tells"
        return {manifest.NAME: f"its root hash begins with {found[:SHOWN]}, and the folder is called {name}{which}"}
    if renamed:
        rest = "" if changed else f"; every file in it is as its manifest, with the root hash {found}, says"
        return {FOLDER: f"its name ended with -{found[:SHOWN]}, and is now {name}{rest}"} | changed
    return changed


def describe(folder: Path, changed: Mapping[str, str]) -> str:
    """What changed in words, one paragraph each; a folder under another name is told to be one, and no file to be another."""
    told = [f"the folder was renamed: {changed[FOLDER]}\n  at: {folder}"] if FOLDER in changed else []
    files = {name: change for name, change in changed.items() if name != FOLDER}
    return "\n".join([*told, *([manifest.describe_changes(folder, files)] if files else [])])


def _changed_files(folder: Path) -> dict[str, str]:
    """The files that are not as the manifest says, with the change in words."""
    entries = manifest.read_entries(folder) or {}
    changed = manifest.differences(folder)
    changed |= {name: "a link stands in its place" for name in entries if (folder / name).is_symlink()}
    added = [name for name in _names(folder) if name not in entries and name != manifest.NAME]
    for name in added:
        changed[name] = _origin(folder / name, entries)
    return dict(sorted(changed.items()))


def _names(folder: Path) -> list[str]:
    """Every file and link of a folder, hidden ones too, but for what was added later."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return sorted(path.as_posix() for path in paths if path.parts[0] != LATER)


def _origin(path: Path, entries: dict[str, dict[str, object]]) -> str:
    """What a file that was not filed is: another one under a new name, or new."""
    if path.is_symlink() or not path.is_file():
        return "it was not filed"
    digest = output_files.sha256(path)
    same = [name for name, entry in entries.items() if entry["sha256"] == digest]
    return f"it was not filed; it is {same[0]} under another name" if same else "it was not filed"
