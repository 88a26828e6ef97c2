"""Store: answers kept on disk between runs, each under its key and with its hash; a damaged one is as good as none."""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forecast.core import output_files
from forecast.core.errors import WriteError
from forecast.jobs.serialization import pack, unpack

FILE_MARK = b"forecast answer 1"  # the first line of a file; the hash of the rest is the second, its key the third
SUFFIX = ".answer"


@dataclass(frozen=True)
class AnswerStore:
    """A private folder of answers. Nothing in it is executed, and nothing in it is believed whose hash does not agree."""

    folder: Path

    def open(self) -> None:
        """Make the folder, for its owner alone; one that is a link, or another user's, is refused."""
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
        """Keep an answer: on the disk, whole, before this returns."""
        if not self.folder.is_dir():  # another run of the same config has ended and let go of it
            self.open()
        body = key.encode() + b"\n" + pack(answer)
        output_files.write(self.folder, key + SUFFIX, b"\n".join([FILE_MARK, output_files.sha256(body).encode(), body]))

    def read(self, key: str) -> Any | None:
        """An answer; None where there is none, or where what is there is not what was written: it is named and removed."""
        path = self.folder / (key + SUFFIX)
        try:
            return _verify(path.read_bytes(), key)
        except FileNotFoundError:
            return None
        except Exception as error:  # whatever odd bytes can do to a reader; no answer is worth more than its question
            why = error.strerror if isinstance(error, OSError) else str(error) or repr(error)
            print(f"a stored answer is of no use: {why}; it is asked for again\n  at: {path}", file=sys.stderr)
            path.unlink(missing_ok=True)
        return None

    def holds(self, key: str) -> bool:
        """Whether there is an answer, and a sound one."""
        return self.read(key) is not None


def _verify(data: bytes, key: str) -> Any:
    """The answer in a file's bytes; a ValueError where they are not those of `key`."""
    mark, _, rest = data.partition(b"\n")
    wanted, _, body = rest.partition(b"\n")
    owner, _, packed = body.partition(b"\n")
    if mark != FILE_MARK:
        raise ValueError("these are not the bytes of an answer")
    if output_files.sha256(body).encode() != wanted:
        raise ValueError("it is damaged, or cut short")
    if owner != key.encode():
        raise ValueError("it answers another question")
    return unpack(packed)
