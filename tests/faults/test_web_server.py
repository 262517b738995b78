"""The web server is killed or stopped during a run, and every process at once."""

import contextlib
import re
import signal
import urllib.request

import psutil
import pytest

from storage.embedded_postgres import EmbeddedServer
from tests.faults.installation import Installation
from tests.faults.postgres_server import postmaster
from tests.faults.web_server import WebServer


@pytest.fixture
def embedded(tmp_path):
    """An installation on an embedded database, which stays when the web server ends, and a function that starts one."""
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(EmbeddedServer(tmp_path / "postgres"))
        installation = Installation(url, tmp_path)
        stack.callback(installation.close)
        servers = []

        def start():
            servers.append(WebServer(tmp_path))
            return servers[-1]

        yield installation, start
        for server in servers:
            if server.process.poll() is None:
                server.stop(signal.SIGTERM)


@pytest.mark.slow_faults
@pytest.mark.timeout(240)
def test_every_process_is_killed_at_once_during_a_run_and_the_next_start_finishes_the_run(embedded, count_fault):
    installation, start = embedded
    long_run = installation.submit(3, 5)
    for n in range(3):
        installation.submit(n, 0.2)
    server = start()
    attempt = installation.running(long_run).attempt
    everything = [psutil.Process(server.process.pid), *server.descendants()]
    database = psutil.Process(postmaster(installation.home / "postgres" / "data"))
    everything += [database, *database.children(recursive=True)]
    for process in everything:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    server.process.wait()
    count_fault(len(everything))
    start()
    ended = {r.id: r for r in installation.expect_success(90)}
    assert ended[long_run].attempt > attempt


@pytest.mark.slow_faults
@pytest.mark.timeout(300)
def test_however_the_server_ends_during_a_run_no_process_is_left_and_the_next_start_finishes_the_run(
    embedded, count_fault
):
    installation, start = embedded
    long_run = installation.submit(3, 9)
    attempt = 1
    for how in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        server = start()
        attempt = installation.running(long_run, attempt).attempt + 1
        left = server.stop(how)
        count_fault()
        assert not [p for p in left if p.is_running() and p.name() != "postgres"], how
    start()
    ended = {r.id: r for r in installation.expect_success(90)}
    assert ended[long_run].attempt >= attempt


@pytest.mark.slow_faults
@pytest.mark.timeout(300)
def test_a_server_told_to_stop_ends_the_streams_of_events_and_the_reader_goes_on_at_the_next_start(
    embedded, count_fault
):
    installation, start = embedded
    long_run = installation.submit(3, 9)
    server = start()
    installation.running(long_run)
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/api/runs/{long_run}/events", timeout=60) as answer:
        assert answer.readline() == b"event: status\n"
        left = server.stop(signal.SIGTERM)
        count_fault()
        read = answer.read().decode()  # to its end: nothing was cut off
    assert not [p for p in left if p.is_running() and p.name() != "postgres"]
    last = int(re.findall(r"^id: (\d+)$", read, re.MULTILINE)[-1])
    server = start()
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}/api/runs/{long_run}/events", headers={"Last-Event-ID": str(last)}
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        rest = answer.read().decode()
    assert int(re.findall(r"^id: (\d+)$", rest, re.MULTILINE)[0]) > last
    assert '"status": "SUCCESS"' in rest.split("\n\n")[-2]
    installation.expect_success(90)
