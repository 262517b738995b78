"""Make the system calls that sandboxes have been left by."""

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)


def call(number, *arguments):
    """Make a system call; an answer below zero is an error."""
    answer = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
    if answer < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return answer


def attempt(steps, name, call):
    """Keep how one step ended; LEAKED means that the attack worked."""
    try:
        steps[name] = "LEAKED " + repr(call())[:200]
    except BaseException as error:
        steps[name] = f"denied {type(error).__name__}: {error}"[:200]


def told(steps):
    return {"contained": not any(v.startswith("LEAKED") for v in steps.values()), "steps": steps}


NUMBERS = {
    "io_uring_setup": (425, 8, 0),
    "memfd_create": (319, b"x", 0),
    "execveat": (322, 0, b"", 0, 0, 0x1000),
    "unshare user": (272, 0x10000000),
    "unshare net": (272, 0x40000000),
    "mount": (165, b"none", b"/tmp", b"tmpfs", 0, 0),
    "keyctl": (250, 0, -3, 0),
    "add_key": (248, b"user", b"x", b"y", 1, -3),
    "bpf": (321, 0, 0, 0),
    "perf_event_open": (298, 0, 0, -1, -1, 0),
    "prctl dumpable": (157, 4, 0),
    "prctl subreaper": (157, 36, 1),
    "shmget": (29, 0, 4096, 0o1600),
    "msgget": (68, 0, 0o1600),
    "semget": (64, 0, 1, 0o1600),
    "mq_open": (240, b"x", 0o102, 0o600, 0),
    "userfaultfd": (323, 0),
    "setns": (308, 0, 0),
    "chroot": (161, b"/"),
    "personality": (135, 0x0040000),
    "open_by_handle_at": (304, -100, 0, 0),
    "name_to_handle_at": (303, -100, b".", 0, 0, 0),
    "pivot_root": (155, b".", b"."),
    "fsopen": (430, b"tmpfs", 0),
    "landlock_create_ruleset": (444, 0, 0, 1),
    "seccomp": (317, 2, 0, 0),
    "vmsplice": (278, 0, 0, 0, 0),
    "clone3": (435, 0, 0),
    "fork": (57,),
    "vfork": (58,),
    "clone": (56, 17, 0, 0, 0, 0),
    "acct": (163, 0),
    "swapon": (167, b"x", 0),
    "syslog": (103, 3, 0, 0),
    "quotactl": (179, 0, 0, 0, 0),
    "iopl": (172, 3),
    "mknod": (133, b"node", 0o10600, 0),
    "inotify_init": (253,),
    "fanotify_init": (300, 0, 0),
    "setsid": (112,),
}


def run(inputs):
    steps = {}
    for name, numbers in NUMBERS.items():
        attempt(steps, name, lambda numbers=numbers: call(*numbers))
    return told(steps)
