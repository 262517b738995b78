"""A worker: takes jobs from the queue, a few at once, and lets the sandbox run them.

Chosen: one process with one zygote; procrastinate fetches, each run has a thread, one listener
receives cancellations, one thread sends heartbeats and requeues the runs of dead workers, and one watches it. A
worker needs the database and nothing else.
Left out: starting and restarting workers, which is `engine.processes.worker_pool` on the server and systemd elsewhere.
"""

import asyncio
import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog

from contract.actor import SYSTEM
from contract.errors import DatabaseUnavailable, QueueLostError
from engine.analysis.lanes import requeue_lost_lanes, run_lane
from engine.models.packages import remove_unused
from engine.models.run_checks import run_checks
from engine.models.verify import run_reference_cases
from engine.observability.loop_monitor import LoopMonitor
from engine.portfolio.market import MarketUpdater
from engine.processes.limits import InstallationLimits
from engine.runs import job_queue
from engine.runs.execute import WORKER_STOPPED, WorkerContext, execute
from engine.runs.recovery import requeue_orphans
from engine.sandbox.scratch import ScratchRoot
from engine.sandbox.supervisor import Sandbox
from engine.sandbox.tiers import make_undumpable
from engine.webhooks import deliver as webhook_delivery
from registry.overlays import OverlayStore, closed_store
from storage import run_groups, runs, workers
from storage.database import Database
from storage.encryption import Cipher
from storage.market import WANTED
from storage.notifications import CANCEL, Listener
from storage.webhooks import DUE

log = structlog.get_logger()

# s between two looks for a job that nobody announced: a check that is tried again is one.
POLL_INTERVAL = 10.0
WEBHOOK_SLOTS = 2  # messages to webhooks that are under way at once
WEBHOOK_INTERVAL = 10.0  # s between two looks for what nobody announced: a message that is tried again
PACKAGES_INTERVAL = 3_600.0  # s between two looks for packages that no model needs any more
WATCH_INTERVAL = 2.0  # s between two looks whether the database still answers
DATABASE_TIMEOUT = (
    15.0  # s without an answer from the database, or twice `stalled` where that is more, after which a worker ends
)
STOP_GRACE = 3.0  # s that runs get to end by themselves when the worker is asked to stop; then they are requeued


class Worker:
    """One worker process. `run` blocks until `stop` is called or the database stays away too long."""

    def __init__(
        self,
        url: str,
        *,
        limits: InstallationLimits,
        data: Path,
        runs_at_once: int = 2,
        batch_runs: int = 1,
        tier: str | None = None,
        secrets: Mapping[str, str] | None = None,
        loop_block_ms: int = 0,
        trust_models: bool = False,
        overlays: OverlayStore | None = None,
        prepared_models: int = 4,
        cipher: Cipher | None = None,
    ) -> None:
        self.database = Database(url, idle_timeout=limits.worker_timeout)
        self.name = workers.worker_name(os.getpid())
        self.scratch_root = ScratchRoot(data / "scratch")
        self.sandbox = Sandbox(self.scratch_root.folder, tier=tier, prepared_models=prepared_models)
        self.worker_context = WorkerContext(
            self.database,
            self.sandbox,
            limits,
            data / "cache",
            self.name,
            secrets=secrets or {},
            trust_models=trust_models,
            overlays=overlays or closed_store(),
            cipher=cipher or Cipher(),
        )
        self.listener = Listener(self.database.dsn)
        self.runs_at_once, self.batch_runs = runs_at_once, batch_runs
        self.loop_monitor = LoopMonitor("worker", loop_block_ms) if loop_block_ms else None
        self.market = MarketUpdater(
            self.database, limits, cipher=self.worker_context.cipher, secrets=self.worker_context.secrets
        )
        self._stopping = threading.Event()
        self._due = threading.Event()
        self._ended = threading.Event()
        self._answers = 0  # of the database to the maintenance thread, refusals too
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    def run(self) -> None:
        """Work until `stop` is called; leaves no process and no scratch behind."""
        make_undumpable()
        self.sandbox.start()
        threading.Thread(target=self._watch, name="watch", daemon=True).start()
        self.listener.subscribe(CANCEL, self._on_cancel)
        self.listener.subscribe(DUE, self._on_due)
        self.listener.subscribe(WANTED, lambda _payload: self.market.wanted.set())
        self.listener.start()
        self._answers += 1
        if self.database.is_empty():  # it has come before any server; an older schema is the server's to bring up
            from storage.migrate import migrate

            migrate(self.database)
        with self.database.begin() as conn:
            workers.register(
                conn,
                self.name,
                host=socket.gethostname(),
                pid=os.getpid(),
                tier=str(self.sandbox.tier),
                concurrency=self.runs_at_once,
                environment=self.sandbox.packages,
            )
        maintenance = threading.Thread(target=self._maintain, name="maintenance", daemon=True)
        maintenance.start()
        threading.Thread(target=self._enqueue_due, name="webhooks", daemon=True).start()
        threading.Thread(target=self._remove_unused_packages, name="packages", daemon=True).start()
        market = threading.Thread(target=self.market.run, args=(self._stopping,), name="market", daemon=True)
        market.start()
        try:
            asyncio.run(self._work())
        finally:
            self._stopping.set()
            self._due.set()
            self.market.wanted.set()
            if self.loop_monitor is not None:
                self.loop_monitor.stop()
            self._end_runs()
            maintenance.join(timeout=5)
            market.join(timeout=5)
            with contextlib.suppress(Exception), self.database.begin() as conn:
                workers.mark_stopped(conn, self.name)
            self.listener.stop()
            self.sandbox.close()
            self.database.close()
            self.scratch_root.close()
            self._ended.set()

    def stop(self) -> None:
        """Take no further job and end once those under way have ended; safe from a signal handler."""
        if self._stopping.is_set():
            return  # a second cancellation would break off the first one's wait for the runs under way
        self._stopping.set()
        timer = threading.Timer(STOP_GRACE, self._end_runs)
        timer.daemon = True
        timer.start()
        if self._loop is not None and self._task is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended already: so has the work
                self._loop.call_soon_threadsafe(self._task.cancel)

    async def _work(self) -> None:
        self._loop = loop = asyncio.get_running_loop()
        slots = self.runs_at_once + self.batch_runs
        threads = ThreadPoolExecutor(slots, thread_name_prefix="run")
        senders = ThreadPoolExecutor(WEBHOOK_SLOTS, thread_name_prefix="webhook")
        app = job_queue.worker_app(
            self.database.dsn, connections=slots + WEBHOOK_SLOTS + 6, idle_timeout=self.database.idle_timeout
        )

        @app.task(name=job_queue.RUN_TASK, queue=job_queue.INTERACTIVE_QUEUE)
        async def run_model(run_id: str) -> None:
            await loop.run_in_executor(threads, execute, self.worker_context, UUID(run_id))

        @app.task(name=job_queue.VERIFY_TASK, queue=job_queue.BATCH_QUEUE)
        async def verify_version(app_id: int, version: str) -> None:
            await loop.run_in_executor(threads, run_reference_cases, self.worker_context, app_id, version)

        @app.task(name=job_queue.LANE_TASK, queue=job_queue.BATCH_QUEUE)
        async def run_group_lane(group_id: str, lane: int) -> None:
            await loop.run_in_executor(threads, run_lane, self.worker_context, UUID(group_id), lane)

        # With what a person waits for, and not behind a sweep: whoever registers a model watches its checks.
        @app.task(name=job_queue.CHECK_TASK, queue=job_queue.INTERACTIVE_QUEUE)
        async def check_registration(registration_id: str) -> None:
            await loop.run_in_executor(threads, run_checks, self.worker_context, UUID(registration_id))

        @app.task(name=job_queue.DELIVER_TASK, queue=job_queue.WEBHOOK_QUEUE)
        async def deliver(delivery_id: str) -> None:
            made = partial(
                webhook_delivery.deliver,
                self.database,
                self.worker_context.limits,
                UUID(delivery_id),
                cipher=self.worker_context.cipher,
            )
            await loop.run_in_executor(senders, made)

        if self.loop_monitor is not None:
            self.loop_monitor.start()
        async with app.open_async():
            # Three consumers: what a person asked for waits for no sweep to leave a slot, and for no slow receiver.
            consumers = [
                partial(
                    job_queue.consume,
                    app,
                    name,
                    worker=self.name,
                    at_once=at_once,
                    poll=POLL_INTERVAL,
                    grace=STOP_GRACE * 3,
                    worker_timeout=self.worker_context.limits.worker_timeout,
                )
                for name, at_once in (
                    (job_queue.INTERACTIVE_QUEUE, self.runs_at_once),
                    (job_queue.BATCH_QUEUE, self.batch_runs),
                    (job_queue.WEBHOOK_QUEUE, WEBHOOK_SLOTS),
                )
            ]
            self._task = asyncio.ensure_future(_run_together(consumers))
            if self._stopping.is_set():
                self._task.cancel()
            log.info("worker ready", worker=self.name, tier=str(self.sandbox.tier), runs_at_once=self.runs_at_once)
            try:
                await self._until_stopped(self._task)
            except Exception:
                self._end_runs()  # the queue is lost: whoever runs these next must not wait for their ends
                raise

    async def _until_stopped(self, task: asyncio.Future[None]) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await task
        if not self._stopping.is_set():
            raise QueueLostError

    def _end_runs(self) -> None:
        for cancel in list(self.worker_context.active):
            cancel.request(WORKER_STOPPED)

    def _on_cancel(self, payload: str) -> None:
        with contextlib.suppress(ValueError):
            run_id, _, reason = payload.partition(":")
            self.worker_context.cancel_run(UUID(run_id), reason or "cancelled")

    def _on_due(self, _payload: str) -> None:
        self._due.set()

    def _enqueue_due(self) -> None:
        """Queue what webhooks are to be told as soon as there is something, for as long as this worker lives."""
        while not self._stopping.is_set():
            self._due.wait(WEBHOOK_INTERVAL)
            self._due.clear()
            if self._stopping.is_set():
                return
            try:
                while webhook_delivery.enqueue_due(self.database, self.worker_context.limits):
                    pass
            except DatabaseUnavailable as error:
                log.warning("webhooks wait", worker=self.name, error=str(error)[:200])

    def _remove_unused_packages(self) -> None:
        """Remove packages that no model needs any more, at the start and every hour."""
        pause = 0.0
        while not self._stopping.wait(pause):
            pause = PACKAGES_INTERVAL
            try:
                for overlay in remove_unused(self.worker_context.overlays, self.database, actor=SYSTEM):
                    log.info("packages removed", worker=self.name, packages=", ".join(overlay.packages))
            except (DatabaseUnavailable, OSError) as error:
                log.warning("packages could not be looked through", worker=self.name, error=str(error)[:200])

    def _maintain(self) -> None:
        """Send heartbeats and requeue the runs of dead workers, for as long as this worker lives."""
        pause = max(1.0, self.worker_context.limits.worker_timeout / 6)
        while not self._stopping.wait(pause):
            try:
                with self.database.autocommit() as conn:
                    workers.heartbeat(conn, self.name)
                    cancelled = runs.cancel_requests(conn, list(self.worker_context.active.values()))
                for run_id, reason in cancelled.items():  # their notification may have been lost with a connection
                    self.worker_context.cancel_run(run_id, reason)
                with self.database.autocommit() as conn:
                    ended = run_groups.ended_groups(conn, list(self.worker_context.active.values()))
                for group_id in ended:
                    self.worker_context.cancel_run(group_id, "cancelled")
                requeue_orphans(self.database, self.worker_context.limits)
                requeue_lost_lanes(self.database, self.worker_context.limits)
                job_queue.admit_forgotten(self.database, self.worker_context.limits)
                self._answers += 1
            except Exception as error:
                log.warning("heartbeat failed", worker=self.name, exc_info=True)
                # A refusal, for want of room say, is an answer.
                self._answers += isinstance(error, DatabaseUnavailable) and error.sqlstate is not None
                time.sleep(1)

    def _watch(self) -> None:
        """End this process where the database gives no answer.

        A connection that died silently, behind a proxy say, blocks its thread for ever. Nothing that waits
        for it could be ended but with the process; the models, the zygote and the scratch go with it, the runs are
        another worker's by then, and the supervisor of this one starts it again. It counts seconds in which it was
        awake itself, so that a host which was suspended is given time to find its way.
        """
        seen, quiet = -1, 0.0
        while not self._ended.wait(WATCH_INTERVAL):
            seen, quiet = (seen, quiet + WATCH_INTERVAL) if seen == self._answers else (self._answers, 0.0)
            if quiet > max(DATABASE_TIMEOUT, 2 * self.worker_context.limits.worker_timeout):
                log.error("the database has not answered; this worker ends", worker=self.name, seconds=quiet)
                os._exit(1)


async def _run_together(coroutines: Sequence[Callable[[], Coroutine[Any, Any, None]]]) -> None:
    """Run coroutines that only end together: by being cancelled, or by the first one's error.

    They are started here and not by the caller: cancelled before its first step, this one starts none.
    """
    tasks = [asyncio.ensure_future(start()) for start in coroutines]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        # Once each, whichever ends first: a second time would break off a consumer's wait for the runs under way.
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error
