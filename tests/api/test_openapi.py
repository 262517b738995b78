"""The whole OpenAPI document, asked by schemathesis: nothing answers 500, and nothing that is not documented."""

import contextlib

import pytest
import schemathesis
from hypothesis import HealthCheck, settings, strategies
from schemathesis.checks import CHECKS

from api.app import create_app
from contract.run import Status
from engine.explorer.saved import save_query
from engine.processes import context as contexts
from engine.runs.submit import submit
from engine.webhooks.manage import create_webhook, send_test
from storage import runs
from storage.encryption import Cipher, new_key
from tests.actors import ADA

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]

EXAMPLES = 5  # of each operation, each sent twice
CODE = "def run(inputs):\n    return {}\n"
FIELDS = {
    "n": {"type": "number", "default": 1},
    "s": {"type": "text", "default": "x"},
    "b": {"type": "boolean", "default": True},
    "o": {"type": "select", "options": ["a", "b"], "default": "a"},
    "t": {"type": "table", "columns": {"c": {"type": "number"}}, "default": []},
    "f": {"type": "file", "required": False},
}
WANTED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
)


@pytest.fixture
def installation(context, add_model):
    """An installation with a model, and a run of each kind: waiting, cancelled, a success; returns ids that exist."""
    object.__setattr__(context, "cipher", Cipher([new_key()]))
    contexts.set_current(context)
    add_model(CODE, FIELDS, cases=[{"name": "One", "inputs": {"n": 2}}])
    made = [submit(context, "probe", {"n": n}, actor=ADA) for n in range(3)]
    with context.database.begin() as conn:
        runs.request_cancel(conn, made[1].id)
        claimed = runs.claim_run(conn, made[2].id, "test-worker")
        doc = {"summary": {"a": 1}, "table": [{"x": 1}], "series": [{"x": 0, "y": 1}]}
        runs.finish_run(conn, made[2].id, claimed.attempt, status=Status.SUCCESS, doc=doc)
    webhook, _ = create_webhook(context, "https://1.1.1.1/hook", actor=ADA)
    delivery = send_test(context, webhook.id, actor=ADA)
    query = save_query(context, "Models", "select slug from apps", actor=ADA)
    yield {
        "webhook_id": str(webhook.id),
        "delivery_id": str(delivery),
        "app_id": made[0].app_id,
        "run_id": str(made[2].id),
        "table": "job_runs",
        "query_id": str(query.id),
        "name": "API_KEY",
    }
    contexts.set_current(None)


schemathesis.openapi.media_type("application/zip", strategies.binary(max_size=1_000))
ours = schemathesis.openapi.from_asgi("/openapi.json", create_app())
for_mclavier = schemathesis.openapi.from_asgi("/mclavier/openapi.json", create_app())
bounded = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)


def ask(case, known):
    """Send a generated request, once as it is and once with ids that exist, for which it would never find one."""
    if "wait" in (case.query or {}):
        with contextlib.suppress(TypeError, ValueError):
            case.query["wait"] = min(float(case.query["wait"]), 0.01)  # no worker is there to end a run
    checks = [CHECKS.get_one(name) for name in WANTED]
    case.call_and_validate(checks=checks)
    ids = {name: known[name] for name in case.path_parameters or {} if name in known}
    if ids:
        case.path_parameters.update(ids)
        case.call_and_validate(checks=checks)


@ours.parametrize()
@bounded
def test_our_api_answers_nothing_that_is_not_documented(case, installation):
    ask(case, installation)


@for_mclavier.parametrize()
@bounded
def test_the_api_for_mclaviers_clients_answers_nothing_that_is_not_documented(case, installation):
    ask(case, installation)


def test_both_documents_describe_every_route():
    documented = set(ours.raw_schema["paths"])
    assert {"/apps", "/uploads", "/runs/{run_id}/events", "/workers"} <= documented
    assert {"/apps", "/explorer/query"} <= set(for_mclavier.raw_schema["paths"])
    for schema in (ours, for_mclavier):
        for path, operations in schema.raw_schema["paths"].items():
            for method, operation in operations.items():
                assert operation["summary"], (method, path)
                assert {"403", "404", "422", "429", "503"} <= set(operation["responses"]), (method, path)
                described = next(r for status, r in operation["responses"].items() if status.startswith("2"))
                for media in described.get("content", {}).values():
                    assert media.get("schema") not in (None, {}), (method, path)
