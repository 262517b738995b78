"""Pages with filters: filled from the address, which other pages keep for themselves."""

import datetime as dt

from ui.shell import page_address


def test_the_history_is_filtered_by_its_address(visit, add_model):
    add_model("def run(inputs):\n    return {}\n", {})
    at = visit("history", q="zzz", app="probe", status="FAILED")
    assert at.text_input(key="q").value == "zzz"
    assert at.selectbox(key="app").value == "probe"
    assert at.multiselect(key="status").value == ["FAILED"]


def test_options_that_an_address_makes_up_are_passed_over(visit, add_model):
    add_model("def run(inputs):\n    return {}\n", {})
    at = visit("history", app="no such", status="ODD", days="soon")
    assert at.selectbox(key="app").value is None
    assert at.multiselect(key="status").value == []


def test_a_filter_that_was_changed_stays_when_the_page_runs_again(visit, add_model):
    add_model("def run(inputs):\n    return {}\n", {})
    at = visit("history", q="zzz")
    at.text_input(key="q").set_value("probe").run()
    at.run()
    assert at.text_input(key="q").value == "probe"


def test_no_widget_of_a_page_takes_a_query_key_from_another_page(visit, add_model):
    add_model("def run(inputs):\n    return {}\n", {})
    at = visit("history", app="probe")
    assert not [w for w in (*at.text_input, *at.selectbox, *at.multiselect) if w.proto.query_param_key]


def test_a_model_page_without_a_model_opens_the_catalogue(visit, add_model):
    add_model("def run(inputs):\n    return {}\n", {})
    at = visit("model")
    assert [t.value for t in at.title] == ["Models"]


def test_days_of_an_address_are_one_or_two_in_order():
    first, second = dt.date(2026, 1, 2), dt.date(2026, 3, 1)
    assert page_address.read_days(["2026-03-01", "2026-01-02"]) == (first, second)
    assert page_address.read_days(["2026-01-02"]) == (first,)
    assert page_address.read_days(["01/02/2026"]) == ()


def test_what_is_typed_stays_when_the_address_has_what_was_typed_before(visit, add_model):
    add_model("def run(inputs):\n    return {}\n", {})
    at = visit("history")
    at.text_input(key="q").set_value("first").run()
    at.query_params["q"] = "first"  # as the browser sends it after the page has written it
    at.text_input(key="q").set_value("second").run()
    assert at.text_input(key="q").value == "second"
    at.query_params["q"] = "another"
    at.run()
    assert at.text_input(key="q").value == "another"
