"""The barriers around a run, put up by the child itself after the fork and before the model's first line.

Chosen: Landlock for files (the model's folder and the libraries read-only, scratch read-write, nothing else),
seccomp for system calls (an allow-list: no new process, no socket, no signal to others), resource limits as a
third line. Each alone leaves a way out; together they contained every attack we know.
Left out: metadata by `stat()`, readable site-packages, kernel exploits. This file is loaded by the zygote,
stands alone and imports nothing of ours.
"""

# ruff: noqa: PTH112, PTH208 - a child copies each page of memory it writes to, and pathlib alone lies on dozens
import contextlib
import ctypes
import os
import resource
import sys
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NAME, PR_SET_NO_NEW_PRIVS = 1, 4, 15, 38
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF = 445, 446  # by number: libseccomp learnt their names late
CLONE_THREAD = 0x10000
SIGABRT, SIGKILL = 6, 9
MB = 1_000_000
DESCRIPTORS = 256
MEMORY_HEADROOM = (
    32_000 * MB
)  # of addresses beyond the memory limit: threads reserve many, and each GB costs 2 MB of page tables
MAP_PRIVATE, MAP_SHARED, MAP_KIND, MAP_ANONYMOUS, MAP_HUGETLB = 0x02, 0x01, 0x0F, 0x20, 0x40000
MSG_FASTOPEN = 0x20000000
SOL_SOCKET, IPPROTO_TCP = 1, 6
EPERM, ENOMEM, ENOSYS = 1, 12, 38

# Everything numpy, pandas, scipy, sqlite, asyncio and threads need, and nothing that reaches another process.
ALLOWED = """
read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek open openat close close_range
fstat stat lstat newfstatat statx access faccessat faccessat2 getdents getdents64 getcwd chdir fchdir mkdir
mkdirat rmdir unlink unlinkat rename renameat renameat2 ftruncate truncate fsync fdatasync fallocate fadvise64
readahead flock dup dup2 dup3 pipe pipe2 poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl
epoll_wait epoll_pwait epoll_pwait2 eventfd eventfd2 signalfd signalfd4 timerfd_create timerfd_settime
timerfd_gettime readlink readlinkat umask statfs fstatfs getxattr lgetxattr fgetxattr listxattr llistxattr
flistxattr sendfile copy_file_range munmap mprotect mremap madvise msync mincore brk futex futex_waitv
set_robust_list get_robust_list rseq rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigsuspend
rt_sigtimedwait sigaltstack pause alarm setitimer getitimer timer_create timer_settime timer_gettime
timer_delete exit exit_group getpid gettid getppid getuid geteuid getgid getegid getresuid getresgid getgroups
getpgrp getpgid getsid uname sysinfo times getrusage getrlimit getpriority clock_gettime clock_getres
clock_nanosleep nanosleep gettimeofday time getrandom sched_yield sched_getaffinity sched_getparam
sched_getscheduler sched_get_priority_max sched_get_priority_min getcpu membarrier arch_prctl set_tid_address
restart_syscall wait4 waitid get_mempolicy capget recvfrom recvmsg recvmmsg shutdown getsockopt
getsockname getpeername
""".split()
# What only closing in needs. `prctl` and `prlimit64`, of which a model needs a part, are told apart by what they are
# given.
CONFINING_CALLS = (
    LANDLOCK_ADD_RULE,
    LANDLOCK_RESTRICT_SELF,
    *"setrlimit setpriority setgroups setresgid setresuid".split(),
)
# What a terminal check, a non-blocking socket and a buffer's size ask for.
IOCTLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
# Duplicates, flags, locks and a pipe's size. Not F_SETOWN and F_SETSIG: they send any signal to any process of the same
# user when a descriptor has something to read.
FCNTLS = (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1031, 1032, 1034)

READABLE = (
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/lib",
    "/lib64",
    "/usr/share/zoneinfo",
    "/etc/localtime",
    "/etc/timezone",
    "/etc/ld.so.cache",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/usr/share/ca-certificates",
    "/etc/mime.types",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/sys/devices/system/cpu",
    "/dev/urandom",
    "/dev/random",
)

_libc = ctypes.CDLL(None, use_errno=True)


def prctl(option: int, value: int) -> None:
    """Set a property of this process; failure is an error, never ignored."""
    if _libc.prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), f"prctl {option}")


class _PathBeneathAttr(ctypes.Structure):
    """struct landlock_path_beneath_attr."""

    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


class _FilterProgram(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


class _CapabilityHeader(ctypes.Structure):
    """struct __user_cap_header_struct."""

    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class Confinement:
    """What can be prepared once, in the zygote, so that a child only has to load it.

    The libraries compile the filter and know the kernel's flags; a child then makes a few system calls. Compiling in
    each child instead took 7 ms of a run's 15. `libraries` are folders that every run may read besides Python's own.
    """

    def __init__(self, tier: str, libraries: tuple[str, ...] = ()) -> None:
        self.tier = tier
        if tier == "A":
            import landlockpy

            self._landlock = landlockpy
            fs = landlockpy.AccessFS
            abi = landlockpy.abi_version()
            self._read = int(fs.READ_FILE | fs.READ_DIR | fs.EXECUTE)
            self._read_file = int(fs.READ_FILE)
            self._null = int((fs.READ_FILE | fs.WRITE_FILE | fs.TRUNCATE) & landlockpy.fs_for_abi(abi))
            write = fs.READ_FILE | fs.READ_DIR | fs.WRITE_FILE | fs.REMOVE_DIR | fs.REMOVE_FILE | fs.MAKE_DIR
            self._write = int((write | fs.MAKE_REG | fs.REFER | fs.TRUNCATE) & landlockpy.fs_for_abi(abi))
            self._shared = [self._rule(path) for path in _outermost_paths({*_python_paths(), *READABLE, *libraries})]
            self._shared.append(_PathBeneathAttr(self._null, os.open(os.devnull, os.O_PATH | os.O_CLOEXEC)))
        if tier != "D":
            # Landlock keeps signals inside the run from its sixth version on; before that, none may be sent at all.
            signals = tier == "A" and abi >= 6
            self._first = _allow_list(signals=signals)
            self._second = {hosts: _revoking_filter(hosts=hosts) for hosts in (False, True)}

    def open_rules(self) -> None:
        """Name the folders that every run may read, before the fork: in the child it would take five times as long."""
        if self.tier == "A":
            scope = self._landlock.Scope
            self._rules = self._landlock.Ruleset(scoped=scope.ABSTRACT_UNIX_SOCKET | scope.SIGNAL)
            self._add(self._shared)

    def close_rules(self) -> None:
        """Let go of them after the fork: they are the child's."""
        if self.tier == "A":
            self._rules.close()

    def prepare(self) -> None:
        """Put up what needs no job, in the time a spare child waits for one: what every run may never do.

        System calls are closed in two steps, because compiling the long list takes the kernel half a millisecond: the
        list with what closing in needs now, and that taken back in the end.
        """
        if self.tier == "D":
            return
        with contextlib.suppress(OSError):
            _write_proc("/proc/self/oom_score_adj", b"1000")
        if self.tier != "B":  # there the change of user comes first
            _drop_capabilities()
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        self._close_calls(self._first)

    def descriptors(self) -> list[int]:
        """Return what must stay open until the child is closed in."""
        return [self._rules.fileno()] if self.tier == "A" else []

    def apply(
        self, scratch: str, folder: str, limits: dict, *, user: int | None, hosts: bool, overlay: str | None = None
    ) -> None:
        """Close this process in, as another user where one is given. Nothing that comes after can open it again.

        `overlay` is a folder of packages that may be read besides. `hosts` leaves open what a connection handed over by
        the worker needs besides reading and writing.
        """
        if self.tier != "D" and len(os.listdir("/proc/self/task")) != 1:
            # Landlock and seccomp close in the thread that asks: another one would be a way around both.
            raise RuntimeError("a library started a thread before the run was closed in")
        _set_rlimits(limits)
        if user is not None:
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
        if sys.platform == "linux":
            # After the change of user, which takes it back.
            prctl(PR_SET_PDEATHSIG, SIGKILL)
            if self.tier == "A":
                # Lets the supervisor see files that are open without a name. No other model can reach /proc.
                prctl(PR_SET_DUMPABLE, 1)
        if self.tier == "A":
            self._close_files(scratch, folder, *(() if overlay is None else (overlay,)))
        if self.tier != "D":
            self._close_calls(self._second[hosts])

    def _rule(self, path: str) -> _PathBeneathAttr:
        access = self._read if os.path.isdir(path) else self._read_file
        return _PathBeneathAttr(access, os.open(path, os.O_PATH | os.O_CLOEXEC))

    def _close_files(self, scratch: str, *folders: str) -> None:
        own = [*map(self._rule, folders), _PathBeneathAttr(self._write, os.open(scratch, os.O_PATH | os.O_CLOEXEC))]
        self._add(own)
        for rule in own:
            os.close(rule.parent_fd)
        self._rules.restrict()
        self._rules.close()

    def _add(self, rules: list[_PathBeneathAttr]) -> None:
        for rule in rules:
            if _libc.syscall(LANDLOCK_ADD_RULE, self._rules.fileno(), 1, ctypes.byref(rule), 0):
                raise OSError(ctypes.get_errno(), "landlock_add_rule")

    def _close_calls(self, compiled: ctypes.Array) -> None:
        program = _FilterProgram(len(compiled) // 8, ctypes.cast(compiled, ctypes.c_void_p).value)
        if _libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0):
            raise OSError(ctypes.get_errno(), "seccomp")


def _allow_list(*, signals: bool) -> ctypes.Array:
    """Return the allow-list, with what `close_in` needs and `_taken_back` takes away."""
    import pyseccomp as s

    rules = s.SyscallFilter(s.ERRNO(EPERM))
    for name in (*ALLOWED, *CONFINING_CALLS, "prctl"):
        with contextlib.suppress(OSError, ValueError):  # a call that this architecture does not have
            rules.add_rule(s.ALLOW, name)
    # ENOSYS lets the C library fall back to clone, whose flags can be looked at.
    rules.add_rule(s.ERRNO(ENOSYS), "clone3")
    rules.add_rule(s.ALLOW, "clone", s.Arg(0, s.MASKED_EQ, CLONE_THREAD, CLONE_THREAD))
    rules.add_rule(s.ALLOW, "prlimit64", s.Arg(0, s.EQ, 0))
    rules.add_rule(s.ALLOW, "sched_setaffinity", s.Arg(0, s.EQ, 0))
    # An event loop wakes itself by a pair of stream sockets; no other socket can be made.
    rules.add_rule(s.ALLOW, "socketpair", s.Arg(0, s.EQ, 1), s.Arg(1, s.MASKED_EQ, 0xF, 1))
    # Memory shared with nobody yet: its pages can be dropped from the process and still be held, where no figure of the
    # process shows them. Large pages are not in its figures either.
    rules.add_rule(
        s.ERRNO(ENOMEM), "mmap", s.Arg(3, s.MASKED_EQ, MAP_ANONYMOUS | MAP_SHARED, MAP_ANONYMOUS | MAP_SHARED)
    )
    rules.add_rule(s.ALLOW, "mmap", s.Arg(3, s.MASKED_EQ, MAP_KIND | MAP_HUGETLB, MAP_PRIVATE))
    rules.add_rule(s.ALLOW, "mmap", s.Arg(3, s.MASKED_EQ, MAP_ANONYMOUS | MAP_HUGETLB, 0))
    # Sending may not connect.
    for name, flags in (("sendto", 3), ("sendmsg", 2), ("sendmmsg", 3)):
        rules.add_rule(s.ALLOW, name, s.Arg(flags, s.MASKED_EQ, MSG_FASTOPEN, 0))
    for command in FCNTLS:
        rules.add_rule(s.ALLOW, "fcntl", s.Arg(1, s.MASKED_EQ, 0xFFFFFFFF, command))
    for request in IOCTLS:
        rules.add_rule(s.ALLOW, "ioctl", s.Arg(1, s.MASKED_EQ, 0xFFFFFFFF, request))
    for level in (SOL_SOCKET, IPPROTO_TCP):
        rules.add_rule(s.ALLOW, "setsockopt", s.Arg(1, s.MASKED_EQ, 0xFFFFFFFF, level))
    if signals:
        # An abort is a signal to oneself. Stopping oneself is not allowed: it would wait for the time limit.
        rules.add_rule(s.ALLOW, "tgkill", s.Arg(2, s.EQ, SIGABRT))
    return _compile_filter(rules)


def _revoking_filter(*, hosts: bool) -> ctypes.Array:
    """Return the filter that takes away what only `close_in` may do; the narrower of two filters counts."""
    import pyseccomp as s

    rules = s.SyscallFilter(s.ALLOW)
    for name in (*CONFINING_CALLS, *(() if hosts else ("setsockopt",))):
        rules.add_rule(s.ERRNO(EPERM), name)
    rules.add_rule(s.ERRNO(EPERM), "prctl", s.Arg(0, s.NE, PR_SET_NAME))
    rules.add_rule(s.ERRNO(EPERM), "prlimit64", s.Arg(2, s.NE, 0))
    return _compile_filter(rules)


def _compile_filter(rules: object) -> ctypes.Array:
    """Return a filter as the kernel takes it: eight bytes an instruction."""
    descriptor = os.memfd_create("filter")
    with open(descriptor, "w+b") as stream:  # noqa: PTH123
        rules.export_bpf(stream)
        stream.seek(0)
        content = stream.read()
    return ctypes.create_string_buffer(content, len(content))


def _write_proc(path: str, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, content)
    finally:
        os.close(descriptor)


def _outermost_paths(paths: set[str]) -> list[str]:
    """Return the paths that exist and lie under no other of them: a rule covers all that is below."""
    real = sorted({str(Path(p).resolve()) for p in paths if Path(p).exists()})
    return [p for p in real if not any(p.startswith(other + os.sep) for other in real)]


def _set_rlimits(limits: dict) -> None:
    """Set resource limits: the second line behind the supervisor, which watches the same figures."""
    memory = int(limits["memory_mb"] * MB)
    cpu = int(limits["seconds"] * max(1, limits["threads"])) + 5
    for name, value in (
        ("RLIMIT_CORE", 0),
        ("RLIMIT_DATA", memory + limits.get("base_data", 0)),
        ("RLIMIT_AS", memory + limits.get("base_addresses", 0) + MEMORY_HEADROOM),
        ("RLIMIT_FSIZE", int(limits["scratch_mb"] * MB)),
        ("RLIMIT_NOFILE", DESCRIPTORS),
        ("RLIMIT_CPU", cpu),
        ("RLIMIT_MEMLOCK", 0),
        ("RLIMIT_MSGQUEUE", 0),
    ):
        if hasattr(resource, name):
            kind = getattr(resource, name)
            hard = resource.getrlimit(kind)[1]
            least = value if hard == resource.RLIM_INFINITY else min(value, hard)
            # Beyond the first the kernel says so, beyond the second it kills.
            most = least + 2 if name == "RLIMIT_CPU" and hard == resource.RLIM_INFINITY else least
            resource.setrlimit(kind, (least, most))


def _drop_capabilities() -> None:
    """Give up every capability. Root without them is a user who owns root's files, and Landlock hides those."""
    header = _CapabilityHeader(0x20080522, 0)
    data = (ctypes.c_uint32 * 6)()
    if _libc.capset(ctypes.byref(header), ctypes.byref(data)):
        raise OSError(ctypes.get_errno(), "capset")


def _python_paths() -> list[str]:
    """Return the folders Python itself and the installed libraries lie in."""
    found = {p for p in sys.path if p and Path(p).is_dir()}
    found |= {str(Path(prefix) / "lib") for prefix in (sys.prefix, sys.base_prefix)}
    return [str(Path(p).resolve()) for p in found if Path(p).is_dir()]
