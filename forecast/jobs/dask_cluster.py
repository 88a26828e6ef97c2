"""Cluster: a stage's batches done by the workers of a Dask cluster, one of this machine or one that runs elsewhere."""

from __future__ import annotations

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
CONNECT_SECONDS = 10  # seconds within which a scheduler must answer
CALLS_PER_THREAD = 2  # batches handed out for each thread of a worker: the next one waits at the worker while one is answered


@dataclass(frozen=True)
class RemoteScheduler:
    """A scheduler at an address: one that proves itself by TLS certificates (paths of PEM files), or one that is trusted.

    Whoever answers there is sent code and sends code back, so without certificates the whole way must be trusted.
    """

    address: str
    ca: str = ""
    cert: str = ""
    key: str = ""


@dataclass(frozen=True)
class ClusterClient:
    """A Dask cluster whose workers, later ones too, hold what all batches need, under `name`."""

    client: Any
    name: str


@contextlib.contextmanager
def open_cluster(cluster: int | RemoteScheduler, shared: Any) -> Iterator[ClusterClient]:
    """The scheduler at an address, or one of so many processes started here; `shared` goes to each worker once."""
    _require_dask(cluster)
    with _quiet_logs(), _start_local(cluster) if isinstance(cluster, int) else _connect(cluster) as client:
        far = _distribute(client, shared)
        try:
            yield far
        finally:
            if not isinstance(cluster, int):  # workers that we started end with all they hold
                call_all_suppressing(lambda: client.unregister_worker_plugin(far.name))


@contextlib.contextmanager
def _quiet_logs() -> Iterator[None]:
    """What happens to workers is told by our errors, not by the libraries' logs."""
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
    """A client of the scheduler at an address, whose workers have this version of the package."""
    from distributed import Client

    where = _describe(remote)
    security = _tls_security(remote)
    try:
        client = Client(remote.address, timeout=CONNECT_SECONDS, security=security)
    except (OSError, ValueError, TypeError) as error:  # the last one where an address asks for TLS and has no files
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        hint = "the address that `dask scheduler` prints, such as tls://10.0.0.1:8786, and certificates that it knows"
        raise ConfigError(f"no Dask scheduler answers: {reason}", where=where, hint=hint) from None
    try:
        _check_versions(client, where)
        yield client
    finally:
        call_all_suppressing(client.close)


def _tls_security(remote: RemoteScheduler) -> Any:
    """The TLS files of a cluster as Dask takes them; None without any."""
    from distributed.security import Security

    given = {"tls_ca_file": remote.ca, "tls_client_cert": remote.cert, "tls_client_key": remote.key}
    if not any(given.values()):
        return None
    for path in given.values():
        if not Path(path).is_file():
            raise ConfigError("there is no such certificate or key", where=path, hint="the path of a PEM file in [scale], tls")
    return Security(require_encryption=True, **given)


def _check_versions(client: Any, where: str) -> None:
    """Every worker has this version of the package, or the run is refused: numbers would depend on who answers."""
    try:
        found = client.run(_version)
    except ImportError:
        found = {"worker": "none"}
    others = sorted({str(version) for version in found.values()} - {__version__})
    if others:
        told = f"workers have version {', '.join(others)} of this package, here is {__version__}"
        raise ConfigError(told, where=where, hint="the same version everywhere")
    if not found:
        raise ConfigError("the scheduler has no worker", where=where, hint="`dask worker ADDRESS`, on one machine or more")


def _version() -> str:
    return __version__


def _distribute(client: Any, shared: Any) -> ClusterClient:
    """The cluster with `shared` at every worker; data that Dask scatters would be lost with the worker that holds them."""
    from distributed import WorkerPlugin

    class Holding(WorkerPlugin):  # type: ignore[misc,unused-ignore]
        def __init__(self, packed: bytes) -> None:
            self.packed = packed

        def setup(self, worker: Any) -> None:
            self.held = pickle.loads(self.packed)

    far, holding = ClusterClient(client, f"forecast-{uuid.uuid4().hex}"), Holding(pickle.dumps(shared, protocol=5))
    for _ in range(MAX_DEATHS):
        try:
            client.register_plugin(holding, name=far.name)
        except OSError:  # a worker died over it
            continue
        return far
    raise retries_exhausted(f"workers of the cluster ended {MAX_DEATHS} times before they had begun")


def run_on_cluster(far: ClusterClient, calls: Iterable[tuple[Any, ...]], run: Callable[..., T]) -> Iterator[T]:
    """Results of `run(*call, shared)` in the order in which they come; few calls are taken before they can be answered.

    What a worker that died had in hand is done again by another one. Calls travel packed, so that Dask keeps each whole.
    """
    import warnings
    from concurrent.futures import CancelledError

    from distributed import KilledWorker, as_completed
    from distributed.core import CommClosedError

    waiting, running = iter(calls), as_completed()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sending large graph")  # a member's draws travel with what rests on them
        try:
            while True:
                for call in islice(waiting, max(_capacity(far) - running.count(), 0)):
                    packed = pickle.dumps((run, call), protocol=5)
                    running.add(far.client.submit(_call_with_shared, far.name, packed, pure=False))
                if running.is_empty():
                    return
                yield next(running).result()
        except KilledWorker:
            raise retries_exhausted("a batch ended the worker of the cluster that held it, several times over") from None
        except (CancelledError, CommClosedError):
            raise _scheduler_lost() from None


def _capacity(far: ClusterClient) -> int:
    """How many batches may be out: one at least, as a worker that died may be all there was."""
    try:
        threads: dict[str, int] = far.client.nthreads()
    except OSError:
        raise _scheduler_lost() from None
    return max(CALLS_PER_THREAD * sum(threads.values()), 1)


def _scheduler_lost() -> ForecastError:
    return ForecastError("the scheduler of the cluster has gone away", hint="the same command, once it is back")


def _call_with_shared(name: str, packed: bytes) -> Any:
    """A call, made on a worker of the cluster."""
    from distributed import get_worker

    run, call = pickle.loads(packed)
    holding: Any = get_worker().plugins[name]
    return run(*call, holding.held)
