"""Texts, with a length, and a pattern where they have a form."""

from typing import Any, ClassVar

from jsonschema import ValidationError

from contract.errors import PatternError, PatternTimeout
from contract.field_types.declaration import DeclarationReader
from contract.field_types.handler import FieldTypeHandler
from contract.fields import MAX_TEXT, Field
from contract.patterns import compile_pattern, matches_pattern
from contract.wording import shorten


class TextType(FieldTypeHandler):
    """A text."""

    keys: ClassVar[frozenset[str]] = frozenset({"max_length", "pattern", "placeholder", "lines"})

    def parse(self, reader: DeclarationReader, *, column: bool) -> dict[str, Any]:
        """Return length, pattern and the rest; the default is the empty text where that is a value it may have."""
        values: dict[str, Any] = {
            "pattern": _read_pattern(reader),
            "placeholder": reader.text("placeholder"),
            "max_length": reader.count("max_length", MAX_TEXT),
            "lines": reader.count("lines"),
        }
        default = reader.raw.get("default")
        if default is not None and not isinstance(default, str):
            reader.problem("default", f"{shorten(default)} is not text", "Put the default in quotes.")
        if default is None and not column and reader.raw.get("required") is not True:
            values["default"] = "" if _fits_empty(values["pattern"]) else None
        return values

    def json_schema(self, field: Field) -> dict[str, Any]:
        """Return length and pattern."""
        schema: dict[str, Any] = {"type": "string", "maxLength": field.max_length}
        if field.pattern:
            schema["pattern"] = field.pattern
        return schema

    def expected_text(self, field: Field) -> str:
        """Return the length and the form."""
        form = f" of the form {field.pattern}" if field.pattern else ""
        return f"a text of at most {field.max_length:,} characters{form}"

    def found_text(self, field: Field, error: ValidationError) -> str:
        """Return what was found, a text too long or of another form among it."""
        value: Any = error.instance
        if error.validator == "maxLength":
            return f"it has {len(value):,} characters"
        if error.validator == "pattern" and isinstance(error.cause, PatternTimeout):
            return f"{shorten(value)} takes too long to compare with the required form"
        if error.validator == "pattern":
            return f"{shorten(error.instance)} does not have the required form"
        return super().found_text(field, error)


def _fits_empty(pattern: str | None) -> bool:
    try:
        return pattern is None or matches_pattern(pattern, "")
    except PatternTimeout:
        return False


def _read_pattern(reader: DeclarationReader) -> str | None:
    pattern = reader.text("pattern")
    if pattern is not None:
        try:
            compile_pattern(pattern)
        except PatternError as error:
            reader.problem("pattern", f"{shorten(pattern)} is not a pattern: {error}", "Correct the expression.")
            return None
    return pattern
