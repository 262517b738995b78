"""What runs came from: stored by the verbs that make them, and told to whom may read it."""

import uuid

import pytest

from contract.actor import Actor, Role
from contract.errors import InputError, NotAllowedError, NotFoundError
from contract.run import LinkKind, Visibility
from contract.run_links import NodeKind
from engine.analysis.change import start_change
from engine.analysis.sensitivity import start_sensitivity
from engine.analysis.start_seek import start_seek
from engine.analysis.sweep import start_sweep
from engine.runs.links import changes_of, read_links
from engine.runs.replay import replay
from engine.runs.submit import submit
from engine.runs.visibility import set_visibility
from storage import run_groups
from tests.actors import ADMIN

ADA, BOB = (Actor(name, role=Role.ANALYST) for name in ("ada", "bob"))
CODE = "def run(inputs):\n    return {'summary': {'Total': inputs['age'] * 2}}\n"
AGE = {
    "age": {"type": "number", "label": "Age", "min": 0, "max": 120, "default": 45, "unit": "years"},
    "smoker": {"type": "boolean", "label": "Smoker", "default": False},
}


@pytest.fixture
def model(add_model):
    return add_model(CODE, AGE)


def kinds(found):
    return [(str(link.kind), found.node(link.source).id, found.node(link.target).id) for link in found.links]


def test_a_run_of_an_edited_form_came_from_the_run_that_was_edited_and_says_what_was_changed(context, model, run_now):
    first = submit(context, model, {}, actor=ADA)
    second = submit(context, model, {"age": 48, "smoker": True}, actor=ADA, source=first.id)
    assert (first.origin_kind, second.origin_kind) == (None, LinkKind.EDITED)
    found = read_links(context, second.id, actor=ADA)
    assert kinds(found) == [("edited", first.id, second.id)]
    [change] = changes_of(context, found, actor=ADA).values()
    assert change.phrases == ("Age 45 years → 48 years", "Smoker No → Yes")


def test_a_run_with_a_stored_result_says_both_what_it_was_edited_from_and_whose_result_it_has(context, model, run_now):
    first = submit(context, model, {}, actor=ADA)
    run_now(first)
    second = submit(context, model, {"age": 48}, actor=ADA, source=first.id)
    back = submit(context, model, {}, actor=ADA, source=second.id)
    found = read_links(context, back.id, actor=ADA)
    assert set(kinds(found)) == {
        ("edited", first.id, second.id),
        ("edited", second.id, back.id),
        ("reused", first.id, back.id),
    }
    changes = changes_of(context, found, actor=ADA)
    assert changes[found.focus].phrases == ("Age 48 years → 45 years",)


def test_a_replay_came_from_the_run_that_it_repeats_and_differs_in_nothing(context, model, run_now):
    first = submit(context, model, {}, actor=ADA)
    run_now(first)
    again = replay(context, first.id, actor=ADA)
    found = read_links(context, again.id, actor=ADA)
    assert kinds(found) == [("replay", first.id, again.id)]
    assert changes_of(context, found, actor=ADA)[found.focus].phrases == ()


def test_every_kind_of_group_is_linked_with_the_runs_that_it_began_with(context, model, run_now):
    one, other = submit(context, model, {}, actor=ADA), submit(context, model, {"age": 60}, actor=ADA)
    run_now(one)
    run_now(other)
    groups = [
        start_sweep(context, model, {}, scenarios=[{"age": 50}], actor=ADA, source=one.id),
        start_sensitivity(context, model, {}, actor=ADA, source=one.id),
        start_seek(context, model, {}, key="age", figure="Total", target=100, actor=ADA, source=one.id),
        start_change(context, one.id, other.id, actor=ADA),
    ]
    found = read_links(context, one.id, actor=ADA)
    made = {link.target for link in found.links if link.kind is LinkKind.SOURCE}
    assert {found.node(key).id for key in made} == {group.id for group in groups}
    assert kinds(read_links(context, other.id, actor=ADA)) == [("source", other.id, groups[-1].id)]


def test_a_step_of_an_analysis_came_from_its_group_and_says_what_differs_from_it(context, model, run_now):
    one = submit(context, model, {}, actor=ADA)
    group = start_sweep(context, model, {}, scenarios=[{"age": 50}], actor=ADA, source=one.id)
    point = submit(context, model, {"age": 50}, actor=ADA, batch=group.id)
    with context.database.begin() as conn:
        run_groups.attach_run(conn, group.id, 0, point.id)
    found = read_links(context, point.id, actor=ADA)
    assert set(kinds(found)) == {("source", one.id, group.id), ("member", group.id, point.id)}
    assert changes_of(context, found, actor=ADA)[found.focus].phrases == ("Age 50 years",)


def test_an_origin_that_is_no_run_of_the_model_or_not_for_the_actor_is_not_stored(context, model, add_model):
    other = submit(context, add_model(CODE, AGE, slug="other"), {}, actor=ADA)
    secret = submit(context, model, {}, actor=ADA, visibility=Visibility.PRIVATE)
    for source in (uuid.uuid4(), other.id, secret.id):
        run = submit(context, model, {"age": 50}, actor=BOB, source=source, fresh=True)
        assert run.origin_kind is None
        assert kinds(read_links(context, run.id, actor=ADMIN)) == []
        group = start_sweep(context, model, {}, scenarios=[{"age": 50}], actor=BOB, source=source)
        point = submit(context, model, {"age": 51}, actor=BOB, batch=group.id)
        assert kinds(read_links(context, point.id, actor=ADMIN)) == [("member", group.id, point.id)]


def test_a_run_that_has_become_private_is_told_without_what_identifies_it(context, model):
    first = submit(context, model, {"age": 61}, actor=BOB, visibility=Visibility.PUBLIC)
    mine = submit(context, model, {"age": 62}, actor=ADA, source=first.id)
    set_visibility(context, first.id, Visibility.PRIVATE, actor=BOB)
    found = read_links(context, mine.id, actor=ADA)
    assert [node.kind for node in found.nodes] == [NodeKind.HIDDEN, NodeKind.RUN]
    assert str(first.id) not in repr(found)
    assert "bob" not in repr(found)
    assert changes_of(context, found, actor=ADA) == {}
    seen = read_links(context, mine.id, actor=Actor("root", role=Role.ADMINISTRATOR))
    assert kinds(seen) == [("edited", first.id, mine.id)]


def test_who_may_not_read_a_run_is_refused_its_links(context, model):
    secret = submit(context, model, {}, actor=ADA, visibility=Visibility.PRIVATE)
    with pytest.raises(NotAllowedError, match="Ask ada"):
        read_links(context, secret.id, actor=Actor("bob", role=Role.ANALYST))
    with pytest.raises(NotFoundError):
        read_links(context, uuid.uuid4(), actor=ADA)
    with pytest.raises(InputError, match=r"(?s)before: 11 .*after: -1 "):
        read_links(context, secret.id, actor=ADA, before=11, after=-1)


def test_a_run_made_from_a_private_one_is_as_private_also_where_another_run_gave_the_form_its_files(context, model):
    shared = submit(context, model, {}, actor=ADA, visibility=Visibility.PUBLIC)
    secret = submit(context, model, {"age": 50}, actor=ADA, source=shared.id, visibility=Visibility.PRIVATE)
    made = submit(context, model, {"age": 51}, actor=ADA, source=shared.id, origin=(LinkKind.EDITED, secret.id))
    assert made.visibility is Visibility.PRIVATE
    assert kinds(read_links(context, made.id, actor=ADA, after=0, before=1)) == [("edited", secret.id, made.id)]
