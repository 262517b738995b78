"""Models, zygotes and workers are killed during runs: no run is lost, duplicated or left without an end."""

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
from tests.actors import ADA
from tests.faults.installation import has_ended, model_process, until


def kill_and_replace(installation, worker):
    """Kill a shared worker and start another in its place."""
    worker.kill()
    worker.wait()
    installation.restart_shared_workers()


def test_a_killed_model_fails_and_other_runs_are_not_affected(installation, count_fault):
    long_run = installation.submit(1, 30)
    run = installation.running(long_run)
    worker, root = installation.worker_of(run)
    other = installation.submit(2, 2)  # only now: two runs submitted together may start in either order
    installation.running(other)
    # Both runs may be on one worker: then the first run's process is the one whose folder was made first.
    found = [p for p in psutil.Process(worker.pid).children(recursive=True) if "run-" in p.cwd()]
    min(found, key=lambda p: p.create_time() if len(found) == 1 else (root / p.cwd()).stat().st_ctime).kill()
    count_fault()
    later = installation.submit(3)
    ended = {r.id: r for r in installation.wait_for_all()}
    assert ended[long_run].status is Status.FAILED
    assert "SIGKILL" in ended[long_run].reason
    assert ended[other].status is ended[later].status is Status.SUCCESS


def test_no_run_is_lost_with_a_killed_zygote(installation, count_fault):
    ids = [installation.submit(n, 1.5) for n in range(3)]
    worker, _ = installation.worker_of(installation.running(ids[0]))
    model_process(worker).parent().kill()
    count_fault()
    installation.expect_success()


def test_the_runs_of_a_killed_worker_go_to_another_and_its_scratch_is_removed(installation, count_fault):
    ids = [installation.submit(n, 2) for n in range(2)]
    first, root = installation.worker_of(installation.running(ids[0]))
    installation.running(ids[1])
    model = model_process(first)
    first.kill()
    first.wait()
    count_fault()
    until(lambda: has_ended(model))
    assert list((root / "scratch").glob(f"{first.pid}-*/run-*"))
    installation.restart_shared_workers()
    assert max(r.attempt for r in installation.expect_success()) > 1
    until(lambda: not list((root / "scratch").glob(f"{first.pid}-*")))


def test_a_run_whose_workers_were_lost_too_often_fails_with_that_reason(installation, count_fault):
    long_run = installation.submit(1, 30)
    attempt = 0
    while not installation.run(
        long_run
    ).status.final:  # on a busy machine a living worker may count as dead, which is an attempt too
        run = installation.running(long_run, attempt + 1)
        attempt = run.attempt
        installation.worker_of(run)[0].kill()
        count_fault()
        requeue_worker_runs(installation.context.database, run.worker, InstallationLimits(attempts=3))
        installation.restart_shared_workers()
    (run,) = installation.wait_for_all()
    assert run.status is Status.FAILED
    assert "lost 3 times" in run.reason


def test_a_run_that_workers_put_back_does_not_count_them_as_lost(installation, count_fault):
    long_run = installation.submit(1, 30)
    for attempt in (1, 2, 3):
        run = installation.running(long_run, attempt)
        with installation.context.database.begin() as conn:
            runs.requeue_run(conn, long_run, run.attempt, job_queue.enqueue(conn, long_run))
    run = installation.running(long_run, 4)
    with installation.context.database.read() as conn:
        before = orphans.count_losses(conn, run)  # on a busy machine a living worker may have counted as dead
    installation.worker_of(run)[0].kill()
    count_fault()
    requeue_worker_runs(installation.context.database, run.worker, InstallationLimits(attempts=before + 2))
    installation.restart_shared_workers()
    installation.running(long_run, run.attempt + 1)
    cancel(installation.context, long_run, actor=ADA)
    (run,) = installation.wait_for_all()
    assert run.status is Status.CANCELLED


def test_a_stopped_worker_puts_its_runs_back_and_another_finishes_them(installation, count_fault):
    long_run = installation.submit(1, 4.5)
    first, root = installation.worker_of(installation.running(long_run))
    first.send_signal(signal.SIGTERM)
    count_fault()
    assert first.wait(30) == 0
    assert not list((root / "scratch").glob(f"{first.pid}-*"))
    (run,) = installation.expect_success()
    assert run.attempt > 1


def test_a_worker_that_is_suspended_and_resumed_writes_nothing_any_more(installation, count_fault):
    long_run = installation.submit(7, 2.5)
    first, _ = installation.worker_of(installation.running(long_run))
    first.send_signal(signal.SIGSTOP)
    count_fault()
    second, _ = installation.worker_of(installation.running(long_run, attempt=2))
    assert second.pid != first.pid
    first.send_signal(signal.SIGCONT)
    (run,) = installation.expect_success()
    assert run.attempt > 1
    # Whether it goes on or has ended, no later run is stuck with it.
    for n in range(10):
        installation.submit(n)
    installation.expect_success()


def test_a_worker_whose_heartbeats_have_stopped_ends(empty_installation, count_fault):
    """Both its slots are occupied, so that it fetches no job: only its heartbeat uses the broken connection."""
    installation = empty_installation
    first = installation.start_worker("one")
    ids = [installation.submit(n, 40) for n in range(2)]
    for i in ids:
        installation.running(i)
    with installation.context.database.begin() as conn:
        cut = "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'tontine-queue' "
        assert conn.execute(text(cut + "and datname = current_database()")).scalar() > 1
    count_fault()
    assert first.wait(60) == 1
    for i in ids:
        cancel(installation.context, i, actor=ADA)
    installation.start_worker("two")
    assert {r.status for r in installation.wait_for_all()} == {Status.CANCELLED}


def test_one_job_claimed_by_many_at_once_runs_once(empty_installation, count_fault):
    installation = empty_installation
    ids = [installation.submit(n) for n in range(10)]
    barrier, claimed = threading.Barrier(8), []

    def claim(name):
        barrier.wait()
        for i in ids:
            with installation.context.database.begin() as conn:
                if runs.claim_run(conn, i, name) is not None:
                    claimed.append(i)

    threads = [threading.Thread(target=claim, args=(f"host:{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    count_fault()
    assert sorted(claimed) == sorted(ids)
    with installation.context.database.begin() as conn:  # put back in the queue, each with two jobs
        for i in ids:
            runs.requeue_run(conn, i, 1, job_queue.enqueue(conn, i))
            job_queue.enqueue(conn, i)
    installation.restart_shared_workers()
    assert [r.attempt for r in installation.expect_success()] == [2] * 10


@pytest.mark.parametrize("jump", [pytest.param("1 hour", marks=pytest.mark.slow_faults), "-1 hour"])
def test_no_run_is_lost_when_the_clock_jumps(installation, count_fault, jump):
    """Heartbeats carry the database's time: after its clock has jumped, the ones written before are an hour off."""
    ids = [installation.submit(n, 2) for n in range(4)]
    first, _ = installation.worker_of(installation.running(ids[0]))

    def shift():
        with installation.context.database.begin() as conn:
            conn.execute(text(f"update procrastinate_workers set last_heartbeat = last_heartbeat + interval '{jump}'"))
            conn.execute(text(f"update workers set heartbeat_at = heartbeat_at + interval '{jump}'"))

    shift()
    count_fault()
    first.kill()
    first.wait()
    shift()  # the dead worker sends no heartbeat that would correct it
    installation.restart_shared_workers()
    installation.expect_success()


def test_a_cancellation_whose_worker_is_lost_ends_as_cancelled(installation, count_fault):
    long_run = installation.submit(1, 30)
    worker, _ = installation.worker_of(installation.running(long_run))
    worker.send_signal(signal.SIGSTOP)
    cancel(installation.context, long_run, actor=ADA)
    count_fault()
    kill_and_replace(installation, worker)
    (run,) = installation.wait_for_all()
    assert run.status is Status.CANCELLED


def test_a_cancellation_whose_notification_was_lost_is_still_found(installation, count_fault):
    long_run = installation.submit(1, 30)
    installation.running(long_run)
    with installation.context.database.begin() as conn:
        conn.execute(text("update runs set cancel_requested = true where id = :id"), {"id": long_run})
    count_fault()
    (run,) = installation.wait_for_all(20)
    assert run.status is Status.CANCELLED


def test_the_reference_cases_of_a_version_are_run_although_their_worker_was_killed(installation, count_fault):
    code = b"import time\ndef run(inputs):\n    time.sleep(2)\n    return {'summary': {'a': 1}}\n"
    manifest = b'{"name": "Checked", "inputs": {"n": {"type": "number", "default": 1}}}'
    installation.add("checked", code, manifest, cases=b'[{"name": "one", "inputs": {}, "expect": {"summary.a": 1}}]')
    model = model_process(*installation.shared_workers.values())
    parents = {p.pid for p in model.parents()}
    kill_and_replace(installation, next(w for w in installation.shared_workers.values() if w.pid in parents))
    count_fault()
    until(lambda: find_app(installation.context, "checked", actor=ADA).total == 1)
    assert find_app(installation.context, "checked", actor=ADA).reproduced == 1
