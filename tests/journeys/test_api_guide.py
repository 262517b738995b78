"""The examples of the API's guide, run as they stand there against a real server with a worker."""

import re
import shutil
import subprocess
import time

import httpx
import pytest

from engine.webhooks.signature import make_secret, sign
from tests.journeys.test_main_job import CHROMIUM, ROOT, SLOW, Server, model

pytestmark = [pytest.mark.journey, pytest.mark.timeout(900)]
GUIDE = (ROOT / "docs" / "08-http-api.md").read_text()
ADDRESS = "http://localhost:8501"


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("server")
    shutil.copytree(ROOT / "functions" / "mortality", home / "functions" / "mortality")
    seconds = {"seconds": {"type": "number", "label": "Seconds", "min": 1, "max": 600, "default": 1}}
    model(home / "functions", "slow", SLOW, seconds, limits={"seconds": 600})
    running = Server(home).start()
    yield running
    assert running.stop() == []


def test_the_python_examples_run_one_after_the_other(server):
    scope = {}
    found = blocks("python")
    assert len(found) >= 8
    for block in found:
        exec(block.replace(ADDRESS, server.url), scope)
    scope["api"].close()
    assert scope["run"]["status"] == "SUCCESS"
    secret = make_secret()
    headers = sign(secret, "id", int(time.time()), b"{}")
    assert scope["verify"](secret, headers, b"{}")
    assert not scope["verify"](secret, headers, b"[]")
    assert not scope["verify"](make_secret(), headers, b"{}")


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_the_examples_for_a_shell_succeed(server):
    found = blocks("bash")
    assert len(found) >= 2
    for block in found:
        command = block.replace(ADDRESS, server.url).replace("curl -s", "curl -s --fail")
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, (command, done.stderr)
        assert done.stdout


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
def test_the_header_counts_the_runs_that_are_going_on_and_leads_to_the_monitor(server, chromium, request):
    api = httpx.Client(base_url=f"{server.url}/api", timeout=120)
    request.addfinalizer(api.close)
    app = next(a for a in api.get("/apps").json() if a["slug"] == "slow")
    page = chromium.new_page()
    page.goto(server.url)
    counter = page.locator(".tontine-live")
    counter.get_by_text("Idle").or_(counter).first.wait_for()
    run_id = api.post(f"/apps/{app['id']}/run", json={"inputs": {"seconds": 300}}).json()["run_id"]
    page.locator(".tontine-live", has_text="1 running").wait_for(timeout=120_000)
    counter.click()
    page.wait_for_url("**/monitor")
    api.delete(f"/runs/{run_id}")
    page.locator(".tontine-live", has_text="Idle").wait_for(timeout=120_000)
    page.close()
