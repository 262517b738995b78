"""Choices: `boolean`, `select` and `multiselect`."""

from typing import Any, ClassVar

from jsonschema import ValidationError

from contract.field_types.declaration import DeclarationReader
from contract.field_types.handler import FieldTypeHandler
from contract.fields import Field, Option
from contract.wording import name_some, shorten


class BooleanType(FieldTypeHandler):
    """True or false."""

    def parse(self, reader: DeclarationReader, *, column: bool) -> dict[str, Any]:
        """Return the default: false where none is declared."""
        default = reader.raw.get("default")
        if default is None and not column:
            return {"default": False}
        if default is not None and not isinstance(default, bool):
            reader.problem("default", f"{shorten(default)} is not true or false", "Give true or false.")
        return {}

    def json_schema(self, field: Field) -> dict[str, Any]:
        """Return the type."""
        del field
        return {"type": "boolean"}

    def expected_text(self, field: Field) -> str:
        """Return both values."""
        del field
        return "true or false"


class SelectType(FieldTypeHandler):
    """One of the options."""

    keys: ClassVar[frozenset[str]] = frozenset({"options"})

    def parse(self, reader: DeclarationReader, *, column: bool) -> dict[str, Any]:
        """Return the options and the default: the first one where none is declared."""
        options = read_options(reader)
        offered = [o.value for o in options]
        default = reader.raw.get("default")
        if default is None and offered and not column:
            default = offered[0]
        elif default is not None and default not in offered:
            reader.problem(
                "default", f"{shorten(default)} is not offered", f"Use one of {name_some(map(repr, offered))}."
            )
        return {"options": options, "default": default}

    def json_schema(self, field: Field) -> dict[str, Any]:
        """Return the values with their labels."""
        return {"enum": [o.value for o in field.options], "x-labels": [o.label for o in field.options]}

    def expected_text(self, field: Field) -> str:
        """Return the values that are offered."""
        return "one of " + name_some(shorten(o.value) for o in field.options)

    def found_text(self, field: Field, error: ValidationError) -> str:
        """Return what was chosen that is not offered."""
        if error.validator == "enum":
            return f"{shorten(error.instance)} is not offered"
        return super().found_text(field, error)


class MultiselectType(SelectType):
    """Some of the options."""

    keys: ClassVar[frozenset[str]] = frozenset({"options", "min_items", "max_items"})

    def parse(self, reader: DeclarationReader, *, column: bool) -> dict[str, Any]:
        """Return the options, how many may be chosen, and the default: none where none is declared."""
        del column
        options = read_options(reader)
        offered = [o.value for o in options]
        default = reader.raw.get("default", [])
        if default is None:
            default = []
        if not isinstance(default, list):
            reader.problem("default", f"{shorten(default)} is not a list", "Give a list of options.")
            default = []
        for item in default:
            if item not in offered:
                reader.problem(
                    "default", f"{shorten(item)} is not offered", f"Use some of {name_some(map(repr, offered))}."
                )
        return {
            "options": options,
            "default": default,
            "min_items": reader.count("min_items"),
            "max_items": reader.count("max_items"),
        }

    def json_schema(self, field: Field) -> dict[str, Any]:
        """Return a list of different options."""
        schema: dict[str, Any] = {"type": "array", "items": super().json_schema(field), "uniqueItems": True}
        if field.min_items is not None:
            schema["minItems"] = field.min_items
        if field.max_items is not None:
            schema["maxItems"] = field.max_items
        return schema

    def expected_text(self, field: Field) -> str:
        """Return how many of which options."""
        bounds = _count_text(field.min_items, field.max_items)
        return f"a list of {bounds}" + name_some(shorten(o.value) for o in field.options)

    def found_text(self, field: Field, error: ValidationError) -> str:
        """Return what was chosen: too few, too many, twice, or what is not offered."""
        value: Any = error.instance
        if error.validator in {"minItems", "maxItems"}:
            return f"it has {len(value):,} choices"
        if error.validator == "uniqueItems":
            return "a choice is duplicated"
        return super().found_text(field, error)


def read_options(reader: DeclarationReader) -> tuple[Option, ...]:
    """Return the declared options: plain values, or objects with value and label."""
    raw = reader.typed("options", list, "a list of choices", default=[])
    options: list[Option] = []
    for i, item in enumerate(raw):
        if isinstance(item, dict):
            if "value" not in item:
                reader.problem(f"options[{i}]", f"{shorten(item)} has no value", 'Give {"value": ..., "label": ...}.')
                continue
            options.append(Option(item["value"], str(item.get("label", item["value"]))))
        else:
            options.append(Option(item, str(item)))
    if not options:
        reader.problem("options", "there is nothing to choose from", "List at least one option.")
    seen: list[Any] = []
    for i, option in enumerate(options):
        if not isinstance(option.value, str | int | float | bool):
            reader.problem(
                f"options[{i}]", f"{shorten(option.value)} is not a plain value", "Use text or numbers as options."
            )
        if any(option.value == s and type(option.value) is type(s) for s in seen):
            reader.problem(f"options[{i}]", f"{shorten(option.value)} is duplicated", "List each value once.")
        seen.append(option.value)
    return tuple(options)


def _count_text(low: int | None, high: int | None) -> str:
    if low is not None and high is not None:
        return f"{low} to {high} of "
    if low is not None:
        return f"at least {low} of "
    return f"at most {high} of " if high is not None else ""
