"""For administrators: people and their roles, everybody's API tokens, and the audit log."""

import streamlit as st

from ui.people import audit_log, people_table, tokens
from ui.shell import sitemap

st.title("People", anchor=False)
people_tab, tokens_tab, audit_tab = st.tabs(["People", "API tokens", "Audit log"], key="tab", on_change="rerun")
if people_tab.open:  # a hidden tab is not worked out
    with people_tab:
        people_table.show_people()
if tokens_tab.open:
    with tokens_tab:
        tokens.show_tokens(everybody=True)
        st.page_link(sitemap.make_page("account"), label="Create a token", icon=":material/key:")
if audit_tab.open:
    with audit_tab:
        audit_log.show_audit_log()
