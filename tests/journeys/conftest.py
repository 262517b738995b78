"""What journeys need: a browser for the tests of a file, and a server with one shipped model where it has none."""

import shutil

import pytest

from tests.journeys.test_main_job import CHROMIUM, FLAGS, ROOT, Server


def pytest_collection_modifyitems(items):
    """Try a journey that failed once more; the summary names it (docs/decisions/39-journeys-are-tried-twice.md)."""
    for item in items:
        if item.get_closest_marker("journey"):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("server")
    shutil.copytree(ROOT / "functions" / "mortality", home / "functions" / "mortality")
    running = Server(home).start()
    yield running
    assert running.stop() == []


@pytest.fixture
def page(server, chromium):
    context = chromium.new_context(viewport={"width": 1400, "height": 1000}, base_url=server.url)
    opened = context.new_page()
    opened.set_default_timeout(120_000)
    yield opened
    context.close()
