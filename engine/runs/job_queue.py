"""The job queue, which never shows outside the engine: a run is what was asked, a job is an attempt at it.

Chosen: procrastinate, because a job is deferred in the same transaction as the run it is for, and its workers
are woken by NOTIFY within milliseconds (docs/decisions has the figures). Sweeps and checks have a queue and slots
of their own, so that a person's run never waits for one of them to end; a job carries its run's rank. A run that is
on hold, because its user or model has as many under way as it may have, has no job until another run ends.
Left out: procrastinate's own locks and retries. `engine.runs.recovery` decides what is tried again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import procrastinate.worker
from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from psycopg import AsyncConnection, OperationalError
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import Connection

from engine.processes.limits import InstallationLimits
from storage import fair_queue, runs
from storage.database import CONNECT_TIMEOUT, IDLE_TIMEOUT, Database, session_settings

RUN_TASK = "tontine.run"
VERIFY_TASK = "tontine.verify"
CHECK_TASK = "tontine.check"
DELIVER_TASK = "tontine.deliver"
LANE_TASK = "tontine.lane"
INTERACTIVE_QUEUE = "runs"
BATCH_QUEUE = "batches"
WEBHOOK_QUEUE = "webhooks"

READ_TIMEOUT = 0.01  # s to read what has arrived on a connection that is readable
TEST_AFTER = 30.0  # s without a notification after which the connection is tried

# A run's priority: higher goes first, and those below a person's go to the batches.
INTERACTIVE = 10
BATCH_PRIORITY = 0
VERIFY_PRIORITY = 5
STARTING_PRIORITY = -5  # nobody waits for it, and it counts towards no cap

_deferrer = App(connector=SyncPsycopgConnector(conninfo=""))  # never opened: jobs go through the caller's connection


def enqueue(conn: Connection, run_id: UUID, priority: int = INTERACTIVE, rank: int = 0) -> int:
    """Queue an attempt at a run in the transaction of `conn`; workers are notified when that commits."""
    return _defer(conn, RUN_TASK, priority, rank, run_id=str(run_id))


def enqueue_reference_cases(conn: Connection, app_id: int, version: str) -> int:
    """Queue the reference cases of a version that has just been registered."""
    return _defer(conn, VERIFY_TASK, VERIFY_PRIORITY, 0, app_id=app_id, version=version)


def enqueue_checks(conn: Connection, registration_id: UUID) -> int:
    """Queue the checks of a model that is being registered, for which somebody waits."""
    return _defer(conn, CHECK_TASK, INTERACTIVE, 0, registration_id=str(registration_id))


def enqueue_lane(conn: Connection, group_id: UUID, lane: int) -> int:
    """Queue a turn of a lane of a group of runs, behind the turns of other groups that wait."""
    return _defer(conn, LANE_TASK, BATCH_PRIORITY, 0, group_id=str(group_id), lane=lane)


def enqueue_delivery(conn: Connection, delivery_id: UUID) -> int:
    """Queue an attempt at a delivery to a webhook in the transaction of `conn`."""
    raw = conn.connection.driver_connection
    job = _deferrer.configure_task(DELIVER_TASK, queue=WEBHOOK_QUEUE, connection=raw)
    return int(job.defer(delivery_id=str(delivery_id)))


def _defer(conn: Connection, task: str, priority: int, rank: int, **arguments: Any) -> int:
    raw = conn.connection.driver_connection
    place = slot_for(priority, task)
    ahead = place.priority - min(rank, fair_queue.MAX_ADMITTED)
    job = _deferrer.configure_task(task, queue=place.queue, priority=ahead, connection=raw)
    return int(job.defer(**arguments))


def slot_for(priority: int, task: str = RUN_TASK) -> runs.QueueSlot:
    """Return where a job of this priority goes."""
    return runs.QueueSlot(
        INTERACTIVE_QUEUE if priority >= INTERACTIVE else BATCH_QUEUE, task, priority * (fair_queue.MAX_ADMITTED + 1)
    )


class Consumer(procrastinate.worker.Worker):
    """A worker of the queue that ends when its heartbeats or its notifications do.

    procrastinate watches these side tasks until the first of them ends, and its deferrer of periodic tasks, of which
    we have none, ends at once. Left unwatched, a worker whose heartbeat failed once, while all its places were taken,
    would go on fetching jobs that everybody else takes for orphans.
    """

    async def work(self) -> None:
        """Take jobs until asked to stop, or until a side task ends."""
        await self.run()  # type: ignore[no-untyped-call]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._notifications = 0

    async def _periodic_deferrer(self) -> None:
        await asyncio.Event().wait()

    async def _handle_notification(self, **notification: Any) -> None:
        self._notifications += 1
        await super()._handle_notification(**notification)

    async def _fetch_and_process_jobs(self) -> None:
        """Take jobs until there is none, and none has been announced meanwhile.

        procrastinate forgets what was announced while it was asking for a job; that job would wait for the next poll.
        """
        seen = -1
        while seen != self._notifications:
            seen = self._notifications
            await super()._fetch_and_process_jobs()  # type: ignore[no-untyped-call]


class Connector(PsycopgConnector):
    """procrastinate's connector, listening without waking up: psycopg's own wait looks around ten times a second."""

    async def _loop_notify(
        self, on_notification: Callable[..., Awaitable[None]], connection: AsyncConnection[Any]
    ) -> None:
        # What was queued before this connection listened has been announced to nobody.
        await on_notification(channel="", payload='{"type": "job_inserted", "job_id": 0}')
        try:
            while True:
                async for notification in connection.notifies(timeout=READ_TIMEOUT):
                    await on_notification(channel=notification.channel, payload=notification.payload)
                if not await _is_readable(connection.fileno(), TEST_AFTER):
                    await connection.execute("select 1")  # a connection that died silently is found out here
        except OperationalError:
            return  # it is dead; the caller makes another one


async def _is_readable(descriptor: int, seconds: float) -> bool:
    """Wait until there is something to read, at most so long, and return whether there is."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(descriptor, readable.set)
    try:
        await asyncio.wait_for(readable.wait(), seconds)
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(descriptor)
    return True


def worker_app(dsn: str, *, connections: int, idle_timeout: float = IDLE_TIMEOUT) -> App:
    """Return a procrastinate app for a worker process, to which the worker adds its tasks."""

    async def introduce(connection: AsyncConnection[Any]) -> None:
        await connection.execute(session_settings(idle_timeout))
        # What is lost of a job's start or end with the server is repaired by recovery: no need to wait for the disk.
        await connection.execute("set synchronous_commit to off")
        await connection.commit()
        # procrastinate asks one statement at a time: a transaction around each would be two more round trips.
        await connection.set_autocommit(True)

    return App(
        connector=Connector(
            pool_factory=_untested_pool,
            conninfo=dsn,
            min_size=2,
            max_size=connections,
            kwargs={**CONNECT_TIMEOUT, "application_name": "tontine-queue"},
            configure=introduce,
        )
    )


def enqueue_admitted(conn: Connection, limits: InstallationLimits) -> int:
    """Queue the runs on hold that there is room for, in the transaction of `conn`; returns how many.

    Called with a new run on hold and after each end.
    """
    found = fair_queue.admit_held(
        conn, max_running_per_user=limits.max_running_per_user, max_running_per_model=limits.max_running_per_model
    )
    for run in found:
        runs.attach_job(conn, run.id, enqueue(conn, run.id, run.priority, run.rank))
    return len(found)


def admit_held(database: Database, limits: InstallationLimits) -> None:
    """Admit runs on hold now that a run has ended."""
    if limits.has_caps:
        with database.begin() as conn:
            enqueue_admitted(conn, limits)


def admit_forgotten(database: Database, limits: InstallationLimits) -> None:
    """Admit runs on hold whose room was freed by a worker that died before it admitted them; called now and then."""
    with database.read() as conn:
        waiting = fair_queue.any_on_hold(conn)
    if waiting:
        with database.begin() as conn:
            enqueue_admitted(conn, limits)


async def consume(
    app: App, name: str, *, worker: str, at_once: int, poll: float, grace: float, worker_timeout: float
) -> None:
    """Take jobs from the queue `name`, `at_once` of them, until cancelled; times are in seconds."""
    consumer = Consumer(
        app,
        queues=[name],
        name=worker,
        concurrency=at_once,
        fetch_job_polling_interval=poll,
        shutdown_graceful_timeout=grace,
        delete_jobs="successful",
        install_signal_handlers=False,
        update_heartbeat_interval=max(1.0, worker_timeout / 5),
        stalled_worker_timeout=worker_timeout,
    )
    await consumer.work()


def _untested_pool(**options: Any) -> AsyncConnectionPool:
    """Return a pool that hands out connections without a query to test each: that query was a tenth of a short run."""
    return AsyncConnectionPool(**{**options, "check": None})
