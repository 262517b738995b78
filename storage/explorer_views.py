"""What the explorer may read: views in a schema of their own, each with the columns that it shows.

Chosen: an allow list. A table or column that is not named here is not readable by the explorer's role, also one that a
later release adds. Views read with their owner's rights, so the role needs none on the tables beneath.
Left out: values of secrets, what signs webhooks and the addresses of these, which often hold a token, contents of files
and archives, and the queue's tables.
"""

import hashlib
from dataclasses import dataclass

SCHEMA = "tontine_explorer"


@dataclass(frozen=True, slots=True)
class ExplorerView:
    """A view: the columns of one table, or expressions over them."""

    name: str
    description: str
    columns: str
    table: str = ""

    @property
    def definition(self) -> str:
        """The statement that creates it."""
        source = self.table or self.name
        return f"create view {SCHEMA}.{self.name} as select {self.columns} from public.{source}"  # noqa: S608 - our own


VIEWS = (
    ExplorerView(
        "runs",
        "One row a run: its model and version, inputs, how it ended and what it used",
        "id, app_id, version, status, inputs, digest, seed, user_id, queued_at, started_at, finished_at, reason, "
        "problems, traceback, warnings, progress, message, log, attempt, priority, peak_memory, cpu_seconds, worker, "
        "environment, reused_from, superseded_by, cancel_requested, cancelled_by, batch, "
        "origin_kind, origin",
    ),
    ExplorerView("results", "Summary and result of each run that succeeded, large parts apart", "run_id, doc, summary"),
    ExplorerView(
        "result_parts",
        "Parts of large tables and series, without their content",
        "run_id, name, part, first_row, rows, octet_length(bytes) as bytes",
    ),
    ExplorerView("result_files", "Files that runs have made, without their content", "run_id, name, filename, size"),
    ExplorerView("run_events", "Events of a run as they came", "run_id, seq, kind, payload, at"),
    ExplorerView(
        "apps",
        "Models: name in addresses, source, current version, owner",
        "id, slug, source, current_version, owner_id, hidden_at, archived_at, archived_by, created_at",
    ),
    ExplorerView(
        "versions",
        "Versions of models: manifest, reference cases and their results, without the code",
        "app_id, hash, manifest, cases, label, git_commit, readme, checks, created_by, created_at, source",
    ),
    ExplorerView(
        "registrations",
        "Models that are being registered, with their checks",
        "id, slug, app_id, version, source, git_commit, manifest, status, checks, created_by, created_at, checked_at, "
        "published_at",
    ),
    ExplorerView("grants", "Hosts and secrets that models were granted", "app_id, kind, name, granted_by, granted_at"),
    ExplorerView(
        "gateway_calls",
        "What the AI gateway reported of the call of a run; cost in US dollars",
        "run_id, user_id, at, model, input_tokens, output_tokens, cost, failure",
    ),
    ExplorerView(
        "secrets", "Names of secrets with a stored value, and who set them when; no values", "name, set_by, set_at"
    ),
    ExplorerView("users", "Users by name", "id, name, created_at"),
    ExplorerView("favourites", "The models that users have starred", "user_id, app_id"),
    ExplorerView("uploads", "Uploaded files, without their content", "hash, user_id, name, size, created_at"),
    ExplorerView(
        "webhooks",
        "Webhooks: whose, for which model, and the host they lead to",
        "id, user_id, substring(url from '^[a-z]+://([^/?#]+)') as host, app_id, created_at, disabled_at",
    ),
    ExplorerView(
        "webhook_deliveries",
        "Messages to webhooks and how they went",
        "id, webhook_id, run_id, event, status, attempts, next_attempt_at, answered, error, created_at, ended_at",
    ),
    ExplorerView(
        "workers",
        "Worker processes, those that have stopped included",
        "name, host, pid, tier, concurrency, environment, started_at, heartbeat_at, stopped_at",
    ),
    ExplorerView("saved_queries", "Queries that were saved in the explorer", "id, name, sql, created_by, created_at"),
)
DESCRIPTIONS = {view.name: view.description for view in VIEWS}


def views_digest() -> str:
    """Return what tells this list of views from that of another release."""
    return hashlib.sha256("\n".join(view.definition for view in VIEWS).encode()).hexdigest()[:16]
