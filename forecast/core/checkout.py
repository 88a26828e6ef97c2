"""The commit of a git checkout, read from its files; nothing is run for it."""

from __future__ import annotations

import re
from pathlib import Path

_HASH = re.compile(r"[0-9a-f]{40,64}")


def checked_out_commit(folder: Path) -> str:
    """The hash of the commit that a folder is checked out at; empty where the folder is no checkout of its own."""
    git = folder / ".git"
    try:
        if git.is_file():  # a worktree points to its folder
            git = (folder / git.read_text("utf-8").partition("gitdir:")[2].strip()).resolve()
        head = (git / "HEAD").read_text("utf-8").strip()
        if not head.startswith("ref:"):
            return head if _HASH.fullmatch(head) else ""
        name = head.partition(":")[2].strip()
        common = git / "commondir"
        home = (git / common.read_text("utf-8").strip()).resolve() if common.is_file() else git
        for place in (git / name, home / name):
            if place.is_file():
                found = place.read_text("utf-8").strip()
                return found if _HASH.fullmatch(found) else ""
        packed = (home / "packed-refs").read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    return next((line.split()[0] for line in packed if line.endswith(f" {name}") and _HASH.match(line)), "")
