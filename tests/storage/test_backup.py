"""A backup is what the database was at one moment, restored row by row, and a file or database is whole or not there."""

import os
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

import psycopg
import pytest
from alembic import command

from contract.errors import BackupError
from contract.run import Status
from engine.processes import context as contexts
from engine.runs.follow import wait_for_end
from engine.runs.results import read_result_file
from engine.runs.submit import submit
from storage import backup, runs
from storage.database import Database
from storage.migrate import config, known_revisions, migrate
from storage.workers import worker_name
from tests.actors import ADA
from tests.engine.conftest import add_model, context, run_now, sandbox, worker_context, workers

__all__ = ["add_model", "context", "run_now", "sandbox", "worker_context", "workers"]
pytestmark = pytest.mark.processes

DEAD = 4_000_000  # beyond any process id of this host
CODE = (
    "def run(inputs):\n"
    "    print('log of', inputs['n'])\n"
    "    open('f.bin', 'wb').write(bytes(range(256)) * int(inputs['n'] % 5 + 1))\n"
    "    return {'summary': {'n': inputs['n'], 'text': 'Grüße, \\u4e16'}, 'files': {'f.bin': 'f.bin'},\n"
    "            'table': {'i': list(range(int(inputs['n'] % 3) * 20_000)), 'x': [0.1] * (int(inputs['n'] % 3) * 20_000)}}\n"
)
N = {"n": {"type": "number", "default": 1, "max": 10_000}}


@pytest.fixture
def empty_database(server_url):
    """The URL of a database without a table."""
    name = f"restored_{os.urandom(6).hex()}"
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute(f"create database {name}")
    base, mark, query = server_url.partition("?")
    yield f"{base.rsplit('/', 1)[0]}/{name}{mark}{query}"
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute(f"drop database {name} with (force)")


@pytest.fixture
def restored(empty_database):
    database = Database(empty_database, pool=2)
    yield database
    database.close()


def rows(conn):
    """Return every row of every table as text, by table."""
    tables = [
        name
        for (name,) in conn.execute(
            "select quote_ident(relname) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
        )
    ]
    return {name: sorted(r for (r,) in conn.execute(f"select t::text from {name} t")) for name in tables}


def definitions(conn):
    """Return tables with their columns, indexes, constraints, triggers and functions, as PostgreSQL writes them."""
    queries = (
        """select table_name, column_name, data_type, column_default, is_nullable from information_schema.columns
        where table_schema = 'public'""",
        "select tablename, indexname, indexdef from pg_indexes where schemaname = 'public'",
        """select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint
        where connamespace = 'public'::regnamespace""",
        "select tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) from pg_trigger where not tgisinternal",
        """select proname, pg_get_functiondef(oid) from pg_proc
        where pronamespace = 'public'::regnamespace and prokind = 'f' and probin is null""",
    )
    return [sorted(conn.execute(q).fetchall(), key=str) for q in queries]


def test_what_is_backed_up_while_runs_go_on_is_restored_row_by_row(
    context, add_model, workers, database_url, tmp_path, restored
):
    slug = add_model(CODE, N)
    workers(1)
    first = submit(context, slug, {"n": 0}, actor=ADA)
    assert wait_for_end(context, first.id, 60, actor=ADA).final
    stop, submitted = threading.Event(), []

    def keep_submitting():
        while not stop.is_set():
            submitted.append(submit(context, slug, {"n": len(submitted) + 1}, actor=ADA))
            if len(submitted) % 4 == 0:
                wait_for_end(context, submitted[-1].id, 10, actor=ADA)

    target = tmp_path / "all.dump"
    thread = threading.Thread(target=keep_submitting)
    thread.start()
    try:
        with psycopg.connect(database_url) as moment:
            moment.execute("set transaction isolation level repeatable read")
            (snapshot,) = moment.execute("select pg_export_snapshot()").fetchone()
            known = len(submitted)
            assert backup.back_up(database_url, target, snapshot=snapshot) == target.stat().st_size
            # The database goes on meanwhile: the file has the moment and nothing of what came after it.
            while len(submitted) <= known:
                stop.wait(0.01)
            expected, tables = rows(moment), definitions(moment)
    finally:
        stop.set()
        thread.join()
    held = backup.restore(restored, target)
    with psycopg.connect(restored.dsn) as conn:
        found = rows(conn)
        assert found.keys() == expected.keys()
        for name, lines in expected.items():
            assert found[name] == lines, name
        assert definitions(conn) == tables
    assert held.runs == len(expected["runs"]) > 1
    assert held.models == 1
    assert target.stat().st_mode & 0o077 == 0


def test_a_restored_installation_goes_on_where_the_backup_found_it(
    context, add_model, run_now, workers, database_url, tmp_path, restored
):
    slug = add_model(CODE, N, deterministic=True)
    done = submit(context, slug, {"n": 2}, actor=ADA)
    run_now(done)
    waiting = submit(context, slug, {"n": 3}, actor=ADA)
    interrupted = submit(context, slug, {"n": 4}, actor=ADA)
    with context.database.begin() as conn:
        assert runs.claim_run(conn, interrupted.id, worker_name(DEAD))
    backup.back_up(database_url, tmp_path / "all.dump")
    backup.restore(restored, tmp_path / "all.dump")
    opened = contexts.open_context(restored.dsn, limits=context.limits, data=tmp_path / "data", user="ada")
    try:
        again = submit(opened, slug, {"n": 2}, actor=ADA)
        assert again.reused_from == done.id  # its result came along
        assert read_result_file(opened, done.id, "f.bin", actor=ADA) == bytes(range(256)) * 3
        new = submit(opened, slug, {"n": 5}, actor=ADA)
        workers(1, DATABASE_URL=restored.dsn)
        ended = [wait_for_end(opened, run.id, 90, actor=ADA).run for run in (waiting, interrupted, new)]
        assert [run.status for run in ended] == [Status.SUCCESS] * 3, [run.reason for run in ended]
        assert [run.attempt for run in ended] == [1, 2, 1]
    finally:
        opened.close()


def test_a_database_that_is_not_empty_is_not_touched(context, add_model, database_url, tmp_path):
    add_model(CODE, N)
    backup.back_up(database_url, tmp_path / "all.dump")
    with psycopg.connect(database_url) as conn:
        before = rows(conn)
    with pytest.raises(BackupError, match="is not empty: it has the tables"):
        backup.restore(context.database, tmp_path / "all.dump")
    with psycopg.connect(database_url) as conn:
        assert rows(conn) == before


def test_a_file_is_replaced_only_where_that_is_asked_for_and_nothing_remains_of_a_failure(database_url, tmp_path):
    target = tmp_path / "all.dump"
    target.write_text("mine")
    with pytest.raises(BackupError, match="is there already"):
        backup.back_up(database_url, target)
    with pytest.raises(BackupError, match="pg_dump failed"):
        backup.back_up(
            database_url + "_missing" if "?" not in database_url else database_url.replace("?", "_missing?"),
            target,
            overwrite=True,
        )
    assert target.read_text() == "mine"
    assert os.listdir(tmp_path) == ["all.dump"]
    backup.back_up(database_url, target, overwrite=True)
    assert target.read_bytes().startswith(b"PGDMP")
    with pytest.raises(BackupError, match="There is no folder"):
        backup.back_up(database_url, tmp_path / "none" / "all.dump")


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "flipped"])
def test_a_damaged_file_is_refused_and_leaves_the_database_empty(
    context, add_model, database_url, tmp_path, restored, damage
):
    add_model(CODE, N)
    target = tmp_path / "all.dump"
    backup.back_up(database_url, target)
    good = target.read_bytes()
    middle = len(good) // 2
    target.write_bytes(
        {
            "empty": b"",
            "text": b"select 1;",
            "cut": good[:middle],
            "flipped": good[:middle] + bytes(b ^ 0xFF for b in good[middle : middle + 400]) + good[middle + 400 :],
        }[damage]
    )
    with pytest.raises(BackupError):
        backup.restore(restored, target)
    with psycopg.connect(restored.dsn) as conn:
        assert rows(conn) == {}


def test_a_backup_of_a_newer_release_and_of_another_database_are_refused_in_words(
    context, database_url, tmp_path, restored, empty_database
):
    with psycopg.connect(database_url) as conn:
        conn.execute("update alembic_version set version_num = '9999'")
    backup.back_up(database_url, tmp_path / "newer.dump")
    with pytest.raises(BackupError, match=r"newer release of Tontine: its tables are of revision 9999"):
        backup.restore(restored, tmp_path / "newer.dump")
    with psycopg.connect(empty_database) as conn:
        conn.execute("create table other (a int)")
    backup.back_up(restored.dsn, tmp_path / "other.dump")
    with pytest.raises(BackupError, match="a dump of another database"):
        backup.restore(restored, tmp_path / "other.dump")


def test_an_older_releases_backup_is_brought_up_to_this_one(context, database_url, tmp_path, restored):
    with restored.begin() as conn:
        command.upgrade(config(conn), "0003")
    backup.back_up(restored.dsn, tmp_path / "old.dump")
    with psycopg.connect(restored.dsn) as conn:
        conn.execute("drop schema public cascade")
        conn.execute("create schema public")
    held = backup.restore(restored, tmp_path / "old.dump")
    assert held.revision == max(known_revisions())
    migrate(restored)


def test_the_password_is_not_among_the_arguments_of_a_program(monkeypatch, tmp_path):
    seen = {}

    def run(command, **options):
        seen.update(command=command, env=options["env"])
        return subprocess.CompletedProcess(command, 1)

    monkeypatch.setattr(backup.subprocess, "run", run)
    with pytest.raises(BackupError):
        backup.back_up("postgresql://ada:sesame@db.example:5433/tontine?sslmode=require", tmp_path / "x.dump")
    assert "sesame" not in " ".join(seen["command"])
    given = {k: v for k, v in seen["env"].items() if k.startswith("PG")}
    assert given == {
        "PGUSER": "ada",
        "PGPASSWORD": "sesame",
        "PGHOST": "db.example",
        "PGPORT": "5433",
        "PGDATABASE": "tontine",
        "PGSSLMODE": "require",
    }


OLDER = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))


@pytest.fixture
def older_server():
    """The URL of a server of an older major version."""
    if not OLDER:
        pytest.skip("no older PostgreSQL server is installed here")
    folder = OLDER[0].parent
    home = Path(tempfile.mkdtemp(prefix="tontine-old-", dir="/tmp"))  # a socket's path has to be short
    identity = {}
    if os.geteuid() == 0:
        identity = {"user": "postgres", "group": "postgres", "extra_groups": []}
        shutil.chown(home, "postgres", "postgres")

    def run(program, *arguments):
        subprocess.run([folder / program, *arguments], check=True, stdout=subprocess.DEVNULL, cwd="/", **identity)

    try:
        data = home / "data"
        run("initdb", "-D", data, "-U", "tontine", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8")
        options = f"-c listen_addresses='' -c unix_socket_directories='{home}'"
        run("pg_ctl", "start", "-w", "-D", data, "-l", home / "log", "-o", options)
        yield f"postgresql://tontine@/postgres?host={str(home).replace('/', '%2F')}"
        run("pg_ctl", "stop", "-w", "-m", "fast", "-D", data)
    finally:
        shutil.rmtree(home)


def test_a_backup_of_an_older_major_version_is_restored_into_the_shipped_one_and_into_its_own(
    older_server, tmp_path, restored
):
    old = Database(older_server, pool=2)
    migrate(old)
    with old.begin() as conn:
        conn.exec_driver_sql("create table note (line text)")
        conn.exec_driver_sql("insert into note values ('SET transaction_timeout = 0;')")
    with psycopg.connect(old.dsn) as conn:
        expected = rows(conn)
    assert expected["note"]
    backup.back_up(old.dsn, tmp_path / "old.dump")
    backup.restore(restored, tmp_path / "old.dump")
    with psycopg.connect(restored.dsn) as conn:
        assert rows(conn) == expected
    with psycopg.connect(old.dsn, autocommit=True) as conn:
        conn.execute("create database again")
    again = Database(old.dsn.replace("/postgres?", "/again?"), pool=1)
    backup.restore(again, tmp_path / "old.dump")
    with psycopg.connect(again.dsn) as conn:
        assert rows(conn) == expected
    old.close()
    again.close()
