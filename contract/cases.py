"""Cases are named input sets: presets of the form, and reference cases where they say what must come out.

Chosen: paths such as `summary.Total IBNR` or `table[3].reserve` into the result as stored; a relative and an
absolute tolerance, the case's own or the default.
Left out: running them, which is the engine's.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contract.errors import ManifestError
from contract.fields import is_number
from contract.inputs import find_problems
from contract.manifest import Manifest
from contract.problems import Problem

RTOL = 1e-6
STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Case:
    """A named input set; with `expect`, published values that a run must reproduce."""

    name: str
    inputs: Mapping[str, Any]
    expect: Mapping[str, Any] = field(default_factory=dict)
    rtol: float = RTOL
    atol: float = 0.0
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A published value that a result does not reproduce."""

    case: str
    path: str
    expected: Any
    found: Any


def parse_cases(raw: Any, manifest: Manifest) -> tuple[Case, ...]:
    """Return the cases written as `raw`, the content of `cases.json`.

    Raises:
        ManifestError: with every problem found.
    """
    problems: list[Problem] = []
    if isinstance(raw, Mapping) and isinstance(raw.get("cases"), list):
        raw = raw["cases"]
    if not isinstance(raw, list):
        raise ManifestError([Problem("cases", "it is not a list", "Write a JSON list of cases.")])
    found: list[Case] = []
    for i, item in enumerate(raw):
        where = f"cases[{i}]"
        if not isinstance(item, Mapping) or not isinstance(item.get("name"), str):
            problems.append(Problem(where, "it has no name", 'Write {"name": ..., "inputs": {...}}.'))
            continue
        inputs, expect = item.get("inputs", {}), item.get("expect") or {}
        if not isinstance(inputs, Mapping) or not isinstance(expect, Mapping):
            problems.append(Problem(where, "inputs or expect is not an object", "Write {key: value}."))
            continue
        for problem in find_problems(manifest, inputs, complete=False):
            problems.append(Problem(f"{where}.{problem.where}", problem.message, problem.hint))
        for key in ("rtol", "atol"):
            if key in item and not (is_number(item[key]) and item[key] >= 0):
                problems.append(Problem(f"{where}.{key}", f"{item[key]!r} is not a tolerance", "Give 0 or more."))
                break
        else:
            found.append(
                Case(
                    item["name"],
                    inputs,
                    expect,
                    float(item.get("rtol", RTOL)),
                    float(item.get("atol", 0.0)),
                    item.get("source"),
                )
            )
    if problems:
        raise ManifestError(problems)
    return tuple(found)


def mismatches(case: Case, result: Mapping[str, Any]) -> list[Mismatch]:
    """Return the values of `case.expect` that `result`, as the model returned it, does not reproduce."""
    found = []
    for path, expected in case.expect.items():
        try:
            value = get_path(result, path)
        except LookupError:
            found.append(Mismatch(case.name, path, expected, None))
            continue
        if not matches(value, expected, rtol=case.rtol, atol=case.atol):
            found.append(Mismatch(case.name, path, expected, value))
    return found


def matches(value: Any, expected: Any, *, rtol: float, atol: float = 0.0) -> bool:
    """Say whether `value` is `expected`: numbers within tolerance, lists and objects item by item."""
    if isinstance(value, Mapping) and "value" in value and not isinstance(expected, Mapping):
        value = value["value"]
    if is_number(expected):
        return is_number(value) and math.isclose(value, expected, rel_tol=rtol, abs_tol=atol)
    if isinstance(expected, list):
        return (
            isinstance(value, list)
            and len(value) == len(expected)
            and all(matches(v, e, rtol=rtol, atol=atol) for v, e in zip(value, expected, strict=True))
        )
    if isinstance(expected, Mapping):
        return isinstance(value, Mapping) and all(
            key in value and matches(value[key], e, rtol=rtol, atol=atol) for key, e in expected.items()
        )
    return bool(value == expected)


def get_path(result: Mapping[str, Any], path: str) -> Any:
    """Return the value at `path` in `result`.

    A table in column form is read by rows too, and a series by its name: `table[3].reserve`,
    `series.best_estimate[10].y`. Labels may hold dots and brackets: the longest label that is
    there wins.

    Raises:
        LookupError: there is no value.
    """
    return _walk_path(result, path)


def _walk_path(node: Any, path: str) -> Any:
    if not path:
        return node
    path = path.removeprefix(".")
    if isinstance(node, Mapping):
        for key in sorted((k for k in node if path.startswith(str(k))), key=lambda k: -len(str(k))):
            rest = path[len(str(key)) :]
            if not rest or rest[0] in ".[":
                return _walk_path(node[key], rest)
    step = STEP.match(path)
    if step is None:
        raise LookupError(path)
    name, index, rest = step[1], step[2], path[step.end() :]
    if index is not None:
        return _walk_path(_item_at(node, int(index)), rest)
    if isinstance(node, list):
        for item in node:
            if isinstance(item, Mapping) and (item.get("name") == name or item.get("label") == name):
                return _walk_path(item, rest)
    raise LookupError(path)


def _item_at(node: Any, index: int) -> Any:
    if isinstance(node, list) and index < len(node):
        return node[index]
    if isinstance(node, Mapping) and node and all(isinstance(c, list) for c in node.values()):
        return {key: column[index] for key, column in node.items() if index < len(column)}
    if isinstance(node, Mapping) and isinstance(node.get("x"), list):
        return {key: column[index] for key, column in node.items() if isinstance(column, list) and index < len(column)}
    raise LookupError(f"[{index}]")
