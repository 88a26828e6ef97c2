"""Answers stored on disk between runs, each under its key and with its hash; a damaged answer counts as missing."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forecast.core import output_files
from forecast.core.errors import WriteError
from forecast.core.steps import logger
from forecast.jobs.serialization import pack, unpack

FILE_MARK = b"forecast answer 1"  # first line of a file; the second is the hash of the rest, the third the key
SUFFIX = ".answer"
LOG = logger(__name__)


@dataclass(frozen=True)
class AnswerStore:
    """A private folder of answers. Nothing in it is ever executed, and an answer whose hash does not match is discarded."""

    folder: Path

    def open(self) -> None:
        """Create the folder with access for its owner alone; refuse a symbolic link or another user's folder."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            state = self.folder.lstat()
            if not stat.S_ISDIR(state.st_mode) or (hasattr(os, "getuid") and state.st_uid != os.getuid()):
                problem = "the folder of stored answers is a link, or another user's"
                raise WriteError(problem, where=str(self.folder), hint="remove it, or --out DIR, a folder of your own")
            self.folder.chmod(0o700)
        except OSError as error:
            hint = "--out DIR, a folder that may be written to"
            raise WriteError(f"no answer can be kept: {error.strerror}", where=str(self.folder), hint=hint) from None

    def write(self, key: str, answer: Any) -> None:
        """Store an answer; it is complete on the disk when this returns."""
        if not self.folder.is_dir():  # another run of the same config has finished and removed it
            self.open()
        body = key.encode() + b"\n" + pack(answer)
        output_files.write(self.folder, key + SUFFIX, b"\n".join([FILE_MARK, output_files.sha256(body).encode(), body]))

    def read(self, key: str) -> Any | None:
        """A stored answer, or None. A file that is not what was written is removed, with a warning in the log."""
        path = self.folder / (key + SUFFIX)
        try:
            return _verify(path.read_bytes(), key)
        except FileNotFoundError:
            return None
        except Exception as error:  # damaged bytes can raise anything; the answer can always be computed again
            reason = error.strerror if isinstance(error, OSError) else str(error) or repr(error)
            LOG.warning("a stored answer is of no use: %s; it is asked for again\n  at: %s", reason, path)
            path.unlink(missing_ok=True)
        return None

    def holds(self, key: str) -> bool:
        """Whether an intact answer is stored."""
        return self.read(key) is not None


def _verify(data: bytes, key: str) -> Any:
    """The answer in the bytes of a file; a ValueError if they are not an intact answer of `key`."""
    mark, _, rest = data.partition(b"\n")
    digest, _, body = rest.partition(b"\n")
    owner, _, packed = body.partition(b"\n")
    if mark != FILE_MARK:
        raise ValueError("these are not the bytes of an answer")
    if output_files.sha256(body).encode() != digest:
        raise ValueError("it is damaged, or cut short")
    if owner != key.encode():
        raise ValueError("it answers another question")
    return unpack(packed)
