"""The database is killed, during runs and during commits, is away for a while, or stops answering."""

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
from tests.actors import ADA
from tests.faults.installation import Installation, has_ended, model_process, until
from tests.faults.postgres_server import postmaster

# A submission writes a job, the end of a run its result; each counts once its commit waits. A single autocommit
# statement commits too.
COMMITS_WAITING = """
select distinct l.relation::regclass::text, a.wait_event from pg_locks l join pg_stat_activity a using (pid)
where a.wait_event in ('SyncRep', 'object') and a.application_name = 'tontine'
and l.mode = 'RowExclusiveLock' and l.relation in ('results'::regclass, 'procrastinate_jobs'::regclass)
"""


@pytest.fixture(scope="module")
def embedded_server(tmp_path_factory):
    """An embedded database and an installation on it with a worker that is restarted when it ends."""
    home = tmp_path_factory.mktemp("embedded")
    with contextlib.ExitStack() as stack:
        server = EmbeddedServer(home / "postgres")
        installation = Installation(stack.enter_context(server), home)
        stack.callback(installation.close)
        installation.start_pool(1)
        wait_for_end(installation.context, installation.submit(), 60, actor=ADA)
        yield server, installation


@pytest.fixture
def embedded(embedded_server):
    embedded_server[1].forget_runs()
    return embedded_server


def submit_with_retries(installation, *submission):
    """Submit with a submission key until it succeeds, as a page does."""
    while True:
        try:
            return installation.submit(*submission)
        except (DatabaseUnavailable, psycopg.Error):
            time.sleep(0.05)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kills", [2, pytest.param(10, marks=pytest.mark.slow_faults)])
def test_a_database_killed_again_and_again_under_load_loses_nothing_that_was_accepted(embedded, count_fault, kills):
    """Transactions are open at every kill: four threads submit and a worker stores all the time."""
    server, installation = embedded
    stop, accepted = threading.Event(), []

    def submit_on(who):
        n = 0
        while not stop.is_set():
            accepted.append(submit_with_retries(installation, n, 0.05, f"{kills}-{who}-{n}"))
            n += 1
            time.sleep(0.1)

    threads = [threading.Thread(target=submit_on, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(kills):
        before = len(accepted)
        until(lambda before=before: len(accepted) > before + 8, 120)
        os.kill(postmaster(server.data), signal.SIGKILL)
        count_fault()
        until(lambda before=before: len(accepted) > before + 12, 120)
    stop.set()
    for thread in threads:
        thread.join()
    assert len(set(accepted)) == len(accepted)
    installation.expect_success(90)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("in_doubt", ["results", "procrastinate_jobs"])
def test_a_database_killed_during_a_commit_leaves_each_run_once(embedded, count_fault, in_doubt):
    """The end of a run and a submission are committing when the server dies: one is written but not confirmed.

    With a synchronous standby that never answers, a commit waits after it was written to disk and before the client
    is told. Both commits notify, so the second waits for the first's notification lock, before it is written.
    """
    server, installation = embedded
    # It yields nothing before its end: otherwise the commit of an event would wait first, with the row locked.
    code = b"import time\ndef run(inputs):\n    time.sleep(3)\n    return {'summary': {'a': 1}}\n"
    installation.add("quiet", code, b'{"name": "Quiet", "inputs": {"n": {"type": "number", "default": 1}}}')
    long_run = installation.submit(model="quiet")
    until(lambda: installation.run(long_run).status is Status.RUNNING)
    thread = threading.Thread(target=submit_with_retries, args=(installation, 2, 0.1, in_doubt))
    with psycopg.connect(server.url, autocommit=True) as conn:

        def at_commit(*wanted):
            return set(wanted) <= set(conn.execute(COMMITS_WAITING).fetchall())

        try:
            conn.execute("alter system set synchronous_standby_names = 'nobody'")
            conn.execute("select pg_reload_conf()")
            time.sleep(0.5)  # it takes effect once the checkpointer has read it, which cannot be observed
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
    count_fault()
    thread.join(60)
    assert not thread.is_alive()
    installation.expect_success(90)
    assert len(set(installation.ids)) == 2


def check_database_away(installation, postgres, seconds, count_fault):
    installation.start_pool(1)
    ids = [installation.submit(n, 4) for n in range(2)] + [installation.submit(n, 0.2) for n in range(2, 12)]
    installation.running(ids[0])
    postgres.stop("immediate")
    count_fault()
    with pytest.raises(DatabaseUnavailable):
        installation.run(ids[0])
    time.sleep(seconds)
    postgres.start()
    installation.expect_success(90)


@pytest.mark.slow_faults
@pytest.mark.timeout(180)
def test_a_database_that_is_away_for_a_while_only_delays_runs(tcp_installation, postgres, count_fault):
    """Longer than the timeout after which a worker counts as dead."""
    check_database_away(tcp_installation, postgres, 5, count_fault)


@pytest.mark.slow_faults
@pytest.mark.timeout(300)
def test_a_database_that_is_away_for_a_minute_only_delays_runs(tcp_installation, postgres, count_fault):
    check_database_away(tcp_installation, postgres, 60, count_fault)


@pytest.mark.slow_faults
@pytest.mark.timeout(300)
def test_a_database_that_is_away_for_a_minute_only_delays_runs_with_the_settings_of_an_installation(
    tcp_installation, postgres, count_fault
):
    tcp_installation.start_pool(2, TONTINE_WORKER_TIMEOUT="30", TONTINE_ATTEMPTS="3")
    ids = [tcp_installation.submit(n, 20) for n in range(2)] + [tcp_installation.submit(n, 0.2) for n in range(2, 12)]
    tcp_installation.running(ids[0])
    postgres.stop("immediate")
    count_fault()
    time.sleep(60)
    postgres.start()
    tcp_installation.expect_success(150)


def test_a_run_that_ends_while_the_database_is_away_keeps_its_result(tcp_installation, postgres, count_fault):
    tcp_installation.start_worker(TONTINE_WORKER_TIMEOUT="30")
    long_run = tcp_installation.submit(5, 2)
    model = tcp_installation.running(long_run) and model_process(*tcp_installation.workers)
    postgres.kill()
    count_fault()
    until(lambda: has_ended(model))
    postgres.start()
    (run,) = tcp_installation.expect_success()
    assert run.attempt == 1


def test_a_time_limit_is_enforced_while_the_database_does_not_answer(tcp_installation, proxy, postgres, count_fault):
    """The worker gets no error from the database, and the model keeps yielding progress that has to be stored."""
    code = (
        b"import time\ndef run(inputs):\n    while True:\n        yield {'progress': 0.5}\n        time.sleep(0.02)\n"
    )
    manifest = b'{"name": "Endless", "inputs": {"n": {"type": "number", "default": 1}}, "limits": {"seconds": 4}}'
    tcp_installation.add("endless", code, manifest)
    worker = tcp_installation.start_worker(url=postgres.url(tcp_installation.name, proxy.port))
    tcp_installation.running(tcp_installation.submit(model="endless"))
    model = model_process(worker)
    proxy.silent.set()
    count_fault()
    until(lambda: has_ended(model))
    assert proxy.silent.is_set()
    assert worker.poll() is None
    proxy.silent.clear()
    (run,) = tcp_installation.wait_for_all()
    assert run.status is Status.TIMED_OUT


def test_a_worker_whose_connections_go_silent_is_replaced_by_another_and_writes_nothing_more(
    tcp_installation, proxy, postgres, count_fault
):
    first = tcp_installation.start_worker("one", url=postgres.url(tcp_installation.name, proxy.port))
    ids = [tcp_installation.submit(n, 3) for n in range(2)]
    for i in ids:
        tcp_installation.running(i)
    proxy.silent.set()
    count_fault()
    second = tcp_installation.start_worker("two")
    ended = tcp_installation.expect_success()
    assert all(r.attempt > 1 and r.worker.endswith(f":{second.pid}") for r in ended)
    proxy.silent.clear()
    before = [r.seq for r in ended]
    # Its heartbeat or its end: after either of them it has tried to write.
    recent_heartbeat = text("select heartbeat_at > now() - interval '1 s' from workers where name like :name")
    until(
        lambda: first.poll() is not None or query_scalar(tcp_installation, recent_heartbeat, {"name": f"%:{first.pid}"})
    )
    assert [r.seq for r in tcp_installation.expect_success()] == before
    first.kill()  # it may be ending already, and would wait for locks of its lost connections


def test_a_worker_whose_connection_goes_silent_during_a_commit_keeps_no_run_locked(
    tcp_installation, proxy, postgres, count_fault
):
    """Its transaction stays open on the server, with the run's row locked, and the client never ends it."""
    # A result with a part stored apart needs a transaction of several statements.
    code = b"def run(inputs):\n    return {'series': {'a': {'x': list(range(5000)), 'y': list(range(5000))}}}\n"
    tcp_installation.add("large", code, b'{"name": "Large", "inputs": {"n": {"type": "number", "default": 1}}}')
    with tcp_installation.context.database.begin() as conn:
        conn.exec_driver_sql("create table slow (once int)")
        conn.exec_driver_sql("insert into slow values (1)")
        conn.exec_driver_sql(
            "create function delay_insert() returns trigger language plpgsql as $$ begin "
            "if current_setting('application_name') = 'tontine' and exists (select from slow) "
            "then perform pg_sleep(1.5); end if; return new; end $$"
        )
        conn.exec_driver_sql(
            "create trigger delay_insert before insert on results for each row execute function delay_insert()"
        )
    try:
        first = tcp_installation.start_worker("one", url=postgres.url(tcp_installation.name, proxy.port))
        tcp_installation.submit(model="large")
        storing = text("select count(*) from pg_stat_activity where wait_event = 'PgSleep'")
        until(lambda: query_scalar(tcp_installation, storing, {}))
        proxy.silent.set()
        count_fault()
        open_ = text("select count(*) from pg_stat_activity where state = 'idle in transaction'")
        until(lambda: query_scalar(tcp_installation, open_, {}))
        with tcp_installation.context.database.begin() as conn:
            conn.exec_driver_sql("delete from slow")
        tcp_installation.start_worker("two")
        (run,) = tcp_installation.expect_success()
        assert run.attempt == 2
    finally:
        first.kill()  # it would wait for an answer that never comes
        with tcp_installation.context.database.begin() as conn:
            conn.exec_driver_sql("drop trigger delay_insert on results")
            conn.exec_driver_sql("drop function delay_insert()")
            conn.exec_driver_sql("drop table slow")


@pytest.mark.slow_faults
@pytest.mark.timeout(180)
def test_a_worker_whose_database_never_answers_ends_and_so_do_its_models(
    tcp_installation, proxy, postgres, count_fault
):
    worker = tcp_installation.start_worker("one", url=postgres.url(tcp_installation.name, proxy.port))
    tcp_installation.submit(1, 50)
    tcp_installation.submit(2, 5)
    tcp_installation.running(tcp_installation.ids[0])
    model = model_process(worker)
    proxy.silent.set()
    count_fault()
    assert worker.wait(120) == 1
    assert proxy.silent.is_set()
    until(lambda: has_ended(model))
    proxy.silent.clear()
    tcp_installation.start_worker("one")
    tcp_installation.expect_success(120)


def query_scalar(installation, statement, values):
    with installation.context.database.read() as conn:
        return conn.execute(statement, values).scalar()
