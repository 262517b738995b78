"""The API as the MCLAVIER Marketplace's clients reach it, and their folders registered as they are."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from contract.actor import SYSTEM
from engine.models.register import register
from engine.processes import context as contexts
from registry.model_files import read_folder
from tests.api.conftest import add_model, context, sandbox, worker_context, workers

__all__ = ["add_model", "context", "sandbox", "worker_context", "workers"]

FOLDERS = Path(__file__).resolve().parents[2] / "models" / "mclavier"
FRONT_END = "http://localhost:3000"


@pytest.fixture
def client(context):
    contexts.set_current(context)
    app = create_app(cors_origins=[FRONT_END])
    with TestClient(app, base_url="http://testserver/mclavier") as opened:
        yield opened
    contexts.set_current(None)


@pytest.fixture
def demo(context):
    """The two folders written for the MCLAVIER Marketplace, registered; returns their ids by slug."""
    found = {}
    for slug in ("mortality", "pricer"):
        files = read_folder(FOLDERS / slug)
        source = {"kind": "local", "path": slug}
        found[slug] = register(context, slug, files, source=source, actor=SYSTEM).app_id
    return found
