"""Two versions of a model are compared in words that an analyst and an author both read."""

from contract.manifest_diff import compare_cases, compare_files, compare_manifests

LAPSE = {"type": "number", "label": "Lapse", "unit": "%", "min": 0, "max": 20, "default": 5}


def inputs(**declared):
    return {"name": "M", "inputs": declared}


def test_equal_manifests_have_no_difference():
    assert compare_manifests(inputs(lapse=LAPSE), inputs(lapse=dict(LAPSE))) == []


def test_a_renamed_input_is_told_as_one_with_what_changed_besides():
    new = inputs(lapse_rate={**LAPSE, "default": 6})
    assert compare_manifests(inputs(lapse=LAPSE), new) == ["input `lapse` renamed to `lapse_rate`, default 5 to 6"]


def test_an_input_of_another_kind_is_none_that_was_renamed():
    new = inputs(start={"type": "date", "label": "Lapse"}, other={"type": "number", "label": "Other", "max": 7})
    assert compare_manifests(inputs(lapse=LAPSE), new) == [
        "input `lapse` removed",
        "input `start` added (date)",
        "input `other` added (number)",
    ]


def test_of_several_candidates_the_one_most_alike_was_renamed():
    new = inputs(b={**LAPSE, "label": "Other"}, a={**LAPSE})
    assert compare_manifests(inputs(lapse=LAPSE), new) == [
        "input `lapse` renamed to `a`",
        "input `b` added (number, default 5)",
    ]


def test_changes_of_bounds_labels_units_columns_and_order_are_named():
    old = inputs(lapse=LAPSE, rows={"type": "table", "columns": {"x": {"type": "number"}}})
    new = inputs(
        rows={"type": "table", "columns": {"x": {"type": "integer"}, "y": {"type": "text"}}},
        lapse={**LAPSE, "max": 30, "label": "Lapses", "help": "a year"},
    )
    assert compare_manifests(old, new) == [
        "input `lapse`: label “Lapse” to “Lapses”, maximum 20 to 30, help added: “a year”",
        "input `rows`: columns: column `x`: type “number” to “integer”; column `y` added (text)",
        "inputs are in another order",
    ]


def test_other_keys_are_named_and_long_values_are_not_written_out():
    old = {"name": "M", "limits": {"seconds": 5}, "tags": ["a"], "description": "x" * 300}
    new = {"name": "N", "limits": {"seconds": 9, "memory_mb": 5}, "description": "y" * 300, "license": "MIT"}
    assert compare_manifests(old, new) == [
        "name “M” to “N”",
        "limits: seconds 5 to 9, memory_mb added: 5",
        "tags removed",
        "description changed",
        "license added: “MIT”",
    ]


def test_manifests_that_hold_nonsense_are_compared_all_the_same():
    assert compare_manifests({"inputs": 3}, {"inputs": {"a": 1, "b": {}}}) == ["input `b` added (number)"]


def test_cases_are_compared_by_name():
    old = [{"name": "a", "inputs": {"n": 1}, "expect": {"summary.x": 1}}, {"name": "b", "inputs": {}}]
    new = [{"name": "a", "inputs": {"n": 2}, "expect": {"summary.x": 2}}, {"name": "c", "expect": {"summary.x": 1}}]
    assert compare_cases(old, new) == [
        "case `a`: inputs n 1 to 2, expect summary.x 1 to 2",
        "case `b` removed",
        "case `c` added, with 1 published value",
    ]


def test_files_are_compared_line_by_line_the_function_first_and_binary_ones_named():
    old = {"function.py": b"a\nb\n", "data.bin": b"\xff\x00", "gone.csv": b"1\n"}
    new = {"function.py": b"a\nc\n", "data.bin": b"\xff\x01", "new.csv": b"2\n", "a.txt": b"same"}
    found = compare_files({**old, "a.txt": b"same"}, new)
    assert [(f.name, f.status) for f in found] == [
        ("function.py", "changed"),
        ("data.bin", "changed"),
        ("gone.csv", "removed"),
        ("new.csv", "added"),
    ]
    assert found[0].lines == ("--- old/function.py", "+++ new/function.py", "@@ -1,2 +1,2 @@", " a", "-b", "+c")
    assert found[1].lines == ()
    assert found[3].text.endswith("+2")
