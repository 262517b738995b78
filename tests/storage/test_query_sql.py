"""The history's language on a real database, and that no text of a user is part of a statement."""

import datetime as dt
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import text

from contract.query_reader import read_query
from contract.run import Status
from contract.run_query import resolve
from contract.run_search import Filter
from storage import annotations, query_sql, runs, users
from storage.search import count_runs, search_runs
from tests.contract.test_run_query import queries
from tests.storage.factory import MANIFEST, add_app, add_run

TODAY = dt.date(2026, 11, 26)


def finish(conn, run, summary):
    claimed = runs.claim_run(conn, run.id, "w")
    runs.finish_run(conn, run.id, claimed.attempt, status=Status.SUCCESS, doc={"summary": summary})


@pytest.fixture
def many(database):
    """Six runs: inputs and summaries of every type, tags, stars, notes and a baseline."""
    with database.begin() as conn:
        mortality = add_app(conn)
        pricer = add_app(conn, "pricer", "b" * 64, {**MANIFEST, "name": "Portfolio Pricer"})
        found = [
            add_run(conn, mortality, {"age": 45, "law": "Gompertz", "start": "2026-01-31", "on": True}),
            add_run(
                conn, mortality, {"age": 60.5, "law": "Weibull", "start": "2026-03-01", "lines": ["motor", "fire"]}
            ),
            add_run(conn, mortality, {"age": "old", "law": "100%_x", "start": "soon"}, user="grace"),
            add_run(conn, pricer, {"age": 2**62, "rate": 0.1, "span": [1, 2]}, user="grace"),
            add_run(
                conn, pricer, {"rate": 0.30000000000000004, "file": {"file": "a", "name": "Book.csv"}}, user="system"
            ),
            add_run(conn, pricer, {"odd key": 1, "age": None}),
        ]
        finish(conn, found[0], {"SCR": 100, "Basis": "Best", "Total IBNR": {"value": 1.5e6, "unit": "EUR"}})
        finish(conn, found[1], {"SCR": {"value": 3_000_000, "unit": "EUR"}})
        finish(conn, found[3], {"Loss": None, "SCR": "n/a"})
        found.append(add_run(conn, mortality, {"age": 45}, reused_from=found[0].id))
        ada, grace = (users.get_or_create_user(conn, name) for name in ("ada", "grace"))
        annotations.add_tag(conn, found[0].id, "q3", ada)
        annotations.add_tag(conn, found[1].id, "year end", grace)
        annotations.set_star(conn, found[1].id, ada, starred=True)
        annotations.set_star(conn, found[3].id, grace, starred=True)
        annotations.add_note(conn, found[2].id, "Checked by **Grace**: 5% off", grace)
        annotations.set_baseline(conn, mortality.id, found[1].id, ada)
        days = [dt.datetime(2026, 11, day, 23, 30, tzinfo=dt.UTC) for day in (1, 2, 3, 20, 21, 26, 26)]
        for run, at in zip(found, days, strict=True):
            conn.execute(text("update runs set queued_at = :at where id = :id"), {"at": at, "id": run.id})
    return found


def find(database, many, words, zone="UTC"):
    query = resolve(read_query(words).query, me="ada", today=TODAY)
    wanted = Filter(query=query, zone=zone)
    with database.read() as conn:
        page = search_runs(conn, wanted)
        assert count_runs(conn, wanted) == len(page.runs)
    places = {run.id: i for i, run in enumerate(many)}
    return sorted(places[run.id] for run in page.runs)


FOUND = {
    "params.age > 45": [1, 3],
    "params.age >= 45 params.age < 1e6": [0, 1, 6],
    "params.age:45..60": [0, 6],
    "params.age = 45": [0, 6],
    "params.age != 45": [1, 2, 3, 5],
    "not params.age = 45": [1, 2, 3, 5],
    "not params.nowhere = 1": [0, 1, 2, 3, 5, 6],
    "params.nowhere != 1": [],
    "params.age in (45, 60.5)": [0, 1, 6],
    "params.age = old": [2],
    "params.rate = 0.1": [3],
    "params.rate > 0.3": [],
    "params.rate > 0.3 user:system": [4],
    "params.law:gompertz": [0],
    "params.law in (Weibull, Gompertz)": [0, 1],
    "params.law ~ BULL": [1],
    'params.law ~ "%_"': [2],
    "params.lines:fire": [1],
    "params.on:true": [0],
    "params.start >= 2026-02-01": [1],
    "params.start:2026-01-01..2026-01-31": [0],
    'params."odd key" = 1': [5],
    "params.file ~ book user:system": [4],
    "summary.SCR < 2e6": [0, 6],
    "summary.SCR >= 100": [0, 1, 6],
    "not summary.SCR < 2e6": [1, 2, 3, 5],
    'summary."Total IBNR" = 1500000': [0, 6],
    "summary.Basis:best": [0, 6],
    'summary.SCR = "n/a"': [3],
    "summary.Loss > 0": [],
    "app:mortality": [0, 1, 2, 6],
    "app ~ portfolio": [3, 5],
    "app in (mortality, pricer)": [0, 1, 2, 3, 5, 6],
    "status:success": [0, 1, 3, 6],
    "status != success": [2, 5],
    "status in (pending, failed)": [2, 5],
    "user:me": [0, 1, 5, 6],
    "user ~ grac": [2, 3],
    "not user:ada user != system": [2, 3],
    "tag:q3": [0],
    'tag:"Year End"': [1],
    "tag ~ year": [1],
    "tag != q3": [1, 2, 3, 5, 6],
    "tag in (q3, x)": [0],
    "starred": [1],
    "starred:grace": [3],
    "not starred": [0, 2, 3, 5, 6],
    "note ~ checked": [2],
    'note ~ "5%"': [2],
    'note:"x"': [],
    "baseline": [1],
    "version:bbbb": [3, 5],
    "date:2026-11-02": [1],
    "date:2026-11-01..2026-11-03": [0, 1, 2],
    "date:..2026-11-02": [0, 1],
    "date > 2026-11-20": [5, 6],
    "date < 2026-11-02": [0],
    "date >= -6d": [3, 5, 6],
    "date:today": [5, 6],
    "date:2026-10": [],
    "date != 2026-11": [],
    "date < 2299-12-31": [0, 1, 2, 3, 5, 6],
    "seconds < 1000": [0, 1, 3, 6],
    "reason ~ x": [],
    "weibull": [1],
    '"portfolio pricer"': [3, 5],
    "weibull or gompertz": [0, 1],
    "mortality (weibull or params.age:45)": [0, 1, 6],
    "not (weibull or app:pricer) status:success": [0, 6],
    'app:mortality params.age > 60 and (summary.SCR < 2e6 or tag:"year end")': [1],
}


def test_each_search_finds_the_runs_it_describes(database, many):
    assert {words: find(database, many, words) for words in FOUND} == FOUND


def test_a_day_is_that_of_the_time_zone(database, many):
    assert find(database, many, "date:2026-11-02", "Europe/Berlin") == [0]
    assert find(database, many, "date:2026-11-02", "America/New_York") == [1]


def test_a_part_of_an_id_is_a_condition_too(database, many):
    assert find(database, many, f"id:{str(many[2].id)[-8:]}") == [2]
    assert find(database, many, f"not id:{many[2].id}") == [0, 1, 3, 5, 6]


def test_pages_of_a_search_follow_each_other_without_gap(database, many):
    query = read_query("summary.SCR >= 100").query
    with database.read() as conn:
        first = search_runs(conn, Filter(query=query), limit=2)
        second = search_runs(conn, Filter(query=query), first.next_cursor, 2)
    assert [r.id for r in (*first.runs, *second.runs)] == [many[i].id for i in (6, 1, 0)]
    assert second.next_cursor is None


OWN_WORDS = set(re.findall(r"\w+", Path(query_sql.__file__).read_text()))


@settings(max_examples=300, deadline=None)
@given(queries)
def test_no_text_of_a_user_is_part_of_a_statement(query):
    binds = query_sql.Binds()
    statement = query_sql.condition(resolve(query, me="ada", today=TODAY), binds, "UTC")
    marks = re.findall(r"(?<!:):(q\d+)\b", statement)
    assert set(marks) == set(binds.values)
    assert set(re.findall(r"\w+", statement)) - set(marks) <= OWN_WORDS


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(queries)
def test_whatever_can_be_written_can_be_searched(database, many, query):
    with database.read() as conn:
        search_runs(conn, Filter(query=resolve(query, me="ada", today=TODAY)), limit=5)
