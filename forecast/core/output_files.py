"""Files written whole or not at all, under names that stay inside their folder, never through a symbolic link."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path

from forecast.core.errors import WriteError

PART_SUFFIX = ".part"  # how the name of a file ends that is not whole yet
MAX_LENGTH = 80  # characters of a name made safe: many file systems take 255 bytes
RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?$")  # names that Windows keeps for devices


def write(root: Path, name: str, data: bytes | str) -> Path:
    """Write the file `root`/`name` (its folders are made) and return its path.

    The bytes go to a file of another name, are flushed to the disk, and take the place of an older file by a rename, so that
    a reader, a killed process or a power cut finds the old file or the new one, nothing between. Below `root` no symbolic
    link is followed: a linked folder is refused, a linked file replaced. The mode is the usual one (0666 less the umask).
    """
    path = _path_inside(root, name)
    part = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}{PART_SUFFIX}")
    try:
        _refuse_links(root, path.parent)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            _write_flushed(part, data.encode("utf-8") if isinstance(data, str) else data)
            os.replace(part, path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        hint = "room on the disk, the right to write there, or another folder; what is done is kept"
        raise WriteError(f"the file cannot be written: {error.strerror}", where=str(path), hint=hint) from None
    return path


def _path_inside(root: Path, name: str) -> Path:
    """The path of a name below `root`; one that leads out of it is refused."""
    parts = Path(name).parts
    if not parts or Path(name).is_absolute() or ".." in parts:
        raise WriteError(f"'{name}' leads out of its folder", where=str(root), hint="a name without '..' and without a drive")
    return root.joinpath(*parts)


def _refuse_links(root: Path, folder: Path) -> None:
    """Refuse a folder that is reached from `root` over a symbolic link."""
    at = root
    for part in folder.relative_to(root).parts:
        at = at / part
        if at.is_symlink():
            raise WriteError("a symbolic link stands where a folder should be", where=str(at), hint="remove the link")


def _write_flushed(part: Path, data: bytes) -> None:
    """A new file with these bytes, on the disk and not only on its way there."""
    number = os.open(
        part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0), 0o666
    )
    with open(number, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def segment(name: str) -> str:
    """Any text as one part of a path; a name that has to be changed gets a hash, so that no two become one."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", name).lstrip(".")[:MAX_LENGTH]
    if safe and safe == name and not RESERVED.match(safe):
        return name
    mark = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{'_' if RESERVED.match(safe) else ''}{safe or 'name'}-{mark}"


def sha256(what: Path | bytes) -> str:
    """Hash of some bytes, or of a file's, as hexadecimal digits."""
    if isinstance(what, bytes):
        return hashlib.sha256(what).hexdigest()
    with what.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unfinished_files(folder: Path) -> list[Path]:
    """Files that were never finished, below `folder`, links not followed."""
    return [Path(at) / name for at, _, names in os.walk(folder) for name in names if name.endswith(PART_SUFFIX)]
