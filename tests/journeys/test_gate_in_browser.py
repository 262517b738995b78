"""The content security policy passes every page, and another name for this machine opens none."""

import http.client
import json
import re

import pytest

from tests.journeys.test_main_job import (
    CHROMIUM,
    Server,
    model,
    settled,
)

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
    pytest.mark.timeout(400),
]
READS = """
def run(inputs):
    with open("out.txt", "w") as out:
        out.write("made")
    grid = {"x": [1, 2], "y": [1, 2], "z": [[1, 2], [3, 4]]}
    rows = {"a": list(range(5000)), "b": [i / 7 for i in range(5000)]}
    return {"summary": {"Characters": len(open(inputs["data"]).read())}, "files": {"report": "out.txt"},
            "table": rows, "notes": "A note with $x^2$.", "series": [{"name": "s", "x": [0, 1], "y": [0.1, 0.2]}],
            "charts": [{"kind": "surface", "title": "S", "data": grid}, {"kind": "heatmap", "title": "H", "data": grid},
                       {"data": [{"type": "scattergl", "x": [1, 2, 3], "y": [3, 1, 2]}], "layout": {}}]}
"""
INPUTS = {
    "data": {"type": "file", "label": "Data", "accept": [".csv"]},
    "rows": {"type": "table", "label": "Rows", "columns": {"a": {"type": "number"}}, "default": [{"a": 1}]},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("gate")
    model(home / "functions", "reads", READS, INPUTS)
    running = Server(home).start()
    yield running
    running.stop()


@pytest.fixture
def page(chromium, server):
    """A page that fails the test where the browser reports an error in its console, save Streamlit's own probing."""
    context = chromium.new_context(viewport={"width": 1400, "height": 1000}, base_url=server.url, accept_downloads=True)
    opened = context.new_page()
    opened.set_default_timeout(120_000)
    errors = []
    opened.on("console", lambda m: errors.append(f"{m.text} ({m.location['url']})") if m.type == "error" else None)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert [e for e in errors if "/_stcore/" not in e] == []


def test_uploads_charts_tables_and_downloads_work_under_the_policy(page):
    page.goto("/model?app=reads")
    settled(page)
    page.locator("input[type=file]").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,2\n"})
    page.get_by_text("Uploaded:").first.wait_for()
    settled(page)
    page.locator(".st-key-run button").click()
    page.locator(".js-plotly-plot .gl-canvas, .js-plotly-plot canvas").first.wait_for()
    page.get_by_text("Success").first.wait_for()
    settled(page)
    assert page.locator(".js-plotly-plot").count() >= 3
    assert page.get_by_test_id("stException").count() == 0
    with page.expect_download() as got:
        page.get_by_role("link", name="report", exact=True).first.click()
    assert got.value.suggested_filename == "report"
    link = page.get_by_role("link", name=re.compile("CSV")).first.get_attribute("href")
    assert page.request.get(link).headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/history", "/monitor", "/guide"])
def test_a_page_passes_its_own_policy(page, path):
    answer = page.goto(path)
    policy = answer.headers["content-security-policy"]
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
    assert "frame-ancestors 'self'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    settled(page)
    page.wait_for_timeout(500)
    assert page.get_by_test_id("stException").count() == 0


def test_the_apis_documentation_passes_its_own_policy(page):
    page.goto("/api/docs")
    page.locator(".opblock").first.wait_for()


def request(server, path, host, origin=None, method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    given = {"Host": host, **({"Origin": origin} if origin else {}), **headers}
    connection.request(method, path, body=b'{"inputs": {}}' if method == "POST" else None, headers=given)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body


def test_another_name_for_this_machine_opens_no_page_no_api_and_no_websocket(server):
    evil = f"evil.example:{server.port}"
    app_id = server.get("/api/apps")[0]["id"]
    before = server.get("/api/runs")
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    for path, method, more in (
        ("/", "GET", {}),
        ("/model?app=reads", "GET", {}),
        ("/_stcore/health", "GET", {}),
        ("/_stcore/stream", "GET", upgrade),
        ("/api/health", "GET", {}),
        (f"/api/apps/{app_id}/run", "POST", {"Content-Type": "application/json"}),
        (f"/api/ws/runs/{'0' * 32}", "GET", upgrade),
    ):
        status, body = request(server, path, evil, f"http://{evil}", method, **more)
        assert status == 421, path
        assert "TONTINE_ALLOWED_HOSTS" in body
    assert server.get("/api/runs") == before
    for host in (f"127.0.0.1:{server.port}", f"localhost:{server.port}", f"[::1]:{server.port}"):
        assert request(server, "/api/health", host)[0] == 200
    status, _ = request(server, "/_stcore/stream", f"127.0.0.1:{server.port}", "http://evil.example", **upgrade)
    assert status == 403
    assert json.loads(request(server, "/api/health", evil)[1])["error"] == "unknown host"
