"""Sensitivities, goal seeks and analyses of change on a real database and in the sandbox."""

import json

import pytest

from contract.actor import SYSTEM
from contract.errors import InputError
from contract.run_group import GroupStatus
from engine.analysis.change import start_change, way_along, way_on_average
from engine.analysis.groups import cancel_group, find_group, list_points, resume_group, wait_for_group
from engine.analysis.lanes import run_lane
from engine.analysis.sensitivity import start_sensitivity, tornado_bars
from engine.analysis.start_seek import seek_words, start_seek
from engine.models.catalogue import find_app, find_version
from engine.models.register import register
from engine.runs.submit import submit
from tests.actors import ADA

MODEL = (
    "def run(inputs):\n"
    "    a, b, c = inputs['a'], inputs['b'], inputs['c']\n"
    "    return {'summary': {'Value': {'value': a * b + c, 'unit': 'EUR'}, 'Jump': 1 if a < 3.3 else 5}}\n"
)
ABC = {
    "a": {"type": "number", "label": "Alpha", "min": 0.01, "max": 10.02, "step": 1, "default": 2.5},
    "b": {"type": "number", "label": "Beta", "min": 0, "max": 100, "step": 0.5, "default": 10},
    "c": {"type": "integer", "label": "Gamma", "min": 0, "max": 50, "default": 5},
    "seed": {"type": "integer", "min": 0, "max": 9, "default": 1},
}


@pytest.fixture
def drain(worker_context, context):
    def go(group, turns=80):
        for turn in range(turns):
            run_lane(worker_context, group.id, turn % 8)
            if find_group(context, group.id, actor=ADA).final:
                break
        return find_group(context, group.id, actor=ADA)

    return go


def manifest_of(context, slug="probe"):
    return find_version(context, find_app(context, slug, actor=ADA), actor=ADA).manifest


def test_a_tornado_takes_each_input_alone_and_ranks_them(context, add_model, drain):
    add_model(MODEL, ABC)
    group = drain(start_sensitivity(context, "probe", {"b": 20}, actor=ADA))
    points = list_points(context, group.id, actor=ADA)
    assert len(points) == 7
    assert all(len(p.changes) <= 1 for p in points)
    bars = tornado_bars(group, points, manifest_of(context), "Value")
    assert [(b.key, b.low, b.high) for b in bars] == [
        ("b", 5, 255),
        ("a", pytest.approx(5.2), pytest.approx(205.4)),
        ("c", 50, 100),
    ]
    percent = drain(start_sensitivity(context, "probe", {"b": 20}, percent=10, keys=["b", "c"], actor=ADA))
    assert percent.definition["bounds"] == {"b": [18.0, 22.0], "c": [4, 6]}
    assert "Gamma" in percent.definition["notes"][0]


def test_a_sensitivity_that_cannot_be_made_says_why(context, add_model):
    add_model(MODEL, ABC)
    with pytest.raises(InputError) as refused:
        start_sensitivity(context, "probe", {}, percent=-1, keys=["a", "q"], curve=1, actor=ADA)
    assert [p.where for p in refused.value.problems] == ["inputs.q", "percent", "curve"]


def seek(context, **wanted):
    return start_seek(context, "probe", {"b": 10, "c": 5}, actor=ADA, **wanted)


def test_a_goal_seek_finds_the_value_and_keeps_each_step(context, add_model, drain):
    add_model(MODEL, ABC)
    group = drain(seek(context, key="a", figure="Value", target="47.5"))
    assert (group.status, group.outcome["ending"]) == (GroupStatus.FINISHED, "reached")
    assert group.outcome["value"] == pytest.approx(4.25, abs=1e-5)
    points = list_points(context, group.id, actor=ADA)
    assert (len(points), group.done) == (group.total, group.total)
    assert all(p.run_id is not None for p in points)
    assert seek_words(group, lambda v: f"{v:g}").startswith("Value is 47.5 at 4.25")


@pytest.mark.parametrize(
    ("wanted", "ending", "words"),
    [
        ({"key": "a", "figure": "Value", "target": 1000}, "missed", "1000 is not reached between 0.01 and 10.02"),
        ({"key": "a", "figure": "Jump", "target": 3}, "jump", "jumps past 3 near 3.3"),
        ({"key": "c", "figure": "Value", "target": 47.5}, "between", "between 22"),
        ({"key": "c", "figure": "Nothing", "target": 1}, "no figure", "no number called Nothing"),
    ],
)
def test_a_goal_seek_that_fails_says_how(context, add_model, drain, wanted, ending, words):
    add_model(MODEL, ABC)
    group = drain(seek(context, **wanted))
    assert (group.status, group.outcome["ending"]) == (GroupStatus.FINISHED, ending)
    assert words in seek_words(group, lambda v: f"{v:g}")


def test_a_goal_seek_over_a_run_that_fails_gives_the_runs_reason(context, add_model, drain):
    code = "def run(inputs):\n    raise ValueError('inputs.a: the curve does not converge. Give less.')\n"
    add_model(code, ABC)
    group = drain(seek(context, key="a", figure="Value", target=1))
    assert group.outcome["ending"] == "no figure"
    assert "does not converge" in group.reason


def test_a_goal_seek_whose_worker_stops_goes_on_with_its_points(context, add_model, drain, worker_context):
    add_model(MODEL, ABC)
    started = seek(context, key="a", figure="Value", target="47.5")
    cancel_group(context, started.id, actor=ADA)
    run_lane(worker_context, started.id, 0)
    assert find_group(context, started.id, actor=ADA).done == 0
    resume_group(context, started.id, actor=ADA)
    assert drain(started).outcome["ending"] == "reached"


def test_a_goal_seek_of_a_model_with_files_runs_point_by_point(context, add_model, workers):
    inputs = {**ABC, "data": {"type": "file", "accept": [".csv"], "default": "data.csv"}}
    add_model(MODEL, inputs, files={"data.csv": "abc"})
    workers()
    started = start_seek(context, "probe", {"b": 10}, key="a", figure="Value", target=47.5, actor=ADA)
    group = wait_for_group(context, started.id, 120, actor=ADA)
    assert group.outcome["ending"] == "reached"


def test_a_goal_seek_that_cannot_be_made_says_why(context, add_model):
    add_model(MODEL, ABC)
    with pytest.raises(InputError) as refused:
        seek(context, key="b", figure="", target="x", low=90, high=20.3)
    assert [p.where for p in refused.value.problems] == ["target", "figure", "to", "to"]


def two_runs(context, run_now, first, second, slug="probe"):
    made = [submit(context, slug, values, actor=ADA) for values in (first, second)]
    for run in made:
        if not run.status.final:
            run_now(run)
    return made


def test_the_steps_of_a_change_add_up_in_any_order_and_on_average(context, add_model, run_now, drain):
    add_model(MODEL, ABC, deterministic=True)
    first, second = two_runs(context, run_now, {}, {"a": 4.5, "b": 20, "c": 7})
    group = drain(start_change(context, first.id, second.id, order=["b", "a", "c"], average=True, actor=ADA))
    points, manifest = list_points(context, group.id, actor=ADA), manifest_of(context)
    assert (group.total, group.reused) == (8, 2)  # the two ends are stored
    way = way_along(group, points, manifest, "Value")
    assert [(s.label, s.amount) for s in way.steps] == [("Beta", 25), ("Alpha", 40), ("Gamma", 2)]
    other = way_along(group, points, manifest, "Value", ["a", "b", "c"])
    assert [s.amount for s in other.steps] == [20, 45, 2]
    average = way_on_average(group, points, manifest, "Value")
    assert [s.amount for s in average.steps] == pytest.approx([35, 30, 2])
    assert (average.start, average.end, average.steps[-1].figure) == (30, 97, pytest.approx(97))
    along = drain(start_change(context, first.id, second.id, actor=ADA))
    assert (along.total, way_on_average(along, list_points(context, along.id, actor=ADA), manifest, "Value")) == (
        4,
        None,
    )


def test_a_new_version_is_a_step_of_its_own(context, add_model, run_now, drain, tmp_path):
    add_model(MODEL, ABC, deterministic=True)
    first = submit(context, "probe", {}, actor=ADA)
    run_now(first)
    inputs = {k: v for k, v in ABC.items() if k != "seed"} | {"d": {"type": "number", "label": "Delta", "default": 1}}
    files = {
        "manifest.json": json.dumps({"name": "Probe", "inputs": inputs, "deterministic": True}).encode(),
        "function.py": MODEL.replace("a * b + c", "a * b + c + 100").encode(),
    }
    register(context, "probe", files, source={"kind": "local", "path": "probe"}, actor=SYSTEM)
    second = submit(context, "probe", {"b": 20}, actor=ADA)
    run_now(second)
    group = drain(start_change(context, first.id, second.id, average=True, actor=ADA))
    way = way_on_average(group, list_points(context, group.id, actor=ADA), manifest_of(context), "Value")
    assert [(s.label, s.amount) for s in way.steps] == [("Model version", 100), ("Beta", 25)]
    assert (way.start, way.end) == (30, 155)
    assert "seed" in group.definition["notes"][0]


def test_many_changes_are_sampled_with_an_error(context, add_model, run_now, drain):
    keys = [f"x{i}" for i in range(9)]
    code = "import math\ndef run(inputs):\n    return {'summary': {'Value': math.prod(inputs.values())}}\n"
    add_model(code, {k: {"type": "number", "min": 1, "max": 3, "step": 1, "default": 1} for k in keys})
    first, second = two_runs(context, run_now, {}, dict.fromkeys(keys, 2))
    group = drain(start_change(context, first.id, second.id, average=True, actor=ADA))
    way = way_on_average(group, list_points(context, group.id, actor=ADA), manifest_of(context), "Value")
    assert sum(s.amount for s in way.steps) == pytest.approx(511)
    assert all(s.error > 0 for s in way.steps)


def test_an_analysis_of_change_that_cannot_be_made_says_why(context, add_model, run_now):
    add_model(MODEL, ABC, deterministic=True)
    add_model("def run(inputs):\n    return {'summary': {}}\n", {}, slug="other")
    first, second = two_runs(context, run_now, {}, {"a": 3.5})
    stranger = submit(context, "other", {}, actor=ADA)
    for before, after, more, found in (
        (first, first, {}, "are the same"),
        (first, stranger, {}, "Choose two runs of one model"),
        (first, second, {"order": ["b"]}, "not the inputs that differ"),
    ):
        with pytest.raises(InputError, match=found):
            start_change(context, before.id, after.id, actor=ADA, **more)
