"""The web server is killed or stopped in mid-run, and everything at once."""

import contextlib
import signal

import psutil
import pytest

from storage.embedded_postgres import EmbeddedServer
from tests.faults.cluster import postmaster
from tests.faults.house import House
from tests.faults.server import Server


@pytest.fixture
def stage(tmp_path):
    """A server, and a context on its database that stays when the server goes."""
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(EmbeddedServer(tmp_path / "postgres"))
        house = House(url, tmp_path)
        stack.callback(house.close)
        servers = []

        def start():
            servers.append(Server(tmp_path))
            return servers[-1]

        yield house, start
        for server in servers:
            if server.process.poll() is None:
                server.end(signal.SIGTERM)


@pytest.mark.slow_faults
@pytest.mark.timeout(240)
def test_everything_is_killed_at_once_in_mid_run_and_the_next_start_finishes_the_run(stage, fault):
    house, start = stage
    run_id = house.submit(3, 5)
    for n in range(3):
        house.submit(n, 0.2)
    server = start()
    attempt = house.running(run_id).attempt
    everything = [psutil.Process(server.process.pid), *server.family()]
    database = psutil.Process(postmaster(house.home / "postgres" / "data"))
    everything += [database, *database.children(recursive=True)]
    for process in everything:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    server.process.wait()
    fault(len(everything))
    start()
    ended = {r.id: r for r in house.succeed(90)}
    assert ended[run_id].attempt > attempt


@pytest.mark.slow_faults
@pytest.mark.timeout(300)
def test_however_the_server_ends_in_mid_run_no_process_is_left_and_the_next_start_finishes_the_run(stage, fault):
    house, start = stage
    run_id = house.submit(3, 9)
    attempt = 1
    for how in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        server = start()
        attempt = house.running(run_id, attempt).attempt + 1
        left = server.end(how)
        fault()
        assert not [p for p in left if p.is_running() and p.name() != "postgres"], how
    start()
    ended = {r.id: r for r in house.succeed(90)}
    assert ended[run_id].attempt >= attempt
