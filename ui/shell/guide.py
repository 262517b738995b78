"""The guide: the Markdown files of docs/, in the order of their numbers, with their images.

Chosen: the same files that are read in the repository; links from one chapter to another work in both places.
Left out: raw HTML, which Streamlit does not render.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

ROOT = Path(__file__).resolve().parents[2] / "docs"
IMAGE = re.compile(r"^!\[([^\]]*)\]\(([^)\s]+)\)\s*$", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|#)([\w./-]*?)([\w-]+)\.md(#[\w-]*)?\)")


@dataclass(frozen=True, slots=True)
class Chapter:
    """One Markdown file: its name in links, its title and where it lies."""

    name: str
    title: str
    path: Path


def chapters() -> list[Chapter]:
    """Return the chapters in reading order: the numbered tour, then the decisions."""
    found = []
    for path in [*sorted(ROOT.glob("[0-9]*.md")), *sorted((ROOT / "decisions").glob("*.md"))]:
        first = path.read_text().split("\n", 1)[0].lstrip("# ").strip()
        decision = path.parent.name == "decisions"
        found.append(Chapter(path.stem, f"Decision: {first}" if decision else first, path))
    return found


def show_chapter(chapter: Chapter) -> None:
    """Show a chapter: text as Markdown, images from the docs folder."""
    text = LINK.sub(lambda m: f"](/guide?chapter={m[2]})", chapter.path.read_text())
    at = 0
    with st.container(key="guide", width=880):
        for image in IMAGE.finditer(text):
            st.markdown(text[at : image.start()])
            path = (chapter.path.parent / image[2]).resolve()
            if path.is_relative_to(ROOT) and path.is_file():
                st.image(str(path), caption=image[1] or None)
            at = image.end()
        st.markdown(text[at:])
