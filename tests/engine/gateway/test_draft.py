"""A model is drafted by words, shown as differences, checked like any other, and never published by itself."""

import json

import pytest

from contract.actor import Actor, Role
from contract.draft import draft_files
from contract.errors import InputError, NotAllowedError, NotFoundError, SourceError
from contract.registration import RegistrationStatus
from contract.run import Status
from engine.gateway.draft import accept_draft, read_draft, start_draft
from engine.models.catalogue import find_app
from engine.models.registration import find_registration, publish
from engine.models.run_checks import run_checks
from engine.runs.execute import execute
from tests.actors import ADA
from tests.engine.hosts import confined
from tests.gateway_installation import gateway, installation

__all__ = ["gateway", "installation"]
pytestmark = [pytest.mark.processes, confined]
MANIFEST = {
    "name": "Double",
    "description": "Doubles.",
    "inputs": {"n": {"type": "number", "label": "Number", "min": 0, "max": 10, "default": 2}},
}
FUNCTION = "def run(inputs):\n    return {'summary': {'Twice': 2 * inputs['n']}}\n"
CASES = [{"name": "Three", "inputs": {"n": 3}, "expect": {"summary.Twice": 6}, "source": "By hand"}]
ANSWER = {
    "slug": "double",
    "manifest": json.dumps(MANIFEST),
    "function": FUNCTION,
    "cases": json.dumps(CASES),
    "readme": "# Double\n",
}


@pytest.fixture
def drafted(installation):
    def go(answer=ANSWER, words="A model that doubles.", base=None):
        installation.gateway.answer = answer if isinstance(answer, str) else json.dumps(answer)
        run = start_draft(installation.context, words, base, actor=ADA, model="demo/small")
        execute(installation.worker, run.id)
        return run.id

    return go


def test_a_draft_is_shown_as_files_that_are_added(installation, drafted):
    draft = read_draft(installation.context, drafted(), actor=ADA)
    assert (draft.slug, draft.base, draft.final) == ("double", None, True)
    assert {d.name: d.status for d in draft.differences} == dict.fromkeys(
        ("function.py", "README.md", "cases.json", "manifest.json"), "added"
    )
    (asked,) = installation.gateway.asked("/chat/completions")
    assert asked["response_format"]["json_schema"]["schema"]["required"][0] == "slug"


def test_what_is_accepted_is_checked_as_any_model_and_published_only_by_a_person(installation, drafted):
    started = accept_draft(installation.context, drafted(), actor=ADA)
    with pytest.raises(NotFoundError):
        find_app(installation.context, "double", actor=ADA)
    run_checks(installation.worker, started.id)
    found = find_registration(installation.context, started.id, actor=ADA)
    assert found.status is RegistrationStatus.READY, found.checks
    with pytest.raises(NotFoundError):
        find_app(installation.context, "double", actor=ADA)
    assert publish(installation.context, started.id, actor=ADA).name == "Double"


def test_a_draft_that_does_not_work_is_refused_by_the_checks(installation, drafted):
    broken = {**ANSWER, "function": "def run(inputs):\n    return {'summary': {'Twice': 1}}\n"}
    started = accept_draft(installation.context, drafted(broken), actor=ADA)
    run_checks(installation.worker, started.id)
    assert find_registration(installation.context, started.id, actor=ADA).status is RegistrationStatus.REFUSED


def test_a_change_of_ones_own_model_is_shown_against_its_files_and_keeps_its_name(installation, drafted):
    started = accept_draft(installation.context, drafted(), actor=ADA)
    run_checks(installation.worker, started.id)
    publish(installation.context, started.id, actor=ADA)
    changed = {**ANSWER, "slug": "other", "function": FUNCTION.replace("2 *", "3 *")}
    draft = read_draft(installation.context, drafted(changed, "Three times.", "double"), actor=ADA)
    assert (draft.slug, draft.base) == ("double", "double")
    assert [d.name for d in draft.differences] == ["function.py"]
    assert "+    return {'summary': {'Twice': 3 * inputs['n']}}" in draft.differences[0].text
    sent = installation.gateway.asked("/chat/completions")[-1]["messages"][1]["content"]
    assert FUNCTION in sent
    again = accept_draft(installation.context, draft.run.id, actor=ADA)
    assert find_registration(installation.context, again.id, actor=ADA).slug == "double"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("no json", "is not a JSON object"),
        ({"slug": "x"}, "the draft has no such file"),
        ({**ANSWER, "function": 5}, "it is a int and no text"),
    ],
)
def test_an_answer_that_holds_no_files_is_refused_with_words(installation, drafted, answer, words):
    run_id = drafted(answer)
    with pytest.raises(SourceError, match=words):
        read_draft(installation.context, run_id, actor=ADA)


def test_files_beyond_the_four_are_left_out_and_json_may_come_as_json():
    slug, files = draft_files({**ANSWER, "manifest": MANIFEST, "slug": "../x", "evil": "import os"})
    assert slug == "drafted_model"
    assert sorted(files) == ["README.md", "cases.json", "function.py", "manifest.json"]
    assert json.loads(files["manifest.json"]) == MANIFEST


def test_a_run_that_drafts_nothing_is_no_draft(installation):
    now = installation.run("ai_text")
    assert now.run.status is Status.SUCCESS
    with pytest.raises(SourceError, match="drafts no model"):
        read_draft(installation.context, now.run.id, actor=ADA)


def test_who_may_not_register_drafts_nothing_and_an_empty_description_is_refused(installation):
    with pytest.raises(NotAllowedError):
        start_draft(installation.context, "x", actor=Actor("eve", role=Role.ANALYST))
    with pytest.raises(InputError, match="it is empty"):
        start_draft(installation.context, " ", actor=ADA)
    assert installation.gateway.requests == []
