"""A git server on loopback and repositories in it."""

import pytest

from tests.registry.git_server import GitServer, Repository


@pytest.fixture(scope="session")
def git_server(tmp_path_factory):
    server = GitServer(tmp_path_factory.mktemp("repositories"))
    yield server
    server.close()


@pytest.fixture
def repository(git_server, request):
    """Return a function that makes an empty repository of this test's own."""
    made = []

    def make():
        made.append(Repository(git_server.root, f"r{abs(hash(request.node.nodeid))}-{len(made)}"))
        return made[-1]

    return make
