"""Starts uv with bounds: it ends with who asked for it, has limits, and may write to one folder only.

Chosen: a script of its own, because limits and Landlock are put on the process that becomes uv; where the host has no
Landlock, the limits remain.
Left out: what uv does. Run by `registry.uv_process` as `python -I uv_launcher.py`; imports nothing of ours.
"""

import contextlib
import ctypes
import os
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Become the command that is given after the folder, the seconds of processor and the bytes of a file."""
    folder, cpu, size, parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != int(parent):  # it ended before the line above
            sys.exit(1)
    os.umask(0o022)
    for kind, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, int(cpu)),
        (resource.RLIMIT_FSIZE, int(size)),
    ):
        hard = resource.getrlimit(kind)[1]
        least = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (least, least))
    with contextlib.suppress(ImportError):
        _allow_writing_to(folder)
    os.execv(command[0], command)  # noqa: S606 - our own command


def _allow_writing_to(folder: str) -> None:
    import landlockpy

    if not landlockpy.supported():
        return
    fs = landlockpy.AccessFS
    write = fs.WRITE_FILE | fs.REMOVE_DIR | fs.REMOVE_FILE | fs.MAKE_DIR | fs.MAKE_REG | fs.MAKE_SYM | fs.REFER
    write = (write | fs.TRUNCATE) & landlockpy.fs_for_abi(landlockpy.abi_version())
    scoped = landlockpy.Scope.ABSTRACT_UNIX_SOCKET | landlockpy.Scope.SIGNAL
    with landlockpy.Ruleset(handled_fs=write, handled_net=landlockpy.AccessNet.NONE, scoped=scoped) as rules:
        rules.allow_path(folder, write)
        rules.allow_path(os.devnull, fs.WRITE_FILE)
        rules.restrict()


if __name__ == "__main__":
    main()
