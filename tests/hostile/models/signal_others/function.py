"""Signal, slow down or limit other processes."""

import ctypes
import fcntl
import os
import resource
import signal

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


def by_descriptor(pid):
    """Ask for a signal of our choice to another process when a pipe has something to read."""
    read, write = os.pipe()
    fcntl.fcntl(read, fcntl.F_SETOWN, pid)
    fcntl.fcntl(read, 10, 0)
    fcntl.fcntl(read, fcntl.F_SETFL, os.O_ASYNC)
    os.write(write, b"x")
    return "asked"


def run(inputs):
    steps, parent = {}, os.getppid()
    attempt(steps, "kill everybody", lambda: os.kill(-1, 0))
    attempt(steps, "kill the parent", lambda: os.kill(parent, 0))
    attempt(steps, "kill process 1", lambda: os.kill(1, 0))
    attempt(steps, "kill a group", lambda: os.killpg(os.getpgid(parent), 0))
    attempt(steps, "tgkill", lambda: call(234, parent, parent, 0))
    attempt(steps, "tkill", lambda: call(200, parent, 0))
    attempt(steps, "queue a signal", lambda: call(129, parent, 0, 0))
    attempt(steps, "signal by descriptor", lambda: by_descriptor(parent))
    attempt(steps, "owner of a descriptor", lambda: fcntl.fcntl(0, 15, b"\0" * 8))
    attempt(steps, "priority", lambda: os.setpriority(os.PRIO_PROCESS, parent, 19))
    attempt(steps, "higher priority", lambda: os.nice(-5))
    attempt(steps, "affinity", lambda: os.sched_setaffinity(parent, {0}))
    attempt(steps, "scheduler", lambda: os.sched_setscheduler(parent, os.SCHED_IDLE, os.sched_param(0)))
    attempt(steps, "limits", lambda: resource.prlimit(parent, resource.RLIMIT_NOFILE))
    attempt(steps, "limits set", lambda: resource.prlimit(parent, resource.RLIMIT_CPU, (1, 1)))
    attempt(steps, "ioprio", lambda: call(251, 1, parent, 3 << 13))
    return told(steps)
