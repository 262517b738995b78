"""Dates. Inside, a date is always YYYY-MM-DD, so that comparing texts compares days.

Chosen: every form in which ISO 8601 writes one day (20200103, 2023-W35-4, midnight as 2020-01-03T00:00:00) is accepted
and becomes that one before anything is checked. A week without its day, and a time of day, are no date.
Left out: dates as people write them, which is `contract.date_reader`.
"""

import datetime as dt
import re
from typing import Any, ClassVar

from jsonschema import ValidationError

from contract.field_types.declaration import DeclarationReader
from contract.field_types.handler import FieldTypeHandler
from contract.fields import Field
from contract.wording import range_text, shorten

_ISO_DAY = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8}|[0-9]{4}-?W[0-9]{2}-?[0-9])(?:[T ]00:?00(?::?00(?:\.0+)?)?)?"
)


def iso_date(text: str) -> str | None:
    """Return the day that `text` is in ISO 8601 as YYYY-MM-DD, None where it is none."""
    match = _ISO_DAY.fullmatch(text.strip())
    if match is None:
        return None
    try:
        return dt.date.fromisoformat(match[1]).isoformat()
    except ValueError:
        return None


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
                day = iso_date(text)
                if day is None:
                    reader.problem(key, f"{shorten(text)} is not a date", "Write it as 2026-12-31.")
                text = day
            values[target] = text
        if values["minimum"] and values["maximum"] and values["minimum"] > values["maximum"]:
            reader.problem("min", f"{values['minimum']} is after max {values['maximum']}", "Give a min up to max.")
        return values

    def json_schema(self, field: Field) -> dict[str, Any]:
        """Return the format with the first and last day."""
        schema: dict[str, Any] = {"type": "string", "format": "date"}
        if field.minimum:
            schema["formatMinimum"] = field.minimum
        if field.maximum:
            schema["formatMaximum"] = field.maximum
        return schema

    def canonical(self, field: Field, value: Any) -> Any:
        """Return a day as YYYY-MM-DD."""
        del field
        day = iso_date(value) if isinstance(value, str) else None
        return value if day is None else day

    def expected_text(self, field: Field) -> str:
        """Return the form with an example, and the range."""
        span = range_text(field)
        return "a date such as 2026-12-31" + (f" from {span}" if span else "")

    def found_text(self, field: Field, error: ValidationError) -> str:
        """Return what was found, a text that is no day among it."""
        if error.validator == "format":
            return f"{shorten(error.instance)} is not a date"
        return super().found_text(field, error)
