"""What an analyst waits for, in the browser, beside the same in the newest Gradio, interleaved.

Chosen: real content (the same figures and the same table on both sides) and a model that does nothing; a press of Run,
a step of a slider with Live on, and the first load of the page, cold and warm. A page counts as painted when every
chart holds the wanted numbers and the wanted figure is there. Machines stall: processor time of server and browser
stands beside wall time, and the load beside both. Of a page load it is also said what a Streamlit page with one button
takes, and in which scripts the browser's main thread spends its time. Gradio is installed into an environment of its
own under .bench/ the first time. It keeps nothing: its run is a call in the server's own process, without history,
queue on disk or confinement.
Left out: what a run takes without a page, which `benchmarks.vs_gradio` measures.
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
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Browser, Error, Page, sync_playwright

from benchmarks.fixture import NOOP, ROOT
from contract.manifest import parse

PRESSES = 16
SKIPPED = 3  # of them, while caches fill
LOADS = 4
LARGEST = 8  # scripts named of a page load
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PEER = ("gradio", "plotly", "scipy", "pandas", "orjson", "tsdownsample", "babel")
READY = "[data-testid=stApp][data-test-script-state=notRunning]"
NOTHING = {
    **NOOP,
    "manifest.json": json.dumps(
        {"name": "Nothing", "inputs": {"n": {"type": "integer", "max": 5000, "default": 1000}}, "live": True}
    ).encode(),
}
# Begins at the next click or key press; resolves with the milliseconds until all that is wanted is painted.
TIMED = """
([sums, words, where]) => {
  window.painted = new Promise((resolve, reject) => {
    let begun
    const sum = (values) => values.reduce((all, v) => all + (typeof v === 'number' && isFinite(v) ? v : 0), 0)
    const adds = (gd) => sum((gd._fullData ?? []).flatMap((trace) =>
      ['y', 'z'].map((part) => sum([...(trace[part] ?? [])].flat()))))
    const near = (a, b) => Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(b))
    const done = () => {
      const texts = [...document.querySelectorAll(where)].map((e) => e.textContent)
      if (!words.every((word) => texts.some((text) => text.includes(word)))) return false
      const charts = [...document.querySelectorAll('.js-plotly-plot')].map(adds)
      return sums.every((wanted) => charts.some((found) => near(found, wanted)))
    }
    const look = () => {
      if (done()) requestAnimationFrame(() => resolve(performance.now() - begun))
      else if (performance.now() - begun > 20000) reject(new Error('not painted'))
      else requestAnimationFrame(look)
    }
    const start = () => {
      begun = performance.now()
      document.removeEventListener('click', start, true)
      document.removeEventListener('keydown', start, true)
      look()
    }
    document.addEventListener('click', start, true)
    document.addEventListener('keydown', start, true)
  })
}
"""


@dataclass(frozen=True, slots=True)
class Task:
    """One model with the input that is moved, and what its page shows for each of its values."""

    slug: str
    key: str
    low: float
    high: float
    step: float
    values: Sequence[float]


TASKS = (
    Task("mortality", "shock_rate", 0, 50, 0.5, [round(1 + 0.5 * i, 1) for i in range(80)]),
    Task("chain_ladder", "tail", 1, 1.5, 0.001, [round(1.001 + 0.001 * i, 3) for i in range(80)]),
    Task("nothing", "n", 0, 5000, 1, [1001 + i for i in range(80)]),
)


Wanted = dict[float, dict[str, Any]]  # by value: the texts and the sums of the charts that are painted for it


@dataclass(slots=True)
class Sample:
    """What one thing took: wall milliseconds, and milliseconds of processor of the server and of the browser."""

    wall: float
    server: float
    browser: float


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_up(url: str, seconds: float = 90) -> None:
    """Wait until a server answers."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.2)
    raise TimeoutError(url)


@contextlib.contextmanager
def serving(
    command: list[str], url: str, *, words: str | None = None, **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block is left; `words` are what it reads first."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE if words is not None else None,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    if words is not None and process.stdin is not None:
        process.stdin.write(words.encode())
        process.stdin.close()
    try:
        wait_until_up(url)
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
    """Serve Tontine with the models of the tasks."""
    with tempfile.TemporaryDirectory() as name:
        functions = Path(name) / "functions"
        (functions / "nothing").mkdir(parents=True)
        for file, content in NOTHING.items():
            (functions / "nothing" / file).write_bytes(content)
        for slug in ("mortality", "chain_ladder"):
            shutil.copytree(ROOT / "functions" / slug, functions / slug)
            manifest = json.loads((functions / slug / "manifest.json").read_text()) | {"live": True}
            (functions / slug / "manifest.json").write_text(json.dumps(manifest))
        port = free_port()
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
        environment = {
            "TONTINE_DATA": str(Path(name) / "data"),
            "TONTINE_FUNCTIONS": str(functions),
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


@contextlib.contextmanager
def bare_page() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Serve a Streamlit page with one button, with the settings of Tontine's."""
    port = free_port()
    page = ROOT / "benchmarks" / "peer" / "bare.py"
    command = [sys.executable, "-m", "streamlit", "run", str(page), "--server.port", str(port)]
    with serving(command, f"http://127.0.0.1:{port}/_stcore/health") as process:
        yield f"http://127.0.0.1:{port}", process


def main_thread(browser: Browser, side: "Side") -> str:
    """Return where the main thread spends a warm page load: milliseconds by script, the largest first."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(side.address)
    page.locator(side.button).wait_for()
    page.wait_for_timeout(700)
    page.close()
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Profiler.enable")
    session.send("Profiler.start")
    page.goto(side.address)
    page.locator(side.button).wait_for()
    profile = session.send("Profiler.stop")["profile"]
    context.close()
    frames = {node["id"]: node["callFrame"] for node in profile["nodes"]}
    spent: Counter[str] = Counter()
    for node, microseconds in zip(profile["samples"], profile["timeDeltas"], strict=True):
        frame = frames[node]
        spent[frame["url"].rpartition("/")[2].partition("?")[0] or frame["functionName"]] += microseconds / 1000
    return ", ".join(f"{name} {ms:.0f}" for name, ms in spent.most_common(LARGEST))


def gradio_python() -> Path:
    """Return the Python of an environment that holds the newest Gradio and what the models need."""
    home = ROOT / ".bench"
    python = home / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "--upgrade", "pip", *PEER], check=True)
    return python


def chromium() -> str:
    """Return the browser to measure in."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        raise SystemExit("There is no Chromium here.")
    return found


def processor_ms(process: psutil.Process) -> float:
    """Return the processor time of a process, of those it started, and of those of them that have ended."""
    total = 0.0
    for one in [process, *process.children(recursive=True)]:
        with contextlib.suppress(psutil.Error):
            times = one.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total * 1000


def browser_ms() -> float:
    """Return the processor time of the browser that this process drives."""
    total = 0.0
    for one in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if "chrom" in one.name():
                times = one.cpu_times()
                total += times.user + times.system
    return total * 1000


class Side:
    """One of the two, on one task."""

    button: str  # selector of what starts a run

    def __init__(self, name: str, url: str, process: subprocess.Popen[bytes], task: Task, where: str) -> None:
        self.name, self.url, self.task, self.where = name, url, task, where
        self.process = psutil.Process(process.pid)

    @property
    def address(self) -> str:
        """Where the model is."""
        return self.url

    def slider(self, page: Page) -> Any:
        """Return the slider of the task's input."""
        raise NotImplementedError

    def value(self, page: Page) -> float:
        """Return where the slider stands."""
        return float(self.slider(page).input_value())

    def timed(self, page: Page, wanted: dict[str, Any], act: Callable[[], None]) -> Sample:
        """Do something and return what it took until all that is wanted is painted."""
        page.evaluate(TIMED, [wanted["sums"], wanted["words"], self.where])
        server, browser = processor_ms(self.process), browser_ms()
        act()
        wall = float(page.evaluate("window.painted"))
        page.wait_for_timeout(300)  # what goes on after the last paint counts as processor time
        return Sample(wall, processor_ms(self.process) - server, browser_ms() - browser)

    def load(self, browser: Browser) -> tuple[float, float]:
        """Return the milliseconds until the button can be pressed, in a browser that has seen nothing, and again."""
        context = browser.new_context()
        found = []
        for _ in range(2):
            page = context.new_page()
            begun = time.perf_counter()
            page.goto(self.address)
            page.locator(self.button).wait_for()
            found.append((time.perf_counter() - begun) * 1000)
            page.wait_for_timeout(700)
            page.close()
        context.close()
        return found[0], found[1]


class Bare(Side):
    """A Streamlit page with one button: what a page load costs without anything of ours."""

    button = ".st-key-run button:not([disabled])"


class Ours(Side):
    """Tontine's page of the model."""

    button = ".st-key-run button:not([disabled])"

    @property
    def address(self) -> str:
        """Where the model is."""
        return f"{self.url}/model?app={self.task.slug}&{self.task.key}={self.task.values[0]}"

    def open(self, browser: Browser) -> Page:
        """Return the page, ready."""
        page = browser.new_page()
        page.goto(self.address)
        page.wait_for_selector(self.button)
        page.wait_for_selector(READY)
        return page

    def press(self, page: Page, wanted: Wanted) -> Sample:
        """Set the input, wait until that is through, and press Run."""
        self.slider(page).press("ArrowRight")
        page.wait_for_timeout(900)
        page.wait_for_selector(READY)
        return self.timed(page, wanted[self.value(page)], lambda: page.locator(".st-key-run button").click())

    def slider(self, page: Page) -> Any:
        """Return the slider of the task's input."""
        return page.locator(f"[class*='st-key-{self.task.slug}-'][class*='-{self.task.key}'] input[type=range]").first

    def turn_live_on(self, page: Page) -> None:
        """Turn Live on and wait until its first result is through."""
        page.get_by_text("Live", exact=True).click()
        page.wait_for_timeout(2500)

    def step(self, page: Page, wanted: Wanted) -> Sample:
        """Move the slider by one step with Live on."""
        following = wanted[round(self.value(page) + self.task.step, 6)]
        return self.timed(page, following, lambda: self.slider(page).press("ArrowRight"))


class Theirs(Side):
    """Gradio's page of the model."""

    button = "button:has-text('Submit')"

    def open(self, browser: Browser) -> Page:
        """Return the page, ready."""
        page = browser.new_page()
        page.goto(self.address)
        page.locator(self.button).wait_for()
        page.wait_for_timeout(1000)
        return page

    def press(self, page: Page, wanted: Wanted) -> Sample:
        """Set the input, wait until that is through, and press Submit."""
        self.slider(page).press("ArrowRight")
        page.wait_for_timeout(900)
        return self.timed(page, wanted[self.value(page)], lambda: page.locator(self.button).click())

    def slider(self, page: Page) -> Any:
        """Return the slider."""
        return page.locator("#value input[type=range]")

    def turn_live_on(self, page: Page) -> None:
        """Turn Live on."""
        page.get_by_label("Live").click()
        page.wait_for_timeout(1000)

    def step(self, page: Page, wanted: Wanted) -> Sample:
        """Move the slider by one step with Live on."""
        following = wanted[round(self.value(page) + self.task.step, 6)]
        return self.timed(page, following, lambda: self.slider(page).press("ArrowRight"))


def instructions(task: Task) -> str:
    """Return what the peer is told of a task, as JSON."""
    if task.slug == "nothing":
        folder = Path(tempfile.mkdtemp())
        for file, content in NOTHING.items():
            (folder / file).write_bytes(content)
    else:
        folder = ROOT / "functions" / task.slug
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    manifest = parse(json.loads(files["manifest.json"]), files)
    return json.dumps(
        {
            "folder": str(folder),
            "start": manifest.initial_values,
            "outputs": dict(manifest.outputs),
            "key": task.key,
            "low": task.low,
            "high": task.high,
            "step": task.step,
            "values": list(task.values),
        }
    )


def expected(words: str, values: Sequence[float]) -> Wanted:
    """Return what is painted for each value of a task."""
    command = [sys.executable, str(ROOT / "benchmarks" / "peer" / "content.py")]
    done = subprocess.run(command, input=words, capture_output=True, text=True, check=True, cwd=ROOT)
    return {float(v): json.loads(line) for v, line in zip(values, done.stdout.splitlines(), strict=True)}


def best_quarter(values: Sequence[float]) -> float:
    """Return the median of the best quarter, which a machine that stalls leaves alone."""
    return statistics.median(sorted(values)[: max(1, len(values) // 4)])


def report(what: str, ours: Sequence[Sample], theirs: Sequence[Sample]) -> None:
    """Print both sides' figures and their ratios."""
    print(f"\n{what}")
    for part, how, name in (
        ("wall", statistics.median, "wall, median"),
        ("wall", best_quarter, "wall, best quarter"),
        ("server", statistics.median, "processor of the server"),
        ("browser", statistics.median, "processor of the browser"),
    ):
        a, b = (how([getattr(s, part) for s in side]) for side in (ours, theirs))
        print(f"  {name:26} Tontine {a:6.0f} ms   Gradio {b:6.0f} ms   ratio {a / b if b else float('nan'):.2f}")


def _keep(samples: list[Sample], take: Callable[[], Sample]) -> None:
    """Keep a sample; one that is not painted within 20 s, because a key press was lost, is said and left out."""
    try:
        samples.append(take())
    except Error as error:
        print(f"left out: {str(error).splitlines()[0]}")


def measure(task: Task, url: str, process: subprocess.Popen[bytes], browser: Browser) -> None:
    """Print the figures of one task."""
    told = instructions(task)
    wanted = expected(told, task.values)
    port = free_port()
    peer_url = f"http://127.0.0.1:{port}"
    environment = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1"}
    command = [str(gradio_python()), str(ROOT / "benchmarks" / "peer" / "pages.py"), str(port)]
    with serving(command, peer_url, words=told, **environment) as peer:
        mine = Ours("Tontine", url, process, task, ".tontine-value")
        other = Theirs("Gradio", peer_url, peer, task, ".figure")
        sides = [(side, side.open(browser)) for side in (mine, other)]
        presses: dict[str, list[Sample]] = {"Tontine": [], "Gradio": []}
        steps: dict[str, list[Sample]] = {"Tontine": [], "Gradio": []}
        for _ in range(PRESSES):
            for side, page in sides:
                page.bring_to_front()
                _keep(presses[side.name], partial(side.press, page, wanted))
        for side, page in sides:
            page.bring_to_front()
            side.turn_live_on(page)
        for _ in range(PRESSES):
            for side, page in sides:
                page.bring_to_front()
                _keep(steps[side.name], partial(side.step, page, wanted))
        for _, page in sides:
            page.close()
        load = os.getloadavg()[0]
        report(
            f"{task.slug}: press to all painted (load {load:.1f})",
            presses["Tontine"][SKIPPED:],
            presses["Gradio"][SKIPPED:],
        )
        report(
            f"{task.slug}: step of a slider to all painted, Live", steps["Tontine"][SKIPPED:], steps["Gradio"][SKIPPED:]
        )
        with bare_page() as (bare_url, bare_process):
            all_three: list[Side] = [mine, other, Bare("Streamlit", bare_url, bare_process, task, "")]
            loads: dict[str, list[tuple[float, float]]] = {side.name: [] for side in all_three}
            for _ in range(LOADS):
                for one in all_three:
                    loads[one.name].append(one.load(browser))
            for place, kind in enumerate(("cold", "warm")):
                a, b, c = (statistics.median(pair[place] for pair in found) for found in loads.values())
                print(
                    f"\n{task.slug}: page load, {kind}: Tontine {a:.0f} ms, Gradio {b:.0f} ms, ratio {a / b:.2f}; "
                    f"a Streamlit page with one button {c:.0f} ms, {c / b:.2f} of Gradio's"
                )
            for one in all_three:
                print(f"  main thread of {one.name}: {main_thread(browser, one)}")


def main() -> None:
    """Print the figures of every task, or of those named."""
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    chosen = sys.argv[1:] if Path(sys.argv[0]).stem == "browser" else []
    gradio_python()
    with tontine() as (url, process), sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=FLAGS)
        for task in TASKS:
            if not chosen or task.slug in chosen:
                measure(task, url, process, browser)
        browser.close()


if __name__ == "__main__":
    main()
