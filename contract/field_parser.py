"""A declaration in a manifest becomes a field: every key read, every problem named, nothing refused for being odd.

Chosen: `parse` collects every problem it meets; a key that does not belong to the type is a warning, never an error, so
that manifests written for other readers still work.
Left out: what a field is, which is `contract.fields`.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any

from contract.fields import (
    MAX_FILE_MB,
    MAX_TABLE_ROWS,
    MAX_TEXT,
    SCALARS,
    TYPES,
    BuiltinTable,
    Field,
    Option,
    is_number,
    is_whole,
)
from contract.problems import Problem

COMMON_KEYS = frozenset(
    {
        "type",
        "label",
        "unit",
        "help",
        "group",
        "required",
        "show_if",
        "deprecated",
        "examples",
        "default",
        "description",
    }
)
NUMERIC_KEYS = frozenset({"min", "max", "step", "scale", "precision", "valid", "widget"})
EXTRA_KEYS: dict[str, frozenset[str]] = {
    "number": NUMERIC_KEYS,
    "integer": NUMERIC_KEYS,
    "range": NUMERIC_KEYS,
    "boolean": frozenset(),
    "select": frozenset({"options"}),
    "multiselect": frozenset({"options", "min_items", "max_items"}),
    "text": frozenset({"max_length", "pattern", "placeholder", "lines"}),
    "date": frozenset({"min", "max"}),
    "table": frozenset({"columns", "min_rows", "max_rows", "unique", "triangle", "choices"}),
    "file": frozenset({"accept", "max_mb"}),
}
ORDERED = frozenset({"number", "integer", "date"})  # types of columns that may be declared increasing
KEY_PATTERN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def parse_field(
    key: str, raw: Any, where: str, problems: list[Problem], warnings: list[str], *, column: bool = False
) -> Field | None:
    """Build the field declared as `raw`, adding what is wrong to `problems` and what is odd to `warnings`.

    Args:
        key: the input's key, or the column's.
        raw: the declaration as read from JSON.
        where: the path that problems name, such as `inputs.age`.
        problems: collects what makes the declaration unusable.
        warnings: collects keys that are not known and are therefore ignored.
        column: whether this declares a column of a table, which takes scalar types only and gets no
            default of its own accord.

    Returns:
        The field, or None where it cannot be built at all.
    """
    if not isinstance(raw, Mapping):
        problems.append(
            Problem(where, f"{raw!r} is not an object", 'Declare the input as {"type": ..., "label": ...}.')
        )
        return None
    if not KEY_PATTERN.fullmatch(key):
        problems.append(
            Problem(
                where,
                f"the key {key!r} is not a plain name",
                "Use letters, digits and underscores, not starting with a digit.",
            )
        )
    type_ = raw.get("type", "number")
    allowed = [t for t in TYPES if t in SCALARS] if column else list(TYPES)
    if type_ not in allowed:
        problems.append(
            Problem(f"{where}.type", f"{type_!r} is not a type of field", f"Use one of {', '.join(allowed)}.")
        )
        return None
    known = COMMON_KEYS | EXTRA_KEYS[type_] | ({"increasing"} if column and type_ in ORDERED else set())
    for odd in sorted(set(raw) - known):
        warnings.append(f"{where}.{odd} is not known for a {type_} and is ignored.")
    reader = _Reader(raw, where, problems, warnings)
    values: dict[str, Any] = {
        "key": key,
        "type": type_,
        "label": reader.text("label") or key.replace("_", " ").capitalize(),
        "unit": reader.text("unit"),
        "help": reader.text("help") or reader.text("description"),
        "group": reader.text("group"),
        "deprecated": bool(reader.typed("deprecated", bool, "true or false", default=False)),
        "examples": tuple(reader.typed("examples", list, "a list", default=[])),
        "show_if": reader.typed("show_if", Mapping, "an object {other_key: value}"),
        "default": raw.get("default"),
        "has_default": raw.get("default") is not None,
    }
    _PARSERS[type_](reader, values, column=column)
    if column and type_ in ORDERED:
        values["increasing"] = bool(reader.typed("increasing", bool, "true or false", default=False))
    explicit = reader.typed("required", bool, "true or false")
    values["required"] = not values["has_default"] if explicit is None else explicit
    return Field(**values)


class _Reader:
    """Reads keys of one declaration and notes what has the wrong shape."""

    def __init__(self, raw: Mapping[str, Any], where: str, problems: list[Problem], warnings: list[str]) -> None:
        self.raw, self.where, self.problems, self.warnings = raw, where, problems, warnings

    def problem(self, key: str, found: str, hint: str) -> None:
        self.problems.append(Problem(f"{self.where}.{key}", found, hint))

    def typed(self, key: str, kind: Any, words: str, default: Any = None) -> Any:
        value = self.raw.get(key)
        if value is None:
            return default
        wrong_bool = isinstance(value, bool) and kind is not bool
        if not isinstance(value, kind) or wrong_bool:
            self.problem(key, f"{value!r} is not {words}", f"Give {words}.")
            return default
        return value

    def text(self, key: str) -> str | None:
        value: str | None = self.typed(key, str, "text")
        return value

    def number(self, key: str, default: float | None = None) -> Any:
        value = self.typed(key, int | float, "a number", default)
        if value is not None and not is_number(value):
            self.problem(key, f"{value!r} is not finite", "Give a finite number.")
            return default
        return value

    def count(self, key: str, default: int | None = None) -> Any:
        value = self.typed(key, int, "a whole number", default)
        if value is not None and value < 0:
            self.problem(key, f"{value} is below 0", "Give 0 or more.")
            return default
        return value


def _parse_numeric(reader: _Reader, values: dict[str, Any], *, column: bool) -> None:
    is_range = values["type"] == "range"
    low = reader.number("min", None if column else 0)
    high = reader.number("max", None if column else 100)
    step = reader.number("step", None if column else 1)
    if step is not None and step <= 0:
        reader.problem("step", f"{step} is not above 0", "Give a step above 0.")
        step = 1
    if low is not None and high is not None and low > high:
        reader.problem("min", f"{low} is above max {high}", "Give a min that is at most max.")
        high = low
    default = values["default"]
    if default is None and not column:
        default = [low, high] if is_range else low
    if default is not None:
        numbers = list(default) if is_range and isinstance(default, Sequence) else [default]
        if not all(is_number(n) for n in numbers) or (is_range and len(numbers) != 2):
            words = "a list [low, high] of numbers" if is_range else "a number"
            reader.problem("default", f"{default!r} is not {words}", f"Give {words}.")
            default = [low, high] if is_range else low
            numbers = list(default) if is_range else [default]
        elif any((low is not None and n < low) or (high is not None and n > high) for n in numbers):
            reader.problem("default", f"{default!r} is outside {low:g} to {high:g}", "Give a default in that range.")
    else:
        numbers = []
    whole = values["type"] == "integer" or (not column and all(is_whole(n) for n in (low, high, step, *numbers)))
    if values["type"] == "integer":
        for name, n in (("min", low), ("max", high), ("step", step), *(("default", n) for n in numbers)):
            if n is not None and not is_whole(n):
                reader.problem(name, f"{n} is not whole", "Give a whole number, or use the type number.")
    if whole:
        low, high, step = (None if n is None else int(n) for n in (low, high, step))
        numbers = [int(n) for n in numbers if is_number(n)]
    if numbers:
        default = numbers if is_range else numbers[0]
    scale = reader.text("scale") or "linear"
    if scale not in {"linear", "log"}:
        reader.problem("scale", f"{scale!r} is not a scale", 'Give "linear" or "log".')
        scale = "linear"
    if scale == "log" and (low is None or low <= 0):
        reader.problem("scale", f"a log scale cannot start at {low}", "Give a min above 0.")
        scale = "linear"
    widget = reader.text("widget")
    if widget not in {None, "slider", "number"}:
        reader.problem("widget", f"{widget!r} is not a widget", 'Give "slider" or "number".')
    valid = reader.typed("valid", list, "a list [low, high]")
    if valid is not None and (len(valid) != 2 or not all(is_number(v) for v in valid) or valid[0] > valid[1]):
        reader.problem("valid", f"{valid!r} is not a range", "Give [low, high] with low at most high.")
        valid = None
    values |= {
        "minimum": low,
        "maximum": high,
        "step": step,
        "whole": whole,
        "scale": scale,
        "widget": widget,
        "precision": reader.count("precision"),
        "valid": None if valid is None else (valid[0], valid[1]),
        "default": default,
        "has_default": default is not None,
    }


def _parse_boolean(reader: _Reader, values: dict[str, Any], *, column: bool) -> None:
    if values["default"] is None and not column:
        values |= {"default": False, "has_default": True}
    elif values["has_default"] and not isinstance(values["default"], bool):
        reader.problem("default", f"{values['default']!r} is not true or false", "Give true or false.")


def _parse_options(reader: _Reader) -> tuple[Option, ...]:
    raw = reader.typed("options", list, "a list of choices", default=[])
    options: list[Option] = []
    for i, item in enumerate(raw):
        if isinstance(item, Mapping):
            if "value" not in item:
                reader.problem(f"options[{i}]", f"{item!r} has no value", 'Give {"value": ..., "label": ...}.')
                continue
            options.append(Option(item["value"], str(item.get("label", item["value"]))))
        else:
            options.append(Option(item, str(item)))
    if not options:
        reader.problem("options", "there is nothing to choose from", "List at least one option.")
    seen: list[Any] = []
    for i, option in enumerate(options):
        if not isinstance(option.value, str | int | float | bool):
            reader.problem(f"options[{i}]", f"{option.value!r} is not a plain value", "Use text or numbers as options.")
        if any(option.value == s and type(option.value) is type(s) for s in seen):
            reader.problem(f"options[{i}]", f"{option.value!r} stands twice", "List each value once.")
        seen.append(option.value)
    return tuple(options)


def _parse_select(reader: _Reader, values: dict[str, Any], *, column: bool) -> None:
    options = _parse_options(reader)
    offered = [o.value for o in options]
    default = values["default"]
    if default is None and offered and not column:
        default = offered[0]
    elif default is not None and default not in offered:
        reader.problem("default", f"{default!r} is not offered", f"Use one of {', '.join(map(repr, offered))}.")
    values |= {"options": options, "default": default, "has_default": default is not None}


def _parse_multiselect(reader: _Reader, values: dict[str, Any], *, column: bool) -> None:
    del column
    options = _parse_options(reader)
    offered = [o.value for o in options]
    default = values["default"] if values["default"] is not None else []
    if not isinstance(default, list):
        reader.problem("default", f"{default!r} is not a list", "Give a list of options.")
        default = []
    for item in default:
        if item not in offered:
            reader.problem("default", f"{item!r} is not offered", f"Use some of {', '.join(map(repr, offered))}.")
    values |= {
        "options": options,
        "default": default,
        "has_default": True,
        "min_items": reader.count("min_items"),
        "max_items": reader.count("max_items"),
    }


def _parse_text(reader: _Reader, values: dict[str, Any], *, column: bool) -> None:
    pattern = reader.text("pattern")
    if pattern is not None:
        try:
            re.compile(pattern)
        except re.error as error:
            reader.problem("pattern", f"{pattern!r} is not a pattern: {error}", "Mend the expression.")
            pattern = None
    if values["default"] is not None and not isinstance(values["default"], str):
        reader.problem("default", f"{values['default']!r} is not text", "Put the default in quotes.")
    if values["default"] is None and not column and reader.raw.get("required") is not True:
        values |= {"default": "", "has_default": True}
    values |= {
        "pattern": pattern,
        "placeholder": reader.text("placeholder"),
        "max_length": reader.count("max_length", MAX_TEXT),
        "lines": reader.count("lines"),
    }


def _parse_date(reader: _Reader, values: dict[str, Any], *, column: bool) -> None:
    del column
    for key, target in (("min", "minimum"), ("max", "maximum"), ("default", "default")):
        text = reader.text(key)
        if text is not None:
            try:
                dt.date.fromisoformat(text)
            except ValueError:
                reader.problem(key, f"{text!r} is not a date", "Write it as 2026-12-31.")
                text = None
        values[target] = text
    values["has_default"] = values["default"] is not None


def _parse_table(reader: _Reader, values: dict[str, Any], *, column: bool) -> None:
    del column
    raw = reader.typed("columns", Mapping, "an object {key: field}", default={})
    if not raw:
        reader.problem("columns", "the table has no columns", "Declare at least one column.")
    columns: dict[str, Field] = {}
    for key, declared in raw.items():
        built = parse_field(
            str(key),
            declared,
            f"{reader.where}.columns.{key}",
            reader.problems,
            reader.warnings,
            column=True,
        )
        if built is not None:
            columns[str(key)] = built
    unique = reader.typed("unique", list, "a list of columns", default=[])
    triangle = reader.text("triangle")
    for name, keys in (("unique", unique), ("triangle", [triangle] if triangle else [])):
        for key in keys:
            if key not in columns:
                reader.problem(name, f"there is no column {key!r}", f"Use some of {', '.join(columns)}.")
    default = values["default"]
    if default is not None and not (
        isinstance(default, str) or (isinstance(default, list) and all(isinstance(row, Mapping) for row in default))
    ):
        reader.problem(
            "default",
            f"{str(default)[:60]!r} is not rows",
            "Give a list of row objects or a CSV file's name.",
        )
        values |= {"default": None, "has_default": False}
    values |= {
        "columns": columns,
        "unique": tuple(map(str, unique)),
        "triangle": triangle,
        "choices": _parse_builtin_tables(reader),
        "min_rows": reader.count("min_rows", 0),
        "max_rows": min(reader.count("max_rows", MAX_TABLE_ROWS), MAX_TABLE_ROWS),
    }


def _parse_builtin_tables(reader: _Reader) -> tuple[BuiltinTable, ...]:
    found = []
    for i, item in enumerate(reader.typed("choices", list, "a list of built-in tables", default=[])):
        good = isinstance(item, Mapping) and isinstance(item.get("label"), str)
        rows = item.get("rows") if good else None
        if isinstance(rows, str):
            rows = []  # a file of the folder, which the manifest's check replaces by its rows
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            hint = 'Give {"label": ..., "rows": rows or the name of a CSV file}.'
            reader.problem(f"choices[{i}]", "it is not a named table", hint)
            continue
        found.append(BuiltinTable(item["label"], tuple(rows), item.get("source")))
    return tuple(found)


def _parse_file(reader: _Reader, values: dict[str, Any], *, column: bool) -> None:
    del column
    accept = reader.typed("accept", list, "a list of endings", default=[])
    for ending in accept:
        if not isinstance(ending, str) or not ending.startswith("."):
            reader.problem("accept", f"{ending!r} is not a file ending", 'Write endings as ".csv".')
    if values["default"] is not None and not isinstance(values["default"], str):
        reader.problem("default", f"{values['default']!r} is not a file's name", "Name a file of the folder.")
    values |= {
        "accept": tuple(str(e).lower() for e in accept),
        "max_mb": float(reader.number("max_mb", MAX_FILE_MB)),
    }


_PARSERS = {
    "number": _parse_numeric,
    "integer": _parse_numeric,
    "range": _parse_numeric,
    "boolean": _parse_boolean,
    "select": _parse_select,
    "multiselect": _parse_multiselect,
    "text": _parse_text,
    "date": _parse_date,
    "table": _parse_table,
    "file": _parse_file,
}
