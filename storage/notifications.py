"""Changes are pushed: one thread of a process listens to the database and wakes whoever waits for a run.

Chosen: a notification says only which run has reached which sequence number, and whether it has ended; whoever is
woken reads the rows.
Each time the connection is made anew the generation rises and everybody reads again, so a lost notification is
never a lost event.
A caller that wants the last of it reads the generation before it reads rows, and hands it to `wait`.
Left out: polling.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import psycopg
import structlog

from storage.database import CONNECT_TIMEOUT
from storage.wakeup import Wakeup

log = structlog.get_logger()

RUNS = "run_events"
CANCEL = "run_cancel"
PAUSE = 0.5  # s before another attempt to connect
IDLE_TIMEOUT = 30.0  # s without a notification after which the connection is tested
MAX_KEPT_ENDS = 10_000  # runs whose newest sequence number is remembered


class Listener:
    """One connection that listens, on one thread, for the whole process."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.generation = 0
        self.released = False  # nobody is to wait any more: the process is about to end
        self._newest: dict[str, tuple[int, bool]] = {}  # the sequence number, and whether the run has ended
        self._changed = threading.Condition()
        self._watchers: dict[str, list[Callable[[], None]]] = {}
        self._subscribers: dict[str, list[Callable[[str], None]]] = {}
        self._stopping = threading.Event()
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None
        self._wakeup = Wakeup()

    def start(self, timeout: float = 10.0) -> None:
        """Start listening; returns once the first connection is made, or after `timeout` seconds without one."""
        self._thread = threading.Thread(target=self._listen, name="listener", daemon=True)
        self._thread.start()
        self._ready.wait(timeout)

    def stop(self) -> None:
        """Stop listening and wake every waiter."""
        self._stopping.set()
        self._wakeup.wake()
        if self._thread is not None:
            self._thread.join(timeout=10)
        self._wakeup.close()
        with self._changed:
            self._changed.notify_all()

    def release_waiters(self) -> None:
        """Wake everybody who waits, now and from now on."""
        self.released = True
        self._wake_all()

    def wait(
        self, run_id: UUID, seen: int, timeout: float, generation: int | None = None, *, ended: bool = False
    ) -> bool:
        """Wait until the run is beyond sequence number `seen`, or `timeout` seconds.

        Args:
            run_id: the run.
            seen: the sequence number the caller has read.
            timeout: seconds.
            generation: `self.generation` from before the caller read; without it, what was notified while the
                connection was being made anew, between that reading and this call, is not waited for.
            ended: wait for its end only.

        Returns:
            True where there may be something new to read.
        """
        key = str(run_id)
        with self._changed:
            generation = self.generation if generation is None else generation

            def due() -> bool:
                seq, end = self._newest.get(key, (-1, False))
                news = end if ended else seq > seen
                return news or self.generation != generation or self.released or self._stopping.is_set()

            return self._changed.wait_for(due, timeout)

    def on_change(self, run_id: UUID, call: Callable[[], None]) -> Callable[[], None]:
        """Call `call` at every change of the run, on the listener's thread; returns what ends it.

        A loop's `call_soon_threadsafe` makes it fit for coroutines. What `call` raises is logged and goes no further.
        """
        key = str(run_id)
        with self._changed:
            self._watchers.setdefault(key, []).append(call)

        def stop() -> None:
            with self._changed:
                calls = self._watchers.get(key, [])
                if call in calls:
                    calls.remove(call)
                if not calls:
                    self._watchers.pop(key, None)

        return stop

    def subscribe(self, channel: str, call: Callable[[str], None]) -> None:
        """Call `call` with each payload of `channel`, on the listener's thread; before `start` only."""
        self._subscribers.setdefault(channel, []).append(call)

    def _listen(self) -> None:
        while not self._stopping.is_set():
            connected = False
            try:
                with psycopg.connect(self.dsn, autocommit=True, **CONNECT_TIMEOUT) as conn:
                    connected = True
                    for channel in {RUNS, *self._subscribers}:
                        conn.execute(f"listen {channel}")
                    self._renew()
                    self._ready.set()
                    for payloads in self._notifications(conn):
                        self._dispatch(payloads)
            except (psycopg.Error, OSError) as error:
                if not self._stopping.is_set():
                    log.warning("the listener lost its connection and makes another", error=str(error)[:200])
            self._stopping.wait(0 if connected else PAUSE)

    def _notifications(self, conn: "psycopg.Connection[Any]") -> Iterator[list[tuple[str, str]]]:
        """Yield what arrives together; ends when `stop` is called."""
        while not self._stopping.is_set():
            if not self._wakeup.wait(conn.fileno(), IDLE_TIMEOUT):
                if self._stopping.is_set():
                    return
                conn.execute("select 1")  # a connection that died silently is found out here
            yield [(n.channel, n.payload) for n in conn.notifies(timeout=0)]

    def _dispatch(self, payloads: list[tuple[str, str]]) -> None:
        calls: list[Callable[[], None]] = []
        with self._changed:
            for channel, payload in payloads:
                if channel == RUNS:
                    key, seq, *end = payload.split(":")
                    known, ended = self._newest.pop(key, (-1, False))
                    self._newest[key] = max(known, int(seq)), ended or bool(end)  # the newest at the end
                    calls += self._watchers.get(key, [])
            if len(self._newest) > MAX_KEPT_ENDS:
                for key in list(self._newest)[: -(MAX_KEPT_ENDS // 2)]:
                    del self._newest[key]
            self._changed.notify_all()
        for call in calls:
            _call_safely(call)
        for channel, payload in payloads:
            for subscriber in self._subscribers.get(channel, []):
                _call_safely(subscriber, payload)

    def _renew(self) -> None:
        self.generation += 1
        self._wake_all()

    def _wake_all(self) -> None:
        with self._changed:
            calls = [call for found in self._watchers.values() for call in found]
            self._changed.notify_all()
        for call in calls:
            _call_safely(call)


def _call_safely(call: Callable[..., None], *arguments: str) -> None:
    """Call what a page or a socket registered: one that is closed must not end the listening of all others."""
    try:
        call(*arguments)
    except Exception:
        log.exception("a caller of the listener failed")
