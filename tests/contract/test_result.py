import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import cases, manifest, result_parts
from contract.errors import ResultError
from contract.result import parse_result, require_object


@pytest.mark.parametrize(
    "raw",
    [
        [{"x": 1, "y": 2}, {"x": 2, "y": 3}],
        {"Series": [{"x": 1, "y": 2}, {"x": 2, "y": 3}]},
        [{"name": "Series", "x": [1, 2], "y": [2, 3]}],
        {"Series": {"x": [1, 2], "y": [2, 3]}},
        {"x": [1, 2], "y": [2, 3]},
    ],
)
def test_every_shape_of_a_series_is_read_alike(raw):
    (series,) = parse_result({"series": raw}).series
    assert (series.name, list(series.x), list(series.y)) == ("Series", [1, 2], [2, 3])


@pytest.mark.parametrize("raw", [[{"a": 1, "b": None}, {"a": 2, "b": "x"}], {"a": [1, 2], "b": [None, "x"]}])
def test_every_shape_of_a_table_is_read_alike_and_columns_label_by_position(raw):
    (table,) = parse_result({"table": raw, "columns": ["First", "Second"]}).tables
    assert [c.label for c in table.columns] == ["First", "Second"]
    assert {k: list(v) for k, v in table.data.items()} == {"a": [1, 2], "b": [None, "x"]}
    assert table.rows == 2


def test_rows_with_different_keys_keep_every_cell_under_its_own_key():
    (table,) = parse_result({"table": [{"a": 1}, {"b": 2}]}).tables
    assert table.data == {"a": [1, None], "b": [None, 2]}


def test_declared_units_and_formats_reach_summary_and_columns():
    outputs = {
        "summary": {"SCR": {"unit": "EUR", "format": ",.0f"}},
        "columns": {"a": {"label": "Age", "unit": "years"}},
    }
    result = parse_result({"summary": {"SCR": 5}, "table": [{"a": 1}]}, outputs)
    assert (result.summary[0].unit, result.summary[0].format) == ("EUR", ",.0f")
    assert result.tables[0].columns[0].title == "Age (years)"


def test_what_is_in_no_accepted_shape_is_kept_under_more_with_a_warning():
    result = parse_result({"table": "oops", "charts": [{"kind": "nope"}], "summary": [1], "other": {"a": 1}})
    assert result.extras == {"table": "oops", "charts[0]": {"kind": "nope"}, "summary": [1], "other": {"a": 1}}
    assert len(result.warnings) == 3


def test_a_result_that_is_no_dictionary_is_refused():
    with pytest.raises(ResultError, match="not a dictionary"):
        require_object([1, 2])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@given(
    st.dictionaries(
        st.sampled_from(
            ["summary", "series", "columns", "table", "tables", "charts", "notes", "files", "warnings", "x"]
        ),
        json_values,
    )
)
def test_any_json_a_model_returns_can_be_viewed_and_split(raw):
    parse_result(raw)
    doc, kept = result_parts.extract_large(raw)
    parse_result(doc)
    assert not kept


@given(st.integers(1_001, 3_000))
def test_a_large_table_and_series_leave_a_reference_with_their_first_rows(n):
    raw = {"table": {"a": list(range(n))}, "series": [{"name": "s", "x": list(range(n)), "y": list(range(n))}]}
    doc, kept = result_parts.extract_large(raw)
    assert kept == {"table": {"a": list(range(n))}, "series.1": {"x": list(range(n)), "y": list(range(n))}}
    result = parse_result(doc)
    assert (result.tables[0].rows, result.tables[0].part, len(result.tables[0].data["a"])) == (n, "table", 200)
    assert (result.series[0].rows, result.series[0].part, result.series[0].name) == (n, "series.1", "s")


@pytest.mark.parametrize("named", [True, False])
def test_each_of_two_long_series_of_one_name_has_a_part_of_its_own(named):
    n = 1_500
    same = {"name": "Reserve"} if named else {}
    raw = {"series": [{**same, "x": list(range(n)), "y": [value] * n} for value in (1, 2)]}
    doc, kept = result_parts.extract_large(raw)
    stored = [kept[one.part]["y"] for one in parse_result(doc).series]
    assert stored == [[1] * n, [2] * n]


def test_a_long_series_whose_name_is_another_ones_number_does_not_share_its_part():
    long = {"x": list(range(1_500))}
    raw = {"series": [{**long, "y": [1] * 1_500}, {"name": 1, **long, "y": [2] * 1_500}]}
    doc, kept = result_parts.extract_large(raw)
    assert [kept[one.part]["y"][0] for one in parse_result(doc).series] == [1, 2]


def test_series_given_by_name_have_parts_of_their_own_whatever_their_names():
    long = {"x": list(range(1_500))}
    raw = {"series": {name: {**long, "y": [value] * 1_500} for value, name in enumerate(["2", "1", "a"])}}
    doc, kept = result_parts.extract_large(raw)
    assert [(one.name, kept[one.part]["y"][0]) for one in parse_result(doc).series] == [("2", 0), ("1", 1), ("a", 2)]


M = manifest.parse({"name": "m", "inputs": {"a": {"type": "number"}}})
RESULT = {
    "summary": {"Total IBNR": 18680855.6, "a.b": 2, "with unit": {"value": 3, "unit": "EUR"}},
    "table": {"reserve": [1.0, 2.0]},
    "tables": {"By year": [{"x": 5}]},
    "series": [{"name": "best", "x": [0, 1], "y": [7, 8]}],
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("summary.Total IBNR", 18680855.6),
        ("summary.a.b", 2),
        ("summary.with unit", 3),
        ("table[1].reserve", 2.0),
        ("tables.By year[0].x", 5),
        ("series.best[1].y", 8),
        ("series[0].y[0]", 7),
    ],
)
def test_a_case_reaches_every_part_of_a_result_by_its_path(path, value):
    (case,) = cases.parse_cases([{"name": "c", "inputs": {"a": 1}, "expect": {path: value}}], M)
    assert cases.mismatches(case, RESULT) == []


def test_a_case_names_what_it_misses_with_both_numbers():
    (case,) = cases.parse_cases(
        [{"name": "c", "inputs": {}, "expect": {"summary.a.b": 2.1, "summary.none": 1}, "rtol": 0.01}], M
    )
    assert [(m.path, m.expected, m.found) for m in cases.mismatches(case, RESULT)] == [
        ("summary.a.b", 2.1, 2),
        ("summary.none", 1, None),
    ]


def test_a_label_that_changes_from_run_to_run_is_declared_by_a_pattern():
    outputs = {"summary": {"Value after * years": {"unit": "EUR"}, "Value after 5 years": {"unit": "USD"}}}
    shown = parse_result({"summary": {"Value after 10 years": 1.0, "Value after 5 years": 2.0, "Value": 3.0}}, outputs)
    assert [m.unit for m in shown.summary] == ["EUR", "USD", None]
