import pytest

from contract.run import Status
from engine.runs.recorder import TAKEN_OVER, Recorder
from engine.runs.submit import submit
from engine.sandbox.job import CancelToken, Progress
from storage import runs
from tests.actors import ADA
from tests.faults.installation import until

WAITING = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"


@pytest.fixture
def run(context, add_model):
    waiting = submit(context, add_model("def run(inputs):\n    return {}\n"), {}, actor=ADA)
    with context.database.begin() as conn:
        return runs.claim_run(conn, waiting.id, "host:1")


@pytest.fixture
def cancel():
    made = CancelToken()
    yield made
    made.close()


@pytest.fixture
def record(context, run, cancel):
    made = Recorder(context.database, run, cancel)
    yield made
    made.close()


def kept(context, run):
    with context.database.read() as conn:
        return runs.read_snapshot(conn, run.id)


def test_an_event_is_accepted_while_the_database_blocks_an_earlier_one_and_nothing_of_it_is_lost(context, run, record):
    with context.database.begin() as conn:
        conn.exec_driver_sql("select 1 from runs for update")
        for n in range(5):  # each returns although no event can be stored before this block ends
            record(Progress(n / 10, None, {"summary": {"n": n}, f"key {n}": n}, f"line {n}\n"))
        assert kept(context, run)[0].progress is None
    until(lambda: kept(context, run)[0].progress == 0.4)
    _, shown, _, log = kept(context, run)
    assert shown == {"summary": {"n": 4}} | {f"key {n}": n for n in range(5)}
    assert log == "".join(f"line {n}\n" for n in range(5))


def test_an_event_of_a_run_that_another_worker_has_claimed_ends_this_attempt(context, run, record, cancel):
    with context.database.begin() as conn:
        runs.requeue_run(conn, run.id, run.attempt, 0)
        taken = runs.claim_run(conn, run.id, "host:2")
    record(Progress(0.5, None, {}, ""))
    until(lambda: cancel.reason == TAKEN_OVER)
    assert record.lost
    assert kept(context, taken)[0].progress is None


def test_an_event_that_arrives_after_the_end_of_the_run_changes_nothing(context, run, record, cancel):
    with context.database.begin() as conn:
        runs.finish_run(conn, run.id, run.attempt, status=Status.FAILED, reason="It ended.")
        record(Progress(0.5, "late", {"summary": {"n": 1}}, ""))
        with context.database.read() as other:
            until(lambda: other.exec_driver_sql(WAITING).scalar())
        record.close()
    record._thread.join(30)
    assert not record._thread.is_alive()
    found, shown, _, _ = kept(context, run)
    assert (found.status, found.message, shown, cancel.reason) == (Status.FAILED, None, {}, None)
