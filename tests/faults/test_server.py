"""The web server is killed or stopped in mid-run, and everything at once."""

import contextlib
import signal

import psutil
import pytest

from contract.run import Status
from storage.server import EmbeddedServer
from tests.faults.cluster import postmaster
from tests.faults.house import House, until
from tests.faults.server import Server


@pytest.fixture
def stage(tmp_path):
    """A server, and a desk on its database that stays when the server goes."""
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


def ends(house, start, ways, fault):
    """Let a run begin, end the server in one way after another, and let the last one finish it."""
    held = house.submit(3, 3 + 2 * len(ways))
    attempt = 1
    for how in ways:
        server = start()
        attempt = house.running(held, attempt).attempt + 1
        left = server.end(how)
        fault()
        assert not [p for p in left if p.is_running() and p.name() != "postgres"], how
        # Its workers have given the run back, or had no time to and the next one's will take it.
        until(lambda: house.run(held).status in {Status.PENDING, Status.RUNNING})
    return held, attempt


@pytest.mark.timeout(240)
def test_a_server_and_then_everything_is_killed_in_mid_run_and_the_next_start_finishes_the_run(stage, fault):
    house, start = stage
    held, attempt = ends(house, start, [signal.SIGKILL], fault)
    for n in range(3):
        house.submit(n, 0.2)
    server = start()
    house.running(held, attempt)
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
    assert ended[held].attempt > attempt


@pytest.mark.slow_faults
@pytest.mark.timeout(300)
def test_however_the_server_ends_in_mid_run_no_process_is_left_and_the_next_start_finishes_the_run(stage, fault):
    house, start = stage
    held, attempt = ends(house, start, [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], fault)
    start()
    ended = {r.id: r for r in house.succeed(90)}
    assert ended[held].attempt >= attempt
