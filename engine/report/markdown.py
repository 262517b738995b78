"""A model's notes, which are Markdown, as plain nodes that the report sets.

Chosen: markdown-it-py with raw HTML off and tables on; an image becomes its text, because nothing is fetched, and a
link is kept where it leads to the web.
Left out: Streamlit's own directives and formulas, which stand as written.
"""

import re
from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

Node = dict[str, Any]
WEB = re.compile(r"https?://[^\s<>\\\"]+")
MAX_LETTERS = 50_000
INLINE = {"strong": "strong", "em": "em", "s": "text"}
BLOCKS = {
    "paragraph": "p",
    "heading": "h",
    "bullet_list": "ul",
    "ordered_list": "ol",
    "list_item": "li",
    "blockquote": "quote",
    "table": "table",
    "tr": "tr",
    "th": "cell",
    "td": "cell",
}


def parse_markdown(text: str) -> list[Node]:
    """Return the blocks of a text: `{"t": kind, "c": nodes}`, with `s` for letters and `to` for a link's address."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    return _blocks(parser.parse(text[:MAX_LETTERS]))


def _blocks(tokens: Sequence[Token]) -> list[Node]:
    root: Node = {"t": "root", "c": []}
    stack = [root]
    for token in tokens:
        kind = token.type.removesuffix("_open").removesuffix("_close")
        if token.nesting == 1 and kind in BLOCKS:
            node: Node = {"t": BLOCKS[kind], "c": []}
            stack[-1]["c"].append(node)
            stack.append(node)
        elif token.nesting == -1 and kind in BLOCKS:
            stack.pop()
        elif token.type == "inline":
            stack[-1]["c"] += _inlines(token.children or [])
        elif token.type in {"fence", "code_block"}:
            stack[-1]["c"].append({"t": "pre", "s": token.content.rstrip("\n")})
        elif token.type == "hr":
            stack[-1]["c"].append({"t": "hr"})
    found: list[Node] = root["c"]
    return found


def _inlines(tokens: Sequence[Token]) -> list[Node]:
    root: Node = {"t": "root", "c": []}
    stack = [root]
    for token in tokens:
        kind = token.type.removesuffix("_open").removesuffix("_close")
        if token.nesting == 1:
            to = str(token.attrGet("href") or "")
            node: Node = {"t": INLINE.get(kind, "text"), "c": []}
            if kind == "link" and WEB.fullmatch(to):
                node = {"t": "link", "to": to, "c": []}
            stack[-1]["c"].append(node)
            stack.append(node)
        elif token.nesting == -1:
            stack.pop()
        elif token.type == "code_inline":
            stack[-1]["c"].append({"t": "code", "s": token.content})
        elif token.type in {"softbreak", "hardbreak"}:
            stack[-1]["c"].append({"t": "space"} if token.type == "softbreak" else {"t": "br"})
        else:  # an image's content is its alternative text
            stack[-1]["c"].append({"t": "text", "s": token.content})
    found: list[Node] = root["c"]
    return found
