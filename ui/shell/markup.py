"""Texts of models and authors on the page: shown as written, or as Markdown that fetches nothing.

Every text that comes from a model, its author or another user goes through one of these two before Streamlit draws it.
Chosen: names, labels and reasons are literal, character by character (`escape`); notes, descriptions and READMEs are
Markdown (`safe_markdown`) whose images become links and whose diagrams stay code, because a browser would fetch what
they name, and a confined model could so talk to the outside by its readers. Streamlit shows raw HTML as text.
Left out: texts inside charts, which Plotly draws (`charting.base.escape_html`).
"""

import re

# Where Markdown or Streamlit's own directives would begin; what is harmless in its place stays readable.
SPECIAL = re.compile(
    r"[\\`*_\[\]<>$~|]"
    r"|:(?=\w|//)"  # :red[...], :material/icon:, :smile:, http://
    r"|(?<=\bwww)\."
    r"|&(?=#?\w+;)"
    r"|^(?:[#+\-=]|\d+[.)](?=\s))"
)
IMAGE = re.compile(r"!+(?=\[)")
# A line that opens a block of code, in a list or a quotation too.
FENCE = re.compile(r"^((?:[ \t>]|[-*+][ \t]|\d{1,9}[.)][ \t])*[`~]{3,})([^\S\n]*)([^\s`]*)", re.MULTILINE)
ADDRESS = re.compile(r"https?://[^\s<>\\]+")
PLAIN_LANGUAGE = re.compile(r"[\w+#.-]*")


def escape(text: str) -> str:
    """Return text that Markdown shows exactly as it is, on one line."""
    return SPECIAL.sub(_with_backslash, " ".join(text.split()))


def escape_lines(text: str) -> str:
    """Return text that Markdown shows exactly as it stands, its lines kept."""
    return "  \n".join(escape(line) for line in text.splitlines())


def code(text: str) -> str:
    """Return text as Markdown's code, as it stands."""
    return f"`{' '.join(text.split()).replace('`', '')}`"


def web_link(title: str, address: str | None) -> str:
    """Return a link of Markdown to a web page; the title alone where the address is none."""
    return f"[{escape(title)}](<{address}>)" if address and ADDRESS.fullmatch(address) else escape(title)


def safe_markdown(text: str) -> str:
    """Return Markdown whose images are links and whose diagrams are code."""
    return FENCE.sub(_as_code, IMAGE.sub("", text))


def _with_backslash(match: re.Match[str]) -> str:
    found = match[0]
    return f"\\{found}" if len(found) == 1 else f"{found[:-1]}\\{found[-1]}"


def _as_code(match: re.Match[str]) -> str:
    """Return the fence of a block of code in a language that is only coloured; an entity may spell another."""
    fence, space, language = match.groups()
    plain = PLAIN_LANGUAGE.fullmatch(language) and language.lower() != "mermaid"
    return match[0] if plain else f"{fence}text {space}{language}"
