"""The job queue, which never shows outside the engine: a run is what was asked, a job is an attempt at it.

Chosen: procrastinate, because a job is deferred in the same transaction as the run it is for, and its workers
are woken by NOTIFY within milliseconds (docs/decisions has the figures).
Left out: procrastinate's own locks and retries. The engine's reaper decides what is tried again.
"""

import asyncio
from typing import Any
from uuid import UUID

import procrastinate.worker
from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import Connection

from storage.database import CONNECT, PATIENCE, manners

TASK = "tontine.run"
VERIFY = "tontine.verify"
QUEUE = "runs"

# Higher goes first.
PERSON = 10
SWEEP = 0
CHECKS = 5

_deferrer = App(connector=SyncPsycopgConnector(conninfo=""))  # never opened: jobs go through the caller's connection


def enqueue(conn: Connection, run_id: UUID, priority: int = PERSON) -> int:
    """Queue an attempt at a run in the transaction of `conn`; workers hear of it when that commits."""
    return _defer(conn, TASK, priority, run_id=str(run_id))


def enqueue_checks(conn: Connection, app_id: int, version: str) -> int:
    """Queue the reference cases of a version that has just been registered."""
    return _defer(conn, VERIFY, CHECKS, app_id=app_id, version=version)


def _defer(conn: Connection, task: str, priority: int, **arguments: Any) -> int:
    raw = conn.connection.driver_connection
    job = _deferrer.configure_task(task, queue=QUEUE, priority=priority, connection=raw)
    return int(job.defer(**arguments))


class Consumer(procrastinate.worker.Worker):
    """A worker of the queue that ends when its heartbeats or its notifications do.

    procrastinate watches these side tasks until the first of them ends, and its deferrer of periodic tasks, of which
    we have none, ends at once. Left unwatched, a worker whose heartbeat failed once, while all its places were taken,
    would go on fetching jobs that everybody else takes for orphans.
    """

    async def work(self) -> None:
        """Take jobs until asked to stop, or until a side task ends."""
        await self.run()  # type: ignore[no-untyped-call]

    async def _periodic_deferrer(self) -> None:
        await asyncio.Event().wait()


def worker_app(dsn: str, *, connections: int, patience: float = PATIENCE) -> App:
    """Return a procrastinate app for a worker process, to which the worker adds its tasks."""

    async def introduce(connection: AsyncConnection[Any]) -> None:
        await connection.execute(manners(patience))
        await connection.commit()

    return App(
        connector=PsycopgConnector(
            pool_factory=_pool,
            conninfo=dsn,
            min_size=2,
            max_size=connections,
            kwargs={**CONNECT, "application_name": "tontine-queue"},
            configure=introduce,
        )
    )


def _pool(**options: Any) -> AsyncConnectionPool:
    """Return a pool that hands out connections without a query to test each: that query was a tenth of a short run."""
    return AsyncConnectionPool(**{**options, "check": None})
