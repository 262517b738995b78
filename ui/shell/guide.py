"""The guide: the Markdown files of docs/, in the order of their numbers, with their images.

Chosen: the same files that are read in the repository; links from one chapter to another work in both places.
A chapter may have a part that is made here: the glossary can be searched, and build logs come from the catalogue.
Left out: raw HTML, which Streamlit does not render.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from ui.shell import build_logs, glossary
from ui.shell.markup import escape
from ui.shell.page_address import Read

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


GLOSSARY, BUILD_LOGS = "04-glossary", "09-build-logs"


def neighbours(found: list[Chapter], name: str) -> tuple[Chapter | None, Chapter | None]:
    """Return the chapters before and after the one called `name`, None where there is none."""
    at = next(i for i, chapter in enumerate(found) if chapter.name == name)
    return (found[at - 1] if at else None, found[at + 1] if at + 1 < len(found) else None)


def show_neighbours(found: list[Chapter], name: str) -> None:
    """Show links to the chapters before and after."""
    before, after = neighbours(found, name)
    with st.container(key="guide-neighbours", width=880, horizontal=True, horizontal_alignment="distribute"):
        texts = [f"← [{escape(before.title)}](/guide?chapter={before.name})"] if before else [""]
        texts += [f"[{escape(after.title)}](/guide?chapter={after.name}) →"] if after else []
        for text in texts:
            st.markdown(text, width="content")


def address_readers() -> dict[str, Read]:
    """Return how what a chapter holds beside its text is read from the page's address."""
    return glossary.address_readers((ROOT / f"{GLOSSARY}.md").read_text())


def show_chapter(chapter: Chapter) -> dict[str, Any]:
    """Show a chapter: text as Markdown, images from the docs folder; return what goes into the page's address."""
    if chapter.name == GLOSSARY:
        with st.container(key="guide", width=880):
            text = chapter.path.read_text()
            st.markdown(text.partition("\n## ")[0])
            return glossary.show_glossary(text)
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
        if chapter.name == BUILD_LOGS:
            build_logs.show_build_logs()
    return {}
