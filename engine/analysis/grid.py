"""The values that an input takes in a sweep: a range in steps or in a number of points, or a list.

Chosen: numbers are read by the one reader of numbers, and every value is checked as its field demands, all problems at
once. A range is laid on the grid of its field, because only its values can be run; values that fall together are one.
Left out: combinations, whose rules `engine.analysis.sweep` checks.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contract import inputs as contract_inputs
from contract.errors import TextError
from contract.field_types import FIELD_TYPES
from contract.fields import Field, is_number
from contract.manifest import Manifest
from contract.number_format import NumberFormat
from contract.number_reader import read_number
from contract.problems import Problem
from contract.text_values import parse_value

MAX_POINTS = 10_000  # runs of one group
DEFAULT_COUNT = 11
SWEPT = frozenset({"number", "integer", "select", "boolean", "text", "date"})
NUMBERS = frozenset({"number", "integer"})
_BETWEEN = re.compile(r"[;\n\t]|,\s")


@dataclass(frozen=True, slots=True)
class Axis:
    """The values of one input, as a run takes them, and how texts were read."""

    key: str
    values: tuple[Any, ...]
    notes: tuple[str, ...] = field(default=())


def sweepable(manifest: Manifest) -> dict[str, Field]:
    """Return the inputs that a sweep can run over."""
    return {key: f for key, f in manifest.inputs.items() if f.type in SWEPT}


def read_axis(
    manifest: Manifest, given: Mapping[str, Any], number_format: NumberFormat, problems: list[Problem], where: str
) -> Axis | None:
    """Return the values that an axis describes; what does not fit is added to `problems`.

    Args:
        manifest: the model's.
        given: `input` with `values` (a text or a list), or with `from`, `to` and either `step` or `count`; without
            bounds the field's own. Numbers may be numbers or texts.
        number_format: the session's.
        problems: that the caller collects.
        where: the axis's place in the definition.
    """
    key = str(given.get("input") or "")
    offered = sweepable(manifest)
    if key not in offered:
        found = f"{key!r} is not an input that can be swept" if key else "no input is chosen"
        problems.append(Problem(f"{where}.input", found, f"Choose one of {', '.join(offered) or 'none'}."))
        return None
    declared = offered[key]
    before, notes = len(problems), list[str]()
    if given.get("values") not in (None, "", []):
        values = _read_list(declared, given["values"], number_format, problems, f"{where}.values", notes)
    elif declared.type in NUMBERS:
        values = _read_range(declared, given, number_format, problems, where, notes)
    elif declared.type == "boolean":
        values = [False, True]
    elif declared.type == "select":
        values = [option.value for option in declared.options]
    else:
        problems.append(Problem(f"{where}.values", "there are none", "List the values, with ; between them."))
        return None
    kept = [v for i, v in enumerate(values) if v not in values[:i] or isinstance(v, bool)]
    if len(kept) < len(values):
        notes.append(f"{len(values) - len(kept)} values of {declared.label} are repeated and run once.")
    checked = tuple(_check(declared, value, problems, where) for value in kept)
    return None if len(problems) > before else Axis(key, checked, tuple(notes))


def on_grid(declared: Field, value: float) -> int | float:
    """Return the nearest value that the field's grid and bounds allow."""
    step = declared.multiple_of
    if step:
        value = round(round(value / step) * step, 12)
    if declared.maximum is not None and value > declared.maximum:
        value = declared.maximum
    if declared.minimum is not None and value < declared.minimum:
        value = declared.minimum
    return int(value) if declared.whole and float(value).is_integer() else float(value)


def read_bound(
    declared: Field, raw: Any, number_format: NumberFormat, problems: list[Problem], where: str, notes: list[str]
) -> float | None:
    """Return a number given as one or as text, None where it is neither."""
    if is_number(raw):
        return float(raw)
    if not isinstance(raw, str):
        problems.append(Problem(where, f"{raw!r} is not a number", "Give a number."))
        return None
    read = read_number(raw, number_format, unit=declared.unit or "", where=where)
    if isinstance(read, Problem):
        problems.append(read)
        return None
    if read.note:
        notes.append(read.note)
    return float(read.value)


def _read_range(
    declared: Field,
    given: Mapping[str, Any],
    number_format: NumberFormat,
    problems: list[Problem],
    where: str,
    notes: list[str],
) -> list[Any]:
    def bound(name: str, default: Any) -> float | None:
        raw = given.get(name)
        if raw in (None, ""):
            if default is None:
                problems.append(Problem(f"{where}.{name}", "it is missing", "Give a number."))
                return None
            return float(default)
        return read_bound(declared, raw, number_format, problems, f"{where}.{name}", notes)

    low, high = bound("from", declared.minimum), bound("to", declared.maximum)
    step = bound("step", None) if given.get("step") not in (None, "") else None
    count = bound("count", DEFAULT_COUNT) if step is None else None
    if low is None or high is None or (step is None and count is None):
        return []
    if step is not None:
        if step <= 0:
            problems.append(Problem(f"{where}.step", f"{step:g} is not above 0", "Give a step above 0."))
            return []
        number = math.floor(abs(high - low) / step + 1e-9) + 1
        if number > MAX_POINTS:
            problems.append(_too_many(f"{where}.step", number))
            return []
        values = [low + math.copysign(step, high - low) * i for i in range(number)]
        # What a person counted in steps is kept as it is: a value off the field's grid is a problem, not another value.
        return [_plain(declared, round(value, 12)) for value in values]
    assert count is not None
    if count != int(count) or count < 2:
        problems.append(
            Problem(f"{where}.count", f"{count:g} is not a number of points", "Give a whole number from 2.")
        )
        return []
    if count > MAX_POINTS:
        problems.append(_too_many(f"{where}.count", int(count)))
        return []
    laid = [on_grid(declared, low + (high - low) * i / (int(count) - 1)) for i in range(int(count))]
    # The ends are what was asked for: outside the field's bounds they are a problem.
    ends = {0: low, int(count) - 1: high}
    laid = [
        _plain(declared, ends[i]) if i in ends and not _inside(declared, ends[i]) else value
        for i, value in enumerate(laid)
    ]
    kept = list(dict.fromkeys(laid))
    if len(kept) < len(laid):
        notes.append(
            f"{declared.label} has steps of {declared.multiple_of:g}: {len(kept)} values instead of {len(laid)}."
        )
    return kept


def _inside(declared: Field, value: float) -> bool:
    low, high = declared.minimum, declared.maximum
    return (low is None or value >= low) and (high is None or value <= high)


def _plain(declared: Field, value: float) -> int | float:
    return int(value) if declared.whole and value.is_integer() else value


def _read_list(
    declared: Field,
    raw: Any,
    number_format: NumberFormat,
    problems: list[Problem],
    where: str,
    notes: list[str],
) -> list[Any]:
    if isinstance(raw, str):
        parts: list[Any] = [part.strip() for part in _BETWEEN.split(raw) if part.strip()]
        if len(parts) == 1 and declared.type in NUMBERS and parts[0].count(",") and number_format.decimal != ",":
            alone = read_number(parts[0], number_format, unit=declared.unit or "")
            if isinstance(alone, Problem) or alone.ambiguous:
                parts = [part.strip() for part in parts[0].split(",") if part.strip()]
    elif isinstance(raw, list | tuple):
        parts = list(raw)
    else:
        problems.append(Problem(where, f"{type(raw).__name__} is not a list", "List the values, with ; between them."))
        return []
    if len(parts) > MAX_POINTS:
        problems.append(_too_many(where, len(parts)))
        return []
    values = []
    for i, part in enumerate(parts):
        if declared.type in NUMBERS:
            number = read_bound(declared, part, number_format, problems, f"{where}[{i}]", notes)
            if number is not None:
                values.append(_plain(declared, number))
        elif isinstance(part, str):
            try:
                values.append(parse_value(declared, part))
            except TextError as error:
                problems.append(Problem(f"{where}[{i}]", f"{part!r} is not {error}", f"Give {error}."))
        else:
            values.append(part)
    return values


def _check(declared: Field, value: Any, problems: list[Problem], where: str) -> Any:
    lone = Manifest(name="", description="", inputs={declared.key: declared})
    found = contract_inputs.find_problems(lone, {declared.key: value}, complete=False)
    problems += [Problem(f"{where}.{p.where.removeprefix('inputs.')}", p.message, p.hint) for p in found]
    if found:
        return value
    canonical = contract_inputs.canonical_values(lone, {declared.key: value})[declared.key]
    return FIELD_TYPES[declared.type].normalise(declared, canonical)


def _too_many(where: str, count: int) -> Problem:
    return Problem(where, f"{count:,} points are more than {MAX_POINTS:,}", "Take larger steps or a smaller range.")
