"""The order in which runs are served, with a real worker on a real queue."""

import itertools
import threading
import uuid
from dataclasses import replace

import pytest
from sqlalchemy import text

from contract.actor import Actor
from contract.run import Status
from engine.processes.limits import InstallationLimits
from engine.processes.worker import Worker
from engine.runs import job_queue
from engine.runs.cancel import cancel
from engine.runs.follow import follow, wait_for_end
from engine.runs.submit import submit
from storage import runs
from tests.actors import ADA, BOB

ECHO = "def run(inputs):\n    return {'summary': {'n': inputs['n']}}\n"
SLEEP = "import time\ndef run(inputs):\n    yield {'progress': 0.1}\n    time.sleep(60)\n    yield {'summary': {}}\n"


@pytest.fixture
def at_work(context, tmp_path):
    """Start a worker with the limits a test wants; it is stopped afterwards."""
    started = []

    def start(limits=None, **options):
        worker = Worker(context.database.dsn, limits=limits or context.limits, data=tmp_path / "worker", **options)
        thread = threading.Thread(target=worker.run)
        thread.start()
        started.append((worker, thread))
        return worker

    yield start
    for worker, thread in started:
        worker.stop()
        worker._end_runs()
        thread.join(30)
        assert not thread.is_alive()


def started_order(context, ids):
    with context.database.read() as conn:
        found = [runs.get_run(conn, i) for i in ids]
    assert all(r.status is Status.SUCCESS for r in found), [(r.status, r.reason) for r in found]
    return [r.user for r in sorted(found, key=lambda r: r.started_at)]


def test_a_worker_serves_users_alternately(context, add_model, at_work):
    slug = add_model(ECHO)
    ids = [submit(context, slug, {"n": n}, actor=ADA).id for n in range(6)]
    ids += [submit(context, slug, {"n": 50 + n}, actor=BOB).id for n in range(2)]
    at_work(runs_at_once=1)
    for i in ids:
        wait_for_end(context, i, 30, actor=ADA)
    assert started_order(context, ids)[:4] == ["ada", "bob", "ada", "bob"]


def test_a_sweep_that_fills_its_slots_leaves_the_slots_of_single_runs_free(context, add_model, at_work):
    asleep = add_model(SLEEP, slug="asleep")
    sweep = [
        submit(context, asleep, {"n": n}, actor=ADA, priority=job_queue.BATCH_PRIORITY, batch=uuid.uuid4()).id
        for n in range(5)
    ]
    at_work(runs_at_once=1, batch_runs=1)
    run = submit(context, add_model(ECHO), {"n": 1}, actor=ADA)
    assert wait_for_end(context, run.id, 30, actor=ADA).run.status is Status.SUCCESS
    with context.database.read() as conn:
        standing = [runs.get_run(conn, i).status for i in sweep]
    assert standing.count(Status.RUNNING) <= 1
    assert Status.SUCCESS not in standing
    for i in sweep:
        cancel(context, i, actor=ADA)


def test_a_worker_that_is_stopped_lets_its_run_end_and_removes_the_job(context, add_model, at_work):
    code = (
        "import time\ndef run(inputs):\n    yield {'progress': 0.5}\n    time.sleep(0.5)\n    yield {'summary': {}}\n"
    )
    run = submit(context, add_model(code), {"n": 1}, actor=ADA)
    worker = at_work()
    for now in follow(context, run.id, actor=ADA):
        if now is not None and now.run.progress:
            break
    worker.stop()  # the consumer of the other queue has nothing to do and ends before this one
    assert wait_for_end(context, run.id, 10, actor=ADA).run.status is Status.SUCCESS
    assert worker._ended.wait(10)
    with context.database.read() as conn:
        assert conn.execute(text("select count(*) from procrastinate_jobs")).scalar_one() == 0


def test_a_user_has_no_more_running_runs_than_the_cap_and_all_are_executed(context, add_model, at_work):
    capped = replace(context, limits=replace(context.limits, max_running_per_user=1))
    slug = add_model(ECHO)
    ids = [submit(capped, slug, {"n": n}, actor=ADA).id for n in range(4)]
    with context.database.read() as conn:
        waiting = [runs.get_run(conn, i).status for i in ids]
    assert waiting == [Status.PENDING] * 4
    at_work(limits=capped.limits, runs_at_once=3)
    for i in ids:
        assert wait_for_end(context, i, 30, actor=ADA).run.status is Status.SUCCESS
    with context.database.read() as conn:
        found = sorted((runs.get_run(conn, i) for i in ids), key=lambda r: r.started_at)
    assert all(a.finished_at <= b.started_at for a, b in itertools.pairwise(found))


def test_cancelling_an_admitted_run_admits_the_next_one(context, add_model, at_work):
    capped = replace(context, limits=replace(context.limits, max_running_per_model=1))
    slug = add_model(ECHO)
    first, second = (submit(capped, slug, {"n": n}, actor=Actor(u)) for n, u in ((1, "ada"), (2, "bob")))
    cancel(capped, first.id, actor=ADA)
    at_work(limits=capped.limits)
    assert wait_for_end(context, second.id, 30, actor=ADA).run.status is Status.SUCCESS


def test_a_run_on_hold_is_executed_even_where_the_workers_have_no_cap(context, add_model, at_work):
    capped = replace(context, limits=replace(context.limits, max_running_per_user=1))
    asleep, slug = add_model(SLEEP, slug="asleep"), add_model(ECHO)
    blocking = submit(capped, asleep, {"n": 1}, actor=ADA)
    on_hold = submit(capped, slug, {"n": 2}, actor=ADA)
    at_work(limits=InstallationLimits(worker_timeout=3), runs_at_once=2)
    assert wait_for_end(context, on_hold.id, 30, actor=ADA).run.status is Status.SUCCESS
    cancel(context, blocking.id, actor=ADA)
