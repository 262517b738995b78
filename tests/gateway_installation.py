"""An installation whose catalogue has the models of the AI gateway, granted to a gateway on this machine."""

import dataclasses
import threading
from pathlib import Path

import pytest

from contract.access import GrantKind
from contract.actor import SYSTEM
from contract.gateway import KEY_SECRET
from contract.run import Status
from contract.run_search import Filter
from engine.models.grants import grant
from engine.models.register import register
from engine.processes import context as contexts
from engine.runs.execute import WorkerContext, execute
from engine.runs.follow import snapshot
from engine.runs.submit import submit
from registry.model_files import read_folder
from storage.search import search_runs
from tests.actors import ADA, ADMIN
from tests.gateway_server import KEY, GatewayServer

FUNCTIONS = Path(__file__).resolve().parents[1] / "functions"
MODELS = ("ai_text", "ai_image", "ai_video")


@pytest.fixture
def gateway():
    made = GatewayServer()
    yield made
    made.stop()


class Installation:
    """The models, registered and granted; `run` submits and executes in this process."""

    def __init__(self, context, sandbox, cache, gateway, **limits):
        found = {"gateway_url": gateway.url, "gateway_daily_cap": 10, "seconds": 20, "seconds_max": 20, **limits}
        self.limits = dataclasses.replace(context.limits, **found)
        self.context = dataclasses.replace(context, limits=self.limits)
        self.gateway = gateway
        self.worker = WorkerContext(
            context.database, sandbox, self.limits, cache, "gateway-worker", secrets={KEY_SECRET: KEY}
        )
        for slug in MODELS:
            files = read_folder(FUNCTIONS / slug)
            register(self.context, slug, files, source={"kind": "local", "path": slug}, actor=SYSTEM)

    def grant(self, *slugs, kind=GrantKind.PRIVATE_HOST, host=None):
        for slug in slugs or MODELS:
            for one, name in ((kind, host or self.gateway.host), (GrantKind.SECRET, KEY_SECRET)):
                grant(self.context.database, slug, one, name, actor=ADMIN, gateway_url=self.limits.gateway_url)

    def submit(self, slug, actor=ADA, **inputs):
        model = {"ai_text": "demo/small", "ai_image": "demo/painter", "ai_video": "demo/director"}[slug]
        return submit(self.context, slug, {"model": model, "prompt": "A reserve", **inputs}, actor=actor)

    def run(self, slug, actor=ADA, **inputs):
        made = self.submit(slug, actor, **inputs)
        execute(self.worker, made.id)
        return snapshot(self.context, made.id, actor=actor)


@pytest.fixture
def installation(context, sandbox, tmp_path, gateway):
    made = Installation(context, sandbox, tmp_path / "cache", gateway)
    made.grant()
    contexts.set_current(made.context)
    yield made
    contexts.set_current(None)


@pytest.fixture
def working(installation):
    """The installation, with a thread that executes what is queued, as a worker does."""
    stopped = threading.Event()

    def work():
        while not stopped.wait(0.02):
            with installation.context.database.read() as conn:
                waiting = search_runs(conn, Filter(statuses=(Status.PENDING,)), limit=10).runs
            for run in waiting:
                execute(installation.worker, run.id)

    thread = threading.Thread(target=work)
    thread.start()
    yield installation
    stopped.set()
    installation.gateway.release.set()
    thread.join()
