import threading

import psycopg
import pytest

from storage import runs
from storage.changes import Listener
from tests.storage.factory import add_app, add_run


@pytest.fixture
def run(database):
    with database.begin() as conn:
        found = add_run(conn, add_app(conn))
        return runs.start_run(conn, found.id, "w")


@pytest.fixture
def listener(database):
    listening = Listener(database.dsn)
    listening.start()
    yield listening
    listening.stop()


def test_a_waiter_is_woken_by_the_commit_and_not_before(database, run, listener):
    with database.begin() as conn:
        runs.record(conn, run.id, 1, progress=0.5)
        assert not listener.wait(run.id, run.seq, 0.2)
    assert listener.wait(run.id, run.seq, 5)
    assert not listener.wait(run.id, run.seq + 1, 0.05)


def test_every_event_of_a_flood_is_read_in_order_even_when_the_connection_is_cut(database, run, listener):
    seen, wanted = [], 200

    def read():
        last = run.seq
        while len(seen) < wanted:
            listener.wait(run.id, last, 20)
            with database.read() as conn:
                for seq, *_ in runs.events_after(conn, run.id, last):
                    seen.append(seq)
                    last = seq

    reader = threading.Thread(target=read)
    reader.start()
    for i in range(wanted):
        with database.begin() as conn:
            runs.record(conn, run.id, 1, progress=i / wanted)
        if i in {50, 120}:
            with psycopg.connect(database.dsn, autocommit=True) as conn:
                conn.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%' "
                    "and datname = current_database()"
                )
    reader.join(timeout=30)
    assert seen == list(range(run.seq + 1, run.seq + wanted + 1))
    assert listener.generation >= 2


def test_a_cancellation_reaches_whoever_subscribed(database, run):
    heard = threading.Event()
    payloads = []
    listening = Listener(database.dsn)
    listening.subscribe("run_cancel", lambda p: (payloads.append(p), heard.set()))
    listening.start()
    try:
        with database.begin() as conn:
            runs.request_cancel(conn, run.id)
        assert heard.wait(5)
    finally:
        listening.stop()
    assert payloads == [f"{run.id}:cancelled"]
