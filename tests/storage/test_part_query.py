"""Rows of a large table: what is found and in which order is what Python finds, over several batches."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.number_format import NumberFormat
from contract.table_query import TableQuery, read_table_query
from storage.part_query import iter_rows, query_rows

ENGLISH, GERMAN = NumberFormat(), NumberFormat.from_languages("de-DE")
TEXTS = ["Alpha", "alpha beta", "100%", "a_b", "O'Neil", 'say "x"', "ÄRZTE", "12.5", "", None]


def batches(columns, size):
    table = pa.table(columns)
    return lambda: iter([table.slice(at, size) for at in range(0, table.num_rows, size)])


def find(columns, query, offset=0, limit=1_000, size=3):
    rows, count = query_rows(batches(columns, size), query, offset, limit, pa.table(columns).num_rows)
    return rows.to_pydict(), count


ROWS = {
    'a "key"': pa.array([3, 1, None, 2, 1, 12]),
    "A": pa.array(["Ärzte", "beta", "BETA", None, "x", "12"]),
    "a": pa.array([0.5, 12.5, None, 12.46, -1.0, 1e9]),
    "yes": pa.array([True, False, None, True, False, True]),
}


def keys_of(query, **options):
    found, count = find(ROWS, query, **options)
    assert list(found) == list(ROWS)
    return found['a "key"'], count


def test_text_is_found_inside_cells_whatever_its_case_and_a_number_at_its_decimals():
    assert keys_of(read_table_query("beta", ENGLISH)) == ([1, None], 2)
    assert keys_of(read_table_query("ÄRZ", ENGLISH)) == ([3], 1)
    assert keys_of(read_table_query("12,5", GERMAN)) == ([1, 2], 2)
    assert keys_of(read_table_query("12.50", ENGLISH)) == ([1, 2], 2)
    assert keys_of(read_table_query("12", ENGLISH)) == ([12], 1)
    assert keys_of(read_table_query("1,000,000,000", ENGLISH)) == ([12], 1)
    assert keys_of(read_table_query("TRUE", ENGLISH)) == ([3, 2, 12], 3)
    assert keys_of(read_table_query("nothing", ENGLISH)) == ([], 0)


def test_rows_are_in_the_order_of_a_column_ties_in_the_order_of_the_model_and_empty_cells_last():
    assert keys_of(read_table_query("", ENGLISH, 'a "key"'))[0] == [1, 1, 2, 3, 12, None]
    assert keys_of(read_table_query("", ENGLISH, '-a "key"'))[0] == [12, 3, 2, 1, 1, None]
    assert keys_of(read_table_query("", ENGLISH, "A"))[0] == [12, 1, None, 1, 3, 2]
    assert keys_of(read_table_query("", ENGLISH, "a"), offset=1, limit=2)[0] == [3, 2]
    with pytest.raises(KeyError):
        keys_of(TableQuery(sort="none"))


def test_a_page_beyond_the_end_is_empty_and_a_table_without_rows_has_none():
    assert keys_of(read_table_query("beta", ENGLISH), offset=10) == ([], 2)
    assert query_rows(lambda: iter(()), read_table_query("x", ENGLISH), 0, 10, 0)[1] == 0


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-5, 5) | st.none(), st.sampled_from(TEXTS)), min_size=1, max_size=40),
    st.sampled_from(["", "a", "%", "_", "'", '"', "ärzte", "1"]),
    st.sampled_from(["", "n", "-n", "t", "-t"]),
    st.integers(1, 7),
)
def test_what_is_found_is_what_python_finds(rows, search, sort, size):
    columns = {
        "n": pa.array([n for n, _ in rows], pa.int64()),
        "t": pa.array([t for _, t in rows], pa.string()),
    }
    expected = [
        r for r in rows if not search or search.lower() in (r[1] or "").lower() or (search == "1" and r[0] == 1)
    ]
    if sort:
        place, backwards = ("n", "t").index(sort[-1]), sort.startswith("-")
        given_cells = [r for r in expected if r[place] is not None]
        given_cells.sort(key=lambda r: r[place] if place == 0 else r[place].lower(), reverse=False)
        if backwards:
            given_cells = sorted(given_cells, key=lambda r: r[place] if place == 0 else r[place].lower(), reverse=True)
        expected = given_cells + [r for r in expected if r[place] is None]
    query = read_table_query(search, ENGLISH, sort)
    found = [
        row
        for batch in iter_rows(batches(columns, size), query)
        for row in zip(*batch.to_pydict().values(), strict=True)
    ]
    assert found == expected
    page, count = find(columns, query, 2, 3, size)
    assert count == len(expected)
    assert list(zip(*page.values(), strict=True)) == expected[2:5]


def test_a_table_beyond_the_memory_of_a_question_is_sorted_by_way_of_a_file():
    n = 1_500_000
    text = pa.array([f"{i * 7919 % n:08d} {'x' * 200}" for i in range(65_536)])

    def read():
        for at in range(0, n, len(text)):
            yield pa.table({"i": pa.array(range(at, at + len(text))), "t": text})

    total = sum(batch.num_rows for batch in read())
    rows, count = query_rows(read, read_table_query("", ENGLISH, "-i"), 1_000_000, 2, total)
    assert count > 1_500_000
    assert rows["i"].to_pylist() == [count - 1_000_001, count - 1_000_002]
