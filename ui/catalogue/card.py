"""A card of the catalogue: the picture of a model, its name, what it does, and its star.

Chosen: the card's one link is the model's name, stretched over the card by style: it can be reached by keyboard, opened
in a new tab, and changes the page without loading the application anew. The star lies above it.
Left out: which cards there are.
"""

import base64

import streamlit as st

from contract.app import App
from engine.models.favourites import set_favourite
from ui.shell import cached, sitemap
from ui.shell.formatting import relative_time
from ui.shell.markup import escape, safe_markdown
from ui.shell.session import current_actor

TAGS = 4
STYLE_SHEET = """
<style>
[class*="st-key-card-"] { position: relative; transition: border-color 0.12s; overflow: hidden; }
/* The theme's primary colour and second background, light and dark; pages have no variables for them. */
[class*="st-key-card-"]:hover { border-color: light-dark(#2A757C, #38949C); }
[class*="st-key-card-"]:has(a:focus-visible) { outline: 2px solid light-dark(#2A757C, #38949C); outline-offset: 2px; }
/* The link covers the card: nothing between the two may be a frame of its own. */
[class*="st-key-card-"] [data-testid="stElementContainer"]:has([data-testid="stPageLink"]),
[class*="st-key-card-"] [data-testid="stPageLink"], [class*="st-key-card-"] [data-testid="stPageLink"] * {
  position: static; }
[class*="st-key-card-"] [data-testid="stPageLink"] a { padding-left: 0; background: none; outline: none; }
[class*="st-key-card-"] [data-testid="stPageLink"] a::after { content: ""; position: absolute; inset: 0; z-index: 1; }
[class*="st-key-card-"] [data-testid="stPageLink"] p { white-space: normal; overflow: visible; font-size: 1.05rem; }
[class*="st-key-star-"] { position: relative; z-index: 2; }
/* The icons come unfilled only: a favourite's star is the filled letter. */
[class*="st-key-starred-"] [data-testid="stIconMaterial"] { color: light-dark(#A87B00, #DDB23C); font-size: 0; }
[class*="st-key-starred-"] [data-testid="stIconMaterial"]::after { content: "\\2605"; font: 1.25rem sans-serif; }
/* The button's words are for those who hear the page; the others see the star. */
[class*="st-key-star-"] button p { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; }
.tontine-picture { height: 7.5rem; border-radius: 4px; background: light-dark(#F3F6F9, #1A222C); display: flex;
  align-items: center; justify-content: center; }
.tontine-picture img { width: 100%; height: 100%; display: block; }
.tontine-picture span { opacity: 0.8; font-size: 0.8rem; }
[class*="st-key-about-"] p { display: -webkit-box; -webkit-line-clamp: 3; -webkit-box-orient: vertical;
  overflow: hidden; }
</style>
"""


def apply_style() -> None:
    """Add the cards' style sheet to the page."""
    st.html(STYLE_SHEET)


def show_card(app: App, picture: str | None, *, starred: bool) -> None:
    """Show one model.

    Args:
        app: the model.
        picture: SVG of its main chart, from `ui.catalogue.thumbnail`; never a model's own.
        starred: whether it is one of the user's favourites.
    """
    with st.container(border=True, height="stretch", gap="xsmall", key=f"card-{app.slug}"):
        # As an image: a browser runs nothing in one and fetches nothing for it.
        source = base64.b64encode((picture or "").encode()).decode()
        image = f'<img alt="" src="data:image/svg+xml;base64,{source}">'
        shown = image if picture else "<span>No picture</span>"
        st.html(f'<div class="tontine-picture">{shown}</div>')
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.page_link(sitemap.make_page("model"), label=f"**{escape(app.name)}**", query_params={"app": app.slug})
            st.space("stretch")
            st.container(key=f"{'starred' if starred else 'plain'}-{app.slug}", width="content").button(
                f"{'Remove' if starred else 'Add'} {escape(app.name)} {'from' if starred else 'to'} favourites",
                key=f"star-{app.slug}",
                icon=":material/star:",
                type="tertiary",
                help="Remove from your favourites" if starred else "Add to your favourites",
                on_click=_change_star,
                args=(app.slug, not starred),
            )
        with st.container(key=f"about-{app.slug}"):
            st.markdown(safe_markdown(app.description) or "No description.")
        st.space("stretch")
        badges = [f":blue-badge[{escape(app.category)}]"] if app.category else []
        badges += [f":gray-badge[{escape(tag)}]" for tag in app.tags[:TAGS]]
        if badges:
            st.markdown(" ".join(badges))
        facts = [f"last run {relative_time(app.last_run_at)}" if app.last_run_at else "not run yet"]
        if app.total:
            facts.insert(0, f"reproduces {app.reproduced} of {app.total} published values")
        st.caption(" · ".join(facts))


def _change_star(slug: str, starred: bool) -> None:
    set_favourite(cached.context(), slug, actor=current_actor(), starred=starred)
