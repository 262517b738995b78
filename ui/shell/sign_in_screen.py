"""The screen for everybody who has not signed in or may not come in, and the way back to the page that was asked for.

Chosen: the screen stands at the address that was asked for, and a cookie of ten minutes holds it meanwhile, because the
identity provider always leads back to the first page.
Left out: the sign-in itself, which is Streamlit's.
"""

from collections.abc import Callable
from urllib.parse import unquote

import streamlit as st

from contract.errors import NotAllowedError, NotSignedInError
from ui.shell import sitemap
from ui.shell.markup import escape
from ui.shell.problems import show_problems
from ui.shell.session import signed_in_actor
from ui.shell.sign_in import configured_providers

COOKIE = "tontine_return"

_KEEP = """
export default function ({ data }) {
  const here = window.location.pathname + window.location.search
  document.cookie = `${data.cookie}=${encodeURIComponent(here)}; path=/; max-age=600; SameSite=Lax`
}
"""
_GO_BACK = """
export default function ({ data }) {
  document.cookie = `${data.cookie}=; path=/; max-age=0; SameSite=Lax`
  const to = new URL(data.to, window.location.origin)
  if (to.origin === window.location.origin && to.href !== window.location.href) window.location.replace(to.href)
}
"""
_keep_address = st.components.v2.component("tontine_keep_address", html="<span hidden></span>", js=_KEEP)
_go_back = st.components.v2.component("tontine_go_back", html="<span hidden></span>", js=_GO_BACK)


def require_sign_in() -> None:
    """Show the screen in place of every page where nobody has signed in who may come in."""
    try:
        signed_in_actor()
    except NotSignedInError as error:
        over = error.problems[0].message if st.user.get("is_logged_in") else ""
        _show_instead(lambda: _show_sign_in(over))
    except NotAllowedError as error:
        refused = error
        _show_instead(lambda: _show_refusal(refused))
    else:
        _return_to_page()


def _show_instead(screen: Callable[[], None]) -> None:
    pages = [sitemap.make_screen(spec, screen) for spec in sitemap.PAGE_SPECS]
    st.navigation(pages, position="hidden").run()
    st.stop()


def _show_sign_in(over: str) -> None:
    st.title("Sign in", anchor=False)
    st.markdown(f"{escape(over[0].upper() + over[1:])}." if over else "Tontine is for people who have an account here.")
    for provider in configured_providers():
        named = provider != "default"
        st.button(
            f"Sign in with {provider.title()}" if named else "Sign in",
            type="primary",
            icon=":material/login:",
            key=f"sign-in-{provider}",
            on_click=st.login,
            args=(provider,) if named else (),
        )
    _keep_address(data={"cookie": COOKIE}, key="keep-address", height=1)


def _show_refusal(error: NotAllowedError) -> None:
    st.title("No access", anchor=False)
    show_problems(error)
    st.button("Sign out", icon=":material/logout:", on_click=st.logout)


def _return_to_page() -> None:
    kept = st.context.cookies.get(COOKIE, "")
    target = unquote(kept) if isinstance(kept, str) else ""
    if target.startswith("/") and not target.startswith("//") and "returned" not in st.session_state:
        st.session_state["returned"] = True
        _go_back(data={"cookie": COOKIE, "to": target}, key="go-back", height=1)
