"""Who goes first, with a real worker on a real queue."""

import itertools
import threading
import uuid
from dataclasses import replace

import pytest
from sqlalchemy import text

from contract.run import Status
from engine import queue
from engine.bounds import Bounds
from engine.cancel import cancel
from engine.follow import follow, wait
from engine.submit import submit
from engine.worker import Worker
from storage import runs

ECHO = "def run(inputs):\n    return {'summary': {'n': inputs['n']}}\n"
SLEEP = "import time\ndef run(inputs):\n    yield {'progress': 0.1}\n    time.sleep(60)\n    yield {'summary': {}}\n"


@pytest.fixture
def at_work(desk, tmp_path):
    """Start a worker with the bounds a test wants; it is stopped afterwards."""
    started = []

    def start(bounds=None, **options):
        worker = Worker(desk.database.dsn, bounds=bounds or desk.bounds, data=tmp_path / "worker", **options)
        thread = threading.Thread(target=worker.run)
        thread.start()
        started.append((worker, thread))
        return worker

    yield start
    for worker, thread in started:
        worker.stop()
        worker._give_back()
        thread.join(30)
        assert not thread.is_alive()


def started_order(desk, ids):
    with desk.database.read() as conn:
        found = [runs.get_run(conn, i) for i in ids]
    assert all(r.status is Status.SUCCESS for r in found), [(r.status, r.reason) for r in found]
    return [r.user for r in sorted(found, key=lambda r: r.started_at)]


def test_a_worker_serves_users_in_turn(desk, add_model, at_work):
    slug = add_model(ECHO)
    ids = [submit(desk, slug, {"n": n}, user="ada").id for n in range(6)]
    ids += [submit(desk, slug, {"n": 50 + n}, user="bob").id for n in range(2)]
    at_work(runs_at_once=1)
    for i in ids:
        wait(desk, i, 30)
    assert started_order(desk, ids)[:4] == ["ada", "bob", "ada", "bob"]


def test_a_sweep_that_fills_its_slots_leaves_a_persons_run_its_own(desk, add_model, at_work):
    asleep = add_model(SLEEP, slug="asleep")
    sweep = [submit(desk, asleep, {"n": n}, user="ada", priority=queue.SWEEP, batch=uuid.uuid4()).id for n in range(5)]
    at_work(runs_at_once=1, batch_runs=1)
    run = submit(desk, add_model(ECHO), {"n": 1}, user="ada")
    assert wait(desk, run.id, 30).run.status is Status.SUCCESS
    with desk.database.read() as conn:
        standing = [runs.get_run(conn, i).status for i in sweep]
    assert standing.count(Status.RUNNING) <= 1
    assert Status.SUCCESS not in standing
    for i in sweep:
        cancel(desk, i)


def test_a_worker_that_is_stopped_lets_a_run_end_and_its_job_with_it(desk, add_model, at_work):
    code = (
        "import time\ndef run(inputs):\n    yield {'progress': 0.5}\n    time.sleep(0.5)\n    yield {'summary': {}}\n"
    )
    run = submit(desk, add_model(code), {"n": 1}, user="ada")
    worker = at_work()
    for now in follow(desk, run.id):
        if now is not None and now.run.progress:
            break
    worker.stop()  # the other taker, which has nothing to do, ends before this one
    assert wait(desk, run.id, 10).run.status is Status.SUCCESS
    assert worker._ended.wait(10)
    with desk.database.read() as conn:
        assert conn.execute(text("select count(*) from procrastinate_jobs")).scalar_one() == 0


def test_a_user_has_no_more_runs_going_than_the_cap_and_all_are_run(desk, add_model, at_work):
    capped = replace(desk, bounds=replace(desk.bounds, user_at_once=1))
    slug = add_model(ECHO)
    ids = [submit(capped, slug, {"n": n}, user="ada").id for n in range(4)]
    with desk.database.read() as conn:
        waiting = [runs.get_run(conn, i).status for i in ids]
    assert waiting == [Status.PENDING] * 4
    at_work(bounds=capped.bounds, runs_at_once=3)
    for i in ids:
        assert wait(desk, i, 30).run.status is Status.SUCCESS
    with desk.database.read() as conn:
        found = sorted((runs.get_run(conn, i) for i in ids), key=lambda r: r.started_at)
    assert all(a.finished_at <= b.started_at for a, b in itertools.pairwise(found))


def test_cancelling_a_run_that_was_let_in_lets_the_next_one_in(desk, add_model, at_work):
    capped = replace(desk, bounds=replace(desk.bounds, model_at_once=1))
    slug = add_model(ECHO)
    first, second = (submit(capped, slug, {"n": n}, user=u) for n, u in ((1, "ada"), (2, "bob")))
    cancel(capped, first.id)
    at_work(bounds=capped.bounds)
    assert wait(desk, second.id, 30).run.status is Status.SUCCESS


def test_a_held_run_is_run_even_where_the_workers_know_of_no_cap(desk, add_model, at_work):
    capped = replace(desk, bounds=replace(desk.bounds, user_at_once=1))
    asleep, slug = add_model(SLEEP, slug="asleep"), add_model(ECHO)
    blocking = submit(capped, asleep, {"n": 1}, user="ada")
    held = submit(capped, slug, {"n": 2}, user="ada")
    at_work(bounds=Bounds(stalled=3), runs_at_once=2)
    assert wait(desk, held.id, 30).run.status is Status.SUCCESS
    cancel(desk, blocking.id)
