"""The frame around every page: navigation, style, and a plain message where the database is away.

Chosen: the frame lies here, with no `pages/` folder beside it, so that a deep link to a fresh server draws the
frame too.
Left out: any page.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # Streamlit puts this file's own folder there, not the project's
    sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402

from ui.shell import (  # noqa: E402
    account_menu,
    collector,
    currency,
    live_runs,
    problems,
    session_format,
    sign_in_screen,
    sitemap,
    style,
)

st.set_page_config(
    page_title="Tontine",
    page_icon=str(ROOT / "ui" / "assets" / "icon.png"),
    layout="wide",
    # With toolbarMode "minimal" the menu is there for its own entries only, and the choice of theme comes with them.
    menu_items={"About": "**Tontine**: actuarial and quantitative models, run, compared and shared in the browser."},
)
st.logo(str(ROOT / "ui" / "assets" / "logo.svg"), size="large")
style.apply_style()
with problems.show_outages():
    sign_in_screen.require_sign_in()
    chosen = st.navigation(sitemap.make_pages(), position="top")
    live_runs.show_live_runs()
    account_menu.show_account_menu()
    currency.show_currency_select()
    session_format.show_format_menu()
    chosen.run()
collector.freeze_new_modules()
