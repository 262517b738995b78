"""Every page once: its file, address, title and icon.

Chosen: `st.Page` objects are built anew in each run, because they carry a flag that says whether they may run.
Left out: who may see which page; there are no roles yet.
"""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

PAGES = Path(__file__).resolve().parent.parent / "pages"


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the application. A hidden one is reached from others and by links only."""

    name: str
    title: str
    icon: str
    hidden: bool = False


PLACES = (
    Place("catalogue", "Catalogue", ":material/apps:"),
    Place("history", "History", ":material/history:"),
    Place("monitor", "Monitor", ":material/monitor_heart:"),
    Place("guide", "Guide", ":material/menu_book:"),
    Place("model", "Model", ":material/tune:", hidden=True),
    Place("run", "Run", ":material/query_stats:", hidden=True),
)


def page(name: str) -> st.Page:
    """Return a fresh page object for the page called `name`."""
    place = next(p for p in PLACES if p.name == name)
    return st.Page(
        PAGES / f"{place.name}.py",
        title=place.title,
        icon=place.icon,
        url_path="" if place is PLACES[0] else place.name,
        default=place is PLACES[0],
        visibility="hidden" if place.hidden else "visible",
    )


def pages() -> list[st.Page]:
    """Return fresh page objects for the navigation, in order."""
    return [page(p.name) for p in PLACES]
