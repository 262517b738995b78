"""Who reads a run: its owner, whom its visibility lets, and administrators; and what a stored result gives away."""

import asyncio
import uuid

import pytest

from contract.actor import Actor, Role
from contract.annotation import Annotations
from contract.errors import InputError, NotAllowedError, NotFoundError
from contract.run import Status, Visibility
from contract.run_search import Filter
from engine.analysis.change import start_change
from engine.analysis.groups import cancel_group, find_group, resume_group
from engine.analysis.sensitivity import start_sensitivity
from engine.analysis.start_seek import start_seek
from engine.analysis.sweep import start_sweep
from engine.models import lifecycle
from engine.models.catalogue import find_app
from engine.people.audit import list_audit_rows
from engine.processes.status import usage_stats
from engine.report.pdf import run_pdf
from engine.runs.annotate import add_note, add_tag, list_tags, read_annotations
from engine.runs.cancel import cancel
from engine.runs.events import follow_events, is_over
from engine.runs.export import export_columns, export_runs
from engine.runs.follow import follow, snapshot
from engine.runs.results import read_result_part
from engine.runs.search import count_runs, search_runs
from engine.runs.search_keys import list_keys
from engine.runs.sign_off import find_sign_off, is_signed_off, sign_off
from engine.runs.submit import submit
from engine.runs.summaries import read_summaries
from engine.runs.visibility import set_visibility
from storage import runs
from tests.actors import ADMIN
from tests.engine.report.reading import open_pdf, whole_text

CODE = "def run(inputs):\n    return {'table': [{'x': inputs['n']}]}\n"
ADA, BOB = (Actor(name, role=Role.ANALYST) for name in ("ada", "bob"))
PRIVATE, TEAM, PUBLIC = Visibility


@pytest.fixture
def made(context, add_model):
    """Return a function that makes a run with a result, of somebody, to be seen by some."""
    add_model(CODE, deterministic=True)

    def make(visibility=PRIVATE, actor=ADA, status=Status.SUCCESS, **inputs):
        run = submit(context, "probe", inputs, actor=actor, visibility=visibility, fresh=True)
        with context.database.begin() as conn:
            attempt = runs.claim_run(conn, run.id, "w").attempt
            doc = {"table": [{"x": 1}], "summary": {"a": 1}} if status is Status.SUCCESS else None
            runs.finish_run(conn, run.id, attempt, status=status, doc=doc)
        return snapshot(context, run.id, actor=ADMIN).run

    return make


def readers(context, run):
    """Return every way of reading the run that is refused where the run is."""
    return {
        "snapshot": lambda actor: snapshot(context, run.id, actor=actor),
        "follow": lambda actor: next(follow(context, run.id, actor=actor)),
        "events": lambda actor: asyncio.run(anext(follow_events(context, run.id, actor=actor))),
        "is_over": lambda actor: is_over(context, run.id, 0, actor=actor),
        "export": lambda actor: export_columns(context, run.id, actor=actor),
        "part": lambda actor: read_result_part(context, run.id, "none", actor=actor),
        "pdf": lambda actor: run_pdf(context, run.id, actor=actor),
        "cancel": lambda actor: cancel(context, run.id, actor=actor),
        "share": lambda actor: set_visibility(context, run.id, PUBLIC, actor=actor),
        "sign-off": lambda actor: sign_off(context, run.id, actor=actor),
        "find-sign-off": lambda actor: find_sign_off(context, run.id, actor=actor),
    }


@pytest.mark.parametrize("way", readers(None, None))
def test_a_private_run_is_refused_with_its_owners_name_in_every_way(context, made, way):
    run = made()
    with pytest.raises(NotAllowedError, match="Ask ada, whose run it is") as refused:
        readers(context, run)[way](BOB)
    assert str(run.id) in str(refused.value)
    with pytest.raises(NotFoundError):
        readers(context, type("Run", (), {"id": uuid.uuid4()}))[way](BOB)


def test_lists_counts_figures_exports_and_summaries_have_readable_runs_alone(context, made):
    secret, shared = made(PRIVATE), made(TEAM, n=2)
    wanted = Filter()
    assert [r.id for r in search_runs(context, wanted, actor=BOB).runs] == [shared.id]
    assert {r.id for r in search_runs(context, wanted, actor=ADA).runs} == {secret.id, shared.id}
    assert [count_runs(context, wanted, actor=who) for who in (BOB, ADA, ADMIN)] == [1, 2, 2]
    assert [usage_stats(context, actor=who)["total"] for who in (BOB, ADA, ADMIN)] == [1, 2, 2]
    assert set(read_summaries(context, [secret, shared], actor=BOB)) == {shared.id}
    exported = [row for batch in export_runs(context, wanted, actor=BOB).batches for row in batch["run_id"]]
    assert exported == [str(shared.id)]


def test_labels_of_figures_and_tags_are_of_readable_runs_alone(context, made):
    shared, secret = made(TEAM), made(PRIVATE)
    with context.database.begin() as conn:
        conn.exec_driver_sql("update results set summary = '{\"Takeover of Acme\": 1}' where run_id = %s", (secret.id,))
    add_tag(context, shared.id, "q3", actor=ADA)
    add_tag(context, secret.id, "takeover", actor=ADA)

    def known(actor):
        figures = {key.label for key in list_keys(context, actor=actor) if key.field.name == "summary"}
        return figures, set(list_tags(context, actor=actor))

    assert known(BOB) == ({"a"}, {"q3"})
    assert known(ADA) == known(ADMIN) == ({"Takeover of Acme"}, {"q3", "takeover"})


def test_nothing_that_is_said_of_a_run_is_read_once_it_is_private(context, made):
    """A page that shows its notes may be open while its owner makes it private."""
    run = made(TEAM)
    add_note(context, run.id, "for the team", actor=ADA)
    assert [note.text for note in read_annotations(context, [run.id], actor=BOB)[run.id].notes] == ["for the team"]
    set_visibility(context, run.id, PRIVATE, actor=ADA)
    add_note(context, run.id, "for me", actor=ADA)
    add_tag(context, run.id, "takeover", actor=ADA)
    assert read_annotations(context, [run.id], actor=BOB) == {run.id: Annotations()}
    assert [len(read_annotations(context, [run.id], actor=who)[run.id].notes) for who in (ADA, ADMIN)] == [2, 2]


def test_pages_of_runs_have_no_holes_where_others_runs_lie_between(context, made):
    mine = [made(PRIVATE, actor=(ADA, BOB)[n % 2], n=n) for n in range(6)][1::2]
    first = search_runs(context, Filter(), actor=BOB, limit=2)
    second = search_runs(context, Filter(), actor=BOB, limit=2, after=first.next_cursor)
    assert [r.id for r in (*first.runs, *second.runs)] == [r.id for r in reversed(mine)]
    assert second.next_cursor is None


TEAMS = [
    ((), (), True),
    (("life",), ("life", "risk"), True),
    (("life",), ("risk",), False),
    (("life",), (), False),
    ((), ("life",), False),
]


@pytest.mark.parametrize(("owner", "reader", "reads"), TEAMS)
def test_a_teams_run_is_for_who_shares_a_team_and_people_without_one_are_one(context, made, owner, reader, reads):
    run = made(TEAM)
    with context.database.begin() as conn:
        conn.exec_driver_sql("update users set teams = %s where name = 'ada'", (list(owner),))
    actor = Actor("bob", role=Role.VIEWER, teams=reader)
    if reads:
        assert snapshot(context, run.id, actor=actor).run.visibility is TEAM
    else:
        with pytest.raises(NotAllowedError, match="is for the team of its owner"):
            snapshot(context, run.id, actor=actor)


def test_a_private_result_is_not_reused_for_others_not_even_for_an_administrator(context, made):
    secret = made(PRIVATE, n=5)
    for who in (BOB, ADMIN):
        run = submit(context, "probe", {"n": 5}, actor=who)
        assert (run.status, run.reused_from) == (Status.PENDING, None)
        cancel(context, run.id, actor=who)
    assert submit(context, "probe", {"n": 5}, actor=ADA).reused_from == secret.id


def test_a_shared_result_is_reused_and_stays_readable_when_its_source_is_made_private(context, made):
    source = made(TEAM, n=6)
    run = submit(context, "probe", {"n": 6}, actor=BOB)
    assert run.reused_from == source.id
    set_visibility(context, source.id, PRIVATE, actor=ADA)
    now = snapshot(context, run.id, actor=BOB)
    assert now.shown["table"] == [{"x": 1}]
    assert next(iter(export_columns(context, run.id, actor=BOB).batches)) == {"x": [1]}
    with pytest.raises(NotAllowedError):
        snapshot(context, source.id, actor=BOB)


def test_only_the_owner_and_administrators_change_who_reads_a_run_and_the_log_has_it(context, made):
    run = made(PUBLIC)
    with pytest.raises(NotAllowedError, match="belongs to ada"):
        set_visibility(context, run.id, PRIVATE, actor=BOB)
    with pytest.raises(NotAllowedError, match="takes the role analyst"):
        set_visibility(context, run.id, PRIVATE, actor=Actor("ada", role=Role.VIEWER))
    assert set_visibility(context, run.id, PRIVATE, actor=ADMIN).visibility is PRIVATE
    assert set_visibility(context, run.id, PRIVATE, actor=ADA).visibility is PRIVATE
    [row] = list_audit_rows(context, actor=ADMIN, action="run")
    assert (row.actor, row.action, row.detail["old"], row.detail["new"]) == (
        "root",
        "run.visibility_changed",
        "public",
        "private",
    )


def test_somebody_elses_run_is_not_cancelled_but_by_an_administrator(context, add_model):
    add_model(CODE)
    run = submit(context, "probe", {}, actor=ADA)
    with pytest.raises(NotAllowedError, match="Ask ada or an administrator"):
        cancel(context, run.id, actor=BOB)
    assert cancel(context, run.id, actor=ADMIN).status is Status.CANCELLED


def test_a_model_is_changed_by_its_owner_or_an_administrator_and_the_log_has_it(context, add_model):
    app = find_app(context, add_model(CODE), actor=ADMIN)
    with pytest.raises(NotAllowedError, match="which belongs to system"):
        lifecycle.set_hidden(context, app, hidden=True, actor=Actor("bob", role=Role.AUTHOR))
    lifecycle.set_hidden(context, app, hidden=True, actor=ADMIN)
    lifecycle.set_archived(context, app, archived=True, actor=ADMIN)
    actions = [row.action for row in list_audit_rows(context, actor=ADMIN, action="model")]
    assert actions == ["model.archived", "model.hidden", "model.published"]


def test_a_second_person_signs_off_once_and_what_it_freezes_can_be_asked(context, made):
    run = made(TEAM)
    with context.database.begin() as conn:
        assert not is_signed_off(conn, run.id)
    for owner in (ADA, Actor("ada")):
        with pytest.raises(NotAllowedError, match="nobody signs off a run of their own"):
            sign_off(context, run.id, actor=owner)
    with pytest.raises(NotAllowedError, match="a person signs a run off"):
        sign_off(context, run.id, actor=Actor("bob", role=Role.ANALYST, by_token=True))
    assert sign_off(context, run.id, " looks right ", actor=BOB).comment == "looks right"
    with pytest.raises(InputError, match="bob has signed it off already"):
        sign_off(context, run.id, actor=ADMIN)
    with context.database.begin() as conn:
        assert is_signed_off(conn, run.id)
    [row] = list_audit_rows(context, actor=ADMIN, action="run.signed_off")
    assert (row.actor, row.subject) == ("bob", str(run.id))


def test_a_run_without_a_result_is_not_signed_off(context, made):
    run = made(TEAM, status=Status.FAILED)
    with pytest.raises(InputError, match="has no result to stand by"):
        sign_off(context, run.id, actor=BOB)


def test_the_pdf_of_a_run_says_who_signed_it_off_and_what_they_said(context, made):
    run = made(TEAM)
    assert "Signed off" not in whole_text(open_pdf(run_pdf(context, run.id, actor=ADA).content))
    sign_off(context, run.id, "Checked against the paper", actor=BOB)
    printed = whole_text(open_pdf(run_pdf(context, run.id, actor=ADA).content))
    assert "Signed off by" in printed
    assert "bob" in printed
    assert "Checked against the paper" in printed


def start_group_of(context, kind, run):
    """Start a group of runs whose inputs are those of this run."""
    given = {"actor": ADA, "source": run.id}
    return {
        "sweep": lambda: start_sweep(context, "probe", run.inputs, scenarios=[{"n": 5}], **given),
        "sensitivity": lambda: start_sensitivity(context, "probe", run.inputs, **given),
        "seek": lambda: start_seek(context, "probe", run.inputs, key="n", figure="a", target="3", **given),
        "change": lambda: start_change(context, run.id, submit(context, "probe", {"n": 9}, actor=ADA).id, actor=ADA),
    }[kind]()


@pytest.mark.parametrize("kind", ["sweep", "sensitivity", "seek", "change"])
def test_an_analysis_of_a_private_run_is_private_as_the_run_is(context, made, kind):
    """Its definition, points and figures are made of the run's inputs."""
    group = start_group_of(context, kind, made(PRIVATE, n=2))
    assert group.visibility is PRIVATE
    with pytest.raises(NotAllowedError, match="Ask ada, whose group it is"):
        find_group(context, group.id, actor=BOB)
    assert start_group_of(context, kind, made(TEAM, n=3)).visibility is TEAM


def test_a_private_run_that_is_edited_gives_a_private_run_unless_it_is_said_otherwise(context, made):
    secret, shared = made(PRIVATE, n=2), made(PUBLIC, n=3)
    edited = submit(context, "probe", {"n": 4}, actor=ADA, source=secret.id)
    assert edited.visibility is PRIVATE
    assert submit(context, "probe", {"n": 5}, actor=ADA, source=secret.id, visibility=TEAM).visibility is TEAM
    assert submit(context, "probe", {"n": 6}, actor=BOB, source=shared.id).visibility is TEAM
    # Whether somebody else's private run is there says nothing to who may not read it.
    assert submit(context, "probe", {"n": 7}, actor=BOB, source=secret.id).visibility is TEAM


def test_what_an_administrator_cancels_of_somebody_elses_is_in_the_audit_log_and_ones_own_is_not(context, made):
    mine, theirs = (submit(context, "probe", {"n": n}, actor=ADA) for n in (11, 12))
    group = start_sweep(context, "probe", {}, scenarios=[{"n": 5}], actor=ADA)
    cancel(context, mine.id, actor=ADA)
    for _ in range(2):  # once more changes nothing
        cancel(context, theirs.id, actor=ADMIN)
        cancel_group(context, group.id, actor=ADMIN)
    resume_group(context, group.id, actor=ADMIN)
    rows = reversed(list_audit_rows(context, actor=ADMIN))
    assert [(r.actor, r.action, r.subject, r.detail) for r in rows if r.action.split(".")[0] in {"run", "group"}] == [
        (ADMIN.name, "run.cancelled", str(theirs.id), {"owner": "ada"}),
        (ADMIN.name, "group.cancelled", str(group.id), {"owner": "ada"}),
        (ADMIN.name, "group.resumed", str(group.id), {"owner": "ada"}),
    ]
