"""The engine's fixtures serve the API's tests too."""

from tests.engine.conftest import add_model, bench, desk, sandbox, workers

__all__ = ["add_model", "bench", "desk", "sandbox", "workers"]
