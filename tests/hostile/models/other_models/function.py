"""Look at other models, other runs, the database and the host."""

import glob
import os


def attempt(steps, name, call):
    """Keep how one step ended; LEAKED means that the attack worked."""
    try:
        steps[name] = "LEAKED " + repr(call())[:200]
    except BaseException as error:
        steps[name] = f"denied {type(error).__name__}: {error}"[:200]


def told(steps):
    return {"contained": not any(v.startswith("LEAKED") for v in steps.values()), "steps": steps}


def run(inputs):
    steps, here, scratch = {}, os.path.dirname(os.path.abspath(__file__)), os.getcwd()
    folders = {
        os.path.dirname(here),
        os.path.dirname(scratch),
        "/",
        "/tmp",
        "/root",
        "/home",
        "/etc",
        "/var",
        "/run",
        "/proc",
        "/sys",
        "/dev",
        "/dev/shm",
    }
    for path in (here, scratch):
        while path != "/":
            path = os.path.dirname(path)
            folders.add(path)
    for folder in sorted(folders):
        attempt(steps, f"list {folder}", lambda folder=folder: os.listdir(folder))
    for path in (
        "/etc/passwd",
        "/etc/shadow",
        "/etc/hostname",
        "/etc/ssl/private",
        "/proc/1/environ",
        "/proc/net/tcp",
        "/proc/mounts",
        "/dev/mem",
        "/dev/sda",
        "/dev/tty",
        *inputs.get("canaries", []),
    ):
        attempt(steps, f"open {path}", lambda path=path: open(path, "rb").read(10))
    return told(steps)
