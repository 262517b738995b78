import pytest

from contract.run import Status
from engine.recorder import TAKEN_OVER, Recorder
from engine.sandbox.call import Cancel, Progress
from engine.submit import submit
from storage import runs
from tests.faults.house import until

WAITING = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"


@pytest.fixture
def run(desk, add_model):
    waiting = submit(desk, add_model("def run(inputs):\n    return {}\n"), {}, user="ada")
    with desk.database.begin() as conn:
        return runs.start_run(conn, waiting.id, "host:1")


@pytest.fixture
def cancel():
    made = Cancel()
    yield made
    made.close()


@pytest.fixture
def record(desk, run, cancel):
    made = Recorder(desk.database, run, cancel)
    yield made
    made.close()


def kept(desk, run):
    with desk.database.read() as conn:
        return runs.read_shown(conn, run.id)


def test_an_event_is_handed_over_while_the_database_holds_an_earlier_one_and_nothing_of_it_is_lost(desk, run, record):
    with desk.database.begin() as conn:
        conn.exec_driver_sql("select 1 from runs for update")
        for n in range(5):  # each returns although no event can be stored before this block ends
            record(Progress(n / 10, None, {"summary": {"n": n}, f"key {n}": n}, f"line {n}\n"))
        assert kept(desk, run)[0].progress is None
    until(lambda: kept(desk, run)[0].progress == 0.4)
    _, shown, _, log = kept(desk, run)
    assert shown == {"summary": {"n": 4}} | {f"key {n}": n for n in range(5)}
    assert log == "".join(f"line {n}\n" for n in range(5))


def test_an_event_of_a_run_that_another_worker_has_ends_this_one(desk, run, record, cancel):
    with desk.database.begin() as conn:
        runs.release_run(conn, run.id, run.attempt, 0)
        taken = runs.start_run(conn, run.id, "host:2")
    record(Progress(0.5, None, {}, ""))
    until(lambda: cancel.reason == TAKEN_OVER)
    assert record.lost
    assert kept(desk, taken)[0].progress is None


def test_an_event_that_was_on_its_way_when_the_run_ended_changes_nothing(desk, run, record, cancel):
    with desk.database.begin() as conn:
        runs.finish_run(conn, run.id, run.attempt, status=Status.FAILED, reason="It ended.")
        record(Progress(0.5, "late", {"summary": {"n": 1}}, ""))
        with desk.database.read() as other:
            until(lambda: other.exec_driver_sql(WAITING).scalar())
        record.close()
    record._thread.join(30)
    assert not record._thread.is_alive()
    found, shown, _, _ = kept(desk, run)
    assert (found.status, found.message, shown, cancel.reason) == (Status.FAILED, None, {}, None)
