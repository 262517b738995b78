"""Real processes to be killed. One house with a crew of two workers serves most tests; another's database is killed."""

import itertools
from pathlib import Path

import psycopg
import pytest

from tests.faults.cluster import Cluster, Proxy
from tests.faults.house import TALLY, House

_numbers = itertools.count()


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(item.fspath).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.faults)


def pytest_terminal_summary(terminalreporter):
    if TALLY["faults"]:
        told = ", ".join(f"{count} {name}" for name, count in TALLY.items())
        terminalreporter.write_line(f"faults: {told}")


@pytest.fixture
def fault():
    """Count a fault that has been caused."""

    def count(n=1):
        TALLY["faults"] += n

    return count


class _Shared:
    """A house that tests share for as long as each leaves it settled."""

    def __init__(self, server_url, home, crew):
        self.server_url, self.home, self.crew = server_url, home, crew
        self.house = None

    def enter(self):
        if self.house is None:
            number = next(_numbers)
            with psycopg.connect(self.server_url, autocommit=True) as conn:
                conn.execute(f"create database house_{number}")
            base, _, query = self.server_url.partition("?")
            url = f"{base.rsplit('/', 1)[0]}/house_{number}" + (f"?{query}" if query else "")
            self.house = House(url, self.home / f"house-{number}")
            self.house.name = f"house_{number}"
        if self.crew:
            self.house.muster()
        self.house.begin()
        return self.house

    def leave(self):
        self.house.dismiss()
        if not self.house.settled():
            self.close()

    def close(self):
        if self.house is not None:
            self.house.close()
            self.house = None


@pytest.fixture(scope="session")
def _home(server_url, tmp_path_factory):
    shared = _Shared(server_url, tmp_path_factory.mktemp("faults"), crew=True)
    yield shared
    shared.close()


@pytest.fixture
def house(_home):
    """A house with its crew of two workers, each with a root of its own."""
    yield _home.enter()
    _home.leave()


@pytest.fixture
def empty_house(database_url, tmp_path):
    """A house on a database of this test's own, where nobody works yet."""
    made = House(database_url, tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """A PostgreSQL server reached by TCP that may be stopped and killed, and has to be left running."""
    made = Cluster(tmp_path_factory.mktemp("faults") / "cluster")
    made.start()
    yield made
    made.stop("immediate")


@pytest.fixture(scope="session")
def _far(cluster, tmp_path_factory):
    shared = _Shared(cluster.url(), tmp_path_factory.mktemp("far"), crew=False)
    yield shared
    shared.close()


@pytest.fixture
def far_house(_far):
    """A house whose database is reached by TCP, and can be stopped and killed; nobody works there yet."""
    yield _far.enter()
    _far.leave()


@pytest.fixture
def proxy(cluster):
    made = Proxy(cluster.address, cluster.port)
    yield made
    made.close()
