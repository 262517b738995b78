"""People of different roles in a real browser: they sign in with a real OpenID Connect provider."""

import json
import re
import subprocess
import urllib.error
import urllib.request

import pytest

from tests.journeys.oidc_provider import ROOT, Provider, SignInServer
from tests.journeys.test_main_job import CHROMIUM, model, settled

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
    pytest.mark.timeout(400),
]

PEOPLE = {
    "id-of-ada": {"email": "ada@example.com", "email_verified": True, "name": "Ada"},
    "id-of-bob": {"email": "bob@example.com", "email_verified": True, "groups": ["readers"]},
    "id-of-carol": {"email": "carol@example.com", "email_verified": True, "groups": ["actuaries", "readers"]},
    "id-of-eve": {"email": "ada@example.com", "email_verified": False, "preferred_username": "eve"},
}
DOUBLE = "def run(inputs):\n    return {'summary': {'Twice': 2 * inputs['n']}, 'table': [{'x': inputs['n']}]}\n"


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    running = Provider(tmp_path_factory.mktemp("provider"), PEOPLE).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory, provider):
    home = tmp_path_factory.mktemp("server")
    model(home / "functions", "double", DOUBLE, {"n": {"type": "number", "label": "N", "default": 2}})
    running = SignInServer(
        home,
        provider,
        TONTINE_ADMINISTRATORS="ada@example.com",
        TONTINE_ROLE_CLAIM="groups",
        TONTINE_ROLES="readers=viewer,actuaries=analyst",
    ).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def browse(chromium, server):
    """Return a function that opens a page at an address and signs in there as somebody; one browser context each."""
    contexts = {}

    def go(who, path="/"):
        if who not in contexts:
            context = chromium.new_context(viewport={"width": 1400, "height": 1000}, base_url=server.url)
            context.set_default_timeout(120_000)
            page = context.new_page()
            page.goto(path)
            page.get_by_role("button", name="Sign in").click()
            page.get_by_role("button", name=f"id-of-{who}").click()
            page.wait_for_url(f"{server.url}/**")
            contexts[who] = page
        else:
            contexts[who].goto(path)
        settled(contexts[who])
        return contexts[who]

    yield go
    for page in contexts.values():
        page.context.close()


def ask(page, path, method="GET", body=None):
    """Ask the API from within a page, as its own scripts do; return status and text."""
    return page.evaluate(
        """async ([path, method, body]) => {
            const headers = body === null ? {} : { "Content-Type": "application/json" }
            const answer = await fetch(path, { method, headers, body })
            return [answer.status, await answer.text()]
        }""",
        [path, method, None if body is None else json.dumps(body)],
    )


def status_of(server, path, **headers):
    try:
        with urllib.request.urlopen(urllib.request.Request(server.url + path, headers=headers), timeout=120) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.fixture(scope="module")
def run_of_ada(browse):
    """A run of Ada's, made on the model's page, which her browser followed by WebSocket."""
    page = browse("ada", "/model?app=double")
    page.locator(".st-key-run button").click()
    page.wait_for_function("new URLSearchParams(location.search).get('run')")
    page.get_by_text("Twice").first.wait_for()
    return re.search(r"[?&]run=([0-9a-f-]+)", page.url)[1]


def test_without_a_sign_in_there_is_a_screen_at_every_address_and_no_api_but_health(chromium, server):
    context = chromium.new_context(base_url=server.url)
    page = context.new_page()
    for path in ("/", "/history", "/people", "/run?id=none"):
        page.goto(path)
        page.get_by_role("heading", name="Sign in").wait_for()
        assert page.get_by_text("History").count() == 0
    context.close()
    assert status_of(server, "/api/health") == 200
    for path in ("/api/runs", "/api/docs", "/api/openapi.json", "/api/mclavier/runs", "/api/monitor/queue", "/api/x"):
        assert status_of(server, path) == 401, path
    forged = "_streamlit_user=ImV2aWwi.aaaa.bbbb"
    assert status_of(server, "/api/runs", Cookie=forged) == 401


def test_who_signs_in_is_led_back_to_the_page_that_was_asked_for(browse, server):
    page = browse("carol", "/history?q=twice")
    page.wait_for_url(f"{server.url}/history?q=twice")
    page.get_by_role("heading", name="History").wait_for()
    assert json.loads(ask(page, "/api/me")[1]) == {
        "name": "carol@example.com",
        "role": "analyst",
        "teams": [],
        "by_token": False,
    }


def test_the_administrator_of_the_setting_manages_people_and_a_run_is_followed_and_printed(browse, run_of_ada):
    page = browse("ada", f"/run?id={run_of_ada}")
    assert page.get_by_role("link", name="People").count() > 0
    status, text = ask(page, f"/api/runs/{run_of_ada}/export/pdf")
    assert (status, text[:5]) == (200, "%PDF-")
    assert json.loads(ask(page, "/api/me")[1])["role"] == "administrator"


def test_a_viewer_sees_what_is_the_teams_runs_nothing_and_is_kept_from_pages_for_others(browse, run_of_ada):
    page = browse("bob", f"/run?id={run_of_ada}")
    page.get_by_text("Twice").first.wait_for()
    for name in ("People", "Register"):
        assert page.get_by_role("link", name=name, exact=True).count() == 0
    for path in ("/people", "/register"):
        page.goto(path)
        page.get_by_text("You may not").wait_for()
    page.goto("/model?app=double")
    page.get_by_text("Running models takes the role analyst").wait_for()
    assert page.locator(".st-key-run button").is_disabled()
    assert ask(page, "/api/people")[0] == 403
    models = json.loads(ask(page, "/api/apps")[1])
    assert ask(page, f"/api/apps/{models[0]['id']}/run", "POST", {"inputs": {}})[0] == 403


def test_a_run_made_private_is_refused_with_whom_to_ask_on_the_page_and_by_the_api(browse, run_of_ada):
    page = browse("ada", f"/run?id={run_of_ada}")
    page.get_by_role("button", name="Team").click()
    page.get_by_text("Private: its owner").click()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Private").wait_for()
    other = browse("bob", f"/run?id={run_of_ada}")
    other.get_by_text("Ask ada@example.com, whose run it is").wait_for()
    assert other.get_by_text("Twice").count() == 0
    status, text = ask(other, f"/api/runs/{run_of_ada}")
    assert status == 403
    assert "ada@example.com" in text
    assert run_of_ada not in ask(other, "/api/runs")[1]
    ask(page, f"/api/runs/{run_of_ada}/visibility", "PUT", {"visibility": "team"})
    assert ask(other, f"/api/runs/{run_of_ada}")[0] == 200


def test_a_second_person_signs_a_run_off_and_its_pdf_says_so_and_its_owner_may_not(browse, run_of_ada):
    page = browse("carol", f"/run?id={run_of_ada}")
    page.get_by_role("button", name="Sign off").click()
    page.get_by_role("textbox", name="Comment").fill("Checked against the paper")
    page.get_by_test_id("stPopoverBody").get_by_role("button", name="Sign off").click()
    page.get_by_text("Signed off by carol@example.com").wait_for()
    owner = browse("ada", f"/run?id={run_of_ada}")
    owner.get_by_text("Checked against the paper").wait_for()
    assert owner.get_by_role("button", name="Sign off").count() == 0
    status, text = ask(owner, f"/api/runs/{run_of_ada}/sign-off", "POST", {"comment": "mine"})
    assert status == 403
    assert "nobody signs off a run of their own" in text


def test_a_token_made_on_the_page_works_from_a_program_until_it_is_revoked(browse, server):
    page = browse("carol", "/account")
    page.get_by_role("textbox", name="Description").fill("journey")
    page.get_by_role("button", name="Create token").click()
    page.get_by_text("Copy the token").wait_for()
    token = page.get_by_test_id("stCode").first.inner_text().strip()
    assert re.fullmatch(r"tontine_[A-Za-z0-9_-]{43}", token)

    def tontine(*arguments):
        command = [str(ROOT / "tontine"), *arguments, "--url", server.url, "--token", token]
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)

    done = tontine("run", "double", "n=21", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["user"] == "carol@example.com"
    page.goto("/account")
    settled(page)
    page.get_by_role("combobox", name="Token").click()
    page.get_by_role("option", name="journey").click()
    page.get_by_role("button", name="Revoke").click()
    page.get_by_text("revoked").first.wait_for(state="attached")  # in a table, whose cells are drawn
    refused = tontine("list")
    assert refused.returncode != 0
    assert "it is not valid" in refused.stderr


def test_who_is_disabled_is_out_at_once_on_the_page_and_by_the_api(browse):
    page = browse("bob", "/history")
    admin = browse("ada", "/people")
    admin.get_by_role("combobox", name="Person").click()
    admin.get_by_role("option", name="bob@example.com").click()
    admin.get_by_role("button", name="Disable").click()
    admin.get_by_role("button", name="Let in again").wait_for()
    assert ask(page, "/api/runs")[0] == 403
    page.goto("/history")
    page.get_by_role("heading", name="No access").wait_for()
    page.get_by_text("bob@example.com was disabled").wait_for()
    admin.get_by_role("button", name="Let in again").click()
    admin.get_by_role("button", name="Disable").wait_for()
    assert ask(page, "/api/runs")[0] == 200


def test_an_address_that_is_not_verified_makes_nobody_an_administrator(browse):
    page = browse("eve", "/")
    known = json.loads(ask(page, "/api/me")[1])
    assert (known["name"], known["role"]) == ("eve", "viewer")


def test_the_audit_log_has_what_happened_and_is_intact(browse):
    page = browse("ada", "/people?tab=Audit+log")
    page.get_by_role("tab", name="Audit log").click()
    page.get_by_role("button", name="Verify the whole log").click()
    page.get_by_text("The log is intact").wait_for()
    actions = {row["action"] for row in json.loads(ask(page, "/api/audit?limit=500")[1])}
    assert {
        "person.signed_in",
        "token.created",
        "token.revoked",
        "run.visibility_changed",
        "run.signed_off",
        "person.disabled",
        "person.enabled",
        "model.published",
    } <= actions


def test_signing_out_ends_it_on_the_page_and_for_the_api(browse, server):
    page = browse("eve", "/")
    page.locator(".st-key-account-menu button").first.click()
    with page.expect_response(re.compile("/auth/logout")):
        page.get_by_role("button", name="Sign out").click()
    page.goto("/")
    page.get_by_role("heading", name="Sign in").wait_for()
    assert ask(page, "/api/runs")[0] == 401
