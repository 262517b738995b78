"""A run-off triangle as a value: amounts by origin period and development period.

    {"origins": ["2019", "2020"], "developments": [12, 24], "measures": {"paid": [[100, 150], [110, None]]},
     "grain": {"origin": "year", "development": "year"}, "cumulative": True}

Chosen: plain JSON with labels and heads as they came. Developments are ages in months at the end of each period, or
number the periods from 1 (or 0): numbers that lie whole periods apart, as 12, 24, 36 or 6, 18, 30 by year, are ages.
A measure has one list of amounts for each origin, None where nothing is known; one per origin, such as a premium, has
lists of one amount. Amounts are turned over in decimal arithmetic, so that cents that cancel leave 0.
Left out: what is wrong with a triangle, which is `contract.triangle_rules`, and its texts (`contract.triangle_text`).
"""

import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import Any

from contract.fields import Field, is_number, is_whole
from contract.number_format import LARGE
from contract.period_label import GRAINS

Amounts = Sequence[Sequence[Any]]
KEYS = ("origins", "developments", "measures", "grain", "cumulative")


def developing(field: Field) -> list[str]:
    """Return the measures that develop, those with amounts by development period."""
    return [key for key, measure in field.measures.items() if not measure.per_origin]


def by_origin(field: Field) -> list[str]:
    """Return the measures with one amount for each origin."""
    return [key for key, measure in field.measures.items() if measure.per_origin]


def heads_are_ages(developments: Sequence[int], grain: Mapping[str, str]) -> bool:
    """Say whether developments are ages in months; they number the periods otherwise."""
    length = GRAINS[grain["development"]]
    if len(developments) < 2:
        return all(number % length == 0 for number in developments)
    return math.gcd(*(b - a for a, b in pairwise(developments))) % length == 0


def ages(value: Mapping[str, Any]) -> list[int]:
    """Return the age of each development in months at the end of its period; periods may be numbered from 0."""
    developments, grain = value["developments"], value["grain"]
    if heads_are_ages(developments, grain):
        return list(developments)
    first = 1 if developments[0] == 0 else 0
    return [GRAINS[grain["development"]] * (number + first) for number in developments]


def last_filled(line: Sequence[Any]) -> int:
    """Return the position of the last amount of a row, -1 where it has none."""
    return next((j for j in range(len(line) - 1, -1, -1) if line[j] is not None), -1)


def plain_amount(amount: Any) -> Any:
    """Return an amount as it is written: without the .0 of a whole one."""
    whole = isinstance(amount, float) and amount.is_integer() and abs(amount) < LARGE
    return int(amount) if whole else amount


def has_shape(value: Any) -> bool:
    """Say whether a value has the parts of a triangle and a cell for each amount, whatever stands in the cells."""
    if not isinstance(value, Mapping) or not set(KEYS) <= set(value):
        return False
    origins, developments, measures = value["origins"], value["developments"], value["measures"]
    grain = value["grain"]
    return (
        isinstance(origins, list)
        and isinstance(developments, list)
        and all(is_whole(number) for number in developments)
        and isinstance(value["cumulative"], bool)
        and isinstance(grain, Mapping)
        and all(grain.get(part) in list(GRAINS) for part in ("origin", "development"))
        and isinstance(measures, Mapping)
        and all(
            isinstance(matrix, list)
            and len(matrix) == len(origins)
            and all(isinstance(line, list) and len(line) in {1, len(developments)} for line in matrix)
            for matrix in measures.values()
        )
    )


def smallest(field: Field) -> dict[str, Any]:
    """Return a triangle of the least size that fits the field, every amount 1."""
    height, width = field.min_origins, field.min_developments
    low = {key: 1 if m.minimum is None or m.minimum <= 1 else m.minimum for key, m in field.measures.items()}
    return {
        "origins": [str(i + 1) for i in range(height)],
        "developments": list(range(1, width + 1)),
        "measures": {key: [[low[key]] * width for _ in range(height)] for key in developing(field)},
        "grain": {"origin": field.grains[0], "development": field.grains[0]},
        "cumulative": True,
    }


def cell_count(value: Any) -> int:
    """Return how many cells a triangle's measures have in all; 0 for what is none."""
    if not has_shape(value):
        return 0
    return sum(len(line) for matrix in value["measures"].values() for line in matrix)


def cannot_turn(value: Mapping[str, Any], measures: Sequence[str]) -> str:
    """Return why amounts cannot be turned between cumulative and incremental; empty where they can.

    Args:
        value: of the shape of a triangle.
        measures: those that develop.
    """
    for key in measures:
        for origin, line in zip(value["origins"], value["measures"].get(key, ()), strict=False):
            last = last_filled(line)
            if any(cell is not None and not is_number(cell) for cell in line):
                return f"{origin} has a cell that is not a number."
            if any(cell is None for cell in line[: last + 1]):
                return f"{origin} has an empty cell before an amount, so that the increment after it is not known."
    return ""


def turned(value: Mapping[str, Any], measures: Sequence[str]) -> dict[str, Any]:
    """Return the triangle with cumulative amounts made incremental, or the other way round.

    Args:
        value: a triangle that fits its field and of which `cannot_turn` is empty.
        measures: those that develop.
    """
    lines = _increments if value["cumulative"] else _sums
    amounts = {
        key: [lines(line) for line in matrix] if key in measures else matrix
        for key, matrix in value["measures"].items()
    }
    return {**value, "measures": amounts, "cumulative": not value["cumulative"]}


def merged(field: Field, held: Any, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return a triangle that was read with the measures it does not have taken from the one that is held.

    Args:
        field: of type triangle.
        held: the input's value before.
        given: a triangle that fits the field but for measures that it lacks.

    Returns:
        The triangle, and the labels of measures that had to be left out, because origins or developments differ.
    """
    if not has_shape(held):
        return dict(given), []
    kept, left_out = dict(given["measures"]), []
    turn = held["cumulative"] != given["cumulative"]
    for key, measure in field.measures.items():
        if key in kept or key not in held["measures"]:
            continue
        fits = held["origins"] == given["origins"] and (
            measure.per_origin or held["developments"] == given["developments"]
        )
        if fits and turn and not measure.per_origin:
            fits = not cannot_turn(held, [key])
        if not fits:
            left_out.append(measure.label)
            continue
        kept[key] = turned(held, [key])["measures"][key] if turn and not measure.per_origin else held["measures"][key]
    return {**given, "measures": {key: kept[key] for key in field.measures if key in kept}}, left_out


def _sums(line: Sequence[Any]) -> list[Any]:
    known = line[: last_filled(line) + 1]
    return _padded((float(v) for v in accumulate(map(_decimal, known))), len(line))


def _increments(line: Sequence[Any]) -> list[Any]:
    known = [Decimal(0), *map(_decimal, line[: last_filled(line) + 1])]
    return _padded((float(b - a) for a, b in pairwise(known)), len(line))


def _padded(amounts: Any, length: int) -> list[Any]:
    listed = list(amounts)
    return listed + [None] * (length - len(listed))


def _decimal(amount: float) -> Decimal:
    return Decimal(repr(float(amount)))


def path_within(where: str) -> tuple[Any, ...]:
    """Return the path within a triangle that a problem names.

    ("measures", "paid", 3, 5) for `inputs.triangle.measures.paid[3][5]`.
    """
    inner = re.match(r"(?:inputs\.)?\w+\.?(.*)", where)
    parts = re.findall(r"\[(\d+)\]|([^.\[\]]+)", inner[1] if inner else "")
    return tuple(int(number) if number else name for number, name in parts)


def place_words(field: Field, value: Any, path: Sequence[Any]) -> str:
    """Return the words for a part of a triangle, as "2019, development 24, Paid"; empty for the whole of it."""
    if not isinstance(value, Mapping) or not path:
        return ""
    match path:
        case ["origins", int(i)]:
            return f"row {i + 1}"
        case ["developments", int(j)]:
            return f"column {j + 1}"
        case ["measures", key, *rest] if key in field.measures:
            measure = field.measures[key]
            words = [_item(value.get("origins"), rest[0])] if rest else []
            words += [f"development {_item(value.get('developments'), rest[1])}"] if len(rest) > 1 else []
            if measure.per_origin:
                words = words[:1]
            named = len(field.measures) > 1 or not words
            return ", ".join([*words, measure.label] if named else words)
    return str(path[0])


def _item(values: Any, i: int) -> str:
    return str(values[i]) if isinstance(values, list) and i < len(values) else str(i + 1)
