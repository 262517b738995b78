"""The form in a real browser: its address follows it, shares it and survives a restart of the server."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="there is no Chromium on this machine"),
]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def server(port):
    options = {
        "server.headless": "true",
        "server.address": "127.0.0.1",
        "server.port": port,
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
    }
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "tests/ui/form/form_script.py")]
    process = subprocess.Popen(
        command + [f"--{name}={value}" for name, value in options.items()],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).status == 200)
        yield process
    finally:
        process.terminate()
        process.wait(10)


def wait_for(holds, seconds=120):
    end = time.monotonic() + seconds
    while True:
        try:
            if holds():
                return
        except OSError:
            pass
        assert time.monotonic() < end, "it was not true in time"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1100, "height": 2600})
    yield context.new_page()
    context.close()


def opened(page, port, query=""):
    page.goto(f"http://127.0.0.1:{port}/?app=everything{query}")
    box(page, "age").wait_for(timeout=120_000)
    page.wait_for_function("location.search.includes('rate=')")
    return page


def box(page, name):
    return page.locator(f"[class*=st-key-everything-{name}-box]:not([data-retained]) input")


def type_in(page, name, text):
    box(page, name).fill(text)
    box(page, name).press("Enter")


def in_address(page, name):
    return parse_qs(urlsplit(page.url).query).get(name, [None])[0]


def follows(page, name, text):
    page.wait_for_function(
        "([name, text]) => new URLSearchParams(location.search).get(name) === text", arg=[name, text], timeout=120_000
    )


def test_the_address_follows_the_form_without_filling_the_browser_history(page):
    port = free_port()
    with server(port):
        opened(page, port)
        before = page.evaluate("history.length")
        slider = page.locator("[class*=st-key-everything-age-slider]:not([data-retained]) input[type=range]")
        slider.focus()
        for _ in range(5):
            slider.press("ArrowRight")
        follows(page, "age", "50")
        type_in(page, "rate", "0.0275")
        follows(page, "rate", "0.0275")
        assert page.evaluate("history.length") == before
        assert in_address(page, "app") == "everything"
        assert box(page, "age").input_value() == "50"


def test_the_copied_address_opens_the_same_form_in_another_browser(page, browser):
    port = free_port()
    with server(port):
        opened(page, port)
        type_in(page, "age", "61")
        follows(page, "age", "61")
        other = browser.new_context().new_page()
        other.goto(page.url)
        box(other, "age").wait_for()
        follows(other, "age", "61")
        wait_for(lambda: box(other, "age").input_value() == "61")
        assert other.url == page.url
        other.context.close()


def test_a_cell_edited_in_the_grid_is_in_the_address(page):
    port = free_port()
    with server(port):
        opened(page, port)
        grid = page.locator(".st-key-everything-claims-cell [data-testid=stDataFrame]")
        grid.wait_for()

        def edited():
            # The grid is a canvas that takes clicks only once it is laid out: try until it does.
            corner = grid.bounding_box()
            for _ in range(2):
                page.mouse.click(corner["x"] + 90, corner["y"] + 52)
                page.wait_for_timeout(400)
            page.keyboard.press("Control+A")
            page.keyboard.type("2019")
            page.keyboard.press("Enter")
            page.wait_for_timeout(1500)
            return '"year":2019' in (in_address(page, "claims") or "")

        wait_for(edited)
        assert '"paid":1200.5' in in_address(page, "claims")


def test_an_open_form_keeps_its_values_when_the_server_starts_again(page):
    port = free_port()
    with server(port):
        opened(page, port, "&age=30")
        type_in(page, "age", "61")
        follows(page, "age", "61")
    old = page.evaluate("window.tontineAddress.sheet")
    with server(port):
        page.wait_for_selector("[data-testid=stApp][data-test-connection-state=CONNECTED]", timeout=120_000)
        # Streamlit runs the page again only at the next change, which starts a new session and is lost.
        type_in(page, "rate", "0.04")
        page.wait_for_function("old => window.tontineAddress.sheet !== old", arg=old, timeout=120_000)
        page.wait_for_timeout(2000)  # the new form shows its link's values first, then the recovered ones
        wait_for(lambda: box(page, "age").input_value() == "61")
        type_in(page, "rate", "0.05")
        follows(page, "rate", "0.05")
        assert in_address(page, "age") == "61"
        assert box(page, "age").input_value() == "61"
