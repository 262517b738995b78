"""The engine's fixtures serve the API's tests too."""

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from engine.processes import context as contexts
from tests.engine.conftest import add_model, context, sandbox, worker_context, workers

__all__ = ["add_model", "context", "sandbox", "worker_context", "workers"]


@pytest.fixture
def client(context):
    contexts.set_current(context)
    with TestClient(create_app(), base_url="http://testserver") as opened:
        yield opened
    contexts.set_current(None)
