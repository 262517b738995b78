"""Runs whose worker is dead."""

import dataclasses

from contract.actor import Actor
from contract.run import Status
from engine.runs.follow import snapshot
from engine.runs.recovery import requeue_local_worker_runs
from engine.runs.submit import submit
from storage import runs, workers

ECHO = "def run(inputs):\n    return {}\n"
PID = 4_000_000  # beyond any process id of this host


def lose(context, run):
    with context.database.begin() as conn:
        assert runs.claim_run(conn, run.id, workers.worker_name(PID))
    requeue_local_worker_runs(context, PID)
    return snapshot(context, run.id, actor=Actor("ada")).run


def test_the_server_gives_a_dead_workers_run_as_many_attempts_as_the_installation_sets(context, add_model):
    once = dataclasses.replace(context, limits=dataclasses.replace(context.limits, attempts=1))
    run = lose(once, submit(once, add_model(ECHO), {}, actor=Actor("ada")))
    assert run.status is Status.FAILED
    assert "was lost once" in run.reason
    many = dataclasses.replace(context, limits=dataclasses.replace(context.limits, attempts=5))
    run = submit(many, "probe", {"n": 2}, actor=Actor("ada"))
    assert [lose(many, run).status for _ in range(5)] == [Status.PENDING] * 4 + [Status.FAILED]
