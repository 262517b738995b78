"""Errors on the page: what was wrong with a link or a request, and a database that is away.

Chosen: one way for pages and for fragments, which run again without the frame around them.
Left out: problems of an input, which the form shows beside it.
"""

import contextlib
from collections.abc import Iterator

import streamlit as st

from contract.errors import DatabaseUnavailable, ProblemsError, SearchTooSlow
from ui.shell.markup import escape_lines


def show_problems(error: ProblemsError) -> None:
    """Show what was wrong with a link or a request."""
    for problem in error.problems:
        st.error(escape_lines(problem.text), icon=":material/link_off:")


@contextlib.contextmanager
def show_outages() -> Iterator[None]:
    """Show a database that does not answer, or a search that takes too long, in place of what is inside."""
    try:
        yield
    except SearchTooSlow as error:
        st.error(str(error), icon=":material/hourglass_disabled:")
    except DatabaseUnavailable as error:
        st.error(
            f"The database does not answer: {error}. Nothing is lost: runs go on when it is back. Reload in a moment.",
            icon=":material/cloud_off:",
        )
