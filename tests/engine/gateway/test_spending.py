"""Costs and tokens on the run and in sums, and the cap that refuses with words."""

import dataclasses

import pytest

from contract.actor import SYSTEM, Actor, Role
from contract.errors import SpendingCapError
from contract.gateway import Usage, gateway_host, read_usage
from contract.run import Status
from engine.gateway.spending import dollars, gateway_spending
from engine.models import starting_runs
from engine.runs.execute import NOT_ASKED_AGAIN, execute
from engine.runs.follow import snapshot
from engine.runs.submit import submit
from storage import gateway_calls, runs
from tests.actors import ADA, BOB
from tests.engine.hosts import confined
from tests.gateway_installation import gateway, installation

__all__ = ["gateway", "installation"]
pytestmark = [pytest.mark.processes, confined]
ROOT = Actor("root", role=Role.ADMINISTRATOR)
VIEWER = Actor("bob", role=Role.VIEWER)


def test_what_the_gateway_reports_is_summed_by_model_and_by_user(installation):
    installation.run("ai_text")
    installation.run("ai_text", model="demo/large")
    installation.run("ai_image", actor=BOB, number=2)
    found = gateway_spending(installation.context, actor=ROOT)
    assert {s.name: (s.calls, s.input_tokens, round(s.cost, 4)) for s in found.by_model} == {
        "demo/small": (1, 21, 0.0125),
        "demo/large": (1, 21, 0.0125),
        "demo/painter": (1, 21, 0.0125),
    }
    assert {s.name: round(s.cost, 4) for s in found.by_user_today} == {"ada": 0.025, "bob": 0.0125}


def test_others_than_administrators_see_their_own(installation):
    installation.run("ai_text")
    installation.run("ai_text", actor=BOB)
    assert [s.name for s in gateway_spending(installation.context, actor=VIEWER).by_user_today] == ["bob"]


def test_a_call_whose_cost_is_not_reported_is_counted_as_unknown(installation):
    installation.gateway.usage = {"prompt_tokens": 3}
    now = installation.run("ai_text")
    assert now.shown["summary"]["Cost"] == "not reported"
    installation.gateway.mode = "breaks off"
    installation.run("ai_text")
    (found,) = gateway_spending(installation.context, actor=ROOT).by_model
    assert (found.calls, found.unknown, found.cost) == (2, 2, 0)


def test_a_list_and_a_refused_prompt_are_no_calls(installation):
    installation.run("ai_text", action="list")
    installation.run("ai_text", prompt="")
    assert gateway_spending(installation.context, actor=ROOT).by_model == []


def test_beyond_the_cap_a_run_is_refused_with_words_for_that_user_alone(installation):
    installation.gateway.usage["cost"] = 10.5
    assert installation.run("ai_text").run.status is Status.SUCCESS
    with pytest.raises(SpendingCapError) as refused:
        installation.run("ai_text")
    assert "ada has spent $10.50 at the AI gateway today, and $10.00 is what one may in a day" in str(refused.value)
    assert "midnight UTC" in str(refused.value)
    assert installation.run("ai_text", actor=BOB).run.status is Status.SUCCESS


def test_what_was_submitted_before_the_cap_was_reached_is_refused_when_it_begins(installation):
    installation.gateway.usage["cost"] = 10.5
    later = installation.submit("ai_text")
    installation.run("ai_text")
    execute(installation.worker, later.id)
    now = snapshot(installation.context, later.id, actor=ADA)
    assert now.run.status is Status.FAILED
    assert "has spent $10.50" in now.run.reason
    assert len(installation.gateway.asked("/chat/completions")) == 1


def test_without_a_cap_nothing_is_refused(installation):
    installation.gateway.usage["cost"] = 1_000
    open_ended = dataclasses.replace(installation.limits, gateway_daily_cap=0)
    context = dataclasses.replace(installation.context, limits=open_ended)
    installation.worker.limits = open_ended
    for _ in range(2):
        run = submit(context, "ai_text", {"model": "demo/small", "prompt": "x"}, actor=ADA)
        execute(installation.worker, run.id)
        assert snapshot(context, run.id, actor=ADA).run.status is Status.SUCCESS


def test_what_was_spent_yesterday_does_not_count(installation):
    installation.gateway.usage["cost"] = 10.5
    now = installation.run("ai_text")
    database = installation.context.database
    with database.begin() as conn:
        conn.exec_driver_sql("update gateway_calls set at = now() - interval '1 day'")
        assert gateway_calls.spent_today(conn, "ada") == 0
    assert now.run.status is Status.SUCCESS
    assert installation.run("ai_text").run.status is Status.SUCCESS


def test_a_run_whose_worker_was_lost_is_not_asked_for_again(installation):
    run = installation.submit("ai_text")
    with installation.context.database.begin() as conn:
        lost = runs.claim_run(conn, run.id, "lost-worker")
        runs.requeue_run(conn, run.id, lost.attempt, 1)
    execute(installation.worker, run.id)
    now = snapshot(installation.context, run.id, actor=ADA)
    assert (now.run.status, now.run.reason) == (Status.FAILED, NOT_ASKED_AGAIN)
    assert installation.gateway.requests == []


def test_nothing_is_asked_before_somebody_asks(installation):
    assert starting_runs.queue_missing_starting_runs(installation.context, actor=SYSTEM) == 0
    assert installation.gateway.requests == []


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://openrouter.ai/api/v1", "openrouter.ai"),
        ("https://ai.office.example:8443/v1", "ai.office.example:8443"),
        ("http://localhost:8000/v1", "localhost:8000"),
        ("http://Gateway.Example.:80/v1", "gateway.example"),
    ],
)
def test_the_host_of_an_address_is_named_as_it_is_granted(url, host):
    assert gateway_host(url) == host


@pytest.mark.parametrize(
    "given",
    [None, {}, {"gateway_usage": 5}, {"gateway_usage": [1]}],
)
def test_a_result_without_a_call_has_no_usage(given):
    assert read_usage(given) is None


def test_figures_that_are_none_are_left_out():
    found = read_usage({"gateway_usage": {"model": "m", "cost": -1, "input_tokens": True, "failure": "nonsense"}})
    assert found == Usage("m")


def test_small_amounts_keep_their_digits():
    assert [dollars(a) for a in (0, 0.00025, 0.5, 1234.5)] == ["$0.00", "$0.00025", "$0.50", "$1,234.50"]
