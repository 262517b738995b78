"""The impact of an upgrade in a real browser: from a model's versions to the spread of differences and a comparison."""

import json
import urllib.request

import pytest

from tests.journeys.test_main_job import CHROMIUM, Server, model, settled

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
    pytest.mark.timeout(400),
]
RESERVE = """
def run(inputs):
    reserve = 1_000.0 * inputs["n"]
    return {"summary": {"Reserve": {"value": reserve, "unit": "EUR"}}}
"""
LATER = RESERVE.replace("1_000.0", "(1_000.0 if inputs['n'] < 5 else 1_010.0 + inputs['n'])")
N = {"n": {"type": "integer", "label": "N", "min": 1, "max": 100, "default": 1}}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Serve a model in two versions: runs of the first are there, and the second is current."""
    home = tmp_path_factory.mktemp("server")
    model(home / "functions", "reserve", RESERVE, N, version="2025")
    running = Server(home).start()
    [app] = running.get("/api/apps")
    for n in range(1, 13):
        body = json.dumps({"inputs": {"n": n}}).encode()
        address = f"{running.url}/api/apps/{app['id']}/run?wait=60"
        request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as answer:
            run_id = json.load(answer)["run_id"]
        running.get(f"/api/runs/{run_id}?wait=60")
    running.stop()
    folder = home / "functions" / "reserve"
    (folder / "function.py").write_text(LATER)
    inputs = {"n": {**N["n"], "max": 11}}
    manifest = {"name": "Reserve", "inputs": inputs, "version": "2026"}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    running.start()
    yield running
    running.stop()


def test_from_the_versions_of_a_model_to_what_would_change(page, server):
    [app] = server.get("/api/apps")
    versions = server.get(f"/api/apps/{app['id']}/versions")
    old = next(v for v in versions if v["hash"] != app["version"])
    page.goto(f"/sweep?app=reserve&upgrade={app['version']}")
    page.get_by_text("11 runs", exact=False).first.wait_for()
    page.get_by_text("12 is outside 1 to 11", exact=False).wait_for()
    page.get_by_role("button", name="Start", exact=False).click()
    page.wait_for_url("**/sweep?id=*")
    page.get_by_text("11 runs in", exact=False).wait_for()
    page.locator(".js-plotly-plot").first.wait_for()
    counts = page.locator("[data-testid=stMetricValue]")
    assert counts.all_inner_texts() == ["4", "7", "0", "1"]
    page.get_by_text("4 equal, 7 different").wait_for()
    page.get_by_text("1 run does not fit this version").click()
    page.get_by_role("radio", name="Percent").or_(page.get_by_role("button", name="Percent")).first.click()
    page.wait_for_function("document.querySelector('.js-plotly-plot')?.layout.xaxis.title.text.includes('percent')")
    link = page.url
    page.goto("/model?app=reserve")
    settled(page)
    page.get_by_text("Versions", exact=True).first.click()
    page.get_by_role("button", name="Make current").wait_for()
    page.locator("[data-testid=stSelectbox]").filter(has_text="Version").first.locator("input").click()
    page.get_by_role("option").filter(has_text=old["hash"][:12]).click()
    page.locator(f"a[href*='upgrade={old['hash']}']:visible").wait_for()
    page.goto(link)
    page.get_by_text("4 equal, 7 different").wait_for()
