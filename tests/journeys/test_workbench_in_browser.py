"""Search, annotate and compare, as an analyst does it in a browser."""

import re

import pytest

from tests.journeys.test_main_job import CHROMIUM, READY

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
    pytest.mark.timeout(240),
]


@pytest.fixture(scope="module")
def runs(server, chromium):
    """Three successful runs, for the ages 45, 50 and 62."""
    context = chromium.new_context(base_url=server.url)
    app = context.request.get("/api/apps").json()[0]["id"]
    made = []
    for age in (45, 50, 62):
        answer = context.request.post(f"/api/apps/{app}/run?wait=60", data={"inputs": {"age": age}}).json()
        assert answer["status"] == "SUCCESS"
        made.append(answer["run_id"])
    context.close()
    return made


def open_page(page, path):
    page.goto(path)
    page.wait_for_selector(READY)


def search(page, words):
    box = page.get_by_role("searchbox", name="Search")
    box.fill(words)
    box.press("Enter")


def test_runs_are_searched_compared_and_the_link_opens_the_same_comparison(page, runs, chromium, server):
    open_page(page, "/history")
    search(page, "params.age > > 45")
    page.get_by_text("put the text in quotes").wait_for()
    page.wait_for_function("new URLSearchParams(location.search).get('q') === 'params.age > > 45'")
    assert not page.get_by_test_id("stDataFrame").count()
    search(page, "params.age > 45 and app:mortality")
    page.get_by_text("2 runs", exact=True).wait_for()
    page.wait_for_function("new URLSearchParams(location.search).get('q') === 'params.age > 45 app:mortality'")
    page.locator(".st-key-condition-0 button").first.click()
    page.get_by_text("3 runs", exact=True).wait_for()
    page.wait_for_function("new URLSearchParams(location.search).get('q') === 'app:mortality'")
    page.reload()
    page.wait_for_function("document.querySelector('input[type=search]')?.value === 'app:mortality'")
    page.get_by_text("3 runs", exact=True).wait_for()

    grid = page.get_by_test_id("stDataFrame")
    grid.wait_for()
    for row in (0, 2):
        # The boxes are drawn on a canvas; each tick runs the page again, which lays it out anew.
        page.wait_for_selector(READY)
        corner = grid.bounding_box()
        page.mouse.click(corner["x"] + 15, corner["y"] + 52 + 33 * row)
        page.get_by_text(f"{1 + (row > 0)} ticked").wait_for()
    page.locator(".st-key-compare-ticked button").click()
    page.wait_for_url(re.compile(r"/compare\?runs="))
    page.get_by_role("heading", name="Summary").wait_for()
    page.locator(".js-plotly-plot").first.wait_for()
    page.wait_for_function(f"new URLSearchParams(location.search).get('baseline') === '{runs[0]}'")
    address = page.url
    assert runs[2] in address

    other = chromium.new_context(color_scheme="dark").new_page()
    other.goto(address)
    other.get_by_role("heading", name="Series").wait_for()
    other.get_by_text("8 equal inputs").wait_for()
    assert not other.get_by_test_id("stException").count()
    other.context.close()


def test_what_is_said_of_a_run_stays_and_is_found(page, runs):
    open_page(page, f"/run?id={runs[1]}")
    page.get_by_role("button", name="Star", exact=True).click()
    page.get_by_role("button", name="Starred").wait_for()
    page.get_by_role("button", name="Note", exact=True).click()
    page.get_by_role("textbox", name="Note (Markdown)").fill("Checked *by hand*")
    page.get_by_role("button", name="Add note").click()
    page.get_by_text("by hand").wait_for()
    page.get_by_role("button", name="Make baseline").click()
    page.get_by_role("button", name="Baseline", exact=True).wait_for()

    open_page(page, "/history?q=starred baseline note~hand")
    page.get_by_text("1 run", exact=True).wait_for()
    corner = page.get_by_test_id("stDataFrame").bounding_box()
    page.mouse.click(corner["x"] + 80, corner["y"] + 52)
    page.wait_for_url(f"**/run?id={runs[1]}")

    open_page(page, f"/run?id={runs[2]}")
    page.get_by_role("link", name="Compare with baseline").click()
    page.wait_for_url(re.compile(rf"/compare\?runs={runs[1]}"))
    page.get_by_role("heading", name="Inputs").wait_for()
