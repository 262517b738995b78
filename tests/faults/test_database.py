"""The database is killed, in mid-run and in mid-commit, and stays away for a while."""

import contextlib
import os
import signal
import threading
import time

import psutil
import psycopg
import pytest

from contract.run import Status
from engine.follow import wait
from storage.database import DatabaseUnavailable
from storage.server import EmbeddedServer
from tests.faults.conftest import TALLY, House, until

KILLS = 3
AWAY = 10.0  # s


@pytest.mark.timeout(180)
def test_a_database_killed_again_and_again_under_load_loses_nothing_that_was_accepted(tmp_path, fault):
    """Commits are under way at every kill: eight threads submit, and two workers store, all the time."""
    with contextlib.ExitStack() as stack:
        server = EmbeddedServer(tmp_path / "postgres")
        house = House(stack.enter_context(server), tmp_path)
        stack.callback(house.close)
        house.keep(2)
        wait(house.desk, house.submit(), 30)
        stop, accepted = threading.Event(), []

        def submit_on(who):
            n = 0
            while not stop.is_set():
                key = f"{who}-{n}"
                try:  # what was not answered is asked again under its key, as a page does
                    accepted.append(house.submit(n, 0.05, key))
                except (DatabaseUnavailable, psycopg.Error):
                    time.sleep(0.05)
                    continue
                n += 1
                time.sleep(0.1)

        threads = [threading.Thread(target=submit_on, args=(who,)) for who in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(KILLS):
            time.sleep(1.5)
            before = len(accepted)
            kill_embedded(server)
            fault()
            until(lambda before=before: len(accepted) > before + 4, 60)
        stop.set()
        for thread in threads:
            thread.join()
        assert len(set(accepted)) == len(accepted)
        ended = house.settle(90)
        assert {r.status for r in ended} == {Status.SUCCESS}


def kill_embedded(server):
    pid = None
    for process in psutil.process_iter(["name", "cmdline"]):
        if process.info["name"] == "postgres" and str(server.data) in (process.info["cmdline"] or []):
            pid = process.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


@pytest.mark.timeout(180)
def test_a_database_that_is_away_for_a_while_costs_a_wait(far_house, cluster, fault):
    far_house.keep(2)
    ids = [far_house.submit(n, 4) for n in range(2)] + [far_house.submit(n, 0.2) for n in range(2, 12)]
    far_house.running(ids[0])
    cluster.stop("immediate")
    fault()
    with pytest.raises(DatabaseUnavailable):
        far_house.run(ids[0])
    time.sleep(AWAY)
    cluster.start()
    ended = far_house.settle(90)
    assert {r.status for r in ended} == {Status.SUCCESS}
    assert TALLY["lost"] == 0


def test_a_run_that_ends_while_the_database_is_away_keeps_its_result(far_house, cluster, fault):
    far_house.worker(TONTINE_STALLED="20")
    held = far_house.submit(5, 2)
    far_house.running(held)
    cluster.kill()
    fault()
    time.sleep(3)
    cluster.start()
    (run,) = far_house.settle()
    assert (run.status, run.attempt) == (Status.SUCCESS, 1)
