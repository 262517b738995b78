"""A model from a git repository, in a real browser: checked, fixed, published, run, updated, compared, rolled back."""

import json
import re
import urllib.request

import pytest

from tests.journeys.test_main_job import CHROMIUM, READY, Server
from tests.registry.git_server import GitServer, Repository

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
    pytest.mark.timeout(400),
]
MANIFEST = (
    '{"name": "Level annuity", "headline": ["Value"], '
    '"inputs": {"n": {"type": "integer", "label": "Term", "min": 1, "max": 9, "default": %d}}}'
)
FAILS = "def run(inputs):\n    return {'summary': {'Value': inputs['n'] / 0}}\n"
WORKS = "def run(inputs):\n    return {'summary': {'Value': 100 * inputs['n']}}\n"
BETTER = "def run(inputs):\n    return {'summary': {'Value': 1000 * inputs['n']}}\n"


@pytest.fixture(scope="module")
def git(tmp_path_factory):
    server = GitServer(tmp_path_factory.mktemp("repositories"))
    yield server
    server.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory, git):
    home = tmp_path_factory.mktemp("server")
    (home / "functions").mkdir()
    (home / "work").mkdir()
    given = {"TONTINE_GIT_HOSTS": git.origin, "TONTINE_DEVELOPMENT_FOLDERS": str(home / "work")}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in given.items():
            patch.setenv(name, value)
        running = Server(home).start()
    yield running
    running.stop()


@pytest.fixture
def page(chromium, server):
    context = chromium.new_context(viewport={"width": 1400, "height": 1000}, base_url=server.url)
    opened = context.new_page()
    opened.set_default_timeout(120_000)
    yield opened
    context.close()


def press(page, name):
    page.get_by_role("button", name=name, exact=False).first.click()


def result(page, value):
    page.locator(".tontine-headline .tontine-value").get_by_text(value, exact=True).wait_for()


def test_from_a_repository_to_a_run_and_back_to_the_version_before(page, git, server):
    made = Repository(git.root, "annuity")
    made.commit({"manifest.json": MANIFEST % 2, "function.py": FAILS})
    page.goto("/")
    page.get_by_role("link", name="Register a model").click()  # the catalogue is empty
    page.get_by_label("Repository", exact=True).fill(git.url(made))
    press(page, "Fetch and check")
    page.get_by_text("ZeroDivisionError").first.wait_for()
    page.get_by_text("What to do:").first.wait_for()
    page.wait_for_selector(READY)
    assert page.get_by_role("button", name="Publish").count() == 0
    assert server.get("/api/apps") == []

    made.commit({"manifest.json": MANIFEST % 2, "function.py": WORKS})
    press(page, "Register another model")
    page.get_by_label("Repository", exact=True).fill(git.url(made))
    press(page, "Fetch and check")
    page.get_by_role("button", name="Publish").wait_for()
    page.get_by_role("heading", name="Level annuity").wait_for()  # the form as it will be
    press(page, "Publish")
    page.wait_for_url(re.compile(r"/model\?.*app=annuity"))
    press(page, "Run")
    page.wait_for_url(re.compile(r"run=[0-9a-f-]{36}"))
    first_run = re.search(r"run=([0-9a-f-]{36})", page.url)[1]
    result(page, "200")

    made.commit({"manifest.json": MANIFEST % 3, "function.py": BETTER})
    page.get_by_role("tab", name="Versions").click()
    press(page, "Check for updates")
    press(page, "Check and update")
    page.get_by_role("button", name="Publish").wait_for()
    page.get_by_text("A new version of").wait_for()
    press(page, "Publish")
    page.wait_for_url(re.compile(r"/model\?.*app=annuity"))
    press(page, "Run")
    result(page, "3000")
    [app] = server.get("/api/apps")
    second = app["version"]

    page.goto(f"/run?id={first_run}")
    page.get_by_text("Run with version").wait_for()
    result(page, "200")

    page.goto("/model?app=annuity")
    page.get_by_role("tab", name="Versions").click()
    page.get_by_text("1000 * inputs").first.wait_for()
    page.get_by_text("Differences", exact=True).click()
    page.get_by_text("default 2 to 3").wait_for()
    page.wait_for_selector(READY)
    page.get_by_role("combobox", name="Version").first.click()
    page.get_by_role("option").nth(1).click()
    press(page, "Make current")
    page.get_by_role("slider", name="Term").wait_for()
    page.locator("[data-testid=stSlider]").get_by_text("2", exact=True).first.wait_for()  # the default of that version
    page.get_by_role("tab", name="Result").click()
    press(page, "Run")
    result(page, "200")
    [app] = server.get("/api/apps")
    assert app["version"] != second
    assert len(server.get(f"/api/apps/{app['id']}/versions")) == 2


def wait_until(page, condition):
    """Wait for something that no element of the page tells of."""
    for _ in range(480):
        if condition():
            return
        page.wait_for_timeout(250)
    raise TimeoutError


def run(server, app, **inputs):
    """Run a model by HTTP and return its result."""
    request = urllib.request.Request(
        f"{server.url}/api/apps/{app['id']}/run?wait=60",
        data=json.dumps({"inputs": inputs}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)["result"]


def test_a_folder_that_an_author_works_in_is_run_as_it_was_saved_last_without_a_restart(page, server):
    folder = server.home / "work" / "lapse"
    folder.mkdir()
    (folder / "manifest.json").write_text(MANIFEST % 2)
    (folder / "function.py").write_text(WORKS)
    wait_until(page, lambda: any(a["slug"] == "lapse" for a in server.get("/api/apps")))
    app = next(a for a in server.get("/api/apps") if a["slug"] == "lapse")
    assert run(server, app, n=2)["summary"]["Value"] == 200
    (folder / "function.py").write_text(BETTER)
    versions = f"/api/apps/{app['id']}/versions"
    wait_until(page, lambda: len(server.get(versions)) == 2)
    assert run(server, app, n=2)["summary"]["Value"] == 2000
    (folder / "manifest.json").write_text("{")

    def is_listed():
        page.goto("/register")
        page.get_by_role("button", name="Fetch and check").wait_for()
        page.wait_for_selector(READY)
        return page.get_by_text("Folders that cannot be registered").count()

    wait_until(page, is_listed)
    page.goto("/model?app=lapse")
    page.get_by_text("Its folder cannot be registered").wait_for()
