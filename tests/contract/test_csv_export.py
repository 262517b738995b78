"""CSV: what is written is read back, cell by cell under its own label."""

import csv
import datetime as dt
import io
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.csv_export import BYTE_ORDER_MARK, FORMULA_STARTS, pivot, write_csv
from contract.result import Column, Series

texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=20)
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**20), 10**20)
cells = st.none() | texts | numbers | st.booleans()


@st.composite
def tables(draw):
    labels = draw(st.lists(texts, min_size=1, max_size=5))
    columns = [Column(f"k{i}", label, draw(st.sampled_from([None, "EUR", "%"]))) for i, label in enumerate(labels)]
    height = draw(st.integers(0, 12))
    kinds = [draw(st.sampled_from([cells, numbers, texts, numbers | st.none()])) for _ in columns]
    data = {c.key: draw(st.lists(k, min_size=height, max_size=height)) for c, k in zip(columns, kinds, strict=True)}
    return columns, data


def read(chunks, **form):
    return list(csv.reader(io.StringIO(b"".join(chunks).decode("utf-8"), newline=""), strict=True, **form))


def guarded(text):
    return "'" + text if text.lstrip("'").startswith(FORMULA_STARTS) else text


def expected(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return guarded(value) if isinstance(value, str) else repr(value)


@given(tables())
def test_every_cell_is_read_back_under_its_own_label(table):
    columns, data = table
    head, *rows = read(write_csv(columns, [data]))
    assert head == [guarded(c.title) for c in columns]
    assert rows == [[expected(v) for v in row] for row in zip(*(data[c.key] for c in columns), strict=True)]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_are_read_back_as_the_very_same_numbers(values):
    rows = read(write_csv([Column("a", "A")], [{"a": values}]))[1:]
    assert [math.copysign(1, float(r[0])) for r in rows] == [math.copysign(1, v) for v in values]
    assert [float(r[0]) for r in rows] == values


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_the_excel_form_has_a_mark_semicolons_and_decimal_commas(values):
    content = b"".join(write_csv([Column("a", "A"), Column("b", "B;b")], [{"a": values, "b": values}], excel=True))
    assert content.startswith(BYTE_ORDER_MARK)
    head, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";")
    assert head == ["A", "B;b"]
    assert all("." not in cell for row in rows for cell in row)
    assert [float(r[1].replace(",", ".")) for r in rows] == values


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_text_that_would_run_as_a_formula_is_guarded(start):
    text = f"{start}cmd|' /C calc'!A0"
    assert read(write_csv([Column("a", "A")], [{"a": [text]}]))[1] == ["'" + text]
    assert read(write_csv([Column("a", "A")], [{"a": [text]}], excel=True), delimiter=";")[1] == ["'" + text]


def test_a_label_that_would_run_as_a_formula_is_guarded():
    assert read(write_csv([Column("a", "=1+1", "EUR")], []))[0] == ["'=1+1 (EUR)"]


@pytest.mark.parametrize("excel", [False, True])
def test_a_negative_number_is_never_guarded(excel):
    content = b"".join(write_csv([Column("a", "A")], [{"a": [-1, -1.5, np.float64(-2.5), None]}], excel=excel))
    assert b"'" not in content
    assert b"-1\r\n" in content


def test_cells_are_found_by_key_whatever_the_order_of_the_data():
    columns = [Column("reserve", "Reserve", "EUR"), Column("year", "Year")]
    assert read(write_csv(columns, [{"year": [2001], "reserve": [5.5]}])) == [
        ["Reserve (EUR)", "Year"],
        ["5.5", "2001"],
    ]


def test_batches_follow_each_other_and_a_missing_or_short_column_is_empty():
    columns = [Column("a", "A"), Column("b", "B")]
    rows = read(write_csv(columns, [{"a": [1, 2], "b": [3]}, {"b": [4]}]))
    assert rows == [["A", "B"], ["1", "3"], ["2", ""], ["", "4"]]


def test_lines_are_streamed_before_the_last_batch_is_read():
    read_so_far = []

    def batches():
        for i in range(3):
            read_so_far.append(i)
            yield {"a": [i]}

    chunks = write_csv([Column("a", "A")], batches())
    assert next(chunks) == b"A\r\n"
    assert read_so_far == []
    assert next(chunks) == b"0\r\n"
    assert read_so_far == [0]


def test_a_large_batch_comes_in_chunks_of_whole_lines():
    chunks = list(write_csv([Column("a", "A")], [{"a": list(range(12_000))}]))
    assert len(chunks) > 2
    assert all(chunk.endswith(b"\r\n") for chunk in chunks)
    assert [int(r[0]) for r in read(chunks)[1:]] == list(range(12_000))


def test_numpy_values_dates_and_objects_are_written_plainly():
    columns = [Column(k, k) for k in "abcd"]
    data = {
        "a": np.array([0.1, np.nan]),
        "b": np.array([1, 2]),
        "c": [dt.date(2026, 11, 21), None],
        "d": [{"x": 1}, [2]],
    }
    rows = read(write_csv(columns, [data]))
    assert rows[1:] == [["0.1", "1", "2026-11-21", '{"x": 1}'], ["", "2", "", "[2]"]]


def test_what_is_not_finite_is_an_empty_cell():
    assert read(write_csv([Column("a", "A"), Column("b", "B")], [{"a": [float("inf")], "b": [1]}]))[1] == ["", "1"]


def test_series_over_one_x_become_columns_beside_each_other():
    first = Series("Survival", [1, 2], [0.9, 0.8], axis="Age", unit="%")
    second = Series("Band", [1, 2], [None, None], [0.1, 0.2], [0.3, 0.4])
    table = pivot([first, second])
    assert [c.title for c in table.columns] == ["Age", "Survival (%)", "Band, lower", "Band, upper"]
    assert read(write_csv(table.columns, [table.data]))[1:] == [["1", "0.9", "0.1", "0.3"], ["2", "0.8", "0.2", "0.4"]]


def test_series_over_different_x_are_joined_and_keep_points_that_share_an_x():
    table = pivot([Series("a", [3, 1, 1], [30, 10, 11]), Series("b", [2, 1], [200, 100])])
    keys = [c.key for c in table.columns]
    rows = list(zip(*(table.data[k] for k in keys), strict=True))
    assert rows == [(1, 10, 100), (1, 11, None), (2, None, 200), (3, 30, None)]


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 5), st.floats(allow_nan=False)), max_size=8),
        min_size=1,
        max_size=3,
    )
)
def test_the_wide_form_holds_each_point_exactly_once(points):
    series = [Series(f"s{i}", [p[0] for p in own], [p[1] for p in own]) for i, own in enumerate(points)]
    table = pivot(series)
    for i, own in enumerate(points, 1):
        cells = zip(table.data["x"], table.data.get(f"{i}.y", []), strict=False)
        assert sorted(p for p in cells if p[1] is not None) == sorted(own)


def test_the_long_form_has_one_line_a_point_with_its_series_and_unit():
    table = pivot([Series("a", [1, 2], [5, 6], unit="EUR"), Series("b", [1], [7])], "long")
    assert [c.key for c in table.columns] == ["series", "x", "y", "unit"]
    rows = list(zip(*(table.data[c.key] for c in table.columns), strict=True))
    assert rows == [("a", 1, 5, "EUR"), ("a", 2, 6, "EUR"), ("b", 1, 7, None)]
