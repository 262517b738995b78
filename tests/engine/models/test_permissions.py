"""Grants in a run: hosts that are reached or refused, secrets that are there or missing."""

import pytest
from sqlalchemy import Engine, event, text

from contract.access import GrantKind
from contract.errors import NotGrantedError
from contract.run import Status
from engine.models.grants import grant, revoke
from engine.models.verify import run_reference_cases
from engine.runs.execute import WorkerContext, execute
from engine.runs.follow import snapshot, wait_for_end
from engine.runs.submit import submit
from storage import apps, versions
from tests.actors import ADA, ADMIN
from tests.engine.hosts import Answer, confined, local, serving

__all__ = ["local"]

FETCH = """
import urllib.request
def run(inputs):
    return {"notes": urllib.request.urlopen(inputs["url"], timeout=5).read().decode()}
"""
HTTPX = """
import httpx
def run(inputs):
    return {"notes": httpx.get(inputs["url"], timeout=5).text}
"""
ASYNC_HTTPX = """
import httpx
async def run(inputs):
    async with httpx.AsyncClient(timeout=5) as client:
        return {"notes": (await client.get(inputs["url"])).text}
"""
KNOWS = """
import os
def run(inputs):
    print("using", os.environ["API_KEY"])
    return {"summary": {"length": len(os.environ["API_KEY"])}, "notes": os.environ["API_KEY"]}
"""
LOOKS = "import os\ndef run(inputs):\n    return {'notes': ', '.join(sorted(os.environ))}\n"
URL = {"url": {"type": "text", "default": ""}}
VALUE = "sesame-open"


class Hello(Answer):
    def body(self):
        return b"hello"


@pytest.fixture(scope="module")
def server():
    with serving(Hello) as port:
        yield f"localhost:{port}"


@pytest.fixture
def run(context, local, tmp_path):
    """Submit and execute a run on a worker with the given secrets; return its snapshot afterwards."""

    def go(slug, values=None, **secrets):
        worker_context = WorkerContext(
            context.database, local, context.limits, tmp_path / "cache", "test-worker", secrets=secrets
        )
        accepted = submit(context, slug, values or {}, actor=ADA)
        execute(worker_context, accepted.id)
        return snapshot(context, accepted.id, actor=ADA)

    return go


@confined
def test_a_host_is_reached_while_it_is_granted_and_refused_before_and_after_with_the_command_that_grants_it(
    context, add_model, run, server
):
    slug = add_model(FETCH, URL, network=[server])
    url = {"url": f"http://{server}/"}

    def refused():
        now = run(slug, url)
        assert now.run.status is Status.FAILED
        assert f"python -m engine.commands.grants grant {slug} --host {server}" in now.run.reason

    refused()
    assert grant(context.database, slug, GrantKind.HOST, server, actor=ADMIN)
    now = run(slug, url)
    assert (now.run.status, now.shown) == (Status.SUCCESS, {"notes": "hello"})
    assert revoke(context.database, slug, GrantKind.HOST, server, actor=ADMIN)
    refused()


@confined
@pytest.mark.parametrize("code", [HTTPX, ASYNC_HTTPX], ids=["httpx", "async httpx"])
def test_httpx_reaches_a_host_under_the_same_grants(context, add_model, run, server, code):
    slug = add_model(code, URL, network=[server])
    refused = run(slug, {"url": f"http://{server}/"})
    assert refused.run.status is Status.FAILED
    assert f"grant {slug} --host {server}" in refused.run.reason
    grant(context.database, slug, GrantKind.HOST, server, actor=ADMIN)
    now = run(slug, {"url": f"http://{server}/"})
    assert (now.run.status, now.shown) == (Status.SUCCESS, {"notes": "hello"}), now.run.traceback
    elsewhere = run(slug, {"url": "http://www.example.org/"})
    assert "www.example.org:80 is not among the hosts" in elsewhere.run.reason


@confined
def test_a_model_whose_host_is_not_granted_runs_as_long_as_it_does_not_connect(add_model, run):
    code = "import asyncio\nasync def run(inputs):\n    await asyncio.sleep(0)\n    return {'notes': 'did without'}\n"
    assert run(add_model(code, network=["www.example.com"])).shown == {"notes": "did without"}


@confined
def test_a_granted_host_gives_no_access_to_one_that_is_not(context, add_model, run, server):
    slug = add_model(FETCH, URL, network=[server, "www.example.com"])
    grant(context.database, slug, GrantKind.HOST, server, actor=ADMIN)
    now = run(slug, {"url": "http://www.example.com/"})
    assert f"grant {slug} --host www.example.com" in now.run.reason
    now = run(slug, {"url": "http://www.example.org/"})
    assert "www.example.org:80 is not among the hosts that this model may reach" in now.run.reason


@confined
def test_a_grant_has_no_effect_once_the_manifest_does_not_name_the_host(context, add_model, run, server):
    slug = add_model(FETCH, URL, network=[server])
    grant(context.database, slug, GrantKind.HOST, server, actor=ADMIN)
    add_model(FETCH + "\n", URL, network=["www.example.com"])
    now = run(slug, {"url": f"http://{server}/"})
    assert f"{server} is not among the hosts that this model may reach" in now.run.reason


@confined
def test_what_came_from_a_host_is_fetched_again_and_never_reused(context, add_model, run, server):
    slug = add_model(FETCH, URL, network=[server], deterministic=True)
    grant(context.database, slug, GrantKind.HOST, server, actor=ADMIN)
    assert run(slug, {"url": f"http://{server}/"}).run.status is Status.SUCCESS
    assert submit(context, slug, {"url": f"http://{server}/"}, actor=ADA).status is Status.PENDING


def test_a_run_without_its_secret_is_refused_with_who_must_do_what(context, add_model):
    slug = add_model(KNOWS, secrets=["API_KEY"])
    with pytest.raises(
        NotGrantedError, match=f"An administrator grants it: python -m engine.commands.grants grant {slug}"
    ):
        submit(context, slug, {}, actor=ADA)
    with context.database.read() as conn:
        assert conn.execute(text("select count(*) from runs")).scalar_one() == 0


def test_a_granted_secret_is_given_to_its_model_alone_and_stored_nowhere(context, add_model, run):
    slug, other = add_model(KNOWS, secrets=["API_KEY"]), add_model(LOOKS, slug="other")
    grant(context.database, slug, GrantKind.SECRET, "API_KEY", actor=ADMIN)
    now = run(slug, API_KEY=VALUE)
    assert now.run.status is Status.SUCCESS, now.run.reason
    assert (now.shown["summary"], now.shown["notes"], now.log) == ({"length": len(VALUE)}, "***", "using ***\n")
    assert run(other, API_KEY=VALUE).shown == {"notes": "HOME, LANG, PATH, TMPDIR"}
    with context.database.read() as conn:
        tables = conn.execute(
            text("select table_name from information_schema.tables where table_schema = 'public'")
        ).scalars()
        for table in tables:
            rows = conn.execute(text(f'select cast(t as text) from "{table}" t')).scalars()
            assert not [row for row in rows if VALUE in row], table


def test_a_worker_process_takes_the_values_from_its_environment(context, add_model, workers):
    slug = add_model(KNOWS, secrets=["API_KEY"])
    grant(context.database, slug, GrantKind.SECRET, "API_KEY", actor=ADMIN)
    workers(1, TONTINE_SECRET_API_KEY=VALUE)
    now = wait_for_end(context, submit(context, slug, {}, actor=ADA).id, 60, actor=ADA)
    assert (now.run.status, now.shown["summary"]) == (Status.SUCCESS, {"length": len(VALUE)})


def test_a_secret_of_another_name_is_not_passed_on_although_it_has_a_value(context, add_model, run):
    slug = add_model(LOOKS, secrets=["API_KEY"])
    grant(context.database, slug, GrantKind.SECRET, "API_KEY", actor=ADMIN)
    assert run(slug, API_KEY=VALUE, TOKEN="another-one").shown == {"notes": "API_KEY, HOME, LANG, PATH, TMPDIR"}


def test_a_granted_secret_without_a_value_on_the_worker_fails_the_run_and_says_which_variable_to_set(
    context, add_model, run
):
    slug = add_model(KNOWS, secrets=["API_KEY"])
    grant(context.database, slug, GrantKind.SECRET, "API_KEY", actor=ADMIN)
    now = run(slug)
    assert now.run.status is Status.FAILED
    assert "The worker test-worker has no value for the secret API_KEY" in now.run.reason
    assert "TONTINE_SECRET_API_KEY" in now.run.reason


def test_a_secret_revoked_while_a_run_waits_is_not_passed_on(context, add_model, worker_context):
    slug = add_model(KNOWS, secrets=["API_KEY"])
    grant(context.database, slug, GrantKind.SECRET, "API_KEY", actor=ADMIN)
    waiting = submit(context, slug, {}, actor=ADA)
    revoke(context.database, slug, GrantKind.SECRET, "API_KEY", actor=ADMIN)
    worker_context.secrets = {"API_KEY": VALUE}
    execute(worker_context, waiting.id)
    now = snapshot(context, waiting.id, actor=ADA)
    assert now.run.status is Status.FAILED
    assert "was not granted" in now.run.reason


def test_reference_cases_run_with_what_is_granted_and_say_what_is_missing(context, add_model, worker_context):
    cases = [{"name": "a", "inputs": {}, "expect": {"summary.length": len(VALUE)}}]
    slug = add_model(KNOWS, secrets=["API_KEY"], cases=cases)
    worker_context.secrets = {"API_KEY": VALUE}

    def checks():
        with context.database.read() as conn:
            app = apps.app_by_slug(conn, slug)
        run_reference_cases(worker_context, app.id, app.current_version)
        with context.database.read() as conn:
            return versions.get_case_results(conn, app.id, app.current_version)

    before = checks()
    assert before["reproduced"] == 0
    assert "was not granted" in before["misses"][0]["found"]
    grant(context.database, slug, GrantKind.SECRET, "API_KEY", actor=ADMIN)
    assert checks()["reproduced"] == 1


def test_grants_are_read_by_one_statement_and_only_for_models_that_ask(context, add_model, run):
    plain = add_model(LOOKS, slug="plain")
    asking = add_model(LOOKS, slug="asking", network=["www.example.com"])
    asked = []

    def note(_conn, _cursor, statement, *_rest):
        if "grants" in statement:
            asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        run(plain)
        assert asked == []
        run(asking)
        assert len(asked) == 1
    finally:
        event.remove(Engine, "before_cursor_execute", note)
