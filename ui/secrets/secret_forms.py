"""Set a secret's value, and delete one. A value is sent to the server once and never comes back to a browser.

Chosen: the box of the value is empty again after each press, also where the value was refused.
Left out: granting, which is a command on the server's host.
"""

from collections.abc import Sequence

import streamlit as st

from contract.access import GrantKind, grant_command
from contract.errors import ProblemsError
from contract.secret import SecretStatus
from engine.secrets.manage import delete_secret, set_secret
from ui.shell import cached
from ui.shell.markup import code, escape
from ui.shell.problems import show_problems
from ui.shell.session import current_actor

DONE, REFUSED = "secrets-done", "secrets-refused"  # what the last press did, or why it did nothing; shown once
PRESSES = "secrets-presses"


def show_set_form(found: Sequence[SecretStatus], *, enabled: bool) -> None:
    """Draw the form that sets a value."""
    name = st.selectbox(
        "Secret",
        [s.name for s in found],
        index=None,
        accept_new_options=True,
        placeholder="Choose one, or type a new name",
        help="As manifests name it, such as API_KEY",
        key="secret-name",
    )
    with st.form("set-secret", clear_on_submit=True, border=False):
        value = st.text_input(
            "Value", type="password", key=f"secret-value-{_presses()}", autocomplete="off", help="At least 8 characters"
        )
        pressed = st.form_submit_button("Set value", type="primary", icon=":material/key:", disabled=not enabled)
    if not pressed:
        return
    st.session_state[PRESSES] = _presses() + 1  # a new box: what was typed is not kept in the session either
    if not name:
        st.session_state[REFUSED] = ["Choose the secret whose value this is, or type a new name, and give the value."]
        st.rerun()
    try:
        set_secret(cached.context(), name, value, actor=current_actor())
    except ProblemsError as error:
        st.session_state[REFUSED] = [escape(problem.text) for problem in error.problems]
    else:
        said = f"{code(name)} is set. Runs that begin from now on get it where their model was granted it."
        st.session_state[DONE] = said
    st.rerun()


def show_delete_form(found: Sequence[SecretStatus]) -> None:
    """Draw what deletes a stored value."""
    names = [s.name for s in found if s.stored]
    if not names:
        return
    st.subheader("Delete a value", anchor=False)
    name = st.selectbox("Stored secret", names, index=None, placeholder="Choose one", key="secret-to-delete")
    if st.button("Delete value", icon=":material/delete:", disabled=name is None, key="delete-secret") and name:
        try:
            delete_secret(cached.context(), name, actor=current_actor())
        except ProblemsError as error:
            show_problems(error)
            return
        st.session_state[DONE] = f"{code(name)} is deleted."
        st.rerun()


def show_done() -> None:
    """Say what the last press did, or why it did nothing."""
    if done := st.session_state.pop(DONE, None):
        st.success(done)
    for reason in st.session_state.pop(REFUSED, ()):
        st.error(reason)


def show_grant_hints(found: Sequence[SecretStatus]) -> None:
    """Say how to grant what models ask for and were not granted."""
    wanted = [(slug, secret.name) for secret in found for slug in secret.asked_by]
    if wanted:
        st.markdown("A model gets a secret once it was granted it, on the server's host:")
        st.code("\n".join(grant_command(slug, GrantKind.SECRET, name) for slug, name in wanted), language="bash")


def _presses() -> int:
    return int(st.session_state.get(PRESSES, 0))
