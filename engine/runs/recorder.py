"""Store what a run shows while it goes, on a thread of its own.

Chosen: the thread that watches a model's limits hands an event on and never waits for the database, which may be
slow, away, or dead without notice; what arrives while one event is being stored goes with the next one. The thread
begins with the first event, so that a model that shows nothing costs none.
Left out: how a run ends, which `engine.runs.execute` stores. An event that comes later than the end finds no run of its
attempt that is going, and touches nothing.
"""

import threading
from typing import Any

import structlog

from contract.errors import DatabaseUnavailable
from contract.run import Run
from engine.sandbox.job import CancelToken, Progress
from storage import runs
from storage.database import Database

log = structlog.get_logger()

TAKEN_OVER = "taken over"
RETRY_INTERVAL = 1.0  # s between two attempts to store an event while the database is away


class Recorder:
    """Stores the conflated events of one attempt at a run, in their order.

    Args:
        database: where they go.
        run: the run as it was claimed.
        cancel: ends the run once another worker has it; `lost` is then true.
    """

    def __init__(self, database: Database, run: Run, cancel: CancelToken) -> None:
        self.database, self.run, self.cancel = database, run, cancel
        self.lost = False
        self._shown: dict[str, Any] = {}
        self._next: Progress | None = None
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    def __call__(self, event: Progress) -> None:
        """Accept an event; returns at once."""
        with self._changed:
            if self.lost or self._closed:
                return
            self._next = event if self._next is None else _merge_events(self._next, event)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=f"record-{self.run.id}", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Store no further event: the run has ended, and its end holds all that it showed. Does not wait."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._next is not None or self._closed)
                event, self._next = self._next, None
                if self._closed or event is None:
                    return
            try:
                kept = self._store(event)
            except DatabaseUnavailable:
                # The model goes on; what it shows meanwhile goes with this event, or with its end.
                with self._changed:
                    self._next = event if self._next is None else _merge_events(event, self._next)
                    self._changed.wait_for(lambda: self._closed, RETRY_INTERVAL)
                continue
            except Exception:
                # What cannot be stored as an event is judged with the result, at the end.
                log.exception("an event could not be stored", run=str(self.run.id), model=self.run.app_slug)
                continue
            if not kept:
                with self._changed:
                    if not self._closed:
                        self.lost = True
                if self.lost:
                    self.cancel.request(TAKEN_OVER)
                return

    def _store(self, event: Progress) -> bool:
        self._shown.update(event.result)
        with self.database.autocommit() as conn:
            return runs.record_progress(
                conn,
                self.run.id,
                self.run.attempt,
                progress=event.progress,
                message=event.message,
                shown=self._shown if event.result else None,
                log=event.log,
            )


def _merge_events(first: Progress, then: Progress) -> Progress:
    """Return one event for two: the newer value of each key, and the log of both."""
    return Progress(
        first.progress if then.progress is None else then.progress,
        first.message if then.message is None else then.message,
        {**first.result, **then.result},
        first.log + then.log,
    )
