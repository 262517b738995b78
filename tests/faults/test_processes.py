"""Models, zygotes and workers are killed in mid-run: no run is lost, doubled or left without an end."""

import signal
import threading

import psutil
import pytest
from sqlalchemy import text

from contract.run import Status
from engine.models.catalogue import find_app
from engine.processes.limits import InstallationLimits
from engine.runs import job_queue
from engine.runs.cancel import cancel
from engine.runs.recovery import requeue_worker_runs
from storage import orphans, runs
from tests.faults.house import child, gone, until


def kill(house, worker):
    """Kill a worker and see another one start in its place."""
    worker.kill()
    worker.wait()
    house.muster()


def test_a_killed_model_fails_and_its_neighbours_do_not_notice(house, fault):
    run_id, other = house.submit(1, 30), house.submit(2, 2)
    run = house.running(run_id)
    worker, root = house.holder(run)
    house.running(other)
    # The two may share a worker: theirs is the child whose folder was made first.
    found = [p for p in psutil.Process(worker.pid).children(recursive=True) if "run-" in p.cwd()]
    min(found, key=lambda p: p.create_time() if len(found) == 1 else (root / p.cwd()).stat().st_ctime).kill()
    fault()
    later = house.submit(3)
    ended = {r.id: r for r in house.settle()}
    assert ended[run_id].status is Status.FAILED
    assert "SIGKILL" in ended[run_id].reason
    assert ended[other].status is ended[later].status is Status.SUCCESS


def test_a_killed_zygote_costs_no_run(house, fault):
    ids = [house.submit(n, 1.5) for n in range(3)]
    worker, _ = house.holder(house.running(ids[0]))
    child(worker).parent().kill()
    fault()
    house.succeed()


def test_the_runs_of_a_killed_worker_go_to_another_and_its_scratch_is_removed(house, fault):
    ids = [house.submit(n, 2) for n in range(2)]
    first, root = house.holder(house.running(ids[0]))
    house.running(ids[1])
    model = child(first)
    first.kill()
    first.wait()
    fault()
    until(lambda: gone(model))
    assert list((root / "scratch").glob(f"{first.pid}-*/run-*"))
    house.muster()
    assert max(r.attempt for r in house.succeed()) > 1
    until(lambda: not list((root / "scratch").glob(f"{first.pid}-*")))


def test_a_run_that_outlives_too_many_workers_fails_and_says_so(house, fault):
    run_id = house.submit(1, 30)
    attempt = 0
    while not house.run(run_id).status.final:  # a busy machine may take a worker that lives for dead, which counts too
        run = house.running(run_id, attempt + 1)
        attempt = run.attempt
        house.holder(run)[0].kill()
        fault()
        requeue_worker_runs(house.context.database, run.worker, InstallationLimits(attempts=3))
        house.muster()
    (run,) = house.settle()
    assert run.status is Status.FAILED
    assert "lost 3 times" in run.reason


def test_a_run_that_workers_gave_back_has_lost_none_of_them(house, fault):
    run_id = house.submit(1, 30)
    for attempt in (1, 2, 3):
        run = house.running(run_id, attempt)
        with house.context.database.begin() as conn:
            runs.requeue_run(conn, run_id, run.attempt, job_queue.enqueue(conn, run_id))
    run = house.running(run_id, 4)
    with house.context.database.read() as conn:
        before = orphans.count_losses(conn, run)  # a busy machine may have taken a worker that lives for dead
    house.holder(run)[0].kill()
    fault()
    requeue_worker_runs(house.context.database, run.worker, InstallationLimits(attempts=before + 2))
    house.muster()
    house.running(run_id, run.attempt + 1)
    cancel(house.context, run_id)
    (run,) = house.settle()
    assert run.status is Status.CANCELLED


def test_a_stopped_worker_gives_its_runs_back_and_another_finishes_them(house, fault):
    run_id = house.submit(1, 4.5)
    first, root = house.holder(house.running(run_id))
    first.send_signal(signal.SIGTERM)
    fault()
    assert first.wait(30) == 0
    assert not list((root / "scratch").glob(f"{first.pid}-*"))
    (run,) = house.succeed()
    assert run.attempt > 1


def test_a_worker_that_vanishes_and_comes_back_writes_nothing_any_more(house, fault):
    run_id = house.submit(7, 2.5)
    first, _ = house.holder(house.running(run_id))
    first.send_signal(signal.SIGSTOP)
    fault()
    second, _ = house.holder(house.running(run_id, attempt=2))
    assert second.pid != first.pid
    first.send_signal(signal.SIGCONT)
    (run,) = house.succeed()
    assert run.attempt > 1
    # Whether it works on or has ended to be started again, no run that comes later is stuck with it.
    for n in range(10):
        house.submit(n)
    house.succeed()


def test_a_worker_whose_heartbeats_have_stopped_ends_instead_of_working_on_unseen(empty_house, fault):
    """Both its places are taken, so that it asks the queue for nothing: only its heartbeat meets the broken connection."""
    house = empty_house
    first = house.worker("one")
    ids = [house.submit(n, 40) for n in range(2)]
    for i in ids:
        house.running(i)
    with house.context.database.begin() as conn:
        cut = "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'tontine-queue' "
        assert conn.execute(text(cut + "and datname = current_database()")).scalar() > 1
    fault()
    assert first.wait(60) == 1
    for i in ids:
        cancel(house.context, i)
    house.worker("two")
    assert {r.status for r in house.settle()} == {Status.CANCELLED}


def test_one_job_claimed_by_many_at_once_runs_once(empty_house, fault):
    house = empty_house
    ids = [house.submit(n) for n in range(10)]
    gate, claimed = threading.Barrier(8), []

    def claim(name):
        gate.wait()
        for i in ids:
            with house.context.database.begin() as conn:
                if runs.claim_run(conn, i, name) is not None:
                    claimed.append(i)

    threads = [threading.Thread(target=claim, args=(f"host:{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fault()
    assert sorted(claimed) == sorted(ids)
    with house.context.database.begin() as conn:  # given back, each with a second job beside its own
        for i in ids:
            runs.requeue_run(conn, i, 1, job_queue.enqueue(conn, i))
            job_queue.enqueue(conn, i)
    house.muster()
    assert [r.attempt for r in house.succeed()] == [2] * 10


@pytest.mark.parametrize("jump", [pytest.param("1 hour", marks=pytest.mark.slow_faults), "-1 hour"])
def test_a_clock_that_jumps_costs_no_run(house, fault, jump):
    """Heartbeats carry the database's time: what was written before its clock jumped is an hour off afterwards."""
    ids = [house.submit(n, 2) for n in range(4)]
    first, _ = house.holder(house.running(ids[0]))

    def shift():
        with house.context.database.begin() as conn:
            conn.execute(text(f"update procrastinate_workers set last_heartbeat = last_heartbeat + interval '{jump}'"))
            conn.execute(text(f"update workers set heartbeat_at = heartbeat_at + interval '{jump}'"))

    shift()
    fault()
    first.kill()
    first.wait()
    shift()  # nobody will set the dead one's right
    house.muster()
    house.succeed()


def test_a_cancellation_whose_worker_is_lost_ends_as_cancelled(house, fault):
    run_id = house.submit(1, 30)
    worker, _ = house.holder(house.running(run_id))
    worker.send_signal(signal.SIGSTOP)
    cancel(house.context, run_id)
    fault()
    kill(house, worker)
    (run,) = house.settle()
    assert run.status is Status.CANCELLED


def test_a_cancellation_that_no_notification_told_of_is_found_all_the_same(house, fault):
    run_id = house.submit(1, 30)
    house.running(run_id)
    with house.context.database.begin() as conn:
        conn.execute(text("update runs set cancel_requested = true where id = :id"), {"id": run_id})
    fault()
    (run,) = house.settle(20)
    assert run.status is Status.CANCELLED


def test_the_reference_cases_of_a_version_are_run_although_their_worker_was_killed(house, fault):
    code = b"import time\ndef run(inputs):\n    time.sleep(2)\n    return {'summary': {'a': 1}}\n"
    manifest = b'{"name": "Checked", "inputs": {"n": {"type": "number", "default": 1}}}'
    house.add("checked", code, manifest, cases=b'[{"name": "one", "inputs": {}, "expect": {"summary.a": 1}}]')
    model = child(*house.crew.values())
    parents = {p.pid for p in model.parents()}
    kill(house, next(w for w in house.crew.values() if w.pid in parents))
    fault()
    until(lambda: find_app(house.context, "checked").total == 1)
    assert find_app(house.context, "checked").reproduced == 1
