"""Children that are made ready ahead of their runs, for models that have packages of their own.

Chosen: each is one run's and no more, and closed in before it loads the first line of a package: nobody here wrote
these packages, so that no process that lives on, or that another run is forked from, may load them. What can be kept is
time: the next run of a model finds its packages loaded. Until then the child is stopped, so that what it loaded cannot
use the processor or fill the disk meanwhile. Their number is bounded by models; the least recently used
gives way, and what nobody needs for some minutes ends.
Left out: running anything, which is `engine.sandbox.supervisor`.
"""

import contextlib
import os
import select
import signal
import socket
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from engine.sandbox.job import Limits, Runtime, SandboxJob
from engine.sandbox.scratch import FILES, disk_usage, remove
from engine.sandbox.zygote_client import RunHandle, Zygote

SPARE_CHILDREN = 2  # for each model
IDLE = 600.0  # s without a run after which a model's children end
LOADING = 60.0  # s that a child may take to load its packages
WATCH_INTERVAL = 0.1  # s between two looks at a child that loads


@dataclass(frozen=True, slots=True)
class Purpose:
    """Which runs a child can take: those of one folder, with the same packages, limits and Python."""

    folder: Path
    overlay: Path
    limits: Limits
    hosts: bool
    runtime: Runtime | None = None

    @classmethod
    def of(cls, job: SandboxJob) -> "Purpose | None":
        """Return what a child must be made ready for, or None for a job that needs none."""
        if job.overlay is None or job.import_only or job.points:
            return None
        return cls(job.folder, job.overlay, job.limits, bool(job.hosts), job.runtime)


@dataclass(slots=True, eq=False)
class PreparedChild:
    """A child that waits for its run, or is about to; `orders` is where the run is sent, `held` keeps its overlay."""

    zygote: Zygote
    handle: RunHandle
    frames: int
    log: int
    orders: socket.socket
    scratch: Path
    user: int | None
    held: IO[str]
    used_at: float = field(default_factory=time.monotonic)
    ready: bool = False
    examined: bool = False

    def is_ready(self) -> bool:
        """Say whether it has loaded everything and waits; it is stopped from then on."""
        # It may be ready before the zygote's word of it has been read, and could not be stopped then.
        known = self.handle.pid is not None and not self.has_ended()
        if known and not self.ready and select.select([self.orders], [], [], 0)[0]:
            with contextlib.suppress(OSError):
                self.ready = self.orders.recv(1) == b"r"
            if self.ready:
                self.handle.send_signal(signal.SIGSTOP)
        return self.ready and not self.has_ended()

    def is_overdue(self, scratch_mb: int) -> bool:
        """Say whether it has taken too long to load its packages, or has written too much meanwhile."""
        ready = self.is_ready()
        if self.examined:
            return False
        self.examined = ready
        size, count = disk_usage(self.scratch)
        late = time.monotonic() - self.used_at > LOADING and not ready
        return late or size > scratch_mb * 1_000_000 or count > FILES or self.has_ended()

    def has_ended(self) -> bool:
        """Say whether it can take no run any more."""
        return self.handle.ended.is_set() or not self.zygote.alive

    def send(self, descriptors: list[int]) -> None:
        """Hand a run over: its inputs and, where it may reach hosts, the socket that asks for connections.

        Raises:
            OSError: the child has ended.
        """
        self.handle.send_signal(signal.SIGCONT)
        socket.send_fds(self.orders, [b"run"], descriptors)

    def close(self) -> None:
        """End a child that gets no run."""
        self.handle.kill()
        self.handle.ended.wait(10)
        self.handle.close()
        self.orders.close()
        os.close(self.frames)
        os.close(self.log)
        remove(self.scratch)
        self.held.close()


class PreparedChildren:
    """The children of one sandbox that wait for their runs; safe to use from several threads.

    Args:
        models: how many models may have some.
        idle: s after which a model without a run has none any more.
    """

    def __init__(self, models: int, idle: float = IDLE) -> None:
        self.models, self.idle = models, idle
        self._waiting: OrderedDict[Purpose, list[PreparedChild]] = OrderedDict()
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    def take(self, purpose: Purpose) -> PreparedChild | None:
        """Return a child that is ready for such a run, which is the caller's from now on; or None."""
        ended: list[PreparedChild] = []
        taken = None
        with self._changed:
            children = self._waiting.get(purpose, [])
            for child in list(children):
                if child.has_ended():
                    children.remove(child)
                    ended.append(child)
                elif taken is None and child.is_ready():
                    children.remove(child)
                    taken = child
        for child in ended:
            child.close()
        return taken

    def wants(self, purpose: Purpose) -> bool:
        """Say whether another child is to be made ready for such runs."""
        with self._changed:
            if self._closed or not self.models:
                return False
            return len([c for c in self._waiting.get(purpose, []) if not c.has_ended()]) < SPARE_CHILDREN

    def add(self, purpose: Purpose, child: PreparedChild) -> None:
        """Keep a child for such a run; those of the model that ran longest ago give way."""
        removed: list[PreparedChild] = []
        with self._changed:
            if self._closed:
                removed.append(child)
            else:
                self._waiting.setdefault(purpose, []).append(child)
                self._waiting.move_to_end(purpose)
                while len(self._waiting) > self.models:
                    removed += self._waiting.popitem(last=False)[1]
                if self._thread is None:
                    self._thread = threading.Thread(target=self._watch, name="prepared-children", daemon=True)
                    self._thread.start()
                self._changed.notify_all()
        for one in removed:
            one.close()

    def count(self) -> int:
        """Return how many children are ready for their runs."""
        with self._changed:
            return sum(child.is_ready() for children in self._waiting.values() for child in children)

    def forget(self, folder: Path) -> None:
        """End the children of the model in `folder`, which is about to be removed."""
        with self._changed:
            gone = [purpose for purpose in self._waiting if purpose.folder == folder]
            removed = [child for purpose in gone for child in self._waiting.pop(purpose)]
        for child in removed:
            child.close()

    def close(self) -> None:
        """End all of them, and take no more."""
        with self._changed:
            self._closed = True
            removed = [child for children in self._waiting.values() for child in children]
            self._waiting.clear()
            self._changed.notify_all()
        for child in removed:
            child.close()

    def _watch(self) -> None:
        """End what takes too long to load, and what has had no run for a while, for as long as the sandbox lasts."""
        while True:
            with self._changed:
                if self._closed:
                    return
                removed, pause = self._look()
                if not removed:
                    self._changed.wait(pause)
            for child in removed:
                child.close()

    def _look(self) -> tuple[list[PreparedChild], float | None]:
        """Take away what is to end; return it, and the seconds until the next look, None where nothing waits."""
        now = time.monotonic()
        removed: list[PreparedChild] = []
        due: list[float] = []
        loading = False
        for purpose, children in list(self._waiting.items()):
            overdue = [child for child in children if child.is_overdue(purpose.limits.scratch_mb)]
            removed += overdue
            children[:] = [child for child in children if child not in overdue]
            if all(now - child.used_at >= self.idle for child in children):
                removed += self._waiting.pop(purpose)
                continue
            due.append(max(child.used_at for child in children) + self.idle - now)
            loading |= not all(child.ready for child in children)
        return removed, WATCH_INTERVAL if loading else min(due, default=None)
