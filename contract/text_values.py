"""Values as text and back, in links.

Chosen: one form for everybody, whatever their language: numbers as JSON writes them, dates in ISO form. A link's 2,5 or
1,234 is refused, since it would mean different numbers to different readers. What does not fit becomes a problem and is
never replaced by a default.
Left out: what people type and paste, which is `contract.number_reader` and `contract.table_rows`; ranges and grids,
which `contract.inputs` checks.
"""

import json
import math
import re
from typing import Any

from contract.errors import TextError
from contract.fields import Field, is_whole
from contract.number_format import LARGE
from contract.triangle import has_shape, plain_amount

TRUE = frozenset({"true", "1", "yes", "on"})
FALSE = frozenset({"false", "0", "no", "off"})
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def format_value(field: Field, value: Any) -> str:
    """Return `value` as a link holds it; `parse_value` reads it back unchanged."""
    if field.type in {"text", "date"}:
        return str(value)
    if field.type == "select" and isinstance(value, str):
        return value
    if field.type == "boolean":
        return "true" if value else "false"
    if field.type in {"number", "integer"}:
        return _format_number(value)
    if field.type == "range":
        return ",".join(_format_number(v) for v in value)
    if field.type == "triangle" and has_shape(value):
        measures = {
            key: [[plain_amount(cell) for cell in line] for line in matrix] for key, matrix in value["measures"].items()
        }
        value = {**value, "measures": measures}
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def parse_value(field: Field, text: str) -> Any:
    """Return the value written as `text`, checked for its type only.

    Raises:
        TextError: the text does not hold a value of the field's type.
    """
    stripped = text.strip()
    match field.type:
        case "number" | "integer":
            return _parse_number(field, stripped)
        case "range":
            parts = stripped.strip("[]").split(",")
            if len(parts) != 2:
                raise TextError("two numbers with a comma between them")
            return [_parse_number(field, p.strip()) for p in parts]
        case "boolean":
            if stripped.lower() in TRUE | FALSE:
                return stripped.lower() in TRUE
            raise TextError("true or false")
        case "select":
            return _parse_option(field, stripped)
        case "multiselect":
            return [_parse_option(field, part) for part in _parse_list(text)]
        case "table" | "triangle" | "file":
            return _to_json(text)
        case _:
            return text


def _format_number(value: Any) -> str:
    # A whole figure has no ".0", so that a link reads and writes it alike whether the field takes fractions or not.
    whole = isinstance(value, int) or (float(value).is_integer() and abs(value) < LARGE)
    return str(int(value)) if whole else repr(float(value))


def _parse_number(field: Field, text: str) -> Any:
    # Links written by hand may have the unit's percent sign.
    plain = text.removesuffix("%").rstrip() if field.unit == "%" else text
    words = "a whole number" if field.whole else "a number"
    if plain.lower().lstrip("+-") in {"nan", "inf", "infinity"}:
        raise TextError("a finite number")
    if not NUMBER.fullmatch(plain):
        raise TextError(words)
    value = float(plain)
    if not math.isfinite(value):
        raise TextError("a finite number")
    if field.whole and is_whole(value):
        return int(plain) if re.fullmatch(r"[+-]?\d+", plain) else int(value)
    if field.type == "integer":
        raise TextError(words)
    return value


def _parse_option(field: Field, item: Any) -> Any:
    for option in field.options:
        if option.value == item or (isinstance(item, str) and to_option_text(option.value) == item):
            return option.value
    for option in field.options:
        if option.label == item:
            return option.value
    raise TextError("one of " + ", ".join(to_option_text(o.value) for o in field.options))


def to_option_text(value: Any) -> str:
    """Return an option's value as text: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def _parse_list(text: str) -> list[Any]:
    if text.strip().startswith("["):
        value = _to_json(text)
        if not isinstance(value, list):
            raise TextError("a list")
        return value
    return [part.strip() for part in text.split(",") if part.strip()]


def _to_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise TextError("JSON") from None
