"""Start worker processes beside the server, and start them again when they end.

Chosen: each worker holds the reading end of a pipe whose writing end only the server holds, so that a worker
ends when the server does, however that ended; restarts wait longer each time a worker dies young.
Left out: other hosts. They run `python worker.py` under systemd.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

log = structlog.get_logger()

SHORT_LIFE = 5.0  # s: a worker that ends sooner did not start properly
LONGEST_PAUSE = 10.0
STOP_TIMEOUT = 15.0


class WorkerPool:
    """A number of supervised worker processes."""

    def __init__(
        self, count: int, script: Path, environment: Mapping[str, str], on_death: Callable[[int], None] | None = None
    ) -> None:
        self.count, self.script, self.environment = count, script, dict(environment)
        self.on_death = on_death
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._read, self._write = -1, -1

    def start(self) -> None:
        """Start the workers; returns at once."""
        self._read, self._write = os.pipe()
        for slot in range(self.count):
            thread = threading.Thread(target=self._supervise, args=(slot,), name=f"worker-{slot}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Ask every worker to end, and end those that do not within a while."""
        self._stopping.set()
        for process in list(self._processes.values()):
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        until = time.monotonic() + STOP_TIMEOUT
        for process in list(self._processes.values()):
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.warning("worker did not end in time and was killed", pid=process.pid)
                process.kill()
                process.wait()
        for thread in self._threads:
            thread.join(timeout=5)
        for end in (self._read, self._write):
            with contextlib.suppress(OSError):
                os.close(end)

    @property
    def pids(self) -> list[int]:
        """The process ids of the workers that are alive."""
        return [p.pid for p in self._processes.values() if p.poll() is None]

    def _supervise(self, slot: int) -> None:
        pause = 0.0
        while not self._stopping.wait(pause):
            started_at = time.monotonic()
            process = subprocess.Popen(  # noqa: S603 - our own script
                [sys.executable, str(self.script), "--lifeline", str(self._read)],
                env=self.environment,
                pass_fds=[self._read],
                # Ctrl-C in a terminal goes to the whole group: the server alone decides when workers end.
                start_new_session=True,
                stdin=subprocess.DEVNULL,
            )
            self._processes[slot] = process
            if self._stopping.is_set():
                process.terminate()
            code = process.wait()
            if self._stopping.is_set():
                return
            log.warning("worker ended and is started again", pid=process.pid, code=code)
            if self.on_death is not None:
                with contextlib.suppress(Exception):
                    self.on_death(process.pid)
            pause = 0.0 if time.monotonic() - started_at > SHORT_LIFE else min(LONGEST_PAUSE, max(0.5, pause * 2))
