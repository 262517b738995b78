"""A short text from a keyboard, clipboard or file in the characters that numbers and dates are parsed in.

Chosen: digits of every script, dashes, spaces and fullwidth forms become their ASCII characters, marks that only steer
the direction of writing disappear. Compatibility normalization (NFKC) is not used: it makes 102 of 10².
Left out: what the characters mean together.
"""

import re
import unicodedata

from contract.errors import UnreadableError

MAX_LENGTH = 200  # characters of a number, date or formula

ARABIC_DECIMAL = "٫"
ARABIC_GROUP = "٬"
_MEANING = {
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d",
    "'": "\u2018\u2019\u02bc\u2032\u00b4`\uff07",
    "%": "\u066a\ufe6a\uff05",
    "+": "\uff0b\ufe62",
    ".": "\uff0e\u2024",
    ",": "\uff0c\u201a",
    "(": "\uff08",
    ")": "\uff09",
    "=": "\uff1d",
    "/": "\u2044\u2215\uff0f",
    "*": "\u00d7\u22c5\u2217\uff0a",
    "÷": "\u2797",
    "^": "\uff3e",
    "_": "\uff3f",
    "e": "\uff45",
    "E": "\uff25",
    ARABIC_GROUP: "\u060c\u2e41",
}
# Direction marks and isolates, zero-width spaces and joiners, byte order mark. Overrides (U+202D, U+202E) stay and are
# refused: they show 123 where 321 is written.
_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u061c\u2060\u2066\u2067\u2068\u2069\ufeff"
_TABLE: dict[int, str | None] = {ord(c): meaning for meaning, chars in _MEANING.items() for c in chars}
_TABLE |= dict.fromkeys(map(ord, _INVISIBLE))
_SPACES = re.compile(r"[^\S\t\n\r\v\f\x1c-\x1f\x85\u2028\u2029]+")


def clean(text: str) -> str:
    """Return `text` trimmed and in ASCII characters where it has any that mean the same.

    A spreadsheet's leading apostrophe is removed. Letters, currency signs and the Arabic separators are kept.

    Raises:
        UnreadableError: it is empty, longer than MAX_LENGTH, or has a control character.
    """
    stripped = text.strip()
    if len(stripped) > MAX_LENGTH:
        raise UnreadableError(f"{quote(stripped)} has {len(stripped):,} characters", f"Give at most {MAX_LENGTH}.")
    if not (stripped.isascii() and stripped.isprintable()):
        stripped = _to_ascii(stripped)
    stripped = stripped.removeprefix("'").strip()
    if not stripped:
        raise UnreadableError("nothing is written", "Give a value.")
    return stripped


def quote(text: str) -> str:
    """Return `text` in quotation marks for a message, shortened, with invisible characters spelled out."""
    return repr(text if len(text) <= 40 else text[:37] + "...")


def _to_ascii(text: str) -> str:
    text = _SPACES.sub(" ", text.translate(_TABLE)).strip()
    if not text.isprintable():
        hidden = next(c for c in text if not c.isprintable())
        found = f"{quote(text)} has the control character U+{ord(hidden):04X}"
        raise UnreadableError(found, "Type it anew, without invisible characters.")
    return text if text.isascii() else "".join(c if c.isascii() else _digit(c) for c in text)


def _digit(character: str) -> str:
    value = unicodedata.decimal(character, None)
    return character if value is None else str(value)
