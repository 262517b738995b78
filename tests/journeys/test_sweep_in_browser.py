"""Sweeps in a real browser: from a model's form to the chart, cancelled and resumed, and reopened by their link."""

import shutil

import pytest

from tests.journeys.test_main_job import CHROMIUM, ROOT, Server, model, settled

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
    pytest.mark.timeout(400),
]
# Every point but the first waits until it is ended: what goes on can be cancelled, however slow the machine is.
WAITS = """
import time
def run(inputs):
    if inputs["n"] > 1 and inputs["wait"]:
        time.sleep(500)
    return {"summary": {"Square": inputs["n"] ** 2}}
"""
N = {
    "n": {"type": "integer", "label": "N", "min": 1, "max": 100, "default": 10},
    "wait": {"type": "boolean", "label": "Wait", "default": False},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("server")
    shutil.copytree(ROOT / "functions" / "life_pricing", home / "functions" / "life_pricing")
    model(home / "functions", "waits", WAITS, N, limits={"seconds": 600})
    running = Server(home).start()
    yield running
    running.stop()


def start(page):
    page.get_by_role("button", name="Start", exact=False).click()
    page.wait_for_url("**/sweep?id=*")


def test_from_the_form_to_a_line_its_table_and_its_csv(page):
    page.goto("/model?app=waits")
    settled(page)
    page.locator("a[href*='sweep?app=waits']:visible").click()
    page.wait_for_url("**/sweep?app=waits*")
    page.get_by_text("11 runs").wait_for()
    page.get_by_label("Points", exact=True).fill("34")
    page.get_by_label("Points", exact=True).press("Enter")
    page.get_by_text("34 runs").wait_for()
    start(page)
    page.get_by_text("34 runs in", exact=False).wait_for()
    page.locator(".js-plotly-plot").first.wait_for()
    drawn = "document.querySelector('.js-plotly-plot').data[0].y.filter(y => y !== null).length"
    page.wait_for_function(f"{drawn} === 34")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="CSV").click()
    lines = waiting.value.path().read_text().splitlines()
    assert (lines[0], len(lines)) == ("point,run,status,n,Square", 35)
    page.reload()
    page.wait_for_function(f"document.querySelector('.js-plotly-plot') && {drawn} === 34")


def test_a_double_click_on_start_starts_one_sweep(page, server):
    before = {group["group_id"] for group in server.get("/api/groups")}
    page.goto("/sweep?app=waits")
    page.get_by_label("Points", exact=True).fill("3")
    page.get_by_label("Points", exact=True).press("Enter")
    page.get_by_text("3 runs").wait_for()
    page.get_by_role("button", name="Start", exact=False).dblclick()
    page.get_by_text("3 runs in", exact=False).wait_for()
    settled(page)
    made = {group["group_id"] for group in server.get("/api/groups")} - before
    assert len(made) == 1
    assert page.url.endswith(made.pop())


def test_a_sweep_is_cancelled_resumed_and_listed(page):
    page.goto("/sweep?app=waits&wait=true")
    page.get_by_label("To", exact=True).fill("4")
    page.get_by_label("To", exact=True).press("Enter")
    page.get_by_label("Points", exact=True).fill("4")
    page.get_by_label("Points", exact=True).press("Enter")
    page.get_by_text("4 runs").wait_for()
    start(page)
    page.get_by_text("1 of 4 runs").first.wait_for()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Cancelled by").wait_for()
    page.get_by_role("button", name="Resume").click()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Cancelled by").wait_for()
    page.goto("/sweep")
    page.get_by_role("heading", name="Sweeps").wait_for()
    page.locator("[data-testid=stDataFrame]").wait_for()


def test_two_inputs_are_a_map_on_a_shipped_model(page):
    page.goto("/sweep?app=life_pricing")
    page.get_by_text("Two inputs").click()
    page.get_by_text("121 runs").wait_for()
    start(page)
    page.get_by_text("121 runs in", exact=False).wait_for()
    page.wait_for_function("document.querySelector('.js-plotly-plot')?.data[0].type === 'heatmap'")
    page.get_by_role("radio", name="Surface").or_(page.get_by_role("button", name="Surface")).first.click()
    page.wait_for_function("document.querySelector('.js-plotly-plot')?.data[0].type === 'surface'")
