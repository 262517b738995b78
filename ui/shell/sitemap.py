"""Every page once: its file, address, title and icon.

Chosen: `st.Page` objects are built anew in each run, because they carry a flag that says whether they may run.
Left out: who may see which page; there are no roles yet.
"""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

PAGES = Path(__file__).resolve().parents[2] / "pages"


@dataclass(frozen=True, slots=True)
class PageSpec:
    """A page of the application. A hidden one is reached from others and by links only."""

    name: str
    title: str
    icon: str
    hidden: bool = False


PAGE_SPECS = (
    PageSpec("catalogue", "Catalogue", ":material/apps:"),
    PageSpec("history", "History", ":material/history:"),
    PageSpec("sweep", "Sweeps", ":material/stacked_line_chart:"),
    PageSpec("monitor", "Monitor", ":material/monitor_heart:"),
    PageSpec("register", "Register", ":material/add_box:"),
    PageSpec("explorer", "Explorer", ":material/database_search:"),
    PageSpec("secrets", "Secrets", ":material/key:"),
    PageSpec("guide", "Guide", ":material/menu_book:"),
    PageSpec("model", "Model", ":material/tune:", hidden=True),
    PageSpec("run", "Run", ":material/query_stats:", hidden=True),
    PageSpec("compare", "Compare", ":material/compare_arrows:", hidden=True),
)


def make_page(name: str) -> st.Page:
    """Return a fresh page object for the page called `name`."""
    place = next(p for p in PAGE_SPECS if p.name == name)
    return st.Page(
        PAGES / f"{place.name}.py",
        title=place.title,
        icon=place.icon,
        url_path="" if place is PAGE_SPECS[0] else place.name,
        default=place is PAGE_SPECS[0],
        visibility="hidden" if place.hidden else "visible",
    )


def make_pages() -> list[st.Page]:
    """Return fresh page objects for the navigation, in order."""
    return [make_page(p.name) for p in PAGE_SPECS]
