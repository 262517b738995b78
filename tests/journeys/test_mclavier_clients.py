"""Clients of the MCLAVIER Marketplace against a real server with a worker: its script, and a page on another port."""

import asyncio
import functools
import http.server
import json
import os
import shutil
import threading
import urllib.error
import urllib.request

import pytest
import websockets

from tests.journeys.test_main_job import CHROMIUM, ROOT, Server

pytestmark = [pytest.mark.journey, pytest.mark.timeout(900)]
BASE = "/api/mclavier"
FINAL = ("SUCCESS", "FAILED")

# What its pages do: read the catalogue, run a model, follow it by WebSocket, draw the result, read monitor and explorer.
PAGE = """
async ([base, sockets]) => {
  const get = async (path) => { const r = await fetch(base + path); if (!r.ok) throw new Error(path + r.status); return r.json() }
  const post = async (path, body) => (await fetch(base + path, {
    method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)})).json()
  const apps = await get("/apps")
  const app = await get("/apps/1")
  const values = {}
  Object.entries(app.input_schema).forEach(([key, f]) => { values[key] = f.default ?? f.min ?? 0 })
  const { run_id, status } = await post("/apps/1/run", { inputs: values })
  const result = await new Promise((done, fail) => {
    const ws = new WebSocket(`${sockets}/ws/runs/${run_id}`)
    ws.onmessage = (event) => {
      const data = JSON.parse(event.data)
      if (data.status === "SUCCESS") { ws.close(); done(data.result) }
      if (data.status === "FAILED") { ws.close(); fail(new Error("the run failed")) }
    }
    ws.onerror = () => fail(new Error("the socket failed"))
  })
  const keys = result.table.length ? Object.keys(result.table[0]) : []
  const csv = await (await fetch(`${base}/runs/${run_id}/export/csv`)).text()
  const tables = (await get("/explorer/tables")).tables
  const rows = await get(`/explorer/tables/job_runs/rows?limit=50&offset=0`)
  const asked = await post("/explorer/query", { sql: "SELECT * FROM job_runs LIMIT 50" })
  const refused = await post("/apps/register", { repo_url: "" })
  return {
    apps: apps.map((a) => [a.id, a.name]), status, keys: keys.length, heads: result.columns.map(String).length,
    cells: result.table.map((row) => keys.map((key) => String(row[key]))).length, points: result.series.length,
    summary: Object.entries(result.summary).length, csv: csv.split("\\r\\n").length, tables: tables.length,
    total: rows.total, count: asked.count, detail: refused.detail,
    live: (await get("/monitor/live")).live.length, days: (await get("/monitor/history")).history.length,
    stats: await get("/monitor/stats"), runs: (await get("/runs")).map((run) => run.status),
  }
}
"""


@pytest.fixture(scope="module")
def other_site(tmp_path_factory):
    """The origin of a page that is served on a port of its own."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "index.html").write_text("<!doctype html><title>Front end</title>")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    handler.log_message = lambda *_args: None
    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{site.server_port}"
    site.shutdown()
    site.server_close()


@pytest.fixture(scope="module")
def server(tmp_path_factory, other_site):
    home = tmp_path_factory.mktemp("server")
    for slug in ("aggregate_loss", "mortality", "pricer"):
        shutil.copytree(ROOT / "functions" / slug, home / "functions" / slug)
    before = os.environ.get("TONTINE_CORS_ORIGINS")
    os.environ["TONTINE_CORS_ORIGINS"] = other_site
    try:
        running = Server(home).start()
    finally:
        if before is None:
            del os.environ["TONTINE_CORS_ORIGINS"]
        else:
            os.environ["TONTINE_CORS_ORIGINS"] = before
    yield running
    assert running.stop() == []


def post(server, path, body):
    request = urllib.request.Request(
        server.url + BASE + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)


def test_its_websocket_script_ends_with_a_success(server):
    run_id = post(server, "/apps/1/run", {"inputs": {"age": 45, "shock_rate": 0.15}})["run_id"]

    async def follow():
        seen = []
        async with websockets.connect(f"ws://127.0.0.1:{server.port}{BASE}/ws/runs/{run_id}", max_size=None) as socket:
            async for message in socket:
                seen.append(json.loads(message))
                if seen[-1]["status"] in FINAL:
                    break
        return seen

    seen = asyncio.run(follow())
    assert seen[-1]["status"] == "SUCCESS"
    assert {"columns", "table", "series", "summary"} <= set(seen[-1]["result"])
    assert all(message["result"] is None for message in seen[:-1])


def test_a_refusal_has_a_detail(server):
    for path, body, status in (("/apps/register", {"repo_url": ""}, 422), ("/apps/9999/run", {"inputs": {}}, 404)):
        with pytest.raises(urllib.error.HTTPError) as refused:
            post(server, path, body)
        assert refused.value.code == status
        assert json.load(refused.value)["detail"]


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
def test_a_front_end_on_another_port_does_all_that_its_pages_do(server, other_site, chromium):
    page = chromium.new_page()
    page.goto(other_site)
    found = page.evaluate(PAGE, [server.url + BASE, f"ws://127.0.0.1:{server.port}{BASE}"])
    assert found["apps"][:2] == [[1, "Mortality Simulator"], [2, "Portfolio Pricer"]]
    assert found["status"] == "PENDING"
    assert found["heads"] == found["keys"] > 0
    assert found["cells"] > 1
    assert found["csv"] == found["cells"] + 2  # with the head, and what follows the last line's end
    assert found["points"] > 10
    assert found["summary"] > 0
    assert found["tables"] == 4
    assert found["total"] == found["count"] == len(found["runs"]) == found["stats"]["total_runs"]
    assert "SUCCESS" in found["runs"]
    assert "repo_url" in found["detail"]
    assert (found["live"], found["days"]) == (0, 1)
    page.close()


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
def test_a_page_of_a_site_that_is_not_named_can_neither_read_nor_listen(server, other_site, chromium):
    page = chromium.new_page()
    page.goto(other_site.replace("127.0.0.1", "localhost"))  # another origin
    failed = page.evaluate("base => fetch(base + '/apps').then(() => false, () => true)", server.url + BASE)
    assert failed
    closed = page.evaluate(
        "url => new Promise(done => { const ws = new WebSocket(url); ws.onopen = () => done('open'); "
        "ws.onerror = () => done('refused') })",
        f"ws://127.0.0.1:{server.port}{BASE}/ws/runs/99999",
    )
    assert closed == "refused"
    page.close()
