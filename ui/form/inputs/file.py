"""Uploaded files: kept at once by the hash of their content, so that a run and a link can name them.

Chosen: the value is what `store_file` answers, `{"file": sha256, "name", "size"}`; the browser's own upload is
dropped with the page and does not matter after that.
Left out: storing, which is whoever gives `store_file`.
"""

from collections.abc import Mapping

import streamlit as st

from contract.problems import Problem
from ui.form.inputs.binding import InputBinding, escape_markdown, examples_note, show_caption

MEGABYTE = 1_000_000


def file_input(binding: InputBinding) -> None:
    """Draw an uploader, and name the file the next run will get."""
    field = binding.field
    key = f"{binding.key}.upload.{binding.revision}"

    def set_value() -> None:
        upload = st.session_state[key]
        if upload is None:
            return  # taking the upload off the list does not take the file out of the inputs
        content = upload.getvalue()
        if len(content) > field.max_mb * MEGABYTE:
            size = f"{len(content) / MEGABYTE:,.1f} MB"
            binding.set_error(
                Problem(
                    f"inputs.{field.key}",
                    f"{upload.name} has {size}, more than {field.max_mb:g} MB",
                    "Upload a smaller file.",
                )
            )
            return
        binding.set_value(binding.store_file(upload.name, content))

    st.file_uploader(
        binding.label,
        type=[e.lstrip(".") for e in field.accept] or None,
        key=key,
        help=binding.help,
        max_upload_size=max(1, int(field.max_mb)),
        on_change=set_value,
    )
    uploaded = isinstance(binding.value, Mapping)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        show_caption(file_caption(binding), examples_note(field, binding.number_format))
        if uploaded:
            st.button(
                "Use the default file" if field.has_default else "Remove",
                key=f"{binding.key}.remove",
                type="tertiary",
                icon=":material/undo:" if field.has_default else ":material/close:",
                on_click=lambda: binding.set_value(field.default),
            )


def file_caption(binding: InputBinding) -> str:
    """Return the words for the file the model will get."""
    value = binding.value
    if isinstance(value, Mapping):
        size = value.get("size")
        bytes_ = f", {size:,} bytes" if isinstance(size, int) else ""
        return f"Uploaded: {escape_markdown(str(value.get('name', 'file')))}{bytes_}"
    if isinstance(value, str):
        return f"Default: {escape_markdown(value)}, from the model's folder"
    return "No file yet"
