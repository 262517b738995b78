"""The reference cases of a version, run as a worker runs them."""

import threading
import time

import pytest

from contract.actor import Actor
from engine.models.catalogue import find_app
from engine.models.verify import run_reference_cases
from engine.runs import job_queue
from engine.runs.execute import WORKER_STOPPED, WorkerContext
from engine.runs.follow import snapshot
from engine.runs.submit import submit
from engine.sandbox.supervisor import Sandbox
from storage import versions
from tests.actors import ADA

RANDOM = "import numpy as np\ndef run(inputs):\n    return {'summary': {'a': np.random.rand()}}\n"
SEED = {"seed": {"type": "integer", "min": 0, "max": 10**6, "default": 3}}
SLOW = "import time\ndef run(inputs):\n    time.sleep(1)\n    return {'summary': {'n': inputs['n']}}\n"
CASES = [{"name": f"case {n}", "inputs": {"n": n}, "expect": {"summary.n": n}} for n in (2, 3)]


def score(context, slug):
    app = find_app(context, slug, actor=ADA)
    with context.database.read() as conn:
        return versions.get_case_results(conn, app.id, app.current_version)


def check(context, worker_context, slug):
    app = find_app(context, slug, actor=ADA)
    run_reference_cases(worker_context, app.id, app.current_version)
    return score(context, slug)


@pytest.mark.parametrize("inputs", [{}, {"seed": 8}])
def test_a_reference_case_is_run_with_the_seed_that_a_run_of_its_inputs_has(
    context, add_model, run_now, worker_context, inputs
):
    first = submit(context, add_model(RANDOM, SEED), inputs, actor=Actor("ada"), fresh=True)
    run_now(first)
    value = snapshot(context, first.id, actor=Actor("ada")).shown["summary"]["a"]
    slug = add_model(RANDOM, SEED, cases=[{"name": "c", "inputs": inputs, "expect": {"summary.a": value}}])
    found = check(context, worker_context, slug)
    assert (found["total"], found["reproduced"], found["misses"]) == (1, 1, [])


@pytest.fixture
def own_worker(context, tmp_path):
    """A worker's context with a sandbox of its own, which the test may break."""
    sandbox = Sandbox(tmp_path / "own")
    sandbox.start()
    yield WorkerContext(context.database, sandbox, context.limits, tmp_path / "cache", "own-worker")
    sandbox.close()


def while_it_runs(worker, call):
    """Call `call` once a case is being run."""

    def act():
        while not worker.active:
            time.sleep(0.01)
        time.sleep(0.3)
        call()

    thread = threading.Thread(target=act)
    thread.start()
    return thread


def test_reference_cases_survive_the_loss_of_the_sandbox(context, add_model, own_worker):
    slug = add_model(SLOW, cases=CASES)
    thread = while_it_runs(own_worker, own_worker.sandbox.zygotes.get("numpy").process.kill)
    found = check(context, own_worker, slug)
    thread.join()
    assert (found["total"], found["reproduced"]) == (2, 2)


def test_a_case_whose_sandbox_is_lost_twice_is_missed_with_the_reason_and_the_others_are_run(
    context, add_model, own_worker
):
    slug = add_model(SLOW, cases=CASES)

    def kill_both():
        first = own_worker.sandbox.zygotes.get("numpy").process
        first.kill()
        while (second := own_worker.sandbox.zygotes.get("numpy").process).pid == first.pid:
            time.sleep(0.01)
        time.sleep(0.3)
        second.kill()

    thread = while_it_runs(own_worker, kill_both)
    found = check(context, own_worker, slug)
    thread.join()
    assert (found["total"], found["reproduced"]) == (2, 1)
    assert [(m["case"], m["found"]) for m in found["misses"]] == [
        ("case 2", "The sandbox was lost twice while this case ran.")
    ]


def test_a_worker_that_is_stopped_puts_the_check_back_and_stores_no_score(
    context, add_model, worker_context, monkeypatch
):
    slug = add_model(SLOW, cases=CASES)
    enqueued = []
    monkeypatch.setattr(job_queue, "enqueue_reference_cases", lambda _conn, *version: enqueued.append(version))
    stop = lambda: [cancel.request(WORKER_STOPPED) for cancel in list(worker_context.active)]
    thread = while_it_runs(worker_context, stop)
    assert check(context, worker_context, slug) == {}
    thread.join()
    app = find_app(context, slug, actor=ADA)
    assert enqueued == [(app.id, app.current_version)]
    assert not worker_context.active


def test_a_case_may_name_the_models_own_file(context, add_model, worker_context):
    code = "def run(inputs):\n    return {'summary': {'text': open(inputs['data']).read()}}\n"
    slug = add_model(
        code,
        {"data": {"type": "file", "accept": [".csv"], "default": "own.csv"}},
        files={"own.csv": "a,b\n"},
        cases=[{"name": "own", "inputs": {"data": "own.csv"}, "expect": {"summary.text": "a,b\n"}}],
    )
    found = check(context, worker_context, slug)
    assert (found["total"], found["reproduced"]) == (1, 1)
