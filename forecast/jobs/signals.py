"""Interrupts: Ctrl-C and SIGTERM end a command the same way every time, whatever they break off."""

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
    """A signal ended the command; `code` is the exit code that shells expect, 128 and the signal's number."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """A block that ends with Interrupted once a signal has come, whatever error the library it broke off makes of that."""
    came: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        came.append(number)
        _silence_threads()
        raise KeyboardInterrupt

    heard = {number: signal.getsignal(number) for number in END_SIGNALS} if _in_main_thread() else {}
    heard = {number: handler for number, handler in heard.items() if handler not in (None, signal.SIG_IGN)}
    for number in heard:
        signal.signal(number, note)
    try:
        yield
    except BaseException as error:
        if came or isinstance(error, KeyboardInterrupt):
            raise Interrupted(came[0] if came else signal.SIGINT) from None
        raise
    finally:
        for number, handler in heard.items():
            signal.signal(number, handler)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _silence_threads() -> None:
    """The process is about to end: what threads of the libraries still fall over is no news."""
    logging.disable(logging.CRITICAL)
    threading.excepthook = lambda _: None
    sys.unraisablehook = lambda _: None
