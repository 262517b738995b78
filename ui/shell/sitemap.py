"""Every page once: its file, address, title, icon, and what one has to be allowed to do to open it.

Chosen: `st.Page` objects are built anew in each run, because they carry a flag that says whether they may run.
A page that somebody may not open is not in their navigation, and its address says so instead of showing it.
Left out: who may do what, which is `engine.authorization`; the page's own verbs ask it again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from contract.errors import NotAllowedError
from engine.authorization import Action, is_allowed, require
from ui.shell.problems import show_problems
from ui.shell.session import current_actor

PAGES = Path(__file__).resolve().parents[2] / "pages"


@dataclass(frozen=True, slots=True)
class PageSpec:
    """A page of the application. A hidden one is reached from others and by links only."""

    name: str
    title: str
    icon: str
    action: Action
    hidden: bool = False


PAGE_SPECS = (
    PageSpec("catalogue", "Catalogue", ":material/apps:", Action.READ_MODELS),
    PageSpec("history", "History", ":material/history:", Action.READ_RUNS),
    PageSpec("sweep", "Sweeps", ":material/stacked_line_chart:", Action.READ_RUNS),
    PageSpec("portfolio", "Portfolio", ":material/monitoring:", Action.KEEP_PORTFOLIOS),
    PageSpec("monitor", "Monitor", ":material/monitor_heart:", Action.READ_STATUS),
    PageSpec("register", "Register", ":material/add_box:", Action.REGISTER_MODELS),
    PageSpec("explorer", "Explorer", ":material/database_search:", Action.EXPLORE_DATABASE),
    PageSpec("secrets", "Secrets", ":material/key:", Action.MANAGE_SECRETS),
    PageSpec("people", "People", ":material/group:", Action.MANAGE_PEOPLE),
    PageSpec("guide", "Guide", ":material/menu_book:", Action.READ_MODELS),
    PageSpec("model", "Model", ":material/tune:", Action.READ_MODELS, hidden=True),
    PageSpec("run", "Run", ":material/query_stats:", Action.READ_RUNS, hidden=True),
    PageSpec("compare", "Compare", ":material/compare_arrows:", Action.READ_RUNS, hidden=True),
    PageSpec("account", "Account", ":material/account_circle:", Action.MANAGE_TOKENS, hidden=True),
)


def make_page(name: str) -> st.Page:
    """Return a fresh page object for the page called `name`."""
    spec = next(p for p in PAGE_SPECS if p.name == name)
    return _make(spec, PAGES / f"{spec.name}.py", hidden=spec.hidden)


def make_screen(spec: PageSpec, screen: Callable[[], None]) -> st.Page:
    """Return a fresh page object that shows `screen` at a page's address; it is in no navigation."""
    return _make(spec, screen, hidden=True)


def make_pages() -> list[st.Page]:
    """Return fresh page objects for the navigation, in order; a refusal where the session's actor may not go."""
    actor = current_actor()
    return [
        make_page(spec.name) if is_allowed(actor, spec.action) else make_screen(spec, _refusal(spec))
        for spec in PAGE_SPECS
    ]


def _make(spec: PageSpec, page: Path | Callable[[], None], *, hidden: bool) -> st.Page:
    return st.Page(
        page,
        title=spec.title,
        icon=spec.icon,
        url_path="" if spec is PAGE_SPECS[0] else spec.name,
        default=spec is PAGE_SPECS[0],
        visibility="hidden" if hidden else "visible",
    )


def _refusal(spec: PageSpec) -> Callable[[], None]:
    def show() -> None:
        st.title(spec.title, anchor=False)
        try:
            require(current_actor(), spec.action)
        except NotAllowedError as error:
            show_problems(error)

    return show
