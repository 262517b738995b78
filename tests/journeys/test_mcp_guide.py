"""The examples of the guide's chapter on MCP, run as they stand there against a real server with a worker."""

import asyncio
import re
import shutil

import httpx
import pytest

from api.mcp.calls import TOOLS
from tests.journeys.test_main_job import ROOT, Server

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]
GUIDE = (ROOT / "docs" / "12-mcp.md").read_text()
ADDRESS = "http://localhost:8501"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("server")
    shutil.copytree(ROOT / "functions" / "mortality", home / "functions" / "mortality")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TONTINE_MCP", "true")
        running = Server(home).start()
    yield running
    assert running.stop() == []


def test_the_examples_run_one_after_the_other(server, capsys):
    scope = {"asyncio": asyncio}
    found = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    assert len(found) == 2
    for block in found:
        exec(block.replace(ADDRESS, server.url), scope)
    query = {"age": 45, "shock_rate": 10, "figure": "Life expectancy, shocked", "wait": 60}
    same = httpx.get(f"{server.url}/api/apps/mortality/value", params=query, timeout=120)
    assert scope["summary"]["Life expectancy, shocked"]["value"] == float(same.text)
    out = capsys.readouterr().out
    assert "SUCCESS" in out
    assert "inputs.age" in out


def test_the_guide_names_every_tool():
    named = set(re.findall(r"^\| `(\w+)` \|", GUIDE, re.MULTILINE))
    assert named == set(TOOLS)
