"""A word while an answer takes long: after two seconds what is being asked and for how long, on a terminal or in a notebook.

Nothing is said where stderr is no terminal, and configs, which have a bar of their own, never come here.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import threading
import time
from collections.abc import Callable, Iterator

PATIENCE = 2.0  # seconds before anything is said
TICK = 0.5  # seconds between two words in a notebook

Display = Callable[[], contextlib.AbstractContextManager[Callable[[str], None]]]

_progress: list[str] = []
_speaking = threading.Lock()  # one word at a time: the outermost question's


def count_progress(done: int, of: int, what: str) -> None:
    """How far the question that is being answered has come, for the word that is shown of it."""
    _progress[:] = [f": {done} of {of} {what}"]


@contextlib.contextmanager
def saying(text: str) -> Iterator[None]:
    """Context of one question: its text is shown with the seconds so far once it has taken longer than `PATIENCE`."""
    show = _display()
    if show is None or not _speaking.acquire(blocking=False):
        yield
        return
    _progress.clear()
    over = threading.Event()
    speaker = threading.Thread(target=_speak, args=(show, text, over, time.monotonic()), daemon=True)
    speaker.start()
    try:
        yield
    finally:
        over.set()
        speaker.join()
        _speaking.release()


def _speak(show: Display, text: str, over: threading.Event, began: float) -> None:
    if over.wait(PATIENCE):
        return
    with show() as say:
        while True:
            say(f"{text}{''.join(_progress)}, {time.monotonic() - began:.0f} s")
            if over.wait(TICK):
                return


def _display() -> Display | None:
    """Where a word can be shown; None where nobody would see it."""
    shell = sys.modules.get("IPython")
    running = shell.get_ipython() if shell is not None else None
    if running is not None and hasattr(running, "kernel"):
        return _in_notebook
    return _on_terminal if sys.stderr is not None and sys.stderr.isatty() else None


@contextlib.contextmanager
def _on_terminal() -> Iterator[Callable[[str], None]]:
    from rich.console import Console
    from rich.text import Text

    with Console(stderr=True).status("") as status:
        yield lambda text: status.update(Text(text))


@contextlib.contextmanager
def _in_notebook() -> Iterator[Callable[[str], None]]:
    """A line of the cell's output that is written over, and empty in the end."""
    display = importlib.import_module("IPython.display").display

    line = display({"text/plain": ""}, raw=True, display_id=True)
    try:
        yield lambda text: line.update({"text/plain": text}, raw=True)
    finally:
        line.update({"text/plain": ""}, raw=True)
