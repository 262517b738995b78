"""A run is explained from what its asker sees, beside the run and never mixed with it."""

import threading

import pytest

from contract.actor import Actor, Role
from contract.errors import NotAllowedError, NotGrantedError, NotReadyError
from contract.run import Status, Visibility
from engine.gateway.explain import can_explain, explain, list_explanations, what_is_sent
from engine.runs.execute import execute
from engine.runs.follow import snapshot
from engine.runs.submit import submit
from tests.actors import ADA
from tests.engine.hosts import confined
from tests.engine.sandbox.conftest import until
from tests.gateway_installation import Installation, gateway, installation

__all__ = ["gateway", "installation"]
pytestmark = [pytest.mark.processes, confined]
BOB = Actor("bob", role=Role.ANALYST)
CODE = """
def run(inputs):
    return {
        'summary': {'Reserve': {'value': 1250.4, 'format': ',.1f'}, 'Secret of nobody': 'plain'},
        'table': [{'year': 2025 - i, 'paid': 10.5 * i} for i in range(40)],
        'warnings': ['The tail is long.'],
        'notes': 'By the chain ladder.',
        'files': {},
        'internal': {'hidden': 4711},
    }
"""
INPUTS = {"rate": {"type": "number", "label": "Interest rate", "default": 3.5, "min": 0, "max": 10, "step": 0.5}}


@pytest.fixture
def explained(installation, add_model):
    """A run of a model with a README, ended."""
    slug = add_model(CODE, INPUTS, description="Reserves of a book.", files={"README.md": "It discounts by 1.035."})
    run = submit(installation.context, slug, {}, actor=ADA)
    execute(installation.worker, run.id)
    return snapshot(installation.context, run.id, actor=ADA).run


def test_what_is_sent_is_what_the_page_shows_and_no_more(installation, explained):
    sent = what_is_sent(installation.context, explained.id, actor=ADA)
    for part in ("Reserves of a book.", "Interest rate: 3.5", "Reserve: 1,250.4", "The tail is long.", "chain ladder"):
        assert part in sent
    assert "the first 10 of 40 rows" in sent
    assert "It discounts by 1.035." in sent
    assert "4711" not in sent  # what stands under More
    assert str(2025 - 20) not in sent


def test_the_explanation_stands_beside_the_run_with_who_asked_the_model_and_its_unknown_numbers(
    installation, explained
):
    installation.gateway.answer = "The reserve is 1,250 at 3.5 %, up 12 % in 2025."
    before = snapshot(installation.context, explained.id, actor=ADA).shown
    written = explain(installation.context, explained.id, actor=ADA, model="demo/large")
    execute(installation.worker, written.id)
    (found,) = list_explanations(installation.context, explained.id, actor=ADA)
    assert (found.asked_by, found.model, found.status) == ("ada", "demo/large", Status.SUCCESS)
    assert found.text == "The reserve is 1,250 at 3.5 %, up 12 % in 2025."
    assert found.unknown_numbers == ["12 %"]
    assert snapshot(installation.context, explained.id, actor=ADA).shown == before
    (asked,) = installation.gateway.asked("/chat/completions")
    assert asked["messages"][1]["content"] == what_is_sent(installation.context, explained.id, actor=ADA)


def test_others_who_may_read_the_run_read_its_explanation_but_not_the_run_that_wrote_it(installation, explained):
    written = explain(installation.context, explained.id, actor=ADA, model="demo/small")
    assert len(list_explanations(installation.context, explained.id, actor=ADA)) == 1
    assert list_explanations(installation.context, explained.id, actor=BOB) == []  # it is not written yet
    execute(installation.worker, written.id)
    assert [e.text for e in list_explanations(installation.context, explained.id, actor=BOB)] == [
        "The reserve is **1250** as of 2025."
    ]
    with pytest.raises(NotAllowedError):
        snapshot(installation.context, written.id, actor=BOB)


def test_it_is_read_while_it_is_written(installation, explained):
    installation.gateway.mode = "waits half way"
    written = explain(installation.context, explained.id, actor=ADA, model="demo/small")
    thread = threading.Thread(target=execute, args=(installation.worker, written.id))
    thread.start()
    assert until(lambda: list_explanations(installation.context, explained.id, actor=ADA)[0].text)
    assert list_explanations(installation.context, explained.id, actor=ADA)[0].status is Status.RUNNING
    installation.gateway.release.set()
    thread.join()


def test_a_private_run_is_explained_for_its_owner_alone(installation, add_model):
    slug = add_model(CODE, INPUTS, slug="closed")
    run = submit(installation.context, slug, {}, actor=ADA, visibility=Visibility.PRIVATE)
    execute(installation.worker, run.id)
    for verb in (what_is_sent, explain):
        with pytest.raises(NotAllowedError):
            verb(installation.context, run.id, actor=BOB)
    assert list_explanations(installation.context, run.id, actor=BOB) == []


def test_a_run_that_goes_on_is_not_explained_yet(installation, add_model):
    run = submit(installation.context, add_model(CODE, INPUTS), {}, actor=ADA)
    with pytest.raises(NotReadyError, match="has not ended"):
        explain(installation.context, run.id, actor=ADA)


def test_without_a_granted_gateway_it_is_neither_offered_nor_done(context, sandbox, tmp_path, gateway, add_model):
    bare = Installation(context, sandbox, tmp_path / "cache", gateway)
    run = submit(bare.context, add_model(CODE, INPUTS), {}, actor=ADA)
    execute(bare.worker, run.id)
    assert not can_explain(bare.context, actor=ADA)
    with pytest.raises(NotGrantedError):
        explain(bare.context, run.id, actor=ADA)
    bare.grant("ai_text")
    assert can_explain(bare.context, actor=ADA)
    assert not can_explain(bare.context, actor=Actor("eve", role=Role.VIEWER))


def test_a_gateway_that_fails_leaves_its_reason_for_who_asked(installation, explained):
    installation.gateway.mode = "fails"
    written = explain(installation.context, explained.id, actor=ADA, model="demo/small")
    execute(installation.worker, written.id)
    (found,) = list_explanations(installation.context, explained.id, actor=ADA)
    assert found.status is Status.FAILED
    assert "or its provider failed (503)" in found.reason
    assert list_explanations(installation.context, explained.id, actor=BOB) == []


def test_asked_twice_with_one_key_it_is_one_explanation_and_one_call(installation, explained):
    for _ in range(2):
        written = explain(installation.context, explained.id, actor=ADA, model="demo/small", key="press")
    execute(installation.worker, written.id)
    assert len(list_explanations(installation.context, explained.id, actor=ADA)) == 1
    assert len(installation.gateway.asked("/chat/completions")) == 1
