"""What every type of field can do: read its declaration, compile to a schema, normalise a value, describe itself.

Chosen: one class for a type, so that a new type is one file and one line in the table of `contract.field_types`; the
field itself stays one frozen value, which widgets and checks read without knowing these classes.
Left out: values as text, which is `contract.text_values`, and widgets, which are `ui.form.inputs`.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from jsonschema import ValidationError

from contract.field_types.declaration import DeclarationReader
from contract.fields import Field
from contract.wording import range_text, shorten


class FieldTypeHandler(ABC):
    """One type of field, or a family that differs in details. It keeps no state."""

    keys: ClassVar[frozenset[str]] = frozenset()  # of a declaration, beyond those that every field may have
    column_keys: ClassVar[frozenset[str]] = frozenset()  # further ones where it declares a column of a table

    @abstractmethod
    def parse(self, reader: DeclarationReader, *, column: bool) -> dict[str, Any]:
        """Return the attributes of `Field` that belong to the type, `default` among them where it is not as given.

        Args:
            reader: the declaration; what is wrong with it is noted there.
            column: whether it declares a column of a table, which gets no default of its own accord.
        """

    @abstractmethod
    def json_schema(self, field: Field) -> dict[str, Any]:
        """Return the JSON Schema of a value, without what every field has (`property_schema`)."""

    @abstractmethod
    def expected_text(self, field: Field) -> str:
        """Return what a value has to be, as in "Give a whole number from 18 to 120"."""

    def validation_schema(self, field: Field) -> dict[str, Any]:
        """Return the schema that values are checked against: the documented one, unless a type has a faster one."""
        return self.property_schema(field)

    def property_schema(self, field: Field) -> dict[str, Any]:
        """Return the whole schema of a field: its label, help, default, unit and what belongs to its type."""
        schema: dict[str, Any] = {"title": field.label}
        if field.help:
            schema["description"] = field.help
        schema |= self.json_schema(field)
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

    def canonical(self, field: Field, value: Any) -> Any:
        """Return a value of any type in the form in which it is compared; what has none is returned as it is.

        This comes before the schema's check, so that order, repeats, bounds and rules see one form.
        """
        del field
        return value

    def normalise(self, field: Field, value: Any) -> Any:
        """Return a value that fits the schema in the one form that is stored and handed to the model."""
        del field
        return value

    def found_text(self, field: Field, error: ValidationError) -> str:
        """Return what was found where a value does not fit its schema."""
        value = error.instance
        match error.validator:
            case "minimum" | "maximum" | "formatMinimum" | "formatMaximum":
                return f"{shorten(value)} is outside {range_text(field)}"
            case "type" if value is None:
                return "the cell is empty"
            case _:
                return f"{shorten(value)} is not {self.expected_text(field)}"
