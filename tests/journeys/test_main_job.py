"""The main job in a real browser, on a real server with its own database and workers."""

import csv
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import openpyxl
import psutil
import pytest

from tests.engine.report import reading

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
READY = "[data-testid=stApp][data-test-script-state=notRunning]"
SLOW = """
import time
def run(inputs):
    print("begun")
    for i in range(int(inputs["seconds"] * 10)):
        yield {"progress": i / (inputs["seconds"] * 10), "message": f"step {i}", "summary": {"Step": i}}
        time.sleep(0.1)
    yield {"summary": {"Done": 1}}
"""
FAILS = (
    "def helper(x):\n    return 1 / x\n\ndef run(inputs):\n    print('about to fail')\n    return {'a': helper(0)}\n"
)

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
    pytest.mark.timeout(900),
]


def model(folder, slug, code, inputs, **manifest):
    (folder / slug).mkdir(parents=True)
    (folder / slug / "function.py").write_text(code)
    (folder / slug / "manifest.json").write_text(json.dumps({"name": slug.title(), "inputs": inputs, **manifest}))


class Server:
    """The application as `make run` starts it, on a port and a data folder of its own."""

    def __init__(self, home):
        self.home, self.settings, self.options = home, {}, []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self):
        environment = {
            **os.environ,
            "TONTINE_DATA": str(self.home / "data"),
            "TONTINE_WORKERS": "1",
            "TONTINE_FUNCTIONS": str(self.home / "functions"),
            **self.settings,
        }
        with (self.home / "log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(self.port), *self.options],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until = time.monotonic() + 240
        while time.monotonic() < until:
            try:
                if self.get("/api/health")["workers"]:
                    return self
            except OSError:
                assert self.process.poll() is None, (self.home / "log").read_text()[-3000:]
            time.sleep(0.2)
        raise TimeoutError((self.home / "log").read_text()[-3000:])

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=120) as answer:
            return json.load(answer)

    def stop(self, how=signal.SIGINT):
        tree = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(how)
        self.process.wait(120)
        _, alive = psutil.wait_procs(tree, timeout=60)
        return alive


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("server")
    for slug in ("mortality", "chain_ladder"):
        shutil.copytree(ROOT / "functions" / slug, home / "functions" / slug)
    seconds = {"seconds": {"type": "number", "label": "Seconds", "min": 1, "max": 60, "default": 8}}
    model(home / "functions", "slow", SLOW, seconds)
    model(home / "functions", "fails", FAILS, {"n": {"type": "number", "label": "N"}})
    running = Server(home).start()
    yield running
    running.stop(signal.SIGTERM)


@pytest.fixture
def page(chromium, server):
    context = chromium.new_context(viewport={"width": 1400, "height": 1000}, base_url=server.url, accept_downloads=True)
    opened = context.new_page()
    opened.set_default_timeout(120_000)
    yield opened
    context.close()


def settled(page):
    page.wait_for_selector(READY)


def run_id(page):
    page.wait_for_function("new URLSearchParams(location.search).get('run')")
    return re.search(r"[?&]run=([0-9a-f-]+)", page.url)[1]


def test_a_deep_link_to_a_fresh_server_draws_the_frame(server, page):
    page.goto("/history")
    page.get_by_text("Catalogue").first.wait_for()
    page.get_by_role("heading", name="History").wait_for()


def test_a_slider_moved_before_the_page_is_complete_leaves_the_other_inputs_alone(page):
    """A script that comes late keeps a part of the form waiting, which the browser then draws a second time."""
    held = []

    def hold(route):
        held.append(route)

    page.route(re.compile(r"/static/js/Input\.[^/]*\.js$"), hold)
    page.goto("/model?app=mortality")
    last = page.get_by_role("slider", name="Last age (years)")
    last.focus()
    last.press("ArrowRight")
    page.wait_for_function("new URLSearchParams(location.search).get('max_age') === '121'")
    assert held, "no script was held back: does this Streamlit name its scripts otherwise?"
    for route in held:
        route.continue_()
    age = page.get_by_role("slider", name=re.compile("^Age"))
    age.focus()
    age.press("ArrowRight")
    page.wait_for_function("new URLSearchParams(location.search).get('age') !== '45'")
    query = dict(parse_qsl(urlsplit(page.url).query))
    found = {key: query[key] for key in ("age", "shock_rate", "gompertz_b", "max_age")}
    assert found == {"age": "46", "shock_rate": "10", "gompertz_b": "0.091", "max_age": "121"}


def test_pick_slide_run_share_find_again_and_export(server, page, chromium):
    page.goto("/")
    page.get_by_placeholder("Search by name").fill("mortality")
    page.wait_for_function("document.querySelectorAll('[class*=st-key-card-]').length === 1")
    settled(page)
    page.get_by_role("link", name="Mortality").first.click()
    page.wait_for_url("**/model?*")
    page.locator(".st-key-run button").wait_for()
    slider = page.get_by_role("slider", name=re.compile("^Age"))
    slider.focus()
    for _ in range(3):
        slider.press("ArrowRight")
        page.wait_for_timeout(150)
    page.wait_for_function("new URLSearchParams(location.search).get('age') === '48'")
    page.locator(".st-key-run button").click()
    identity = run_id(page)
    page.locator(".js-plotly-plot").first.wait_for()
    page.get_by_text("Success").first.wait_for()
    assert server.get(f"/api/runs/{identity}")["inputs"]["age"] == 48

    page.get_by_role("button", name="Copy link").click()
    link = page.locator("[data-testid=stPopoverBody] code").inner_text()
    assert link == f"{server.url}/run?id={identity}"
    other = chromium.new_context(color_scheme="dark").new_page()
    other.goto(link)
    other.locator(".js-plotly-plot").first.wait_for()
    other.get_by_text("Edit and run again").click()
    other.wait_for_function("new URLSearchParams(location.search).get('age') === '48'")
    other.context.close()

    with page.expect_download() as got:
        page.get_by_role("link", name="CSV", exact=True).first.click()
    rows = list(csv.reader(Path(got.value.path()).read_text(encoding="utf-8").splitlines()))
    table = server.get(f"/api/runs/{identity}")["result"]["table"]
    count = len(next(iter(table.values()))) if isinstance(table, dict) else len(table)
    assert len(rows) == count + 1
    assert all(cell for cell in rows[1])

    page.get_by_role("button", name="Export").click()
    address = page.get_by_role("link", name="PDF").get_attribute("href")
    with page.expect_download() as got:
        page.get_by_role("link", name="Excel workbook").click()
    book = openpyxl.load_workbook(io.BytesIO(Path(got.value.path()).read_bytes()))
    assert book.sheetnames[:2] == ["Inputs", "Results"]
    assert dict(zip(*[[c.value for c in row] for row in book["Inputs"].iter_rows()], strict=True))["age"] == 48
    page.keyboard.press("Escape")
    answer = page.request.get(address)
    assert answer.headers["content-type"] == "application/pdf"
    report = reading.open_pdf(answer.body())
    assert "Age 48 years 45 years" in reading.whole_text(report)
    assert f"{server.url}/run?id={identity}" in reading.links(report)  # the page's address, not the API's

    page.goto("/history")
    settled(page)
    page.get_by_test_id("stDataFrame").wait_for()
    assert server.get("/api/runs?limit=1")[0]["run_id"] == identity
    link = page.get_by_role("link", name="CSV", exact=True).get_attribute("href")
    answer = page.request.get(link)
    assert answer.headers["content-disposition"].startswith('attachment; filename="runs-')
    listed = list(csv.DictReader(answer.text().splitlines()))
    assert identity in [row["run_id"] for row in listed]
    grid = page.get_by_test_id("stDataFrame").bounding_box()
    page.mouse.click(grid["x"] + 80, grid["y"] + 52)  # a cell of the first row; the grid is a canvas without elements
    page.wait_for_url("**/run?id=*")


def test_a_double_click_makes_one_run(server, page):
    before = {r["run_id"] for r in server.get("/api/runs?limit=500")}
    page.goto("/model?app=mortality&age=33")
    settled(page)
    page.locator(".st-key-run button").dblclick()
    run_id(page)
    page.get_by_text("Success").first.wait_for()
    page.wait_for_timeout(1000)
    assert len({r["run_id"] for r in server.get("/api/runs?limit=500")} - before) == 1


def test_a_value_in_a_link_that_does_not_fit_is_named_and_not_replaced(page):
    page.goto("/model?app=mortality&age=999")
    page.get_by_text("999").first.wait_for()
    page.get_by_text(re.compile("outside|18 to 100")).first.wait_for()
    assert page.locator(".st-key-run button").is_disabled()


def test_a_run_continues_after_reload_back_and_in_a_second_tab_and_cancel_ends_it(server, page):
    page.goto("/model?app=slow&seconds=40")
    settled(page)
    page.locator(".st-key-run button").click()
    identity = run_id(page)
    page.get_by_text(re.compile(r"step \d+")).first.wait_for()
    page.reload()
    page.get_by_text(re.compile(r"step \d+")).first.wait_for()
    page.goto("/history")
    page.get_by_role("heading", name="History").wait_for()
    page.go_back()
    page.get_by_text(re.compile(r"step \d+")).first.wait_for()
    second = page.context.new_page()
    second.goto(f"/run?id={identity}")
    second.get_by_text(re.compile(r"step \d+")).first.wait_for()
    second.get_by_role("button", name="Cancel").click()
    page.get_by_text(re.compile("Cancelled after")).first.wait_for()
    second.get_by_text(re.compile("Cancelled after")).first.wait_for()
    found = server.get(f"/api/runs/{identity}")
    assert (found["status"], found["log"]) == ("CANCELLED", "begun\n")
    assert found["result"]["summary"]["Step"] >= 0


def test_a_failing_model_says_what_failed_and_offers_a_report(server, page):
    page.goto("/model?app=fails")
    settled(page)
    page.locator(".st-key-run button").click()
    page.get_by_text("ZeroDivisionError").first.wait_for()
    page.get_by_text("Where in the model it failed").click()
    page.get_by_text("in helper").first.wait_for()
    page.get_by_role("button", name="Copy for the author").click()
    page.get_by_text("about to fail").last.wait_for()
    assert server.get(f"/api/runs/{run_id(page)}")["status"] == "FAILED"


@pytest.mark.parametrize(
    "path", ["/", "/model?app=mortality", "/model?app=chain_ladder", "/history", "/monitor", "/guide"]
)
def test_a_page_fits_a_phone(chromium, server, path):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, base_url=server.url)
    page = context.new_page()
    failed = []
    page.on("response", lambda r: failed.append(r.url) if r.status >= 400 else None)
    page.goto(path)
    settled(page)
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.get_by_test_id("stException").count() == 0
    assert [u for u in failed if "_stcore" not in u] == []
    context.close()


def test_ctrl_c_leaves_no_process_and_the_next_start_finds_every_run(tmp_path):
    shutil.copytree(ROOT / "functions" / "mortality", tmp_path / "functions" / "mortality")
    model(tmp_path / "functions", "slow", SLOW, {"seconds": {"type": "number", "max": 60, "min": 1, "default": 15}})
    server = Server(tmp_path).start()
    apps = {a["slug"]: a["id"] for a in server.get("/api/apps")}

    def post(slug, path=""):
        request = urllib.request.Request(
            f"{server.url}/api/apps/{apps[slug]}/run{path}",
            data=b'{"inputs": {}}',
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)

    done = post("mortality", "?wait=50")
    assert done["status"] == "SUCCESS"
    going = post("slow")["run_id"]
    until = time.monotonic() + 20
    while server.get(f"/api/runs/{going}")["status"] != "RUNNING" and time.monotonic() < until:
        time.sleep(0.1)
    assert server.stop() == []
    assert not [p for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(p.info["cmdline"] or [])]
    server.start()
    try:
        assert server.get(f"/api/runs/{done['run_id']}")["result"] == done["result"]
        until = time.monotonic() + 60
        while (found := server.get(f"/api/runs/{going}"))["status"] != "SUCCESS" and time.monotonic() < until:
            time.sleep(0.3)
        assert found["status"] == "SUCCESS"
    finally:
        server.stop(signal.SIGTERM)
