"""Dates, as ISO 8601 writes them."""

import datetime as dt
from typing import Any, ClassVar

from jsonschema import ValidationError

from contract.field_types.declaration import DeclarationReader
from contract.field_types.handler import FieldTypeHandler
from contract.fields import Field
from contract.wording import range_text, shorten


class DateType(FieldTypeHandler):
    """A day of the calendar."""

    keys: ClassVar[frozenset[str]] = frozenset({"min", "max"})
    column_keys: ClassVar[frozenset[str]] = frozenset({"increasing"})

    def parse(self, reader: DeclarationReader, *, column: bool) -> dict[str, Any]:
        """Return first and last day and the default."""
        del column
        values: dict[str, Any] = {}
        for key, target in (("min", "minimum"), ("max", "maximum"), ("default", "default")):
            text = reader.text(key)
            if text is not None:
                try:
                    dt.date.fromisoformat(text)
                except ValueError:
                    reader.problem(key, f"{text!r} is not a date", "Write it as 2026-12-31.")
                    text = None
            values[target] = text
        return values

    def json_schema(self, field: Field) -> dict[str, Any]:
        """Return the format with the first and last day."""
        schema: dict[str, Any] = {"type": "string", "format": "date"}
        if field.minimum:
            schema["formatMinimum"] = field.minimum
        if field.maximum:
            schema["formatMaximum"] = field.maximum
        return schema

    def expected_text(self, field: Field) -> str:
        """Return the form with an example, and the range."""
        span = range_text(field)
        return "a date such as 2026-12-31" + (f" from {span}" if span else "")

    def found_text(self, field: Field, error: ValidationError) -> str:
        """Return what was found, a text that is no day among it."""
        if error.validator == "format":
            return f"{shorten(error.instance)} is not a date"
        return super().found_text(field, error)
