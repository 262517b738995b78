"""The frame around every page: navigation, look, and a plain word where the database is away.

Chosen: the frame lies here, with no `pages/` folder beside it, so that a deep link to a fresh server draws the
frame too.
Left out: any page.
"""

import sys
from pathlib import Path

from contract.errors import DatabaseUnavailable, SearchTooSlow

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # Streamlit puts this file's own folder there, not the project's
    sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402

from ui.shell import currency, sitemap, style  # noqa: E402

st.set_page_config(
    page_title="Tontine", page_icon=str(ROOT / "ui" / "assets" / "icon.png"), layout="wide", menu_items={}
)
st.logo(str(ROOT / "ui" / "assets" / "logo.svg"), size="large")
style.apply_style()
chosen = st.navigation(sitemap.make_pages(), position="top")
currency.show_currency_select()
try:
    chosen.run()
except SearchTooSlow as error:
    st.error(str(error), icon=":material/hourglass_disabled:")
except DatabaseUnavailable as error:
    st.error(
        f"The database does not answer: {error}. Nothing is lost: runs go on when it is back. Reload in a moment.",
        icon=":material/cloud_off:",
    )
