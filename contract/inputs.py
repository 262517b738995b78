"""Inputs are checked here, the same way from the form, a link, the API and before every run.

Chosen: the compiled JSON Schema does the checking (`contract.schema_validator`), and this file words what it finds for
an analyst; rules over several inputs follow once each input fits by itself.
Left out: reading values from text, which is `contract.text_values`.
"""

import difflib
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from jsonschema import ValidationError

from contract import row_rules, rules, triangle_rules
from contract.declared_inputs import DeclaredInputs
from contract.errors import InputError
from contract.field_types import FIELD_TYPES
from contract.fields import Field, is_number
from contract.former_inputs import fold_former_inputs
from contract.patterns import pattern_budget
from contract.problems import Problem
from contract.schema_validator import validator_for
from contract.wording import name_some, shorten, unit_text


def validate(manifest: DeclaredInputs, values: Any) -> dict[str, Any]:
    """Return the inputs a run gets: every declared input in display order, defaults filled in.

    Whole numbers become int, other numbers float and dates YYYY-MM-DD, so that equal inputs are stored equally.

    Raises:
        InputError: with every problem found, unknown inputs by name included.
    """
    if not isinstance(values, Mapping):
        raise InputError(
            [Problem("inputs", f"{type(values).__name__} is not an object", "Give {key: value} by input.")]
        )
    given = fold_former_inputs(manifest, {k: v for k, v in values.items() if v is not None})
    filled = _canonical(manifest, {**manifest.defaults, **given})
    problems = find_problems(manifest, filled)
    if problems:
        raise InputError(problems)
    return {key: FIELD_TYPES[f.type].normalise(f, filled[key]) for key, f in manifest.inputs.items() if key in filled}


def canonical_values(manifest: DeclaredInputs, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values in the form in which they are compared, inputs of earlier versions read into those of today."""
    return _canonical(manifest, fold_former_inputs(manifest, values))


def find_problems(manifest: DeclaredInputs, values: Mapping[str, Any], *, complete: bool = True) -> list[Problem]:
    """Return what is wrong with `values`; with `complete` off, missing inputs are not."""
    values = canonical_values(manifest, values)
    problems: list[Problem] = []
    with pattern_budget():
        for error in validator_for(manifest).iter_errors(values):
            problems += _problems_of_error(manifest, error, values, complete=complete)
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


def visible_keys(manifest: DeclaredInputs, values: Mapping[str, Any]) -> set[str]:
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


def calibration_warnings(manifest: DeclaredInputs, values: Mapping[str, Any]) -> list[str]:
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
                    f"{field.label} is {number:g}{unit_text(field)}, outside {low:g} to {high:g}"
                    f"{unit_text(field)}, the range this model was calibrated on."
                )
    return found


def _canonical(manifest: DeclaredInputs, values: Mapping[str, Any]) -> dict[str, Any]:
    fields = manifest.inputs
    return {k: FIELD_TYPES[fields[k].type].canonical(fields[k], v) if k in fields else v for k, v in values.items()}


def _is_declared_later(manifest: DeclaredInputs, other: str, key: str) -> bool:
    order = list(manifest.inputs)
    return order.index(other) > order.index(key)


def _matches_condition(value: Any, wanted: Any) -> bool:
    choices = wanted if isinstance(wanted, list) else [wanted]
    if isinstance(value, list):
        return value == wanted or any(c in value for c in choices)
    return any(value == c and isinstance(value, bool) == isinstance(c, bool) for c in choices)


def _problems_of_error(
    manifest: DeclaredInputs, error: ValidationError, values: Mapping[str, Any], *, complete: bool
) -> list[Problem]:
    path = list(error.absolute_path)
    if not path:
        return _problems_of_keys(manifest, error, values, complete=complete)
    field = manifest.inputs[str(path[0])]
    where = f"inputs.{path[0]}" + "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path[1:])
    if error.validator in row_rules.KEYWORDS:
        found, hint = row_rules.describe(error, field)
        return [Problem(where, found, hint)]
    if error.validator in triangle_rules.KEYWORDS:
        return [Problem(where, error.message, str(error.cause))]
    if field.type == "table" and len(path) > 2:
        field = field.columns[str(path[2])]
    elif field.type == "table" and len(path) == 2:
        return _row_problems(field, error, where)
    return [Problem(where, FIELD_TYPES[field.type].found_text(field, error), f"Give {_expected_text(field)}.")]


def _problems_of_keys(
    manifest: DeclaredInputs, error: ValidationError, values: Mapping[str, Any], *, complete: bool
) -> list[Problem]:
    """Return the inputs that the model does not have, or those that are missing."""
    if error.validator == "additionalProperties":
        return [
            Problem(
                f"inputs.{key}", "the model has no such input", _offered_text("Its inputs are", key, manifest.inputs)
            )
            for key in values
            if key not in manifest.inputs
        ]
    shown = visible_keys(manifest, values)
    return [
        Problem(f"inputs.{key}", "it is missing", f"Give {_expected_text(field)}.")
        for key, field in manifest.inputs.items()
        if complete and key not in values and field.required and key in shown
    ]


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
            Problem(f"{where}.{key}", "the table has no such column", _offered_text("Its columns", key, field.columns))
            for key in row
            if key not in field.columns
        ]
    return [Problem(where, f"{shorten(row)} is not a row", "Give an object {column: value}.")]


def _offered_text(words: str, key: str, offered: Collection[str]) -> str:
    """Return the names there are, the one that was probably meant before them."""
    near = difflib.get_close_matches(str(key)[:100], offered, n=1)
    return (f"Did you mean {near[0]}? " if near else "") + f"{words}: {name_some(offered) or 'none'}."


def _expected_text(field: Field) -> str:
    return FIELD_TYPES[field.type].expected_text(field)
