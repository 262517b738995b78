"""Write a search of the history as text, in the session's format or in the one of links.

Chosen: the shortest text that reads back as the same search; words are put in quotes where they would be read as
something else.
Left out: reading, which is `contract.query_reader`.
"""

import re

from contract.date_reader import read_date
from contract.number_format import NumberFormat, format_date, format_number
from contract.problems import Problem
from contract.query_reader import CANONICAL, reads_as_value
from contract.run_query import ME, And, Comparison, Field, Not, Or, Query, Span, Value, Words

_PLAIN = re.compile(r"[^\W\d][\w-]*")
_PLAIN_KEY = re.compile(r"\w[\w.-]*")
_BARE = re.compile(r"[^\s()\"“”<>=!~:;,≤≥≠]+")
_KEYWORDS = frozenset({"and", "or", "not", "in"})
_FLAGS = {"starred": ME, "baseline": "yes"}


def write_query(query: Query | None, number_format: NumberFormat = CANONICAL) -> str:
    """Return the text of a query, which `read_query` reads back as the same in the same format; empty for None."""
    match query:
        case None:
            return ""
        case Words(text):
            return _word(text)
        case Comparison():
            return _comparison(query, number_format)
        case Not(part):
            inner = write_query(part, number_format)
            return f"not ({inner})" if isinstance(part, And | Or) else f"not {inner}"
        case And(parts):
            return " ".join(
                f"({write_query(part, number_format)})" if isinstance(part, Or) else write_query(part, number_format)
                for part in parts
            )
        case Or(parts):
            return " or ".join(write_query(part, number_format) for part in parts)


def write_field(field: Field) -> str:
    """Return the text of a field: `status`, `params.age`, `summary."Total IBNR"`."""
    if not field.keys:
        return field.name
    key = field.key
    return f"{field.name}.{key if _PLAIN_KEY.fullmatch(key) else quoted(key)}"


def quoted(text: str) -> str:
    """Return a text in quotes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _comparison(one: Comparison, number_format: NumberFormat) -> str:
    name = one.field.name
    first = one.values[0] if one.values else None
    if name in _FLAGS and isinstance(first, Value) and first.text == _FLAGS[name]:
        return name
    texts = [_value(value, one, number_format) for value in one.values]
    field = write_field(one.field)
    if one.operator == "in":
        return f"{field} in ({'; '.join(texts) if number_format.decimal == ',' else ', '.join(texts)})"
    if one.operator == "=" and not one.field.keys:
        return f"{field}:{texts[0]}"
    return f"{field} {one.operator} {texts[0]}"


def _value(value: Value | Span, one: Comparison, number_format: NumberFormat) -> str:
    if isinstance(value, Span):
        ends = ("" if end is None else _end(end, number_format) for end in (value.low, value.high))
        return "..".join(ends)
    if value.number is not None or value.day is not None:
        return _end(value, number_format)
    if one.field.name == "status":
        return value.text.lower()
    if one.field.name == "date":
        return value.text
    if _is_plain(value.text) and not reads_as_value(value.text, number_format):
        return value.text
    return quoted(value.text)


def _end(value: Value, number_format: NumberFormat) -> str:
    """Return a number or a day, which is ISO where the session's way of writing it would be read as something else."""
    if value.number is not None:
        return format_number(value.number, number_format, grouping=False)
    if value.day is None:
        return value.text
    text = format_date(value.day, number_format)
    read = read_date(text, number_format)
    return text if _BARE.fullmatch(text) and not isinstance(read, Problem) and read.value == value.day else value.day


def _word(text: str) -> str:
    bare = _BARE.fullmatch(text) and text.lower() not in _KEYWORDS and text.lower() not in _FLAGS
    return text if bare else quoted(text)


def _is_plain(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None and text.lower() not in _KEYWORDS
