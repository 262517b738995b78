"""Real databases for tests: one embedded cluster a session, one migrated template, a copy of it for each test."""

import itertools
import os
import uuid
from pathlib import Path

import psycopg
import pytest

from storage.database import Database
from storage.embedded_postgres import EmbeddedServer
from storage.migrate import migrate

os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(Path(__file__).parent.parent / ".hypothesis"))
pytest_plugins = ["tests.quick"]
_numbers = itertools.count()


@pytest.fixture(scope="session")
def server_url(tmp_path_factory):
    """The URL of a throwaway server; DATABASE_URL_FOR_TESTS names another to test against."""
    given = os.environ.get("DATABASE_URL_FOR_TESTS")
    if given:
        yield given
        return
    with EmbeddedServer(tmp_path_factory.mktemp("postgres"), fsync=False) as url:
        yield url


def _at(url, name):
    base, _, query = url.partition("?")
    return f"{base.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")


@pytest.fixture(scope="session")
def template(server_url):
    name = f"template_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute(f"create database {name}")
    database = Database(_at(server_url, name), pool=1)
    migrate(database)
    database.close()
    yield name
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute(f"drop database {name} with (force)")


@pytest.fixture
def database_url(server_url, template):
    """The URL of a database of this test's own, migrated and empty."""
    name = f"test_{uuid.uuid4().hex[:8]}_{next(_numbers)}"
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute(f"create database {name} template {template} strategy file_copy")
    yield _at(server_url, name)
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute(f"drop database {name} with (force)")


@pytest.fixture
def database(database_url):
    """A migrated, empty database of this test's own."""
    opened = Database(database_url, pool=5)
    yield opened
    opened.close()
