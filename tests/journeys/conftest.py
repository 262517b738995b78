"""What every journey needs: one browser for the tests of a file."""

import pytest

from tests.journeys.test_main_job import CHROMIUM, FLAGS


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
