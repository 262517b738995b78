"""The glossary as a page that can be searched: terms by category, from the same Markdown tables as the repository's.

Left out: explaining a term where it is used, which is each page's.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from ui.shell import page_address
from ui.shell.page_address import Read

_HEADING = re.compile(r"^## (.+)$")
_ROW = re.compile(r"^\| (.+?) \| (.+) \|$")
_HEADS = ("term", "word")


@dataclass(frozen=True, slots=True)
class Term:
    """A term with its category and what it means, as Markdown."""

    category: str
    name: str
    meaning: str


def parse_terms(text: str) -> list[Term]:
    """Return the terms of a Markdown page whose headings of second order are categories with a table each."""
    found: list[Term] = []
    category = ""
    for line in text.splitlines():
        if heading := _HEADING.match(line):
            category = heading[1].strip()
        elif (row := _ROW.match(line)) and row[1] not in _HEADS and not row[1].startswith("--"):
            found.append(Term(category, row[1], row[2]))
    return found


def find_terms(terms: Sequence[Term], words: str, categories: Collection[str]) -> list[Term]:
    """Return the terms of these categories, all where none is named, that hold every word; those named so first."""
    wanted = words.lower().split()
    found = [
        t
        for t in terms
        if (not categories or t.category in categories) and all(w in f"{t.name} {t.meaning}".lower() for w in wanted)
    ]
    return sorted(found, key=lambda t: not all(w in t.name.lower() for w in wanted))


def categories_of(terms: Sequence[Term]) -> list[str]:
    """Return the categories, in the order of the page."""
    return list(dict.fromkeys(t.category for t in terms))


def address_readers(text: str) -> dict[str, Read]:
    """Return how the glossary's search is read from the page's address."""
    categories = categories_of(parse_terms(text))
    return {"term": page_address.read_text, "category": page_address.read_options(categories)}


def show_glossary(text: str) -> dict[str, Any]:
    """Show the glossary with a search box and its categories; return what is searched, for the page's address."""
    terms = parse_terms(text)
    categories = categories_of(terms)
    words = st.text_input("Search", key="term", type="search", placeholder="Search terms and meanings", live=True)
    chosen = st.pills("Category", categories, selection_mode="multi", key="category", label_visibility="collapsed")
    found = find_terms(terms, words or "", list(chosen or []))
    if not found:
        st.info(f"No term matches. There are {len(terms)} in all: clear the search to see them.")
    for category in [c for c in categories if any(t.category == c for t in found)]:
        st.subheader(category, anchor=False)
        rows = [f"| {t.name} | {t.meaning} |" for t in found if t.category == category]
        st.markdown("\n".join(["| Term | Meaning |", "|---|---|", *rows]))
    return {"term": words, "category": chosen}
