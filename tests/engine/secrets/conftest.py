"""A context with a key, and a worker that decrypts with it."""

import pytest

from engine.runs.execute import WorkerContext, execute
from engine.runs.follow import snapshot
from engine.runs.submit import submit
from storage.encryption import Cipher, new_key
from tests.actors import ADA
from tests.engine.conftest import add_model, context, sandbox, worker_context, workers

__all__ = ["add_model", "context", "sandbox", "worker_context", "workers"]


@pytest.fixture
def key():
    return new_key()


@pytest.fixture(autouse=True)
def with_key(context, key):
    object.__setattr__(context, "cipher", Cipher([key]))


@pytest.fixture
def run(context, sandbox, tmp_path, key):
    """Submit and execute a run on a worker with `keys` and an environment; return its snapshot afterwards."""

    def go(slug, keys=None, **environment):
        worker_context = WorkerContext(
            context.database,
            sandbox,
            context.limits,
            tmp_path / "cache",
            "test-worker",
            secrets=environment,
            cipher=Cipher([key] if keys is None else keys),
        )
        accepted = submit(context, slug, {}, actor=ADA, fresh=True)
        execute(worker_context, accepted.id)
        return snapshot(context, accepted.id, actor=ADA)

    return go
