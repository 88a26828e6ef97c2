"""Run the batches of a stage in processes of this machine and yield each as soon as it is done."""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from forecast.jobs.child_processes import ENVIRONMENT, MAX_DEATHS, initialise_worker, retries_exhausted, while_starting

T = TypeVar("T")
IDLE_SECONDS = 60  # how long a worker waits for the next stage


def run_in_processes(
    todo: Sequence[T], run: Callable[[T, Any], None], done: Callable[[T], bool], count: int, shared: Any
) -> Iterator[T]:
    """The batches as `count` processes finish them; the batch of a process that died is run again.

    run : answers a batch, given it and `shared`, and stores its result; done : whether the result is stored; shared : what all
    batches need, sent to each process once, as it starts.
    """
    from concurrent.futures.process import BrokenProcessPool

    remaining, deaths, packed = list(todo), 0, pickle.dumps(shared, protocol=5)
    while remaining:
        try:
            for batch in _run_pool(remaining, run, count, packed):
                remaining, deaths = [b for b in remaining if b is not batch], 0
                yield batch
        except BrokenProcessPool:
            deaths += 1
            if deaths == MAX_DEATHS:
                raise retries_exhausted(f"a worker process ended {MAX_DEATHS} times before it had answered") from None
            stored = [batch for batch in remaining if done(batch)]
            remaining = [batch for batch in remaining if not done(batch)]
            yield from stored


def _run_pool(todo: Sequence[T], run: Callable[[T, Any], None], count: int, packed: bytes) -> Iterator[T]:
    """Run batches in a pool of processes; an interrupt kills the pool and keeps what is stored.

    No more batches are submitted than there are workers, because a queue would delay an interrupt.
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
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                future.result()
                yield running.pop(future)
    except BaseException:
        executor.shutdown(wait=True, kill_workers=True)
        _join_feeders()
        raise


def _join_feeders() -> None:
    """Wait for the pool's feeder threads: a semaphore that one frees while Python exits would be reported as leaked."""
    for thread in threading.enumerate():
        if thread.name == "QueueFeederThread":
            thread.join(1)


_SHARED: list[Any] = []  # in a worker process, what all batches need


def _begin_worker(parent: int, packed: bytes) -> None:
    """First call in a worker: prepare the process and keep what all batches need."""
    initialise_worker(parent)
    _SHARED[:] = [pickle.loads(packed)]


def _with_shared(run: Callable[[T, Any], None], batch: T) -> None:
    run(batch, _SHARED[0])
