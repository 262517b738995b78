"""A declaration in a manifest becomes a field: every key read, every problem named, unknown keys only warned about.

Left out: what a field is, which is `contract.fields`; how each type reads its keys, which is `contract.field_types`.
"""

from typing import Any

from contract.field_types import FIELD_TYPES
from contract.field_types.parsing import parse_declaration
from contract.fields import Field
from contract.problems import Problem


def parse_field(key: str, raw: Any, where: str, problems: list[Problem], warnings: list[str]) -> Field | None:
    """Build the field declared as `raw`, adding what is wrong to `problems` and what is ignored to `warnings`.

    Args:
        key: the input's key.
        raw: the declaration as read from JSON.
        where: the path that problems name, such as `inputs.age`.
        problems: collects what makes the declaration unusable.
        warnings: collects keys that are not known and are therefore ignored.

    Returns:
        The field, or None where it cannot be built at all.
    """
    return parse_declaration(FIELD_TYPES, key, raw, where, problems, warnings)
