"""Upgrade impact: the last runs of a model replayed on another version, and the spread of what differs."""

import pytest

from contract.actor import SYSTEM, Actor, Role
from contract.errors import InputError, NotAllowedError, NotFoundError
from contract.run import Visibility
from contract.run_group import GroupStatus
from engine.analysis.groups import cancel_group, find_group, list_points, resume_group
from engine.analysis.impact import Outcome, impact_histogram, measure_impact, read_impact
from engine.analysis.lanes import run_lane
from engine.analysis.sweep import start_sweep
from engine.analysis.upgrade import MOST_RUNS, plan_upgrade, start_upgrade
from engine.models.catalogue import find_app
from engine.runs.submit import submit
from engine.runs.visibility import set_visibility

ADA, BOB, GRACE = (Actor(name, role=Role.ANALYST) for name in ("ada", "bob", "grace"))
BEFORE = "def run(inputs):\n    return {'summary': {'Value': 10.0 * inputs['n'], 'Size': inputs['n']}}\n"
# From 3 on it differs, at 5 by rounding alone, and at 9 it fails.
AFTER = (
    "def run(inputs):\n"
    "    n = inputs['n']\n"
    "    if n == 9:\n"
    "        raise ValueError('inputs.n: the curve does not converge. Give less.')\n"
    "    value = 10.0 * n if n < 3 else 50.00000000000001 if n == 5 else 11.0 * n\n"
    "    return {'summary': {'Value': value, 'Size': n}}\n"
)
N = {"n": {"type": "number", "label": "Number", "min": 0, "max": 50, "default": 7}}


@pytest.fixture
def drain(worker_context, context, run_now):
    def go(group, turns=80):
        for turn in range(turns):
            run_lane(worker_context, group.id, turn % 8)
            for point in list_points(context, group.id, actor=SYSTEM):
                if point.status is not None and not point.status.final:
                    run_now(find_run(context, point.run_id))
            if find_group(context, group.id, actor=SYSTEM).final:
                break
        return find_group(context, group.id, actor=SYSTEM)

    return go


def find_run(context, run_id):
    from engine.runs.follow import snapshot

    return snapshot(context, run_id, actor=SYSTEM).run


def version_of(context, slug="probe"):
    return find_app(context, slug, actor=ADA).current_version


@pytest.fixture
def runs_of(context, run_now):
    def go(values, actor=ADA, slug="probe", **more):
        made = []
        for one in values:
            run = submit(context, slug, one if isinstance(one, dict) else {"n": one}, actor=actor, **more)
            if not run.status.final:
                run_now(run)
            made.append(find_run(context, run.id))
        return made

    return go


def test_the_last_runs_are_replayed_and_their_differences_spread(context, add_model, runs_of, drain):
    add_model(BEFORE, N, deterministic=True)
    old = version_of(context)
    made = runs_of([9, 5, 4, 3, 2, 1, 2])
    add_model(AFTER, N, deterministic=True)
    new = version_of(context)
    group = drain(start_upgrade(context, "probe", new, runs=6, before=old, actor=ADA))
    assert (group.status, group.total, group.done, group.failed) == (GroupStatus.FINISHED, 6, 6, 1)
    impact = read_impact(context, group.id, "Value", actor=ADA)
    assert impact.outcomes == {
        Outcome.IDENTICAL: 2,
        Outcome.DIFFERENT: 3,
        Outcome.FAILED: 1,
        Outcome.WAITING: 0,
        Outcome.HIDDEN: 0,
    }
    assert (impact.equal, impact.rounded, impact.changed, impact.missing) == (2, 1, 2, 0)
    [failed, *rest] = impact.replays
    assert (failed.outcome, failed.run_id, failed.before) == (Outcome.FAILED, made[0].id, 90)
    assert "does not converge" in failed.reason
    differences = [(r.before, r.after) for r in rest]
    assert sorted(differences[:2]) == [(30, 33), (40, 44)]  # both are a tenth more
    assert differences[2] == (50, 50.00000000000001)
    assert [r.difference for r in rest[3:]] == [0, 0]
    assert impact.quantiles[3].difference == pytest.approx(0, abs=1e-12)  # the median of 0, 0, 1e-14, 3 and 4
    assert (impact.quantiles[0].difference, impact.quantiles[-1].difference) == (0, 4)
    assert impact.quantiles[-1].relative == pytest.approx(0.1)
    chart = impact_histogram(impact, "Value", "EUR", relative=False)
    assert (sum(chart.data["counts"]), chart.data["edges"][0], chart.data["edges"][-1]) == (5, 0, 4)
    assert impact_histogram(read_impact(context, group.id, "Size", actor=ADA), "Size", None, relative=True) is None
    assert "1 repeat" in " ".join(group.definition["notes"])


def test_stored_results_serve_and_a_second_impact_runs_nothing(context, add_model, runs_of, drain):
    add_model(BEFORE, N, deterministic=True)
    old = version_of(context)
    runs_of([1, 2])
    add_model(AFTER, N, deterministic=True)
    drain(start_upgrade(context, "probe", version_of(context), before=old, actor=ADA))
    again = drain(start_upgrade(context, "probe", version_of(context), before=old, actor=ADA))
    assert (again.done, again.reused) == (2, 2)


def test_renamed_inputs_are_carried_over_and_runs_that_do_not_fit_are_named(context, add_model, runs_of, drain):
    add_model(BEFORE, N, deterministic=True)
    old = version_of(context)
    made = runs_of([1, 40, 2])
    size = {
        "size": {"type": "number", "label": "Size", "min": 0, "max": 20, "default": 7, "former_keys": ["n"]},
        "load": {"type": "number", "label": "Load", "min": 0, "max": 1, "step": 0.1, "default": 0.5},
    }
    code = "def run(inputs):\n    return {'summary': {'Value': 10.0 * inputs['size'] + inputs['load'], 'Size': 1}}\n"
    add_model(code, size, deterministic=True)
    new = version_of(context)
    plan = plan_upgrade(context, "probe", new, before=old, actor=ADA)
    assert plan.total == 2
    assert f"Run {str(made[1].id)[-8:]} does not fit the version: inputs.size: 40 is outside 0 to 20" in " ".join(
        plan.notes
    )
    group = drain(start_upgrade(context, "probe", new, before=old, actor=ADA))
    [misfit] = group.definition["misfits"]
    assert misfit["run"] == str(made[1].id)
    words = " ".join(group.definition["notes"])
    assert "2 of 3 runs" in words
    assert "Renamed to size: n (2 runs)" in words
    assert "New in the version, at the starting value: load (2 runs)" in words
    impact = read_impact(context, group.id, "Value", actor=ADA)
    assert [r.difference for r in impact.replays] == [0.5, 0.5]


def test_a_model_that_draws_keeps_each_runs_seed(context, add_model, runs_of, drain):
    code = "import random\ndef run(inputs):\n    return {'summary': {'Value': random.random()}}\n"
    add_model(code, N, deterministic=False)
    old = version_of(context)
    runs_of([1, 1, 2])
    add_model(f"{code}# a remark\n", N, deterministic=False)
    group = drain(start_upgrade(context, "probe", version_of(context), before=old, actor=ADA))
    assert group.total == 3  # two runs of equal inputs drew differently
    assert read_impact(context, group.id, "Value", actor=ADA).outcomes[Outcome.IDENTICAL] == 3


def test_large_tables_are_compared_to_the_last_row(context, add_model, runs_of, drain):
    code = (
        "def run(inputs):\n"
        "    rows = [{'k': k, 'v': k + ADD} for k in range(5000)]\n"
        "    rows[-1]['v'] += LAST\n"
        "    return {'summary': {'Value': 1}, 'table': rows}\n"
    )
    add_model(f"ADD, LAST = 0, 0\n{code}", N, deterministic=True)
    old = version_of(context)
    runs_of([1])
    for last, outcome in (("0 * 1", Outcome.IDENTICAL), ("1", Outcome.DIFFERENT)):
        add_model(f"ADD, LAST = 0, {last}\n{code}", N, deterministic=True)
        group = drain(start_upgrade(context, "probe", version_of(context), before=old, actor=ADA))
        assert read_impact(context, group.id, "Value", actor=ADA).replays[0].outcome is outcome


def test_points_of_groups_and_the_system_are_not_replayed_and_rights_hold(context, add_model, runs_of, drain):
    add_model(BEFORE, N, deterministic=True)
    old = version_of(context)
    mine = runs_of([1])
    theirs = runs_of([2], actor=BOB)
    set_visibility(context, theirs[0].id, Visibility.PRIVATE, actor=BOB)
    drain(start_sweep(context, "probe", {}, axes=[{"input": "n", "values": [4, 5]}], actor=ADA))
    add_model(AFTER, N, deterministic=True)
    group = drain(start_upgrade(context, "probe", version_of(context), before=old, actor=ADA))
    assert group.definition["runs"] == [str(mine[0].id)]
    private = drain(start_upgrade(context, "probe", version_of(context), before=old, actor=BOB))
    assert private.visibility is Visibility.PRIVATE
    with pytest.raises(NotAllowedError):
        read_impact(context, private.id, "Value", actor=GRACE)


def test_it_is_cancelled_and_resumed_and_read_meanwhile(context, add_model, runs_of, drain):
    add_model(BEFORE, N, deterministic=True)
    old = version_of(context)
    runs_of([1, 2])
    add_model(AFTER, N, deterministic=True)
    started = start_upgrade(context, "probe", version_of(context), before=old, actor=ADA)
    assert cancel_group(context, started.id, actor=ADA).status is GroupStatus.CANCELLED
    points = list_points(context, started.id, actor=ADA)
    assert measure_impact(context, started, points, "Value", actor=ADA).outcomes[Outcome.WAITING] == 2
    assert drain(resume_group(context, started.id, actor=ADA)).done == 2


def test_what_cannot_be_replayed_is_said(context, add_model, runs_of, drain):
    add_model(BEFORE, N, deterministic=True)
    old = version_of(context)
    with pytest.raises(InputError, match="no successful run of another version"):
        start_upgrade(context, "probe", old, actor=ADA)
    with pytest.raises(InputError) as refused:
        start_upgrade(context, "probe", old, before=old, runs=MOST_RUNS + 1, actor=ADA)
    assert [p.where for p in refused.value.problems] == ["runs", "before"]
    runs_of([40])
    add_model(BEFORE, {"n": {**N["n"], "max": 20}}, deterministic=True)
    with pytest.raises(InputError, match="takes none of the last 1"):
        start_upgrade(context, "probe", version_of(context), before=old, actor=ADA)
    sweep = drain(start_sweep(context, "probe", {}, axes=[{"input": "n", "values": [4]}], actor=ADA))
    with pytest.raises(NotFoundError, match="Name an upgrade impact"):
        read_impact(context, sweep.id, "Value", actor=ADA)
