"""Numbers: `number`, `integer` and `range`, with their bounds, step, precision, scale and calibrated range.

Left out: how a number is written by a person, which is `contract.number_reader`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from jsonschema import ValidationError

from contract.field_types.declaration import DeclarationReader
from contract.field_types.handler import FieldTypeHandler
from contract.fields import MAX_PRECISION, Field, decimals_of, is_number, is_whole
from contract.wording import range_text, shorten, span_text

SCALES = ("linear", "log")
WIDGETS = ("slider", "number")


@dataclass(slots=True)
class _Bounds:
    """What of a declaration has to agree with the rest of it."""

    low: Any
    high: Any
    step: Any
    default: Any
    numbers: list[Any]  # of the default: one, two for a range, or none


class NumberType(FieldTypeHandler):
    """One number."""

    keys: ClassVar[frozenset[str]] = frozenset(
        {"min", "max", "step", "scale", "precision", "valid", "widget", "currency"}
    )
    column_keys: ClassVar[frozenset[str]] = frozenset({"increasing"})
    default_words: ClassVar[str] = "a number"

    def parse(self, reader: DeclarationReader, *, column: bool) -> dict[str, Any]:
        """Return bounds, step, default and the rest; absent, min is 0, max 100, step 1 and the default min."""
        bounds = self._read_bounds(reader, column=column)
        precision = self._read_precision(reader, bounds)
        whole = self._is_whole(reader, bounds, precision, column=column)
        if whole:
            bounds.low, bounds.high, bounds.step = (
                None if n is None else int(n) for n in (bounds.low, bounds.high, bounds.step)
            )
            bounds.numbers = [int(n) for n in bounds.numbers if is_number(n)]
        return {
            "minimum": bounds.low,
            "maximum": bounds.high,
            "step": bounds.step,
            "whole": whole,
            "scale": _read_scale(reader, bounds.low),
            "widget": _read_widget(reader),
            "precision": precision,
            "valid": _read_valid(reader),
            "currency": reader.flag("currency"),
            "default": self._as_default(bounds.numbers) if bounds.numbers else bounds.default,
        }

    def json_schema(self, field: Field) -> dict[str, Any]:
        """Return minimum, maximum and multipleOf, with the step and the precision beside them."""
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
        if field.currency:
            schema["x-currency"] = True
        return schema

    def normalise(self, field: Field, value: Any) -> Any:
        """Return an int where the field holds whole numbers, else a float, so that equal inputs are stored equally."""
        return int(value) if field.whole else float(value)

    def expected_text(self, field: Field) -> str:
        """Return the kind of number with its range and grid."""
        noun = "a whole number" if field.whole else "a number"
        span = range_text(field)
        step = field.multiple_of
        if field.precision and not field.whole:
            grid = f" with at most {_decimals(field.precision)}"
        else:
            grid = f", in steps of {step:g}" if step and not (field.whole and step == 1) else ""
        return (f"{noun} from {span}" if span else noun) + grid

    def found_text(self, field: Field, error: ValidationError) -> str:
        """Return what was found, a number off its grid among it."""
        if error.validator == "multipleOf":
            return f"{shorten(error.instance)} is not a multiple of {error.validator_value:g}"
        return super().found_text(field, error)

    def _read_bounds(self, reader: DeclarationReader, *, column: bool) -> _Bounds:
        low = reader.number("min", None if column else 0)
        high = reader.number("max", None if column else 100)
        step = reader.number("step", None if column else 1)
        if step is not None and step <= 0:
            reader.problem("step", f"{step} is not above 0", "Give a step above 0.")
            step = 1
        if low is not None and high is not None and low > high:
            reader.problem("min", f"{low} is above max {high}", "Give a min that is at most max.")
            high = low
        own = self._own_default(low, high)
        default = reader.raw.get("default")
        if default is None and not column:
            default = own
        if default is None:
            return _Bounds(low, high, step, None, [])
        numbers = self._default_numbers(default)
        if numbers is None:
            reader.problem("default", f"{shorten(default)} is not {self.default_words}", f"Give {self.default_words}.")
            return _Bounds(low, high, step, own, self._default_numbers(own) or [])
        if any((low is not None and n < low) or (high is not None and n > high) for n in numbers):
            span = span_text(low, high)
            reader.problem("default", f"{shorten(default)} is outside {span}", "Give a default in that range.")
        return _Bounds(low, high, step, default, numbers)

    def _read_precision(self, reader: DeclarationReader, bounds: _Bounds) -> int | None:
        """Return how many decimals may be typed; at least those of the step, the bounds and the default.

        A slider's own positions and the ends of the range are values that an analyst can reach, so they have to be
        values that are accepted.
        """
        declared: int | None = reader.count("precision")
        if declared is None:
            return None
        marks = {"min": bounds.low, "max": bounds.high, "step": bounds.step}
        needed = {name: decimals_of(n) for name, n in marks.items() if n is not None}
        needed["default"] = max(map(decimals_of, bounds.numbers), default=0)
        finest = max(needed, key=lambda name: needed[name])
        if needed[finest] > declared:
            decimals = f"{finest} has {_decimals(needed[finest])}"
            reader.warn("precision", f"is {declared}, but {decimals}: {needed[finest]} may be typed.")
        return min(max(declared, *needed.values()), MAX_PRECISION)

    def _is_whole(self, reader: DeclarationReader, bounds: _Bounds, precision: int | None, *, column: bool) -> bool:
        """Say whether the values are whole: where no decimals are declared and everything else about them is whole."""
        del reader
        declared = (bounds.low, bounds.high, bounds.step, *bounds.numbers)
        return not column and not precision and all(is_whole(n) for n in declared)

    def _own_default(self, low: Any, high: Any) -> Any:
        del high
        return low

    def _default_numbers(self, default: Any) -> list[Any] | None:
        return [default] if is_number(default) else None

    def _as_default(self, numbers: list[Any]) -> Any:
        return numbers[0]


class IntegerType(NumberType):
    """One whole number, whatever its bounds look like."""

    def _read_precision(self, reader: DeclarationReader, bounds: _Bounds) -> int | None:
        del bounds
        declared: int | None = reader.count("precision")
        if declared:
            reader.warn("precision", f"is {declared} and is ignored: whole numbers have no decimals.")
        return None if declared is None else 0

    def _is_whole(self, reader: DeclarationReader, bounds: _Bounds, precision: int | None, *, column: bool) -> bool:
        del column, precision
        for name, n in (
            ("min", bounds.low),
            ("max", bounds.high),
            ("step", bounds.step),
            *(("default", n) for n in bounds.numbers),
        ):
            if n is not None and not is_whole(n):
                reader.problem(name, f"{n} is not whole", "Give a whole number, or use the type number.")
        return True


class RangeType(NumberType):
    """Two numbers, the lower one first."""

    column_keys: ClassVar[frozenset[str]] = frozenset()
    default_words: ClassVar[str] = "a list [low, high] of numbers"

    def json_schema(self, field: Field) -> dict[str, Any]:
        """Return an array of two numbers in order."""
        schema = super().json_schema(field)
        outer = {k: schema.pop(k) for k in list(schema) if k.startswith("x-")}
        return {"type": "array", "items": schema, "minItems": 2, "maxItems": 2, "x-ordered": True, **outer}

    def normalise(self, field: Field, value: Any) -> Any:
        """Return both ends as the field's kind of number."""
        return [super(RangeType, self).normalise(field, v) for v in value]

    def expected_text(self, field: Field) -> str:
        """Return the form of the two ends with their range."""
        return f"[low, high] within {range_text(field)}"

    def found_text(self, field: Field, error: ValidationError) -> str:
        """Return what was found, ends in the wrong order among it."""
        if error.validator == "x-ordered":
            return f"{shorten(error.instance)} runs from high to low"
        if error.validator in {"minItems", "maxItems"}:
            return f"{shorten(error.instance)} does not have two ends"
        return super().found_text(field, error)

    def _own_default(self, low: Any, high: Any) -> Any:
        return [low, high]

    def _default_numbers(self, default: Any) -> list[Any] | None:
        numbers = list(default) if isinstance(default, Sequence) else [default]
        return numbers if len(numbers) == 2 and all(is_number(n) for n in numbers) else None

    def _as_default(self, numbers: list[Any]) -> Any:
        return numbers


def _decimals(count: int) -> str:
    return f"{count} decimal{'' if count == 1 else 's'}"


def _read_scale(reader: DeclarationReader, low: Any) -> str:
    scale = reader.text("scale") or "linear"
    if scale not in SCALES:
        reader.problem("scale", f"{shorten(scale)} is not a scale", 'Give "linear" or "log".')
        return "linear"
    if scale == "log" and (low is None or low <= 0):
        reader.problem("scale", f"a log scale cannot start at {low}", "Give a min above 0.")
        return "linear"
    return scale


def _read_widget(reader: DeclarationReader) -> str | None:
    widget = reader.text("widget")
    if widget not in {None, *WIDGETS}:
        reader.problem("widget", f"{shorten(widget)} is not a widget", 'Give "slider" or "number".')
    return widget


def _read_valid(reader: DeclarationReader) -> tuple[float, float] | None:
    valid = reader.typed("valid", list, "a list [low, high]")
    if valid is None:
        return None
    if len(valid) != 2 or not all(is_number(v) for v in valid) or valid[0] > valid[1]:
        reader.problem("valid", f"{shorten(valid)} is not a range", "Give [low, high] with low at most high.")
        return None
    return valid[0], valid[1]
