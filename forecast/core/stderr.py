"""Messages on stderr, which never end a command: one that nobody can receive is dropped, and so are those after it."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator


def write_line(text: str) -> None:
    """Write a line on stderr at once; where stderr is closed, its reader is gone or its disk is full, write nothing."""
    with dropped_if_lost():
        print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def dropped_if_lost() -> Iterator[None]:
    """A block that only writes on stderr; from the first write that fails on, stderr leads nowhere."""
    if sys.stderr is None:  # closed before Python began; `print` would take stdout in its place
        _lead_nowhere()
    try:
        yield
    except (OSError, ValueError):  # ValueError: the file object is closed
        _lead_nowhere()


def _lead_nowhere() -> None:
    """Replace stderr, so that neither a later message nor the flush at exit fails, which would change the exit code."""
    nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  (it stays open as long as the process)
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(nowhere.fileno(), sys.stderr.fileno())
    sys.stderr = nowhere
