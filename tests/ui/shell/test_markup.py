"""Texts of models: literal where they are names, and never a request where they are Markdown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.shell import markup


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a*b_[c](d)$e$ :red[x]\nf", r"a\*b\_\[c\](d)\$e\$ \:red\[x\] f"),
        ("1. First", r"1\. First"),
        ("- minus", r"\- minus"),
        (":material/home: :smile:", r"\:material/home: \:smile:"),
        ("http://a.example www.a.example", r"http\://a.example www\.a.example"),
        ("&copy; A&B", r"\&copy; A&B"),
        ("<b>x</b>", r"\<b\>x\</b\>"),
        ("Age (years): 5.5 %, a-b!", "Age (years): 5.5 %, a-b!"),
    ],
)
def test_a_literal_text_escapes_what_would_be_markup_and_nothing_else(text, shown):
    assert markup.escape(text) == shown


def test_lines_of_a_literal_text_stay_lines():
    assert markup.escape_lines("a*\nb") == "a\\*  \nb"


@given(st.text(alphabet="!\\[]()ab \n`~&#:", max_size=40))
def test_no_literal_text_can_hold_an_image(text):
    shown = markup.escape(text)
    assert "[" not in shown.replace("\\[", "")


@pytest.mark.parametrize("text", ["![a](b)", "!![a](b)", "x ![a][b]\n\n[b]: c", "\\!![a](b)"])
def test_images_in_markdown_become_links(text):
    assert "![" not in markup.safe_markdown(text)


@pytest.mark.parametrize(
    "opening",
    ["```mermaid", "~~~ mermaid", "```MERMAID", "- ```mermaid", "> 1. ```mermaid", "```&#109;ermaid", "```\\mermaid"],
)
def test_a_diagram_in_markdown_stays_code(opening):
    first = markup.safe_markdown(f"{opening}\ngraph TD\n```").splitlines()[0]
    assert first.lstrip("->1. ").lstrip("`~").strip().startswith("text")


def test_code_of_a_language_keeps_its_colours():
    assert markup.safe_markdown("```python\nx = 1\n```") == "```python\nx = 1\n```"
