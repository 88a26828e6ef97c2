"""A local Dask cluster can be reached only with its certificate."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time

import pytest

from forecast.core.errors import ConfigError, ForecastError
from forecast.jobs.dask_cluster import RemoteScheduler, open_cluster, run_on_cluster

distributed = pytest.importorskip("distributed", reason="the extra 'scale' is not installed")
event_loops = pytest.importorskip("forecast.jobs.event_loop")
event_loop = event_loops.event_loop
QUIET = {"dashboard_address": "127.0.0.1:0", "silence_logs": 50}

# asked as somebody else where we may: plainly, with a certificate of one's own, and as a browser
ATTACK = """
import asyncio, os, sys
from distributed.core import rpc
from distributed.security import Security
own = Security.temporary().get_connection_args("client")
async def identity(scheme, port, arguments):
    async with rpc(f"{scheme}://127.0.0.1:{port}", timeout=1, connection_args=arguments) as there:
        return (await there.identity())["type"]
async def page(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.0\\r\\n\\r\\n")
    return "page" if await reader.read(4) == b"HTTP" else ""
async def all_of(ports):
    asked = [ask for p in ports for ask in (identity("tcp", p, {}), identity("tls", p, own), page(p))]
    return await asyncio.gather(*(asyncio.wait_for(ask, 3) for ask in asked), return_exceptions=True)
asyncio.run(all_of([1]))  # libraries are loaded on the way, which nobody may be allowed to read later
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
print(*(a for a in asyncio.run(all_of(map(int, sys.argv[1:]))) if isinstance(a, str) and a))
"""


def listening():
    """(host, port) of all that this process and those below it listen on."""
    import psutil

    me = psutil.Process()
    found = []
    for process in (me, *me.children(recursive=True)):
        connections = getattr(process, "net_connections", None) or process.connections
        found += [tuple(c.laddr) for c in connections("tcp") if c.status == psutil.CONN_LISTEN]
    return found


def answered(ports):
    """What those who have no right to anything are told at some ports."""
    done = subprocess.run([sys.executable, "-c", ATTACK, *map(str, ports)], capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.fixture(scope="module")
def far(tmp_path_factory):
    """A cluster of one process, on a machine where somebody has made the folder that Dask would import from."""
    folder = tmp_path_factory.mktemp("temporary")
    (folder / "dask-scratch-space").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(folder))
        with open_cluster(1, str(folder)) as made:
            yield made


def test_it_listens_on_the_loopback_interface_alone(far):
    found = listening()
    assert len(found) >= 2, "a scheduler and a worker"
    assert {host for host, _ in found} == {"127.0.0.1"}


def test_who_has_no_certificate_of_it_is_reported_nothing(far):
    assert answered([port for _, port in listening()]) == []
    assert next(run_on_cluster(far, [(3,)], shown))[0] == 3, "who has one is"


def test_an_open_cluster_would_have_answered():
    before = listening()
    with event_loop() as loop, distributed.LocalCluster(n_workers=0, dashboard_address=":0", silence_logs=50, loop=loop):
        ports = [port for _, port in set(listening()) - set(before)]
        assert set(answered(ports)) == {"Scheduler", "page"}


def shown(task, shared):
    """The task, and what is imported from at the worker."""
    return task, list(sys.path), shared


def test_nothing_is_imported_from_a_folder_that_somebody_else_may_have_made(far):
    ((_, path, temporary),) = run_on_cluster(far, [(1,)], shown)
    assert any(folder.startswith(temporary) for folder in path), "the worker's own folder"
    for folder in (*path, *sys.path):
        assert not folder.startswith(os.path.join(temporary, "dask-scratch-space"))


@pytest.fixture(scope="module")
def proven(tmp_path_factory):
    """A cluster that asks for certificates, at an address: the address, and files that hold the right ones."""
    folder, made = tmp_path_factory.mktemp("certificates"), distributed.security.Security.temporary()
    for name, text in (("ca", made.tls_ca_file), ("cert", made.tls_client_cert), ("key", made.tls_client_key)):
        (folder / f"{name}.pem").write_text(text, "utf-8")
    with (
        event_loop() as loop,
        distributed.LocalCluster(1, processes=False, protocol="tls://", security=made, loop=loop, **QUIET) as cluster,
    ):
        yield cluster.scheduler_address, [str(folder / f"{name}.pem") for name in ("ca", "cert", "key")]


def test_a_cluster_at_an_address_is_reached_with_its_certificates(proven):
    address, files = proven
    with open_cluster(RemoteScheduler(address, *files), "shared") as far:
        assert sorted((task, shared) for task, _, shared in run_on_cluster(far, [(1,), (2,)], shown)) == [
            (1, "shared"),
            (2, "shared"),
        ]


def test_without_them_it_is_not(proven, monkeypatch):
    monkeypatch.setattr("forecast.jobs.dask_cluster.CONNECT_SECONDS", 0.5)
    address, (ca, cert, _) = proven
    with pytest.raises(ConfigError, match="no Dask scheduler answers"), open_cluster(RemoteScheduler(address), None):
        pass
    with (
        pytest.raises(ConfigError, match="no such certificate") as error,
        open_cluster(RemoteScheduler(address, ca, cert, "x"), None),
    ):
        pass
    assert error.value.where == "x"


def test_a_scheduler_that_goes_away_is_reported(monkeypatch):
    import dask

    monkeypatch.setattr("forecast.jobs.dask_cluster.CONNECT_SECONDS", 0.5)
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "0.5s"}),
        event_loop() as loop,
        distributed.LocalCluster(1, processes=False, protocol="tcp://", loop=loop, **QUIET) as cluster,
        open_cluster(RemoteScheduler(cluster.scheduler_address), None) as far,
    ):
        done = run_on_cluster(far, [(task,) for task in range(20)], shown)
        next(done)
        cluster.sync(cluster.scheduler.close)
        with pytest.raises(ForecastError, match="gone away"):
            list(done)


def test_a_worker_that_dies_before_it_holds_what_all_need_is_replaced(monkeypatch):
    tried = []

    class Client(distributed.Client):
        def register_plugin(self, *arguments, **options):
            tried.append(arguments)
            if len(tried) == 1:
                raise distributed.core.CommClosedError("a worker went away")
            return super().register_plugin(*arguments, **options)

    monkeypatch.setattr("forecast.jobs.private_dask_cluster.Client", Client)
    with open_cluster(1, "shared") as far:
        assert next(run_on_cluster(far, [(1,)], shown))[-1] == "shared"


def test_an_event_loop_that_is_slow_to_start_is_waited_for(monkeypatch):
    run = asyncio.run
    monkeypatch.setattr(event_loops.asyncio, "run", lambda serve: time.sleep(0.3) or run(serve))
    with event_loop() as loop, distributed.LocalCluster(0, loop=loop, **QUIET) as cluster:
        assert cluster.scheduler_address
    assert loop.asyncio_loop.is_closed(), "it ends with the block"


def test_one_that_never_starts_is_reported(monkeypatch):
    monkeypatch.setattr(event_loops, "START_SECONDS", 0.05)
    monkeypatch.setattr(event_loops.asyncio, "run", lambda serve: serve.close())
    with pytest.raises(ForecastError, match="did not start a thread"), event_loop():
        pass


def test_a_scheduler_that_takes_the_connection_and_says_nothing_is_reported(monkeypatch):
    monkeypatch.setattr("forecast.jobs.dask_cluster.CONNECT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        remote = RemoteScheduler(f"tcp://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(ConfigError, match="no Dask scheduler answers"), open_cluster(remote, None):
            pass


def test_nothing_waits_for_the_thread_of_dask_itself(monkeypatch, proven):
    """It has ten seconds to come up, which a busy machine does not give it."""
    from distributed.utils import LoopRunner

    def start(runner):
        assert runner._asynchronous or runner._loop.asyncio_loop.is_running(), "a loop that Dask would start"
        return plain(runner)

    plain = LoopRunner.start
    monkeypatch.setattr(LoopRunner, "start", start)
    address, files = proven
    for cluster in (1, RemoteScheduler(address, *files)):
        with open_cluster(cluster, "shared") as far:
            assert next(run_on_cluster(far, [(1,)], shown))[-1] == "shared"


def test_a_client_that_could_not_connect_is_closed(monkeypatch):
    monkeypatch.setattr("forecast.jobs.dask_cluster.CONNECT_SECONDS", 0.2)
    monkeypatch.setattr("forecast.jobs.dask_cluster._require_an_answer", lambda *asked: None)  # gone since it answered
    made = []
    monkeypatch.setattr(distributed.Client, "__init__", remembering(distributed.Client.__init__, made))
    with (
        pytest.raises(ConfigError, match="no Dask scheduler answers"),
        open_cluster(RemoteScheduler("tcp://127.0.0.1:9"), None),
    ):
        pass
    assert [client.status for client in made] == ["closed"]


def remembering(initialise, made):
    def initialise_and_remember(client, *arguments, **options):
        made.append(client)
        initialise(client, *arguments, **options)

    return initialise_and_remember
