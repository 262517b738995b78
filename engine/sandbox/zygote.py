"""The zygote: an interpreter with an empty environment and the numerical libraries loaded, which forks a child per run.

Chosen: it never runs model code itself; `gc.freeze()` keeps the libraries' pages shared; it is not dumpable, so
a child of the same user cannot read it. It ends with the worker, whose end of the control socket closes. In tier D,
where a fork of loaded libraries may not be safe, it loads nothing and starts an interpreter for each run ahead of it.
As another Python than the worker's it is started with `-S` and finds the standard set in a folder that it is given, and
nothing else that may be installed beside that Python.
Left out: knowing what a run is. Run by the supervisor as `python -I zygote.py`; imports nothing of ours but its
siblings.
"""

import contextlib
import ctypes
import gc
import importlib
import importlib.metadata
import os
import select
import signal
import site
import socket
import sys
import threading
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
# The folder of the standard set where this is another Python than the worker's, otherwise empty.
LIBRARIES = sys.argv[3] if __name__ == "__main__" else ""
if LIBRARIES:
    sys.path.append(LIBRARIES)
    site.setquit()  # what `-S` leaves out, and models may call
    site.setcopyright()
    site.sethelper()

import actuarial_library  # noqa: E402
import confine  # noqa: E402
import orjson  # noqa: E402

# What models use is loaded before the fork: nothing is quick afterwards, and some of it could not be found any more.
STANDARD = "asyncio concurrent.futures csv decimal json sqlite3 statistics zoneinfo"
NUMPY = "numpy numpy.fft numpy.linalg numpy.polynomial numpy.random"
SCIENTIFIC = "pandas scipy.interpolate scipy.linalg scipy.optimize scipy.signal scipy.special scipy.stats"
# The shared library's modules that need numpy alone, and those that need scipy.
ACTUARIAL = (
    "actuarial.holding_risk actuarial.mortality_laws actuarial.smith_wilson actuarial.soa_tables "
    "actuarial.standard_formula"
)
ACTUARIAL_SCIENTIFIC = "actuarial.compound actuarial.counts actuarial.layers actuarial.severities"
LOADED = {
    "numpy": f"{STANDARD} {NUMPY} {ACTUARIAL} child points socket_shim".split(),
    "all": f"{STANDARD} {NUMPY} {SCIENTIFIC} {ACTUARIAL} {ACTUARIAL_SCIENTIFIC} child points socket_shim".split(),
}
# A closed end is noticed on either; Linux keeps messages apart by itself, elsewhere each ends with a new line.
KIND = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_STREAM
CONTROL = 3
SPARE_CHILDREN = 2
# s without a job before what can wait is done: a fork, where no job has ended before, and a warm-up run. Either
# would take the processor from the job just handed over.
IDLE = 0.02
MESSAGE = 65_536
# Inputs, frames, log and, where the run may reach hosts, the socket that asks for connections; or, for a child that is
# made ready ahead of its run, the socket that the run comes through.
DESCRIPTORS = 4
HIGH = 200  # a child keeps its descriptors from here on, and those before this go


def preload(kind: str) -> None:
    """Load the libraries, give back what that used, and keep what stays out of the collector's reach."""
    actuarial_library.install()
    for name in LOADED[kind]:
        importlib.import_module(name)
    import child

    child.prepare()
    # The allocator of pyarrow has a thread of its own, which a child does without; newer Pythons warn of any.
    warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
    gc.collect()
    with contextlib.suppress(AttributeError, OSError):  # what imports used would count as each run's own
        ctypes.CDLL(None).malloc_trim(0)
    gc.freeze()


def memory_baseline() -> dict:
    """Return the bytes of data and of addresses this process has already, which a run's limits come on top of."""
    try:
        pages = [int(x) for x in Path("/proc/self/statm").read_text().split()]
    except (OSError, ValueError):
        return {}
    size = os.sysconf("SC_PAGE_SIZE")
    return {"base_data": pages[5] * size, "base_addresses": pages[0] * size}


def child_rss(pid: int) -> int:
    """Return the bytes of memory of a child that has no job yet: what it shares with this process, not its own."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0


class ForkPool:
    """Children forked ahead, each waiting for its job: a fork takes longer than all that follows it."""

    def __init__(self, confinement: confine.Confinement, base: dict) -> None:
        self.confinement, self.base = confinement, base
        self.waiting: list[tuple[int, socket.socket]] = []

    @property
    def full(self) -> bool:
        """Whether enough children wait."""
        return len(self.waiting) >= SPARE_CHILDREN

    def add(self) -> None:
        """Fork one more."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, KIND)
        parent = os.getpid()
        self.confinement.open_rules()
        pid = os.fork()
        if pid == 0:
            # Left open here they would hide the zygote's end from the worker and from the other children.
            for descriptor in (CONTROL, ours.fileno(), *(broker_socket.fileno() for _, broker_socket in self.waiting)):
                os.close(descriptor)
            wait_for_job(theirs, parent, self.confinement, self.base)
        self.confinement.close_rules()
        theirs.close()
        self.waiting.append((pid, ours))

    def start(self, descriptors: list[int]) -> tuple[int, int, socket.socket]:
        """Hand a job to a waiting child.

        Returns:
            Its process id, the memory it has before the job in bytes, and the socket that closes when we end.
        """
        while True:
            if not self.waiting:
                self.add()
            pid, broker_socket = self.waiting.pop(0)
            base = child_rss(pid)
            try:
                socket.send_fds(broker_socket, [b"job"], descriptors)
            except OSError:
                broker_socket.close()
                continue  # the child died while it waited; the next one takes the job
            return pid, base, broker_socket


class SpawnPool(ForkPool):
    """Interpreters started ahead, each for one run: no fork of loaded libraries, at the price of starting them."""

    def __init__(self, confinement: confine.Confinement, kind: str) -> None:
        super().__init__(confinement, {})
        self.kind = kind

    def add(self) -> None:
        """Start one more."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, KIND)
        theirs.set_inheritable(True)
        script = str(Path(__file__).resolve())
        options = ["-I", "-S"] if LIBRARIES else ["-I"]
        given = ["D", self.kind, LIBRARIES, str(theirs.fileno()), str(os.getpid())]
        command = [sys.executable, *options, script, *given]
        pid = os.posix_spawn(sys.executable, command, os.environ)
        theirs.close()
        self.waiting.append((pid, ours))


def wait_for_job(broker_socket: socket.socket, parent: int, confinement: confine.Confinement, base: dict) -> None:
    """Be a spare child: wait for a job, run it, end; end at once if the zygote ends."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if sys.platform == "linux":
        confine.prctl(confine.PR_SET_PDEATHSIG, confine.SIGKILL)
        if os.getppid() != parent:  # it ended before the line above
            os._exit(0)
    os.setsid()
    import child  # loaded long before

    trouble = None
    try:
        confinement.prepare()
        if not select.select([broker_socket], [], [], IDLE)[0]:
            child.warm_up()
    except BaseException as error:  # noqa: BLE001 - it is reported to the first job, which fails with it
        trouble = error
    message, descriptors, _, _ = socket.recv_fds(broker_socket, MESSAGE, DESCRIPTORS)
    if not message:
        os._exit(0)
    job, frames, log, *rest = descriptors
    with open(job, "rb", closefd=False) as stream:  # noqa: PTH123
        stream.seek(0)
        wanted = orjson.loads(stream.read())
    wanted["limits"] |= base
    frames, log = move_fd(frames, HIGH), move_fd(log, HIGH + 1)
    further = move_fd(rest[0], HIGH + 2) if rest else None
    if confinement.tier == "D":
        lifeline = move_fd(broker_socket.detach(), HIGH + 3)
        threading.Thread(target=exit_with, args=(lifeline,), daemon=True).start()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    before = 3
    for descriptor in (*sorted(confinement.descriptors()), HIGH):
        os.closerange(before, descriptor)
        before = descriptor + 1
    child.main(wanted, confinement, frames, log, further, trouble)


def exit_with(lifeline: int) -> None:
    """End when the zygote does, where the system does not see to it."""
    os.read(lifeline, 1)
    os._exit(1)


def serve(control: socket.socket, confinement: confine.Confinement, kind: str) -> None:
    """Hand each job that arrives to a child, and report each child that has ended, until the worker ends."""
    running: dict[int, tuple[str, socket.socket]] = {}
    wake, woken = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    fork_pool = SpawnPool(confinement, kind) if confinement.tier == "D" else ForkPool(confinement, memory_baseline())
    due = time.monotonic()
    while True:
        idle_timeout = None if fork_pool.full else max(0.0, due - time.monotonic())
        readable, _, _ = select.select([control, wake], [], [], idle_timeout)
        if not readable:
            fork_pool.add()
        if wake in readable:
            os.read(wake, 4096)
            report_exits(control, running)
            due = time.monotonic()
        if control in readable:
            message, descriptors, _, _ = socket.recv_fds(control, MESSAGE, DESCRIPTORS)
            if not message:
                return
            start_job(control, fork_pool, running, message, descriptors)
            due = time.monotonic() + IDLE


def start_job(
    control: socket.socket,
    fork_pool: ForkPool,
    running: dict[int, tuple[str, socket.socket]],
    message: bytes,
    descriptors: list[int],
) -> None:
    """Start one job: its inputs, its frames, its log and perhaps its socket for connections are the descriptors."""
    name = orjson.loads(message)["run"]
    pid, base, broker_socket = fork_pool.start(descriptors)
    running[pid] = name, broker_socket
    if not isinstance(fork_pool, SpawnPool):
        broker_socket.close()  # a forked child ends with this process; left open, the next fork would inherit it
    for descriptor in descriptors:
        os.close(descriptor)
    pidfd = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
    started = {"run": name, "pid": pid, "base": base}
    if pidfd is None:
        control.sendall(orjson.dumps(started) + b"\n")
    else:
        socket.send_fds(control, [orjson.dumps(started) + b"\n"], [pidfd])
        os.close(pidfd)


def move_fd(descriptor: int, target: int) -> int:
    """Move a descriptor to where it survives the closing of the others."""
    os.dup2(descriptor, target, inheritable=False)
    os.close(descriptor)
    return target


def report_exits(control: socket.socket, running: dict[int, tuple[str, socket.socket]]) -> None:
    """Reap what has ended and report how, with the processor time in seconds and the largest memory in bytes."""
    while running:
        try:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        if pid not in running:
            continue  # a spare that died while it waited
        name, broker_socket = running.pop(pid)
        broker_socket.close()
        ended = {
            "run": name,
            "ended": os.waitstatus_to_exitcode(status),
            "cpu": usage.ru_utime + usage.ru_stime,
            "memory": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        }
        control.sendall(orjson.dumps(ended) + b"\n")


def main() -> None:
    """Load, close what need not be open, report that, and serve; or be one of tier D's interpreters."""
    tier, kind, _libraries, *run = sys.argv[1:]
    os.umask(0o077)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if tier != "D" or run:
        preload(kind)
    sys.path.pop(0)
    confinement = confine.Confinement(tier, (actuarial_library.FOLDER,))
    if run:
        broker_socket, parent = (int(number) for number in run)
        wait_for_job(socket.socket(fileno=broker_socket), parent, confinement, memory_baseline())
    control = socket.socket(fileno=CONTROL)
    if sys.platform == "linux":
        confine.prctl(confine.PR_SET_DUMPABLE, 0)
    packages = {"python": sys.version.split()[0]}
    packages |= {name: importlib.metadata.version(name) for name in ("numpy", "pandas", "scipy", "orjson")}
    packages["actuarial"] = actuarial_library.version()
    control.sendall(orjson.dumps({"ready": packages}) + b"\n")
    serve(control, confinement, kind)


if __name__ == "__main__":
    main()
