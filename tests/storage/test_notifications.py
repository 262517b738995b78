import threading
import uuid

import psycopg
import pytest
from sqlalchemy import text

from storage import runs
from storage.notifications import Listener
from tests.storage.factory import add_app, add_run, event_numbers


@pytest.fixture
def run(database):
    with database.begin() as conn:
        found = add_run(conn, add_app(conn))
        return runs.claim_run(conn, found.id, "w")


@pytest.fixture
def listener(database):
    listening = Listener(database.dsn)
    listening.start()
    yield listening
    listening.stop()


def test_a_waiter_is_woken_by_the_commit_and_not_before(database, run, listener):
    with database.begin() as conn:
        runs.record_progress(conn, run.id, 1, progress=0.5)
        assert not listener.wait(run.id, run.seq, 0.2)
    assert listener.wait(run.id, run.seq, 5)
    assert not listener.wait(run.id, run.seq + 1, 0.05)


def test_every_one_of_many_events_is_read_in_order_even_when_the_connection_breaks(database, run, listener):
    seen, wanted = [], 200

    def read():
        last = run.seq
        while len(seen) < wanted:
            listener.wait(run.id, last, 20)
            with database.read() as conn:
                for seq in event_numbers(conn, run.id, last):
                    seen.append(seq)
                    last = seq

    reader = threading.Thread(target=read)
    reader.start()
    for i in range(wanted):
        with database.begin() as conn:
            runs.record_progress(conn, run.id, 1, progress=i / wanted)
        if i in {50, 120}:
            _cut(database)
    reader.join(timeout=30)
    assert seen == list(range(run.seq + 1, run.seq + wanted + 1))
    assert listener.generation >= 2


def test_a_cancellation_reaches_every_subscriber(database, run):
    notified = threading.Event()
    payloads = []
    listening = Listener(database.dsn)
    listening.subscribe("run_cancel", lambda p: (payloads.append(p), notified.set()))
    listening.start()
    try:
        with database.begin() as conn:
            runs.request_cancel(conn, run.id)
        assert notified.wait(5)
    finally:
        listening.stop()
    assert payloads == [f"{run.id}:cancelled"]


def _cut(database):
    with psycopg.connect(database.dsn, autocommit=True) as conn:
        conn.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%' "
            "and datname = current_database()"
        )


def test_a_callback_that_fails_does_not_stop_the_listener(database, run, listener):
    notified = threading.Event()
    listener.on_change(run.id, lambda: 1 / 0)
    listener.on_change(run.id, notified.set)
    for progress in (0.1, 0.2):
        notified.clear()
        with database.begin() as conn:
            runs.record_progress(conn, run.id, 1, progress=progress)
        assert notified.wait(5)


def test_a_notification_lost_during_a_reconnect_is_noticed_by_the_generation(database, run, listener, monkeypatch):
    before = listener.generation
    monkeypatch.setattr(listener, "_dispatch", lambda _payloads: None)  # the notification of the next event is lost
    with database.begin() as conn:
        runs.record_progress(conn, run.id, 1, progress=0.5)
    renewed = threading.Event()
    listener.on_change(run.id, renewed.set)
    _cut(database)
    assert renewed.wait(10)
    assert listener.wait(run.id, run.seq, 5, before)
    assert not listener.wait(run.id, run.seq, 0.05, listener.generation)


def test_the_runs_notified_last_are_remembered(database, run, listener, monkeypatch):
    monkeypatch.setattr("storage.notifications.MAX_KEPT_ENDS", 4)
    others = [uuid.uuid4() for _ in range(9)]
    with database.begin() as conn:
        for seq, other in enumerate(others):
            conn.execute(
                text("select pg_notify('run_events', :a), pg_notify('run_events', :b)"),
                {"a": f"{other}:1", "b": f"{run.id}:{seq}"},
            )
    assert listener.wait(run.id, 7, 5)
    assert listener.wait(others[-1], 0, 5)
    assert len(listener._newest) <= 4


def test_a_removed_callback_is_not_called(database, run, listener):
    calls = []
    stop = listener.on_change(run.id, lambda: calls.append(1))
    stop()
    with database.begin() as conn:
        runs.record_progress(conn, run.id, 1, progress=0.5)
    assert listener.wait(run.id, run.seq, 5)
    assert calls == []


def test_a_stop_wakes_every_waiter(database, run):
    listening = Listener(database.dsn)
    listening.start()
    answers = []
    waiter = threading.Thread(target=lambda: answers.append(listening.wait(run.id, 99, 60)))
    waiter.start()
    listening.stop()
    waiter.join(timeout=10)
    assert answers == [True]
