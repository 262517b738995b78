"""A portfolio session in a real browser: prices move in place, metrics fill in, two browsers see the same."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys import grid
from tests.journeys.test_main_job import CHROMIUM, READY, ROOT, Server

pytestmark = [pytest.mark.journey, pytest.mark.timeout(900)]
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
TITLES = (
    "Return and volatility",
    "Beta to the benchmark",
    "Maximum drawdown",
    "Value at risk and expected shortfall",
    "Contribution to the portfolio's risk",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("server")
    shutil.copytree(ROOT / "functions" / "portfolio_metrics", home / "functions" / "portfolio_metrics")
    running = Server(home)
    running.settings = {"TONTINE_MARKET_SECONDS": "2", "TONTINE_WORKERS": "2"}
    running.start()
    yield running
    assert running.stop() == []


def open_session(page):
    """Open a session on the page and return its address."""
    page.goto("/portfolio")
    page.get_by_role("button", name="Open a session").click()
    page.wait_for_function("new URLSearchParams(location.search).get('session')")
    page.locator(".tontine-portfolio .total").filter(has_text="USD").wait_for()
    return page.url


def price(page, ticker):
    return page.locator(f".tontine-portfolio tr[data-ticker={ticker}] td").nth(2)


def is_priced(page, ticker="MSFT"):
    page.wait_for_function(
        "t => /\\d/.test(document.querySelector(`.tontine-portfolio tr[data-ticker=${t}]`)?.cells[2].textContent)",
        arg=ticker,
    )


@needs_browser
def test_prices_move_in_place_and_five_metrics_fill_in(page):
    open_session(page)
    is_priced(page)
    page.wait_for_selector(READY)
    marked = page.locator(".tontine-portfolio").evaluate("box => { box.dataset.same = 'yes'; return true }")
    assert marked
    before = price(page, "AAPL").text_content()
    page.wait_for_function(
        "old => document.querySelector('.tontine-portfolio tr[data-ticker=AAPL]').cells[2].textContent !== old",
        arg=before,
    )
    assert page.locator(".tontine-portfolio").get_attribute("data-same") == "yes"
    page.get_by_role("button", name="GOOG", exact=True).click()
    for title in TITLES:
        card = page.locator("[class*=st-key-metric-]").filter(has_text=title)
        card.get_by_text("Open run").wait_for()
        assert card.locator(".tontine-value").count() >= 1
        card.locator(".main-svg").first.wait_for()
    page.get_by_text("complete · snapshot").wait_for()
    page.get_by_text("Open run").first.click()
    page.get_by_text("Portfolio Metrics").first.wait_for()
    page.wait_for_url("**/run?id=*")


@needs_browser
def test_two_browsers_on_one_session_see_the_same(page, chromium, server):
    address = open_session(page)
    is_priced(page)
    context = chromium.new_context(base_url=server.url)
    other = context.new_page()
    other.set_default_timeout(120_000)
    other.goto(address)
    is_priced(other)
    page.get_by_role("button", name="IBM", exact=True).click()
    other.get_by_text("IBM, complete").wait_for()
    page.get_by_text("IBM, complete").wait_for()
    same = "() => document.querySelector('[class*=st-key-metric-beta] .tontine-value').textContent"
    assert page.evaluate(same) == other.evaluate(same)
    context.close()


@needs_browser
def test_a_holding_that_is_changed_in_the_grid_is_in_the_value(page):
    open_session(page)
    is_priced(page)
    page.get_by_text("Change the holdings").click()
    grid.choose_cell(page, page, 0, 1)
    page.keyboard.press("Enter")
    editor = page.locator("textarea.gdg-input")
    editor.wait_for()
    page.wait_for_function("document.activeElement?.matches('textarea.gdg-input')")
    editor.fill("1250")
    page.keyboard.press("Enter")
    save = page.get_by_role("button", name="Save the holdings")
    page.wait_for_function(
        "() => [...document.querySelectorAll('button')].some(b => /Save the holdings/.test(b.textContent) && !b.disabled)"
    )
    save.click()
    page.wait_for_function(
        "() => /1.?250/.test(document.querySelector('.tontine-portfolio tr[data-ticker=AAPL]').cells[1].textContent)"
    )


def test_the_demo_client_of_the_guide_runs(server):
    script = ROOT / "docs" / "examples" / "portfolio_client.py"
    command = [sys.executable, str(script), server.url, "AAPL", "IBM"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line for line in done.stdout.splitlines() if line.endswith("complete")] == [
        "analysis of AAPL complete",
        "analysis of IBM complete",
    ]
    assert done.stdout.count("SUCCESS") == 10
    assert server.get("/api/portfolio/sessions") == [] or all(
        s["name"] != "Demo" for s in server.get("/api/portfolio/sessions")
    )


def look(server, folder):
    """Take pictures of the page, for whoever changes it: light, dark and on a phone."""
    from playwright.sync_api import sync_playwright

    from tests.journeys.test_main_job import FLAGS

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name, width, scheme in (("light", 1400, "light"), ("dark", 1400, "dark"), ("phone", 390, "light")):
            context = browser.new_context(
                base_url=server.url, viewport={"width": width, "height": 1000}, color_scheme=scheme
            )
            page = context.new_page()
            page.set_default_timeout(120_000)
            open_session(page)
            is_priced(page)
            page.get_by_role("button", name="GOOG", exact=True).click()
            page.get_by_text("complete · snapshot").wait_for()
            page.wait_for_timeout(2500)
            page.screenshot(path=str(Path(folder) / f"portfolio-{name}.png"), full_page=True)
            tall = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
            page.set_viewport_size({"width": width, "height": min(tall + 100, 4000)})
            page.wait_for_timeout(1500)
            page.screenshot(path=str(Path(folder) / f"portfolio-{name}.png"))
            context.close()
        browser.close()
