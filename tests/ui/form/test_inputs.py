"""The form, driven as an analyst would: every field type, links, presets, JSON, reset."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

SCRIPT = str(Path(__file__).with_name("form_script.py"))


def at_link(**params):
    at = AppTest.from_file(SCRIPT, default_timeout=200)
    for key, text in params.items():
        at.query_params[key] = text
    return shown(at.run())


def shown(at):
    assert not at.exception, [e.value for e in at.exception]
    return at


def key(name):
    return f"everything.{name}"


def now(at, name):
    """Return the key under which a widget of the input is drawn now."""
    place = f"{key(name)}:turn"
    turn = at.session_state[place][0] if place in at.session_state else 0
    return f"{key(name)}~{turn}" if turn else key(name)


def run_late(at, *late):
    """Run the form with what a browser sends that has not heard of the last answer: states of older widgets too."""
    states = at._tree.get_widget_states()
    fresh = {state.id for state in states.widgets}
    states.widgets.extend(state for state in late if state.id not in fresh)
    return shown(at._run(states))


def form_values(at):
    return at.session_state["draft"]


def problems(at):
    return {p.where.removeprefix("inputs."): p.message for p in form_values(at).problems}


def test_a_fresh_form_holds_the_starting_values_and_has_no_problems():
    at = at_link()
    assert form_values(at).problems == []
    assert form_values(at).values["age"] == 45
    assert form_values(at).values["claims"][0]["paid"] == 1200.5
    assert "born" not in form_values(at).values  # optional and empty


def test_a_slider_moves_its_box_and_the_box_its_slider():
    at = at_link()
    at = shown(at.slider(now(at, "age.slider")).set_value(60).run())
    assert at.text_input(now(at, "age.box")).value == "60"
    at = shown(at.text_input(now(at, "age.box")).set_value("33").run())
    assert at.slider(now(at, "age.slider")).value == 33
    assert form_values(at).values["age"] == 33
    assert form_values(at).query["age"] == "33"


def test_a_box_that_has_not_heard_of_the_last_step_yet_does_not_undo_the_next_one():
    at = at_link()
    box = at.text_input(now(at, "age.box"))._widget_state
    at = shown(at.slider(now(at, "age.slider")).set_value(46).run())
    at.slider(now(at, "age.slider")).set_value(47)
    at = run_late(at, box)
    assert form_values(at).values["age"] == 47
    assert at.text_input(now(at, "age.box")).value == "47"
    at = run_late(at, box)  # with nothing else moved, however late
    assert form_values(at).values["age"] == 47
    at.slider(now(at, "age.slider")).set_value(45)
    at = run_late(at, box)  # back again
    assert form_values(at).values["age"] == 45


def test_a_figure_typed_into_a_box_that_has_not_heard_of_the_last_step_is_taken():
    at = at_link()
    box = at.text_input(now(at, "age.box"))
    at = shown(at.slider(now(at, "age.slider")).set_value(46).run())
    at = run_late(at, box.set_value("33")._widget_state)
    assert form_values(at).values["age"] == 33
    assert at.slider(now(at, "age.slider")).value == 33
    assert at.text_input(now(at, "age.box")).value == "33"


def test_a_slider_that_has_not_heard_of_a_typed_figure_yet_does_not_undo_the_next_one():
    at = at_link()
    slider = at.slider(now(at, "age.slider"))._widget_state
    at = shown(at.text_input(now(at, "age.box")).set_value("60").run())
    at.text_input(now(at, "age.box")).set_value("61")
    at = run_late(at, slider)
    assert form_values(at).values["age"] == 61
    at.slider(now(at, "rate.slider")).set_value(0.05)
    at = run_late(at, slider)  # another input, the slider two steps behind
    assert form_values(at).values["age"] == 61
    assert form_values(at).values["rate"] == 0.05


def test_a_range_does_not_fall_back_to_what_its_boxes_showed_a_step_ago():
    at = at_link()
    box = at.text_input(now(at, "corridor.from"))._widget_state
    at = shown(at.slider(now(at, "corridor.slider")).set_range(11, 40).run())
    at.slider(now(at, "corridor.slider")).set_range(12, 40)
    at = run_late(at, box)
    assert form_values(at).values["corridor"] == [12, 40]


def test_an_older_figure_given_by_hand_is_taken_at_once():
    at = at_link()
    at = shown(at.slider(now(at, "age.slider")).set_value(46).run())
    at = shown(at.text_input(now(at, "age.box")).set_value("45").run())
    assert form_values(at).values["age"] == 45
    at = shown(at.text_input(now(at, "age.box")).set_value("46").run())
    assert form_values(at).values["age"] == 46
    at = shown(at.button(key(":reset").replace(".:", ":")).click().run())
    at = shown(at.slider(now(at, "age.slider")).set_value(46).run())
    assert form_values(at).values["age"] == 46


def test_a_box_keeps_its_place_when_what_was_typed_is_written_as_the_form_writes_it():
    at = at_link()
    before = now(at, "rate.box")
    at = shown(at.text_input(before).set_value("=0.01*2").run())
    assert now(at, "rate.box") == before  # so that the keyboard's focus stays
    assert at.text_input(before).value == "0.02"
    at = shown(at.text_input(before).set_value("=0.01*2").run())
    assert at.text_input(before).value == "0.02"
    at = shown(at.text_input(before).set_value("0.03").run())
    assert form_values(at).values["rate"] == 0.03


def test_a_reset_is_told_to_a_box_that_reports_the_right_value_already():
    """It may be about to show another one, which it was told before; after a restart of the server it often is."""
    at = at_link(age="30")
    box, slider = now(at, "age.box"), now(at, "age.slider")
    at.text_input(box).set_value("45")
    at = shown(at.button(key(":reset").replace(".:", ":")).click().run())
    assert now(at, "age.box") != box
    assert now(at, "age.slider") != slider
    box = now(at, "age.box")
    at = shown(at.run())
    assert now(at, "age.box") == box


def test_an_address_that_is_behind_the_form_is_no_link_and_one_from_before_is():
    """A browser sends its address with each change, and hears of the form's later: Live would jump back."""

    def at_address(query):
        at.query_params.clear()
        for name, text in query.items():
            at.query_params[name] = text
        shown(at.run())

    at = at_link(age="30")
    queries = {}
    for age in (31, 32, 33):
        at = shown(at.slider(now(at, "age.slider")).set_value(age).run())
        queries[age] = form_values(at).query
    for age in (31, 32):
        at_address(queries[age])
        assert form_values(at).values["age"] == 33
    at_address(queries[31])  # the back button: the browser had been further on
    assert form_values(at).values["age"] == 31


def test_the_keys_of_a_widget_are_used_in_turn():
    at = at_link()
    for age in [*range(30, 90), 31]:
        at = shown(at.slider(now(at, "age.slider")).set_value(age).run())
        assert at.text_input(now(at, "age.box")).value == str(age)
    assert form_values(at).values["age"] == 31


def test_typing_may_be_finer_than_the_sliders_step():
    at = at_link()
    at = shown(at.text_input(now(at, "rate.box")).set_value("0.0275").run())
    assert form_values(at).values["rate"] == 0.0275
    assert form_values(at).problems == []
    assert at.slider(now(at, "rate.slider")).value == pytest.approx(0.03)


def test_typing_finer_than_the_precision_is_told_beside_the_input():
    at = at_link()
    at = shown(at.text_input(now(at, "rate.box")).set_value("0.02755").run())
    assert "not a multiple of 0.0001" in problems(at)["rate"]
    assert at.text_input(now(at, "rate.box")).value == "0.02755"


def test_a_typed_value_out_of_range_stays_in_the_box_and_is_told_beside_it():
    at = at_link()
    at = shown(at.text_input(now(at, "age.box")).set_value("150").run())
    assert at.text_input(now(at, "age.box")).value == "150"
    assert at.slider(now(at, "age.slider")).value == 100
    assert "150 is outside 20 to 100 years" in problems(at)["age"]
    assert any("150 is outside" in m.value for m in at.markdown)


def test_an_emptied_box_is_a_problem_and_not_the_default():
    at = at_link()
    at = shown(at.text_input(now(at, "age.box")).set_value("").run())
    assert problems(at) == {"age": "it is empty"}
    assert form_values(at).values["age"] is None
    assert form_values(at).query["age"] == ""


def test_whole_numbers_stay_whole():
    at = at_link()
    at = shown(at.slider(now(at, "age.slider")).set_value(61).run())
    assert type(form_values(at).values["age"]) is int


def test_a_log_slider_stops_at_round_figures_between_its_ends():
    at = at_link()
    slider = at.select_slider(now(at, "capital.slider"))
    assert slider.options[0] == "1,000"
    assert slider.options[-1] == "10,000,000"
    assert "250,000" in slider.options
    at = shown(slider.set_value(1000).run())
    assert form_values(at).values["capital"] == 1000
    at = shown(at.text_input(now(at, "capital.box")).set_value("123457").run())
    assert form_values(at).values["capital"] == 123457
    assert abs(at.select_slider(now(at, "capital.slider")).value / 123457 - 1) < 0.05


def test_a_number_without_slider_reads_its_figure_with_separators():
    at = at_link()
    assert not [s for s in at.slider if s.key == key("seed.slider")]
    at = shown(at.text_input(now(at, "seed.box")).set_value("1234567").run())
    assert form_values(at).values["seed"] == 1234567
    assert any("1,234,567" in c.value for c in at.caption)


def test_a_range_is_set_by_its_slider_and_by_typing_both_ends():
    at = at_link()
    at = shown(at.slider(now(at, "corridor.slider")).set_range(5, 20).run())
    assert form_values(at).values["corridor"] == [5, 20]
    at = shown(at.text_input(now(at, "corridor.to")).set_value("45").run())
    assert form_values(at).values["corridor"] == [5, 45]
    assert at.slider(now(at, "corridor.slider")).value == (5, 45)
    assert form_values(at).query["corridor"] == "5,45"


def test_a_range_typed_from_high_to_low_is_told():
    at = at_link()
    at = shown(at.text_input(now(at, "corridor.from")).set_value("48").run())
    assert "from high to low" in problems(at)["corridor"]
    assert form_values(at).values["corridor"] == [48, 40]


def test_an_input_shows_when_another_asks_for_it_and_keeps_its_value_while_hidden():
    at = at_link()
    assert not [n for n in at.text_input if n.key == key("size.box")]
    at = shown(at.toggle(now(at, "shock")).set_value(True).run())
    at = shown(at.text_input(now(at, "size.box")).set_value("25").run())
    at = shown(at.toggle(now(at, "shock")).set_value(False).run())
    assert not [n for n in at.text_input if n.key == key("size.box")]
    assert form_values(at).values["size"] == 25
    at = shown(at.toggle(now(at, "shock")).set_value(True).run())
    assert at.text_input(now(at, "size.box")).value == "25"


def test_few_options_stay_in_sight_and_many_go_into_a_list():
    at = at_link()
    assert at.segmented_control(now(at, "sex")).options == ["female", "male"]
    assert at.selectbox(now(at, "region")).options == ["North", "South", "East", "West", "Sea", "Air"]
    at = shown(at.segmented_control(now(at, "sex")).set_value(1).run())
    at = shown(at.selectbox(now(at, "region")).set_value(4).run())
    assert (form_values(at).values["sex"], form_values(at).values["region"]) == ("male", 4)
    assert (form_values(at).query["sex"], form_values(at).query["region"]) == ("male", "4")


def test_several_choices_are_checked_against_their_number():
    at = at_link()
    at = shown(at.pills(now(at, "riders")).set_value([0, 1, 2]).run())
    assert form_values(at).values["riders"] == ["death", "disability", "lapse"]
    assert problems(at) == {"riders": "it has 3 choices"}
    at = shown(at.multiselect(now(at, "perils")).set_value([1, 8]).run())
    assert form_values(at).values["perils"] == ["flood", "riot"]


def test_a_text_too_long_is_kept_and_told():
    at = at_link()
    at = shown(at.text_input(now(at, "note")).set_value("x" * 21).run())
    assert form_values(at).values["note"] == "x" * 21
    assert problems(at) == {"note": "it has 21 characters"}
    at = shown(at.text_area(now(at, "story")).set_value("two\nlines").run())
    assert form_values(at).query["story"] == "two\nlines"


def test_a_date_can_be_given_and_taken_away():
    import datetime as dt

    at = at_link()
    at = shown(at.date_input(now(at, "born")).set_value(dt.date(1980, 2, 29)).run())
    assert form_values(at).values["born"] == "1980-02-29"
    at = shown(at.date_input(now(at, "born")).set_value(None).run())
    assert "born" not in form_values(at).values
    assert "born" not in form_values(at).query


def test_a_value_outside_the_calibrated_range_warns_and_does_not_stop():
    at = at_link(age="95")
    assert form_values(at).problems == []
    assert any("Age at entry is 95 years" in m.value for m in at.markdown)
    assert any("calibrated on" in c.value for c in at.caption)


def test_a_link_fills_the_form():
    at = at_link(app="m", age="61", shock="true", size="15", corridor="5,45", sex="male", note="a & b")
    values = form_values(at).values
    assert (values["age"], values["shock"], values["size"]) == (61, True, 15)
    assert (values["corridor"], values["sex"], values["note"]) == ([5, 45], "male", "a & b")
    assert at.text_input(now(at, "size.box")).value == "15"
    assert form_values(at).query["app"] == "m"


def test_a_link_with_an_age_out_of_range_warns_instead_of_showing_the_default():
    at = at_link(age="999")
    assert at.text_input(now(at, "age.box")).value == "999"
    assert "999 is outside 20 to 100 years" in problems(at)["age"]


def test_a_link_with_a_text_for_a_number_leaves_the_input_empty_until_it_is_mended():
    at = at_link(rate="abc")
    assert at.text_input(now(at, "rate.box")).value == ""
    assert problems(at) == {"rate": "the link says 'abc', not a number"}
    assert form_values(at).query["rate"] == "abc"
    at = shown(at.text_input(now(at, "rate.box")).set_value("0.05").run())
    assert form_values(at).problems == []
    assert form_values(at).query["rate"] == "0.05"


def test_an_unreadable_input_can_be_set_to_its_default_with_one_click():
    at = at_link(shock="maybe")
    assert "shock" in problems(at)
    at = shown(at.button(now(at, "shock.restore")).click().run())
    assert form_values(at).problems == []
    assert form_values(at).values["shock"] is False


def test_a_problem_of_a_hidden_input_is_told_all_the_same():
    at = at_link(shock="false", size="999")
    assert "size" in problems(at)
    assert any("999 is outside" in m.value for m in at.markdown)


def test_a_link_naming_an_input_nobody_knows_says_so():
    at = at_link(agge="3")
    assert [w.value for w in at.warning] == ["The link names agge: the model has no such input, so it is ignored."]


def test_another_link_in_the_same_session_fills_the_form_anew():
    at = at_link(age="61")
    at = shown(at.text_input(now(at, "age.box")).set_value("62").run())
    at.query_params["age"] = "70"
    assert form_values(shown(at.run())).values["age"] == 70


def test_the_forms_own_address_coming_back_changes_nothing():
    at = at_link(app="m", age="61")
    at = shown(at.text_input(now(at, "age.box")).set_value("62").run())
    for name, text in {**form_values(at).query, "run": "r1"}.items():
        at.query_params[name] = text
    at = shown(at.run())
    assert form_values(at).values["age"] == 62
    at = shown(at.text_input(now(at, "age.box")).set_value("63").run())
    assert form_values(at).values["age"] == 63


def test_a_preset_fills_the_form_and_names_its_source():
    at = at_link()
    at = shown(at.selectbox("everything:preset").set_value(0).run())
    assert (form_values(at).values["age"], form_values(at).values["shock"]) == (80, True)
    assert any("Gompertz (1825)" in c.value for c in at.caption)
    at = shown(at.text_input(now(at, "age.box")).set_value("81").run())
    assert at.selectbox("everything:preset").value is None
    assert not any("Gompertz (1825)" in c.value for c in at.caption)


def test_reset_returns_every_input_to_its_start():
    at = at_link(age="abc", corridor="1,2", sex="male", nonsense="1")
    at = shown(at.button("everything:reset").click().run())
    assert form_values(at).problems == []
    assert len(at.warning) == 0
    assert form_values(at).values["age"] == 45
    assert at.segmented_control(now(at, "sex")).value == 0


def test_a_rule_over_inputs_is_told_beside_them():
    at = at_link(age="100")
    assert problems(at) == {"age": "age < 100 does not hold"}
    assert any("Give an age below 100" in m.value for m in at.markdown)


def editing(at):
    at = shown(at.segmented_control("everything:view").set_value("JSON").run())
    return shown(at.toggle("everything:json.edit").set_value(True).run())


def test_the_json_shows_what_the_form_holds_and_the_form_takes_what_it_says():
    at = editing(at_link(age="61"))
    text = at.text_area("everything:json.text").value
    assert json.loads(text) == form_values(at).values
    at = shown(at.text_area("everything:json.text").set_value('{"age": 30, "riders": ["lapse"]}').run())
    assert any("Changes: Age at entry, Riders" in c.value for c in at.caption)
    at = shown(at.button("everything:json.apply").click().run())
    assert (form_values(at).values["age"], form_values(at).values["riders"]) == (30, ["lapse"])
    assert json.loads(at.text_area("everything:json.text").value)["age"] == 30
    at = shown(at.segmented_control("everything:view").set_value("Form").run())
    assert at.text_input(now(at, "age.box")).value == "30"
    at = shown(at.text_input(now(at, "age.box")).set_value("31").run())
    at = shown(at.segmented_control("everything:view").set_value("JSON").run())
    assert json.loads(at.code[0].value)["age"] == 31


def test_json_that_does_not_fit_tells_all_its_problems_and_cannot_be_applied():
    at = editing(at_link())
    at = shown(at.text_area("everything:json.text").set_value('{"age": 999, "rate": "x", "foo": 1}').run())
    told = " ".join(m.value for m in at.markdown)
    assert "inputs.age: 999" in told
    assert "inputs.rate: 'x'" in told
    assert "inputs.foo: the model has no such input" in told
    assert at.button("everything:json.apply").disabled
    at = shown(at.text_area("everything:json.text").set_value('{"age": 3,\n}').run())
    assert any("line 2, column 1" in m.value for m in at.markdown)
    assert form_values(at).values["age"] == 45


def test_the_body_of_an_api_request_can_be_pasted():
    at = editing(at_link())
    at = shown(at.text_area("everything:json.text").set_value('{"inputs": {"age": 77}}').run())
    assert form_values(shown(at.button("everything:json.apply").click().run())).values["age"] == 77


def test_rows_pasted_from_a_spreadsheet_replace_the_table():
    at = at_link()
    pasted = "Year\tPaid (EUR)\tLine\n2022\t1,234.5\thome\n2023\t5\t\n"
    at = shown(at.text_area(now(at, "claims.paste")).set_value(pasted).run())
    at = shown(at.button(now(at, "claims.use")).click().run())
    rows = form_values(at).values["claims"]
    assert [(r["year"], r["paid"], r["line"]) for r in rows] == [(2022, 1234.5, "home"), (2023, 5.0, None)]
    assert json.loads(form_values(at).query["claims"]) == rows
    assert form_values(at).problems == []


def test_a_built_in_table_fills_the_rows_and_is_named_until_a_cell_changes():
    at = at_link()
    assert at.selectbox(now(at, "claims.choice")).value is None
    at = shown(at.selectbox(now(at, "claims.choice")).select_index(0).run())
    assert [(r["year"], r["paid"]) for r in form_values(at).values["claims"]] == [(2019, 7.0)]
    assert form_values(at).problems == []
    assert any("Nobody (2019)" in c.value for c in at.caption)
    at = shown(at.text_area(now(at, "claims.paste")).set_value("year,paid\n2022,1\n").run())
    at = shown(at.button(now(at, "claims.use")).click().run())
    assert at.selectbox(now(at, "claims.choice")).value is None


def test_a_pasted_cell_that_does_not_fit_is_named_and_nothing_is_replaced():
    at = at_link()
    at = shown(at.text_area(now(at, "claims.paste")).set_value("year,paid\n2022,x\nlast,3\n").run())
    told = " ".join(m.value for m in at.markdown)
    assert "line 2, column 'Paid'" in told
    assert "line 3, column 'Year'" in told
    assert at.button(now(at, "claims.use")).disabled
    assert len(form_values(at).values["claims"]) == 2


def test_a_pasted_cell_out_of_range_is_named_before_the_rows_are_replaced():
    at = at_link()
    at = shown(at.text_area(now(at, "claims.paste")).set_value("year,paid\n2022,1\n1066,3\n").run())
    assert any("line 3, column 'Year'" in m.value and "1066 is outside" in m.value for m in at.markdown)
    assert at.button(now(at, "claims.use")).disabled


def test_a_cell_of_the_form_that_does_not_fit_is_told_with_its_row_and_column():
    at = at_link(claims='[{"year": 2020, "paid": 1}, {"year": 1066, "paid": 1}]')
    assert any("Row 2, Year: 1066 is outside" in m.value for m in at.markdown)


def test_a_table_full_of_faults_names_the_first_and_counts_the_rest():
    at = at_link(claims=json.dumps([{"year": 1066, "paid": 1}] * 30))
    assert sum("1066 is outside" in m.value for m in at.markdown) == 12
    assert any("And 18 more" in m.value for m in at.markdown)


def test_a_table_too_long_for_the_address_says_that_the_link_cannot_carry_it():
    at = at_link()
    lines = "\n".join(f"{1990 + i % 30},{i},motor" for i in range(400))
    at = shown(at.text_area(now(at, "claims.paste")).set_value("year,paid,line\n" + lines).run())
    at = shown(at.button(now(at, "claims.use")).click().run())
    assert "claims" not in form_values(at).query
    assert any("address cannot carry Claims" in m.value for m in at.markdown)


def test_a_table_out_of_range_names_its_cell():
    at = at_link(claims='[{"year": 1066, "paid": 1}]')
    assert "1066 is outside" in problems(at)["claims[0].year"]


def test_an_upload_is_kept_by_its_hash_and_can_be_taken_back():
    at = at_link()
    at = shown(at.file_uploader[-1].upload("mine.csv", b"a\n2\n").run())
    assert form_values(at).values["data"]["name"] == "mine.csv"
    assert len(form_values(at).values["data"]["file"]) == 64
    at = shown(at.button(now(at, "data.remove")).click().run())
    assert form_values(at).values["data"] == "example.csv"


def test_values_outlive_a_form_that_was_not_drawn_for_a_while():
    at = at_link()
    at = shown(at.text_input(now(at, "age.box")).set_value("71").run())
    at = shown(at.segmented_control("everything:view").set_value("JSON").run())
    at = shown(at.segmented_control("everything:view").set_value("Form").run())
    assert at.text_input(now(at, "age.box")).value == "71"


def test_a_widget_that_the_browser_draws_again_still_shows_the_forms_value():
    """A browser that draws a widget a second time takes its default: one that is not the form's would replace it."""
    wanted = {
        "age.slider": ("61", [61.0]),
        "age.box": ("61", "61"),
        "rate.slider": ("0.045", [0.045]),
        "capital.slider": ("50100", [51.0]),  # the position
        "corridor.slider": ("12,33", [12.0, 33.0]),
        "corridor.from": ("12,33", "12"),
        "sex": ("male", [1]),
        "born": ("1961-02-03", ["1961-02-03"]),
        "born.box": ("1961-02-03", "1961-02-03"),
        "shock": ("true", True),
        "region": ("4", 4),
        "riders": ("disability", [1]),
        "perils": ("storm", [2]),
        "note": ("as asked", "as asked"),
        "story": ("long", "long"),
    }
    at = at_link(**{name.split(".")[0]: text for name, (text, _) in wanted.items()})
    kinds = ("slider", "select_slider", "text_input", "text_area", "toggle", "selectbox", "multiselect")
    drawn = {w.key: w.proto for kind in (*kinds, "button_group", "date_input") for w in at.get(kind)}
    for name, (_, default) in wanted.items():
        given = drawn[key(name)].default
        assert (given if isinstance(default, str | bool | int) else list(given)) == default, name
