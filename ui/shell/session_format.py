"""How this session writes numbers and dates, and the menu that sets it.

Chosen: the browser's language decides until the analyst chooses; the choice is kept in a cookie of the browser, so that
it outlives a reload and holds in every tab.
Left out: what a text means, which is `contract.number_reader`, and links, which hold the same form for everybody.
"""

import re

import streamlit as st

from contract.number_format import NumberFormat, format_date, format_number

COOKIE = "tontine_number_format"
CHOICE_KEY = "number_format"
_CHANGED = "number_format.changed"
AS_BROWSER = ""
# One language for each way of writing, by what most people of it use.
LANGUAGES = ("en-US", "en-GB", "de-DE", "fr-FR", "de-CH", "en-IN", "sv-SE", "ja-JP")
EXAMPLE, EXAMPLE_DAY = 1234567.5, "2026-12-31"
_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3}")

_SCRIPT = """
export default function ({ data }) {
  const age = data.language ? 31536000 : 0
  document.cookie = `${data.cookie}=${data.language}; path=/; max-age=${age}; SameSite=Lax`
}
"""
_write_cookie = st.components.v2.component("tontine_format_cookie", html="<span hidden></span>", js=_SCRIPT)


def current_format() -> NumberFormat:
    """Return the format of this session: the chosen one, else that of the browser's language."""
    return NumberFormat.from_languages(st.session_state.get(CHOICE_KEY) or _cookie() or _browser_languages())


def follows_browser() -> bool:
    """Say whether the session's format is the browser's own, which the browser can then write itself."""
    return current_format() == NumberFormat.from_languages(_browser_languages())


def describe_format(number_format: NumberFormat) -> str:
    """Return an example of a number and a date in the format."""
    return f"{format_number(EXAMPLE, number_format)} · {format_date(EXAMPLE_DAY, number_format)}"


def show_format_menu() -> None:
    """Draw the menu that sets the session's format; every page has it, so its widget never forgets its value."""
    if CHOICE_KEY not in st.session_state:
        st.session_state[CHOICE_KEY] = _cookie()
    held = st.session_state[CHOICE_KEY]
    options = [AS_BROWSER, *LANGUAGES, *([held] if held not in {AS_BROWSER, *LANGUAGES} else [])]
    with st.container(key="number-format-menu", width="content"):
        with st.popover(format_number(EXAMPLE, current_format()), type="tertiary", help="Number and date format"):
            st.radio("Number and date format", options, format_func=_label, key=CHOICE_KEY, on_change=_remember_change)
            st.caption(
                "How numbers and dates are read where they could mean two things, how fields show them, and how "
                "“CSV for Excel” is written. Links and plain CSV are the same for everybody."
            )
        if st.session_state.get(_CHANGED):
            data = {"cookie": COOKIE, "language": st.session_state[CHOICE_KEY]}
            _write_cookie(data=data, key="number-format-cookie", height=1)


def _remember_change() -> None:
    st.session_state[_CHANGED] = True


def _label(language: str) -> str:
    if language == AS_BROWSER:
        browser = NumberFormat.from_languages(_browser_languages())
        return f"As the browser ({browser.language}): {describe_format(browser)}"
    return f"{language}: {describe_format(NumberFormat.from_languages(language))}"


def _cookie() -> str:
    held = st.context.cookies.get(COOKIE, AS_BROWSER)
    return held if isinstance(held, str) and _TAG.fullmatch(held) else AS_BROWSER


def _browser_languages() -> str:
    for languages in (st.context.locale, st.context.headers.get("Accept-Language")):
        if isinstance(languages, str) and languages:  # neither is a text where a page is run without a browser
            return languages
    return ""
