"""Private cluster: a Dask cluster of processes of this machine, which nobody but us can reach."""

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

from forecast.jobs.child_processes import call_all_suppressing, inherited_environment, retries_exhausted, while_starting

POLL_SECONDS = 0.02  # seconds between two looks at which workers there are
CLOSE_SECONDS = 10  # seconds within which a cluster without workers must have ended


class _NoHttpServer:
    """Starts no HTTP server: pages on the work under way are open to everybody on the machine."""

    def start_http_server(self, *arguments: Any, **options: Any) -> None:
        """Nothing listens."""


class PrivateScheduler(_NoHttpServer, Scheduler):  # type: ignore[misc,unused-ignore]
    """A scheduler without pages."""


class PrivateWorker(_NoHttpServer, Worker):  # type: ignore[misc,unused-ignore]
    """A worker without pages."""


@contextlib.contextmanager
def private_cluster(count: int) -> Iterator[Client]:
    """A client of `count` workers of one thread each, replaced when they die; all end with the block, whatever they do.

    What listens does so on the loopback interface alone and asks for a certificate, made for this cluster and kept in memory.
    """
    security = Security.temporary()
    with inherited_environment(), tempfile.TemporaryDirectory(prefix="forecast-") as folder, contextlib.ExitStack() as stack:
        # scheduler and workers import from their folder, which would be one that everybody may make
        ours = {"temporary-directory": folder, "distributed.nanny.pre-spawn-environ": {}}
        with while_starting(), dask.config.set(ours):  # an interrupt comes after it, when the stack ends all there is
            cluster = stack.enter_context(_start(count, security))
            client = Client(cluster, security=security)
            stack.callback(call_all_suppressing, client.close)
        yield client


@contextlib.contextmanager
def _start(count: int, security: Security) -> Iterator[SpecCluster]:
    """A scheduler and so many workers for the length of a block: then they end at once, whatever they do."""
    try:
        cluster = SpecCluster(
            scheduler={"cls": PrivateScheduler, "options": _options(security, dashboard=False)},
            workers={name: {"cls": Nanny, "options": _worker(security)} for name in range(count)},
            security=security,
            shutdown_on_close=False,  # at the exit of the interpreter: we have closed it by then
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
    """One worker and the nanny that starts it again."""
    return _options(security, nthreads=1, memory_limit=0, worker_class=PrivateWorker, silence_logs=logging.CRITICAL)


def _kill_workers(cluster: SpecCluster, closed: threading.Event) -> None:
    """Kill the workers of a cluster that is being closed, those too that are just being started again.

    What they answer now nobody would take, and the cluster would wait for each that is busy or has to begin first.
    """
    nannies = list(cluster.workers.values())
    while not closed.wait(POLL_SECONDS):
        for nanny in nannies:
            nanny.auto_restart = False
            if (number := nanny.pid) is not None:
                with contextlib.suppress(OSError):
                    os.kill(number, getattr(signal, "SIGKILL", signal.SIGTERM))
