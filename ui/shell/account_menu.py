"""Who has signed in, in the header of every page, with the way to their account and out.

Left out: an installation where nobody signs in, which has no menu.
"""

import streamlit as st

from ui.shell import cached, sitemap
from ui.shell.markup import escape
from ui.shell.session import current_actor


def show_account_menu() -> None:
    """Draw the menu, where people sign in."""
    if not cached.context().people.sign_in:
        return
    actor = current_actor()
    menu = st.container(key="account-menu", width="content")
    with menu.popover("", icon=":material/account_circle:", type="tertiary", help=escape(actor.name)):
        st.markdown(f"**{escape(actor.name)}**  \n{str(actor.role).capitalize()}")
        st.page_link(sitemap.make_page("account"), label="Account and API tokens")
        st.button("Sign out", icon=":material/logout:", key="sign-out", on_click=st.logout)
