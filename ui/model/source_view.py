"""The files of a version of a model, one at a time, highlighted.

Chosen: text is shown whole up to a length, with line numbers, so that a formula can be named by its line.
Left out: what is different between two versions, which is `ui.model.versions`.
"""

from pathlib import PurePosixPath

import streamlit as st

from contract.app import App
from engine.models import lifecycle
from ui.shell import cached
from ui.shell.formatting import file_size
from ui.shell.markup import escape
from ui.shell.session import current_actor

LANGUAGES = {
    ".py": "python",
    ".json": "json",
    ".md": "markdown",
    ".toml": "toml",
    ".yml": "yaml",
    ".yaml": "yaml",
    ".sql": "sql",
    ".r": "r",
}
LONGEST = 200_000  # characters of a file that are shown


def show_source(app: App, version: str, *, key: str) -> None:
    """Show a file of the version, function.py first, and a choice of its others.

    Args:
        app: the model.
        version: the version's content hash.
        key: of the place on the page.
    """
    files = lifecycle.read_source(cached.context(), app, version, actor=current_actor())
    names = sorted(files, key=lambda name: (name != "function.py", name != "manifest.json", name))
    name = st.selectbox("File", names, key=f"{key}:file") or names[0]
    content = files[name]
    try:
        text = content.decode()
    except UnicodeDecodeError:
        st.caption(f"{escape(name)} is no text ({file_size(len(content))}).")
        return
    st.code(text[:LONGEST], language=LANGUAGES.get(PurePosixPath(name).suffix.lower()), line_numbers=True)
    if len(text) > LONGEST:
        st.caption(f"The first {LONGEST:,} of {len(text):,} characters.")
