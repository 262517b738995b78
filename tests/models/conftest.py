"""One sandbox for every model's tests."""

import pytest

from engine.sandbox.supervisor import Sandbox


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory):
    box = Sandbox(tmp_path_factory.mktemp("scratch"))
    box.start()
    yield box
    box.close()
