"""The declaration of one field becomes a field: what every type has, and around it what its own type reads.

Chosen: a key that does not belong to the type is a warning, never an error, so that manifests written for other readers
still work.
Left out: what belongs to one type, which is in that type's file.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from contract.field_types.declaration import DeclarationReader
from contract.field_types.handler import FieldTypeHandler
from contract.fields import Field, FieldType
from contract.problems import Problem
from contract.wording import shorten

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
INPUT_KEYS = frozenset({"former_keys"})  # of an input, not of a column
KEY_PATTERN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def parse_declaration(
    handlers: Mapping[FieldType, FieldTypeHandler],
    key: str,
    raw: Any,
    where: str,
    problems: list[Problem],
    warnings: list[str],
    *,
    column: bool = False,
) -> Field | None:
    """Build the field declared as `raw`, adding what is wrong to `problems` and what is ignored to `warnings`.

    Args:
        handlers: the types it may have.
        key: the input's key, or the column's.
        raw: the declaration as read from JSON.
        where: the path that problems name, such as `inputs.age`.
        problems: collects what makes the declaration unusable.
        warnings: collects keys that are not known and are therefore ignored.
        column: whether this declares a column of a table.

    Returns:
        The field, or None where it cannot be built at all.
    """
    if not isinstance(raw, Mapping):
        problems.append(
            Problem(where, f"{shorten(raw)} is not an object", 'Declare the input as {"type": ..., "label": ...}.')
        )
        return None
    if not KEY_PATTERN.fullmatch(key):
        problems.append(
            Problem(
                where,
                f"the key {shorten(key)} is not a plain name",
                "Use letters, digits and underscores, not starting with a digit.",
            )
        )
    type_ = raw.get("type", "number")
    if not isinstance(type_, str) or type_ not in handlers:
        problems.append(
            Problem(f"{where}.type", f"{shorten(type_)} is not a type of field", f"Use one of {', '.join(handlers)}.")
        )
        return None
    handler = handlers[cast("FieldType", type_)]
    known = COMMON_KEYS | handler.keys | (handler.column_keys if column else INPUT_KEYS)
    reader = DeclarationReader(raw, where, problems, warnings)
    for unknown in sorted(set(raw) - known):
        reader.warn(unknown, f"is not known for a {type_} and is ignored.")
    values: dict[str, Any] = {
        "key": key,
        "type": type_,
        "label": reader.text("label") or key.replace("_", " ").capitalize(),
        "unit": reader.text("unit"),
        "help": reader.text("help") or reader.text("description"),
        "group": reader.text("group"),
        "deprecated": reader.flag("deprecated"),
        "examples": tuple(reader.typed("examples", list, "a list", default=[])),
        "show_if": reader.typed("show_if", Mapping, "an object {other_key: value}"),
        "default": raw.get("default"),
        **handler.parse(reader, column=column),
    }
    if not column:
        values["former_keys"] = _read_former_keys(reader, key)
    values["has_default"] = values["default"] is not None
    if column and "increasing" in handler.column_keys:
        values["increasing"] = reader.flag("increasing")
    explicit = reader.typed("required", bool, "true or false")
    values["required"] = not values["has_default"] if explicit is None else explicit
    built = Field(**values)
    return replace(built, default=handler.canonical(built, built.default)) if built.has_default else built


def _read_former_keys(reader: DeclarationReader, key: str) -> tuple[str, ...]:
    found = reader.typed("former_keys", list, "a list of keys", default=[])
    for former in found:
        if not isinstance(former, str) or not KEY_PATTERN.fullmatch(former) or former == key:
            reader.problem("former_keys", f"{shorten(former)} is not a former key", "Give keys of earlier versions.")
            return ()
    return tuple(dict.fromkeys(found))
