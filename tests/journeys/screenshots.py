"""Take a screenshot of every page: `python -m tests.journeys.screenshots` writes docs/screenshots/."""

import shutil
import signal
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.journeys.test_main_job import CHROMIUM, FLAGS, READY, ROOT, Server

TARGET = ROOT / "docs" / "screenshots"
SIZES = {"wide": 1280, "phone": 390}


def save_screenshot(page, name, width):
    """Save a screenshot of the page, at most three screens high."""
    page.wait_for_selector(READY)
    page.wait_for_timeout(1500)
    height = page.evaluate(
        "Math.max(...[...document.querySelectorAll('[data-testid=stMain]')].map(e => e.scrollHeight))"
    )
    page.set_viewport_size({"width": width, "height": min(int(height) + 60, 1500 if width > 600 else 1700)})
    page.wait_for_timeout(800)
    page.screenshot(path=str(TARGET / f"{name}.png"))


def main():
    """Start a server with the whole catalogue and visit its pages."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        shutil.copytree(ROOT / "functions", home / "functions", ignore=shutil.ignore_patterns("__pycache__"))
        server = Server(home).start()
        try:
            with sync_playwright() as play:
                browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
                for theme in ("light", "dark"):
                    for size, width in SIZES.items():
                        visit_pages(browser, server, theme, size, width)
                browser.close()
        finally:
            server.stop(signal.SIGTERM)


def visit_pages(browser, server, theme, size, width):
    """Visit every page in one theme at one width."""

    def opened(path):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
        page = context.new_page()
        page.goto(server.url + path)
        page.wait_for_selector(READY)
        return page

    page = opened("/model?app=chain_ladder")
    page.locator(".st-key-run button").click()
    page.locator(".js-plotly-plot").first.wait_for(timeout=120_000)
    run_id = page.evaluate("new URLSearchParams(location.search).get('run')")
    save_screenshot(page, f"model-{theme}-{size}", width)
    page.context.close()
    for name, path in (
        ("run", f"/run?id={run_id}"),
        ("catalogue", "/"),
        ("history", "/history"),
        ("monitor", "/monitor"),
        ("guide", "/guide"),
    ):
        page = opened(path)
        save_screenshot(page, f"{name}-{theme}-{size}", width)
        page.context.close()


if __name__ == "__main__":
    main()
