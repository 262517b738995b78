"""The web server is killed or stopped in mid-run, and everything at once."""

import contextlib
import os
import signal
import subprocess
import sys
import urllib.request

import psutil
import pytest

from contract.run import Status
from storage.server import EmbeddedServer
from tests.faults.conftest import ROOT, STALLED, House, free_port, until


class Server:
    """`streamlit run app.py` with its own embedded database and workers."""

    def __init__(self, home):
        self.home, self.port = home, free_port()
        (home / "functions").mkdir(exist_ok=True)
        with (home / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), *self.options()],
                env={
                    **{k: v for k, v in os.environ.items() if k != "DATABASE_URL"},
                    "TONTINE_DATA": str(home),
                    "TONTINE_FUNCTIONS": str(home / "functions"),
                    "TONTINE_WORKERS": "1",
                    "TONTINE_STALLED": str(STALLED),
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=ROOT,
            )
        until(self.answers, 60, 0.2)

    def options(self):
        given = {"port": self.port, "address": "127.0.0.1", "headless": "true"}
        return [f"--server.{name}={value}" for name, value in given.items()]

    def answers(self):
        assert self.process.poll() is None, (self.home / "server.log").read_text()[-2_000:]
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/health", timeout=2) as got,
        ):
            return got.status == 200

    def family(self):
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, how):
        family = self.family()
        self.process.send_signal(how)
        self.process.wait(30)
        return psutil.wait_procs(family, timeout=25)[1]


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


@pytest.mark.timeout(240)
def test_however_the_server_ends_in_mid_run_no_process_is_left_and_the_next_start_finishes_the_run(stage, fault):
    house, start = stage
    held = house.submit(3, 9)
    for attempt, how in enumerate((signal.SIGINT, signal.SIGTERM, signal.SIGKILL), 1):
        server = start()
        house.running(held, attempt)
        left = server.end(how)
        fault()
        assert not [p for p in left if p.is_running() and p.name() != "postgres"], how
        until(lambda: house.run(held).status is Status.PENDING, 15)
    start()
    (run,) = house.settle()
    assert (run.status, run.attempt) == (Status.SUCCESS, 4)


@pytest.mark.timeout(180)
def test_everything_is_killed_at_once_and_starts_again(tmp_path, fault):
    with EmbeddedServer(tmp_path / "postgres") as url:
        house = House(url, tmp_path)
        for n in range(3):
            house.submit(n, 0.2)
        held = house.submit(9, 5)
        house.desk.close()
    server = Server(tmp_path)
    house = again(tmp_path, house)
    house.running(held)
    house.desk.close()
    family = server.family() + [p for p in psutil.process_iter() if mentions(p, tmp_path)]
    for process in (psutil.Process(server.process.pid), *family):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    server.process.wait()
    psutil.wait_procs(family, timeout=10)
    fault(len(family) + 1)
    server = Server(tmp_path)
    house = again(tmp_path, house)
    ended = house.settle()
    assert {r.status for r in ended} == {Status.SUCCESS}
    assert next(r for r in ended if r.id == held).attempt == 2
    house.close()
    server.end(signal.SIGTERM)


def mentions(process, folder):
    with contextlib.suppress(psutil.Error):
        return process.name() == "postgres" and str(folder) in " ".join(process.cmdline())
    return False


def again(home, before):
    """Open a desk on the database of a server that is running."""
    house = House(EmbeddedServer(home / "postgres").url, home)
    house.ids = before.ids
    return house
