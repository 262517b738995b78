"""Portfolio sessions: five metrics of two seconds each with two workers, and 200 sessions told of each market update.

The time to be told counts from the moment that the updater begins to the message at the client, with analyses going on
in some of the sessions. The clients are WebSockets of one process.
"""

import asyncio
import contextlib
import json
import shutil
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import websockets
from sqlalchemy import text

from benchmarks.browser import free_port, serving
from benchmarks.fixture import ROOT, embedded_installation, quantiles
from contract.actor import SYSTEM
from contract.run import Status
from engine.models.register import register
from engine.portfolio.analyses import analyze
from engine.portfolio.market import MarketUpdater
from engine.portfolio.sessions import create_session
from registry.model_files import read_folder
from storage import runs

SESSIONS = 200
ANALYSING = 10  # sessions that ask for one analysis after another
PERIOD = 5  # s between two updates
MEASURED = 45.0  # s
ROWS = [{"ticker": t, "quantity": 10} for t in ("AAPL", "AMZN", "GOOG", "IBM", "MSFT")]
SLOW = """def run(inputs):
    import time
    until = time.monotonic() + 2
    while time.monotonic() < until:
        pass
    return _run(inputs)


def _run(inputs):"""


@contextlib.contextmanager
def tontine(*, slow: bool) -> Iterator[tuple[str, psutil.Process]]:
    """Serve Tontine with the model of the metrics, each of which takes two seconds of a processor where it is slow."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "functions" / "portfolio_metrics"
        shutil.copytree(ROOT / "functions" / "portfolio_metrics", folder)
        if slow:
            code = (folder / "function.py").read_text()
            (folder / "function.py").write_text(code.replace("def run(inputs):", SLOW))
        port = free_port()
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
        environment = {
            "TONTINE_DATA": str(Path(name) / "data"),
            "TONTINE_FUNCTIONS": str(folder.parent),
            "TONTINE_WORKERS": "2",
            "TONTINE_MARKET_SECONDS": str(PERIOD),
            "TONTINE_RATE_LIMIT": "0",
        }
        url = f"http://127.0.0.1:{port}"
        with serving(command, f"{url}/api/health", **environment) as process:
            while ask(url, "GET", "/api/health")["workers"] < 2:
                time.sleep(0.3)
            yield url, psutil.Process(process.pid)


def ask(url: str, method: str, path: str, body: Any = None) -> Any:
    """Send a request and return its answer."""
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, content, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read() or b"{}")


async def time_analyses(url: str, count: int) -> list[float]:
    """Return the seconds from asking for an analysis to its completion, one after the other."""
    session = ask(url, "POST", "/api/portfolio/sessions", {"holdings": ROWS})["id"]
    found: list[float] = []
    async with websockets.connect(f"{url.replace('http', 'ws', 1)}/api/ws/portfolio/{session}") as socket:
        priced = False
        while not priced:
            body = json.loads(await socket.recv())["body"]
            priced = "unpriced" in body and not body["unpriced"]
        for _ in range(count):
            begun = time.perf_counter()
            await socket.send(json.dumps({"action": "analyze", "ticker": "AAPL"}))
            while json.loads(await socket.recv())["type"] != "analysis_complete":
                pass
            found.append(time.perf_counter() - begun)
    return found


def time_switches(url: str, count: int) -> list[float]:
    """Return the milliseconds from the mark that another analysis has started to the end of each run of the one before.

    A run's end is noted once its process is gone.
    """
    session = ask(url, "GET", "/api/portfolio/sessions")[0]["id"]
    path = f"/api/portfolio/sessions/{session}/analyses"
    found: list[float] = []
    for ticker in ("AAPL", "IBM") * count:
        first = ask(url, "POST", path, {"ticker": ticker})
        ids = [metric["run_id"] for metric in first["metrics"]]
        while sum(ask(url, "GET", f"/api/runs/{i}")["status"] == "RUNNING" for i in ids) < 2:
            time.sleep(0.05)
        running = [i for i in ids if ask(url, "GET", f"/api/runs/{i}")["status"] == "RUNNING"]
        second = ask(url, "POST", path, {"ticker": "MSFT"})
        started = datetime.fromisoformat(second["started_at"])
        for run_id in running:
            while (run := ask(url, "GET", f"/api/runs/{run_id}"))["finished_at"] is None:
                time.sleep(0.05)
            if run["status"] == "CANCELLED":
                ended = datetime.fromisoformat(run["finished_at"])
                found.append((ended - started).total_seconds() * 1000)
    return found


def time_appending(messages: int, analyses: int = 20) -> list[float]:
    """Return the milliseconds in which the end of a metric's run is stored, in a session of so many messages."""
    found: list[float] = []
    with embedded_installation(count=0) as context:
        folder = ROOT / "functions" / "portfolio_metrics"
        source = {"kind": "local", "path": folder.name}
        register(context, folder.name, read_folder(folder), source=source, actor=SYSTEM)
        session = create_session(context, "Appending", ROWS, actor=SYSTEM)
        updater = MarketUpdater(context.database, context.limits)
        updater.update()
        updater.lock.release()
        with context.database.begin() as conn:
            fill = text(
                "insert into portfolio_messages (session_id, number, type, body) select :id, s.seq + n, "
                "'analysis_result', '{}' from portfolio_sessions s, generate_series(1, :count) n where s.id = :id"
            )
            conn.execute(fill, {"id": session.id, "count": messages})
            raised = text("update portfolio_sessions set seq = seq + :count where id = :id")
            conn.execute(raised, {"id": session.id, "count": messages})
        for _ in range(analyses):
            for metric in analyze(context, session.id, "AAPL", actor=SYSTEM).metrics:
                with context.database.autocommit() as conn:
                    run = runs.claim_run(conn, metric.run_id, "benchmark")
                assert run is not None
                begun = time.perf_counter()
                with context.database.autocommit() as conn:
                    runs.finish_run(conn, run.id, run.attempt, status=Status.SUCCESS, doc={"summary": {"a": 1}})
                found.append((time.perf_counter() - begun) * 1000)
    return found


class Client:
    """One open session."""

    def __init__(self, url: str, session: str, *, analyses: bool) -> None:
        self.address = f"{url.replace('http', 'ws', 1)}/api/ws/portfolio/{session}"
        self.analyses = analyses
        self.told: dict[int, float] = {}  # ms by step
        self.complete = 0

    async def run(self) -> None:
        """Listen until cancelled."""
        async with websockets.connect(self.address, max_size=None) as socket:
            waiting = False
            async for received in socket:
                message = json.loads(received)
                body = message["body"]
                if message["type"] == "market_update":
                    written = datetime.fromisoformat(body["market"]["written_at"])
                    self.told[body["market"]["step"]] = (datetime.now(UTC) - written).total_seconds() * 1000
                if message["type"] == "analysis_complete":
                    self.complete += 1
                    waiting = False
                if self.analyses and not waiting and self.told:
                    waiting = True
                    await socket.send(json.dumps({"action": "analyze", "ticker": "IBM"}))


async def measure(url: str, server: psutil.Process) -> None:
    """Print how soon 200 sessions are told, and what one takes in the server's memory."""
    ids = [ask(url, "POST", "/api/portfolio/sessions", {"holdings": ROWS})["id"] for _ in range(SESSIONS)]
    before = server.memory_info().rss
    clients = [Client(url, session, analyses=i < ANALYSING) for i, session in enumerate(ids)]
    tasks = [asyncio.ensure_future(client.run()) for client in clients]
    await asyncio.sleep(MEASURED)
    after = server.memory_info().rss
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    steps = sorted(set.intersection(*(set(client.told) for client in clients)))
    every = [client.told[step] for client in clients for step in steps]
    last = [max(client.told[step] for client in clients) for step in steps]
    done = sum(client.complete for client in clients)
    print(f"{SESSIONS} sessions, {len(steps)} updates, {done} analyses complete, load {psutil.getloadavg()[0]:.1f}")
    print(f"from update to a client told: {quantiles(every)}")
    print(f"from update to all {SESSIONS} told: {quantiles(last)}")
    print(f"memory of the server: {(after - before) / 1e3 / SESSIONS:.0f} kB a session, {after / 1e6:.0f} MB in all")


def main() -> None:
    """Start servers and measure them."""
    for messages in (10, 10_000, 10, 10_000):
        print(f"a metric's end stored, {messages:,} messages in its session: {quantiles(time_appending(messages))}")
    with tontine(slow=True) as (url, _):
        found = asyncio.run(time_analyses(url, 3))
        words = quantiles(found, "s", 2)
        print(f"five metrics of 2 s each, two workers: {words}, load {psutil.getloadavg()[0]:.1f}")
        switched = quantiles(time_switches(url, 10))
        print(f"another ticker: from its start to the end of the first one's processes: {switched}")
    with tontine(slow=False) as (url, server):
        print(f"five metrics: {quantiles(asyncio.run(time_analyses(url, 10)), 's', 2)}")
        asyncio.run(measure(url, server))


if __name__ == "__main__":
    main()
