"""A field is one input a manifest declares: its type, range, unit, words and widget.

Chosen: one frozen value for all types, so that widgets, schema and checks ask one thing.
Left out: how a manifest declares it, which is `contract.field_parser`; checking of values, which goes
through the JSON Schema of `contract.schema`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

FieldType = Literal[
    "number", "integer", "range", "boolean", "select", "multiselect", "text", "date", "table", "triangle", "file"
]
TYPES: tuple[FieldType, ...] = (
    "number",
    "integer",
    "range",
    "boolean",
    "select",
    "multiselect",
    "text",
    "date",
    "table",
    "triangle",
    "file",
)
SCALARS = frozenset({"number", "integer", "boolean", "select", "text", "date"})
NUMERIC = frozenset({"number", "integer", "range"})

LARGEST = 2**1023
MAX_TABLE_ROWS = 100_000
MAX_TRIANGLE_CELLS = 250_000  # of one measure; 40 years by month have 230,400
MAX_FILE_MB = 50.0
MAX_TEXT = 10_000
MAX_PRECISION = 300  # decimals; the smallest double that arithmetic keeps whole is about 1e-308


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a select or multiselect: the value a model gets and the words an analyst reads."""

    value: Any
    label: str


@dataclass(frozen=True, slots=True)
class BuiltinTable:
    """A built-in table that a table input may be filled with: what it is called, where it is from, and its rows."""

    label: str
    rows: tuple[Mapping[str, Any], ...]
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One declared input. Keys that do not belong to its type hold their defaults.

    `currency` says that its unit is an amount of money and follows the currency that the analyst works in. A triangle
    has `measures`, fields of numbers, of which one that is `per_origin` has one amount for each origin; `former_inputs`
    are inputs of earlier versions that its value is read from (`contract.former_inputs`). `former_keys` are what the
    input was called in earlier versions.
    """

    key: str
    type: FieldType
    label: str
    unit: str | None = None
    help: str | None = None
    group: str | None = None
    required: bool = True
    default: Any = None
    has_default: bool = False
    show_if: Mapping[str, Any] | None = None
    deprecated: bool = False
    examples: Sequence[Any] = ()
    minimum: Any = None
    maximum: Any = None
    step: float | int | None = None
    whole: bool = False
    scale: Literal["linear", "log"] = "linear"
    precision: int | None = None
    valid: tuple[float, float] | None = None
    widget: str | None = None
    options: tuple[Option, ...] = ()
    min_items: int | None = None
    max_items: int | None = None
    max_length: int = MAX_TEXT
    pattern: str | None = None
    placeholder: str | None = None
    lines: int | None = None
    columns: Mapping[str, "Field"] = field(default_factory=dict)
    min_rows: int = 0
    max_rows: int = MAX_TABLE_ROWS
    unique: tuple[str, ...] = ()
    triangle: str | None = None
    choices: tuple[BuiltinTable, ...] = ()
    increasing: bool = False
    measures: Mapping[str, "Field"] = field(default_factory=dict)
    per_origin: bool = False
    grains: tuple[str, ...] = ()
    min_origins: int = 1
    min_developments: int = 1
    former_inputs: Mapping[str, str] = field(default_factory=dict)
    former_keys: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()
    max_mb: float = MAX_FILE_MB
    currency: bool = False

    @property
    def title(self) -> str:
        """The label with its unit, as shown above a widget or in a column head."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    @property
    def multiple_of(self) -> float | int | None:
        """The grid a value must lie on, or None where every value in the range is allowed.

        A declared precision is the grid, however coarse the step: the step is the slider's alone then. Without it the
        step is the grid, as long as the range starts on it: a slider from 5 by 10 has no grid through zero, so none
        is demanded.
        """
        if self.type not in NUMERIC:
            return None
        if self.precision is not None:
            return 1 if self.precision == 0 or self.whole else float(Decimal(1).scaleb(-self.precision))
        marks = [self.minimum, *self._default_numbers()]
        if self.step and all(is_multiple_of(m, self.step) for m in marks if m is not None):
            return self.step
        return 1 if self.whole else None

    def _default_numbers(self) -> list[Any]:
        if not self.has_default or self.default is None:
            return []
        return list(self.default) if self.type == "range" else [self.default]


def is_multiple_of(value: float, step: float) -> bool:
    """Say whether `value` is a whole multiple of `step`, in decimal arithmetic: 0.3 is one of 0.1."""
    return (Fraction(repr(value)) / Fraction(repr(step))).denominator == 1


def decimals_of(value: float) -> int:
    """Return how many decimals a number is written with: 0 for 5.0, 3 for 0.125."""
    exponent = Decimal(repr(value)).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def is_number(value: Any) -> bool:
    """Say whether `value` is an int or float that a double can hold; true and false are not numbers here."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) if isinstance(value, float) else abs(value) < LARGEST


def is_whole(value: Any) -> bool:
    """Say whether `value` is a number without a fractional part, whichever type holds it."""
    return is_number(value) and float(value).is_integer()
