"""The models as tools of an MCP server: a real server process, asked by the official package's own client."""

import contextlib
import json
import shutil
import signal

import anyio
import httpx
import httpx2
import jsonschema
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.client.conftest import LARGE
from tests.journeys.test_main_job import FAILS, ROOT, SLOW, Server, model

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]
both = pytest.mark.parametrize("mode", ["auto", "legacy"])  # the revision of 2026, and the ones with a handshake
STANDING = {"list_models", "get_run", "get_table", "search_history", "cancel_run"}
ADDED = "def run(inputs):\n    return {'summary': {'Added': inputs['n']}}\n"
REFUSES = "def run(inputs):\n    raise ValueError('inputs.n: 1 is taken. Give 2.')\n"
N = {"n": {"type": "number", "label": "N", "default": 1}}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("server")
    for slug in ("mortality", "chain_ladder"):
        shutil.copytree(ROOT / "functions" / slug, home / "functions" / slug)
    seconds = {"seconds": {"type": "number", "label": "Seconds", "min": 1, "max": 600, "default": 300}}
    model(home / "functions", "slow", SLOW, seconds, limits={"seconds": 600})
    model(home / "functions", "fails", FAILS, N)
    model(home / "functions", "refuses", REFUSES, N)
    model(
        home / "functions", "large", LARGE, {"rows": {"type": "integer", "label": "Rows", "max": 50_000, "default": 1}}
    )
    (home / "development").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TONTINE_MCP", "true")
        patch.setenv("TONTINE_DEVELOPMENT_FOLDERS", str(home / "development"))
        running = Server(home).start()
    yield running
    assert running.stop() == []


def ask(server, work, mode="auto", **more):
    """Connect a client and let `work` use it; returns what it returns."""

    async def go():
        async with Client(f"{server.url}/mcp", mode=mode, **more) as client:
            return await work(client)

    return anyio.run(go)


def call(server, name, arguments=None, mode="auto"):
    return ask(server, lambda client: client.call_tool(name, arguments), mode)


def text_of(answer):
    return "\n".join(block.text for block in answer.content)


async def until(read, found):
    """Read until it is so; the test's own time limit ends what never comes."""
    while True:
        value = await anyio.to_thread.run_sync(read)
        if found(value):
            return value
        await anyio.sleep(0.1)


@both
def test_each_model_is_a_tool_with_the_schema_of_its_inputs(server, mode):
    tools = {tool.name: tool for tool in ask(server, lambda client: client.list_tools(), mode).tools}
    slugs = {app["slug"] for app in server.get("/api/apps")}
    assert set(tools) == STANDING | {f"run_{slug}" for slug in slugs}
    app = next(app for app in server.get("/api/apps") if app["slug"] == "mortality")
    tool, schema = tools["run_mortality"], server.get(f"/api/apps/{app['id']}/schema")
    assert tool.title == app["name"]
    assert app["description"] in tool.description
    assert list(tool.input_schema["properties"]) == list(schema["properties"])
    age = tool.input_schema["properties"]["age"]
    assert (age["minimum"], age["maximum"], age["default"]) == (0, 120, 45)
    assert "Unit: years." in age["description"]
    for one in tools.values():
        jsonschema.Draft202012Validator.check_schema(one.input_schema)
        assert '"x-' not in json.dumps(one.input_schema)
    triangle = tools["run_chain_ladder"].input_schema["properties"]["triangle"]
    assert "default" not in triangle
    assert "Left out, it is the model's default" in triangle["description"]
    assert tools["run_mortality"].annotations.idempotent_hint
    assert tools["get_run"].annotations.read_only_hint


@both
def test_a_model_runs_and_answers_with_its_figures_as_the_api_has_them(server, mode):
    answer = call(server, "run_mortality", {"age": 48, "shock_rate": 10}, mode)
    assert not answer.is_error
    content = answer.structured_content
    assert content["status"] == "SUCCESS"
    run = server.get(f"/api/runs/{content['run_id']}")
    assert (run["inputs"]["age"], run["app_name"]) == (48, "Mortality Simulator")
    assert content["url"] == f"{server.url}/run?id={content['run_id']}"
    assert {label: figure["value"] for label, figure in content["summary"].items()} == {
        label: figure["value"] if isinstance(figure, dict) else figure
        for label, figure in run["result"]["summary"].items()
    }
    text = text_of(answer)
    for label, figure in content["summary"].items():
        assert f"- {label}: {figure['value']}" in text
    for name, table in content["tables"].items():
        assert len(table["rows"]) == table["shown"] <= table["total"]
        assert f"Table {name} ({table['shown']:,} of {table['total']:,} rows shown)" in text
    for series in content["series"].values():
        assert series["shown"] == min(series["total"], 40)


def test_a_large_result_is_bounded_and_its_other_rows_are_read_by_another_tool(server):
    answer = call(server, "run_large", {"rows": 12_345})
    table = answer.structured_content["tables"]["Table"]
    assert (table["shown"], table["total"], table["rows"][19]) == (20, 12_345, [19, 9.5, "r19"])
    assert len(text_of(answer)) < 5_000
    run_id = answer.structured_content["run_id"]
    rows = call(server, "get_table", {"run_id": run_id, "offset": 12_340, "limit": 50}).structured_content
    assert [row[0] for row in rows["rows"]] == list(range(12_340, 12_345))
    assert rows["columns"] == ["row", "half", "name"]
    small = call(server, "get_table", {"run_id": run_id, "name": "Small", "offset": 1}).structured_content
    assert small["rows"] == [[2.5, None]]
    missing = call(server, "get_table", {"run_id": run_id, "name": "Nothing"})
    assert missing.is_error
    assert "no table or series 'Nothing'" in text_of(missing)


@both
def test_inputs_that_do_not_fit_are_an_error_with_every_problem(server, mode):
    answer = call(server, "run_mortality", {"age": 300, "agge": 1}, mode)
    assert answer.is_error
    problems = {p["where"]: p for p in answer.structured_content["problems"]}
    assert set(problems) == {"inputs.age", "inputs.agge"}
    assert "outside" in problems["inputs.age"]["found"]
    for problem in problems.values():
        assert f"{problem['where']}: {problem['found']}. {problem['remedy']}" in text_of(answer)


def test_a_run_that_fails_is_an_error_that_says_why(server):
    answer = call(server, "run_fails")
    assert answer.is_error
    assert answer.structured_content["status"] == "FAILED"
    assert "ZeroDivisionError" in text_of(answer)
    assert "in helper" in answer.structured_content["traceback"]
    refused = call(server, "run_refuses")
    assert refused.structured_content["problems"] == [{"where": "inputs.n", "found": "1 is taken", "remedy": "Give 2."}]


@pytest.mark.parametrize(
    ("name", "arguments", "where"),
    [
        ("run_nothing", {}, "app"),
        ("nothing", {}, "tool"),
        ("get_run", {}, "run_id"),
        ("get_run", {"run_id": "1"}, "run_id"),
        ("get_run", {"run_id": "00000000-0000-7000-8000-000000000000"}, "run"),
        ("get_run", {"run_id": "00000000-0000-7000-8000-000000000000", "wait": 1e9}, "wait"),
        ("get_run", {"run": 1}, "run"),
        ("search_history", {"status": ["GONE"]}, "status"),
        ("search_history", {"since": "yesterday"}, "since"),
        ("search_history", {"limit": 0}, "limit"),
        ("search_history", {"cursor": "x"}, "cursor"),
        ("list_models", {"text": 1}, "text"),
    ],
)
def test_what_cannot_be_done_is_an_error_of_the_tool_with_its_place(server, name, arguments, where):
    answer = call(server, name, arguments)
    assert answer.is_error
    assert [p["where"] for p in answer.structured_content["problems"]] == [where]
    assert answer.structured_content["problems"][0]["remedy"]


def test_models_are_found_by_words_and_runs_in_the_history(server):
    found = call(server, "list_models", {"text": "life expectancy gompertz"}).structured_content["models"]
    assert [(m["slug"], m["tool"]) for m in found] == [("mortality", "run_mortality")]
    assert call(server, "list_models", {"text": "nothing like it"}).structured_content["models"] == []
    made = [call(server, "run_mortality", {"age": age}).structured_content["run_id"] for age in (61, 62)]
    first = call(server, "search_history", {"model": "mortality", "status": ["SUCCESS"], "limit": 1}).structured_content
    assert [run["run_id"] for run in first["runs"]] == made[1:]
    then = call(
        server,
        "search_history",
        {"model": "mortality", "status": ["SUCCESS"], "limit": 1, "cursor": first["next_cursor"]},
    ).structured_content
    assert [run["run_id"] for run in then["runs"]] == made[:1]
    since = {"model": "mortality", "since": "2999-01-01T00:00:00Z"}
    assert call(server, "search_history", since).structured_content["runs"] == []


@both
def test_progress_is_reported_and_a_cancelled_call_cancels_its_run(server, mode):
    seen = []

    async def work(client):
        async with anyio.create_task_group() as group:

            async def progress(value, total, message):
                seen.append((value, total, message))
                if len([m for _, _, m in seen if (m or "").startswith("step")]) == 3:
                    group.cancel_scope.cancel()

            await client.call_tool("run_slow", {"seconds": 300}, progress_callback=progress)
        newest = lambda: server.get("/api/runs?app=slow&limit=1")[0]
        return await until(newest, lambda run: run["status"] not in {"PENDING", "RUNNING"})

    run = ask(server, work, mode)
    assert run["status"] == "CANCELLED"
    values = [value for value, _, _ in seen]
    assert values == sorted(set(values))  # a client is told a larger number each time
    assert {total for _, total, _ in seen} == {1.0}


def test_a_run_is_waited_for_and_cancelled_by_its_id(server):
    app = next(app for app in server.get("/api/apps") if app["slug"] == "slow")
    started = httpx.post(f"{server.url}/api/apps/{app['id']}/run", json={"inputs": {"seconds": 300}}, timeout=60)
    run_id = started.json()["run_id"]
    now = call(server, "get_run", {"run_id": run_id, "wait": 0.1})
    assert not now.is_error
    assert now.structured_content["status"] in {"PENDING", "RUNNING"}
    assert "ask again with get_run" in text_of(now)
    assert not call(server, "cancel_run", {"run_id": run_id}).is_error
    ended = call(server, "get_run", {"run_id": run_id, "wait": 200})
    assert ended.is_error
    assert ended.structured_content["status"] == "CANCELLED"


@both
def test_a_model_that_is_registered_meanwhile_becomes_a_tool_and_clients_are_told(server, mode):
    slug = f"added_{mode}"

    async def work(client):
        before = {tool.name for tool in (await client.list_tools()).tools}
        add = lambda: model(server.home / "development", slug, ADDED, N)
        await anyio.to_thread.run_sync(add)
        await told.wait()
        return before, {tool.name for tool in (await client.list_tools()).tools}

    async def go():
        nonlocal told
        told = anyio.Event()

        async def on_message(message):
            if getattr(message, "method", "") == "notifications/tools/list_changed":
                told.set()

        async with Client(f"{server.url}/mcp", mode=mode, message_handler=on_message) as client:
            if mode == "legacy":
                assert client.server_capabilities.tools.list_changed
                return await work(client)
            async with client.listen(tools_list_changed=True) as changes, anyio.create_task_group() as group:

                async def hear():
                    async for _ in changes:
                        told.set()

                group.start_soon(hear)
                found = await work(client)
                group.cancel_scope.cancel()
                return found

    told = None
    before, after = anyio.run(go)
    assert after - before == {f"run_{slug}"}
    assert call(server, f"run_{slug}", {"n": 7}, mode).structured_content["summary"]["Added"] == {"value": 7}


INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}
HEADERS = {"Accept": "application/json, text/event-stream"}


def test_pages_of_other_sites_and_other_hosts_are_refused_as_at_the_api(server):
    def post(**headers):
        return httpx.post(f"{server.url}/mcp", json=INITIALIZE, headers={**HEADERS, **headers})

    assert post().status_code == 200
    assert post(Origin=server.url).status_code == 200
    elsewhere = post(Origin="https://elsewhere.example")
    assert (elsewhere.status_code, elsewhere.json()["problems"]) == (403, [])
    rebound = post(Host="rebound.example")
    assert rebound.status_code == 421
    assert rebound.json()["problems"][0]["where"] == "host"
    assert post().headers["content-security-policy"].startswith("default-src 'none'")
    assert httpx.put(f"{server.url}/mcp").status_code == 405


def test_a_token_is_sent_along_with_every_request(server):
    made = httpx2.post(f"{server.url}/api/tokens", json={"name": "t", "scope": "read", "days": 1}, timeout=60)
    bearer = f"Bearer {made.json()['token']}"

    @contextlib.asynccontextmanager
    async def transport():
        seen = []

        async def note(request):
            seen.append(request.headers.get("authorization"))

        async with (
            httpx2.AsyncClient(headers={"Authorization": bearer}, event_hooks={"request": [note]}, timeout=60) as http,
            streamable_http_client(f"{server.url}/mcp", http_client=http) as streams,
        ):
            yield streams
        assert seen
        assert set(seen) == {bearer}

    async def go():
        async with Client(transport()) as client:
            return await client.call_tool("list_models", {})

    assert anyio.run(go).structured_content["models"]


def test_without_the_setting_nothing_answers(tmp_path):
    running = Server(tmp_path)
    (tmp_path / "functions").mkdir()
    running.start()
    try:
        answer = httpx.post(f"{running.url}/mcp", json=INITIALIZE, headers=HEADERS)
        assert answer.status_code in {404, 405}
    finally:
        assert running.stop() == []


@both
@pytest.mark.timeout(150)
def test_a_server_that_stops_answers_and_keeps_the_run_that_a_call_waits_for(tmp_path, mode):
    seconds = {"seconds": {"type": "number", "label": "Seconds", "min": 1, "max": 600, "default": 300}}
    model(tmp_path / "functions", "slow", SLOW, seconds, limits={"seconds": 600})
    running = Server(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TONTINE_MCP", "true")
        running.start()
    stopping = []

    async def go():
        async def progress(_value, _total, message):
            if (message or "").startswith("step") and not stopping:
                stopping.append(message)
                running.process.send_signal(signal.SIGINT)

        async with contextlib.AsyncExitStack() as stack:
            client = await stack.enter_async_context(Client(f"{running.url}/mcp", mode=mode))
            if mode == "auto":  # a stream that its client holds open keeps no server from stopping
                await stack.enter_async_context(client.listen(tools_list_changed=True))
            await client.list_tools()  # the client checks the answer by the tool's schema, and would ask for it then
            answer = await client.call_tool("run_slow", {}, progress_callback=progress)
            await anyio.to_thread.run_sync(running.process.wait, abandon_on_cancel=True)
            return answer

    try:
        answer = anyio.run(go)
    finally:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()
    assert not answer.is_error
    assert answer.structured_content["status"] == "RUNNING"
    assert "ask again with get_run" in text_of(answer)
    running.start()
    try:
        run_id = answer.structured_content["run_id"]
        assert running.get(f"/api/runs/{run_id}")["status"] in {"PENDING", "RUNNING"}
        httpx.delete(f"{running.url}/api/runs/{run_id}", timeout=60)
    finally:
        assert running.stop() == []
