"""Real processes that tests kill: an installation with two shared workers, and one whose database is killed."""

import itertools
from pathlib import Path

import psycopg
import pytest

from tests.faults.installation import COUNTS, Installation
from tests.faults.postgres_server import PostgresServer, Proxy

_numbers = itertools.count()


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(item.fspath).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.faults)


def pytest_terminal_summary(terminalreporter):
    if COUNTS["faults"]:
        counts = ", ".join(f"{count} {name}" for name, count in COUNTS.items())
        terminalreporter.write_line(f"faults: {counts}")


@pytest.fixture
def count_fault():
    """Count a fault that has been caused."""

    def count(n=1):
        COUNTS["faults"] += n

    return count


class _SharedInstallation:
    """An installation that tests share; it is replaced when a test leaves runs that have not ended."""

    def __init__(self, server_url, home, shared_workers):
        self.server_url, self.home, self.shared_workers = server_url, home, shared_workers
        self.installation = None

    def enter(self):
        if self.installation is None:
            number = next(_numbers)
            with psycopg.connect(self.server_url, autocommit=True) as conn:
                conn.execute(f"create database installation_{number}")
            base, _, query = self.server_url.partition("?")
            url = f"{base.rsplit('/', 1)[0]}/installation_{number}" + (f"?{query}" if query else "")
            self.installation = Installation(url, self.home / f"installation-{number}")
            self.installation.name = f"installation_{number}"
        if self.shared_workers:
            self.installation.restart_shared_workers()
        self.installation.forget_runs()
        return self.installation

    def leave(self):
        self.installation.stop_started()
        if not self.installation.all_ended():
            self.close()

    def close(self):
        if self.installation is not None:
            self.installation.close()
            self.installation = None


@pytest.fixture(scope="session")
def _shared_installation(server_url, tmp_path_factory):
    shared = _SharedInstallation(server_url, tmp_path_factory.mktemp("faults"), shared_workers=True)
    yield shared
    shared.close()


@pytest.fixture
def installation(_shared_installation):
    """An installation with two shared workers, each with a data folder of its own."""
    yield _shared_installation.enter()
    _shared_installation.leave()


@pytest.fixture
def empty_installation(database_url, tmp_path):
    """An installation on a database of this test's own, without workers."""
    opened = Installation(database_url, tmp_path)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """A PostgreSQL server reached by TCP; tests may stop and kill it, and start it again before they end."""
    server = PostgresServer(tmp_path_factory.mktemp("faults") / "postgres")
    server.start()
    yield server
    server.stop("immediate")


@pytest.fixture(scope="session")
def _shared_tcp_installation(postgres, tmp_path_factory):
    shared = _SharedInstallation(postgres.url(), tmp_path_factory.mktemp("tcp"), shared_workers=False)
    yield shared
    shared.close()


@pytest.fixture
def tcp_installation(_shared_tcp_installation):
    """An installation without workers whose database is reached by TCP and can be stopped and killed."""
    yield _shared_tcp_installation.enter()
    _shared_tcp_installation.leave()


@pytest.fixture
def proxy(postgres):
    opened = Proxy(postgres.address, postgres.port)
    yield opened
    opened.close()
