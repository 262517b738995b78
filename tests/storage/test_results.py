import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.run import Status
from storage import results, runs
from tests.storage.factory import add_app, add_run

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=8),
    lambda i: (
        st.lists(i, max_size=4)
        | st.dictionaries(
            st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=5), i, max_size=4
        )
    ),
    max_leaves=20,
)
shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)


def write(database, doc, parts=None):
    with database.begin() as conn:
        run = add_run(conn, add_app(conn))
        runs.claim_run(conn, run.id, "w1")
        assert runs.finish_run(conn, run.id, 1, status=Status.SUCCESS, doc=doc, parts=parts)
    return run.id


@shared
@given(st.dictionaries(st.sampled_from(["z", "summary", "a", "table"]), json_values))
def test_a_result_is_read_back_unchanged_and_in_the_same_order(database, doc):
    run_id = write(database, doc)
    with database.read() as conn:
        _, found, _, _ = runs.read_snapshot(conn, run_id)
    assert found == doc
    assert list(found) == list(doc)


COLUMNS = {
    "ints": st.integers(-(2**63), 2**63 - 1) | st.none(),
    "floats": st.floats(allow_nan=False) | st.none(),
    "texts": st.text(st.characters(blacklist_categories=["Cs"]), max_size=5) | st.none(),
    "flags": st.booleans() | st.none(),
    "empty": st.none(),
}


@shared
@given(
    st.integers(1, 30).flatmap(
        lambda n: st.fixed_dictionaries({k: st.lists(v, min_size=n, max_size=n) for k, v in COLUMNS.items()})
    )
)
def test_columns_of_one_type_are_read_back_exactly(database, columns):
    run_id = write(database, {}, {"table": columns})
    with database.read() as conn:
        assert results.read_part(conn, run_id, "table").to_pydict() == columns


def test_a_column_of_mixed_values_is_read_back_as_text_and_ints_among_floats_as_floats(database):
    run_id = write(database, {}, {"table": {"mixed": [1, "a", None, [2]], "both": [1, 2.5, None, 3]}})
    with database.read() as conn:
        found = results.read_part(conn, run_id, "table").to_pydict()
    assert found == {"mixed": ["1", "a", None, "[2]"], "both": [1.0, 2.5, None, 3.0]}


def test_a_page_of_a_million_rows_is_read_from_the_parts_it_lies_in(database):
    n = 200_000
    run_id = write(database, {}, {"table": {"i": list(range(n))}})
    with database.read() as conn:
        for offset, limit in ((0, 3), (65_535, 2), (131_000, 200), (n - 2, 10), (n + 5, 3)):
            page = results.read_part(conn, run_id, "table", offset, limit)
            expected = list(range(n))[offset : offset + limit]
            assert (page.to_pydict()["i"] if expected else []) == expected
        stored = [results.read_stored_part(conn, run_id, "table", number) for number in range(5)]
        assert [part and part.num_rows for part in stored] == [65_536, 65_536, 65_536, n - 3 * 65_536, None]


def test_a_part_that_is_not_stored_is_reported_as_missing(database):
    run_id = write(database, {})
    with database.read() as conn, pytest.raises(LookupError, match="no part"):
        results.read_part(conn, run_id, "table")


def test_a_page_of_a_mixed_column_is_its_own_rows_across_two_parts(database):
    n = 65_536 + 10
    run_id = write(database, {}, {"table": {"i": list(range(n)), "mixed": ["t" if i % 2 else i for i in range(n)]}})
    with database.read() as conn:
        page = results.read_part(conn, run_id, "table", 65_534, 4).to_pydict()
    assert page == {"i": [65_534, 65_535, 65_536, 65_537], "mixed": ["65534", "t", "65536", "t"]}
