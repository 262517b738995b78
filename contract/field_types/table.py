"""Tables: rows of single values under declared columns.

Left out: what cells owe to other rows, which is `contract.row_rules`, and CSV, which is `contract.text_values`.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from jsonschema import ValidationError

from contract.field_types.declaration import DeclarationReader
from contract.field_types.handler import FieldTypeHandler
from contract.field_types.parsing import parse_declaration
from contract.fields import MAX_TABLE_ROWS, BuiltinTable, Field, FieldType
from contract.wording import name_some, shorten


class TableType(FieldTypeHandler):
    """A list of row objects."""

    keys: ClassVar[frozenset[str]] = frozenset({"columns", "min_rows", "max_rows", "unique", "triangle", "choices"})

    def __init__(self, column_types: Mapping[FieldType, FieldTypeHandler]) -> None:
        self.column_types = column_types

    def parse(self, reader: DeclarationReader, *, column: bool) -> dict[str, Any]:
        """Return the columns, what rows owe each other, and the built-in tables."""
        del column
        raw = reader.typed("columns", Mapping, "an object {key: field}", default={})
        if not raw:
            reader.problem("columns", "the table has no columns", "Declare at least one column.")
        columns: dict[str, Field] = {}
        for key, declared in raw.items():
            built = parse_declaration(
                self.column_types,
                str(key),
                declared,
                reader.path(f"columns.{key}"),
                reader.problems,
                reader.warnings,
                column=True,
            )
            if built is not None:
                columns[str(key)] = built
        unique = [str(key) for key in reader.typed("unique", list, "a list of columns", default=[])]
        triangle = reader.text("triangle")
        for name, keys in (("unique", unique), ("triangle", [triangle] if triangle else [])):
            for key in keys:
                if key not in columns:
                    reader.problem(name, f"there is no column {shorten(key)}", f"Use some of {name_some(columns)}.")
        return {
            "columns": columns,
            "unique": tuple(unique),
            "triangle": triangle,
            "choices": _read_builtin_tables(reader),
            "min_rows": reader.count("min_rows", 0),
            "max_rows": min(reader.count("max_rows", MAX_TABLE_ROWS), MAX_TABLE_ROWS),
            "default": _read_default(reader),
        }

    def json_schema(self, field: Field) -> dict[str, Any]:
        """Return an array of objects, with keywords of our own for what rows owe each other."""
        columns: dict[str, Any] = {}
        for key, column in field.columns.items():
            inner = self.column_types[column.type].property_schema(column)
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

    def canonical(self, field: Field, value: Any) -> Any:
        """Return the rows with each cell in the form in which it is compared."""
        dates = {key: column for key, column in field.columns.items() if column.type == "date"}
        if not dates or not isinstance(value, list):
            return value
        return [
            {k: self.column_types["date"].canonical(dates[k], v) if k in dates else v for k, v in row.items()}
            if isinstance(row, Mapping)
            else row
            for row in value
        ]

    def normalise(self, field: Field, value: Any) -> Any:
        """Return every row with all columns in their order; an empty cell is None."""
        return [
            {
                key: None if row.get(key) is None else self.column_types[c.type].normalise(c, row[key])
                for key, c in field.columns.items()
            }
            for row in value
        ]

    def expected_text(self, field: Field) -> str:
        """Return how many rows with which columns."""
        return f"{field.min_rows:,} to {field.max_rows:,} rows with {name_some(field.columns)}"

    def found_text(self, field: Field, error: ValidationError) -> str:
        """Return what was found, too few or too many rows among it."""
        value: Any = error.instance
        if error.validator in {"minItems", "maxItems"}:
            return f"it has {len(value):,} rows"
        return super().found_text(field, error)


def _read_default(reader: DeclarationReader) -> Any:
    default = reader.raw.get("default")
    rows = isinstance(default, list) and all(isinstance(row, Mapping) for row in default)
    if default is None or isinstance(default, str) or rows:
        return default
    reader.problem("default", f"{str(default)[:60]!r} is not rows", "Give a list of row objects or a CSV file's name.")
    return None


def _read_builtin_tables(reader: DeclarationReader) -> tuple[BuiltinTable, ...]:
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


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    if "enum" in schema:
        return {"enum": [*schema["enum"], None]}
    return {"type": [schema["type"], "null"]}
