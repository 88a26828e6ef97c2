"""Workers: a stage's batches done by processes of this machine or by a Dask cluster, handed back as soon as each is done."""

from __future__ import annotations

import contextlib
import os
import pickle
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from forecast import __version__
from forecast.core.errors import ConfigError, ForecastError, MissingExtraError

T = TypeVar("T")
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")
DEATHS = 3  # times in a row that a worker may die before a stage is given up
PATIENCE = 10  # seconds within which a scheduler must answer


def by_processes(
    todo: Sequence[T], run: Callable[[T, Any], None], done: Callable[[T], bool], count: int, shared: Any
) -> Iterator[T]:
    """The batches as they are done by `count` processes; what a process that died had in hand is done again.

    run : answers a batch, given it and `shared`, and stores its outcome; done : whether it is stored; shared : what all
    batches need, which each process is handed once, as it starts.
    """
    from concurrent.futures.process import BrokenProcessPool

    _somewhere()
    left, deaths, packed = list(todo), 0, pickle.dumps(shared, protocol=5)
    while left:
        try:
            for batch in _pooled(left, run, count, packed):
                left, deaths = [b for b in left if b is not batch], 0
                yield batch
        except BrokenProcessPool:
            deaths += 1
            if deaths == DEATHS:
                raise _given_up(f"a worker process ended {DEATHS} times before it had answered") from None
            stored = [batch for batch in left if done(batch)]
            left = [batch for batch in left if not done(batch)]
            yield from stored


def _somewhere() -> None:
    """Refuse to start processes from a folder that has been removed: they could not tell where they are."""
    try:
        os.getcwd()
    except OSError:
        hint = "cd to another folder, or --workers 1"
        raise ForecastError("the present folder has been removed", where="--workers", hint=hint) from None


def _given_up(problem: str) -> ForecastError:
    return ForecastError(problem, hint="fewer workers, or more memory for each; the same command goes on from what is done")


def _pooled(todo: Sequence[T], run: Callable[[T, Any], None], count: int, packed: bytes) -> Iterator[T]:
    """Batches over worker processes; an interrupt ends them and leaves what is done.

    No more batches are handed out than there are workers: a queue behind them would stand in the way of an interrupt.
    """
    from concurrent.futures import FIRST_COMPLETED, Future, wait

    from joblib.externals.loky import get_reusable_executor

    count = min(count, len(todo))
    executor = get_reusable_executor(max_workers=count, timeout=60, env=ONE_THREAD, initializer=_begin, initargs=(packed,))
    waiting, running = iter(todo), dict[Future[None], T]()
    try:
        while True:
            while len(running) < count and (batch := next(waiting, None)) is not None:
                running[executor.submit(_with_shared, run, batch)] = batch
            if not running:
                return
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                future.result()
                yield running.pop(future)
    except BaseException:
        executor.shutdown(wait=True, kill_workers=True)
        raise


_HELD: list[Any] = []  # in a worker process: what all batches need


def _begin(packed: bytes) -> None:
    """Hold what all batches need; only the parent answers Ctrl-C, so workers print no tracebacks."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _HELD[:] = [pickle.loads(packed)]


def _with_shared(run: Callable[[T, Any], None], batch: T) -> None:
    run(batch, _HELD[0])


@dataclass(frozen=True)
class Far:
    """A Dask cluster whose workers, later ones too, hold what all batches need, under `name`."""

    client: Any
    name: str


@contextlib.contextmanager
def dask_cluster(cluster: str | int, shared: Any) -> Iterator[Far]:
    """The scheduler at an address, or one of so many processes started here; `shared` goes to each worker once."""
    library = _library(cluster)
    if isinstance(cluster, int):
        _somewhere()
        local = library.LocalCluster(
            n_workers=cluster, threads_per_worker=1, processes=True, dashboard_address=":0", memory_limit=0, silence_logs=50,
        )  # fmt: skip
        with local, library.Client(local) as client, _holding(client, shared) as far:
            yield far
        return
    try:
        client = library.Client(cluster, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        hint = "the address that `dask scheduler` prints, such as tcp://10.0.0.1:8786"
        raise ConfigError(f"no Dask scheduler answers: {reason}", where=f"cluster = {cluster!r}", hint=hint) from None
    with client:
        _same_package(client, cluster)
        with _holding(client, shared) as far:
            yield far


@contextlib.contextmanager
def _holding(client: Any, shared: Any) -> Iterator[Far]:
    """The cluster with `shared` at every worker; data that Dask scatters would be lost with the worker that holds them."""
    from distributed import WorkerPlugin

    class Holding(WorkerPlugin):  # type: ignore[misc,unused-ignore]
        def __init__(self, packed: bytes) -> None:
            self.packed = packed

        def setup(self, worker: Any) -> None:
            self.held = pickle.loads(self.packed)

    far = Far(client, f"forecast-{uuid.uuid4().hex}")
    client.register_plugin(Holding(pickle.dumps(shared, protocol=5)), name=far.name)
    try:
        yield far
    finally:
        client.unregister_worker_plugin(far.name)


def _library(cluster: str | int) -> Any:
    try:
        import distributed
    except ImportError:
        problem = "a cluster needs the libraries dask and distributed"
        raise MissingExtraError(problem, where=f"cluster = {cluster!r}", hint="pip install 'forecast[scale]'") from None
    return distributed


def _same_package(client: Any, cluster: str) -> None:
    """Every worker has this version of the package, or the run is refused: numbers would depend on who answers."""
    try:
        found = client.run(_version)
    except ImportError:
        found = {"worker": "none"}
    where, others = f"cluster = {cluster!r}", sorted({str(version) for version in found.values()} - {__version__})
    if others:
        told = f"workers have version {', '.join(others)} of this package, here is {__version__}"
        raise ConfigError(told, where=where, hint="the same version everywhere")
    if not found:
        raise ConfigError("the scheduler has no worker", where=where, hint="`dask worker ADDRESS`, on one machine or more")


def _version() -> str:
    return __version__


def by_cluster(far: Far, calls: Iterable[tuple[Any, ...]], run: Callable[..., T]) -> Iterator[T]:
    """Results of `run(*call, shared)` in the order in which they come, through joblib's Dask backend.

    What a worker that died had in hand is done again by another one. Calls travel packed, so that Dask keeps each whole.
    """
    import warnings

    import joblib
    from distributed import KilledWorker

    backend = joblib.parallel_config(backend="dask", client=far.client, wait_for_workers_timeout=PATIENCE)
    with warnings.catch_warnings(), backend:
        warnings.filterwarnings("ignore", message="Sending large graph")  # a member's draws travel with what rests on them
        parallel = joblib.Parallel(n_jobs=-1, batch_size=1, return_as="generator_unordered")
        packed = (pickle.dumps((run, call), protocol=5) for call in calls)
        try:
            yield from parallel(joblib.delayed(_unpacked)(far.name, one) for one in packed)
        except KilledWorker:
            raise _given_up("a batch ended the worker of the cluster that held it, several times over") from None


def _unpacked(name: str, packed: bytes) -> Any:
    """A call, made on a worker of the cluster."""
    from distributed import get_worker

    run, call = pickle.loads(packed)
    holding: Any = get_worker().plugins[name]
    return run(*call, holding.held)
