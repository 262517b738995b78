"""What distinguishes a run: the inputs that differ from the model's starting values, in words.

Chosen: the form's labels, units and options; a table by how many of its rows changed, or by the name of the built-in
table that it equals; a triangle by its size, or how many of its amounts changed. Inputs that the form hides for these
values are left out, because the model does not read them.
Left out: several runs side by side, which is `engine.analysis.compare`.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from charting.number_formats import format_count as count
from contract import inputs as contract_inputs
from contract.errors import InputError
from contract.fields import Field
from contract.manifest import Manifest
from contract.triangle import cannot_turn, developing, has_shape, turned
from engine.report.provenance import value_text

MAX_TEXT = 60  # letters of a text that are shown
LARGEST = 1e15  # from which on a number without a fraction is written as a power of ten
NOTHING = "The model's starting values"


@dataclass(frozen=True, slots=True)
class ChangedInput:
    """An input that differs from its starting value: both values in words, with units."""

    label: str
    value: str
    before: str | None

    def phrase(self, *, starts: bool = False) -> str:
        """Return it as a phrase, with the starting value where `starts` asks for it and there is one."""
        if self.before is None:
            return f"{self.label}: {self.value}"
        return f"{self.label} {self.value} (starting value {self.before})" if starts else f"{self.label} {self.value}"


def differing_inputs(manifest: Manifest, inputs: Mapping[str, Any], *, starts: bool = False) -> list[str]:
    """Return a phrase for each input that differs from its starting value, in the form's order.

    Args:
        manifest: of the run's version.
        inputs: of the run, as stored.
        starts: whether each phrase says the starting value too.
    """
    return [changed.phrase(starts=starts) for changed in changed_inputs(manifest, inputs)]


def changed_inputs(manifest: Manifest, inputs: Mapping[str, Any]) -> list[ChangedInput]:
    """Return each input that differs from its starting value, in the form's order; of a table, how it changed.

    Args:
        manifest: of the run's version.
        inputs: of the run, as stored.
    """
    try:
        begin = contract_inputs.validate(manifest, manifest.initial_values)
    except InputError:
        begin = dict(manifest.initial_values)
    return _changes(manifest, begin, inputs)


def changes_between(manifest: Manifest, before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return a phrase for each input that differs between two runs, such as "Age 45 years → 48 years".

    Args:
        manifest: of the second run's version.
        before: inputs of the first run, as stored.
        now: inputs of the second run, as stored.
    """
    return [
        f"{changed.label}: {changed.value}"
        if changed.before is None
        else f"{changed.label} {changed.before} → {changed.value}"
        for changed in _changes(manifest, before, now)
    ]


def _changes(manifest: Manifest, begin: Mapping[str, Any], inputs: Mapping[str, Any]) -> list[ChangedInput]:
    given = {key: value for key, value in inputs.items() if value is not None}
    shown = contract_inputs.visible_keys(manifest, given)
    found = []
    for key, field in manifest.inputs.items():
        before, now = begin.get(key), given.get(key)
        if key in shown and not same_input(before, now):
            found.append(_changed(field, before, now))
    return found


def summarise_differences(manifest: Manifest, inputs: Mapping[str, Any], *, letters: int = 240) -> str:
    """Return the differences on one line of at most about `letters`; how many more there are is said."""
    phrases = differing_inputs(manifest, inputs)
    if not phrases:
        return NOTHING
    kept: list[str] = []
    for phrase in phrases:
        if kept and sum(map(len, kept)) + len(phrase) > letters:
            return f"{', '.join(kept)} and {len(phrases) - len(kept)} more"
        kept.append(phrase)
    return ", ".join(kept)


def input_text(field: Field, value: Any) -> str:
    """Return the value of an input in words, with its unit; of a table or a triangle, its name or its size."""
    if field.type == "table":
        return _table_change(field, [], value or [])
    if field.type == "triangle":
        return "empty" if value is None else value_text(value, field)
    return _value(field, value)


def input_change(field: Field, before: Any, now: Any) -> str:
    """Return the value of an input in words, next to another one: of a table or a triangle, how it differs."""
    if same_input(before, now):
        return input_text(field, now)
    return _changed(field, before, now).value


def same_input(one: Any, other: Any) -> bool:
    """Return whether two values of an input are equal: 1 and 1.0 are, 1 and true are not, empty ones are."""
    return _equal(one, other) or (_is_empty(one) and _is_empty(other))


def _changed(field: Field, before: Any, now: Any) -> ChangedInput:
    if field.type == "triangle":
        return ChangedInput(field.label, _triangle_change(field, before, now), None)
    if field.type == "table":
        return ChangedInput(field.label, _table_change(field, before or [], now or []), None)
    return ChangedInput(field.label, _value(field, now), _value(field, before))


def _value(field: Field, value: Any) -> str:
    """Return a value with its unit."""
    if value is None or value == "":
        return "empty"
    if isinstance(value, Mapping) and "file" in value:
        return str(value.get("name") or "an uploaded file")
    text = value_text(_short(value), field)
    text = text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1].rstrip() + "…"
    return f"{text} {field.unit}" if field.unit and field.type in {"number", "integer", "range"} else text


def _short(value: Any) -> Any:
    """Return numbers without a fraction as whole ones: 120 and not 120.0."""
    if isinstance(value, list):
        return [_short(v) for v in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < LARGEST else value


def _table_change(field: Field, before: Sequence[Any], now: Sequence[Any]) -> str:
    for choice in field.choices:
        if _equal([dict(row) for row in choice.rows], list(now)):
            return choice.label
    if not now:
        return "empty"
    rows = f"{count(len(now))} row{'' if len(now) == 1 else 's'}"
    if not before:
        return rows
    if len(before) == len(now):
        changed = sum(not _equal(a, b) for a, b in zip(before, now, strict=True))
        return f"{count(changed)} of {rows} changed"
    old, new = Counter(map(_row_key, before)), Counter(map(_row_key, now))
    added, removed = (new - old).total(), (old - new).total()
    parts = [
        f"{count(added)} added" if added else "",
        f"{count(removed)} removed" if removed else "",
    ]
    return f"{rows} instead of {count(len(before))}, {' and '.join(p for p in parts if p)}"


def _triangle_change(field: Field, before: Any, now: Any) -> str:
    """Return how a triangle differs: another size, other labels, changed amounts, or only another form of them."""
    if now is None:
        return "empty"
    size = value_text(now, field)
    if not has_shape(before) or not has_shape(now):
        return size
    if (before["origins"], before["developments"]) != (now["origins"], now["developments"]):
        same = (len(before["origins"]), len(before["developments"])) == (len(now["origins"]), len(now["developments"]))
        return f"{size}, other labels" if same else f"{size} instead of {value_text(before, field)}"
    parts = []
    if before["cumulative"] != now["cumulative"]:
        parts.append("cumulative" if now["cumulative"] else "incremental")
        names = developing(field)
        if not cannot_turn(before, names):
            before = turned(before, names)
    for key, measure in field.measures.items():
        old, new = before["measures"].get(key), now["measures"].get(key)
        if old is None or new is None:
            parts += [f"{measure.label} {'added' if old is None else 'left out'}"] if (old or new) else []
            continue
        cells = [(a, b) for x, y in zip(old, new, strict=True) for a, b in zip(x, y, strict=True)]
        changed = sum(not _equal(a, b) for a, b in cells)
        if changed:
            amounts = sum(b is not None for _, b in cells)
            parts.append(f"{count(changed)} of {count(amounts)} amounts of {measure.label} changed")
    if before["grain"] != now["grain"]:
        parts.append(f"by {now['grain']['origin']} and {now['grain']['development']}")
    return ", ".join(parts) or size


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [])


def _row_key(row: Any) -> str:
    """Return what equal rows have in common: empty cells and the type of a number do not count."""
    if isinstance(row, Mapping):
        row = {k: float(v) if type(v) is int and abs(v) < 2**53 else v for k, v in row.items() if v is not None}
    return json.dumps(row, sort_keys=True, default=str)


def _equal(one: Any, other: Any) -> bool:
    """Return whether two values are equal: 1 and 1.0 are, 1 and true are not, nor does an empty cell count."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        keys = {k for row in (one, other) for k, v in row.items() if v is not None}
        return all(_equal(one.get(k), other.get(k)) for k in keys)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_equal, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and one == other
