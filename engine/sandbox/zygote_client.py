"""The worker's side of the zygote: the process, the thread that reads its messages, and a handle for each run.

Chosen: a zygote of each kind, so that a model pays for no library it does not use; one control socket each, one
thread that listens on it; a handle wakes its run's supervisor by a descriptor. Another Python than the worker's has one
zygote with all libraries, which keeps the folder of its standard set from being removed; few are kept.
Left out: what a run is and how it is judged.
"""

import contextlib
import itertools
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import IO, Any

import orjson

from contract.errors import InterpreterStartError, SandboxLostError
from engine.sandbox.imports import ALL, KINDS
from engine.sandbox.job import Runtime
from engine.sandbox.tiers import Tier
from registry.overlays import hold

START_TIMEOUT = 60.0
OTHER_PYTHONS = 2  # zygotes of other Pythons than the worker's that are kept without a run
IDLE = 60.0  # s without a run after which one of them may end
READ = 1 << 16
KIND = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_STREAM  # as in the zygote

_LAUNCH = (
    "import os, sys; fd = int(sys.argv[1]); script = sys.argv[2]; sys.argv = [script, *sys.argv[3:]]; "
    "(fd != 3) and os.dup2(fd, 3); (fd != 3) and os.close(fd); os.set_inheritable(3, False); "
    "import runpy; runpy.run_path(script, run_name='__main__')"
)


class Zygote:
    """The zygote process and the thread that reads its messages.

    Raises:
        SandboxLostError: it does not start.
        InterpreterStartError: it does not, and is to be another Python than this one.
    """

    def __init__(self, tier: Tier, kind: str = ALL, runtime: Runtime | None = None) -> None:
        self.runtime = runtime
        self.used_at = time.monotonic()
        self._held: IO[str] | None = None if runtime is None else hold(runtime.libraries)
        ours, theirs = socket.socketpair(socket.AF_UNIX, KIND)
        script = Path(__file__).with_name("zygote.py")
        # The control socket is descriptor 3 of the zygote; the environment is empty but for one thread a library.
        environment = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}
        # Large pages have few page tables to copy: a fork and its end take 3.5 ms of processor instead of 6.
        environment["GLIBC_TUNABLES"] = "glibc.malloc.hugetlb=1"
        interpreter = [sys.executable, "-I"] if runtime is None else [str(runtime.executable), "-I", "-S"]
        given = [str(tier), kind, "" if runtime is None else str(runtime.libraries)]
        self.control = ours
        try:
            self.process = subprocess.Popen(  # noqa: S603 - our own script
                [*interpreter, "-c", _LAUNCH, str(theirs.fileno()), str(script), *given],
                env=environment,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            self._release()
            raise self._start_error(error.strerror or str(error)) from error
        finally:
            theirs.close()
        self.handles: dict[str, RunHandle] = {}
        self.lock = threading.Lock()
        self.alive = True
        self._names = itertools.count()
        ready, _, _ = select.select([ours], [], [], START_TIMEOUT)
        message = ours.recv(READ) if ready else b""
        if not message:
            self.close()
            ours.close()
            raise self._start_error(f"its process ended with {self.process.returncode}")
        self.packages: dict[str, str] = orjson.loads(message)["ready"]
        threading.Thread(target=self._read_messages, name="zygote", daemon=True).start()

    def _start_error(self, why: str) -> SandboxLostError:
        if self.runtime is None:
            return SandboxLostError(f"the zygote does not start: {why}")
        return InterpreterStartError(
            f"Python {self.runtime.python}, which this model asks for, does not start on its worker "
            f"({self.runtime.executable}: {why}). An administrator installs it anew; the worker's log says more."
        )

    def _release(self) -> None:
        """Let the folder of the standard set go."""
        if self._held is not None:
            self._held.close()

    def launch(self, handle: "RunHandle", descriptors: list[int]) -> None:
        """Start a run with its inputs, frames and log as descriptors; `handle` learns what becomes of it."""
        name = str(next(self._names))  # not the run's id: a run that is requeued may be here twice for a moment
        with self.lock:
            if not self.alive:
                raise SandboxLostError("the zygote has ended")
            self.handles[name] = handle
            try:
                socket.send_fds(self.control, [orjson.dumps({"run": name}) + b"\n"], descriptors)
            except OSError as error:
                del self.handles[name]
                raise SandboxLostError("the zygote has ended") from error

    def _read_messages(self) -> None:
        while True:
            try:
                message, descriptors, _, _ = socket.recv_fds(self.control, READ, 1)
            except OSError:
                message = b""
            if not message:
                break
            for line in message.splitlines():
                self._dispatch(orjson.loads(line), descriptors)
        with self.lock:
            self.alive = False
            unfinished = list(self.handles.values())
            self.handles.clear()
        for handle in unfinished:
            handle.set_ended(None)
        self.control.close()
        self.process.wait()
        self._release()

    def _dispatch(self, message: dict[str, Any], descriptors: list[int]) -> None:
        with self.lock:
            handle = self.handles.get(message["run"])
            if handle is not None and "ended" in message:
                del self.handles[message["run"]]
        if handle is None:
            for descriptor in descriptors:
                os.close(descriptor)
        elif "ended" in message:
            handle.set_ended(message)
        else:
            handle.set_started(message["pid"], descriptors[0] if descriptors else None, message["base"])

    def close(self) -> None:
        """End the zygote, which ends its children."""
        with contextlib.suppress(OSError):
            self.control.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(2)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._release()


class Zygotes:
    """A zygote of each kind, started anew where one has ended; safe to use from several threads."""

    def __init__(self, tier: Tier) -> None:
        self.tier = tier
        self.packages: dict[str, str] = {}
        self._zygotes: dict[str, Zygote] = {}
        self._locks = {kind: threading.Lock() for kind in KINDS}
        self._others: OrderedDict[Runtime, Zygote] = OrderedDict()
        self._others_lock = threading.Lock()
        self._closed = False

    def get(self, kind: str, runtime: Runtime | None = None) -> Zygote:
        """Return the zygote of that kind, or of another Python, started where none is alive.

        Raises:
            SandboxLostError: the sandbox is closed, or no zygote starts.
            InterpreterStartError: the other Python does not start.
        """
        if runtime is not None:
            return self._get_other(runtime)
        with self._locks[kind]:
            if self._closed:
                raise SandboxLostError("the sandbox is closed")
            zygote = self._zygotes.get(kind)
            if zygote is None or not zygote.alive:
                zygote = self._zygotes[kind] = Zygote(self.tier, kind)
                self.packages = zygote.packages
            return zygote

    def _get_other(self, runtime: Runtime) -> Zygote:
        with self._others_lock:
            if self._closed:
                raise SandboxLostError("the sandbox is closed")
            zygote = self._others.get(runtime)
            if zygote is None or not zygote.alive:
                zygote = self._others[runtime] = Zygote(self.tier, ALL, runtime)
            zygote.used_at = time.monotonic()
            self._others.move_to_end(runtime)
            self._end_unused()
            return zygote

    def _end_unused(self) -> None:
        """End the least recently used zygotes of other Pythons beyond those that are kept; none with a run."""
        now = time.monotonic()
        unused = [r for r, z in self._others.items() if not z.handles and now - z.used_at > IDLE]
        for runtime in unused[: max(0, len(self._others) - OTHER_PYTHONS)]:
            self._others.pop(runtime).close()

    def close(self) -> None:
        """End the zygotes and with them every run."""
        self._closed = True
        with self._others_lock:
            for zygote in self._others.values():
                zygote.close()
            self._others.clear()
        for kind, lock in self._locks.items():
            with lock:
                if kind in self._zygotes:
                    self._zygotes[kind].close()


class RunHandle:
    """What the zygote reports of one run, with a descriptor that wakes the supervisor."""

    def __init__(self) -> None:
        self.pid: int | None = None
        self.pidfd: int | None = None
        self.base = 0  # bytes
        self.end: dict[str, Any] | None = None
        self.ended = threading.Event()
        self.wake, self._write = socket.socketpair()
        self._lock = threading.Lock()
        self._kill_requested = False

    def set_started(self, pid: int, pidfd: int | None, base: int) -> None:
        """Note the child and its memory before the run; one that was to be killed before it existed is killed."""
        with self._lock:
            self.base, self.pidfd, self.pid = base, pidfd, pid
            if self._kill_requested:
                self._kill()

    def set_ended(self, end: dict[str, Any] | None) -> None:
        """Note how the child ended, or, with None, that the zygote did."""
        self.end = end
        self.ended.set()
        with contextlib.suppress(OSError):
            self._write.send(b"x")

    def kill(self) -> None:
        """Kill the child, now or as soon as it exists."""
        with self._lock:
            self._kill_requested = True
            self._kill()

    def send_signal(self, number: signal.Signals) -> None:
        """Send the child a signal, where it is there and has not ended."""
        with self._lock:
            self._send(number)

    def _kill(self) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self.ended.is_set():
            return
        with contextlib.suppress(ProcessLookupError):
            if self.pidfd is not None:
                signal.pidfd_send_signal(self.pidfd, number)
            elif self.pid is not None:
                os.kill(self.pid, number)

    def close(self) -> None:
        """Close the descriptors."""
        if self.pidfd is not None:
            os.close(self.pidfd)
        self.wake.close()
        self._write.close()
