"""Run the batches of a stage in processes of this machine and yield each as soon as it is done."""

from __future__ import annotations

import os
import pickle
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from logging import LogRecord
from typing import Any, TypeVar

from forecast.jobs.child_processes import ENVIRONMENT, MAX_DEATHS, initialise_worker, retries_exhausted, while_starting
from forecast.jobs.worker_log import collected_records, log_again

T = TypeVar("T")
R = TypeVar("R")
IDLE_SECONDS = 60  # how long a worker waits for the next stage


def run_in_processes(
    todo: Sequence[T], run: Callable[[T, Any], R], done: Callable[[T], R | None], count: int, shared: Any
) -> Iterator[tuple[T, R]]:
    """The batches as `count` processes finish them, each with what `run` returns; that of a process that died is run again.

    run : answers a batch, given it and `shared`, and stores its result; done : the same of a batch whose result is stored, else
    None; shared : what all batches need, sent to each process once, as it starts. What the package logs there is logged here.
    """
    from concurrent.futures.process import BrokenProcessPool

    remaining, deaths, packed = list(todo), 0, pickle.dumps(shared, protocol=5)
    while remaining:
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="A worker was restarted")  # it had grown, and nothing is lost
                for batch, returned in _run_pool(remaining, run, count, packed):
                    remaining, deaths = [b for b in remaining if b is not batch], 0
                    yield batch, returned
        except BrokenProcessPool:
            deaths += 1
            if deaths == MAX_DEATHS:
                raise retries_exhausted(f"a worker process ended {MAX_DEATHS} times before it had answered") from None
            known = [(batch, done(batch)) for batch in remaining]
            remaining = [batch for batch, returned in known if returned is None]
            yield from ((batch, returned) for batch, returned in known if returned is not None)


def _run_pool(todo: Sequence[T], run: Callable[[T, Any], R], count: int, packed: bytes) -> Iterator[tuple[T, R]]:
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
    _POOL[:] = [executor]
    waiting, running = iter(todo), dict[Future[tuple[R, list[LogRecord]]], T]()
    try:
        while True:
            while len(running) < count and (batch := next(waiting, None)) is not None:
                with while_starting():
                    running[executor.submit(_with_shared, run, batch)] = batch
            if not running:
                return
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                returned, records = future.result()
                log_again(records)
                yield running.pop(future), returned
    except BaseException:
        executor.shutdown(wait=True, kill_workers=True)
        _join_feeders()
        raise


def dismiss_workers() -> None:
    """End the waiting processes: a run that has its answers needs their memory for its tables and pages."""
    while _POOL:
        _POOL.pop().shutdown(wait=True)
        _join_feeders()


def _join_feeders() -> None:
    """Wait for the pool's feeder threads: a semaphore that one frees while Python exits would be reported as leaked."""
    for thread in threading.enumerate():
        if thread.name == "QueueFeederThread":
            thread.join(1)


_POOL: list[Any] = []  # the executor whose processes answer, or wait for the next stage
_SHARED: list[Any] = []  # in a worker process, what all batches need


def _begin_worker(parent: int, packed: bytes) -> None:
    """First call in a worker: prepare the process and keep what all batches need."""
    initialise_worker(parent)
    _SHARED[:] = [pickle.loads(packed)]


def _with_shared(run: Callable[[T, Any], R], batch: T) -> tuple[R, list[LogRecord]]:
    with collected_records() as records:
        return run(batch, _SHARED[0]), records
