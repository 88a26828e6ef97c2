"""Children: processes started here import nothing from the working directory, and leave Ctrl-C and the last word to us."""

from __future__ import annotations

import contextlib
import multiprocessing.resource_tracker
import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

from forecast.core.errors import ForecastError

ENVIRONMENT = {
    "PYTHONSAFEPATH": "1",  # `python -c` and `python -m` would put the working directory before the libraries
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"),
}
END_SIGNALS = (signal.SIGINT, signal.SIGTERM)  # what a user, or a machine that goes down, ends a command with
MAX_DEATHS = 3  # times in a row that a worker may die before a stage is given up
POLL_SECONDS = 0.5  # seconds between two looks of a worker at whether its parent lives


@contextlib.contextmanager
def inherited_environment() -> Iterator[None]:
    """The variables that children inherit, for as long as they may be started; then ours are as before."""
    before = {name: os.environ.get(name) for name in ENVIRONMENT}
    os.environ.update(ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def while_starting() -> Iterator[None]:
    """A block that starts processes: none is left half started, as an interrupt waits for the block's end, and none hears it.

    A child inherits the signals that its parent's thread blocks, so it is deaf from its first instruction on. From a folder
    that has been removed none is started: it could not tell where it is.
    """
    try:
        os.getcwd()
    except OSError:
        hint = "cd to another folder, or --workers 1"
        raise ForecastError("the present folder has been removed", where="--workers", hint=hint) from None
    with inherited_environment(), _signals_deferred():
        if os.name == "posix":
            multiprocessing.resource_tracker.ensure_running()  # on its way it would unblock what is blocked
        with _interrupts_blocked():
            yield


@contextlib.contextmanager
def _signals_deferred() -> Iterator[None]:
    """Signals that would end us come when the block is done; only the main thread is ever given one."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    heard = {number: signal.getsignal(number) for number in END_SIGNALS}
    heard = {number: handler for number, handler in heard.items() if handler not in (None, signal.SIG_IGN)}
    for number in heard:
        signal.signal(number, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        for number, handler in heard.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Ctrl-C is held back from this thread, and from every thread and process that it starts."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def initialise_worker(parent: int) -> None:
    """What a worker does first: it leaves Ctrl-C to its parent, and ends when the process `parent` has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_exit_with_parent, args=(parent,), daemon=True).start()


def _exit_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(POLL_SECONDS)
    os._exit(1)


def retries_exhausted(problem: str) -> ForecastError:
    """The error of a stage whose workers end again and again."""
    return ForecastError(problem, hint="fewer workers, or more memory for each; the same command goes on from what is done")


def call_all_suppressing(*endings: Any) -> None:
    """Call each, whatever the others raise: what ends a block is no news beside what ended it."""
    for end in endings:
        with contextlib.suppress(Exception):
            end()
