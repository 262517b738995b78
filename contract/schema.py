"""One pure function compiles a manifest's inputs into a JSON Schema (draft 2020-12).

Chosen: this schema is the single source for widgets, for the check before every run and for the API's
documentation; what JSON Schema has no word for is kept under `x-` keys.
Left out: rules over several inputs, which no schema can say readably; `contract.inputs` checks them after it.
"""

from typing import Any

from contract.declared_inputs import DeclaredInputs
from contract.field_types import FIELD_TYPES
from contract.fields import Field


def input_schema(declared: DeclaredInputs) -> dict[str, Any]:
    """Return the JSON Schema of the model's inputs, properties in display order.

    Args:
        declared: a manifest.
    """
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": declared.name,
        "description": declared.description,
        "type": "object",
        "properties": {key: property_schema(f) for key, f in declared.inputs.items()},
        "required": [key for key, f in declared.inputs.items() if f.required and not f.has_default],
        "additionalProperties": False,
    }
    if declared.rules:
        schema["x-rules"] = [{"check": r.check, "message": r.message} for r in declared.rules]
    if declared.layout:
        schema["x-layout"] = declared.layout
    return schema


def property_schema(field: Field) -> dict[str, Any]:
    """Return the schema of one field's value."""
    return FIELD_TYPES[field.type].property_schema(field)


def validation_schema(declared: DeclaredInputs) -> dict[str, Any]:
    """Return the schema that the inputs are checked against: the same, where a type has no faster check of its own."""
    properties = {key: FIELD_TYPES[f.type].validation_schema(f) for key, f in declared.inputs.items()}
    return input_schema(declared) | {"properties": properties}
