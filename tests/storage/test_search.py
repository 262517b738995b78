from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import event, text

from contract.errors import BadCursor, SearchTooSlow
from contract.run import Status
from storage import apps, runs
from storage.search import Filter, count_runs, median_seconds, search_runs, usage_stats
from tests.storage.factory import MANIFEST, add_app, add_run


@pytest.fixture
def many(database):
    with database.begin() as conn:
        app = add_app(conn)
        other = add_app(conn, "pricer", "b" * 64, {**MANIFEST, "name": "Portfolio Pricer"})
        found = [
            add_run(conn, app if i % 2 else other, {"age": i}, user="ada" if i < 6 else "grace") for i in range(10)
        ]
        runs.claim_run(conn, found[0].id, "w")
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
def test_each_filter_selects_the_runs_it_describes(database, many, wanted, which):
    with database.read() as conn:
        assert ids(search_runs(conn, wanted)) == [many[i].id for i in which]
        assert count_runs(conn, wanted) == len(which)


def test_a_run_is_found_by_a_part_of_its_id(database, many):
    with database.read() as conn:
        assert ids(search_runs(conn, Filter(text=str(many[3].id)[-8:]))) == [many[3].id]


def test_fewer_than_four_digits_of_an_id_find_nothing(database, many):
    with database.read() as conn:
        for digits in {str(run.id)[:3] for run in many} | {str(run.id)[-3:] for run in many}:
            assert ids(search_runs(conn, Filter(text=digits))) == []


def test_a_run_is_found_by_the_reason_of_its_end_however_it_ended(database, many):
    with database.begin() as conn:
        runs.request_cancel(conn, many[1].id)
        runs.claim_run(conn, many[2].id, "w")
        runs.finish_run(conn, many[2].id, 1, status=Status.TIMED_OUT, reason="Still Running after 5 s.")
        runs.finish_run(conn, many[3].id, 0, status=Status.FAILED, reason="worker lost", waiting_too=True)
        runs.claim_run(conn, many[4].id, "w")
        runs.finish_run(conn, many[4].id, 1, status=Status.SUCCESS, doc={})
    with database.read() as conn:
        for words, which in (("before started", 1), ("still RUNNING", 2), ("lost", 3)):
            assert ids(search_runs(conn, Filter(text=words))) == [many[which].id]


def test_a_run_that_reuses_a_result_is_found_as_any_other(database, many):
    with database.begin() as conn:
        again = add_run(conn, apps.app_by_slug(conn, "mortality"), {"law": "Weibull"}, reused_from=many[1].id)
    with database.read() as conn:
        assert ids(search_runs(conn, Filter(text="weibull mortality"))) == [again.id]


def test_a_word_is_not_found_across_two_texts(database):
    with database.begin() as conn:
        run = add_run(conn, add_app(conn), {"rows": ["left", "right", "left"]})
    with database.read() as conn:
        assert ids(search_runs(conn, Filter(text="left"))) == [run.id]
        assert ids(search_runs(conn, Filter(text="leftright"))) == []


FILL = """
insert into runs (id, app_id, version, status, inputs, digest, seed, user_id)
select gen_random_uuid(), r.app_id, r.version, 'SUCCESS', r.inputs, 'd', 1, r.user_id
from runs r, generate_series(1, 20000);
insert into run_search select r.id, 'mortality ' || md5(r.id::text) from runs r on conflict do nothing;
"""


@pytest.mark.parametrize(("words", "index"), [("nowhere", "run_search_words"), ("12ab-34cd", "run_search_ids")])
def test_a_rare_word_is_looked_up_in_an_index(database, words, index):
    with database.begin() as conn:
        add_run(conn, add_app(conn))
        conn.exec_driver_sql(FILL)
    with database.autocommit() as conn:
        conn.execute(text("vacuum analyze runs, run_search"))
    statements = []
    with database.begin() as conn:
        event.listen(conn, "before_cursor_execute", lambda *call: statements.append(call[2:4]))
        search_runs(conn, Filter(text=words))
        count_runs(conn, Filter(text=words))
        searches = [found for found in statements if "run_search" in found[0]]
        conn.execute(text("set local enable_seqscan = off"))  # which is as quick among so few
        for statement, values in searches:
            plan = "\n".join(row[0] for row in conn.exec_driver_sql("explain " + statement, values))
            assert index in plan
    assert len(searches) == 2


def test_a_cursor_that_no_page_returned_is_refused(database):
    with database.read() as conn:
        for cursor in ("x", "%%%", "e30", "a" * 500):
            with pytest.raises(BadCursor):
                search_runs(conn, Filter(), cursor)


def test_counting_stops_at_the_cap(database, many):
    with database.read() as conn:
        assert count_runs(conn, Filter(), cap=3) == 3


def test_totals_count_by_status_model_and_day(database, many):
    with database.read() as conn:
        found = usage_stats(conn)
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


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("gompertz", True),
        ("GOMPERTZ", True),
        ("omper", True),
        ('"quoted"', True),
        ("back\\slash", True),
        (".*", False),
        ("law", False),
        ("471", False),
        ("österreich", True),
    ],
)
def test_words_are_found_in_the_texts_of_inputs_and_not_in_keys_or_numbers(database, words, found):
    with database.begin() as conn:
        inputs = {"law": 'Gompertz "quoted"', "rows": [{"a": "back\\slash"}, {"a": "Österreich"}], "n": 471}
        run = add_run(conn, add_app(conn), inputs)
        add_run(conn, apps.app_by_slug(conn, "mortality"), {"law": "Makeham"})
    with database.read() as conn:
        assert ids(search_runs(conn, Filter(text=words))) == ([run.id] if found else [])


def test_a_search_that_takes_too_long_is_ended_and_leaves_the_connection_as_it_was(database, many, monkeypatch):
    monkeypatch.setattr("storage.search.STATEMENT_TIMEOUT", 0.05)
    with psycopg.connect(database.dsn) as locking, database.read() as conn:
        locking.execute("lock table runs in access exclusive mode")
        for search in (search_runs, count_runs):
            with pytest.raises(SearchTooSlow, match="narrow it"):
                search(conn, Filter())
        with pytest.raises(SearchTooSlow):
            usage_stats(conn)
        assert conn.execute(text("show statement_timeout")).scalar_one() == "0"


def test_the_monitor_has_durations_and_success_rates_by_model(database, many):
    with database.begin() as conn:
        for number, status in ((2, Status.SUCCESS), (4, Status.SUCCESS), (6, Status.CANCELLED)):
            runs.claim_run(conn, many[number].id, "w")
            runs.finish_run(conn, many[number].id, 1, status=status, doc={} if status is Status.SUCCESS else None)
        conn.execute(
            text("update runs set finished_at = started_at + make_interval(secs => 3) where finished_at is not null")
        )
    with database.read() as conn:
        pricer = next(m for m in usage_stats(conn)["by_model"] if m["slug"] == "pricer")
    assert (pricer["app_name"], pricer["successes"], pricer["failures"]) == ("Portfolio Pricer", 2, 1)
    assert pricer["success_rate"] == pytest.approx(2 / 3)
    assert (pricer["p50"], pricer["p95"]) == (3.0, 3.0)
    assert pricer["last_run_at"] == many[8].queued_at


def test_the_median_of_a_model_is_of_its_successes_and_none_without_any(database, many):
    pricer = many[2].app_id
    with database.begin() as conn:
        assert median_seconds(conn, pricer) is None  # the only run that has ended failed
        for number, seconds in ((2, 1), (4, 2), (6, 9)):
            runs.claim_run(conn, many[number].id, "w")
            runs.finish_run(conn, many[number].id, 1, status=Status.SUCCESS, doc={})
            conn.execute(
                text("update runs set finished_at = started_at + make_interval(secs => :s) where id = :id"),
                {"s": seconds, "id": many[number].id},
            )
        assert median_seconds(conn, pricer) == 2.0
