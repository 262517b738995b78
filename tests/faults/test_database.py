"""The database is killed, in mid-run and in mid-commit, stays away for a while, or falls silent."""

import contextlib
import os
import signal
import threading
import time

import psycopg
import pytest
from sqlalchemy import text

from contract.errors import DatabaseUnavailable
from contract.run import Status
from engine.runs.follow import wait_for_end
from storage.embedded_postgres import EmbeddedServer
from tests.faults.cluster import postmaster
from tests.faults.house import House, child, gone, until

# A submission writes a job, the end of a run its result; each counts once it is held at its commit, which
# a statement by itself makes too.
HELD = """
select distinct l.relation::regclass::text, a.wait_event from pg_locks l join pg_stat_activity a using (pid)
where a.wait_event in ('SyncRep', 'object') and a.application_name = 'tontine'
and l.mode = 'RowExclusiveLock' and l.relation in ('results'::regclass, 'procrastinate_jobs'::regclass)
"""


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """An embedded server and a house on it with a worker that is started again when it ends."""
    home = tmp_path_factory.mktemp("embedded")
    with contextlib.ExitStack() as stack:
        server = EmbeddedServer(home / "postgres")
        house = House(stack.enter_context(server), home)
        stack.callback(house.close)
        house.keep(1)
        wait_for_end(house.context, house.submit(), 60)
        yield server, house


@pytest.fixture
def embedded(stage):
    stage[1].begin()
    return stage


def insist(house, *submission):
    """Submit under a key until there is an answer, as a page does."""
    while True:
        try:
            return house.submit(*submission)
        except (DatabaseUnavailable, psycopg.Error):
            time.sleep(0.05)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kills", [2, pytest.param(10, marks=pytest.mark.slow_faults)])
def test_a_database_killed_again_and_again_under_load_loses_nothing_that_was_accepted(embedded, fault, kills):
    """Transactions are under way at every kill: four threads submit, and a worker stores, all the time."""
    server, house = embedded
    stop, accepted = threading.Event(), []

    def submit_on(who):
        n = 0
        while not stop.is_set():
            accepted.append(insist(house, n, 0.05, f"{kills}-{who}-{n}"))
            n += 1
            time.sleep(0.1)

    threads = [threading.Thread(target=submit_on, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(kills):
        before = len(accepted)
        until(lambda before=before: len(accepted) > before + 8, 60)
        os.kill(postmaster(server.data), signal.SIGKILL)
        fault()
        until(lambda before=before: len(accepted) > before + 12, 60)
    stop.set()
    for thread in threads:
        thread.join()
    assert len(set(accepted)) == len(accepted)
    house.succeed(90)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("in_doubt", ["results", "procrastinate_jobs"])
def test_a_database_killed_in_mid_commit_leaves_each_run_once(embedded, fault, in_doubt):
    """A run's end and a submission are at their commits when the server dies: one is written, and not confirmed.

    A standby that never answers holds a commit where it is on disk and its client has not heard of it; one that
    notifies, as both do, holds the next one before it is written.
    """
    server, house = embedded
    # It shows nothing before its end: an event would be held first, and its row locked.
    code = b"import time\ndef run(inputs):\n    time.sleep(3)\n    return {'summary': {'a': 1}}\n"
    house.add("quiet", code, b'{"name": "Quiet", "inputs": {"n": {"type": "number", "default": 1}}}')
    run_id = house.submit(model="quiet")
    until(lambda: house.run(run_id).status is Status.RUNNING)
    thread = threading.Thread(target=insist, args=(house, 2, 0.1, in_doubt))
    with psycopg.connect(server.url, autocommit=True) as conn:

        def at_commit(*wanted):
            return set(wanted) <= set(conn.execute(HELD).fetchall())

        try:
            conn.execute("alter system set synchronous_standby_names = 'nobody'")
            conn.execute("select pg_reload_conf()")
            time.sleep(0.5)  # it counts once the checkpointer has read it, which nothing shows
            if in_doubt == "results":
                until(lambda: at_commit((in_doubt, "SyncRep")))
                thread.start()
                until(lambda: at_commit((in_doubt, "SyncRep"), ("procrastinate_jobs", "object")))
            else:
                thread.start()
                until(lambda: at_commit((in_doubt, "SyncRep"), ("results", "object")))
        finally:
            conn.execute("alter system reset synchronous_standby_names")
    os.kill(postmaster(server.data), signal.SIGKILL)
    fault()
    thread.join(60)
    assert not thread.is_alive()
    house.succeed(90)
    assert len(set(house.ids)) == 2


def away(house, cluster, seconds, fault):
    house.keep(1)
    ids = [house.submit(n, 4) for n in range(2)] + [house.submit(n, 0.2) for n in range(2, 12)]
    house.running(ids[0])
    cluster.stop("immediate")
    fault()
    with pytest.raises(DatabaseUnavailable):
        house.run(ids[0])
    time.sleep(seconds)
    cluster.start()
    house.succeed(90)


@pytest.mark.slow_faults
@pytest.mark.timeout(180)
def test_a_database_that_is_away_for_a_while_costs_a_wait(far_house, cluster, fault):
    """Longer than a silence that makes a worker count as gone."""
    away(far_house, cluster, 5, fault)


@pytest.mark.slow_faults
@pytest.mark.timeout(300)
def test_a_database_that_is_away_for_a_minute_costs_a_wait(far_house, cluster, fault):
    away(far_house, cluster, 60, fault)


@pytest.mark.slow_faults
@pytest.mark.timeout(300)
def test_a_database_that_is_away_for_a_minute_costs_a_wait_with_the_settings_of_an_installation(
    far_house, cluster, fault
):
    far_house.keep(2, TONTINE_WORKER_TIMEOUT="30", TONTINE_ATTEMPTS="3")
    ids = [far_house.submit(n, 20) for n in range(2)] + [far_house.submit(n, 0.2) for n in range(2, 12)]
    far_house.running(ids[0])
    cluster.stop("immediate")
    fault()
    time.sleep(60)
    cluster.start()
    far_house.succeed(150)


def test_a_run_that_ends_while_the_database_is_away_keeps_its_result(far_house, cluster, fault):
    far_house.worker(TONTINE_WORKER_TIMEOUT="30")
    run_id = far_house.submit(5, 2)
    model = far_house.running(run_id) and child(*far_house.workers)
    cluster.kill()
    fault()
    until(lambda: gone(model))
    cluster.start()
    (run,) = far_house.succeed()
    assert run.attempt == 1


def test_a_time_limit_is_kept_while_the_database_is_silent(far_house, proxy, cluster, fault):
    """Nothing tells the worker that the database is gone, and the model goes on saying what has to be stored."""
    code = (
        b"import time\ndef run(inputs):\n    while True:\n        yield {'progress': 0.5}\n        time.sleep(0.02)\n"
    )
    manifest = b'{"name": "Endless", "inputs": {"n": {"type": "number", "default": 1}}, "limits": {"seconds": 4}}'
    far_house.add("endless", code, manifest)
    worker = far_house.worker(url=cluster.url(far_house.name, proxy.port))
    far_house.running(far_house.submit(model="endless"))
    model = child(worker)
    proxy.silent.set()
    fault()
    until(lambda: gone(model))
    assert proxy.silent.is_set()
    assert worker.poll() is None
    proxy.silent.clear()
    (run,) = far_house.settle()
    assert run.status is Status.TIMED_OUT


def test_a_worker_whose_connections_go_silent_is_followed_by_another_and_writes_nothing_more(
    far_house, proxy, cluster, fault
):
    first = far_house.worker("one", url=cluster.url(far_house.name, proxy.port))
    ids = [far_house.submit(n, 3) for n in range(2)]
    for i in ids:
        far_house.running(i)
    proxy.silent.set()
    fault()
    second = far_house.worker("two")
    ended = far_house.succeed()
    assert all(r.attempt > 1 and r.worker.endswith(f":{second.pid}") for r in ended)
    proxy.silent.clear()
    before = [r.seq for r in ended]
    # Its heartbeat, or its end: either shows that it has had its say.
    asked = text("select heartbeat_at > now() - interval '1 s' from workers where name like :name")
    until(lambda: first.poll() is not None or heard(far_house, asked, {"name": f"%:{first.pid}"}))
    assert [r.seq for r in far_house.succeed()] == before
    first.kill()  # it may be ending already, and would wait for what its lost connections held


def test_a_worker_that_goes_silent_in_mid_commit_holds_no_run_locked(far_house, proxy, cluster, fault):
    """Its transaction stands open at the server, with the run's row locked, and its client will never end it."""
    # A result with a part of its own takes a transaction of several statements.
    code = b"def run(inputs):\n    return {'series': {'a': {'x': list(range(5000)), 'y': list(range(5000))}}}\n"
    far_house.add("large", code, b'{"name": "Large", "inputs": {"n": {"type": "number", "default": 1}}}')
    with far_house.context.database.begin() as conn:
        conn.exec_driver_sql("create table slow (once int)")
        conn.exec_driver_sql("insert into slow values (1)")
        conn.exec_driver_sql(
            "create function dawdle() returns trigger language plpgsql as $$ begin "
            "if current_setting('application_name') = 'tontine' and exists (select from slow) "
            "then perform pg_sleep(1.5); end if; return new; end $$"
        )
        conn.exec_driver_sql("create trigger dawdle before insert on results for each row execute function dawdle()")
    try:
        first = far_house.worker("one", url=cluster.url(far_house.name, proxy.port))
        far_house.submit(model="large")
        storing = text("select count(*) from pg_stat_activity where wait_event = 'PgSleep'")
        until(lambda: heard(far_house, storing, {}))
        proxy.silent.set()
        fault()
        open_ = text("select count(*) from pg_stat_activity where state = 'idle in transaction'")
        until(lambda: heard(far_house, open_, {}))
        with far_house.context.database.begin() as conn:
            conn.exec_driver_sql("delete from slow")
        far_house.worker("two")
        (run,) = far_house.succeed()
        assert run.attempt == 2
    finally:
        first.kill()  # it would wait for what never answers
        with far_house.context.database.begin() as conn:
            conn.exec_driver_sql("drop trigger dawdle on results")
            conn.exec_driver_sql("drop function dawdle()")
            conn.exec_driver_sql("drop table slow")


@pytest.mark.slow_faults
@pytest.mark.timeout(180)
def test_a_worker_whose_database_stays_silent_ends_and_takes_its_models_with_it(far_house, proxy, cluster, fault):
    worker = far_house.worker("one", url=cluster.url(far_house.name, proxy.port))
    far_house.submit(1, 50)
    far_house.submit(2, 5)
    far_house.running(far_house.ids[0])
    model = child(worker)
    proxy.silent.set()
    fault()
    assert worker.wait(120) == 1
    assert proxy.silent.is_set()
    until(lambda: gone(model))
    proxy.silent.clear()
    far_house.worker("one")
    far_house.succeed(120)


def heard(house, statement, values):
    with house.context.database.read() as conn:
        return conn.execute(statement, values).scalar()
