"""Use from code, in a real browser: what is copied from the page runs and gives the page's figure."""

import json
import os
import re
import shutil
import subprocess
import sys
from urllib.parse import quote, urlsplit

import httpx
import pytest

from tests.journeys.test_main_job import CHROMIUM, ROOT, Server, settled

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
    pytest.mark.timeout(240),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("server")
    for slug in ("mortality", "chain_ladder"):
        shutil.copytree(ROOT / "functions" / slug, home / "functions" / slug)
    running = Server(home).start()
    yield running
    assert running.stop() == []


@pytest.fixture
def page(chromium, server):
    context = chromium.new_context(viewport={"width": 1400, "height": 1000}, base_url=server.url)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened = context.new_page()
    opened.set_default_timeout(120_000)
    yield opened
    context.close()


def open_code(page, address):
    page.goto(address)
    page.get_by_role("tab", name="Use from code").click()
    page.locator(".st-key-code-language").wait_for()


def choose(page, language, beginning):
    """Choose a language and return what its copy button copies."""
    page.locator(".st-key-code-language").get_by_text(language, exact=True).click()
    block = page.get_by_role("tabpanel").get_by_test_id("stCode").filter(has_text=re.compile(rf"^\s*{beginning}")).first
    block.wait_for()
    settled(page)
    block.hover()
    block.get_by_role("button", name="Copy to clipboard").click()
    page.wait_for_function("word => navigator.clipboard.readText().then(t => t.startsWith(word))", arg=beginning)
    return page.evaluate("navigator.clipboard.readText()")


def run_python(code, tmp_path):
    (tmp_path / "call.py").write_text(code, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "client")}
    command = [sys.executable, "call.py"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_what_is_copied_from_the_page_gives_the_pages_figure(server, page, tmp_path):
    page.goto("/model?app=mortality&age=48&shock_rate=10")
    settled(page)
    page.locator(".st-key-run button").click()
    page.wait_for_function("new URLSearchParams(location.search).get('run')")
    page.get_by_text("Success").first.wait_for()
    run_id = re.search(r"run=([0-9a-f-]+)", page.url)[1]
    shown = server.get(f"/api/runs/{run_id}")
    summary = shown["result"]["summary"]
    assert shown["inputs"]["age"] == 48

    page.get_by_role("tab", name="Use from code").click()
    copied = choose(page, "curl", "curl")
    assert server.url in copied  # as the browser has it
    done = subprocess.run(["bash", "-c", copied], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["status"], answer["inputs"], answer["result"]["summary"]) == ("SUCCESS", shown["inputs"], summary)

    out = run_python(choose(page, "Python", "from tontine"), tmp_path)
    assert out.strip() == str(summary)

    formula = choose(page, "Excel", "=LET")
    address = "".join(re.findall(r'"([^"]*)"', formula)[:-1])
    label = page.locator("[class*=code-figure]").get_by_role("combobox").input_value() or next(iter(summary))
    figure = summary[label]["value"] if isinstance(summary[label], dict) else summary[label]
    assert httpx.get(address, timeout=120).text == str(figure)
    assert urlsplit(address).query.startswith("figure=")
    query = choose(page, "Excel", "let")
    assert f"{server.url}/api/apps/" in query
    assert "req_body_raw" in choose(page, "R", "library")


def test_a_changed_triangle_is_in_the_code_and_a_default_one_is_not(server, page, tmp_path):
    open_code(page, "/model?app=chain_ladder")
    assert "default" in choose(page, "Python", "from tontine")
    app_id = next(app["id"] for app in server.get("/api/apps") if app["slug"] == "chain_ladder")
    default = server.get(f"/api/apps/{app_id}/schema")["properties"]["triangle"]["default"]
    doubled = {
        key: [[None if cell is None else cell * 2 for cell in row] for row in measure]
        for key, measure in default["measures"].items()
    }
    changed = {**default, "measures": doubled}
    open_code(page, f"/model?app=chain_ladder&triangle={quote(json.dumps(changed))}")
    code = choose(page, "Python", "from tontine")
    assert "'measures'" in code
    out = run_python(code, tmp_path)
    assert out.startswith("{")
    newest = server.get("/api/runs?app=chain_ladder&limit=1")[0]["run_id"]
    assert server.get(f"/api/runs/{newest}")["inputs"]["triangle"] == changed


def test_a_form_that_does_not_fit_gives_no_code(page):
    page.goto("/model?app=mortality&age=999")
    page.get_by_role("tab", name="Use from code").click()
    page.get_by_text("Fix the form's inputs first").wait_for()
