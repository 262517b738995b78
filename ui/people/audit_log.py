"""The audit log on the page for administrators: its newest rows, and a button that verifies all of it."""

import json

import pandas as pd
import streamlit as st

from engine.people import audit
from ui.shell import cached
from ui.shell.formatting import timestamp
from ui.shell.markup import code, escape
from ui.shell.session import current_actor
from ui.shell.time_zone import session_zone

ROWS = 100
KINDS = ("person", "token", "grant", "model", "run", "secret")


def show_audit_log() -> None:
    """Show rows, the newest first, by person and kind, older ones on request; and whether the log is intact."""
    context, actor = cached.context(), current_actor()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        by = st.text_input("Person", key="audit-person", placeholder="Everybody")
        kind = st.selectbox("Kind", KINDS, index=None, key="audit-kind", placeholder="Everything")
        before = st.number_input("Before number", min_value=1, value=None, step=1, key="audit-before")
        verify = st.button("Verify the whole log", icon=":material/verified_user:", key="verify-audit")
    if verify:
        found = audit.verify_audit_log(context, actor=actor)
        if found.intact:
            st.success(f"The log is intact: {found.rows:,} rows. Hash of the last one: {code(found.last_hash)}")
        else:
            st.error(f"The log was changed: {escape(found.problem or '')}. {found.rows:,} rows before it are intact.")
    rows = audit.list_audit_rows(
        context, actor=actor, before=before, limit=ROWS, by=by.strip() or None if by else None, action=kind
    )
    frame = pd.DataFrame(
        {
            "Number": [row.number for row in rows],
            "When": [timestamp(row.at, session_zone()) for row in rows],
            "Who": [row.actor for row in rows],
            "What": [row.action for row in rows],
            "To": [row.subject for row in rows],
            "Detail": [json.dumps(row.detail, ensure_ascii=False) for row in rows],
        }
    )
    st.dataframe(frame, hide_index=True)
    if len(rows) == ROWS:
        st.caption(f"The newest {ROWS}. Older ones: give the number of the last row as “Before number”.")
