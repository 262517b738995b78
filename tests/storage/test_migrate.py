import threading

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from contract.errors import DatabaseUnavailable
from storage import favourites
from storage.database import Database
from storage.migrate import config, migrate
from storage.tables import metadata


def test_the_migrations_make_exactly_the_tables_that_the_code_describes(database):
    def ours(_object, name, kind, _reflected, _compared):
        return not (kind == "table" and name.startswith("procrastinate"))

    with database.begin() as conn:
        context = MigrationContext.configure(conn, opts={"include_object": ours})
        assert compare_metadata(context, metadata) == []


@pytest.fixture
def older(server_url):
    """Return an empty database brought to an older revision; it is removed afterwards."""
    base, _, query = server_url.partition("?")
    url = f"{base.rsplit('/', 1)[0]}/older" + (f"?{query}" if query else "")
    opened = []

    def make(revision):
        with psycopg.connect(server_url, autocommit=True) as conn:
            conn.execute("drop database if exists older with (force)")
            conn.execute("create database older")
        database = Database(url, pool=1)
        opened.append(database)
        with database.begin() as conn:
            command.upgrade(config(conn), revision)
        return database

    yield make
    for database in opened:
        database.close()


ROWS = """
insert into users (name) values ('ada');
insert into blobs (hash, size, bytes) values ('a', 1, 'x');
insert into apps (slug, source) values ('mortality', '{}');
insert into versions (app_id, hash, manifest, cases, archive, created_by)
select a.id, 'v1', '{"name": "M"}', '[]', 'a', u.id from apps a, users u;
insert into runs (id, app_id, version, status, inputs, digest, seed, user_id, turn, held)
select gen_random_uuid(), a.id, 'v1', s, '{"age": 45}', 'd', 7, u.id, 3, s = 'PENDING'
from apps a, users u, unnest(array['PENDING', 'SUCCESS']) s;
insert into grants (app_id, kind, name, granted_by) select a.id, 'host', 'example.com', u.id from apps a, users u;
"""


def test_runs_and_grants_of_the_last_release_survive_the_upgrade(older):
    database = older("0003")
    with database.begin() as conn:
        conn.exec_driver_sql(ROWS)
        before = conn.execute(text("select id, status, inputs, seed from runs order by id")).all()
    migrate(database)
    with database.begin() as conn:
        assert conn.execute(text("select id, status, inputs, seed from runs order by id")).all() == before
        found = conn.execute(text("select status, rank, on_hold from runs order by status")).all()
        assert found == [("PENDING", 3, True), ("SUCCESS", 3, False)]
        assert conn.execute(text("select kind, name from grants")).all() == [("host", "example.com")]


def test_models_can_be_starred_after_the_upgrade_and_what_was_there_stays(older):
    database = older("0004")
    with database.begin() as conn:
        conn.exec_driver_sql(ROWS.replace("turn, held", "rank, on_hold"))
    migrate(database)
    with database.begin() as conn:
        user, app = conn.execute(text("select u.id, a.id from users u, apps a")).one()
        favourites.add_favourite(conn, user, app)
        assert favourites.list_favourites(conn, "ada") == {app}
        assert conn.execute(text("select count(*) from runs")).scalar_one() == 2


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
