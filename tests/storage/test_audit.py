import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from storage import audit


def add(database, action="role.changed", **detail):
    with database.begin() as conn:
        return audit.append(conn, actor="ada", action=action, subject="bob", detail=detail)


def verified(database, **options):
    with database.read() as conn:
        return audit.verify(conn, **options)


def test_rows_are_numbered_from_one_and_each_follows_the_one_before(database):
    rows = [add(database, old="viewer", new="analyst", n=n) for n in range(3)]
    assert [row.number for row in rows] == [1, 2, 3]
    with database.read() as conn:
        assert [r.hash for r in audit.list_rows(conn)] == [r.hash for r in reversed(rows)]
    found = verified(database)
    assert (found.rows, found.last_hash, found.intact) == (3, rows[-1].hash, True)


def test_an_empty_log_is_intact(database):
    assert verified(database).intact


@pytest.mark.parametrize(
    "statement", ["update audit_log set actor = 'eve'", "delete from audit_log", "truncate audit_log"]
)
def test_the_database_refuses_to_change_delete_or_truncate_rows(database, statement):
    add(database)
    with pytest.raises(DBAPIError, match="only ever appended"), database.begin() as conn:
        conn.execute(text(statement))
    assert verified(database).rows == 1


TAMPERED = {
    "an actor": ("update audit_log set actor = 'eve' where number = 2", "row 2 was changed"),
    "a moment": ("update audit_log set at = at + interval '1 microsecond' where number = 2", "row 2 was changed"),
    "the detail": ("update audit_log set detail = '{\"n\": 7}' where number = 2", "row 2 was changed"),
    "a row": ("delete from audit_log where number = 2", "row 2 is missing"),
    "the first row": ("delete from audit_log where number = 1", "row 1 is missing"),
    "a hash": ("update audit_log set hash = repeat('0', 64) where number = 2", "row 2 was changed"),
    "a link": ("update audit_log set previous_hash = repeat('1', 64) where number = 3", "row 3 does not follow"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_what_somebody_changes_past_the_trigger_is_found(database, what):
    for n in range(4):
        add(database, n=n)
    statement, problem = TAMPERED[what]
    with database.begin() as conn:
        conn.execute(text("alter table audit_log disable trigger audit_log_append_only"))
        conn.execute(text(statement))
        conn.execute(text("alter table audit_log enable trigger audit_log_append_only"))
    found = verified(database)
    assert not found.intact
    assert problem in found.problem


def test_rows_cut_off_the_end_are_found_by_a_hash_that_was_kept(database):
    for n in range(3):
        add(database, n=n)
    kept = verified(database).last_hash
    assert verified(database, expected=kept).intact
    with database.begin() as conn:
        conn.execute(text("alter table audit_log disable trigger audit_log_append_only"))
        conn.execute(text("delete from audit_log where number = 3"))
    assert verified(database).intact
    assert "rows at the end are missing" in verified(database, expected=kept).problem


def test_many_that_append_at_once_make_one_chain(database):
    threads = [threading.Thread(target=lambda n=n: [add(database, n=n) for _ in range(5)]) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = verified(database)
    assert (found.rows, found.intact) == (25, True)


def test_a_row_whose_transaction_fails_is_not_there(database):
    with pytest.raises(RuntimeError), database.begin() as conn:
        audit.append(conn, actor="ada", action="role.changed", subject="bob")
        raise RuntimeError
    assert verified(database).rows == 0


def test_texts_that_a_database_cannot_hold_do_not_break_the_chain(database):
    with database.begin() as conn:
        audit.append(conn, actor="a\0da", action="x", subject="\ud800", detail={"é": "a\0b", "n": [1, True, None]})
    assert verified(database).intact


def test_rows_are_found_by_actor_and_kind_of_action_page_by_page(database):
    for n in range(5):
        add(database, action="token.created" if n % 2 else "role.changed")
    with database.read() as conn:
        assert [r.number for r in audit.list_rows(conn, action="token")] == [4, 2]
        assert [r.number for r in audit.list_rows(conn, limit=2, before=4)] == [3, 2]
        assert audit.list_rows(conn, actor="eve") == []
