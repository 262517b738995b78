"""Queries of the explorer read what they may, and nothing else by any way that was thought of."""

import dataclasses
import os
import subprocess
import threading
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import text

from contract.errors import DatabaseUnavailable, ExplorerError, ExplorerUnavailable
from contract.explorer import MAX_SQL
from engine.explorer.query import CELL, MAX_ROWS, cancel_query, export_query, list_tables, run_query
from engine.people.audit import list_audit_rows
from engine.runs.submit import submit
from engine.secrets.manage import set_secret
from engine.webhooks.manage import create_webhook
from storage import backup
from storage.database import Database
from storage.encryption import Cipher, new_key
from storage.explorer import Explorer, drop_views
from storage.explorer_views import VIEWS
from storage.notifications import CANCEL, Listener
from storage.postgres_binaries import binaries_folder
from storage.tables import metadata
from tests.actors import ADA, ADMIN

CODE = "def run(inputs):\n    return {'summary': {'n': inputs['n']}}\n"
# It takes its own limit away with its first row, and goes on for ever after the first fetch.
FOR_EVER = (
    "select set_config('statement_timeout', '0', false), repeat('x', 10000), "
    "pg_sleep(case when g > 1 then 0.02 else 0 end) from generate_series(1, 1000000) g"
)
# By the name of the attempt: the statement, and words of its refusal.
REFUSED = {
    "insert": ("insert into users (name) values ('x')", "one statement that reads"),
    "insert and return": ("insert into public.users (name) values ('x') returning id", "one statement that reads"),
    "insert in a with": (
        "with x as (insert into public.users (name) values ('x') returning id) select * from x",
        "one statement that reads",
    ),
    "update": ("update public.runs set status = 'SUCCESS'", "one statement that reads"),
    "delete": ("delete from public.runs returning id", "one statement that reads"),
    "drop": ("drop table public.runs", "one statement that reads"),
    "create": ("create temp table x as select 1", "one statement that reads"),
    "select into": ("select 1 as a into x", "one statement that reads"),
    "lock rows": ("select * from users for update", "permission denied"),
    "large object": ("select lo_from_bytea(0, 'x')", r"read-only|one statement that reads"),
    "sequence": ("select nextval('public.users_id_seq')", "permission denied"),
    "two statements": ("select 1; select 2", "several statements"),
    "role in a second one": ("select 1; reset role", "several statements"),
    "end of the transaction": ("commit", "one statement that reads"),
    "reset role": ("reset role", "one statement that reads"),
    "session authorization": ("reset session authorization", "one statement that reads"),
    "set role": ("select set_config('role', 'tontine', false)", r"permission denied|does not exist"),
    "set user": ("select set_config('session_authorization', 'tontine', false)", r"permission denied|does not exist"),
    "writable": ("set transaction read write", "one statement that reads"),
    "writable by function": ("select set_config('transaction_read_only', 'off', false)", "before any query"),
    "block": ("do $$ begin perform 1; end $$", "one statement that reads"),
    "prepare": ("prepare x as select 1", "one statement that reads"),
    "listen": ("listen run_cancel", "one statement that reads"),
    "copy to a program": ("copy (select 1) to program 'id'", "one statement that reads"),
    "copy to the client": ("copy users to stdout", "one statement that reads"),
    "extension": ("create extension dblink", "one statement that reads"),
    "dblink": ("select * from dblink('', 'select 1') as t(a int)", "does not exist"),
    "out of the brackets": ("select 1) q(c0) where false; select (1", "syntax error"),
    "a file": ("select pg_read_file('/etc/passwd')", "permission denied"),
    "a file as bytes": ("select pg_read_binary_file('PG_VERSION')", "permission denied"),
    "a folder": ("select pg_ls_dir('.')", "permission denied"),
    "import of a file": ("select lo_import('/etc/passwd')", "permission denied"),
    "passwords": ("select * from pg_authid", "permission denied"),
    "passwords by a view": ("select * from pg_shadow", "permission denied"),
    "a setting": ("select current_setting('data_directory')", "permission denied"),
    "a setting by show": ("show data_directory", r"permission denied|one statement that reads"),
    "statistics": ("select * from pg_statistic", "permission denied"),
    "mappings": ("select umoptions from pg_user_mapping", "permission denied"),
    "secrets": ("select * from public.secrets", "permission denied"),
    "webhooks": ("select secret from public.webhooks", "permission denied"),
    "files of models": ("select bytes from public.blobs", "permission denied"),
    "the queue": ("select * from public.procrastinate_jobs", "permission denied"),
    "a table by xml": ("select query_to_xml('select * from public.secrets', true, true, '')", "permission denied"),
    "a schema by xml": ("select table_to_xml('public.secrets', true, true, '')", r"permission denied|unsupported XML"),
    "parameters": ("select $1::int", "parameters"),
    "nothing": (" ", "it is empty"),
    "no columns": ("select", "no columns"),
    "a mistake": ("select 1 from", "syntax error"),
    "an unknown table": ("select * from run", 'relation "run" does not exist'),
    "an error": ("select 1 / 0", "division by zero"),
    "NUL": ("select 'a\x00b'", "NUL"),
    "no text": ("select '\ud800'", "no text"),
    "too long": ("select '" + "x" * MAX_SQL + "'", "more than 20,000 characters"),
    "its own connection": ("select pg_terminate_backend(pg_backend_pid())", "connection to the database was lost"),
}


def short_of_time(context, seconds):
    return dataclasses.replace(context, limits=dataclasses.replace(context.limits, explorer_seconds=seconds))


@pytest.fixture
def filled(context, add_model):
    add_model(CODE)
    for n in range(3):
        submit(context, "probe", {"n": n}, actor=ADA)
    return context


def all_rows(context):
    """Return the rows of every table but the audit log, which notes what was asked for."""
    with context.database.read() as conn:
        return {
            table: sorted(conn.execute(text(f'select cast(t as text) from public."{table}" t')).scalars())
            for table in metadata.tables
            if table != "audit_log"
        }


def test_a_query_reads_the_tables_that_are_listed_with_columns_and_types(filled):
    query = """select slug, (inputs->>'n')::int as n from runs r join apps a on a.id = r.app_id
        join users u on u.id = r.user_id where u.name = 'ada' order by n;"""
    found = run_query(filled, query, actor=ADMIN)
    assert [(c.name, c.type) for c in found.columns] == [("slug", "text"), ("n", "integer")]
    assert [list(row) for row in found.rows] == [["probe", 0], ["probe", 1], ["probe", 2]]
    assert (found.more, found.cut_cells) == (False, 0)
    listed = {table.name: table for table in list_tables(filled, actor=ADMIN)}
    assert list(listed) == [view.name for view in VIEWS]
    assert ("id", "uuid") in [(c.name, c.type) for c in listed["runs"].columns]


def test_values_come_as_numbers_booleans_none_and_texts_and_columns_may_have_one_name(context):
    query = """select 1 as a, 2.50 as a, 1e30::float8, true, null, '{"k": [1]}'::jsonb, array[1, 2], '\\xff'::bytea,
        timestamptz '2026-01-02 03:04:05+02', 'NaN'::numeric, 12345678901234567890.5::numeric, 7::numeric,
        interval '1 day', 'Infinity'::float8 -- a comment"""
    [row] = run_query(context, query, actor=ADMIN).rows
    assert row[:7] == [1, 2.5, 1e30, True, None, '{"k": [1]}', "{1,2}"]
    assert row[7:9] == ["\\xff", "2026-01-02 01:04:05+00"]
    assert str(row[9]) == "nan"
    assert row[10:] == [12345678901234567890.5, 7, "1 day", "Infinity"]
    many = ", ".join(f"{i} as c{i}" for i in range(250))
    assert run_query(context, f"select {many}", actor=ADMIN).rows == [list(range(250))]


@pytest.mark.parametrize("attempt", REFUSED)
def test_what_does_more_than_read_is_refused_with_words_and_changes_nothing(filled, attempt):
    statement, words = REFUSED[attempt]
    before = all_rows(filled)
    with pytest.raises(ExplorerError, match=words) as raised:
        run_query(filled, statement, actor=ADMIN)
    [problem] = raised.value.problems
    assert problem.where == "query"
    assert problem.hint
    assert all_rows(filled) == before


def test_what_a_function_notifies_is_never_delivered(context):
    heard = []
    done = threading.Event()
    listener = Listener(context.database.dsn)
    listener.subscribe(CANCEL, lambda payload: (heard.append(payload), done.set()))
    listener.start()
    assert run_query(context, f"select pg_notify('{CANCEL}', 'from the explorer')", actor=ADMIN).rows == [[""]]
    with context.database.begin() as conn:
        conn.execute(text("select pg_notify(:channel, 'ours')"), {"channel": CANCEL})
    assert done.wait(30)
    listener.stop()
    assert heard == ["ours"]


def test_nothing_that_a_query_sets_or_locks_outlives_it(context):
    run_query(context, "select pg_advisory_lock(4711), set_config('search_path', 'public', false)", actor=ADMIN)
    assert run_query(context, "select pg_try_advisory_lock(4711)", actor=ADMIN).rows == [[True]]
    assert run_query(context, "select count(*) from users", actor=ADMIN).rows == [[0]]


@pytest.mark.parametrize(
    "statement",
    [
        "select pg_sleep(600)",
        "select count(*) from generate_series(1, 1000000000000)",
        FOR_EVER,
    ],
)
def test_a_query_that_would_run_for_ever_is_ended_with_words(context, statement):
    with pytest.raises(ExplorerError, match=r"longer than a query may.*TONTINE_EXPLORER_SECONDS"):
        run_query(short_of_time(context, 1), statement, actor=ADMIN)


def test_a_huge_result_is_cut_in_rows_and_in_texts_and_says_so(context):
    found = run_query(context, "select g from generate_series(1, 1000000) g", actor=ADMIN)
    assert (len(found.rows), found.more) == (MAX_ROWS, True)
    exactly = run_query(context, f"select g from generate_series(1, {MAX_ROWS}) g", actor=ADMIN)
    assert (len(exactly.rows), exactly.more) == (MAX_ROWS, False)
    found = run_query(context, "select g from generate_series(1, 9) g", actor=ADMIN, limit=5)
    assert (len(found.rows), found.more) == (5, True)
    found = run_query(context, "select repeat('x', 10000000), 'y'", actor=ADMIN)
    assert (len(found.rows[0][0]), found.rows[0][0][-1], found.cut_cells) == (CELL + 1, "…", 1)
    wide = ", ".join(["repeat('x', 100000)"] * 100)
    found = run_query(context, f"select {wide} from generate_series(1, 1000)", actor=ADMIN)
    assert found.more
    assert len(found.rows) < 100


def test_a_query_is_cancelled_from_another_thread_and_says_so(context):
    query_id, ended = uuid4(), []

    def go():
        try:
            run_query(context, "select pg_sleep(600)", actor=ADMIN, query_id=query_id)
        except ExplorerError as error:
            ended.append(str(error))

    assert not cancel_query(context, query_id, actor=ADMIN)
    thread = threading.Thread(target=go)
    thread.start()
    # Again and again: until the query itself has begun there is nothing, or not yet the right thing, to cancel.
    while thread.is_alive():
        cancel_query(context, query_id, actor=ADMIN)
        thread.join(0.1)
    assert ended == ["query: it was cancelled. Run it again."]


def test_a_file_has_all_rows_and_all_digits(context):
    query = "select g, 1.2345678901234567890123::numeric as x, '=1+1' as f from generate_series(1, 2500) g"
    found = export_query(context, query, actor=ADMIN)
    rows = [row for batch in found.batches for row in zip(*batch.values(), strict=True)]
    assert [c.label for c in found.columns] == ["g", "x", "f"]
    assert len(rows) == 2500
    assert rows[-1] == (2500, "1.2345678901234567890123", "=1+1")
    with pytest.raises(ExplorerError, match="permission denied"):
        export_query(context, "select * from public.secrets", actor=ADMIN)
    left = export_query(context, "select g from generate_series(1, 1000000) g", actor=ADMIN).batches
    next(left)
    left.close()


def test_a_file_that_takes_too_long_breaks_off(context):
    found = export_query(
        short_of_time(context, 0.1), "select g, pg_sleep(0.001) from generate_series(1, 1000000) g", actor=ADMIN
    )
    with pytest.raises(ExplorerError, match="longer than a query may"):
        list(found.batches)


def test_no_view_shows_anything_that_is_secret(filled):
    object.__setattr__(filled, "cipher", Cipher([new_key()]))
    set_secret(filled, "API_KEY", "sesame-open-1234", actor=ADMIN)
    _, signing = create_webhook(filled, "https://1.1.1.1/hooks/path-token?key=query-token", actor=ADA)
    object.__setattr__(filled, "cipher", Cipher())
    _, plain = create_webhook(filled, "https://1.1.1.1/hooks/path-token", actor=ADA)
    content = ""
    for table in list_tables(filled, actor=ADMIN):
        content += "\n".join(
            str(row) for row in run_query(filled, f"select t::text from {table.name} t", actor=ADMIN).rows
        )
    assert "API_KEY" in content
    assert "1.1.1.1" in content
    for value in ("sesame-open-1234", signing, plain, "fernet:", "path-token", "query-token", "submission_key"):
        assert value not in content


def test_views_are_of_tables_that_there_are_and_no_column_that_holds_bytes_or_secrets_is_shown(context):
    assert {view.table or view.name for view in VIEWS} <= set(metadata.tables)
    shown = {(t.name, c.name): c.type for t in list_tables(context, actor=ADMIN) for c in t.columns}
    assert "bytea" not in shown.values()
    for hidden in [("secrets", "value"), ("webhooks", "secret"), ("webhooks", "url"), ("versions", "archive")]:
        assert hidden not in shown


def test_two_servers_share_one_role_although_each_gives_it_a_password_of_its_own(database):
    one, other = Explorer(database), Explorer(database)
    assert one.list_tables() == other.list_tables() == one.list_tables()


def test_views_that_were_taken_down_for_an_upgrade_are_made_again(context):
    assert run_query(context, "select count(*) from users", actor=ADMIN).rows == [[0]]
    with context.database.begin() as conn:
        drop_views(conn)
    assert run_query(context, "select count(*) from users", actor=ADMIN).rows == [[0]]


def test_views_of_another_release_are_replaced(context):
    list_tables(context, actor=ADMIN)
    with context.database.begin() as conn:
        conn.exec_driver_sql("drop view tontine_explorer.users")
        conn.exec_driver_sql("create view tontine_explorer.of_another_release as select 1 as a")
        conn.exec_driver_sql("comment on schema tontine_explorer is 'of another release'")
    names = [table.name for table in Explorer(context.database).list_tables()]
    assert names == [view.name for view in VIEWS]


def test_a_backup_has_no_part_of_the_explorer_but_saved_queries(context, tmp_path):
    list_tables(context, actor=ADMIN)
    backup.back_up(context.database.dsn, tmp_path / "backup")
    listed = subprocess.run(
        [binaries_folder() / "pg_restore", "--list", str(tmp_path / "backup")],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "saved_queries" in listed
    assert "tontine_explorer" not in listed


@pytest.fixture
def role(database_url):
    """Make a role of the server's with some rights; return the URL of the test's database for it."""
    made = []

    def make(rights="", *statements):
        name = f"role_{os.urandom(6).hex()}"
        with psycopg.connect(database_url, autocommit=True) as conn:
            conn.execute(f"create role {name} login password 'explorer-password' {rights}")
            for statement in statements:
                conn.execute(statement.format(role=name, database=conn.info.dbname))
        made.append(name)
        return make_conninfo(database_url, user=name, password="explorer-password")

    yield make
    with psycopg.connect(database_url, autocommit=True) as conn:
        for name in made:
            conn.execute(f"reassign owned by {name} to current_user; drop owned by {name}; drop role {name}")


def as_url(dsn):
    given = conninfo_to_dict(dsn)
    return f"postgresql://{given['user']}:{given['password']}@/{given['dbname']}?host={given['host']}"


def test_a_login_that_an_operator_made_is_used_and_needs_no_rights_of_its_own(database, role):
    explorer = Explorer(database, as_url(role()))
    assert len(explorer.list_tables()) == len(VIEWS)
    with explorer.open_query(uuid4(), "select current_user::text", seconds=10, cell=100) as opened:
        assert opened.fetch()[0][0].startswith("role_")


@pytest.mark.parametrize(
    ("rights", "statement", "words"),
    [
        ("superuser", "select 1", "may do more than read"),
        ("createrole", "select 1", "may do more than read"),
        ("", "grant select on public.secrets to {role}", "has rights on the table secrets itself"),
        ("", "grant update (status) on public.runs to {role}", "has rights on the table runs itself"),
        ("", "grant pg_read_all_settings to {role}", "is a member of another role"),
    ],
)
def test_a_login_with_rights_of_its_own_is_refused(database, role, rights, statement, words):
    with pytest.raises(ExplorerUnavailable, match=f"{words}.*create role tontine_explorer login"):
        Explorer(database, as_url(role(rights, statement))).list_tables()


def test_where_the_databases_user_may_not_make_roles_the_refusal_says_what_to_run(database, role):
    database.dsn = as_url(role())
    with pytest.raises(
        ExplorerUnavailable, match=r"may not make the role.*create role tontine_explorer login.*TONTINE_EXPLORER_URL"
    ):
        Explorer(database).list_tables()


def test_where_the_databases_user_may_not_make_schemas_the_refusal_says_what_to_run(database, role):
    database.dsn = as_url(role("createrole"))
    with pytest.raises(ExplorerUnavailable, match=r"may not make the schema.*grant create on database \S+ to role_"):
        Explorer(database).list_tables()


def test_a_database_that_does_not_answer_is_said_as_everywhere():
    away = Database("postgresql://tontine@/postgres?host=/nowhere", pool=1)
    with pytest.raises(DatabaseUnavailable):
        Explorer(away).list_tables()
    away.close()


def test_a_login_that_is_not_there_is_refused_with_words(database, database_url):
    given = conninfo_to_dict(database_url)
    url = f"postgresql://nobody_at_all:x@/{given['dbname']}?host={given['host']}"
    with pytest.raises(ExplorerUnavailable, match="login is refused"):
        Explorer(database, url).list_tables()


def test_a_query_stands_whole_in_the_audit_log_however_long_it_is(context):
    short, long = "select 1", f"select {' ' * 600} name from secrets"
    for statement in (short, long):
        run_query(context, statement, actor=ADMIN)
    found = [(row.subject, row.detail) for row in reversed(list_audit_rows(context, actor=ADMIN, action="query"))]
    assert found == [(short, {}), (long[:500], {"query": long})]
