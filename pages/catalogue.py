"""Choose a model: cards that can be searched and filtered."""

import streamlit as st

from contract.app import App
from ui.shell import cached, page_address, sitemap
from ui.shell.formatting import relative_time
from ui.shell.markup import escape, safe_markdown

PAGE = 24

st.title("Models", anchor=False)
apps = cached.catalogue()
if not apps:
    st.info("There are no models yet. Put a folder with manifest.json and function.py into functions/ and restart.")
    st.stop()


def matches(app: App, words: list[str], categories: list[str]) -> bool:
    """Say whether a card is to be shown."""
    text = " ".join([app.name, app.description, app.category or "", app.slug, *app.tags]).lower()
    return all(w in text for w in words) and (not categories or (app.category or "Other") in categories)


def card(app: App) -> None:
    """Show one model."""
    with st.container(border=True, height="stretch", key=f"card-{app.slug}"):
        st.page_link(
            sitemap.make_page("model"),
            label=f"**{escape(app.name)}**",
            query_params={"app": app.slug},
            icon=":material/tune:",
        )
        st.markdown(safe_markdown(app.description or "No description."))
        with st.container(horizontal=True, gap="small"):
            if app.category:
                st.badge(escape(app.category), color="blue")
            for tag in app.tags[:4]:
                st.badge(escape(tag), color="gray")
        facts = [f"last run {relative_time(app.last_run_at)}" if app.last_run_at else "not run yet"]
        if app.total:
            facts.insert(0, f"reproduces {app.reproduced} of {app.total} published values")
        st.caption(" · ".join(facts))


offered = sorted({app.category or "Other" for app in apps})
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
shown = [a for a in apps if matches(a, (found or "").lower().split(), list(chosen or []))]
if not shown:
    st.info(f"No model matches. There are {len(apps)} in all: clear the search to see them.")
pages = -(-len(shown) // PAGE)
at = 1
if pages > 1:
    st.caption(f"{len(shown)} models")
    at = int(st.pagination(pages, key="page")) if hasattr(st, "pagination") else st.number_input("Page", 1, pages)
rows = shown[(at - 1) * PAGE : at * PAGE]
for start in range(0, len(rows), 3):
    for column, app in zip(st.columns(3), rows[start : start + 3], strict=False):
        with column:
            card(app)
