"""Workers: a stage's batches done by processes of this machine, handed back as soon as each is done."""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from forecast.jobs.child_processes import ENVIRONMENT, MAX_DEATHS, initialise_worker, retries_exhausted, while_starting

T = TypeVar("T")
IDLE_SECONDS = 60  # seconds that a worker waits for the next stage


def run_in_processes(
    todo: Sequence[T], run: Callable[[T, Any], None], done: Callable[[T], bool], count: int, shared: Any
) -> Iterator[T]:
    """The batches as they are done by `count` processes; what a process that died had in hand is done again.

    run : answers a batch, given it and `shared`, and stores its outcome; done : whether it is stored; shared : what all
    batches need, which each process is handed once, as it starts.
    """
    from concurrent.futures.process import BrokenProcessPool

    left, deaths, packed = list(todo), 0, pickle.dumps(shared, protocol=5)
    while left:
        try:
            for batch in _run_pool(left, run, count, packed):
                left, deaths = [b for b in left if b is not batch], 0
                yield batch
        except BrokenProcessPool:
            deaths += 1
            if deaths == MAX_DEATHS:
                raise retries_exhausted(f"a worker process ended {MAX_DEATHS} times before it had answered") from None
            stored = [batch for batch in left if done(batch)]
            left = [batch for batch in left if not done(batch)]
            yield from stored


def _run_pool(todo: Sequence[T], run: Callable[[T, Any], None], count: int, packed: bytes) -> Iterator[T]:
    """Batches over worker processes; an interrupt ends them and leaves what is done.

    No more batches are handed out than there are workers: a queue behind them would stand in the way of an interrupt.
    """
    from concurrent.futures import FIRST_COMPLETED, Future, wait

    from loky import get_reusable_executor

    count = min(count, len(todo))
    with while_starting():
        executor = get_reusable_executor(
            count, timeout=IDLE_SECONDS, env=ENVIRONMENT, initializer=_begin_worker, initargs=(os.getpid(), packed)
        )
    waiting, running = iter(todo), dict[Future[None], T]()
    try:
        while True:
            while len(running) < count and (batch := next(waiting, None)) is not None:
                with while_starting():
                    running[executor.submit(_with_shared, run, batch)] = batch
            if not running:
                return
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                future.result()
                yield running.pop(future)
    except BaseException:
        executor.shutdown(wait=True, kill_workers=True)
        _join_feeders()
        raise


def _join_feeders() -> None:
    """Wait for the threads that fed the pool: one that frees a semaphore while Python ends would have it reported as leaked."""
    for thread in threading.enumerate():
        if thread.name == "QueueFeederThread":
            thread.join(1)


_SHARED: list[Any] = []  # in a worker process: what all batches need


def _begin_worker(parent: int, packed: bytes) -> None:
    """What a worker does first, and what it holds from then on."""
    initialise_worker(parent)
    _SHARED[:] = [pickle.loads(packed)]


def _with_shared(run: Callable[[T, Any], None], batch: T) -> None:
    run(batch, _SHARED[0])
