"""Are event loops blocked? The main job on a server that monitors them, and the reports of the monitor.

Chosen: the shipped catalogue, a real browser where there is one (sessions that speak its protocol where there is none),
the API beside it with WebSockets, waiting calls and downloads, and a limit of 100 ms, as in the operator's guide.
"""

import asyncio
import collections
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import websockets
from playwright.sync_api import sync_playwright

from benchmarks.browser import FLAGS, free_port, wait_until_up
from benchmarks.fixture import ROOT
from benchmarks.sessions import Session

LIMIT = 100  # ms
PAGES = ("catalogue", "history", "monitor", "guide")
SESSIONS = 10
ROUNDS = 3
SETTLE = 10  # s
READY = "[data-testid=stApp][data-test-script-state=notRunning]"


@contextlib.contextmanager
def monitored_server(log: Path, home: Path) -> Iterator[str]:
    """Serve the shipped catalogue with every loop monitored; its log goes to `log`."""
    port = free_port()
    environment = {
        **os.environ,
        "TONTINE_DATA": str(home / "data"),
        "TONTINE_WORKERS": "2",
        "TONTINE_LOOP_BLOCK_MS": str(LIMIT),
        "TONTINE_LOG_FORMAT": "json",
    }
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=out)
    try:
        wait_until_up(f"http://127.0.0.1:{port}/api/health", 180)
        while not get(f"http://127.0.0.1:{port}", "/health")["workers"]:
            time.sleep(0.3)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


def get(url: str, path: str) -> Any:
    """Return what the API answers."""
    with urllib.request.urlopen(f"{url}/api{path}", timeout=120) as answer:
        return json.load(answer)


def post(url: str, path: str) -> Any:
    """Submit a run with the defaults and return the answer."""
    body = json.dumps({"inputs": {}}).encode()
    request = urllib.request.Request(f"{url}/api{path}", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)


def api(url: str) -> int:
    """Run every model, read and download its result, follow one by WebSocket; return the number of runs."""

    def one(app: dict[str, Any]) -> str:
        run_id = post(url, f"/apps/{app['id']}/run?wait=100")["run_id"]
        get(url, f"/runs/{run_id}")
        with contextlib.suppress(OSError):  # a result without a table has nothing to download
            urllib.request.urlopen(f"{url}/api/runs/{run_id}/export/csv", timeout=60).read()
        return str(run_id)

    apps = get(url, "/apps")
    with ThreadPoolExecutor(4) as threads:
        ids = list(threads.map(one, apps * 2))
    get(url, "/runs?limit=100")
    asyncio.run(socket(url, ids[0]))
    return len(ids)


async def socket(url: str, run_id: str) -> None:
    """Follow a run by WebSocket to its end."""
    async with websockets.connect(url.replace("http", "ws", 1) + f"/api/ws/runs/{run_id}", max_size=None) as opened:
        await opened.recv()


def browser(url: str, executable: str) -> int:
    """Do the main job in a browser: open every page, run models, reload their results; return the number of runs."""
    submitted = 0
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=executable, args=FLAGS)
        page = opened.new_page()
        page.set_default_timeout(60_000)
        for path in PAGES:
            page.goto(f"{url}/{path}")
            page.wait_for_selector(READY)
        for slug in ("mortality", "pricer", "chain_ladder"):
            page.goto(f"{url}/model?app={slug}")
            page.wait_for_selector(READY)
            for _ in range(ROUNDS):
                page.get_by_role("button", name="Run", exact=False).first.click()
                page.wait_for_selector(".tontine-value")
                page.wait_for_selector(READY)
                submitted += 1
            page.reload()
            page.wait_for_selector(READY)
        opened.close()
    return submitted


async def sessions(url: str) -> None:
    """Rerun the catalogue's first page in several sessions at once."""
    found = [Session(url) for _ in range(SESSIONS)]
    for session in found:
        await session.open()
    for _ in range(ROUNDS):
        await asyncio.gather(*(session.rerun() for session in found))
    for session in found:
        await session.close()


def report(part: str, text: bytes) -> None:
    """Print how often each loop was blocked in a part of the job, how long at most, and by which function."""
    found = []
    for raw in text.splitlines():
        with contextlib.suppress(json.JSONDecodeError):
            line = json.loads(raw)
            if "blocked_ms" in line:
                found.append(line)
    print(f"{part}: {len(found)} times blocked for {LIMIT} ms or more")
    grouped, own = collections.defaultdict[str, list[int]](list), collections.Counter[str]()
    for line in found:
        grouped[f"{line['loop']}, running {line['culprit'] or 'nothing'}"].append(line["blocked_ms"])
        own[f"{line['loop']}, running {line['culprit'] or 'nothing'}"] += line["own_cpu_ms"]
        if line["culprit"] and "-v" in sys.argv:
            print(*line["stack"], sep="\n    ")
    for what, times in sorted(grouped.items(), key=lambda item: -max(item[1])):
        print(
            f"  {what}: {len(times)} times, longest {max(times)} ms, own processor time {own[what]} of {sum(times)} ms"
        )


def main() -> None:
    """Print the figures, part by part."""
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        log = home / "log"
        log.touch()
        with monitored_server(log, home) as url:
            parts: list[tuple[str, Callable[[], object]]] = [
                ("start and reference cases", lambda: time.sleep(SETTLE)),
                ("API, every model twice", lambda: api(url)),
                (f"{SESSIONS} sessions, {ROUNDS} reruns each", lambda: asyncio.run(sessions(url))),
            ]
            if executable is not None:
                parts.insert(2, ("browser, every page, nine runs", lambda: browser(url, executable)))
            reported = 0
            for part, work in parts:
                work()
                time.sleep(1)  # a loop that is blocked now is reported once it runs again
                text = log.read_bytes()
                report(part, text[reported:])
                reported = len(text)


if __name__ == "__main__":
    main()
