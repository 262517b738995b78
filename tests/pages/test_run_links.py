"""What a run's page says of where the run comes from, and the data of the graph."""

import json

import pytest

from contract.actor import Actor, Role
from contract.run import Visibility
from engine.analysis.sweep import start_sweep
from engine.runs import links
from engine.runs.links import read_links
from engine.runs.replay import replay
from engine.runs.submit import submit
from storage import visibility
from tests.actors import ADA
from ui.result.run_graph import GAP_X, HEIGHT, WIDTH, graph_data

CODE = "def run(inputs):\n    return {'summary': {'Total': inputs['n'] * 2}}\n"
N = {
    "n": {"type": "number", "label": "Number *x*", "min": 0, "max": 50, "default": 7, "unit": "pcs"},
    "m": {"type": "number", "label": "Other", "min": 0, "max": 50, "default": 7},
}


@pytest.fixture
def first(add_model, context, run_now):
    add_model(CODE, N, deterministic=True)
    run = submit(context, "probe", {}, actor=ADA)
    run_now(run)
    return run


@pytest.fixture
def make(context, run_now):
    def made(source, actor=ADA, **inputs):
        run = submit(context, "probe", inputs, actor=actor, source=source.id)
        run_now(run)
        return run

    return made


def page_links(app):
    return {link.proto.label: link.proto.query_string for link in app.get("page_link")}


def captions(app):
    return " ".join(str(item.value) for item in app.caption)


def graph(app):
    """Return what the graph is drawn of."""
    [drawn] = [e.proto for e in app.get("bidi_component") if e.proto.component_name == "tontine_run_links"]
    return json.loads(drawn.json)


def open_graph(visit, run):
    app = visit("run", id=str(run.id))
    app.session_state["probe-links"] = True
    return app.run()


def test_a_runs_page_says_what_it_was_edited_from_by_whom_and_what_was_changed(visit, first, make, context):
    second = make(first, n=9)
    app = visit("run", id=str(second.id))
    assert page_links(app)[f"Edited from run {str(first.id)[-8:]}"] == f"id={first.id}"
    assert "by ada, " in captions(app)
    assert "Number \\*x\\* 7 pcs → 9 pcs" in captions(app)
    assert not [label for label in page_links(visit("run", id=str(first.id))) if "from run" in label]


def test_a_replay_and_a_run_of_the_same_inputs_say_so(visit, first, context, run_now, make):
    again = replay(context, first.id, actor=ADA)
    run_now(again)
    app = visit("run", id=str(again.id))
    assert f"Replay of run {str(first.id)[-8:]}" in page_links(app)
    assert "same inputs" in captions(app)


def test_the_line_stands_under_a_result_on_the_models_page_too(visit, first, make):
    second = make(first, n=9)
    app = visit("model", app="probe", run=str(second.id))
    assert f"Edited from run {str(first.id)[-8:]}" in page_links(app)


def test_a_press_of_run_comes_from_the_run_that_is_shown(visit, first, context):
    app = visit("model", app="probe", **{"from": str(first.id)})
    app.checkbox(key="fresh").check()
    app = app.button(key="run").click().run()
    second = app.query_params["run"]
    app.session_state["press"] = None  # not the second click of a double click, however quick this machine is
    app = app.button(key="run").click().run()
    third = app.query_params["run"]
    assert len({str(first.id), second, third}) == 3
    found = read_links(context, first.id, actor=ADA)
    ids = {node.key: str(node.id) for node in found.nodes}
    assert {(ids[link.source], ids[link.target]) for link in found.links} == {
        (str(first.id), second),
        (second, third),
    }


def test_the_graph_is_only_read_when_it_is_opened(visit, first, make, monkeypatch):
    make(first, n=9)
    asked = []
    real = links.run_links.read_links
    monkeypatch.setattr(links.run_links, "read_links", lambda *call, **more: asked.append(more) or real(*call, **more))
    app = visit("run", id=str(first.id))
    assert asked == []
    app.session_state["probe-links"] = True
    app.run()
    assert len(asked) == 1


def test_the_boxes_of_the_graph_say_what_each_run_is_and_lead_to_it(visit, first, make, context):
    second = make(first, n=9)
    third = make(second, n=9, m=8)
    group = start_sweep(context, "probe", {}, scenarios=[{"n": 1}, {"n": 2}], actor=ADA, source=second.id)
    found = graph(open_graph(visit, second))
    boxes = {box["href"]: box for box in found["boxes"]}
    assert set(boxes) == {f"/run?id={run.id}" for run in (first, second, third)} | {f"/sweep?id={group.id}"}
    assert boxes[f"/run?id={second.id}"]["current"]
    assert boxes[f"/run?id={second.id}"]["what"] == "Number *x* 7 pcs → 9 pcs"
    assert boxes[f"/run?id={second.id}"]["relation"] == f"Edited from run {str(first.id)[-8:]}"
    assert boxes[f"/run?id={third.id}"]["what"] == "Other 7 → 8"
    assert boxes[f"/run?id={third.id}"]["about"].startswith("Edited · Success · ")
    assert boxes[f"/sweep?id={group.id}"]["name"] == "Sweep, 2 runs"
    assert len(found["lines"]) == 3


def test_a_run_that_the_reader_may_not_see_has_a_box_without_its_id(visit, first, make, context):
    hidden = submit(context, "probe", {"n": 33}, actor=Actor("grace"), source=first.id)
    last = submit(context, "probe", {"n": 34}, actor=Actor("grace"), source=hidden.id)
    with context.database.begin() as conn:
        visibility.set_visibility(conn, hidden.id, Visibility.PRIVATE)
        visibility.set_visibility(conn, last.id, Visibility.PUBLIC)
    found = read_links(context, last.id, actor=Actor("ada", role=Role.ANALYST))
    data = graph_data(found, {})
    [box] = [box for box in data["boxes"] if not box["href"]]
    assert (box["name"], box["user"], box["what"]) == ("A run you may not see", "", "")
    assert str(hidden.id)[-8:] not in json.dumps(data)


def test_nothing_stands_upon_another_box_and_every_line_goes_to_the_right(visit, first, make, context, run_now):
    second = make(first, n=9)
    third = make(second, n=10)
    back = make(third)  # equal to the first, whose result it has
    for n in range(15):
        make(back, n=20 + n)
    found = graph(open_graph(visit, back))
    boxes = found["boxes"]
    for one in boxes:
        for other in boxes:
            if one is not other and one["x"] == other["x"]:
                assert abs(one["y"] - other["y"]) > HEIGHT
    columns = sorted({box["x"] for box in boxes})
    assert columns == [i * (WIDTH + GAP_X) for i in range(5)]
    by_address = {box["href"]: box for box in boxes}
    assert [by_address[f"/run?id={run.id}"]["x"] for run in (first, second, third, back)] == columns[:4]
    assert found["width"] == columns[-1] + WIDTH
    [reused] = [line for line in found["lines"] if line["reused"]]
    assert reused["path"].startswith(f"M{WIDTH},")
    app = open_graph(visit, back)
    assert "16 of 19 shown" in captions(app)
