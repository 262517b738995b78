"""Everybody on the page for administrators: roles, and who is kept out.

Left out: adding people, who come by signing in.
"""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from contract.actor import Role
from contract.errors import ProblemsError
from contract.person import Person
from engine.people import people
from ui.shell import cached
from ui.shell.formatting import relative_time
from ui.shell.problems import show_problems
from ui.shell.session import current_actor

NONE = "none: may not come in"
SOURCES = {
    "claims": "identity provider",
    "page": "this page",
    "setting": "administrators' setting",
    "default": "default role",
}


def show_people() -> None:
    """List everybody, and change one of them."""
    context, actor = cached.context(), current_actor()
    found = people.list_people(context, actor=actor)
    st.dataframe(_to_dataframe(found), hide_index=True)
    if not context.people.sign_in:
        st.caption(
            "Nobody signs in here: whoever reaches the installation is its administrator. Roles count once an identity "
            "provider is configured, as the operator's guide describes."
        )
    others = {person.name: person for person in found if person.name != actor.name}
    name = st.selectbox("Person", list(others), index=None, key="person", placeholder="Choose somebody to change")
    if name is not None:
        _show_one(others[name])


def _show_one(person: Person) -> None:
    roles = [*map(str, Role), NONE]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        held = str(person.role) if person.role is not None else NONE
        role = st.selectbox("Role", roles, index=roles.index(held), key=f"role-of-{person.id}")
        if st.button("Set role", icon=":material/badge:", disabled=role == held, key="set-role"):
            _change(lambda: people.set_role(
                cached.context(), person.name, None if role == NONE else Role(role), actor=current_actor()
            ))  # fmt: skip
        label = "Let in again" if person.disabled else "Disable"
        if st.button(label, icon=":material/person_off:", key="disable"):
            _change(lambda: people.set_disabled(
                cached.context(), person.name, disabled=not person.disabled, actor=current_actor()
            ))  # fmt: skip
    if person.role_source is not None and str(person.role_source) == "claims":
        st.caption("This role comes from the identity provider, and the next sign-in sets it again.")


def _change(change: object) -> None:
    try:
        change()  # type: ignore[operator]
    except ProblemsError as error:
        show_problems(error)
        return
    st.rerun()


def _to_dataframe(found: Sequence[Person]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Name": [p.name for p in found],
            "Role": [str(p.role) if p.role else "none" for p in found],
            "Role from": [SOURCES.get(str(p.role_source), "") for p in found],
            "E-mail": [p.email or "" for p in found],
            "Teams": [", ".join(p.teams) for p in found],
            "State": ["disabled" if p.disabled else "" for p in found],
            "Signed in": [relative_time(p.signed_in_at) if p.signed_in_at else "never" for p in found],
            "Last seen": [relative_time(p.last_seen_at) if p.last_seen_at else "never" for p in found],
        }
    )
