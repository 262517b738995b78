"""Scenarios on the pages: saved from the form, chosen, opened by link, changed and deleted, swept and compared."""

import pytest

from contract.run import Visibility
from engine.analysis.groups import find_group, list_groups, list_points
from engine.analysis.lanes import run_lane
from engine.scenarios.find import list_scenarios, open_scenario
from engine.scenarios.save import change_scenario, delete_scenario, save_scenario
from tests.actors import ADA, GRACE

ADDS = "def run(inputs):\n    return {'summary': {'Sum': inputs['n'] + 10 * inputs['m']}}\n"
NM = {
    "n": {"type": "number", "label": "Number", "min": 0, "max": 50, "default": 7, "widget": "number"},
    "m": {"type": "number", "label": "Other", "min": 0, "max": 50, "step": 0.5, "default": 2, "widget": "number"},
}
CASES = [{"name": "Published", "inputs": {"n": 5}}]


def words(app):
    groups = (app.title, app.markdown, app.caption, app.success, app.warning, app.error, app.info)
    return " ".join(str(item.value) for group in groups for item in group)


def find(items, part):
    return next(one for one in items if part in str(one.key))


def form_values(app):
    return app.session_state[find(app.button, ":reset").key.replace(":reset", ":sheet")].values


def press(app, part):
    find(app.button, part).click().run()
    assert not app.exception, app.exception


def names(context, actor=ADA):
    return [one.name for one in list_scenarios(context, "probe", actor=actor)]


def test_what_the_form_holds_is_saved_under_a_name_and_shown_as_chosen(visit, add_model, context):
    add_model(ADDS, NM)
    app = visit("model", app="probe", n="9")
    find(app.text_input, "scenario.name").input("Base 2026")
    find(app.selectbox, "scenario.who").set_value(Visibility.TEAM)
    press(app, "scenario.save")
    [made] = list_scenarios(context, "probe", actor=ADA)
    assert (made.name, made.visibility) == ("Base 2026", Visibility.TEAM)
    assert open_scenario(context, made.id, actor=ADA).inputs == {"n": 9, "m": 2}
    assert find(app.selectbox, ":preset").value == str(made.id)
    assert find(app.selectbox, ":preset").options == ["Yours: Base 2026"]
    assert find(app.text_input, "scenario.name").value == ""


def test_a_name_that_is_taken_is_refused_beside_the_box_and_the_first_one_stays(visit, add_model, context):
    add_model(ADDS, NM)
    made = save_scenario(context, "probe", "Base", {"n": 3}, actor=ADA)
    app = visit("model", app="probe", n="9")
    find(app.text_input, "scenario.name").input("BASE")
    press(app, "scenario.save")
    assert "called BASE already" in words(app)
    assert open_scenario(context, made.id, actor=ADA).inputs["n"] == 3


def test_the_box_offers_cases_then_ones_own_scenarios_then_those_of_others(visit, add_model, context):
    add_model(ADDS, NM, cases=CASES)
    shared = save_scenario(context, "probe", "Stress", {"n": 30}, visibility=Visibility.TEAM, actor=GRACE)
    save_scenario(context, "probe", "Hidden", {"n": 31}, actor=GRACE)
    own = save_scenario(context, "probe", "Base", {"n": 3}, actor=ADA)
    app = visit("model", app="probe")
    box = find(app.selectbox, ":preset")
    assert box.options == ["Published", "Yours: Base", "Shared: Stress (grace)"]
    box.set_value(str(shared.id)).run()
    assert form_values(app) == {"n": 30, "m": 2}
    find(app.selectbox, ":preset").set_value(str(own.id)).run()
    assert form_values(app) == {"n": 3, "m": 2}
    find(app.selectbox, ":preset").set_value(0).run()
    assert form_values(app) == {"n": 5, "m": 2}


def test_a_link_opens_the_form_with_a_scenario_and_a_change_after_it_stays(visit, add_model, context):
    add_model(ADDS, NM)
    made = save_scenario(context, "probe", "Base", {"n": 3, "m": 4}, actor=ADA)
    app = visit("model", app="probe", saved=str(made.id))
    assert form_values(app) == {"n": 3, "m": 4}
    assert find(app.selectbox, ":preset").value == str(made.id)
    changed = visit("model", app="probe", saved=str(made.id), n="8")
    assert form_values(changed) == {"n": 8, "m": 4}
    assert find(changed.selectbox, ":preset").value is None


def test_a_scenario_of_an_older_version_opens_with_every_loss_named(visit, add_model, context):
    add_model(ADDS, {**NM, "old": {"type": "text", "label": "Old", "default": "x"}})
    made = save_scenario(context, "probe", "Base", {"n": 9, "m": 40, "old": "kept"}, actor=ADA)
    later = {
        "count": {**NM["n"], "former_keys": ["n"], "label": "Count"},
        "m": {**NM["m"], "max": 30},
        "extra": {"type": "number", "label": "Extra", "min": 0, "max": 5, "default": 1},
    }
    add_model(ADDS, later)
    for app in (visit("model", app="probe", saved=str(made.id)), visit("model", app="probe")):
        if "saved" not in app.query_params:
            find(app.selectbox, ":preset").set_value(str(made.id)).run()
        assert form_values(app) == {"count": 9, "m": None, "extra": 1}
        told = words(app)
        for said in (
            "Base: Old (old) is not an input of this version. Its value 'kept' is left out.",
            "Base: Other was 40",
            "Base: n is called Count",
            "New in this version, at the starting value: Extra",
            "The scenario has 40, which does not fit this version",
        ):
            assert said in told.replace("\\", ""), said
        assert find(app.button, "run").disabled


def test_a_link_to_a_scenario_that_is_gone_private_or_of_nothing_says_so_and_opens_the_form(visit, add_model, context):
    add_model(ADDS, NM)
    add_model(ADDS, NM, slug="other")
    gone = save_scenario(context, "probe", "Gone", {}, actor=ADA)
    delete_scenario(context, gone.id, actor=ADA)
    elsewhere = save_scenario(context, "other", "Elsewhere", {"n": 3}, actor=ADA)
    for text, said in (
        (str(gone.id), "may have been deleted"),
        ("x", "names no scenario"),
        (str(elsewhere.id), "scenario of `other`"),
    ):
        app = visit("model", app="probe", saved=text)
        assert said in words(app)
        assert form_values(app) == {"n": 7, "m": 2}


def test_a_scenario_that_is_deleted_while_the_page_is_open_is_missed_when_it_is_chosen(visit, add_model, context):
    add_model(ADDS, NM)
    made = save_scenario(context, "probe", "Base", {"n": 3}, actor=ADA)
    app = visit("model", app="probe", n="9")
    delete_scenario(context, made.id, actor=ADA)
    find(app.selectbox, ":preset").set_value(str(made.id)).run()
    assert not app.exception, app.exception
    assert "may have been deleted" in words(app)
    assert form_values(app) == {"n": 9, "m": 2}


def test_a_scenario_is_updated_renamed_shared_and_deleted_by_its_owner(visit, add_model, context):
    add_model(ADDS, NM)
    made = save_scenario(context, "probe", "Base", {"n": 3}, actor=ADA)
    app = visit("model", app="probe", saved=str(made.id), n="9")
    press(app, ".update")
    assert open_scenario(context, made.id, actor=ADA).inputs == {"n": 9, "m": 2}
    find(app.text_input, f"{made.id}.name").input("Stress")
    find(app.selectbox, f"{made.id}.who").set_value(Visibility.PUBLIC)
    press(app, ".change")
    assert (names(context), names(context, GRACE)) == (["Stress"], ["Stress"])
    press(app, ".delete")
    assert names(context) == ["Stress"]
    press(app, ".yes")
    assert names(context) == []
    assert "saved" not in app.query_params
    assert form_values(app) == {"n": 9, "m": 2}


def test_somebody_elses_scenario_is_offered_no_change(visit, add_model, context):
    add_model(ADDS, NM)
    save_scenario(context, "probe", "Theirs", {"n": 3}, visibility=Visibility.PUBLIC, actor=GRACE)
    app = visit("model", app="probe")
    assert not [b for b in app.button if ".delete" in str(b.key)]


def test_inputs_that_do_not_fit_are_not_saved(visit, add_model, context):
    add_model(ADDS, NM)
    app = visit("model", app="probe", n="99")
    assert "Fix the inputs first" in words(app)
    assert not [b for b in app.button if "scenario.save" in str(b.key)]


@pytest.fixture
def drain(worker_context, context):
    def go(group):
        for lane in range(8):
            run_lane(worker_context, group.id, lane)
        assert find_group(context, group.id, actor=ADA).final

    return go


def test_scenarios_are_chosen_on_the_page_of_sweeps_run_and_compared_by_their_names(visit, add_model, context, drain):
    add_model(ADDS, NM)
    app = visit("sweep", app="probe")
    app.segmented_control(key="vary").set_value("Saved scenarios").run()
    assert "no saved scenario yet" in words(app)
    made = [save_scenario(context, "probe", name, {"n": n}, actor=ADA) for name, n in (("Low", 1), ("High", 5))]
    app = visit("sweep", app="probe")
    app.segmented_control(key="vary").set_value("Saved scenarios").run()
    app.multiselect(key="saved").set_value([str(one.id) for one in made]).run()
    assert "2 runs" in words(app)
    press(app, "group-start")
    [group] = list_groups(context, actor=ADA)
    drain(group)
    shown = visit("sweep", id=str(group.id))
    frame = shown.dataframe[0].value
    assert (list(frame["Scenario"]), list(frame["Sum"])) == (["Low", "High"], [21, 25])
    [link] = [e for e in shown.get("page_link") if e.label == "Compare the scenarios"]
    ids = [str(p.run_id) for p in list_points(context, group.id, actor=ADA)]
    assert link.proto.query_string == f"runs={ids[0]}%2C{ids[1]}&baseline={ids[0]}"
    compared = visit("compare", runs=",".join(ids), baseline=ids[0])
    columns = [str(c) for frame in compared.dataframe for c in frame.value.columns]
    assert {"Low (baseline)", "High"} <= set(columns)
    assert list(visit("sweep").dataframe[0].value["Over"]) == ["Saved scenarios"]


def test_a_renamed_scenario_leaves_the_runs_that_were_made_of_it_as_they_were(add_model, context, drain, visit):
    add_model(ADDS, NM)
    made = save_scenario(context, "probe", "Low", {"n": 1}, actor=ADA)
    app = visit("sweep", app="probe")
    app.segmented_control(key="vary").set_value("Saved scenarios").run()
    app.multiselect(key="saved").set_value([str(made.id)]).run()
    press(app, "group-start")
    [group] = list_groups(context, actor=ADA)
    drain(group)
    change_scenario(context, made.id, name="New", values={"n": 9}, actor=ADA)
    frame = visit("sweep", id=str(group.id)).dataframe[0].value
    assert (list(frame["Scenario"]), list(frame["Sum"])) == (["Low"], [21])
