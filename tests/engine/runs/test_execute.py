import time

import pytest

from contract.actor import Actor
from contract.errors import BusyError, InputError, NotFoundError
from contract.run import Status
from engine.runs import job_queue
from engine.runs.cancel import cancel
from engine.runs.follow import follow, snapshot, wait_for_end
from engine.runs.submit import submit
from storage import results, runs, versions
from storage.search import Filter, search_runs
from tests.actors import ADA, GRACE

ECHO = "def run(inputs):\n    print('said')\n    return {'summary': {'n': inputs['n']}}\n"


def test_a_run_is_queued_run_and_its_result_stored(context, add_model, run_now):
    run = submit(context, add_model(ECHO), {"n": 7}, actor=ADA)
    assert (run.status, run.inputs) == (Status.PENDING, {"n": 7})
    run_now(run)
    now = snapshot(context, run.id, actor=ADA)
    assert (now.run.status, now.shown, now.log) == (Status.SUCCESS, {"summary": {"n": 7}}, "said\n")
    assert now.run.environment["python"]
    assert now.run.peak_memory is not None
    assert now.run.cpu_seconds > 0


def test_bad_inputs_are_refused_before_anything_is_stored(context, add_model):
    slug = add_model(ECHO)
    with pytest.raises(InputError, match="no such input"):
        submit(context, slug, {"m": 1}, actor=ADA)
    with context.database.read() as conn:
        assert search_runs(conn, Filter()).runs == ()


def test_an_unknown_model_version_or_run_is_reported_as_missing(context, add_model):
    slug = add_model(ECHO)
    with pytest.raises(NotFoundError, match="no model 'none'"):
        submit(context, "none", {}, actor=ADA)
    with pytest.raises(NotFoundError, match="no version"):
        submit(context, slug, {}, actor=ADA, version="f" * 64)
    import uuid

    with pytest.raises(NotFoundError, match="no run"):
        snapshot(context, uuid.uuid4(), actor=ADA)


def test_a_stored_result_is_reused_for_equal_inputs_unless_asked_otherwise(context, add_model, run_now):
    slug = add_model(ECHO, deterministic=True)
    first = submit(context, slug, {"n": 7}, actor=ADA)
    run_now(first)
    again = submit(context, slug, {"n": 7.0}, actor=GRACE)
    assert (again.status, again.reused_from, again.user) == (Status.SUCCESS, first.id, "grace")
    assert snapshot(context, again.id, actor=ADA).shown == {"summary": {"n": 7}}
    assert submit(context, slug, {"n": 7}, actor=ADA, fresh=True).status is Status.PENDING
    assert submit(context, slug, {"n": 8}, actor=ADA).status is Status.PENDING


def test_a_model_that_is_not_deterministic_is_never_reused(context, add_model, run_now):
    slug = add_model(ECHO, deterministic=False)
    run_now(submit(context, slug, {}, actor=ADA))
    assert submit(context, slug, {}, actor=ADA).status is Status.PENDING


def test_a_new_version_of_the_folder_does_not_reuse_the_old_ones_result_and_the_old_can_be_pinned(
    context, add_model, run_now
):
    slug = add_model(ECHO)
    old = submit(context, slug, {}, actor=ADA)
    run_now(old)
    add_model(ECHO.replace("inputs['n']", "inputs['n'] * 100"))
    new = submit(context, slug, {}, actor=ADA)
    run_now(new)
    assert snapshot(context, new.id, actor=ADA).shown == {"summary": {"n": 100}}
    pinned = submit(context, slug, {}, actor=ADA, version=old.version, fresh=True)
    run_now(pinned)
    assert snapshot(context, pinned.id, actor=ADA).shown == {"summary": {"n": 1}}


def test_a_user_may_have_only_so_many_runs_waiting(context, add_model):
    import dataclasses

    slug = add_model(ECHO)
    small = dataclasses.replace(context, limits=dataclasses.replace(context.limits, max_pending_per_user=2))
    for n in range(2):
        submit(small, slug, {"n": n}, actor=ADA)
    with pytest.raises(BusyError, match="2 of your runs"):
        submit(small, slug, {"n": 5}, actor=ADA)
    assert submit(small, slug, {"n": 5}, actor=GRACE).status is Status.PENDING


SLOW = """
import time
def run(inputs):
    for i in range(200):
        yield {"progress": i / 200, "message": f"step {i}", "summary": {"i": i}}
        time.sleep(0.05)
"""


def test_partial_results_arrive_while_the_model_runs_and_cancel_keeps_them(context, add_model, run_now):
    run = submit(context, add_model(SLOW), {}, actor=ADA)
    run_now(run, wait=False)
    seen = []
    for now in follow(context, run.id, actor=ADA):
        if now is None:
            continue
        seen.append(now)
        if now.shown and now.run.progress and not now.run.cancel_requested:
            cancel(context, run.id, actor=ADA)
    statuses = [n.run.status for n in seen]
    assert Status.RUNNING in statuses
    last = seen[-1]
    assert last.run.status is Status.CANCELLED
    assert last.run.reason.startswith("Cancelled after")
    before = max(n.shown["summary"]["i"] for n in seen if n.shown and not n.run.cancel_requested)
    assert last.shown["summary"]["i"] >= before
    assert last.run.reason.endswith(", by ada.")


def test_a_run_that_is_claimed_again_by_the_worker_that_lost_it_runs_once_and_can_be_cancelled(
    context, add_model, run_now
):
    slug = add_model("import time\ndef run(inputs):\n    time.sleep(25)\n    return {'summary': {'a': 1}}\n")
    run = submit(context, slug, {}, actor=ADA)
    first = run_now(run, wait=False)
    while snapshot(context, run.id, actor=ADA).run.status is not Status.RUNNING:
        time.sleep(0.02)
    with context.database.begin() as conn:
        runs.requeue_run(conn, run.id, 1, job_queue.enqueue(conn, run.id))
    second = run_now(run, wait=False)
    first.join(10)
    assert not first.is_alive()
    cancel(context, run.id, actor=ADA)
    second.join(10)
    assert not second.is_alive()
    now = snapshot(context, run.id, actor=ADA).run
    assert (now.status, now.attempt) == (Status.CANCELLED, 2)


def test_two_followers_see_the_same_end(context, add_model, run_now):
    run = submit(context, add_model(ECHO), {}, actor=ADA)
    run_now(run, wait=False)
    ends = [list(n for n in follow(context, run.id, actor=ADA) if n)[-1] for _ in range(2)]
    assert ends[0] == ends[1]
    assert wait_for_end(context, run.id, 5, actor=ADA).final


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def run(inputs):\n    return 5\n", "not a dictionary"),
        ("def run(inputs):\n    return None\n", "returned nothing"),
        ("def run(inputs):\n    return {'a': object()}\n", "at a, it is a builtins.object"),
        (
            "def run(inputs):\n    raise ValueError('inputs.n: 1 is too small. Give 2.')\n",
            "inputs.n: 1 is too small. Give 2.",
        ),
        ("def run(inputs):\n    1 / 0\n", "ZeroDivisionError"),
        ("import nosuchlibrary\ndef run(inputs):\n    return {}\n", "needs something that is not there"),
        ("import os\ndef run(inputs):\n    os._exit(3)\n", "exit code 3"),
        ("import ctypes\ndef run(inputs):\n    ctypes.string_at(0)\n", "SIGSEGV"),
    ],
)
def test_each_way_to_fail_has_a_reason_of_its_own(context, add_model, run_now, code, words):
    run = submit(context, add_model(code), {}, actor=ADA)
    run_now(run)
    now = snapshot(context, run.id, actor=ADA)
    assert now.run.status is Status.FAILED
    assert words in now.run.reason


def test_a_traceback_shows_the_models_own_frames_and_no_path_of_the_host(context, add_model, run_now):
    code = "def inner(x):\n    return 1 / x\n\ndef run(inputs):\n    return {'a': inner(0)}\n"
    run = submit(context, add_model(code), {}, actor=ADA)
    run_now(run)
    text = snapshot(context, run.id, actor=ADA).run.traceback
    assert 'File "function.py", line 2, in inner' in text
    assert "ZeroDivisionError: division by zero" in text
    assert "/" not in text.replace("1 / x", "")


def test_a_run_over_its_time_limit_is_timed_out_and_keeps_its_log(context, add_model, run_now):
    code = "import time\ndef run(inputs):\n    print('begun')\n    time.sleep(60)\n"
    run = submit(context, add_model(code, limits={"seconds": 0.5}), {}, actor=ADA)
    run_now(run)
    now = snapshot(context, run.id, actor=ADA)
    assert now.run.status is Status.TIMED_OUT
    assert "0.5 s, its time limit" in now.run.reason
    assert now.log == "begun\n"


def test_large_tables_and_series_are_stored_apart_and_read_back_complete(context, add_model, run_now):
    code = """
import numpy as np, pandas as pd
def run(inputs):
    n = 5000
    return {"table": pd.DataFrame({"i": np.arange(n), "v": np.arange(n) / 7}),
            "series": [{"name": "s", "x": np.arange(n), "y": np.arange(n) * 2.0}]}
"""
    run = submit(context, add_model(code), {}, actor=ADA)
    run_now(run)
    now = snapshot(context, run.id, actor=ADA)
    assert now.shown["table"]["rows"] == 5000
    assert len(now.shown["table"]["head"]["i"]) == 200
    with context.database.read() as conn:
        page = results.read_part(conn, run.id, "table", 4998, 5).to_pydict()
        line = results.read_part(conn, run.id, "series.1", 0, 2).to_pydict()
    assert page == {"i": [4998, 4999], "v": [4998 / 7, 4999 / 7]}
    assert line == {"x": [0, 1], "y": [0.0, 2.0]}


def test_the_seed_is_recorded_and_gives_the_same_numbers_again(context, add_model, run_now):
    code = "import random, numpy as np\ndef run(inputs):\n    return {'summary': {'a': random.random(), 'b': np.random.rand()}}\n"
    inputs = {"seed": {"type": "integer", "min": 0, "max": 10**6, "default": 3}}
    slug = add_model(code, inputs)
    runs = [submit(context, slug, {"seed": s}, actor=ADA, fresh=True) for s in (3, 3, 4)]
    for run in runs:
        run_now(run)
    shown = [snapshot(context, r.id, actor=ADA).shown for r in runs]
    assert shown[0] == shown[1] != shown[2]
    assert [r.seed for r in runs] == [3, 3, 4]


def test_reference_cases_are_run_when_a_version_is_registered(context, add_model, workers):
    cases = [
        {"name": "right", "inputs": {"n": 2}, "expect": {"summary.n": 2}},
        {"name": "wrong", "inputs": {"n": 3}, "expect": {"summary.n": 4}},
    ]
    slug = add_model(ECHO, cases=cases)
    workers(1)
    from engine.models.catalogue import find_app

    until = time.monotonic() + 30
    while not (app := find_app(context, slug, actor=ADA)).total and time.monotonic() < until:
        time.sleep(0.1)
    assert (app.reproduced, app.total) == (1, 2)
    with context.database.read() as conn:
        misses = versions.get_case_results(conn, app.id, app.current_version)["misses"]
        assert search_runs(conn, Filter()).runs == ()
    assert misses == [{"case": "wrong", "path": "summary.n", "expected": 4, "found": 3}]


def test_an_uploaded_file_reaches_the_model_as_a_path_in_its_scratch_folder(context, add_model, run_now):
    from engine.runs.uploads import store_upload

    code = (
        "def run(inputs):\n    return {'summary': {'text': open(inputs['data']).read(), 'name': inputs['data'][-5:]}}\n"
    )
    slug = add_model(code, {"data": {"type": "file", "accept": [".csv"]}})
    value = store_upload(context, "x/y.csv", b"a,b\n1,2\n", actor=ADA)
    run = submit(context, slug, {"data": value}, actor=ADA)
    run_now(run)
    assert snapshot(context, run.id, actor=ADA).shown == {"summary": {"text": "a,b\n1,2\n", "name": "y.csv"}}


def test_the_same_content_uploaded_under_two_names_reaches_each_run_under_its_own(context, add_model, run_now):
    from engine.runs.uploads import store_upload

    code = "import os\ndef run(inputs):\n    return {'summary': {'name': os.path.basename(inputs['data']), 'text': open(inputs['data']).read()}}\n"
    slug = add_model(code, {"data": {"type": "file", "accept": [".csv", ".txt"]}})
    for name in ("first.csv", "second.csv", "third.txt"):
        run = submit(context, slug, {"data": store_upload(context, name, b"1,2\n", actor=ADA)}, actor=ADA)
        run_now(run)
        assert snapshot(context, run.id, actor=ADA).shown == {"summary": {"name": name, "text": "1,2\n"}}


def test_a_file_whose_name_is_too_long_for_the_disk_keeps_its_ending(context, add_model, run_now):
    from engine.runs.uploads import store_upload

    code = "import os\ndef run(inputs):\n    return {'summary': {'ending': os.path.splitext(inputs['data'])[1]}}\n"
    slug = add_model(code, {"data": {"type": "file", "accept": [".csv"]}})
    run = submit(context, slug, {"data": store_upload(context, "ü" * 300 + ".csv", b"1", actor=ADA)}, actor=ADA)
    run_now(run)
    assert snapshot(context, run.id, actor=ADA).shown == {"summary": {"ending": ".csv"}}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a.csv", "a.csv"),
        ("x/y.csv", "y.csv"),
        ("C:\\data\\y.csv", "y.csv"),
        ("..", "upload"),
        ("a/", "upload"),
        ("", "upload"),
        ("a\0.csv", "a.csv"),
        ("\ud800.csv", "?.csv"),
        ("." + "e" * 400, "." + "e" * 254),
    ],
)
def test_the_name_of_an_upload_is_one_that_any_host_can_write(given, kept):
    from engine.runs.uploads import file_name

    assert file_name(given) == kept


def test_a_file_the_model_wrote_can_be_downloaded(context, add_model, run_now):
    code = "def run(inputs):\n    open('out.txt', 'w').write('made')\n    return {'files': {'report': 'out.txt'}}\n"
    run = submit(context, add_model(code), {}, actor=ADA)
    run_now(run)
    with context.database.read() as conn:
        assert results.read_file(conn, run.id, "report") == b"made"


REFUSING = """
import numpy as np
def run(inputs):
    if inputs["n"] == 1:
        raise ValueError("inputs.n: 1 is too few. Give 2.\\ninputs.rows[1].a: it is 0. Give an amount.\\ninputs.other: no. No.")
    if inputs["n"] == 2:
        raise RuntimeError("nothing could be fitted")
    float("inputs.n: x. Y.")
"""


def test_what_a_model_says_of_its_inputs_is_stored_as_problems_beside_them(context, add_model, run_now):
    inputs = {
        "n": {"type": "number", "default": 1},
        "rows": {"type": "table", "columns": {"a": {"type": "number"}}, "default": []},
    }
    slug = add_model(REFUSING, inputs)
    ended = {}
    for n in (1, 2, 3):
        run = submit(context, slug, {"n": n}, actor=Actor("ada"))
        run_now(run)
        ended[n] = snapshot(context, run.id, actor=Actor("ada")).run
    assert {run.status for run in ended.values()} == {Status.FAILED}
    assert [(p.where, p.message, p.hint) for p in ended[1].problems] == [
        ("inputs.n", "1 is too few", "Give 2."),
        ("inputs.rows[1].a", "it is 0", "Give an amount."),
    ]
    assert ended[1].reason.startswith("Model error: inputs.n: 1 is too few. Give 2.\n")
    assert (ended[2].problems, ended[2].reason) == ((), "Model error: nothing could be fitted")
    assert ended[3].problems == ()
    assert ended[3].reason.startswith("The model's code failed. ValueError: could not convert")
