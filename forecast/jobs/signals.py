"""Ctrl-C and SIGTERM end a command in the same way, whatever they interrupt."""

from __future__ import annotations

import contextlib
import logging
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType

from forecast.jobs.child_processes import END_SIGNALS


class Interrupted(BaseException):
    """A signal ended the command; `code` is the exit code that shells expect, 128 plus the number of the signal."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """A block that raises Interrupted after a signal, whatever error an interrupted library makes of it."""
    received: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        received.append(number)
        _silence_threads()
        raise KeyboardInterrupt

    handlers = {number: signal.getsignal(number) for number in END_SIGNALS} if _in_main_thread() else {}
    handlers = {number: handler for number, handler in handlers.items() if handler not in (None, signal.SIG_IGN)}
    for number in handlers:
        signal.signal(number, handle)
    try:
        yield
    except BaseException as error:
        if received or isinstance(error, KeyboardInterrupt):
            raise Interrupted(received[0] if received else signal.SIGINT) from None
        raise
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _silence_threads() -> None:
    """Suppress errors from threads of libraries while the process ends."""
    logging.disable(logging.CRITICAL)
    threading.excepthook = lambda _: None
    sys.unraisablehook = lambda _: None
