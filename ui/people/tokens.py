"""API tokens on the page: make one, which is shown once, list them, revoke one.

Left out: what a token may do, which is `engine.people.tokens`.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from contract.errors import ProblemsError
from contract.person import ApiToken, Scope
from engine.people import tokens
from ui.shell import cached
from ui.shell.formatting import relative_time, timestamp
from ui.shell.markup import code
from ui.shell.press import press_id
from ui.shell.problems import show_problems
from ui.shell.session import current_actor
from ui.shell.time_zone import session_zone

WORDS = {
    Scope.READ: "Read: models, runs and their results",
    Scope.RUN: "Run: read, run models, cancel and share own runs",
    Scope.REGISTER: "Register: run, and register and manage own models",
    Scope.ADMINISTER: "Administer: everything",
}
DAYS = (7, 30, 90, 180, 366)
NEW = "new-token"


def show_new_token() -> None:
    """Draw the form that makes a token, and the token that was just made."""
    scopes = tokens.allowed_scopes(current_actor().role)
    with st.form("token", border=True):
        name = st.text_input("Description", placeholder="nightly reserves", max_chars=tokens.MAX_NAME)
        scope = st.selectbox("Scope", scopes, index=min(1, len(scopes) - 1), format_func=lambda s: WORDS[s])
        days = st.selectbox("Expires after", DAYS, index=2, format_func=lambda d: f"{d} days")
        asked = st.form_submit_button("Create token", type="primary", icon=":material/key:")
    if asked:
        press = press_id(f"token {name} {scope} {days}")
        if st.session_state.get(NEW, (None,))[0] != press:  # of a double click the second shows what the first made
            try:
                made, token = tokens.create_token(cached.context(), name, scope, days, actor=current_actor())
            except ProblemsError as error:
                show_problems(error)
                return
            st.session_state[NEW] = (press, made, token)
        _, made, token = st.session_state[NEW]
        st.success(f"Copy the token {code(made.name)} now: it is not shown again.", icon=":material/key:")
        st.code(token, language=None)
        st.caption("Programs send it as `Authorization: Bearer ...`; the command line takes it from `TONTINE_TOKEN`.")


def show_tokens(*, everybody: bool = False) -> None:
    """List the session's tokens, or everybody's, with a way to revoke one."""
    found = tokens.list_tokens(cached.context(), actor=current_actor(), everybody=everybody)
    if not found:
        st.caption("There are no tokens.")
        return
    st.dataframe(_to_dataframe(found, owners=everybody), hide_index=True)
    usable = {t.id: t for t in found if _state(t) == "valid"}
    if not usable:
        return
    key = "everybodys-token" if everybody else "own-token"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Token", list(usable), index=None, key=key, format_func=lambda i: _label(usable[i], owner=everybody)
        )
        if st.button("Revoke", icon=":material/key_off:", disabled=chosen is None, key=f"revoke-{key}") and chosen:
            tokens.revoke_token(cached.context(), chosen, actor=current_actor())
            st.rerun()


def _to_dataframe(found: Sequence[ApiToken], *, owners: bool) -> pd.DataFrame:
    columns = {"Owner": [t.owner for t in found]} if owners else {}
    return pd.DataFrame(
        {
            **columns,
            "Description": [t.name for t in found],
            "Begins with": [t.hint for t in found],
            "Scope": [str(t.scope) for t in found],
            "State": [_state(t) for t in found],
            "Expires": [timestamp(t.expires_at, session_zone()) for t in found],
            "Last used": [relative_time(t.last_used_at) if t.last_used_at else "never" for t in found],
        }
    )


def _state(token: ApiToken) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expires_at <= datetime.now(UTC) else "valid"


def _label(token: ApiToken, *, owner: bool) -> str:
    return f"{token.owner}: {token.name} ({token.hint}...)" if owner else f"{token.name} ({token.hint}...)"
