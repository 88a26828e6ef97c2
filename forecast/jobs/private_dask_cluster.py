"""A Dask cluster of local processes that no other user of the machine can reach."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from typing import Any

import dask
from distributed import Client, Nanny, Scheduler, SpecCluster, Worker
from distributed.security import Security
from tornado.ioloop import IOLoop

from forecast.jobs.child_processes import call_all_suppressing, inherited_environment, retries_exhausted, while_starting
from forecast.jobs.event_loop import event_loop

POLL_SECONDS = 0.02  # interval at which workers are looked for
CLOSE_SECONDS = 10  # timeout for closing a cluster whose workers are gone


class _NoHttpServer:
    """Starts no HTTP server, whose pages every user of the machine could read."""

    def start_http_server(self, *arguments: Any, **options: Any) -> None:
        """Start nothing."""


class PrivateScheduler(_NoHttpServer, Scheduler):  # type: ignore[misc,unused-ignore]
    """A scheduler without an HTTP server."""


class PrivateWorker(_NoHttpServer, Worker):  # type: ignore[misc,unused-ignore]
    """A worker without an HTTP server."""


@contextlib.contextmanager
def private_cluster(count: int) -> Iterator[Client]:
    """A client of `count` workers with one thread each, restarted if they die; all are killed at the end of the block.

    Scheduler and workers listen on the loopback interface alone and require a certificate made for this cluster in memory.
    """
    security = Security.temporary()
    with inherited_environment(), tempfile.TemporaryDirectory(prefix="forecast-") as folder, contextlib.ExitStack() as stack:
        # scheduler and workers import from their folder; Dask's default is one that any user could create
        settings = {"temporary-directory": folder, "distributed.nanny.pre-spawn-environ": {}}
        with while_starting(), dask.config.set(settings):  # an interrupt arrives after it, when the stack can close everything
            loop = stack.enter_context(event_loop())
            cluster = stack.enter_context(_start(count, security, loop))
            client = Client(cluster, security=security, loop=loop)
            stack.callback(call_all_suppressing, client.close)
        yield client


@contextlib.contextmanager
def _start(count: int, security: Security, loop: IOLoop) -> Iterator[SpecCluster]:
    """A scheduler and so many workers for the length of a block; they are killed at its end."""
    try:
        cluster = SpecCluster(
            scheduler={"cls": PrivateScheduler, "options": _options(security, dashboard=False)},
            workers={name: {"cls": Nanny, "options": _worker(security)} for name in range(count)},
            security=security,
            loop=loop,
            shutdown_on_close=False,  # it is closed below
        )
    except RuntimeError as error:
        raise retries_exhausted(f"the processes of a cluster cannot be started: {error}") from None
    try:
        yield cluster
    finally:
        closed = threading.Event()
        thread = threading.Thread(target=_kill_workers, args=(cluster, closed), daemon=True)
        thread.start()
        try:
            call_all_suppressing(lambda: cluster.close(timeout=CLOSE_SECONDS))
        finally:
            closed.set()
            thread.join()


def _options(security: Security, **more: Any) -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": 0, "protocol": "tls://", "security": security, **more}


def _worker(security: Security) -> dict[str, Any]:
    return _options(security, nthreads=1, memory_limit=0, worker_class=PrivateWorker, silence_logs=logging.CRITICAL)


def _kill_workers(cluster: SpecCluster, closed: threading.Event) -> None:
    """Kill the workers of a cluster that is being closed, including those that are just being restarted.

    Their results are no longer needed, and closing would wait for every worker that is busy or starting.
    """
    nannies = list(cluster.workers.values())
    while not closed.wait(POLL_SECONDS):
        for nanny in nannies:
            nanny.auto_restart = False
            if (pid := nanny.pid) is not None:
                with contextlib.suppress(OSError):
                    os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
