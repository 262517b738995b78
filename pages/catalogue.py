"""Choose a model: cards with pictures that can be searched and filtered, favourites and much used ones first."""

import streamlit as st

from engine.models.favourites import list_favourites
from ui.catalogue import card, pictures
from ui.catalogue.order import OTHER, matches, sort_models
from ui.shell import cached, page_address, sitemap
from ui.shell.markup import escape
from ui.shell.session import current_actor

PAGE = 24
CARD_WIDTH = 300  # px at least

st.title("Models", anchor=False)
apps = cached.catalogue()
if not apps:
    st.info("There are no models yet. Register one from a git repository or an upload.")
    st.page_link(sitemap.make_page("register"), label="Register a model")
    st.stop()

offered = sorted({app.category or OTHER for app in apps})
page_address.fill("", {"q": page_address.read_text, "category": page_address.read_options(offered)})
found = st.text_input(
    "Search",
    key="q",
    type="search",
    placeholder="Search by name, tag or what it does",
    label_visibility="collapsed",
    live=True,
)
chosen = st.pills(
    "Category", offered, selection_mode="multi", format_func=escape, key="category", label_visibility="collapsed"
)
page_address.follow("", {"q": found, "category": chosen})
favourites = list_favourites(cached.context(), actor=current_actor())
wanted = [a for a in apps if matches(a, (found or "").lower().split(), list(chosen or []))]
shown = sort_models(wanted, favourites, cached.use_counts())
if not shown:
    st.info(f"No model matches. There are {len(apps)} in all: clear the search to see them.")
pages = -(-len(shown) // PAGE)
at = 1
if pages > 1:
    st.caption(f"{len(shown)} models")
    at = int(st.pagination(pages, key="page")) if hasattr(st, "pagination") else st.number_input("Page", 1, pages)
card.apply_style()
runs = pictures.find_starting_runs()
with st.grid(min_column_width=CARD_WIDTH, gap="medium"):
    for app in shown[(at - 1) * PAGE : at * PAGE]:
        picture = pictures.picture_of(runs[app.id]) if app.id in runs else None
        card.show_card(app, picture, starred=app.id in favourites)
