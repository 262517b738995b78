import threading

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from storage.database import Database, DatabaseUnavailable
from storage.migrate import migrate
from storage.tables import metadata


def test_the_migrations_make_exactly_the_tables_that_the_code_describes(database):
    def ours(_object, name, kind, _reflected, _compared):
        return not (kind == "table" and name.startswith("procrastinate"))

    with database.begin() as conn:
        context = MigrationContext.configure(conn, opts={"include_object": ours})
        assert compare_metadata(context, metadata) == []


def test_two_processes_that_start_together_migrate_once(server_url):
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute("drop database if exists together with (force)")
        conn.execute("create database together")
    base, _, query = server_url.partition("?")
    url = f"{base.rsplit('/', 1)[0]}/together" + (f"?{query}" if query else "")
    failures = []

    def start():
        database = Database(url, pool=1)
        try:
            migrate(database)
        except Exception as error:  # noqa: BLE001
            failures.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_a_database_newer_than_the_release_is_refused(database):
    with database.begin() as conn:
        conn.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(DatabaseUnavailable, match="9999"):
        migrate(database)


def test_a_server_that_is_away_is_one_error_with_its_reason():
    database = Database("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(DatabaseUnavailable, match="refused"), database.read():
        pass
