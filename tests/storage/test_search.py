from datetime import UTC, datetime, timedelta

import pytest

from contract.run import Status
from storage import apps, runs
from storage.search import BadCursor, Filter, count_runs, iter_runs, search_runs, totals
from tests.storage.factory import MANIFEST, add_app, add_run


@pytest.fixture
def many(database):
    with database.begin() as conn:
        app = add_app(conn)
        other = add_app(conn, "pricer", "b" * 64, {**MANIFEST, "name": "Portfolio Pricer"})
        found = [
            add_run(conn, app if i % 2 else other, {"age": i}, user="ada" if i < 6 else "grace") for i in range(10)
        ]
        runs.start_run(conn, found[0].id, "w")
        runs.finish_run(conn, found[0].id, 1, status=Status.FAILED, reason="100% wrong_value")
    return found


def ids(page):
    return [r.id for r in page.runs]


def test_pages_follow_each_other_newest_first_without_gap_or_overlap(database, many):
    with database.read() as conn:
        first = search_runs(conn, Filter(), limit=4)
        second = search_runs(conn, Filter(), first.next_cursor, 4)
        third = search_runs(conn, Filter(), second.next_cursor, 4)
    assert ids(first) + ids(second) + ids(third) == [r.id for r in reversed(many)]
    assert third.next_cursor is None


@pytest.mark.parametrize(
    ("wanted", "which"),
    [
        (Filter(app="mortality"), [9, 7, 5, 3, 1]),
        (Filter(statuses=(Status.FAILED,)), [0]),
        (Filter(user="grace"), [9, 8, 7, 6]),
        (Filter(user="nobody"), []),
        (Filter(text="portfolio"), [8, 6, 4, 2, 0]),
        (Filter(text="wrong_value"), [0]),
        (Filter(text="100%"), [0]),
        (Filter(text="grace portfolio"), [8, 6]),
        (Filter(text="zzz"), []),
        (Filter(text="\0'\"\\"), []),
        (Filter(since=datetime.now(UTC) + timedelta(days=1)), []),
        (Filter(until=datetime.now(UTC) + timedelta(days=1), user="grace"), [9, 8, 7, 6]),
    ],
)
def test_each_filter_lets_through_what_it_says(database, many, wanted, which):
    with database.read() as conn:
        assert ids(search_runs(conn, wanted)) == [many[i].id for i in which]
        assert count_runs(conn, wanted) == len(which)
    with database.begin() as conn:
        assert [r.id for r in iter_runs(conn, wanted)] == [many[i].id for i in which]


def test_a_run_is_found_by_a_part_of_its_id(database, many):
    with database.read() as conn:
        assert ids(search_runs(conn, Filter(text=str(many[3].id)[-8:]))) == [many[3].id]


def test_a_cursor_that_no_page_handed_out_is_refused(database):
    with database.read() as conn:
        for cursor in ("x", "%%%", "e30", "a" * 500):
            with pytest.raises(BadCursor):
                search_runs(conn, Filter(), cursor)


def test_counting_stops_at_the_cap(database, many):
    with database.read() as conn:
        assert count_runs(conn, Filter(), cap=3) == 3


def test_totals_count_by_status_model_and_day(database, many):
    with database.read() as conn:
        found = totals(conn)
    assert found["total"] == 10
    assert (found["by_status"]["FAILED"], found["by_status"]["PENDING"]) == (1, 9)
    assert found["success_rate"] == 0
    assert {m["slug"]: m["runs"] for m in found["by_model"]} == {"mortality": 5, "pricer": 5}
    assert sum(d["runs"] for d in found["by_day"]) == 10


def test_the_catalogue_lists_models_by_name_with_their_last_run(database, many):
    with database.read() as conn:
        found = apps.list_apps(conn)
    assert [a.name for a in found] == ["Mortality", "Portfolio Pricer"]
    assert found[0].last_run_at == many[9].queued_at
    assert (found[0].category, found[0].tags) == ("Life", ("a",))
