"""The engine's fixtures serve the API's tests too."""

import pytest
from fastapi.testclient import TestClient

from api.door import build
from engine import desk as desks
from tests.engine.conftest import add_model, bench, desk, sandbox, workers

__all__ = ["add_model", "bench", "desk", "sandbox", "workers"]


@pytest.fixture
def client(desk):
    desks.use(desk)
    with TestClient(build(), base_url="http://testserver") as opened:
        yield opened
    desks.use(None)
