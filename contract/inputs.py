"""Inputs are checked here, the same way from the form, a link, the API and before every run.

Chosen: the compiled JSON Schema does the checking (with `jsonschema`), and this file words what it finds for an
analyst; rules over several inputs follow once each input fits by itself.
Left out: reading values from text, which is `contract.text_values`.
"""

import datetime as dt
import weakref
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from contract import row_rules, rules
from contract.errors import InputError
from contract.fields import Field, is_multiple_of, is_number, is_whole
from contract.manifest import Manifest
from contract.problems import Problem
from contract.schema import input_schema

WIDEST = 2**63  # whole numbers are kept as 64 bits

_formats = FormatChecker(formats=())


@_formats.checks("date", raises=ValueError)
def _is_date(value: object) -> bool:
    return not isinstance(value, str) or bool(dt.date.fromisoformat(value))


def _check_multiple_of(_validator: Any, step: float, value: Any, _schema: Any) -> Iterator[ValidationError]:
    if is_number(value) and not is_multiple_of(value, step):
        yield ValidationError(f"{value!r} is not a multiple of {step}")


def _is_storable_text(text: str) -> bool:
    """Say whether a database can hold the text: no NUL, no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


def _check_ordered(_validator: Any, ordered: bool, value: Any, _schema: Any) -> Iterator[ValidationError]:
    if ordered and isinstance(value, list) and all(map(is_number, value)) and value != sorted(value):
        yield ValidationError("the ends are the wrong way round")


def _check_not_before(_validator: Any, first: str, value: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(value, str) and value < first:
        yield ValidationError("too early")


def _check_not_after(_validator: Any, last: str, value: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(value, str) and value > last:
        yield ValidationError("too late")


_SchemaValidator = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {
        "multipleOf": _check_multiple_of,
        "x-ordered": _check_ordered,
        "formatMinimum": _check_not_before,
        "formatMaximum": _check_not_after,
        **row_rules.KEYWORDS,
    },
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many(
        {
            "number": lambda _, v: is_number(v),
            "integer": lambda _, v: is_whole(v) and abs(v) < WIDEST,
            "string": lambda _, v: isinstance(v, str) and _is_storable_text(v),
        }
    ),
)

# Building a validator costs more than using it, and a form checks at every change of a slider.
_validators: "weakref.WeakValueDictionary[int, _CachedValidator]" = weakref.WeakValueDictionary()


class _CachedValidator:
    """A validator kept for as long as its manifest is."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.validator: Validator = _SchemaValidator(input_schema(manifest), format_checker=_formats)


_recent: list[_CachedValidator] = []


def _validator_for(manifest: Manifest) -> Validator:
    compiled = _validators.get(id(manifest))
    if compiled is None or compiled.manifest is not manifest:
        compiled = _CachedValidator(manifest)
        _validators[id(manifest)] = compiled
        _recent.append(compiled)
        del _recent[:-64]
    return compiled.validator


def validate(manifest: Manifest, values: Any) -> dict[str, Any]:
    """Return the inputs a run gets: every declared input in display order, defaults filled in.

    Whole numbers become int and other numbers float, so that equal inputs are stored equally.

    Raises:
        InputError: with every problem found, unknown inputs by name included.
    """
    if not isinstance(values, Mapping):
        raise InputError(
            [Problem("inputs", f"{type(values).__name__} is not an object", "Give {key: value} by input.")]
        )
    filled = {**manifest.defaults, **{k: v for k, v in values.items() if v is not None}}
    problems = find_problems(manifest, filled)
    if problems:
        raise InputError(problems)
    return {key: _normalise(f, filled[key]) for key, f in manifest.inputs.items() if key in filled}


def find_problems(manifest: Manifest, values: Mapping[str, Any], *, complete: bool = True) -> list[Problem]:
    """Return what is wrong with `values`; with `complete` off, missing inputs are not."""
    problems: list[Problem] = []
    for error in _validator_for(manifest).iter_errors(dict(values)):
        problems += _problem_from_error(manifest, error, values, complete=complete)
    if not problems and complete:
        shown = visible_keys(manifest, values)
        problems += [
            Problem(f"inputs.{', '.join(sorted(rule.keys))}", f"{rule.check} does not hold", rule.message)
            for rule in manifest.rules
            if rule.keys <= shown and not rules.evaluate(rule, values)
        ]
    # One value can break several keywords; its type, checked first, says the most.
    unique: dict[str, Problem] = {}
    for problem in problems:
        unique.setdefault(problem.where, problem)
    return list(unique.values())


def visible_keys(manifest: Manifest, values: Mapping[str, Any]) -> set[str]:
    """Return the keys of the inputs that `show_if` leaves on the form for these values."""
    filled = {**manifest.defaults, **values}
    shown: set[str] = set()
    for key, field in manifest.inputs.items():
        # An input is also hidden while the one that decides about it is.
        if all(
            _matches_condition(filled.get(other), wanted)
            and (other in shown or other == key or _is_declared_later(manifest, other, key))
            for other, wanted in (field.show_if or {}).items()
        ):
            shown.add(key)
    return shown


def calibration_warnings(manifest: Manifest, values: Mapping[str, Any]) -> list[str]:
    """Return a sentence for every input outside the range its model was calibrated on."""
    found = []
    for key, field in manifest.inputs.items():
        if field.valid is None or key not in values:
            continue
        low, high = field.valid
        numbers: Iterable[Any] = values[key] if field.type == "range" else [values[key]]
        for number in numbers:
            if is_number(number) and not low <= number <= high:
                found.append(
                    f"{field.label} is {number:g}{_unit_text(field)}, outside {low:g} to {high:g}"
                    f"{_unit_text(field)}, the range this model was calibrated on."
                )
    return found


def _is_declared_later(manifest: Manifest, other: str, key: str) -> bool:
    order = list(manifest.inputs)
    return order.index(other) > order.index(key)


def _matches_condition(value: Any, wanted: Any) -> bool:
    choices = wanted if isinstance(wanted, list) else [wanted]
    if isinstance(value, list):
        return value == wanted or any(c in value for c in choices)
    return any(value == c and isinstance(value, bool) == isinstance(c, bool) for c in choices)


def _normalise(field: Field, value: Any) -> Any:
    if field.type == "range":
        return [_normalise_number(field, v) for v in value]
    if field.type in {"number", "integer"}:
        return _normalise_number(field, value)
    if field.type == "table":
        return [
            {key: None if row.get(key) is None else _normalise(c, row[key]) for key, c in field.columns.items()}
            for row in value
        ]
    return value


def _normalise_number(field: Field, value: Any) -> Any:
    return int(value) if field.whole else float(value)


def _problem_from_error(
    manifest: Manifest, error: ValidationError, values: Mapping[str, Any], *, complete: bool
) -> list[Problem]:
    path = list(error.absolute_path)
    if not path:
        if error.validator == "additionalProperties":
            offered = ", ".join(manifest.inputs) or "none"
            return [
                Problem(f"inputs.{key}", "the model has no such input", f"Its inputs are: {offered}.")
                for key in values
                if key not in manifest.inputs
            ]
        if error.validator == "required":
            return [
                Problem(f"inputs.{key}", "it is missing", f"Give {_expected_text(manifest.inputs[key])}.")
                for key in manifest.inputs
                if complete
                and key not in values
                and manifest.inputs[key].required
                and key in visible_keys(manifest, values)
            ]
        return [Problem("inputs", error.message, "Mend the inputs.")]  # pragma: no cover
    field = manifest.inputs[str(path[0])]
    where = f"inputs.{path[0]}" + "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path[1:])
    value = error.instance
    inner = field
    if error.validator in row_rules.KEYWORDS:
        found, hint = row_rules.describe(error, field)
        return [Problem(where, found, hint)]
    if field.type == "table" and len(path) > 2:
        inner = field.columns[str(path[2])]
    elif field.type == "table" and len(path) == 2:
        return _row_problems(field, error, where)
    return [Problem(where, _found_text(inner, error, value), f"Give {_expected_text(inner)}.")]


def _row_problems(field: Field, error: ValidationError, where: str) -> list[Problem]:
    row = error.instance
    if error.validator == "required" and isinstance(row, Mapping):
        return [
            Problem(f"{where}.{key}", "the cell is empty", f"Give {_expected_text(column)}.")
            for key, column in field.columns.items()
            if column.required and key not in row
        ]
    if error.validator == "additionalProperties" and isinstance(row, Mapping):
        return [
            Problem(f"{where}.{key}", "the table has no such column", f"Its columns: {', '.join(field.columns)}.")
            for key in row
            if key not in field.columns
        ]
    return [Problem(where, f"{_shorten(row)} is not a row", "Give an object {column: value}.")]


def _found_text(field: Field, error: ValidationError, value: Any) -> str:
    match error.validator:
        case "minimum" | "maximum":
            return f"{_shorten(value)} is outside {_range_text(field)}"
        case "multipleOf":
            return f"{_shorten(value)} is not a multiple of {error.validator_value:g}"
        case "formatMinimum" | "formatMaximum":
            return f"{_shorten(value)} is outside {_range_text(field)}"
        case "format":
            return f"{_shorten(value)} is not a date"
        case "enum":
            return f"{_shorten(value)} is not offered"
        case "minItems" | "maxItems":
            return f"it has {len(value)} {'rows' if field.type == 'table' else 'choices'}"
        case "uniqueItems":
            return "a choice stands twice"
        case "maxLength":
            return f"it has {len(value)} characters"
        case "pattern":
            return f"{_shorten(value)} does not have the required form"
        case "x-ordered":
            return f"{_shorten(value)} runs from high to low"
        case "type" if value is None:
            return "the cell is empty"
        case _:
            return f"{_shorten(value)} is not {_expected_text(field)}"


def _expected_text(field: Field) -> str:
    if field.type in {"number", "integer"}:
        noun = "a whole number" if field.whole else "a number"
        span = _range_text(field)
        step = field.multiple_of
        grid = f", in steps of {step:g}" if step and not (field.whole and step == 1) else ""
        return (f"{noun} from {span}" if span else noun) + grid
    if field.type == "range":
        return f"[low, high] within {_range_text(field)}"
    if field.type == "boolean":
        return "true or false"
    if field.type == "select":
        return "one of " + ", ".join(_shorten(o.value) for o in field.options)
    if field.type == "multiselect":
        bounds = _bounds_text(field.min_items, field.max_items)
        return f"a list of {bounds}" + ", ".join(_shorten(o.value) for o in field.options)
    if field.type == "date":
        span = _range_text(field)
        return "a date such as 2026-12-31" + (f" from {span}" if span else "")
    if field.type == "table":
        return f"{field.min_rows:,} to {field.max_rows:,} rows with {', '.join(field.columns)}"
    if field.type == "file":
        kinds = " or ".join(field.accept)
        return f"an uploaded {kinds or 'file'} of at most {field.max_mb:g} MB".replace("  ", " ")
    form = f" of the form {field.pattern}" if field.pattern else ""
    return f"a text of at most {field.max_length:,} characters{form}"


def _bounds_text(low: int | None, high: int | None) -> str:
    if low is not None and high is not None:
        return f"{low} to {high} of "
    if low is not None:
        return f"at least {low} of "
    return f"at most {high} of " if high is not None else ""


def _range_text(field: Field) -> str:
    low, high = field.minimum, field.maximum
    show = _shorten if field.type == "date" else lambda v: f"{v:,}"
    if low is not None and high is not None:
        return f"{show(low)} to {show(high)}{_unit_text(field)}"
    if low is not None:
        return f"{show(low)}{_unit_text(field)} up"
    return f"at most {show(high)}{_unit_text(field)}" if high is not None else ""


def _unit_text(field: Field) -> str:
    return f" {field.unit}" if field.unit else ""


def _shorten(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
