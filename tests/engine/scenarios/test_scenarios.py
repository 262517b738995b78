"""Scenarios on a real database: saved, found, shared, opened on other versions, swept."""

import dataclasses
import threading
import uuid

import pytest

from contract.actor import Actor, Role
from contract.errors import InputError, NotAllowedError, NotFoundError, ProblemsError, ScenarioError
from contract.run import Visibility
from engine.analysis.groups import find_group, list_points
from engine.analysis.lanes import run_lane
from engine.analysis.sweep import plan_sweep, start_sweep
from engine.models.catalogue import find_app
from engine.people.audit import list_audit_rows
from engine.people.rules import PeopleRules
from engine.runs.submit import submit
from engine.runs.uploads import store_upload
from engine.scenarios import save
from engine.scenarios.find import find_scenario, list_scenarios, open_scenario
from engine.scenarios.save import change_scenario, delete_scenario, save_scenario
from tests.actors import ADA, GRACE

ADDS = "def run(inputs):\n    return {'summary': {'Sum': inputs['n'] + 10 * inputs['m']}}\n"
NM = {
    "n": {"type": "number", "label": "Number", "min": 0, "max": 50, "default": 7},
    "m": {"type": "number", "label": "Other", "min": 0, "max": 50, "step": 0.5, "default": 2},
}
ANNA, ROOT = Actor("anna", role=Role.ANALYST), Actor("root")
EVE = Actor("eve", role=Role.ANALYST)


@pytest.fixture
def signed_in(context, add_model):
    """An installation where people sign in, with a model."""
    add_model(ADDS, NM)
    return dataclasses.replace(context, people=PeopleRules(sign_in=True, role_claim="role"))


def names(context, actor):
    return [(s.name, s.user) for s in list_scenarios(context, "probe", actor=actor)]


def test_inputs_are_kept_canonical_with_the_version_that_checked_them(context, add_model):
    add_model(ADDS, NM)
    made = save_scenario(context, "probe", "  Base \t 2026 ", {"m": 3}, actor=ADA)
    assert (made.name, made.user, made.visibility, made.changed_by) == ("Base 2026", "ada", Visibility.PRIVATE, "ada")
    assert made.version == find_app(context, "probe", actor=ADA).current_version
    opened = open_scenario(context, made.id, actor=ADA)
    assert opened.inputs == {"n": 7.0, "m": 3.0}
    assert (opened.carried.values, opened.carried.warnings) == ({"n": 7.0, "m": 3.0}, ())


def test_every_input_that_does_not_fit_is_named_and_nothing_is_kept(context, add_model):
    add_model(ADDS, NM)
    with pytest.raises(InputError) as refused:
        save_scenario(context, "probe", "Bad", {"n": 60, "q": 1}, actor=ADA)
    assert {p.where for p in refused.value.problems} == {"inputs.n", "inputs.q"}
    assert names(context, ADA) == []


@pytest.mark.parametrize("name", ["", " \t ", "x" * 81, "bell\a", "lone \ud800"])
def test_a_name_that_does_not_do_is_refused(context, add_model, name):
    add_model(ADDS, NM)
    with pytest.raises(ScenarioError):
        save_scenario(context, "probe", name, {}, actor=ADA)


def test_a_name_is_one_persons_own_once_for_each_model_whatever_its_capitals(context, add_model):
    add_model(ADDS, NM)
    add_model(ADDS, NM, slug="other")
    first = save_scenario(context, "probe", "Größe", {}, actor=ADA)
    for same in ("Größe", "GRÖSSE", "gro\u0308ße"):
        with pytest.raises(ScenarioError, match="already"):
            save_scenario(context, "probe", same, {}, actor=ADA)
    second = save_scenario(context, "probe", "'; drop table scenarios; --", {}, actor=ADA)
    save_scenario(context, "probe", "Größe", {}, actor=GRACE)
    save_scenario(context, "other", "Größe", {}, actor=ADA)
    with pytest.raises(ScenarioError, match="already"):
        change_scenario(context, second.id, name="GRÖSSE", actor=ADA)
    assert change_scenario(context, first.id, name="grösse", actor=ADA).name == "grösse"
    assert len(list_scenarios(context, "probe", actor=ADA)) == 2


def test_of_two_saves_under_one_name_at_once_one_succeeds_and_the_other_is_refused(context, add_model):
    add_model(ADDS, NM)
    both, ended = threading.Barrier(2), []

    def go(value):
        both.wait()
        try:
            ended.append(save_scenario(context, "probe", "Base", {"n": value}, actor=ADA))
        except ScenarioError as error:
            ended.append(error)

    threads = [threading.Thread(target=go, args=(value,)) for value in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [made] = [one for one in ended if not isinstance(one, Exception)]
    assert [s.id for s in list_scenarios(context, "probe", actor=ADA)] == [made.id]


def test_two_changes_at_once_both_count(context, add_model):
    add_model(ADDS, NM)
    made = save_scenario(context, "probe", "Base", {}, actor=ADA)
    both = threading.Barrier(2)

    def go(change):
        both.wait()
        change_scenario(context, made.id, actor=ADA, **change)

    changes = [{"name": "New"}, {"values": {"n": 9}}]
    threads = [threading.Thread(target=go, args=(change,)) for change in changes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    opened = open_scenario(context, made.id, actor=ADA)
    assert (opened.scenario.name, opened.inputs["n"]) == ("New", 9)


def test_no_more_scenarios_than_the_limit_are_kept_and_the_message_says_what_to_do(context, add_model, monkeypatch):
    add_model(ADDS, NM)
    monkeypatch.setattr(save, "MOST_SCENARIOS", 2)
    for name in ("One", "Two"):
        save_scenario(context, "probe", name, {}, actor=ADA)
    with pytest.raises(ScenarioError, match="you have 2 scenarios of probe. Delete one"):
        save_scenario(context, "probe", "Three", {}, actor=ADA)
    save_scenario(context, "probe", "Three", {}, actor=GRACE)
    assert len(list_scenarios(context, "probe", actor=ADA)) == 2


def test_a_scenario_is_read_by_whom_its_visibility_lets_and_refused_with_its_owners_name(signed_in):
    made = {v: save_scenario(signed_in, "probe", str(v), {}, visibility=v, actor=ANNA) for v in Visibility}
    inside, outside = dataclasses.replace(EVE, teams=()), dataclasses.replace(EVE, name="olaf", teams=("pricing",))
    assert [n for n, _ in names(signed_in, inside)] == ["public", "team"]
    assert [n for n, _ in names(signed_in, outside)] == ["public"]
    assert [n for n, _ in names(signed_in, ROOT)] == ["public", "team"]
    assert find_scenario(signed_in, made[Visibility.PRIVATE].id, actor=ROOT).name == "private"
    for scenario_id in (made[Visibility.PRIVATE].id, made[Visibility.TEAM].id):
        for act in (
            lambda i: find_scenario(signed_in, i, actor=outside),
            lambda i: open_scenario(signed_in, i, actor=outside),
            lambda i: change_scenario(signed_in, i, name="mine", actor=outside),
            lambda i: delete_scenario(signed_in, i, actor=outside),
        ):
            with pytest.raises(NotAllowedError, match="Ask anna"):
                act(scenario_id)
    for act in (change_scenario, delete_scenario):
        with pytest.raises(NotAllowedError, match="belongs to anna"):
            act(signed_in, made[Visibility.PUBLIC].id, actor=inside)
    assert len(names(signed_in, ANNA)) == 3


def test_a_viewer_reads_and_saves_nothing(signed_in):
    shared = save_scenario(signed_in, "probe", "Shared", {}, visibility=Visibility.PUBLIC, actor=ANNA)
    viewer = Actor("vera", role=Role.VIEWER)
    assert open_scenario(signed_in, shared.id, actor=viewer).scenario == shared
    with pytest.raises(NotAllowedError, match="takes the role analyst"):
        save_scenario(signed_in, "probe", "Mine", {}, actor=viewer)
    with pytest.raises(NotAllowedError, match="takes the role analyst"):
        delete_scenario(signed_in, shared.id, actor=viewer)


def test_who_shared_changed_and_deleted_what_is_in_the_audit_log(signed_in):
    made = save_scenario(signed_in, "probe", "Base", {}, actor=ANNA)
    change_scenario(signed_in, made.id, visibility=Visibility.TEAM, actor=ANNA)
    changed = change_scenario(signed_in, made.id, values={"n": 9}, actor=ROOT)
    assert (changed.user, changed.changed_by) == ("anna", "root")
    delete_scenario(signed_in, made.id, actor=ROOT)
    found = [(r.action, r.actor) for r in list_audit_rows(signed_in, actor=ROOT, limit=10) if r.subject == str(made.id)]
    assert sorted(found) == [
        ("scenario.changed", "root"),
        ("scenario.deleted", "root"),
        ("scenario.visibility_changed", "anna"),
    ]


def test_a_scenario_that_is_deleted_while_it_is_open_is_missed_with_what_to_do(context, add_model):
    add_model(ADDS, NM)
    made = save_scenario(context, "probe", "Base", {}, actor=ADA)
    open_scenario(context, made.id, actor=ADA)
    delete_scenario(context, made.id, actor=ADA)
    for act in (open_scenario, change_scenario, delete_scenario):
        with pytest.raises(NotFoundError, match="may have been deleted"):
            act(context, made.id, actor=ADA)
    with pytest.raises(NotFoundError):
        find_scenario(context, uuid.uuid4(), actor=ADA)


def test_a_scenario_opens_on_a_newer_version_with_its_losses_named_and_on_its_own_without_any(context, add_model):
    add_model(ADDS, {**NM, "old": {"type": "text", "label": "Old", "default": "x"}})
    made = save_scenario(context, "probe", "Base", {"n": 40, "m": 3, "old": "kept"}, actor=ADA)
    later = {
        "count": {"type": "number", "label": "Count", "min": 0, "max": 50, "default": 7, "former_keys": ["n"]},
        "m": {**NM["m"], "max": 2.5},
    }
    add_model(ADDS, later)
    opened = open_scenario(context, made.id, actor=ADA)
    assert opened.version != made.version
    assert (opened.carried.values, opened.carried.unfit) == ({"count": 40}, {"m": 3})
    assert opened.carried.dropped == {"old": "kept"}
    assert any("Old (old) is not an input of this version. Its value 'kept'" in w for w in opened.carried.warnings)
    before = open_scenario(context, made.id, version=made.version, actor=ADA)
    assert (before.carried.values, before.carried.warnings) == ({"n": 40, "m": 3, "old": "kept"}, ())
    updated = change_scenario(context, made.id, values={"count": 9}, actor=ADA)
    assert updated.version == opened.version
    assert open_scenario(context, made.id, actor=ADA).carried.warnings == ()


def test_an_uploaded_file_can_be_run_by_whoever_may_read_the_scenario_and_by_nobody_else(signed_in, add_model):
    add_model("def run(inputs):\n    return {}\n", {"claims": {"type": "file", "label": "Claims"}}, slug="files")
    file = store_upload(signed_in, "claims.csv", b"1\n", actor=ANNA)
    made = save_scenario(signed_in, "files", "Claims", {"claims": file}, actor=ANNA)
    with pytest.raises(InputError, match="you have uploaded no file"):
        submit(signed_in, "files", {"claims": file}, actor=EVE)
    with pytest.raises(InputError, match="you have uploaded no file"):
        save_scenario(signed_in, "files", "Theirs", {"claims": file}, actor=EVE)
    change_scenario(signed_in, made.id, visibility=Visibility.TEAM, actor=ANNA)
    inputs = open_scenario(signed_in, made.id, actor=EVE).carried.values
    assert submit(signed_in, "files", dict(inputs), actor=EVE).inputs == {"claims": file}


@pytest.fixture
def drain(worker_context, context):
    def go(group, actor=ADA):
        for turn in range(50):
            run_lane(worker_context, group.id, turn % 8)
            if find_group(context, group.id, actor=actor).final:
                return
        raise AssertionError("the group has not ended")

    return go


def test_scenarios_are_swept_as_a_group_whose_points_have_their_names(context, add_model, drain):
    add_model(ADDS, NM)
    made = [save_scenario(context, "probe", f"S{n}", {"n": n}, actor=ADA).id for n in (3, 1)]
    assert plan_sweep(context, "probe", {}, saved=made, actor=ADA).total == 2
    group = start_sweep(context, "probe", {"m": 50}, saved=made, actor=ADA)
    drain(group)
    points = list_points(context, group.id, actor=ADA)
    assert [(p.name, p.changes, p.summary) for p in points] == [
        ("S3", {"n": 3}, {"Sum": 23}),
        ("S1", {"n": 1}, {"Sum": 21}),
    ]


def test_a_sweep_of_scenarios_names_what_was_dropped_and_every_scenario_that_does_not_fit(context, add_model, drain):
    add_model(ADDS, {**NM, "old": {"type": "text", "label": "Old", "default": "x"}})
    fits = save_scenario(context, "probe", "Fits", {"old": "kept"}, actor=ADA)
    wrong = save_scenario(context, "probe", "Wrong", {"m": 40}, actor=ADA)
    add_model(ADDS, {**NM, "m": {**NM["m"], "max": 30}})
    gone = uuid.uuid4()
    with pytest.raises(InputError) as refused:
        start_sweep(context, "probe", {}, saved=[fits.id, wrong.id, gone], actor=ADA)
    assert [p.where for p in refused.value.problems] == ["scenario Wrong: inputs.m", "scenario"]
    group = start_sweep(context, "probe", {}, saved=[fits.id], actor=ADA)
    assert any("Fits: Old (old) is not an input" in note for note in group.definition["notes"])
    assert group.definition["saved"] == [str(fits.id)]


def test_a_sweep_of_a_private_scenario_is_private_and_one_of_another_model_is_refused(signed_in, add_model):
    add_model(ADDS, NM, slug="other")
    private = save_scenario(signed_in, "probe", "Mine", {}, actor=ANNA)
    shared = save_scenario(signed_in, "probe", "Ours", {}, actor=ANNA, visibility=Visibility.TEAM)
    assert start_sweep(signed_in, "probe", {}, saved=[private.id, shared.id], actor=ANNA).visibility == "private"
    assert start_sweep(signed_in, "probe", {}, saved=[shared.id], actor=EVE).visibility == "team"
    with pytest.raises(InputError, match="scenario of probe"):
        start_sweep(signed_in, "other", {}, saved=[shared.id], actor=ANNA)
    with pytest.raises(ProblemsError, match="Ask anna"):
        start_sweep(signed_in, "probe", {}, saved=[private.id], actor=EVE)
