"""Inputs of a client that keeps to no grid: unknown ones are left out, values between two steps taken, with warnings.

Chosen: the manifest is loosened for the fields concerned and everything else is checked as ever, so that ranges, types
and rules hold for these clients too, for the very values that the model gets.
Left out: which clients these are, which is the API's.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from contract.fields import Field, is_multiple_of, is_number
from contract.manifest import Manifest
from contract.wording import name_some, shorten, unit_text


def loosen(manifest: Manifest, values: Mapping[str, Any]) -> tuple[Manifest, dict[str, Any], list[str]]:
    """Return the manifest by which `values` are to be checked, the values of inputs that it has, and the warnings.

    Args:
        manifest: the model's.
        values: inputs by key as they came.
    """
    known = {key: value for key, value in values.items() if key in manifest.inputs}
    unknown = [shorten(key) for key in values if key not in known]
    warnings = [f"The model has no such inputs, and they were left out: {name_some(unknown)}."] if unknown else []
    loosened: dict[str, Field] = {}
    for key, value in known.items():
        field = manifest.inputs[key]
        if field.type in {"number", "range"} and _is_off_grid(field, value):
            loosened[key] = replace(field, precision=None, step=None, whole=False)
            warnings.append(
                f"{field.label} is {shorten(value)}{unit_text(field)}, not a multiple of {field.multiple_of:g}; "
                "the model was run with it all the same."
            )
    if loosened:
        manifest = replace(manifest, inputs={key: loosened.get(key, f) for key, f in manifest.inputs.items()})
    return manifest, known, warnings


def _is_off_grid(field: Field, value: Any) -> bool:
    step = field.multiple_of
    numbers = value if isinstance(value, list) else [value]
    return step is not None and any(is_number(n) and not is_multiple_of(n, step) for n in numbers)
