"""One pure function compiles a manifest's inputs into a JSON Schema (draft 2020-12).

Chosen: this schema is the single source for widgets, for the check before every run and for the API's
documentation; what JSON Schema has no word for stands under `x-` keys.
Left out: rules over several inputs, which no schema can say readably; `contract.inputs` checks them after it.
"""

from typing import Any

from contract.fields import Field
from contract.manifest import Manifest


def input_schema(manifest: Manifest) -> dict[str, Any]:
    """Return the JSON Schema of the model's inputs, properties in display order."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": manifest.name,
        "description": manifest.description,
        "type": "object",
        "properties": {key: property_schema(f) for key, f in manifest.inputs.items()},
        "required": [key for key, f in manifest.inputs.items() if f.required and not f.has_default],
        "additionalProperties": False,
    } | ({"x-rules": [{"check": r.check, "message": r.message} for r in manifest.rules]} if manifest.rules else {})


def property_schema(field: Field) -> dict[str, Any]:
    """Return the schema of one field's value."""
    schema: dict[str, Any] = {"title": field.label}
    if field.help:
        schema["description"] = field.help
    schema |= _SCHEMA_BY_TYPE[field.type](field)
    if field.has_default:
        schema["default"] = field.default
    if field.examples:
        schema["examples"] = list(field.examples)
    if field.deprecated:
        schema["deprecated"] = True
    for key, value in (
        ("x-unit", field.unit),
        ("x-group", field.group),
        ("x-show-if", field.show_if),
        ("x-widget", field.widget),
    ):
        if value:
            schema[key] = value
    return schema


def _number_schema(field: Field) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "integer" if field.whole else "number"}
    for key, value in (
        ("minimum", field.minimum),
        ("maximum", field.maximum),
        ("multipleOf", field.multiple_of),
        ("x-step", field.step),
        ("x-precision", field.precision),
    ):
        if value is not None:
            schema[key] = value
    if field.scale != "linear":
        schema["x-scale"] = field.scale
    if field.valid:
        schema["x-valid-range"] = list(field.valid)
    return schema


def _range_schema(field: Field) -> dict[str, Any]:
    schema = _number_schema(field)
    outer = {k: schema.pop(k) for k in list(schema) if k.startswith("x-")}
    return {"type": "array", "items": schema, "minItems": 2, "maxItems": 2, "x-ordered": True, **outer}


def _boolean_schema(_field: Field) -> dict[str, Any]:
    return {"type": "boolean"}


def _select_schema(field: Field) -> dict[str, Any]:
    return {
        "enum": [o.value for o in field.options],
        "x-labels": [o.label for o in field.options],
    }


def _multiselect_schema(field: Field) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "array", "items": _select_schema(field), "uniqueItems": True}
    if field.min_items is not None:
        schema["minItems"] = field.min_items
    if field.max_items is not None:
        schema["maxItems"] = field.max_items
    return schema


def _text_schema(field: Field) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "maxLength": field.max_length}
    if field.pattern:
        schema["pattern"] = field.pattern
    return schema


def _date_schema(field: Field) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "format": "date"}
    if field.minimum:
        schema["formatMinimum"] = field.minimum
    if field.maximum:
        schema["formatMaximum"] = field.maximum
    return schema


def _table_schema(field: Field) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for key, column in field.columns.items():
        inner = property_schema(column)
        columns[key] = inner if column.required else {**inner, **_nullable(inner)}
    between_rows: dict[str, Any] = {
        "x-increasing": [k for k, c in field.columns.items() if c.increasing],
        "x-unique": list(field.unique),
        "x-triangle": list(field.columns)[list(field.columns).index(field.triangle) :] if field.triangle else [],
    }
    if field.choices:
        between_rows["x-choices"] = [choice.label for choice in field.choices]
    return {
        "type": "array",
        "items": {
            "type": "object",
            "properties": columns,
            "required": [k for k, c in field.columns.items() if c.required],
            "additionalProperties": False,
        },
        "minItems": field.min_rows,
        "maxItems": field.max_rows,
    } | {key: found for key, found in between_rows.items() if found}


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    if "enum" in schema:
        return {"enum": [*schema["enum"], None]}
    return {"type": [schema["type"], "null"]}


def _file_schema(field: Field) -> dict[str, Any]:
    """Describe an uploaded file by its content hash, or the folder's own file by its name."""
    return {
        "type": ["object", "string"],
        "properties": {
            "file": {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "SHA-256 of the content"},
            "name": {"type": "string", "maxLength": 255},
            "size": {"type": "integer", "minimum": 0, "maximum": int(field.max_mb * 1_000_000)},
        },
        "required": ["file", "name"],
        "additionalProperties": False,
        "x-accept": list(field.accept),
        "x-max-mb": field.max_mb,
    }


_SCHEMA_BY_TYPE = {
    "number": _number_schema,
    "integer": _number_schema,
    "range": _range_schema,
    "boolean": _boolean_schema,
    "select": _select_schema,
    "multiselect": _multiselect_schema,
    "text": _text_schema,
    "date": _date_schema,
    "table": _table_schema,
    "file": _file_schema,
}
