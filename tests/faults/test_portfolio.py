"""Portfolio sessions while workers, the server and the database are killed: no result is lost and none is said twice."""

import contextlib

import psutil
import pytest

from engine.portfolio.analyses import analyze
from engine.portfolio.sessions import create_session, get_session
from storage import market, portfolio
from storage.embedded_postgres import EmbeddedServer
from tests.actors import ADA
from tests.faults.installation import ROOT, Installation, until
from tests.faults.postgres_server import postmaster
from tests.faults.web_server import WebServer

FOLDER = ROOT / "functions" / "portfolio_metrics"
ROWS = [{"ticker": t, "quantity": 10} for t in ("AAPL", "IBM")]
EVERY_SECOND = {"TONTINE_MARKET_SECONDS": "1"}


def add_slow_metrics(installation, seconds):
    """Register the model of the metrics, slowed down."""
    code = (FOLDER / "function.py").read_text()
    slow = code.replace(
        "def run(inputs):",
        f"def run(inputs):\n    import time\n    time.sleep({seconds})\n    return _run(inputs)\n\n\ndef _run(inputs):",
    )
    files = {"cases": b"[]"}
    manifest = (FOLDER / "manifest.json").read_bytes().replace(b'"default": "prices.csv"', b'"default": [{"a1": 1}]')
    installation.add("portfolio_metrics", slow.encode(), manifest, **files)


def open_session(installation):
    made = create_session(installation.context, "Two", ROWS, actor=ADA)
    until(lambda: not get_session(installation.context, made.id, actor=ADA).body["unpriced"])
    return made.id


def said(installation, session_id):
    with installation.context.database.read() as conn:
        return portfolio.list_messages(conn, session_id, 0, limit=1000)


def complete(installation, session_id):
    """Wait until the analysis is complete, and check that each of its results was said once, in order."""
    until(lambda: any(m.type == "analysis_complete" for m in said(installation, session_id)), 180)
    found = said(installation, session_id)
    results = [m for m in found if m.type == "analysis_result"]
    assert len({m.body["metric"] for m in results}) == len(results) == 5
    assert {m.body["status"] for m in results} == {"SUCCESS"}
    assert [m.number for m in found] == sorted({m.number for m in found})
    with installation.context.database.read() as conn:
        assert portfolio.open_runs(conn, session_id) == []


def step(installation):
    with installation.context.database.read() as conn:
        found = market.get_market(conn)
    return -1 if found is None else found.step


@pytest.mark.timeout(300)
def test_a_worker_that_is_killed_during_an_analysis_costs_no_result_and_the_market_goes_on(installation, count_fault):
    add_slow_metrics(installation, 1)
    started = [installation.start_worker(**EVERY_SECOND) for _ in range(2)]
    session_id = open_session(installation)
    analysis = analyze(installation.context, session_id, "AAPL", actor=ADA)
    installation.ids += [m.run_id for m in analysis.metrics]
    until(lambda: any(m.type == "analysis_result" for m in said(installation, session_id)))
    # Whichever of the two updates the market is killed, sooner or later.
    for process in started:
        before = step(installation)
        process.kill()
        process.wait()
        count_fault()
        installation.start_worker(**EVERY_SECOND)
        until(lambda before=before: step(installation) > before + 1)
    complete(installation, session_id)


@pytest.mark.slow_faults
@pytest.mark.timeout(300)
def test_server_workers_and_database_killed_at_once_during_an_analysis_lose_nothing(tmp_path, count_fault):
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(EmbeddedServer(tmp_path / "postgres"))
        installation = Installation(url, tmp_path)
        stack.callback(installation.close)
        add_slow_metrics(installation, 2)
        server = WebServer(tmp_path, **EVERY_SECOND)
        session_id = open_session(installation)
        analyze(installation.context, session_id, "AAPL", actor=ADA)
        until(lambda: any(m.type == "analysis_result" for m in said(installation, session_id)))
        before = said(installation, session_id)
        everything = [psutil.Process(server.process.pid), *server.descendants()]
        database = psutil.Process(postmaster(tmp_path / "postgres" / "data"))
        everything += [database, *database.children(recursive=True)]
        for process in everything:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        server.process.wait()
        count_fault(len(everything))
        server = WebServer(tmp_path, **EVERY_SECOND)
        stack.callback(server.stop)
        complete(installation, session_id)
        kept = {m.number: m for m in before if m.type != "market_update"}
        assert {m.number: m for m in said(installation, session_id) if m.number in kept} == kept
        after = step(installation)
        until(lambda: step(installation) > after)
