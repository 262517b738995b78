from tests.engine.conftest import add_model, context, run_now, sandbox, worker_context, workers

__all__ = ["add_model", "context", "run_now", "sandbox", "worker_context", "workers"]
