"""Buttons that start something: pressed twice by a double click, they start it once.

Left out: what is started. It is stored under the id of the press, which only one thing can have.
"""

import time
from uuid import UUID

import streamlit as st
import uuid_utils.compat as uuids

DOUBLE_CLICK = 2.0  # s


def press_id(what: str) -> UUID:
    """Return the id of this session's press: that of the press before it where both ask for `what` within a moment."""
    now = time.monotonic()
    last = st.session_state.get("press")
    if last is not None and last[0] == what and now - last[2] < DOUBLE_CLICK:
        return UUID(str(last[1]))
    made = uuids.uuid7()
    st.session_state["press"] = (what, made, now)
    return made
