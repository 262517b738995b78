"""The types of fields, each in a class of its own; this table is where a new one is entered.

Chosen: a table's columns hold the types of a single value, so that a table never holds a table.
"""

from collections.abc import Mapping

from contract.field_types.choices import BooleanType, MultiselectType, SelectType
from contract.field_types.dates import DateType
from contract.field_types.file import FileType
from contract.field_types.handler import FieldTypeHandler
from contract.field_types.numbers import IntegerType, NumberType, RangeType
from contract.field_types.table import TableType
from contract.field_types.text import TextType
from contract.field_types.triangle import TriangleType
from contract.fields import SCALARS, TYPES, FieldType

_SINGLE_VALUES: dict[FieldType, FieldTypeHandler] = {
    "number": NumberType(),
    "integer": IntegerType(),
    "boolean": BooleanType(),
    "select": SelectType(),
    "text": TextType(),
    "date": DateType(),
}
_ALL: dict[FieldType, FieldTypeHandler] = {
    **_SINGLE_VALUES,
    "range": RangeType(),
    "multiselect": MultiselectType(),
    "table": TableType({t: _SINGLE_VALUES[t] for t in TYPES if t in SCALARS}),
    "triangle": TriangleType({t: _SINGLE_VALUES[t] for t in ("number", "integer")}),
    "file": FileType(),
}
FIELD_TYPES: Mapping[FieldType, FieldTypeHandler] = {t: _ALL[t] for t in TYPES}
