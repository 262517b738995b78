"""Live's newer run ends the one before it: while it waits, while it runs, and when it has just ended."""

import time

import pytest

from contract.run import Status
from engine.runs.cancel import cancel
from engine.runs.follow import snapshot, wait_for_end
from engine.runs.submit import submit
from tests.actors import ADA

SLOW = """
import time
def run(inputs):
    for i in range(600):
        yield {"summary": {"i": i}}
        time.sleep(0.05)
"""
ECHO = "def run(inputs):\n    return {'summary': {'n': inputs['n']}}\n"


def until_shown(context, run):
    end = time.monotonic() + 120
    while not (now := snapshot(context, run.id, actor=ADA)).shown:
        assert time.monotonic() < end
        time.sleep(0.02)
    return now


def test_a_waiting_run_that_is_superseded_never_starts_and_names_its_successor(context, add_model, run_now):
    slug = add_model(ECHO)
    old, new = (submit(context, slug, {"n": n}, actor=ADA) for n in (1, 2))
    found = cancel(context, old.id, superseded_by=new.id, actor=ADA)
    assert (found.status, found.superseded_by) == (Status.CANCELLED, new.id)
    assert found.reason == "Superseded by a newer run before it started."
    assert run_now(old) is None
    assert snapshot(context, old.id, actor=ADA).run == found


def test_a_running_run_that_is_superseded_ends_at_once_keeps_what_it_showed_and_says_why(context, add_model, run_now):
    slug = add_model(SLOW)
    old = submit(context, slug, {"n": 1}, actor=ADA)
    thread = run_now(old, wait=False)
    before = until_shown(context, old)
    new = submit(context, slug, {"n": 2}, actor=ADA)
    cancel(context, old.id, superseded_by=new.id, actor=ADA)
    now = wait_for_end(context, old.id, 20, actor=ADA)
    thread.join(20)
    assert (now.run.status, now.run.superseded_by) == (Status.CANCELLED, new.id)
    assert now.run.reason.startswith("Superseded by a newer run after ")
    assert now.shown["summary"]["i"] >= before.shown["summary"]["i"]


def test_of_many_values_the_newest_alone_has_a_result(context, add_model, run_now):
    slug = add_model(SLOW.replace("600", "int(inputs['n'])").replace("0.05", "0.2"))
    previous, threads = None, []
    for n in (98, 99, 100, 3):
        run = submit(context, slug, {"n": n}, actor=ADA)
        if previous is not None:
            cancel(context, previous.id, superseded_by=run.id, actor=ADA)
        threads.append((run, run_now(run, wait=False)))
        previous = run
    ended = [wait_for_end(context, run.id, 30, actor=ADA).run for run, _ in threads]
    for _, thread in threads:
        thread.join(20)
    assert [r.status for r in ended] == [Status.CANCELLED] * 3 + [Status.SUCCESS]
    assert [r.superseded_by for r in ended] == [r.id for r in ended[1:]] + [None]


def test_a_run_that_has_ended_is_not_superseded(context, add_model, run_now):
    slug = add_model(ECHO)
    old = submit(context, slug, {"n": 1}, actor=ADA)
    run_now(old)
    new = submit(context, slug, {"n": 2}, actor=ADA)
    found = cancel(context, old.id, superseded_by=new.id, actor=ADA)
    assert (found.status, found.superseded_by) == (Status.SUCCESS, None)
    assert snapshot(context, old.id, actor=ADA).shown == {"summary": {"n": 1}}


@pytest.mark.parametrize("cached", [True, False])
def test_a_superseded_run_is_never_reused_for_equal_inputs(context, add_model, run_now, cached):
    slug = add_model(ECHO)
    old = submit(context, slug, {"n": 1}, actor=ADA)
    cancel(context, old.id, superseded_by=submit(context, slug, {"n": 2}, actor=ADA).id, actor=ADA)
    again = submit(context, slug, {"n": 1}, actor=ADA, fresh=not cached)
    assert (again.status, again.reused_from) == (Status.PENDING, None)
