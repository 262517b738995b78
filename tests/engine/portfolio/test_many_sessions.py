"""A hundred sessions and three kinds of writers at once, on a real database."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.portfolio.analyses import analyze
from engine.portfolio.sessions import create_session, set_holdings
from storage import portfolio
from tests.engine.portfolio.conftest import ADA
from tests.engine.portfolio.test_analyses import check_invariants, finish

SESSIONS = 100


@pytest.mark.timeout(600)
def test_a_hundred_sessions_lose_no_write_of_clients_results_or_the_market(context, updater, clock, metrics_model):
    rows = [{"ticker": t, "quantity": 10} for t in ("AAPL", "IBM")]
    ids = [create_session(context, f"s{i}", rows, actor=ADA).id for i in range(SESSIONS)]
    updater.update()
    working = threading.Event()
    working.set()

    def clients(mine, seed):
        chance = random.Random(seed)
        for session_id in mine:
            for _ in range(2):
                if chance.random() < 0.5:
                    held = [{"ticker": t, "quantity": chance.randint(1, 9)} for t in ("AAPL", "IBM")]
                    set_holdings(context, session_id, held, actor=ADA)
                else:
                    analyze(context, session_id, chance.choice(["AAPL", "IBM"]), actor=ADA)

    def results(mine):
        while working.is_set():
            for session_id in mine:
                with context.database.read() as conn:
                    waiting = portfolio.open_runs(conn, session_id)
                for run_id in waiting:
                    finish(context, run_id)

    def prices():
        for _ in range(10):
            clock.move(30)
            updater.update()

    with ThreadPoolExecutor(6) as threads:
        enders = [threads.submit(results, ids[i::2]) for i in range(2)]
        writers = [threads.submit(clients, ids[i::3], i) for i in range(3)]
        try:
            for writer in (*writers, threads.submit(prices)):
                writer.result(500)
        finally:
            working.clear()
        for ender in enders:
            ender.result(60)
    for session_id in ids:
        check_invariants(context, session_id)
        with context.database.read() as conn:
            state = portfolio.get_state(conn, session_id, now=clock.now)
        assert state.body["market"]["step"] == 10
