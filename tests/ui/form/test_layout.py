"""Where a model's form stands: beside its result or above it."""

import pytest

from contract.manifest import parse
from registry.model_files import read_folder
from registry.validation import validate_model
from tests.engine.conftest import ROOT
from ui.form.layout import form_layout, group_fields


def table(columns, filled=None, **more):
    names = [f"c{i}" for i in range(columns)]
    rows = [dict.fromkeys(names[: filled or columns], 1)]
    fields = {name: {"type": "number", "required": False} for name in names}
    return {"type": "table", "label": "Table", "columns": fields, "default": rows, **more}


def layout(inputs, **more):
    return form_layout(parse({"name": "M", "inputs": inputs, **more}))


AGE = {"type": "number", "label": "Age", "default": 45}


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"age": AGE}, "beside"),
        ({"age": AGE, "triangle": table(8)}, "beside"),
        ({"age": AGE, "triangle": table(9)}, "wide"),
        ({"triangle": table(60, filled=5)}, "beside"),
        ({"triangle": table(60, filled=11)}, "wide"),
        ({"triangle": table(12, default=[])}, "wide"),
        ({"on": {"type": "boolean", "default": False}, "own": table(12, show_if={"on": True})}, "beside"),
    ],
)
def test_a_table_with_more_columns_than_a_narrow_form_shows_makes_the_form_wide(inputs, expected):
    assert layout(inputs) == expected


def test_what_the_manifest_says_counts():
    assert layout({"age": AGE}, layout="wide") == "wide"


@pytest.mark.parametrize(
    ("slug", "expected"), [("chain_ladder", "wide"), ("odp_bootstrap", "wide"), ("mortality", "beside")]
)
def test_models_of_triangles_are_wide_and_others_are_not(slug, expected):
    assert form_layout(validate_model(read_folder(ROOT / "functions" / slug)).manifest) == expected


def test_in_a_wide_form_inputs_stand_side_by_side_and_tables_alone():
    fields = list(parse({"name": "M", "inputs": {"a": AGE, "b": AGE, "t": table(9), "c": AGE}}).inputs.values())
    keys = [[f.key for f in row] for row in group_fields(fields, wide=True)]
    assert keys == [["a", "b"], ["t"], ["c"]]
    assert [len(row) for row in group_fields(fields, wide=False)] == [1, 1, 1, 1]
