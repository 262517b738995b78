"""Texts of models on the page: shown as written, or as Markdown that fetches nothing.

Chosen: names and labels are literal, character by character; notes, help and warnings are Markdown whose images become
links, because a browser would fetch them from elsewhere. Streamlit shows raw HTML as text.
Left out: texts inside charts, which Plotly draws (`ui.result.charts.base.escape_html`).
"""

import re

SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+\-!|~$:^=.])")
IMAGE = re.compile(r"!+(?=\[)")


def escape(text: str) -> str:
    """Return text that Markdown shows exactly as it is, on one line."""
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))


def strip_images(text: str) -> str:
    """Return Markdown whose images are links."""
    return IMAGE.sub("", text)
