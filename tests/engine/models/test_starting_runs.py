"""The run of a version's starting inputs, which the system asks for."""

import pytest
from sqlalchemy import text

from contract.access import GrantKind
from contract.run import Status
from engine.models.catalogue import find_app
from engine.models.grants import grant
from engine.models.register import register_folders
from engine.models.starting_runs import queue_missing_starting_runs, starting_run, starting_run_going_on
from engine.runs.submit import submit
from storage import fair_queue, runs, starting_runs, users
from storage.search import Filter, count_runs, search_runs, usage_stats
from tests.actors import ADA

SQUARE = "def run(inputs):\n    return {'summary': {'Squared': inputs['n'] ** 2}}\n"
N = {"n": {"type": "number", "label": "Number", "min": 0, "max": 50, "default": 7}}
SYSTEM_RUNS = Filter(user="system")


@pytest.fixture
def system_runs(context):
    """Return the system's runs, newest first."""

    def read():
        with context.database.read() as conn:
            return search_runs(conn, SYSTEM_RUNS).runs

    return read


@pytest.fixture
def shown(context):
    """Return the starting run of a model's current version, or None."""

    def read(slug, find=starting_run):
        app = find_app(context, slug, actor=ADA)
        return find(context, app.id, app.current_version, actor=ADA)

    return read


def test_registering_a_version_queues_a_run_of_its_starting_inputs_behind_all_others(add_model, context, system_runs):
    add_model(SQUARE, N, baseline={"n": 8})
    (run,) = system_runs()
    assert (run.inputs, run.status, run.user) == ({"n": 8}, Status.PENDING, "system")
    with context.database.read() as conn:
        priorities = conn.execute(text("select priority from procrastinate_jobs order by priority")).scalars().all()
    submit(context, "probe", {"n": 1}, actor=ADA, priority=0)
    with context.database.read() as conn:
        assert fair_queue.queue_position(conn, run.id) == 1
    assert priorities[0] < 0


def test_the_starting_run_is_shown_once_it_has_succeeded(add_model, run_now, system_runs, shown):
    add_model(SQUARE, N)
    assert shown("probe") is None
    waiting = shown("probe", starting_run_going_on)
    assert (waiting.id, waiting.status) == (system_runs()[0].id, Status.PENDING)
    run_now(system_runs()[0])
    assert shown("probe", starting_run_going_on) is None
    found = shown("probe")
    assert (found.status, found.inputs) == (Status.SUCCESS, {"n": 7})


def test_a_starting_run_that_failed_is_not_shown(add_model, run_now, system_runs, shown):
    add_model("def run(inputs):\n    return 1 / 0\n", N)
    run_now(system_runs()[0])
    assert system_runs()[0].status is Status.FAILED
    assert shown("probe") is None


def test_each_version_has_its_own(add_model, run_now, system_runs, shown):
    add_model(SQUARE, N)
    run_now(system_runs()[0])
    add_model(SQUARE + "# changed\n", N)
    assert shown("probe") is None
    run_now(system_runs()[0])
    assert shown("probe").id == system_runs()[0].id


def test_a_version_that_is_registered_again_is_not_run_again(add_model, system_runs):
    add_model(SQUARE, N)
    add_model(SQUARE + "# changed\n", N)
    add_model(SQUARE, N)
    assert len(system_runs()) == 2


def test_a_model_whose_inputs_are_not_complete_has_no_starting_run(add_model, system_runs):
    add_model(SQUARE, {"n": {"type": "file", "label": "Claims"}})
    assert system_runs() == ()


def test_an_analysts_run_of_the_same_inputs_reuses_the_result(add_model, context, run_now, system_runs):
    add_model(SQUARE, N, deterministic=True)
    run_now(system_runs()[0])
    run = submit(context, "probe", {"n": 7}, actor=ADA)
    assert (run.status, run.reused_from) == (Status.SUCCESS, system_runs()[0].id)


def test_of_a_model_whose_results_are_random_the_newest_is_shown(add_model, context, run_now, system_runs, shown):
    add_model(SQUARE, N, deterministic=False, network=["www.example.com"])
    run_now(system_runs()[0])
    grant(context.database, "probe", GrantKind.HOST, "www.example.com", actor=ADA)
    newer, older = system_runs()
    assert shown("probe").id == older.id
    run_now(newer)
    assert shown("probe").id == newer.id


def test_a_model_without_its_secret_is_run_when_the_secret_is_granted(add_model, context, system_runs):
    add_model(SQUARE, N, secrets=["API_KEY"])
    assert system_runs() == ()
    grant(context.database, "probe", GrantKind.SECRET, "API_KEY", actor=ADA)
    assert len(system_runs()) == 1
    grant(context.database, "probe", GrantKind.SECRET, "API_KEY", actor=ADA)
    assert len(system_runs()) == 1


def test_lists_and_counts_of_runs_leave_the_systems_out_unless_it_is_asked_for(add_model, context, run_now):
    add_model(SQUARE, N)
    submit(context, "probe", {"n": 1}, actor=ADA)
    with context.database.read() as conn:
        assert [r.user for r in search_runs(conn, Filter()).runs] == ["ada"]
        assert count_runs(conn, Filter(app="probe")) == 1
        assert count_runs(conn, SYSTEM_RUNS) == 1
        assert usage_stats(conn)["total"] == 1
        assert [d["runs"] for d in usage_stats(conn)["by_day"]] == [1]
        assert fair_queue.queue_counts(conn) == (1, 0)


def test_runs_are_listed_where_no_user_is_called_as_the_system_is(context, add_model):
    add_model(
        "def run(inputs):\n    return {'notes': 'x'}\n", {"n": {"type": "file", "label": "Claims", "required": False}}
    )
    with context.database.begin() as conn:
        conn.execute(text("delete from run_search"))
        conn.execute(text("delete from runs"))
        conn.execute(text("update users set name = 'somebody' where name = 'system'"))
    submit(context, "probe", {}, actor=ADA)
    with context.database.read() as conn:
        assert [r.user for r in search_runs(conn, Filter()).runs] == ["ada"]


def test_a_model_that_only_the_system_ran_has_not_been_run_yet(add_model, context, run_now, system_runs):
    add_model(SQUARE, N)
    run_now(system_runs()[0])
    assert find_app(context, "probe", actor=ADA).last_run_at is None


def test_a_start_queues_what_an_older_release_never_ran(add_model, context, system_runs, tmp_path):
    add_model(SQUARE, N)
    with context.database.begin() as conn:
        conn.execute(text("delete from run_search"))
        conn.execute(text("delete from runs"))
    register_folders(context, tmp_path / "models", actor=ADA)
    assert len(system_runs()) == 1
    assert queue_missing_starting_runs(context, actor=ADA) == 0


def test_a_waiting_starting_run_keeps_no_run_of_an_analyst_back(context, add_model):
    add_model(SQUARE, N)
    app = find_app(context, "probe", actor=ADA)
    with context.database.begin() as conn:
        held, _ = runs.insert_run(
            conn,
            app_id=app.id,
            version=app.current_version,
            inputs={"n": 1},
            seed=1,
            user_id=users.get_or_create_user(conn, "ada"),
            priority=10,
            on_hold=True,
        )
        admitted = fair_queue.admit_held(conn, max_running_per_user=1, max_running_per_model=1)
    assert [a.id for a in admitted] == [held.id]


def test_the_starting_runs_of_all_models_are_listed_by_their_current_version(add_model, context, run_now, system_runs):
    add_model(SQUARE, N, slug="alpha")
    run_now(system_runs()[0])
    add_model(SQUARE + "# beta\n", N, slug="beta")
    run = system_runs()[0]
    run_now(run)
    add_model(SQUARE + "# newer\n", N, slug="alpha")
    with context.database.read() as conn:
        found = starting_runs.list_starting_runs(conn)
        assert found == {find_app(context, "beta", actor=ADA).id: run.id}
