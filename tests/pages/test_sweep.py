"""The page of sweeps and analyses: set up, started, shown, reopened by its link."""

import io
import json
import uuid

import openpyxl
import pytest

from engine.analysis.groups import find_group, list_groups, list_points
from engine.analysis.lanes import run_lane
from engine.analysis.sensitivity import start_sensitivity
from engine.analysis.start_seek import start_seek
from engine.analysis.sweep import start_sweep
from engine.export.workbook import Book
from engine.models import lifecycle
from engine.models.catalogue import find_app, find_version
from engine.runs.follow import snapshot
from engine.runs.submit import submit
from tests.actors import ADA

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ADDS = "def run(inputs):\n    return {'summary': {'Sum': inputs['n'] + 10 * inputs['m'], 'Half': inputs['n'] / 2}}\n"
NM = {
    "n": {"type": "number", "label": "Number", "min": 0, "max": 50, "default": 7, "unit": "pcs"},
    "m": {"type": "number", "label": "Other", "min": 0, "max": 50, "step": 0.5, "default": 2},
}


@pytest.fixture
def drain(worker_context, context):
    def go(group, turns=50):
        for turn in range(turns):
            run_lane(worker_context, group.id, turn % 8)
            if find_group(context, group.id, actor=ADA).final:
                return

    return go


def words(app):
    groups = (app.title, app.markdown, app.caption, app.success, app.warning, app.error, app.info)
    return " ".join(str(item.value) for group in groups for item in group)


def press(app, key):
    next(b for b in app.button if b.key == key).click().run()
    assert not app.exception, app.exception


def test_a_sweep_is_set_up_counted_started_and_read(visit, add_model, context, drain):
    add_model(ADDS, NM, outputs={"summary": {"Sum": {"unit": "EUR"}}})
    app = visit("sweep", app="probe", n="9", m="4")
    assert "Number 9 pcs" in words(app)
    assert "11 runs" in words(app)
    app.text_input(key="axis-0-n-from").input("10").run()
    app.text_input(key="axis-0-n-to").input("12").run()
    app.text_input(key="axis-0-n-count").input("3").run()
    assert "3 runs" in words(app)
    press(app, "group-start")
    [group] = list_groups(context, actor=ADA)
    assert app.query_params["id"] == str(group.id)
    drain(group)
    shown = visit("sweep", id=str(group.id))
    frame = shown.dataframe[0].value
    assert list(frame["Number (pcs)"]) == [10, 11, 12]
    assert list(frame["Sum"]) == [50, 51, 52]
    assert "3 of 3 runs" in words(shown) or "3 runs" in words(shown)
    assert shown.selectbox(key="group-figure").options == ["Sum", "Half"]


def test_a_group_and_a_comparison_have_a_menu_of_files(visit, add_model, context, drain):
    add_model(ADDS, NM)
    group = start_sweep(context, "probe", {}, axes=[{"input": "n", "values": [1, 2]}], actor=ADA)
    drain(group)
    runs = [str(p.run_id) for p in list_points(context, group.id, actor=ADA)]
    entries = ["PDF", "Excel workbook", "CSV", "CSV for Excel", "Parquet", "Charts as SVG", "Charts as PNG", "JSON"]
    for key, page, route in (
        ("group-export", visit("sweep", id=str(group.id), figure="Half"), f"/api/groups/{group.id}/export/"),
        ("compare-export", visit("compare", runs=",".join(runs)), "/api/compare/export/"),
    ):
        page.session_state[key] = True
        page.run()
        assert not page.exception
        links = [link.proto for link in page.get("link_button") if route in link.proto.url]
        assert [link.label for link in links] == entries
    assert f"baseline={runs[0]}" in links[0].url


def test_what_is_wrong_is_said_before_anything_runs(visit, add_model, context):
    add_model(ADDS, NM)
    app = visit("sweep", app="probe")
    app.text_input(key="axis-0-n-to").input("60").run()
    assert "60 is outside 0 to 50" in words(app)
    assert next(b for b in app.button if b.key == "group-start").disabled
    assert list_groups(context, actor=ADA) == []


def test_a_table_of_scenarios_is_pasted(visit, add_model, context, drain):
    add_model(ADDS, NM)
    app = visit("sweep", app="probe")
    app.segmented_control(key="vary").set_value("Table of scenarios").run()
    app.text_area(key="scenarios").input("Number\tOther\n1\t2,5\n3\t").run()
    assert "2 runs" in words(app)
    press(app, "group-start")
    [group] = list_groups(context, actor=ADA)
    drain(group)
    assert list(visit("sweep", id=str(group.id)).dataframe[0].value["Sum"]) == [26, 23]


def test_a_sweep_over_two_inputs_offers_a_map_a_surface_and_lines(visit, add_model, context, drain):
    add_model(ADDS, NM)
    axes = [{"input": "n", "values": [1, 2, 3]}, {"input": "m", "values": [1, 2]}]
    group = start_sweep(context, "probe", {}, axes=axes, actor=ADA)
    drain(group)
    app = visit("sweep", id=str(group.id))
    control = app.segmented_control(key="sweep-kind")
    assert control.options == ["Heat map", "Surface", "Line"]
    for kind in control.options:
        control.set_value(kind).run()
        assert not app.exception


def test_a_sweep_that_goes_on_can_be_cancelled_and_resumed_on_its_page(visit, add_model, context, drain):
    add_model(ADDS, NM)
    group = start_sweep(context, "probe", {}, axes=[{"input": "n", "values": [1, 2, 3]}], actor=ADA)
    app = visit("sweep", id=str(group.id))
    press(app, "group-cancel")
    assert "Cancelled by" in words(app)
    press(app, "group-resume")
    drain(group)
    assert find_group(context, group.id, actor=ADA).done == 3


def test_points_without_a_result_say_why(visit, add_model, context, run_now, drain):
    add_model("def run(inputs):\n    raise ValueError('inputs.n: too large. Give less.')\n", NM)
    group = start_sweep(context, "probe", {}, axes=[{"input": "n", "values": [1, 2]}], actor=ADA)
    drain(group, turns=2)
    for point in list_points(context, group.id, actor=ADA):
        run_now(snapshot(context, point.run_id, actor=ADA).run)
    app = visit("sweep", id=str(group.id))
    assert "too large" in words(app)
    assert "2 without a result" in words(app)


def test_a_sensitivity_is_started_and_ranked(visit, add_model, context, drain):
    add_model(ADDS, NM)
    app = visit("sweep", app="probe")
    app.segmented_control(key="analysis").set_value("Sensitivity").run()
    app.segmented_control(key="reach").set_value("To its bounds").run()
    assert "5 runs" in words(app)
    press(app, "group-start")
    [group] = list_groups(context, actor=ADA)
    drain(group)
    table = visit("sweep", id=str(group.id)).dataframe[0].value
    assert list(table["Input"]) == ["Other", "Number (pcs)"]
    assert list(table["Difference"]) == [500, 50]
    curved = start_sensitivity(context, "probe", {}, percent=50, curve=5, actor=ADA)
    drain(curved)
    visit("sweep", id=str(curved.id))


def test_a_goal_seek_says_what_it_found(visit, add_model, context, drain):
    add_model(ADDS, NM, headline=["Sum"])
    app = visit("sweep", app="probe")
    app.segmented_control(key="analysis").set_value("Goal seek").run()
    app.text_input(key="seek-target").input("40").run()
    press(app, "seek-start")
    [group] = list_groups(context, actor=ADA)
    drain(group)
    assert "Sum is 40 at 20 pcs" in words(visit("sweep", id=str(group.id)))
    missed = start_seek(context, "probe", {}, key="n", figure="Sum", target="1,000", actor=ADA)
    drain(missed)
    assert "1,000 is not reached between 0 pcs and 50 pcs" in words(visit("sweep", id=str(missed.id)))


def test_an_analysis_of_change_is_set_up_from_two_runs(visit, add_model, context, run_now, drain):
    add_model(ADDS, NM, deterministic=True)
    first, second = (submit(context, "probe", values, actor=ADA) for values in ({}, {"n": 9, "m": 5}))
    run_now(first)
    run_now(second)
    app = visit("sweep", before=str(first.id), after=str(second.id))
    assert "3 runs" in words(app)
    app.checkbox(key="change-average").check().run()
    assert "4 runs" in words(app)
    press(app, "change-start")
    [group] = list_groups(context, actor=ADA)
    drain(group)
    table = visit("sweep", id=str(group.id)).dataframe[0].value
    assert list(table["Adds"].dropna()) == [2, 30]


def test_a_run_names_the_group_that_it_is_a_point_of(visit, add_model, context, run_now, drain):
    add_model(ADDS, NM)
    group = start_sweep(context, "probe", {}, axes=[{"input": "n", "values": [1, 2]}], actor=ADA)
    drain(group)
    alone = submit(context, "probe", {"n": 3}, actor=ADA)
    run_now(alone)

    def group_links(run_id):
        found = visit("run", id=str(run_id)).get("page_link")
        return [(e.proto.label, e.proto.query_string) for e in found if e.proto.page.endswith("sweep")]

    member = list_points(context, group.id, actor=ADA)[0].run_id
    assert group_links(member) == [(f"Part of sweep {str(group.id)[-8:]}", f"id={group.id}")]
    assert group_links(alone.id) == []


def test_the_set_up_leads_back_to_the_form_with_its_inputs(visit, add_model):
    add_model(ADDS, NM)
    [link] = [e for e in visit("sweep", app="probe", n="9").get("page_link") if e.label == "Edit inputs"]
    assert link.proto.query_string == "app=probe&n=9"


def test_every_page_of_sweeps_leads_to_the_list(visit, add_model, context):
    add_model(ADDS, NM)
    group = start_sweep(context, "probe", {}, axes=[{"input": "n", "values": [1, 2]}], actor=ADA)
    for query in ({"id": str(group.id)}, {"app": "probe"}, {"before": ""}, {"id": "x"}, {"app": "nothing"}):
        app = visit("sweep", **query)
        press(app, "all-sweeps")
        assert app.title[0].value == "Sweeps"
        assert list(app.dataframe[0].value["Over"]) == ["Number"]
    assert "all-sweeps" not in [b.key for b in visit("sweep").button]


def test_links_that_lead_nowhere_say_so(visit, add_model):
    add_model(ADDS, NM)
    app = visit("sweep", before="x", after="run?id=y")
    assert "First run: 'x' is not a run's id or link" in words(app)
    assert "Second run: 'run?id=y' is not" in words(app)
    assert "names no run or group" in words(visit("sweep", id="x"))
    assert "here is no group of runs" in words(visit("sweep", id=str(uuid.uuid4())))
    assert "no model" in words(visit("sweep", app="nothing"))


def test_the_list_names_every_group_and_the_model_page_leads_to_the_set_up(visit, add_model, context):
    add_model(ADDS, NM)
    assert "No sweep yet" in words(visit("sweep"))
    start_sweep(context, "probe", {}, axes=[{"input": "n", "values": [1, 2, 3]}], actor=ADA)
    frame = visit("sweep").dataframe[0].value
    assert (list(frame["Over"]), list(frame["Runs"])) == (["Number"], [3])
    assert any(e.label == "Sweep" for e in visit("model", app="probe").get("page_link"))


def test_a_sweep_begins_with_the_range_that_the_model_was_calibrated_for(visit, add_model, context):
    calibrated = {**NM, "n": {**NM["n"], "valid": [10, 20]}}
    add_model(ADDS, calibrated)
    app = visit("sweep", app="probe")
    assert app.text_input(key="axis-0-n-from").placeholder == "10"
    press(app, "group-start")
    [group] = list_groups(context, actor=ADA)
    assert [p.changes["n"] for p in list_points(context, group.id, actor=ADA)][::10] == [10, 20]


def test_a_workbook_fills_the_form_and_is_swept_row_by_row(visit, add_model, context, drain):
    columns = {"t": {"type": "number", "label": "Time", "max": 50}, "name": {"type": "text", "label": "Name"}}
    flows = {"type": "table", "label": "Flows", "columns": columns, "default": [{"t": 1, "name": "a"}]}
    add_model(ADDS, {**NM, "flows": flows}, deterministic=True)
    manifest = find_version(context, find_app(context, "probe", actor=ADA), actor=ADA).manifest
    runs = [
        {"n": 4.0, "m": 1.5, "flows": [{"t": 2.0, "name": " b"}]},
        {"n": 5.0, "m": 2.5, "flows": [{"t": 1.0, "name": "a"}, {"t": 3.0, "name": "null"}]},
    ]
    book = Book()
    tables = book.add_inputs(manifest.inputs, runs)
    book.add_input_tables(tables)
    out = io.BytesIO()
    book.workbook.save(out)
    page = visit("model", app="probe")
    page.file_uploader[0].set_value(("runs.xlsx", out.getvalue(), XLSX)).run()
    row = next(box for box in page.selectbox if str(box.key).endswith("workbook-row"))
    assert row.options == ["Row 2 of the sheet Inputs", "Row 3 of the sheet Inputs"]
    row.set_value(1).run()
    next(b for b in page.button if str(b.key).endswith(":fill")).click().run()
    assert not page.exception
    next(c for c in page.segmented_control if str(c.key).endswith(":view")).set_value("JSON").run()
    assert json.loads(page.code[0].value) == runs[1]
    page = visit("sweep", app="probe")
    page.segmented_control(key="vary").set_value("Table of scenarios").run()
    page.file_uploader[0].set_value(("runs.xlsx", out.getvalue(), XLSX)).run()
    assert "2 runs" in words(page)
    press(page, "group-start")
    [group] = list_groups(context, actor=ADA)
    drain(group)
    points = list_points(context, group.id, actor=ADA)
    assert [snapshot(context, p.run_id, actor=ADA).run.inputs for p in points] == runs
    assert list(visit("sweep", id=str(group.id)).dataframe[0].value["Sum"]) == [19, 30]
    out.seek(0)
    changed = openpyxl.load_workbook(out)
    changed["Inputs"]["A3"] = "many"
    spoiled = io.BytesIO()
    changed.save(spoiled)
    page = visit("model", app="probe")
    page.file_uploader[0].set_value(("runs.xlsx", spoiled.getvalue(), XLSX)).run()
    assert "cell A3" in words(page)
    assert not [b for b in page.button if str(b.key).endswith(":fill")]


def test_an_upgrade_impact_is_offered_set_up_started_and_read(visit, add_model, context, drain, run_now):
    add_model(ADDS, NM, deterministic=True)
    old = find_app(context, "probe", actor=ADA).current_version
    made = [submit(context, "probe", {"n": n}, actor=ADA) for n in (4, 5, 30)]
    for run in made:
        if not run.status.final:
            run_now(run)
    changed = ADDS.replace("10 * inputs['m']", "10 * inputs['m'] + (inputs['n'] > 4)")
    add_model(changed, {**NM, "n": {**NM["n"], "max": 20}}, deterministic=True)
    app = find_app(context, "probe", actor=ADA)
    new = app.current_version
    lifecycle.set_current_version(context, app, old, actor=ADA)
    page = visit("model", app="probe")
    page.session_state["panel"] = "Versions"
    page.run()
    page.selectbox(key="probe:version").set_value(new).run()
    assert f"upgrade={new}" in " ".join(link.proto.query_string for link in page.get("page_link"))
    page = visit("sweep", app="probe", upgrade=new)
    assert "2 runs" in words(page)
    assert "30 is outside 0 to 20" in words(page)
    page.selectbox(key="upgrade-before").set_value(old).run()
    press(page, "group-start")
    [group] = list_groups(context, actor=ADA)
    drain(group)
    shown = visit("sweep", id=str(group.id))
    assert [m.value for m in shown.metric] == ["1", "1", "0", "1"]
    assert "1 equal, 1 different" in words(shown)
    runs = next(frame.value for frame in shown.dataframe if "Before" in frame.value)
    assert list(runs["Run"]) == [str(made[1].id)[-8:], str(made[0].id)[-8:]]
    assert list(runs["Difference"]) == [1, 0]
    misfits = next(frame.value for frame in shown.dataframe if "Why" in frame.value)
    assert list(misfits["Run"]) == [str(made[2].id)[-8:]]
    assert "upgrade" in str(visit("sweep").dataframe[0].value["Kind"].tolist()).lower()
    wrong = visit("sweep", app="probe", upgrade="none")
    assert "no version" in words(wrong)
