"""Button pressed to result painted in the browser, beside the same function in the newest Gradio, interleaved.

Gradio is installed into an environment of its own under .bench/ the first time. It keeps nothing: its run is a
call in the server's own process, without history, queue on disk or confinement.
"""

import contextlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.stage import NOOP, ROOT, spread

PRESSES = 60
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
GRADIO = """
import gradio as gr, sys
def run(n):
    return {"n": n}
gr.Interface(run, gr.Number(label="n", precision=0), gr.JSON(label="result"), flagging_mode="never").launch(
    server_name="127.0.0.1", server_port=int(sys.argv[1]), quiet=True)
"""
# Presses a button and resolves with the milliseconds until the wanted text is painted.
TIMED = """
([press, wanted, where]) => new Promise((resolve, reject) => {
  const seen = () => [...document.querySelectorAll(where)].some((e) => e.innerText.replaceAll(",", "").includes(wanted))
  const observer = new MutationObserver(() => {
    if (seen()) { observer.disconnect(); requestAnimationFrame(() => resolve(performance.now() - begun)) }
  })
  observer.observe(document.body, { subtree: true, childList: true, characterData: true })
  setTimeout(() => { observer.disconnect(); reject(new Error("not painted")) }, 15000)
  const button = [...document.querySelectorAll("button")].find((b) => b.innerText.trim().startsWith(press))
  const begun = performance.now()
  button.click()
})
"""


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(url: str, seconds: float = 90) -> None:
    """Wait until a server answers."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.2)
    raise TimeoutError(url)


@contextlib.contextmanager
def serving(command: list[str], url: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block is left."""
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        answers(url)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def tontine(workers: int = 2) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Serve Tontine with a model that does nothing."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "functions" / "nothing"
        folder.mkdir(parents=True)
        for file, content in NOOP.items():
            (folder / file).write_bytes(content)
        port = free_port()
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
        environment = {
            "TONTINE_DATA": str(Path(name) / "data"),
            "TONTINE_FUNCTIONS": str(folder.parent),
            "TONTINE_WORKERS": str(workers),
        }
        url = f"http://127.0.0.1:{port}"
        with serving(command, f"{url}/api/health", **environment) as process:
            until = time.monotonic() + 60
            while time.monotonic() < until:
                with urllib.request.urlopen(f"{url}/api/health") as answer:
                    if json.load(answer)["workers"] == workers:
                        break
                time.sleep(0.3)
            yield url, process


def gradio_python() -> Path:
    """Return the Python of an environment that holds the newest Gradio."""
    home = ROOT / ".bench"
    python = home / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "--upgrade", "pip", "gradio"], check=True)
    return python


def chromium() -> str:
    """Return the browser to measure in."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        raise SystemExit("There is no Chromium here.")
    return found


def ours(page: Page, n: int) -> float:
    """Type a number, press Run and return the milliseconds until its figure is painted."""
    box = page.locator("[class*=st-key-][class*=-box] input").first
    box.fill(str(n))
    box.press("Enter")
    page.wait_for_timeout(500)
    return float(page.evaluate(TIMED, ["play_arrow", str(n), "[data-testid=stMetricValue]"]))


def theirs(page: Page, n: int) -> float:
    """Do the same in Gradio."""
    page.locator("input[type=number]").first.fill(str(n))
    page.wait_for_timeout(500)
    return float(
        page.evaluate(TIMED, ["Submit", str(n), ".json-holder, .json-node, [data-testid=json], .json-container"])
    )


def main() -> None:
    """Print both and their ratio."""
    with tempfile.TemporaryDirectory() as name:
        script = Path(name) / "peer.py"
        script.write_text(GRADIO)
        port = free_port()
        peer_url = f"http://127.0.0.1:{port}"
        environment = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1"}
        with (
            tontine() as (url, _),
            serving([str(gradio_python()), str(script), str(port)], peer_url, **environment),
            sync_playwright() as play,
        ):
            browser = play.chromium.launch(executable_path=chromium(), args=FLAGS)
            mine, other = browser.new_page(), browser.new_page()
            mine.goto(f"{url}/model?app=nothing")
            other.goto(peer_url)
            mine.wait_for_selector("[class*=st-key-][class*=-box] input")
            other.wait_for_selector("input[type=number]")
            a, b = [], []
            for i in range(PRESSES):
                mine.bring_to_front()
                a.append(ours(mine, 1000 + i))
                other.bring_to_front()
                b.append(theirs(other, 1000 + i))
            browser.close()
        print(f"Tontine, press -> painted: {spread(a[10:])}")
        print(f"Gradio,  press -> painted: {spread(b[10:])}")
        print(f"ratio of medians: {statistics.median(a[10:]) / statistics.median(b[10:]):.2f}")


if __name__ == "__main__":
    main()
