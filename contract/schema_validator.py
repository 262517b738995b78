"""The validator behind every check of inputs: draft 2020-12 with our keywords and our reading of numbers and texts.

Chosen: `jsonschema` with keywords replaced where Python's arithmetic would mislead (`multipleOf`) and added where JSON
Schema has no word (`x-ordered`, `x-increasing`). Validators are kept for the last manifests, because building one costs
more than using it and a form checks at every change of a slider.
Left out: wording what it finds, which is `contract.inputs`.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from contract import row_rules, triangle_rules
from contract.declared_inputs import DeclaredInputs
from contract.errors import PatternTimeout
from contract.field_types.dates import iso_date
from contract.fields import is_multiple_of, is_number, is_whole
from contract.patterns import matches_pattern
from contract.schema import validation_schema

WIDEST = 2**63  # whole numbers are kept as 64 bits
MAX_CACHED = 64  # manifests

_formats = FormatChecker(formats=())
_cache: "OrderedDict[int, tuple[DeclaredInputs, Validator]]" = OrderedDict()
_cache_lock = threading.Lock()


def validator_for(declared: DeclaredInputs) -> Validator:
    """Return the validator of a manifest's inputs, built once while the manifest is among the last used."""
    key = id(declared)  # a manifest that is kept keeps its identity too
    with _cache_lock:
        known = _cache.get(key)
        if known is not None and known[0] is declared:
            _cache.move_to_end(key)
            return known[1]
    built: Validator = _SchemaValidator(validation_schema(declared), format_checker=_formats)
    with _cache_lock:
        _cache[key] = (declared, built)
        while len(_cache) > MAX_CACHED:
            _cache.popitem(last=False)
    return built


@_formats.checks("date", raises=ValueError)
def _is_date(value: object) -> bool:
    if isinstance(value, str) and iso_date(value) != value:
        raise ValueError(value)
    return True


def _check_multiple_of(_validator: Any, step: float, value: Any, _schema: Any) -> Iterator[ValidationError]:
    if is_number(value) and not is_multiple_of(value, step):
        yield ValidationError(f"{value!r} is not a multiple of {step}")


def _check_pattern(_validator: Any, pattern: str, value: Any, _schema: Any) -> Iterator[ValidationError]:
    if not isinstance(value, str):
        return
    try:
        if not matches_pattern(pattern, value):
            yield ValidationError(f"{value!r} does not match {pattern!r}")
    except PatternTimeout as error:
        yield ValidationError(str(error), cause=error)


def _check_ordered(_validator: Any, ordered: bool, value: Any, _schema: Any) -> Iterator[ValidationError]:
    if ordered and isinstance(value, list) and all(map(is_number, value)) and value != sorted(value):
        yield ValidationError("the ends are the wrong way round")


def _check_not_before(_validator: Any, first: str, value: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(value, str) and value < first:
        yield ValidationError("too early")


def _check_not_after(_validator: Any, last: str, value: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(value, str) and value > last:
        yield ValidationError("too late")


def _is_storable_text(text: str) -> bool:
    """Say whether a database can hold the text: no NUL, no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


_SchemaValidator = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {
        "multipleOf": _check_multiple_of,
        "pattern": _check_pattern,
        "x-ordered": _check_ordered,
        "formatMinimum": _check_not_before,
        "formatMaximum": _check_not_after,
        **row_rules.KEYWORDS,
        **triangle_rules.KEYWORDS,
    },
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many(
        {
            "number": lambda _, v: is_number(v),
            "integer": lambda _, v: is_whole(v) and abs(v) < WIDEST,
            "string": lambda _, v: isinstance(v, str) and _is_storable_text(v),
        }
    ),
)
