import pytest

from contract.errors import TooManyError
from contract.run import Status
from storage import fair_queue, runs
from tests.storage.factory import add_app, add_run


@pytest.fixture
def app(database):
    with database.begin() as conn:
        return add_app(conn)


def positions(conn, *wanted):
    return [fair_queue.queue_position(conn, run.id) for run in wanted]


def test_users_with_many_waiting_runs_are_served_alternately(database, app):
    with database.begin() as conn:
        ada = [add_run(conn, app, user="ada") for _ in range(4)]
        bob = [add_run(conn, app, user="bob") for _ in range(2)]
        assert positions(conn, *ada) == [0, 2, 4, 5]
        assert positions(conn, *bob) == [1, 3]


def test_a_later_user_with_one_run_waits_for_at_most_one_run_of_each_other_user(database, app):
    with database.begin() as conn:
        many = [add_run(conn, app, user="ada") for _ in range(50)]
        for done in many[:20]:  # a part has started: the new user's rank starts at the lowest one still waiting
            runs.claim_run(conn, done.id, "w")
        single = add_run(conn, app, user="bob")
        assert positions(conn, many[20], single, many[21]) == [0, 1, 2]


def test_a_user_never_overtakes_an_older_run_of_their_own(database, app):
    with database.begin() as conn:
        older = [add_run(conn, app, user="ada") for _ in range(3)]
        runs.claim_run(conn, older[0].id, "w")
        newer = add_run(conn, app, user="ada")
        assert positions(conn, *older[1:], newer) == [0, 1, 2]


def test_a_waiting_sweep_does_not_change_the_rank_of_a_single_run(database, app):
    with database.begin() as conn:
        for _ in range(20):
            add_run(conn, app, user="ada", priority=0)
        person = add_run(conn, app, user="ada", priority=10)
        assert person.rank == 0
        assert positions(conn, person) == [0]


def test_runs_on_hold_are_admitted_up_to_the_cap_of_their_user_and_by_rank(database, app):
    with database.begin() as conn:
        ada = [add_run(conn, app, user="ada", on_hold=True) for _ in range(4)]
        bob = add_run(conn, app, user="bob", on_hold=True)
        admitted = [r.id for r in fair_queue.admit_held(conn, max_running_per_user=2, max_running_per_model=0)]
        assert admitted == [ada[0].id, bob.id, ada[1].id]
        assert list(fair_queue.admit_held(conn, max_running_per_user=2, max_running_per_model=0)) == []
        runs.claim_run(conn, ada[0].id, "w")
        assert (
            list(fair_queue.admit_held(conn, max_running_per_user=2, max_running_per_model=0)) == []
        )  # it has not ended
        runs.finish_run(conn, ada[0].id, 1, status=Status.SUCCESS, doc={})
        assert [r.id for r in fair_queue.admit_held(conn, max_running_per_user=2, max_running_per_model=0)] == [
            ada[2].id
        ]


def test_a_cap_on_a_model_counts_the_runs_of_all_users(database, app):
    with database.begin() as conn:
        other = add_app(conn, slug="pricer", hash_="b" * 64)
        first = add_run(conn, app, user="ada", on_hold=True)
        second = add_run(conn, app, user="bob", on_hold=True)
        elsewhere = add_run(conn, other, user="bob", on_hold=True)
        assert {r.id for r in fair_queue.admit_held(conn, max_running_per_user=0, max_running_per_model=1)} == {
            first.id,
            elsewhere.id,
        }
        runs.request_cancel(conn, first.id)
        assert [r.id for r in fair_queue.admit_held(conn, max_running_per_user=0, max_running_per_model=1)] == [
            second.id
        ]


def test_without_caps_all_runs_on_hold_are_admitted(database, app):
    with database.begin() as conn:
        on_hold = [add_run(conn, app, on_hold=True) for _ in range(3)]
        assert [r.id for r in fair_queue.admit_held(conn, max_running_per_user=0, max_running_per_model=0)] == [
            r.id for r in on_hold
        ]


def test_a_user_has_no_more_unfinished_single_runs_than_allowed(database, app):
    with database.begin() as conn:
        first = add_run(conn, app, user="ada", most=2)
        for _ in range(3):
            add_run(conn, app, user="ada", batch=first.id)  # points of a sweep do not count
        add_run(conn, app, user="ada", most=2, submission_key="again")
        with pytest.raises(TooManyError):
            add_run(conn, app, user="ada", most=2)
        add_run(conn, app, user="ada", most=2, submission_key="again")  # the same submission, not a further run
        add_run(conn, app, user="bob", most=2)
        runs.request_cancel(conn, first.id)
        add_run(conn, app, user="ada", most=2)


def test_the_queue_counts_waiting_and_running_runs(database, app):
    with database.begin() as conn:
        first, *_ = [add_run(conn, app) for _ in range(3)]
        runs.claim_run(conn, first.id, "w")
        runs.request_cancel(conn, add_run(conn, app).id)
        assert fair_queue.queue_counts(conn) == (2, 1)
