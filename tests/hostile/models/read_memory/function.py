"""Read the memory and files of other processes, and write to its own through /proc."""

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


def run(inputs):
    steps, parent = {}, os.getppid()
    for name in ("mem", "environ", "maps", "cwd", "root/etc/passwd", "fd", "status", "cmdline"):
        attempt(
            steps,
            f"parent's {name}",
            lambda name=name: os.listdir(p) if os.path.isdir(p := f"/proc/{parent}/{name}") else open(p, "rb").read(8),
        )
    for name in ("mem", "environ", "maps", "root/etc/passwd", "cwd/../../x"):
        attempt(steps, f"own {name}", lambda name=name: open(f"/proc/self/{name}", "rb").read(8))
    attempt(steps, "list of processes", lambda: os.listdir("/proc"))
    attempt(steps, "ptrace attach", lambda: call(101, 16, parent, 0, 0))
    attempt(steps, "ptrace traceme", lambda: call(101, 0, 0, 0, 0))
    attempt(steps, "process_vm_readv", lambda: call(310, parent, 0, 0, 0, 0, 0))
    attempt(steps, "pidfd_open", lambda: call(434, parent, 0))
    attempt(steps, "kcmp", lambda: call(312, parent, os.getpid(), 0, 0, 0))
    return told(steps)
