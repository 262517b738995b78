"""The zygote: an interpreter with an empty environment and the numerical libraries loaded, which forks a child per run.

Chosen: it never runs model code itself; `gc.freeze()` keeps the libraries' pages shared; it is not dumpable, so
a child of the same user cannot read it. It ends with the worker, whose end of the control socket closes.
Left out: knowing what a run is. Run by the supervisor as `python -I zygote.py`; imports nothing of ours but its
siblings.
"""

import contextlib
import ctypes
import gc
import os
import select
import signal
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import asyncio  # noqa: E402, F401 - what models use is loaded before the fork
import concurrent.futures  # noqa: E402, F401
import csv  # noqa: E402, F401
import decimal  # noqa: E402, F401
import json  # noqa: E402, F401
import sqlite3  # noqa: E402, F401
import statistics  # noqa: E402, F401
import zoneinfo  # noqa: E402, F401

import child  # noqa: E402
import confine  # noqa: E402
import numpy as np  # noqa: E402, F401
import orjson  # noqa: E402
import pandas as pd  # noqa: E402, F401
import scipy.interpolate  # noqa: E402, F401
import scipy.linalg  # noqa: E402, F401
import scipy.optimize  # noqa: E402, F401
import scipy.signal  # noqa: E402, F401
import scipy.special  # noqa: E402, F401
import scipy.stats  # noqa: E402, F401
import shim  # noqa: E402, F401

CONTROL = 3
SPARE = 2
MESSAGE = 65_536
DESCRIPTORS = 4  # inputs, frames, log and, where the run may reach hosts, the door to ask for connections
HIGH = 200  # a child keeps its descriptors from here on, and those before this go


def mapped() -> dict:
    """Return the bytes of data and of addresses this process has already, which a run's limits come on top of."""
    try:
        pages = [int(x) for x in Path("/proc/self/statm").read_text().split()]
    except (OSError, ValueError):
        return {}
    size = os.sysconf("SC_PAGE_SIZE")
    return {"base_data": pages[5] * size, "base_addresses": pages[0] * size}


def resident(pid: int) -> int:
    """Return the bytes of memory of a child that has not begun: what it shares with this process, not its own."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0


class Spares:
    """Children forked ahead, each waiting for its job: a fork takes longer than all that follows it."""

    def __init__(self, barriers: confine.Barriers, base: dict) -> None:
        self.barriers, self.base = barriers, base
        self.waiting: list[tuple[int, socket.socket]] = []

    def fill(self) -> None:
        """Fork until enough children wait."""
        while len(self.waiting) < SPARE:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            parent = os.getpid()
            pid = os.fork()
            if pid == 0:
                # Held here they would hide the zygote's end from the worker and from the other children.
                for held in (CONTROL, ours.fileno(), *(door.fileno() for _, door in self.waiting)):
                    os.close(held)
                wait_for_job(theirs, parent, self.barriers, self.base)
            theirs.close()
            self.waiting.append((pid, ours))

    def take(self, descriptors: list[int]) -> tuple[int, int]:
        """Hand a job to a waiting child and return its process id and the memory it has before the job, in bytes."""
        while True:
            self.fill()
            pid, door = self.waiting.pop(0)
            base = resident(pid)
            with door:
                try:
                    socket.send_fds(door, [b"job"], descriptors)
                except OSError:
                    continue  # the child died while it waited; the next one takes the job
                return pid, base


def wait_for_job(door: socket.socket, parent: int, barriers: confine.Barriers, base: dict) -> None:
    """Be a spare child: wait for a job, run it, end; end at once if the zygote goes."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if sys.platform == "linux":
        confine.prctl(confine.PR_SET_PDEATHSIG, confine.SIGKILL)
        if os.getppid() != parent:  # it ended before the line above
            os._exit(0)
    child.prepare()
    barriers.prepare()
    message, descriptors, _, _ = socket.recv_fds(door, MESSAGE, DESCRIPTORS)
    if not message:
        os._exit(0)
    job, frames, log, *rest = descriptors
    with open(job, "rb", closefd=False) as stream:  # noqa: PTH123
        stream.seek(0)
        wanted = orjson.loads(stream.read())
    wanted["limits"] |= base
    frames, log = move(frames, HIGH), move(log, HIGH + 1)
    hosts = move(rest[0], HIGH + 2) if rest else None
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    before = 3
    for descriptor in (*sorted(barriers.descriptors()), HIGH):
        os.closerange(before, descriptor)
        before = descriptor + 1
    child.main(wanted, barriers, frames, log, hosts)


def serve(control: socket.socket, barriers: confine.Barriers) -> None:
    """Hand each job that arrives to a child, and report each child that has ended, until the worker goes."""
    running: dict[int, str] = {}
    wake, woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    spares = Spares(barriers, mapped())
    while True:
        spares.fill()
        readable, _, _ = select.select([control, wake], [], [])
        if wake in readable:
            os.read(wake, 4096)
            report(control, running)
        if control in readable:
            message, descriptors, _, _ = socket.recv_fds(control, MESSAGE, DESCRIPTORS)
            if not message:
                return
            start(control, spares, running, message, descriptors)


def start(
    control: socket.socket, spares: Spares, running: dict[int, str], message: bytes, descriptors: list[int]
) -> None:
    """Start one job: its inputs, its frames, its log and perhaps its way to hosts are the descriptors."""
    name = orjson.loads(message)["run"]
    pid, base = spares.take(descriptors)
    running[pid] = name
    for descriptor in descriptors:
        os.close(descriptor)
    pidfd = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
    said = {"run": name, "pid": pid, "base": base}
    socket.send_fds(control, [orjson.dumps(said)], [] if pidfd is None else [pidfd])
    if pidfd is not None:
        os.close(pidfd)


def move(descriptor: int, target: int) -> int:
    """Put a descriptor where it survives the closing of the others."""
    os.dup2(descriptor, target, inheritable=False)
    os.close(descriptor)
    return target


def report(control: socket.socket, running: dict[int, str]) -> None:
    """Reap what has ended and say how, with the processor time in seconds and the largest memory in bytes."""
    while running:
        try:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        name = running.pop(pid, None)
        if name is None:
            continue  # a spare that died while it waited
        ended = {
            "run": name,
            "ended": os.waitstatus_to_exitcode(status),
            "cpu": usage.ru_utime + usage.ru_stime,
            "memory": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        }
        control.send(orjson.dumps(ended))


def main() -> None:
    """Load, close what need not be open, say so, and serve."""
    tier = sys.argv[1]
    sys.path.pop(0)
    os.umask(0o077)
    control = socket.socket(fileno=CONTROL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        confine.prctl(confine.PR_SET_DUMPABLE, 0)
    barriers = confine.Barriers(tier)
    packages = {"python": sys.version.split()[0]}
    packages |= {m: sys.modules[m].__version__ for m in ("numpy", "pandas", "scipy", "orjson")}
    gc.collect()
    with contextlib.suppress(AttributeError):  # what imports used and gave back would count as each run's own
        ctypes.CDLL(None).malloc_trim(0)
    gc.freeze()
    control.send(orjson.dumps({"ready": packages}))
    serve(control, barriers)


if __name__ == "__main__":
    main()
