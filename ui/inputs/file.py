"""Uploaded files: kept at once by the hash of their content, so that a run and a link can name them.

Chosen: the value is what `keep_file` answers, `{"file": sha256, "name", "size"}`; the browser's own upload is
dropped with the page and does not matter after that.
Left out: storing, which is whoever gives `keep_file`.
"""

from collections.abc import Mapping

import streamlit as st

from contract.problems import Problem
from ui.inputs.cell import Cell, caption, examples, plain

MEGABYTE = 1_000_000


def file(cell: Cell) -> None:
    """Draw an uploader, and name the file the next run will get."""
    field = cell.field
    key = f"{cell.key}.upload.{cell.revision}"

    def put() -> None:
        upload = st.session_state[key]
        if upload is None:
            return  # taking the upload off the list does not take the file out of the inputs
        content = upload.getvalue()
        if len(content) > field.max_mb * MEGABYTE:
            size = f"{len(content) / MEGABYTE:,.1f} MB"
            cell.complain(
                Problem(
                    f"inputs.{field.key}",
                    f"{upload.name} has {size}, more than {field.max_mb:g} MB",
                    "Upload a smaller file.",
                )
            )
            return
        cell.put(cell.keep_file(upload.name, content))

    st.file_uploader(
        cell.label,
        type=[e.lstrip(".") for e in field.accept] or None,
        key=key,
        help=cell.help,
        max_upload_size=max(1, int(field.max_mb)),
        on_change=put,
    )
    uploaded = isinstance(cell.value, Mapping)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        caption(in_use(cell), examples(field))
        if uploaded:
            st.button(
                "Use the default file" if field.has_default else "Remove",
                key=f"{cell.key}.remove",
                type="tertiary",
                icon=":material/undo:" if field.has_default else ":material/close:",
                on_click=lambda: cell.put(field.default),
            )


def in_use(cell: Cell) -> str:
    """Return the words for the file the model will get."""
    value = cell.value
    if isinstance(value, Mapping):
        size = value.get("size")
        bytes_ = f", {size:,} bytes" if isinstance(size, int) else ""
        return f"Uploaded: {plain(str(value.get('name', 'file')))}{bytes_}"
    if isinstance(value, str):
        return f"Default: {plain(value)}, from the model's folder"
    return "No file yet"
