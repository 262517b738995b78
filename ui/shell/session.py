"""Whom this session acts for: the one place where pages learn it.

Chosen: the installation's one user where nobody signs in; else whom the identity provider names, as Streamlit knows it
from the browser's signed cookie. Whoever's sign-in ends while a page is open is led back to the frame, which asks for a
new one.
Left out: what the actor may do, which is `engine.authorization`, and the screen (`ui.shell.sign_in_screen`).
"""

import streamlit as st

from contract.actor import Actor
from contract.errors import NotAllowedError, NotSignedInError
from contract.problems import Problem
from engine.authorization import Action, is_allowed
from engine.people.sign_in import actor_from_claims
from engine.processes import context as contexts


def current_actor() -> Actor:
    """Return the actor that this session's reads and runs are for."""
    try:
        return signed_in_actor()
    except (NotSignedInError, NotAllowedError):
        st.rerun()  # of the whole page: the frame shows why


def signed_in_actor() -> Actor:
    """Return the actor of this session, for the frame.

    Raises:
        NotSignedInError: nobody has signed in, or the sign-in is over.
        NotAllowedError: who has may not come in.
    """
    context = contexts.current()
    if not context.people.sign_in:
        return Actor(context.user)
    claims = dict(st.user)
    if claims.get("is_logged_in") is not True:
        raise NotSignedInError([Problem("sign-in", "nobody has signed in", "Sign in.")])
    return actor_from_claims(context, claims)


def may(action: Action) -> bool:
    """Return whether this session's actor may do this, for what is shown; the verbs ask for themselves."""
    return is_allowed(current_actor(), action)
