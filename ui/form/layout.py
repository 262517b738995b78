"""Where a model's form stands: beside its result, or above it where a table needs the page's width.

Chosen: the manifest decides where it says so; else the form is wide where it begins with a triangle, or with a table
that has more columns than the narrow form shows at once.
Left out: the drawing.
"""

from collections.abc import Sequence
from typing import Literal

from contract import inputs as contract_inputs
from contract.fields import Field
from contract.manifest import Manifest

Layout = Literal["beside", "wide"]

NARROW_COLUMNS = 8  # columns of a table that the form beside a result has room for
INPUT_WIDTH = 320  # px at least of an input that stands beside others in a wide form


def form_layout(manifest: Manifest) -> Layout:
    """Return where the model's form stands."""
    if manifest.layout == "wide":
        return "wide"
    shown = contract_inputs.visible_keys(manifest, manifest.initial_values)
    fields = [field for key, field in manifest.inputs.items() if key in shown]
    if any(field.type == "triangle" for field in fields):
        return "wide"
    tables = [field for field in fields if field.type == "table"]
    return "wide" if any(used_columns(f) > NARROW_COLUMNS for f in tables) else "beside"


def used_columns(field: Field) -> int:
    """Return how many columns a table shows to begin with: those its first rows fill, and those it must have."""
    rows = list(field.default or [])
    filled = {key for row in rows for key, value in row.items() if value is not None}
    return sum(not rows or key in filled or column.required for key, column in field.columns.items())


def group_fields(fields: Sequence[Field], *, wide: bool) -> list[list[Field]]:
    """Return the inputs in the rows that they stand in: in a wide form those that need no width stand side by side."""
    rows: list[list[Field]] = []
    for field in fields:
        beside = wide and rows and not needs_width(field) and not needs_width(rows[-1][-1])
        if beside:
            rows[-1].append(field)
        else:
            rows.append([field])
    return rows


def needs_width(field: Field) -> bool:
    """Return whether an input takes the whole width of a wide form: a table, a triangle or a long text does."""
    return field.type in {"table", "triangle"} or bool(field.lines and field.lines > 1)
