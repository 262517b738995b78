"""A form with many inputs: a search box, and nothing lost by searching."""

from streamlit.testing.v1 import AppTest


def script():
    import streamlit as st

    from contract.manifest import parse
    from ui.form.form import show_form

    inputs = {f"i{n}": {"type": "integer", "label": f"Input {n}", "group": f"G{n % 3}"} for n in range(40)}
    model = parse({"name": "Many", "inputs": inputs})
    st.session_state["draft"] = show_form(
        model, start=model.initial_values, link=None, store_file=lambda *_: {}, key_prefix="many"
    )


def test_words_narrow_a_long_form_and_the_values_stay():
    at = AppTest.from_function(script, default_timeout=200).run()
    at.text_input("many.i7.box").set_value("70").run()
    at.text_input("many:search").set_value("input 3").run()
    assert [n.label for n in at.text_input][1:3] == ["Input 3, exact", "Input 30, exact"]
    assert at.session_state["draft"].values["i7"] == 70
    at.text_input("many:search").set_value("g2 input").run()
    assert len(at.text_input) == 1 + 13
    at.text_input("many:search").set_value("").run()
    assert at.text_input("many.i7.box").value == "70"
    assert not at.exception
