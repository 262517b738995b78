"""The currency that the analyst works in, as set in this session, and models and results in it.

Chosen: nothing is set to begin with, and then amounts have no unit; the choice is kept in a cookie of the browser, so
that it outlives a reload and holds in every tab.
Left out: which texts change, which is `contract.currency`, and any conversion of amounts.
"""

from urllib.parse import unquote

import streamlit as st

from contract.currency import manifest_in, parse_currency, result_in
from contract.manifest import Manifest
from contract.result import Result

COOKIE = "tontine_currency"
CHOICE_KEY = "currency"
_CHANGED = "currency.changed"
NAMES = ("EUR", "USD", "GBP", "CHF", "JPY", "CAD", "AUD", "SEK", "NOK", "DKK", "PLN", "INR", "CNY", "EUR m", "USD m")

_SCRIPT = """
export default function ({ data }) {
  const age = data.currency ? 31536000 : 0
  document.cookie = `${data.cookie}=${encodeURIComponent(data.currency)}; path=/; max-age=${age}; SameSite=Lax`
}
"""
_write_cookie = st.components.v2.component("tontine_currency_cookie", html="<span hidden></span>", js=_SCRIPT)


def session_currency() -> str:
    """Return the name of the currency that this session's amounts are in, empty where none is set."""
    if CHOICE_KEY in st.session_state:
        return parse_currency(st.session_state[CHOICE_KEY])
    return _cookie()


def show_currency_select() -> None:
    """Draw the box that sets the session's currency; every page has it, so that its widget never forgets its value."""
    held = session_currency()
    if CHOICE_KEY not in st.session_state:
        st.session_state[CHOICE_KEY] = held or None
    with st.container(key="currency-menu", width="content"):
        with st.popover(held or "Currency", type="tertiary", help="The currency of amounts"):
            st.selectbox(
                "Currency of amounts",
                [*NAMES, *([held] if held and held not in NAMES else [])],
                index=None,
                key=CHOICE_KEY,
                placeholder="None: amounts have no unit",
                accept_new_options=True,
                on_change=_remember_change,
            )
            st.caption("Written beside amounts whose model names no currency. Amounts are not converted.")
        if st.session_state.get(_CHANGED):
            data = {"cookie": COOKIE, "currency": session_currency()}
            _write_cookie(data=data, key="currency-cookie", height=1)


def manifest_in_currency(manifest: Manifest, version: str) -> Manifest:
    """Return the manifest of the version with this content hash, its units in the session's currency."""
    return _manifest_in(version, session_currency(), manifest)


def result_in_currency(result: Result) -> Result:
    """Return a result with its units in the session's currency."""
    return result_in(result, session_currency())


@st.cache_resource(max_entries=512, ttl=3600, show_spinner=False)
def _manifest_in(version: str, currency: str, _manifest: Manifest) -> Manifest:  # noqa: ARG001 - the hash is the key
    """Return the same object for the same version and currency: its compiled checks are kept by it."""
    return manifest_in(_manifest, currency)


def _remember_change() -> None:
    st.session_state[_CHANGED] = True


def _cookie() -> str:
    held = st.context.cookies.get(COOKIE, "")
    return parse_currency(unquote(held)) if isinstance(held, str) else ""
