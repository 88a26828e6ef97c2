"""Child processes that import nothing from the working directory and leave Ctrl-C to their parent."""

from __future__ import annotations

import contextlib
import multiprocessing.resource_tracker
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator

from forecast.core.errors import ForecastError

ENVIRONMENT = {
    "PYTHONSAFEPATH": "1",  # `python -c` and `python -m` would put the working directory before the libraries
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"),
}
END_SIGNALS = (signal.SIGINT, signal.SIGTERM)  # sent by a user, or by a machine that shuts down
MAX_DEATHS = 3  # consecutive deaths of workers after which a stage is abandoned
POLL_SECONDS = 0.5  # interval at which a worker checks that its parent is alive


@contextlib.contextmanager
def inherited_environment() -> Iterator[None]:
    """Set the environment variables that children inherit while they are started; ours are restored afterwards."""
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
    """A block that starts processes. An interrupt waits for its end, so none is left half started, and does not reach them.

    A child inherits the signals that its parent's thread blocks, so it ignores Ctrl-C from its first instruction on. Nothing is
    started from a working directory that has been removed, since a child could not determine its own.
    """
    try:
        os.getcwd()
    except OSError:
        hint = "cd to another folder, or --workers 1"
        raise ForecastError("the present folder has been removed", where="--workers", hint=hint) from None
    with inherited_environment(), _signals_deferred():
        if os.name == "posix":
            multiprocessing.resource_tracker.ensure_running()  # its start would unblock the signals
        with _interrupts_blocked():
            yield


@contextlib.contextmanager
def _signals_deferred() -> Iterator[None]:
    """Defer signals that would end this process until the block is done; Python delivers them to the main thread alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []
    handlers = {number: signal.getsignal(number) for number in END_SIGNALS}
    handlers = {number: handler for number, handler in handlers.items() if handler not in (None, signal.SIG_IGN)}
    for number in handlers:
        signal.signal(number, lambda number, frame: received.append(number))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if received:
            signal.raise_signal(received[0])


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Block Ctrl-C in this thread and in every thread and process that it starts."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def initialise_worker(parent: int) -> None:
    """First call in a worker: ignore Ctrl-C, and exit once the process `parent` has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_exit_with_parent, args=(parent,), daemon=True).start()


def _exit_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(POLL_SECONDS)
    os._exit(1)


def retries_exhausted(problem: str) -> ForecastError:
    """The error of a stage whose workers die repeatedly."""
    return ForecastError(problem, hint="fewer workers, or more memory for each; the same command goes on from what is done")


def call_all_suppressing(*cleanups: Callable[[], object]) -> None:
    """Call each and suppress what it raises, so that an error of the clean-up does not hide the one that led to it."""
    for cleanup in cleanups:
        with contextlib.suppress(Exception):
            cleanup()
