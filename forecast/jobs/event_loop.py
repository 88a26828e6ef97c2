"""The event loop on which a Dask cluster and its client run, in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Iterator

from tornado.ioloop import IOLoop

from forecast.core.errors import ForecastError

START_SECONDS = 120.0  # Dask's own thread has ten to come up and then fails an assertion, as happens on a busy machine


@contextlib.contextmanager
def event_loop() -> Iterator[IOLoop]:
    """A running event loop for `SpecCluster(loop=...)` and `Client(loop=...)`, which are closed within the block.

    Raises
    ------
    ForecastError
        If the machine does not start its thread in time.
    """
    running: queue.SimpleQueue[tuple[IOLoop, asyncio.Event]] = queue.SimpleQueue()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(running)), name="event loop of a cluster", daemon=True)
    thread.start()
    try:
        loop, end = running.get(timeout=START_SECONDS)
    except queue.Empty:
        problem = f"the machine did not start a thread within {START_SECONDS:g} seconds"
        raise ForecastError(problem, where="cluster", hint="the same command when it is less busy, or --workers 1") from None
    try:
        yield loop
    finally:
        loop.add_callback(end.set)
        thread.join()


async def _serve(running: queue.SimpleQueue[tuple[IOLoop, asyncio.Event]]) -> None:
    """Hand out this thread's loop, and keep it alive until the event is set."""
    end = asyncio.Event()
    running.put((IOLoop.current(), end))
    await end.wait()
