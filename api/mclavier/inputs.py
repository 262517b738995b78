"""Inputs as the MCLAVIER Marketplace's form draws and sends them: a slider for each, and so a number for each.

Chosen: what a slider can express becomes one: a switch is 0 or 1, a choice its place in the list, a choice among
numbers the number itself. Other types are left out of the form and take their defaults, or the value that a client
sends in its own type.
Left out: unknown inputs and values between two steps, which `contract.loose_inputs` takes for every model.
"""

import itertools
from collections.abc import Mapping
from typing import Any

from contract.fields import Field, is_number
from contract.manifest import Manifest
from contract.wording import shorten

NO_NUMBERS = frozenset({"range", "multiselect", "text", "date", "table", "file"})


def slider_schema(manifest: Manifest) -> dict[str, dict[str, Any]]:
    """Return what the form draws: by input, `type`, `label`, `min`, `max`, `step`, `default` and `unit`."""
    found = {}
    for key, field in manifest.inputs.items():
        match field.type:
            case "number" | "integer":
                declared = manifest.raw["inputs"][key] if manifest.core else {}  # in its own words, a unit's space too
                found[key] = _slider(field, field.minimum, field.maximum, field.step, field.default) | declared
            case "boolean":
                found[key] = _slider(field, 0, 1, 1, int(bool(field.default)))
            case "select" if field.options and _numeric(field):
                values = sorted(o.value for o in field.options)
                found[key] = _slider(field, values[0], values[-1], _common_step(values), field.default)
            case "select" if field.options:
                places = [o.value for o in field.options]
                default = places.index(field.default) if field.default in places else 0
                found[key] = _slider(field, 0, len(places) - 1, 1, default)
                names = ", ".join(f"{i} {o.label}" for i, o in enumerate(field.options))
                found[key]["label"] = f"{field.label} ({names})"
    return found


def to_inputs(manifest: Manifest, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the values that the form's numbers stand for, and a warning for each number that stands for none."""
    values: dict[str, Any] = {}
    warnings: list[str] = []
    for key, value in given.items():
        field = manifest.inputs.get(key)
        if field is None or not is_number(value):
            if not (field is not None and field.type == "file" and value in ("", False)):
                values[key] = value
        elif field.type == "boolean" and value in (0, 1):
            values[key] = bool(value)
        elif field.type == "select" and field.options:
            values[key] = _chosen(field, value, warnings)
        elif field.type in NO_NUMBERS:
            if value != 0 or field.type != "file":  # the form sends 0 for a file that nobody has chosen
                warnings.append(f"{field.label} takes no number; {shorten(value)} was left out.")
        else:
            values[key] = value
    return values, warnings


def _chosen(field: Field, value: float, warnings: list[str]) -> Any:
    """Return the option that a slider's position stands for."""
    options = [o.value for o in field.options]
    if _numeric(field):
        nearest = min(options, key=lambda option: abs(option - value))
        if nearest != value:
            warnings.append(f"{field.label} is {shorten(value)}, not one of its options; {nearest:g} was taken.")
        return nearest
    return options[int(value)] if float(value).is_integer() and 0 <= value < len(options) else value


def _slider(field: Field, low: Any, high: Any, step: Any, default: Any) -> dict[str, Any]:
    unit = field.unit or ""
    return {
        "type": "number",
        "label": field.label,
        "min": low,
        "max": high,
        "step": step,
        "default": default if is_number(default) else low,
        "unit": f" {unit}" if unit[:1].isalpha() else unit,  # it is written right behind the value
    }


def _numeric(field: Field) -> bool:
    return all(is_number(o.value) for o in field.options)


def _common_step(values: list[Any]) -> Any:
    """Return the distance of a slider's positions that reach every one of the sorted values, or nearly so."""
    gaps = {b - a for a, b in itertools.pairwise(values)}
    if len(gaps) == 1:
        return gaps.pop()
    return 1 if all(float(v).is_integer() for v in values) else min(gaps, default=1)
