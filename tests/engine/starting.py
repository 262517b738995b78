"""Take back the runs of models' starting inputs, for tests that count what workers do."""

from contract.run import Status
from contract.run_search import Filter
from storage import runs
from storage.search import search_runs


def cancel_starting_runs(context):
    """Cancel what the system has queued for the models registered so far."""
    with context.database.begin() as conn:
        for run in search_runs(conn, Filter(user="system", statuses=(Status.PENDING,)), limit=500).runs:
            runs.request_cancel(conn, run.id)
