"""Processes are killed in mid-run: no run is lost, doubled or left without an end."""

import signal
import socket
import threading

import psutil
import pytest
from sqlalchemy import text

from contract.run import Status
from engine import queue
from engine.cancel import cancel
from engine.reap import release
from engine.register import register
from engine.submit import find_app, submit
from storage import runs
from tests.faults.conftest import until


def test_a_killed_model_fails_and_its_neighbours_do_not_notice(house, fault):
    worker = house.worker()
    held, other = house.submit(1, 30), house.submit(2, 2)
    house.running(held)
    house.running(other)
    pids = {}
    for process in psutil.Process(worker.pid).children(recursive=True):
        if "run-" in process.cwd():
            pids[process.pid] = process
    assert len(pids) == 2
    # The younger one is the second run's: both were started in order.
    first = min(pids.values(), key=lambda p: p.pid)
    first.kill()
    fault()
    later = house.submit(3)
    ended = {r.id: r for r in house.settle()}
    killed = [r for r in ended.values() if r.status is Status.FAILED]
    assert len(killed) == 1
    assert "SIGKILL" in killed[0].reason
    assert ended[later].status is Status.SUCCESS


def test_a_killed_zygote_costs_no_run(house, fault):
    worker = house.worker()
    ids = [house.submit(n, 1.5) for n in range(3)]
    house.running(ids[0])
    house.child(worker).parent().kill()
    fault()
    ended = house.settle()
    assert [r.status for r in ended] == [Status.SUCCESS] * 3


def test_the_runs_of_a_killed_worker_go_to_another_and_its_scratch_is_removed(house, fault):
    first = house.worker("one")
    ids = [house.submit(n, 2) for n in range(2)]
    for i in ids:
        house.running(i)
    child = house.child(first)
    first.kill()
    first.wait()
    fault()
    psutil.wait_procs([child], timeout=10)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    assert list((house.home / "one" / "scratch").glob("*/run-*"))
    house.worker("one")
    ended = house.settle()
    assert [(r.status, r.attempt) for r in ended] == [(Status.SUCCESS, 2)] * 2
    assert not list((house.home / "one" / "scratch").glob(f"{first.pid}-*"))


def test_a_run_that_outlives_too_many_workers_fails_and_says_so(house, fault):
    held = house.submit(1, 30)
    for attempt in (1, 2, 3):
        worker = house.worker()
        house.running(held, attempt)
        worker.kill()
        worker.wait()
        fault()
        assert release(house.desk.database, f"{socket.gethostname()}:{worker.pid}") == 1
    (run,) = house.settle()
    assert (run.status, run.attempt) == (Status.FAILED, 3)
    assert "lost 3 times" in run.reason


def test_a_stopped_worker_gives_its_runs_back_and_the_next_start_finishes_them(house, fault):
    first = house.worker()
    held = house.submit(1, 5)
    house.running(held)
    first.send_signal(signal.SIGTERM)
    fault()
    assert first.wait(20) == 0
    assert house.run(held).status is Status.PENDING
    assert not list((house.home / "host" / "scratch").glob("*-*"))
    house.worker()
    (run,) = house.settle()
    assert (run.status, run.attempt) == (Status.SUCCESS, 2)


def test_a_worker_that_vanishes_and_comes_back_writes_nothing_any_more(house, fault):
    first = house.worker("one", runs=1)
    held = house.submit(7, 4)
    house.running(held)
    first.send_signal(signal.SIGSTOP)
    zygote = house.child(first).parent()
    fault()
    second = house.worker("two", runs=1)
    house.running(held, attempt=2)
    first.send_signal(signal.SIGCONT)
    (run,) = house.settle()
    assert (run.status, run.attempt) == (Status.SUCCESS, 2)
    assert run.worker.endswith(f":{second.pid}")
    del zygote
    # Whether it works on or has ended to be started again, no run that comes later is stuck with it.
    more = [house.submit(n) for n in range(10)]
    assert all(r.status is Status.SUCCESS for r in house.settle() if r.id in more)


def test_one_job_claimed_by_many_at_once_runs_once(house, fault):
    ids = [house.submit(n) for n in range(10)]
    gate, claimed = threading.Barrier(8), []

    def claim(name):
        gate.wait()
        for i in ids:
            with house.desk.database.begin() as conn:
                if runs.start_run(conn, i, name) is not None:
                    claimed.append(i)

    threads = [threading.Thread(target=claim, args=(f"host:{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fault()
    assert sorted(claimed) == sorted(ids)
    with house.desk.database.begin() as conn:  # given back, each with a second job beside its own
        for i in ids:
            runs.release_run(conn, i, 1, queue.enqueue(conn, i))
            queue.enqueue(conn, i)
    for name in ("one", "two"):
        house.worker(name)
    assert [(r.status, r.attempt) for r in house.settle()] == [(Status.SUCCESS, 2)] * 10


@pytest.mark.parametrize("jump", ["1 hour", "-1 hour"])
def test_a_clock_that_jumps_costs_no_run(house, fault, jump):
    for name in ("one", "two"):
        house.worker(name)
    ids = [house.submit(n, 2) for n in range(4)]
    house.running(ids[0])
    with house.desk.database.begin() as conn:
        conn.execute(text(f"update procrastinate_workers set last_heartbeat = last_heartbeat + interval '{jump}'"))
        conn.execute(text(f"update workers set heartbeat_at = heartbeat_at + interval '{jump}'"))
    fault()
    house.workers[0].kill()
    with house.desk.database.begin() as conn:  # the dead one's stays as it was when the clock jumped
        conn.execute(text(f"update procrastinate_workers set last_heartbeat = last_heartbeat + interval '{jump}'"))
    house.worker("three")
    assert all(r.status is Status.SUCCESS for r in house.settle())


def test_a_cancellation_whose_worker_is_lost_ends_as_cancelled(house, fault):
    worker = house.worker()
    held = house.submit(1, 30)
    house.running(held)
    worker.send_signal(signal.SIGSTOP)
    cancel(house.desk, held)
    worker.kill()
    fault()
    house.worker("two")
    (run,) = house.settle()
    assert run.status is Status.CANCELLED


def test_a_cancellation_that_no_notification_told_of_is_found_all_the_same(house, fault):
    house.worker()
    held = house.submit(1, 30)
    house.running(held)
    with house.desk.database.begin() as conn:
        conn.execute(text("update runs set cancel_requested = true where id = :id"), {"id": held})
    fault()
    (run,) = house.settle(20)
    assert run.status is Status.CANCELLED


def test_a_disk_that_is_full_when_the_result_is_stored_costs_a_wait(house, fault):
    refuse(house, times=2)
    house.worker()
    house.submit(1)
    (run,) = house.settle()
    fault(2)
    assert (run.status, run.attempt) == (Status.SUCCESS, 1)


def test_a_disk_that_stays_full_fails_the_run_and_says_why(house, fault):
    refuse(house, times=10_000)
    house.worker()
    house.submit(1)
    (run,) = house.settle()
    fault()
    assert run.status is Status.FAILED
    assert run.reason.startswith("The result could not be stored:")
    assert "no space left" in run.reason


def test_scratch_that_is_full_fails_the_run_alone(house, fault, tmp_path):
    code = b"def run(inputs):\n    f = open('f', 'wb')\n    while True:\n        f.write(b'x' * 1_000_000)\n        f.flush()\n"
    manifest = b'{"name": "Fills", "inputs": {"n": {"type": "number", "default": 1}}}'
    register(
        house.desk, "fills", {"manifest.json": manifest, "function.py": code}, source={"kind": "local", "path": "f"}
    )
    house.worker(TONTINE_SCRATCH_MB="20")
    house.ids.append(submit(house.desk, "fills", {}, user="ada").id)
    fault()
    beside = house.submit(2)
    ended = {r.id: r for r in house.settle()}
    assert ended.pop(beside).status is Status.SUCCESS
    (full,) = ended.values()
    assert full.status is Status.FAILED


def test_the_reference_cases_of_a_version_are_run_although_their_worker_was_killed(house, fault):
    code = b"import time\ndef run(inputs):\n    time.sleep(2)\n    return {'summary': {'a': 1}}\n"
    files = {
        "manifest.json": b'{"name": "Checked", "inputs": {"n": {"type": "number", "default": 1}}}',
        "cases.json": b'[{"name": "one", "inputs": {}, "expect": {"summary.a": 1}}]',
        "function.py": code,
    }
    register(house.desk, "checked", files, source={"kind": "local", "path": "c"})
    first = house.worker("one")
    house.child(first)
    first.kill()
    first.wait()
    fault()
    house.worker("two")
    until(lambda: find_app(house.desk, "checked").total == 1)
    assert find_app(house.desk, "checked").reproduced == 1


def refuse(house, times):
    """Let the database say `disk full` for the next writes of a result."""
    with house.desk.database.begin() as conn:
        conn.exec_driver_sql("create sequence refused")
        conn.exec_driver_sql(
            "create function refuse() returns trigger language plpgsql as $$ begin "
            f"if nextval('refused') <= {times} then raise exception 'no space left on device' using errcode = '53100'; "
            "end if; return new; end $$"
        )
        conn.exec_driver_sql("create trigger refuse before insert on results for each row execute function refuse()")
