"""Sweeps on a real database with real workers: their points, counts, reuse, failures, cancelling, losses and resuming."""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import uuid_utils.compat as uuids
from sqlalchemy import text

from contract.actor import SYSTEM, Actor, Role
from contract.errors import InputError, NotAllowedError, NotFoundError
from contract.number_format import NumberFormat
from contract.run import Status
from contract.run_group import GroupStatus
from contract.run_search import Filter
from engine.analysis.figures import figure_labels, figure_of
from engine.analysis.groups import cancel_group, find_group, list_groups, list_points, resume_group, wait_for_group
from engine.analysis.lanes import requeue_lost_lanes, run_lane
from engine.analysis.sweep import plan_sweep, read_scenarios, start_sweep
from engine.models.catalogue import find_app, find_version
from engine.models.register import register
from engine.runs.cancel import cancel
from engine.runs.follow import snapshot, wait_for_end
from engine.runs.search import search_runs
from engine.runs.submit import submit
from registry.model_files import read_folder
from tests.actors import ADA, GRACE
from tests.engine.conftest import ROOT

ADDS = "def run(inputs):\n    return {'summary': {'Sum': inputs['n'] + 10 * inputs['m']}}\n"
NM = {
    "n": {"type": "number", "min": 0, "max": 5_000, "step": 1, "default": 1},
    "m": {"type": "number", "min": 0, "max": 50, "step": 0.5, "default": 2},
}
WAIT = 60


def axis(key, low, high, step):
    return {"input": key, "from": low, "to": high, "step": step}


@pytest.fixture
def drain(worker_context, context):
    """Do the lanes of a group here, one after the other, until it has ended."""

    def go(group, turns=50):
        for turn in range(turns):
            run_lane(worker_context, group.id, turn % 8)
            if find_group(context, group.id, actor=ADA).final:
                break
        return find_group(context, group.id, actor=ADA)

    return go


def sums(context, group):
    return [figure_of(p.summary, "Sum") for p in list_points(context, group.id, actor=ADA)]


def test_what_is_asked_for_twice_under_one_id_is_started_once(context, add_model, drain):
    add_model(ADDS, inputs=NM)
    press = uuids.uuid7()

    def start(actor):
        return start_sweep(context, "probe", {}, actor=actor, axes=[axis("n", 1, 4, 1)], group_id=press)

    with ThreadPoolExecutor(4) as pool:
        assert {found.id for found in pool.map(start, [ADA] * 4)} == {press}
    assert [group.id for group in list_groups(context, actor=ADA)] == [press]
    assert drain(start(ADA)).done == 4
    assert start(ADA).done == 4
    with pytest.raises(NotAllowedError):
        start(Actor("eve", role=Role.ANALYST))


def test_a_sweep_over_two_inputs_has_a_run_for_each_combination(context, add_model, workers):
    add_model(ADDS, NM)
    workers()
    started = start_sweep(context, "probe", {}, axes=[axis("n", 0, 30, 10), axis("m", 1, 2, 0.5)], actor=ADA)
    group = wait_for_group(context, started.id, WAIT, actor=ADA)
    assert (group.status, group.total, group.done, group.failed) == (GroupStatus.FINISHED, 12, 12, 0)
    points = list_points(context, group.id, actor=ADA)
    assert [figure_of(p.summary, "Sum") for p in points] == [n + 10 * m for n in (0, 10, 20, 30) for m in (1, 1.5, 2)]
    run = snapshot(context, points[4].run_id, actor=ADA)
    assert (run.run.inputs, run.run.status, run.run.user) == ({"n": 10, "m": 1.5}, Status.SUCCESS, "ada")
    assert run.shown == {"summary": {"Sum": 25.0}}
    assert (run.run.worker is not None, run.run.environment["python"]) == (
        True,
        points and run.run.environment["python"],
    )


def test_members_are_left_out_of_the_history_unless_their_group_is_asked_for(context, add_model, drain):
    add_model(ADDS, NM)
    group = drain(start_sweep(context, "probe", {}, axes=[axis("n", 0, 9, 1)], actor=ADA))
    assert search_runs(context, Filter(), actor=ADA).runs == ()
    assert len(search_runs(context, Filter(batch=group.id), actor=ADA).runs) == 10
    assert len(search_runs(context, Filter(members=True), actor=ADA).runs) == 10
    assert [g.id for g in list_groups(context, actor=ADA)] == [group.id]


def test_a_stored_result_is_reused_and_a_single_run_reuses_a_point(context, add_model, drain, run_now):
    add_model(ADDS, NM, deterministic=True)
    run_now(submit(context, "probe", {"n": 3}, actor=GRACE))
    group = drain(start_sweep(context, "probe", {}, axes=[axis("n", 1, 5, 1)], actor=ADA))
    assert (group.done, group.reused) == (5, 1)
    assert sums(context, group) == [21, 22, 23, 24, 25]
    assert submit(context, "probe", {"n": 5}, actor=ADA).reused_from is not None
    again = drain(start_sweep(context, "probe", {}, axes=[axis("n", 1, 5, 1)], actor=ADA))
    assert (again.done, again.reused, sums(context, again)) == (5, 5, [21, 22, 23, 24, 25])
    fresh = drain(start_sweep(context, "probe", {}, axes=[axis("n", 1, 5, 1)], fresh=True, actor=ADA))
    assert fresh.reused == 0


FAILS_AT_3 = (
    "def run(inputs):\n"
    "    if inputs['n'] == 3:\n"
    "        raise ValueError('inputs.n: 3 is unlucky. Give another.')\n"
    "    return {'summary': {'Sum': inputs['n'] + 10 * inputs['m']}}\n"
)


def test_a_point_that_fails_is_an_ordinary_run_with_its_reason_and_the_others_go_on(context, add_model, workers):
    add_model(FAILS_AT_3, NM)
    workers()
    started = start_sweep(context, "probe", {}, axes=[axis("n", 1, 5, 1)], actor=ADA)
    group = wait_for_group(context, started.id, WAIT, actor=ADA)
    assert (group.status, group.done, group.failed) == (GroupStatus.FINISHED, 5, 1)
    points = list_points(context, group.id, actor=ADA)
    assert sums(context, group) == [21, 22, None, 24, 25]
    failed = snapshot(context, points[2].run_id, actor=ADA).run
    assert failed.status is Status.FAILED
    assert [p.where for p in failed.problems] == ["inputs.n"]
    assert "unlucky" in failed.traceback


def test_a_point_that_ends_its_process_takes_no_other_with_it(context, add_model, workers):
    add_model(
        FAILS_AT_3.replace("raise ValueError('inputs.n: 3 is unlucky. Give another.')", "import os; os._exit(3)"), NM
    )
    workers()
    started = start_sweep(context, "probe", {}, axes=[axis("n", 1, 5, 1)], actor=ADA)
    group = wait_for_group(context, started.id, WAIT, actor=ADA)
    assert (group.done, group.failed, sums(context, group)) == (5, 1, [21, 22, None, 24, 25])


KEEPS_STATE = (
    "import os, random\n"
    "import helper\n"
    "count = 0\n"
    "def run(inputs):\n"
    "    global count\n"
    "    count += 1\n"
    "    helper.count += 1\n"
    "    left = sorted(os.listdir('.'))\n"
    "    open('left.txt', 'w').write('x')\n"
    "    os.environ['LEFT'] = 'x'\n"
    "    before = os.environ.get('BEFORE', ''); os.environ['BEFORE'] = 'x'\n"
    "    print('n is', inputs['n'])\n"
    "    return {'summary': {'Count': count, 'Helper': helper.count, 'Left': len(left), 'Before': before,\n"
    "                        'Random': random.random(), 'Sum': inputs['n']}}\n"
)


def test_points_of_one_process_see_nothing_of_each_other_and_equal_runs_of_their_own(
    context, add_model, drain, run_now
):
    add_model(KEEPS_STATE, NM, files={"helper.py": "count = 0\n"})
    group = drain(start_sweep(context, "probe", {}, axes=[axis("n", 1, 20, 1)], actor=ADA))
    points = list_points(context, group.id, actor=ADA)
    assert {(p.summary["Count"], p.summary["Helper"], p.summary["Left"], p.summary["Before"]) for p in points} == {
        (1, 1, 0, "")
    }
    assert len({p.summary["Random"] for p in points}) == 1  # one seed: only the inputs differ
    seen = snapshot(context, points[6].run_id, actor=ADA)
    assert seen.log == "n is 7\n"
    alone = submit(context, "probe", {"n": 7}, actor=ADA, fresh=True)
    run_now(alone)
    single = snapshot(context, alone.id, actor=ADA)
    assert {**single.shown["summary"], "Random": 0} == {**seen.shown["summary"], "Random": 0}


def test_generators_coroutines_and_large_results_are_stored_as_single_runs_are(context, add_model, drain, run_now):
    code = (
        "async def run(inputs):\n"
        "    yield {'progress': 0.5, 'summary': {'Sum': 1}}\n"
        "    yield {'table': [{'i': i, 'n': inputs['n']} for i in range(3000)], 'summary': {'Half': 2}}\n"
    )
    add_model(code, NM)
    group = drain(start_sweep(context, "probe", {}, axes=[axis("n", 1, 2, 1)], actor=ADA))
    point = list_points(context, group.id, actor=ADA)[0]
    seen = snapshot(context, point.run_id, actor=ADA)
    alone = submit(context, "probe", {"n": 1}, actor=ADA, fresh=True)
    run_now(alone)
    assert seen.shown == snapshot(context, alone.id, actor=ADA).shown
    assert "$part" in seen.shown["table"]


def test_a_model_with_files_is_run_point_by_point_through_the_ordinary_queue(context, add_model, workers):
    inputs = {**NM, "data": {"type": "file", "accept": [".csv"], "default": "data.csv"}}
    code = "def run(inputs):\n    return {'summary': {'Sum': inputs['n'] + len(open(inputs['data']).read())}}\n"
    add_model(code, inputs, files={"data.csv": "abc"})
    workers()
    started = start_sweep(context, "probe", {}, axes=[axis("n", 1, 3, 1)], actor=ADA)
    group = wait_for_group(context, started.id, WAIT, actor=ADA)
    assert (group.done, group.failed, sums(context, group)) == (3, 0, [4, 5, 6])


HANGS = (
    "import time\n"
    "def run(inputs):\n"
    "    if inputs['n'] > 2:\n"
    "        time.sleep(600)\n"
    "    return {'summary': {'Sum': inputs['n']}}\n"
)


def until(context, group_id, met):
    """Return the group once `met` says so of it, woken by what is announced."""
    while True:
        generation = context.listener.generation
        found = find_group(context, group_id, actor=ADA)
        if met(found):
            return found
        assert context.listener.wait(group_id, found.seq, WAIT, generation)


def test_cancelling_ends_the_group_and_what_it_was_running_and_resuming_runs_the_rest(context, add_model, workers):
    add_model(HANGS, {"n": NM["n"]}, limits={"seconds": 500})
    pool = workers()
    started = start_sweep(context, "probe", {}, axes=[axis("n", 1, 4, 1)], actor=ADA)
    until(context, started.id, lambda g: g.done == 2)
    group = cancel_group(context, started.id, actor=GRACE)
    assert (group.status, group.reason) == (GroupStatus.CANCELLED, "Cancelled by grace.")
    assert submit(context, "probe", {"n": 1}, actor=ADA).status is Status.SUCCESS  # what has ended stays
    pool.stop()
    quick = HANGS.replace("inputs['n'] > 2", "False")
    assert quick != HANGS
    assert resume_group(context, started.id, actor=ADA).status is GroupStatus.RUNNING
    again = cancel_group(context, started.id, actor=ADA)
    assert (again.done, again.total) == (2, 4)
    assert resume_group(context, started.id, actor=ADA).done == 2


def test_a_group_survives_the_death_of_its_worker_and_every_point_is_stored_once(context, add_model, workers):
    code = "import time\ndef run(inputs):\n    time.sleep(0.02)\n    return {'summary': {'Sum': inputs['n']}}\n"
    add_model(code, {"n": NM["n"]})
    workers(2)
    started = start_sweep(context, "probe", {}, axes=[axis("n", 1, 300, 1)], actor=ADA)
    until(context, started.id, lambda g: g.done > 0)
    with context.database.read() as conn:
        names = (
            conn.execute(text("select distinct worker from runs where batch = :g"), {"g": started.id}).scalars().all()
        )
    os.kill(int(names[0].rpartition(":")[2]), signal.SIGKILL)
    group = wait_for_group(context, started.id, 120, actor=ADA)
    assert (group.status, group.done, group.failed) == (GroupStatus.FINISHED, 300, 0)
    assert sums(context, group) == list(range(1, 301))
    with context.database.read() as conn:
        count = conn.execute(text("select count(*) from runs where batch = :g"), {"g": group.id}).scalar_one()
    assert count == 300


def test_two_workers_with_the_same_lane_store_each_point_once(context, add_model, worker_context):
    code = "import time\ndef run(inputs):\n    time.sleep(0.005)\n    return {'summary': {'Sum': inputs['n']}}\n"
    add_model(code, {"n": NM["n"]})
    started = start_sweep(context, "probe", {}, axes=[axis("n", 1, 160, 1)], actor=ADA)
    threads = [
        threading.Thread(target=run_lane, args=(worker_context, started.id, lane)) for lane in range(8) for _ in "ab"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    group = find_group(context, started.id, actor=ADA)
    assert (group.status, group.done) == (GroupStatus.FINISHED, 160)
    assert sums(context, group) == list(range(1, 161))


def test_a_lane_that_lost_its_worker_too_often_ends_its_group_with_a_reason(context, add_model):
    add_model(ADDS, NM)
    started = start_sweep(context, "probe", {}, axes=[axis("n", 1, 3, 1)], actor=ADA)
    for _ in range(context.limits.attempts):
        with context.database.begin() as conn:
            conn.execute(text("delete from procrastinate_jobs where task_name = 'tontine.lane'"))
        requeue_lost_lanes(context.database, context.limits)
    group = find_group(context, started.id, actor=ADA)
    assert (group.status, "Resume" in group.reason) == (GroupStatus.FAILED, True)
    assert resume_group(context, started.id, actor=ADA).status is GroupStatus.RUNNING


def test_a_member_that_is_cancelled_by_itself_counts_as_ended(context, add_model, drain, worker_context):
    inputs = {**NM, "data": {"type": "file", "accept": [".csv"], "default": "data.csv"}}
    add_model(ADDS, inputs, files={"data.csv": "abc"})
    started = start_sweep(context, "probe", {}, axes=[axis("n", 1, 2, 1)], actor=ADA)
    for lane in range(2):
        run_lane(worker_context, started.id, lane)
    for point in list_points(context, started.id, actor=ADA):
        cancel(context, point.run_id, actor=ADA)
    group = find_group(context, started.id, actor=ADA)
    assert (group.status, group.done, group.failed) == (GroupStatus.FINISHED, 2, 2)


def test_everything_that_is_wrong_with_a_sweep_is_said_at_once(context, add_model):
    add_model(ADDS, NM)
    axes = [
        {"input": "n", "from": "a", "to": "40", "step": "0"},
        {"input": "m", "values": "1; 2.25; 99"},
    ]
    with pytest.raises(InputError) as refused:
        start_sweep(context, "probe", {"o": 1}, axes=axes, actor=ADA)
    places = [p.where for p in refused.value.problems]
    assert places == ["axes[0].from", "axes[1].m", "axes[1].m", "inputs.o"]
    assert list_groups(context, actor=ADA) == []


def test_rules_are_checked_at_every_combination(context, add_model):
    add_model(ADDS, NM, rules=[{"check": "n > m", "message": "Choose n above m."}])
    with pytest.raises(InputError) as refused:
        start_sweep(context, "probe", {}, axes=[axis("n", 0, 4, 1), axis("m", 0, 2, 1)], actor=ADA)
    assert "6 of 15" in str(refused.value)


def test_a_plan_counts_the_runs_and_says_how_values_were_laid_on_the_grid(context, add_model):
    add_model(ADDS, NM)
    plan = plan_sweep(context, "probe", {}, axes=[{"input": "n", "from": 0, "to": 3, "count": 7}], actor=ADA)
    assert (plan.total, plan.seconds) == (4, None)
    assert "4 values instead of 7" in plan.notes[0]


def test_more_points_than_a_group_may_have_are_refused(context, add_model):
    add_model(ADDS, NM)
    with pytest.raises(InputError, match="more than 10,000"):
        plan_sweep(context, "probe", {}, axes=[axis("n", 0, 4_000, 1), axis("m", 0, 2, 1)], actor=ADA)


def test_a_table_of_scenarios_is_one_run_a_row_and_its_cells_are_read_as_the_form_reads_them(context, add_model, drain):
    slug = add_model(ADDS, NM)
    manifest = find_version(context, find_app(context, slug, actor=ADA), actor=ADA).manifest
    rows, _ = read_scenarios(manifest, "n;m\n1;0,5\n1.000;\n7;2", NumberFormat("de", ",", "."))
    assert rows == [{"n": 1.0, "m": 0.5}, {"n": 1000.0}, {"n": 7.0, "m": 2.0}]
    group = drain(start_sweep(context, "probe", {"m": 4}, scenarios=rows, actor=ADA))
    assert sums(context, group) == [6, 1040, 27]
    with pytest.raises(InputError) as refused:
        read_scenarios(manifest, "n,q\n9999,1\nx,2", NumberFormat())
    assert len(refused.value.problems) == 3


def test_lists_are_read_with_the_sessions_decimal_mark(context, add_model, drain):
    add_model(ADDS, NM)
    given = [{"input": "m", "values": "0,5; 1,5; 2"}]
    group = drain(start_sweep(context, "probe", {}, axes=given, number_format=NumberFormat("de", ",", "."), actor=ADA))
    assert sums(context, group) == [6, 16, 21]
    assert figure_labels(list_points(context, group.id, actor=ADA), _manifest(context)) == ["Sum"]


def _manifest(context):
    return find_version(context, find_app(context, "probe", actor=ADA), actor=ADA).manifest


def test_a_group_that_is_not_there_is_an_error_that_says_so(context):
    import uuid

    with pytest.raises(NotFoundError, match="no group"):
        find_group(context, uuid.uuid4(), actor=ADA)


def test_a_single_run_of_a_person_does_not_wait_for_a_sweep(context, add_model, workers):
    code = "import time\ndef run(inputs):\n    time.sleep(inputs['n'] / 1000)\n    return {'summary': {'Sum': 1}}\n"
    add_model(code, {"n": NM["n"]})
    workers()
    started = start_sweep(
        context, "probe", {}, axes=[{"input": "n", "from": 1000, "to": 2000, "count": 101}], actor=ADA
    )
    run = submit(context, "probe", {"n": 1}, actor=GRACE)
    assert wait_for_end(context, run.id, WAIT, actor=GRACE).run.status is Status.SUCCESS
    assert not find_group(context, started.id, actor=ADA).final
    cancel_group(context, started.id, actor=ADA)


def test_the_example_of_the_guide_has_the_figures_that_it_names(context, drain):
    files = read_folder(ROOT / "functions" / "life_pricing")
    register(context, "life_pricing", files, source={"kind": "local", "path": "life_pricing"}, actor=SYSTEM)
    axes = [axis("age", "30", "60", "3"), axis("term", "5", "30", "5")]
    group = drain(start_sweep(context, "life_pricing", {}, axes=axes, actor=ADA))
    assert (group.done, group.failed, group.total) == (66, 0, 66)
    points = list_points(context, group.id, actor=ADA)
    found = {(p.changes["age"], p.changes["term"]): figure_of(p.summary, "Net premium a year") for p in points}
    guide = (ROOT / "docs" / "13-sweeps.md").read_text()
    for corner in ((30, 5), (60, 5), (30, 30), (60, 30)):
        assert f"{found[corner]:,.0f}" in guide
