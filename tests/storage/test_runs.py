import contextlib
import uuid

import pytest
from sqlalchemy import text

from contract.errors import TooManyError
from contract.problems import Problem
from contract.run import Status
from storage import fair_queue, runs
from tests.storage.factory import add_app, add_run, document, event_numbers


@pytest.fixture
def app(database):
    with database.begin() as conn:
        return add_app(conn)


def test_a_run_is_stored_with_everything_that_was_submitted(database, app):
    with database.begin() as conn:
        run = add_run(conn, app, {"age": 45, "rate": 2.5}, seed=7, warnings=["far out"])
    with database.read() as conn:
        found = runs.get_run(conn, run.id)
    assert found == run
    assert (found.status, found.inputs, found.seed, found.user) == (Status.PENDING, {"age": 45, "rate": 2.5}, 7, "ada")
    assert (found.app_slug, found.app_name, found.warnings) == ("mortality", "Mortality", ("far out",))


def test_the_same_submission_key_of_the_same_user_is_the_same_run(database, app):
    with database.begin() as conn:
        first = add_run(conn, app, submission_key="press-1")
        again = add_run(conn, app, submission_key="press-1")
        other = add_run(conn, app, submission_key="press-1", user="grace")
    assert first.id == again.id != other.id


def test_a_run_is_claimed_once(database, app):
    with database.begin() as conn:
        run = add_run(conn, app)
    with database.begin() as conn:
        claimed = runs.claim_run(conn, run.id, "w1")
        assert runs.claim_run(conn, run.id, "w2") is None
    assert (claimed.status, claimed.attempt, claimed.worker) == (Status.RUNNING, 1, "w1")


def test_a_worker_that_lost_its_claim_can_write_nothing(database, app):
    with database.begin() as conn:
        run = add_run(conn, app)
        runs.claim_run(conn, run.id, "w1")
        assert runs.requeue_run(conn, run.id, 1, 99)
        second = runs.claim_run(conn, run.id, "w2")
        assert not runs.record_progress(conn, run.id, 1, progress=0.5)
        assert not runs.finish_run(conn, run.id, 1, status=Status.SUCCESS, doc={"summary": {"a": 1}})
        assert document(conn, run.id) is None
        assert runs.finish_run(conn, run.id, second.attempt, status=Status.SUCCESS, doc={"summary": {"a": 2}})
        assert document(conn, run.id) == {"summary": {"a": 2}}
        assert not runs.finish_run(conn, run.id, second.attempt, status=Status.FAILED, reason="late")
        assert runs.get_run(conn, run.id).status is Status.SUCCESS


def test_events_are_numbered_without_gaps_and_the_log_is_in_their_order(database, app):
    with database.begin() as conn:
        run = add_run(conn, app)
        runs.claim_run(conn, run.id, "w1")
        for i in range(3):
            runs.record_progress(
                conn, run.id, 1, progress=i / 2, message=f"m{i}", shown={"summary": {"n": i}}, log=f"line {i}\n"
            )
        assert event_numbers(conn, run.id) == [1, 2, 3, 4]
        now, shown, _, log = runs.read_snapshot(conn, run.id)
    assert (shown, log) == ({"summary": {"n": 2}}, "line 0\nline 1\nline 2\n")
    assert (now.seq, now.progress, now.message) == (4, 1.0, "m2")


def test_a_failed_run_keeps_reason_problems_traceback_log_and_what_was_shown(database, app):
    with database.begin() as conn:
        run = add_run(conn, app)
        runs.claim_run(conn, run.id, "w1")
        runs.finish_run(
            conn,
            run.id,
            1,
            status=Status.FAILED,
            reason="why",
            problems=[Problem("a", "b", "c.")],
            traceback="tb",
            shown={"summary": {"n": 1}},
            log="said",
            peak_memory=5,
            cpu_seconds=0.1,
            environment={"python": "3.11"},
        )
        now, *shown = runs.read_snapshot(conn, run.id)
    assert shown == [{"summary": {"n": 1}}, {}, "said"]
    assert (now.status, now.reason, now.traceback, now.problems) == (
        Status.FAILED,
        "why",
        "tb",
        (Problem("a", "b", "c."),),
    )
    assert (now.peak_memory, now.cpu_seconds, now.environment) == (5, 0.1, {"python": "3.11"})
    assert now.duration is not None


def test_cancelling_ends_a_waiting_run_and_asks_for_the_end_of_a_running_one(database, app):
    with database.begin() as conn:
        waiting, running = add_run(conn, app), add_run(conn, app)
        runs.claim_run(conn, running.id, "w1")
        assert runs.request_cancel(conn, waiting.id).status is Status.CANCELLED
        asked = runs.request_cancel(conn, running.id)
        assert (asked.status, asked.cancel_requested) == (Status.RUNNING, True)
        assert runs.claim_run(conn, waiting.id, "w1") is None
        assert runs.request_cancel(conn, uuid.uuid4()) is None


def test_cancelling_what_has_ended_changes_nothing(database, app):
    with database.begin() as conn:
        run = add_run(conn, app)
        runs.claim_run(conn, run.id, "w1")
        runs.finish_run(conn, run.id, 1, status=Status.SUCCESS, doc={})
        before = runs.get_run(conn, run.id)
        assert runs.request_cancel(conn, run.id) == before


def test_an_equal_run_is_found_whatever_the_order_of_its_inputs_and_only_a_success(database, app):
    with database.begin() as conn:
        run = add_run(conn, app, {"a": 1, "b": [1.5]})
        find = lambda inputs: runs.find_reusable(conn, app.id, app.current_version, inputs)
        assert find({"b": [1.5], "a": 1}) is None
        runs.claim_run(conn, run.id, "w1")
        runs.finish_run(conn, run.id, 1, status=Status.SUCCESS, doc={"summary": {}})
        assert find({"b": [1.5], "a": 1}).id == run.id
        assert find({"a": 1}) is None
        again = add_run(conn, app, {"a": 1, "b": [1.5]}, reused_from=run.id)
        assert (again.status, again.reused_from) == (Status.SUCCESS, run.id)
        assert find({"a": 1, "b": [1.5]}).id == run.id


def test_the_queue_position_counts_the_runs_ahead(database, app):
    with database.begin() as conn:
        first, second = add_run(conn, app, priority=10), add_run(conn, app, priority=10)
        sweep, person = add_run(conn, app, priority=0), add_run(conn, app, priority=10)
        positions = [fair_queue.queue_position(conn, r.id) for r in (first, second, sweep, person)]
    assert positions == [0, 1, 3, 2]


def test_a_transaction_that_fails_leaves_nothing_of_a_result(database, app):
    with database.begin() as conn:
        run = add_run(conn, app)
        runs.claim_run(conn, run.id, "w1")
    with contextlib.suppress(ZeroDivisionError), database.begin() as conn:
        assert runs.finish_run(conn, run.id, 1, status=Status.SUCCESS, doc={"x": 1}, parts={"table": {"a": [1, 2]}})
        1 / 0  # noqa: B018 - an error before the commit
    with database.read() as conn:
        assert document(conn, run.id) is None
        assert runs.get_run(conn, run.id).status is Status.RUNNING


def jobs(conn):
    """Return each job as (id, queue, task, priority, arguments)."""
    found = conn.execute(text("select id, queue_name, task_name, priority, args from procrastinate_jobs order by id"))
    return [tuple(row) for row in found]


def test_a_run_gets_its_job_in_the_same_statement_with_a_priority_by_its_rank(database, app):
    place = runs.QueueSlot("runs", "tontine.run", 1_000_000)
    with database.autocommit() as conn:
        first, second = add_run(conn, app, priority=10, place=place), add_run(conn, app, priority=10, place=place)
        assert (first.rank, second.rank) == (0, 1)
        assert [job[1:] for job in jobs(conn)] == [
            ("runs", "tontine.run", 1_000_000, {"run_id": str(first.id)}),
            ("runs", "tontine.run", 999_999, {"run_id": str(second.id)}),
        ]
        job_ids = conn.execute(text("select job_id from runs order by id")).scalars().all()
        assert job_ids == [job[0] for job in jobs(conn)]


def test_a_submission_that_is_not_a_new_run_leaves_no_job(database, app):
    place = runs.QueueSlot("runs", "tontine.run", 0)
    with database.autocommit() as conn:
        first = add_run(conn, app, submission_key="press-1", most=1, place=place)
        assert add_run(conn, app, submission_key="press-1", place=place).id == first.id
        with pytest.raises(TooManyError):
            add_run(conn, app, most=1, place=place)
        assert len(jobs(conn)) == 1
