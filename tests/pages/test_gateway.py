"""What the pages show of the AI gateway: words without a grant, an explanation, a draft, and what was spent."""

import json

import pytest

from contract.access import GrantKind
from contract.actor import Actor
from engine.gateway.draft import start_draft
from engine.gateway.explain import explain, list_explanations
from engine.models.registration import list_registrations
from engine.processes import context as contexts
from engine.runs.execute import execute
from engine.runs.submit import submit
from tests.actors import ADA
from tests.engine.gateway.test_draft import ANSWER
from tests.engine.gateway.test_explain import CODE, INPUTS
from tests.engine.hosts import confined
from tests.gateway_installation import Installation, gateway

__all__ = ["gateway"]
pytestmark = [pytest.mark.processes, confined]
ME = Actor("ada")


@pytest.fixture
def bare(context, sandbox, tmp_path, gateway):
    """An installation with the models, and no grant."""
    return Installation(context, sandbox, tmp_path / "cache", gateway)


@pytest.fixture
def open_page(visit, bare):
    """Open a page with the gateway's address among the installation's limits."""

    def go(name, **query):
        contexts.set_current(bare.context)
        return visit(name, **query)

    return go


def words(app):
    kinds = ("title", "markdown", "caption", "info", "error", "warning", "subheader", "code")
    return " ".join(str(item.value) for kind in kinds for item in getattr(app, kind))


def explained_run(bare, add_model):
    run = submit(bare.context, add_model(CODE, INPUTS), {}, actor=ADA)
    execute(bare.worker, run.id)
    return run


def test_a_model_without_its_gateway_says_what_an_administrator_has_to_do(open_page, bare, gateway):
    for slug in ("ai_text", "ai_image", "ai_video"):
        said = words(open_page("model", app=slug))
        assert "which is not granted to it yet" in said
        assert f"python -m engine.commands.grants grant {slug} --host {gateway.host}" in said
        assert f"grant {slug} --secret AI_GATEWAY_KEY" in said
        assert "--private-host" in said


def test_with_the_grant_the_words_are_gone_and_the_private_host_is_named(open_page, bare, gateway):
    bare.grant("ai_text")
    said = words(open_page("model", app="ai_text"))
    assert "not granted" not in said
    assert "may reach, also at a private address" in said


def test_a_text_is_shown_with_its_cost_on_the_runs_page(open_page, bare):
    bare.grant("ai_text")
    now = bare.run("ai_text")
    app = open_page("run", id=str(now.run.id))
    assert "The reserve is **1250** as of 2025." in words(app)
    assert any("Cost" in h.proto.body and "0.0125" in h.proto.body for h in app.get("html"))


def test_images_and_videos_are_shown_on_the_runs_page(open_page, bare):
    bare.grant("ai_image", "ai_video")
    for slug, element in (("ai_image", "<img "), ("ai_video", "<video ")):
        app = open_page("run", id=str(bare.run(slug).run.id))
        assert any(element in h.proto.body and "<figure>" in h.proto.body for h in app.get("html"))


def test_an_explanation_is_not_offered_without_a_granted_gateway(open_page, bare, add_model):
    run = explained_run(bare, add_model)
    app = open_page("run", id=str(run.id))
    assert not [e for e in app.expander if "xplain" in e.label or "Explanation" in e.label]


def test_a_run_is_explained_after_what_is_sent_was_shown(open_page, bare, add_model, gateway):
    bare.grant("ai_text")
    gateway.answer = "The reserve is 1,250, up 12 % on last year."
    run = explained_run(bare, add_model)
    app = open_page("run", id=str(run.id))
    app.session_state["probe-explanation"] = True
    app.run()
    (sent,) = (c.value for c in app.code if "Reserve: 1,250.4" in c.value)
    assert gateway.requests == []
    app.button(key="probe-explain").click().run()
    assert not app.exception
    (found,) = list_explanations(bare.context, run.id, actor=ME)
    execute(bare.worker, found.text_run)
    assert gateway.asked("/chat/completions")[0]["messages"][1]["content"] == sent


def test_a_written_explanation_is_marked_as_a_machines_with_the_numbers_it_made_up(open_page, bare, add_model, gateway):
    bare.grant("ai_text")
    gateway.answer = "The reserve is 1,250, up 12 % on last year."
    run = explained_run(bare, add_model)
    execute(bare.worker, explain(bare.context, run.id, actor=ADA, model="demo/small").id)
    app = open_page("run", id=str(run.id))
    app.session_state["probe-explanation"] = True
    app.run()
    said = words(app)
    assert "Written by a machine" in said
    assert "demo/small" in said
    assert "asked by ada" in said
    assert ":orange-background[12 %]" in said
    assert "Marked numbers do not occur in the run: 12 %" in said


def test_a_draft_is_shown_as_a_difference_and_accepted_into_the_checks(open_page, bare, gateway):
    bare.grant("ai_text")
    gateway.answer = json.dumps(ANSWER)
    run = start_draft(bare.context, "Doubles.", actor=ADA, model="demo/small")
    execute(bare.worker, run.id)
    contexts.set_current(bare.context)
    app = open_page("register", draft=str(run.id))
    said = words(app)
    assert "Written by a machine" in said
    assert "+def run(inputs):" in said
    app.button(key="accept-draft").click().run()
    assert not app.exception
    (started,) = list_registrations(bare.context, actor=ADA)
    assert started.slug == "double"
    assert "Checks" in words(app)


def test_drafting_is_offered_only_where_the_gateway_is_granted(open_page, bare):
    def sources(app):
        return list(app.button_group(key="source-kind").options)

    assert "Draft by words" not in sources(open_page("register"))
    bare.grant("ai_text", kind=GrantKind.PRIVATE_HOST)
    assert "Draft by words" in sources(open_page("register"))


def test_the_monitor_sums_what_was_spent(open_page, bare):
    assert "AI gateway" not in words(open_page("monitor"))
    bare.grant("ai_text")
    bare.run("ai_text")
    app = open_page("monitor")
    assert "AI gateway" in words(app)
    frames = [d.value for d in app.dataframe]
    assert any("Cost" in f.columns and list(f["Cost"]) == [0.0125] for f in frames)
