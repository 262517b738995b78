"""Users, models, runs and results as tables that SQL may read, under the MCLAVIER Marketplace's names.

Chosen: a bounded copy of what anybody who may read runs can read anyway: the newest runs, and of results the summary.
Left out: the database's own tables, and whatever is secret.
"""

from typing import Any

from contract.actor import Actor
from contract.run_search import Filter
from engine.authorization import Action, require
from engine.models.catalogue import find_version, list_models
from engine.processes.context import AppContext
from engine.runs.search import search_runs
from engine.runs.summaries import read_summaries
from storage import memory_tables
from storage.memory_tables import MemoryTable

MAX_RUNS = 1_000  # the newest ones


def read_run_tables(context: AppContext, *, actor: Actor) -> dict[str, MemoryTable]:
    """Return the tables by name: `apps`, `job_results`, `job_runs` and `users`."""
    require(actor, Action.READ_RUNS)
    runs = search_runs(context, Filter(), actor=actor, limit=MAX_RUNS).runs
    summaries = read_summaries(context, runs, actor=actor)
    names = list(dict.fromkeys([actor.name, *(run.user for run in reversed(runs))]))
    ids = {name: number for number, name in enumerate(names, 1)}
    apps: list[list[Any]] = []
    for app in sorted(list_models(context, actor=actor), key=lambda found: found.id):
        inputs = find_version(context, app, actor=actor).manifest.raw.get("inputs", {})
        path = app.source.get("path") or app.slug
        apps.append([app.id, app.name, app.description, app.slug, app.source.get("url"), path, inputs])
    found = [
        MemoryTable(
            "apps",
            {
                "id": "integer",
                "name": "text",
                "description": "text",
                "function_name": "text",
                "repo_url": "text",
                "function_path": "text",
                "input_schema": "json",
            },
            apps,
        ),
        MemoryTable(
            "job_results",
            {"id": "text", "run_id": "text", "payload": "json"},
            [[str(r.id), str(r.id), {"summary": summaries[r.id]}] for r in runs if r.id in summaries],
        ),
        MemoryTable(
            "job_runs",
            {
                "id": "text",
                "user_id": "integer",
                "app_id": "integer",
                "status": "text",
                "inputs": "json",
                "started_at": "timestamp",
                "finished_at": "timestamp",
            },
            [
                [
                    str(r.id),
                    ids[r.user],
                    r.app_id,
                    str(r.status),
                    r.inputs,
                    (r.started_at or r.queued_at).isoformat(),
                    r.finished_at.isoformat() if r.finished_at else None,
                ]
                for r in runs
            ],
        ),
        MemoryTable("users", {"id": "integer", "name": "text"}, [[number, name] for name, number in ids.items()]),
    ]
    return {table.name: table for table in found}


def query_run_tables(context: AppContext, sql: str, *, actor: Actor, limit: int) -> tuple[list[str], list[list[Any]]]:
    """Return the columns and at most `limit` rows of a SELECT over `read_run_tables`, in SQLite's SQL.

    Raises:
        QueryError: it is not a SELECT, or it fails; the message says why.
    """
    return memory_tables.query(list(read_run_tables(context, actor=actor).values()), sql, limit=limit)
