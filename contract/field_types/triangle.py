"""Run-off triangles: amounts of one or more measures by origin and development period.

Left out: the value and its arithmetic (`contract.triangle`), its checks (`contract.triangle_rules`) and its texts.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from contract.field_types.declaration import DeclarationReader
from contract.field_types.handler import FieldTypeHandler
from contract.field_types.parsing import parse_declaration
from contract.fields import Field, FieldType, is_whole
from contract.former_inputs import CUMULATIVE, is_rows, triangle_of_rows
from contract.period_label import GRAINS, common_grain
from contract.triangle import KEYS, developing
from contract.triangle_rules import MAX_DEVELOPMENT, MAX_LABEL
from contract.wording import name_some, shorten

PER_ORIGIN = "origin"


class TriangleType(FieldTypeHandler):
    """An object with origins, developments, measures, grain and whether amounts are cumulative."""

    keys: ClassVar[frozenset[str]] = frozenset(
        {"measures", "grains", "min_origins", "min_developments", "former_inputs"}
    )

    def __init__(self, measure_types: Mapping[FieldType, FieldTypeHandler]) -> None:
        self.measure_types = measure_types

    def parse(self, reader: DeclarationReader, *, column: bool) -> dict[str, Any]:
        """Return the measures, the lengths of period that the model takes, and the least size."""
        del column
        measures, per_origin = self._read_measures(reader)
        if measures and len(per_origin) == len(measures):
            reader.problem("measures", "no measure develops", 'Declare one without "per": "origin".')
        grains = [str(g) for g in reader.typed("grains", list, "a list of lengths of period", default=list(GRAINS))]
        for grain in grains:
            if grain not in GRAINS:
                reader.problem("grains", f"{shorten(grain)} is not a length of period", f"Use {', '.join(GRAINS)}.")
        return {
            "measures": measures,
            "grains": tuple(g for g in grains if g in GRAINS) or tuple(GRAINS),
            "min_origins": reader.count("min_origins", 1) or 1,
            "min_developments": reader.count("min_developments", 1) or 1,
            "former_inputs": _read_former_inputs(reader, [k for k in measures if k not in per_origin]),
            "default": _read_default(reader),
        }

    def json_schema(self, field: Field) -> dict[str, Any]:
        """Return the object's structure, for the documentation of the API."""
        amounts = {key: self._matrix_schema(measure) for key, measure in field.measures.items()}
        grain = {"enum": list(field.grains)}
        return {
            "type": "object",
            "properties": {
                "origins": {
                    "type": "array",
                    "items": {"type": "string", "minLength": 1, "maxLength": MAX_LABEL},
                    "minItems": field.min_origins,
                    "uniqueItems": True,
                    "description": "Labels of the origin periods, the oldest first",
                },
                "developments": {
                    "type": "array",
                    "items": {"type": "integer", "minimum": 0, "maximum": MAX_DEVELOPMENT},
                    "minItems": field.min_developments,
                    "description": "Ages in months at the end of each period, or 1, 2, 3; increasing",
                },
                "measures": {
                    "type": "object",
                    "properties": amounts,
                    "required": [key for key, measure in field.measures.items() if measure.required],
                    "additionalProperties": False,
                },
                "grain": {
                    "type": "object",
                    "properties": {"origin": grain, "development": grain},
                    "required": ["origin", "development"],
                    "additionalProperties": False,
                },
                "cumulative": {"type": "boolean", "description": "Whether a cell holds all amounts to date"},
            },
            "required": list(KEYS),
            "additionalProperties": False,
        }

    def validation_schema(self, field: Field) -> dict[str, Any]:
        """Return the one keyword that checks the whole value."""
        measures = {
            key: {
                "title": measure.title,
                "minimum": measure.minimum,
                "maximum": measure.maximum,
                "whole": measure.whole,
                "required": measure.required,
                "per_origin": measure.per_origin,
            }
            for key, measure in field.measures.items()
        }
        return {
            "x-run-off": {
                "measures": measures,
                "grains": list(field.grains),
                "min_origins": field.min_origins,
                "min_developments": field.min_developments,
            }
        }

    def canonical(self, field: Field, value: Any) -> Any:
        """Return the value with labels as texts, rows of full length and a grain for each direction.

        Rows of an earlier version's table are read; a grain that is left out is that of the labels.
        """
        if is_rows(value):
            value = triangle_of_rows(field, {developing(field)[0]: value})
        if not isinstance(value, Mapping):
            return value
        found = {"cumulative": True, **value}
        if isinstance(found.get("origins"), list):
            found["origins"] = [str(int(o)) if is_whole(o) else o for o in found["origins"]]
        found["grain"] = _canonical_grain(field, found)
        developments, measures = found.get("developments"), found.get("measures")
        if isinstance(developments, list):
            found["developments"] = [int(d) if is_whole(d) else d for d in developments]
            if isinstance(measures, Mapping):
                found["measures"] = {
                    key: _canonical_matrix(field.measures.get(key), matrix, len(developments))
                    for key, matrix in measures.items()
                }
        return {key: found[key] for key in (*KEYS, *found) if key in found}

    def normalise(self, field: Field, value: Any) -> Any:
        """Return the measures in the manifest's order, without optional ones that are empty."""
        measures = {}
        for key, measure in field.measures.items():
            kind = int if measure.whole else float
            matrix = value["measures"].get(key)
            if matrix is None:
                continue
            found = [[None if cell is None else kind(cell) for cell in line] for line in matrix]
            if measure.required or any(cell is not None for line in found for cell in line):
                measures[key] = found
        return {
            "origins": list(value["origins"]),
            "developments": list(value["developments"]),
            "measures": measures,
            "grain": {key: value["grain"][key] for key in ("origin", "development")},
            "cumulative": value["cumulative"],
        }

    def expected_text(self, field: Field) -> str:
        """Return the least size and the measures."""
        size = f"at least {field.min_origins:,} by {field.min_developments:,}"
        return f"a triangle of {size} with {name_some(m.label for m in field.measures.values())}"

    def _read_measures(self, reader: DeclarationReader) -> tuple[dict[str, Field], list[str]]:
        raw = reader.typed("measures", Mapping, "an object {key: field of a number}", default={})
        if not raw:
            reader.problem("measures", "the triangle has no measures", "Declare at least one.")
        measures: dict[str, Field] = {}
        per_origin = []
        for key, declared in raw.items():
            where = f"measures.{key}"
            inner = dict(declared) if isinstance(declared, Mapping) else declared
            per = inner.pop("per", None) if isinstance(inner, dict) else None
            if per not in {None, PER_ORIGIN}:
                reader.problem(f"{where}.per", f"{shorten(per)} is not known", 'Give "origin", or leave it out.')
            built = parse_declaration(
                self.measure_types, str(key), inner, reader.path(where), reader.problems, reader.warnings, column=True
            )
            if built is None:
                continue
            measures[str(key)] = replace(built, per_origin=per == PER_ORIGIN)
            if per == PER_ORIGIN:
                per_origin.append(str(key))
        return measures, per_origin

    def _matrix_schema(self, measure: Field) -> dict[str, Any]:
        cell = self.measure_types[measure.type].json_schema(measure)
        cell = {**cell, "type": [cell["type"], "null"]}
        line: dict[str, Any] = {"type": "array", "items": cell}
        if measure.per_origin:
            line |= {"minItems": 1, "maxItems": 1}
        schema: dict[str, Any] = {"title": measure.label, "type": "array", "items": line}
        return schema | ({"x-unit": measure.unit} if measure.unit else {})


def _read_default(reader: DeclarationReader) -> Any:
    default = reader.raw.get("default")
    if default is None or isinstance(default, str | Mapping):
        return default
    hint = "Give a triangle, or the name of a CSV file."
    reader.problem("default", f"{shorten(default)} is not a triangle", hint)
    return None


def _read_former_inputs(reader: DeclarationReader, measures: list[str]) -> dict[str, str]:
    found = {}
    for key, part in reader.typed("former_inputs", Mapping, "an object {former key: part}", default={}).items():
        if part == CUMULATIVE or part in measures:
            found[str(key)] = str(part)
        else:
            hint = f"Use {name_some([CUMULATIVE, *measures])}."
            reader.problem(f"former_inputs.{key}", f"{shorten(part)} is no part of the triangle", hint)
    return found


def _canonical_grain(field: Field, value: Mapping[str, Any]) -> Any:
    grain = value.get("grain")
    if isinstance(grain, str):
        return {"origin": grain, "development": grain}
    if grain is None:
        origins = value.get("origins")
        labels = origins if isinstance(origins, list) and all(isinstance(o, str) for o in origins) else []
        found = common_grain(labels)
        return {"origin": found, "development": found} if found in field.grains else _first_grain(field)
    return grain


def _first_grain(field: Field) -> dict[str, str]:
    return {"origin": field.grains[0], "development": field.grains[0]}


def _canonical_matrix(measure: Field | None, matrix: Any, width: int) -> Any:
    """Return the amounts with short rows filled up, and one amount in place of equal ones of a measure per origin."""
    if measure is None or not isinstance(matrix, list):
        return matrix
    if not measure.per_origin:
        return [
            line + [None] * (width - len(line)) if isinstance(line, list) and len(line) < width else line
            for line in matrix
        ]
    found = []
    for line in matrix:
        cells = line if isinstance(line, list) else [line]
        known = {cell for cell in cells if not isinstance(cell, list | dict) and cell is not None}
        if not cells or (len(cells) > 1 and len(known) <= 1):
            cells = [next(iter(known), None)]
        found.append(cells)
    return found
