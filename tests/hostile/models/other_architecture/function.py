"""Make calls by the numbers of the x32 interface."""

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
    steps = {}
    for number in (57, 41, 59):
        attempt(steps, f"x32 {number}", lambda number=number: call(0x40000000 + number, 1, 1, 0))
    return told(steps)
