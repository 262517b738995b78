"""Secrets that models ask for: set and delete their values, which are stored encrypted and never shown."""

import streamlit as st

from contract.errors import NotAllowedError
from engine.secrets.manage import list_secrets, storage_problems
from ui.secrets.secret_forms import show_delete_form, show_done, show_grant_hints, show_set_form
from ui.secrets.secrets_table import show_secrets
from ui.shell import cached
from ui.shell.markup import escape
from ui.shell.problems import show_problems
from ui.shell.session import current_actor

st.title("Secrets", anchor=False)
try:
    found = list_secrets(cached.context(), actor=current_actor())
    missing = storage_problems(cached.context(), actor=current_actor())
except NotAllowedError as error:
    show_problems(error)
    st.stop()

st.markdown(
    "Values that models need, such as keys of data providers. They are stored encrypted, handed to runs of models "
    "that were granted them, and never shown again. A stored value comes before one in the workers' environment."
)
for problem in missing:
    st.warning(escape(problem.text), icon=":material/key_off:")
show_done()
show_secrets(found)
show_grant_hints(found)
left, right = st.columns(2, gap="large")
with left:
    st.subheader("Set a value", anchor=False)
    show_set_form(found, enabled=not missing)
with right:
    show_delete_form(found)
