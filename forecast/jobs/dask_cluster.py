"""Run the batches of a stage on a Dask cluster, one started on this machine or one that runs elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import pickle
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from forecast import __version__
from forecast.core.errors import ConfigError, ForecastError, MissingExtraError
from forecast.jobs.child_processes import MAX_DEATHS, call_all_suppressing, retries_exhausted

T = TypeVar("T")
NOISY_LOGGERS = ("distributed", "tornado", "asyncio")
CONNECT_SECONDS = 10  # timeout for the scheduler's answer
CALLS_PER_THREAD = 2  # so that the next batch is already at the worker when one is finished


@dataclass(frozen=True)
class RemoteScheduler:
    """The address of a scheduler, authenticated by TLS certificates (paths of PEM files) or else trusted.

    Code is sent to it and received from it, so without certificates the whole network path must be trusted.
    """

    address: str
    ca: str = ""
    cert: str = ""
    key: str = ""


@dataclass(frozen=True)
class ClusterClient:
    """A Dask cluster whose workers, including later ones, hold what all batches need as the plugin `name`."""

    client: Any
    name: str


@contextlib.contextmanager
def open_cluster(cluster: int | RemoteScheduler, shared: Any) -> Iterator[ClusterClient]:
    """Connect to a scheduler, or start a cluster of so many processes here; `shared` is sent to each worker once."""
    _require_dask(cluster)
    with _quiet_logs(), _start_local(cluster) if isinstance(cluster, int) else _connect(cluster) as client:
        connected = _distribute(client, shared)
        try:
            yield connected
        finally:
            if not isinstance(cluster, int):  # workers of a cluster started here end with what they hold
                call_all_suppressing(lambda: client.unregister_worker_plugin(connected.name))


@contextlib.contextmanager
def _quiet_logs() -> Iterator[None]:
    """Silence the logs of the libraries: problems with workers are reported by this package's errors."""
    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] in NOISY_LOGGERS]
    before = {logger: logger.level for logger in map(logging.getLogger, names)}
    for logger in before:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in before.items():
            logger.setLevel(level)


def _require_dask(cluster: int | RemoteScheduler) -> None:
    try:
        import cryptography  # noqa: F401
        import distributed  # noqa: F401
    except ImportError:
        problem = "a cluster needs the libraries dask, distributed and cryptography"
        raise MissingExtraError(problem, where=_describe(cluster), hint="pip install 'forecast[scale]'") from None


def _describe(cluster: int | RemoteScheduler) -> str:
    return f"cluster = {cluster!r}" if isinstance(cluster, int) else f"cluster = '{cluster.address}'"


def _start_local(count: int) -> contextlib.AbstractContextManager[Any]:
    from forecast.jobs.private_dask_cluster import private_cluster

    return private_cluster(count)


@contextlib.contextmanager
def _connect(remote: RemoteScheduler) -> Iterator[Any]:
    """A client of the scheduler at an address; its workers must have this version of the package."""
    from distributed import Client

    from forecast.jobs.event_loop import event_loop

    where = _describe(remote)
    security = _tls_security(remote)
    with event_loop() as loop:
        client = Client.__new__(Client)  # at hand before it has connected, so that it is closed even if it never does
        try:
            _initialise(client, remote.address, security, loop, where)
            _check_versions(client, where)
            yield client
        finally:
            call_all_suppressing(client.close)


def _initialise(client: Any, address: str, security: Any, loop: Any, where: str) -> None:
    try:
        _require_an_answer(address, security, loop)
        client.__init__(address, timeout=CONNECT_SECONDS, security=security, loop=loop)
    except (OSError, ValueError, TypeError) as error:  # TypeError if the address requires TLS and no files are given
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        hint = "the address that `dask scheduler` prints, such as tls://10.0.0.1:8786, and certificates that it knows"
        raise ConfigError(f"no Dask scheduler answers: {reason}", where=where, hint=hint) from None


def _require_an_answer(address: str, security: Any, loop: Any) -> None:
    """Ask a scheduler who it is: a client's timeout ends with the connection, and one that then says nothing blocks it."""
    from distributed.core import rpc

    async def ask() -> None:
        arguments = security.get_connection_args("client") if security else {}
        async with rpc(address, timeout=CONNECT_SECONDS, connection_args=arguments) as scheduler:
            await asyncio.wait_for(scheduler.identity(), CONNECT_SECONDS)

    asyncio.run_coroutine_threadsafe(ask(), loop.asyncio_loop).result()


def _tls_security(remote: RemoteScheduler) -> Any:
    """The TLS files as Dask takes them; None without any."""
    from distributed.security import Security

    files = {"tls_ca_file": remote.ca, "tls_client_cert": remote.cert, "tls_client_key": remote.key}
    if not any(files.values()):
        return None
    for path in files.values():
        if not Path(path).is_file():
            raise ConfigError("there is no such certificate or key", where=path, hint="the path of a PEM file in [scale], tls")
    return Security(require_encryption=True, **files)


def _check_versions(client: Any, where: str) -> None:
    """Refuse workers with another version of the package: results would depend on which worker computed them."""
    try:
        versions = client.run(_version)
    except ImportError:
        versions = {"worker": "none"}
    others = sorted({str(version) for version in versions.values()} - {__version__})
    if others:
        problem = f"workers have version {', '.join(others)} of this package, here is {__version__}"
        raise ConfigError(problem, where=where, hint="the same version everywhere")
    if not versions:
        raise ConfigError("the scheduler has no worker", where=where, hint="`dask worker ADDRESS`, on one machine or more")


def _version() -> str:
    return __version__


def _distribute(client: Any, shared: Any) -> ClusterClient:
    """Send `shared` to every worker as a plugin; data that Dask scatters would be lost with the worker that holds them."""
    from distributed import WorkerPlugin

    class SharedData(WorkerPlugin):  # type: ignore[misc,unused-ignore]
        def __init__(self, packed: bytes) -> None:
            self.packed = packed

        def setup(self, worker: Any) -> None:
            self.shared = pickle.loads(self.packed)

    name, plugin = f"forecast-{uuid.uuid4().hex}", SharedData(pickle.dumps(shared, protocol=5))
    for _ in range(MAX_DEATHS):
        try:
            client.register_plugin(plugin, name=name)
        except OSError:  # a worker died meanwhile
            continue
        return ClusterClient(client, name)
    raise retries_exhausted(f"workers of the cluster ended {MAX_DEATHS} times before they had begun")


def run_on_cluster(cluster: ClusterClient, calls: Iterable[tuple[Any, ...]], run: Callable[..., T]) -> Iterator[T]:
    """Results of `run(*call, shared)` in the order in which they arrive; calls are drawn only as workers become free.

    The calls of a worker that died are run again by another. Calls are pickled here, so that Dask does not take them apart.
    """
    import warnings
    from concurrent.futures import CancelledError

    from distributed import KilledWorker, as_completed
    from distributed.core import CommClosedError

    waiting, running = iter(calls), as_completed()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sending large graph")  # a batch is sent with the draws of its members
        try:
            while True:
                for call in islice(waiting, max(_capacity(cluster) - running.count(), 0)):
                    packed = pickle.dumps((run, call), protocol=5)
                    running.add(cluster.client.submit(_call_with_shared, cluster.name, packed, pure=False))
                if running.is_empty():
                    return
                yield next(running).result()
        except KilledWorker:
            raise retries_exhausted("a batch ended the worker of the cluster that held it, several times over") from None
        except (CancelledError, CommClosedError):
            raise _scheduler_lost() from None


def _capacity(cluster: ClusterClient) -> int:
    """How many batches may be submitted; at least one, since a dead worker may have been the only one."""
    try:
        threads: dict[str, int] = cluster.client.nthreads()
    except OSError:
        raise _scheduler_lost() from None
    return max(CALLS_PER_THREAD * sum(threads.values()), 1)


def _scheduler_lost() -> ForecastError:
    return ForecastError("the scheduler of the cluster has gone away", hint="the same command, once it is back")


def _call_with_shared(name: str, packed: bytes) -> Any:
    """Run a pickled call on a worker, with the shared data of its plugin."""
    from distributed import get_worker

    run, call = pickle.loads(packed)
    plugin: Any = get_worker().plugins[name]
    return run(*call, plugin.shared)
