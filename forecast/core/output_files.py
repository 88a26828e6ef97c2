"""Write files atomically, under names that stay inside their folder and never through a symbolic link."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path

from forecast.core.errors import WriteError

PART_SUFFIX = ".part"  # suffix of a file that is not complete yet
MAX_LENGTH = 80  # characters of a sanitised name; many file systems allow 255 bytes
RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?$")  # names that Windows reserves for devices


def write(root: Path, name: str, data: bytes | str) -> Path:
    """Write the file `root`/`name`, create its folders, and return its path.

    The bytes are written to a temporary file, flushed to the disk, and renamed over an older file, so that after a crash or
    for a concurrent reader there is either the old file or the new one. Below `root` no symbolic link is followed: a linked
    folder is refused, a linked file replaced. The mode is 0666 less the umask.
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
    """The path of a name below `root`; a name that leads out of it is refused."""
    parts = Path(name).parts
    if not parts or Path(name).is_absolute() or ".." in parts:
        raise WriteError(f"'{name}' leads out of its folder", where=str(root), hint="a name without '..' and without a drive")
    return root.joinpath(*parts)


def _refuse_links(root: Path, folder: Path) -> None:
    """Refuse a folder that is reached from `root` through a symbolic link."""
    at = root
    for part in folder.relative_to(root).parts:
        at = at / part
        if at.is_symlink():
            raise WriteError("a symbolic link stands where a folder should be", where=str(at), hint="remove the link")


def _write_flushed(part: Path, data: bytes) -> None:
    descriptor = os.open(
        part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0), 0o666
    )
    with open(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def segment(name: str) -> str:
    """Any text as one component of a path; a name that must be changed gets a hash, so that names stay distinct."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", name).lstrip(".")[:MAX_LENGTH]
    if safe and safe == name and not RESERVED.match(safe):
        return name
    mark = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{'_' if RESERVED.match(safe) else ''}{safe or 'name'}-{mark}"


def sha256(source: Path | bytes) -> str:
    """SHA-256 of bytes, or of a file, in hexadecimal digits."""
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    with source.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unfinished_files(folder: Path) -> list[Path]:
    """Incomplete files below `folder`; symbolic links are not followed."""
    return [Path(parent) / name for parent, _, names in os.walk(folder) for name in names if name.endswith(PART_SUFFIX)]
