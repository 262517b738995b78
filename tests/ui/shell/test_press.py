"""A press that is repeated at once is the same press."""

import pytest
from streamlit.testing.v1 import AppTest


def script():
    import streamlit as st

    from ui.shell.press import press_id

    for what in ("sweep", "seek"):
        if st.button(what):
            st.session_state.setdefault("found", []).append(press_id(what))


@pytest.mark.parametrize(("moment", "different"), [(3_600.0, 2), (0.0, 3)], ids=["at once", "later"])
def test_a_press_that_is_repeated_at_once_has_one_id(monkeypatch, moment, different):
    monkeypatch.setattr("ui.shell.press.DOUBLE_CLICK", moment)
    at = AppTest.from_function(script, default_timeout=200).run()
    for place in (0, 0, 1):
        at.button[place].click().run()
    assert not at.exception
    assert len(set(at.session_state["found"])) == different
