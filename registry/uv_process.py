"""Run uv for packages that nobody here has written.

Chosen: a process of its own with an empty home and an environment of our own; only wheels, so that nothing of a package
is run; time, processor, the size of a file and of all files are bounded, and it may write to one folder.
Left out: what it is asked, which is `registry.package_resolution` and `registry.overlays`.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from contract.errors import RequirementsError
from contract.problems import Problem
from registry.package_index import PackageIndex, find_uv

CPU = 600  # s of processor
LOOK = 0.1  # s between two looks at time and size
MESSAGE = 20_000  # characters of its error text
OUTPUT = 5_000_000  # bytes of its answer
HOST = "Try again; if it happens again, an administrator looks at the index and the network."


class UvError(Exception):
    """uv could not do what it was asked; the message is its own text."""


def run_uv(
    index: PackageIndex,
    arguments: Sequence[str],
    *,
    folder: Path,
    timeout: float,
    python: str = sys.executable,
    given: str = "",
    stopped: Callable[[], bool] = lambda: False,
) -> str:
    """Run `uv pip` with these arguments and return what it prints.

    Args:
        index: where packages come from and how large they may be.
        arguments: after `uv pip`.
        folder: the only one it may write to, empty at first.
        timeout: s.
        python: the interpreter that the packages are for.
        given: its standard input.
        stopped: asked again and again; uv is ended where it says yes.

    Raises:
        UvError: uv refused, with its words.
        RequirementsError: it is not there, took too long, took too much room, or was stopped.
    """
    for name in ("home", "cache", "tmp"):
        (folder / name).mkdir(exist_ok=True)
    environment = {
        **index.variables(),
        "HOME": str(folder / "home"),
        "XDG_CONFIG_HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "PATH": os.defpath,
        "LC_ALL": "C",
        "UV_CACHE_DIR": str(folder / "cache"),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_LINK_MODE": "copy",
        "UV_HTTP_RETRIES": "2",
    }
    most = index.overlay_mb * 1_000_000
    launcher = str(Path(__file__).with_name("uv_launcher.py"))
    command = [
        *(sys.executable, "-I", launcher, str(folder), str(CPU), str(most), str(os.getpid())),
        *(find_uv(), "pip", *arguments, "--color=never", "--no-progress", "--only-binary=:all:"),
        *("--python", python),
    ]
    (folder / "given").write_text(given)
    until = time.monotonic() + timeout
    with (
        (folder / "given").open("rb") as source,
        (folder / "answer").open("wb") as answer,
        (folder / "errors").open("wb") as errors,
    ):
        process = subprocess.Popen(  # noqa: S603 - our own command; requirements stand in a file
            command, cwd=folder, env=environment, stdin=source, stdout=answer, stderr=errors, start_new_session=True
        )
        try:
            code = _wait(process, folder, until, 2 * most, stopped)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if code:
        raise UvError((folder / "errors").read_text(errors="replace")[:MESSAGE])
    with (folder / "answer").open("rb") as stream:
        return stream.read(OUTPUT).decode(errors="replace")


def _wait(process: subprocess.Popen[bytes], folder: Path, until: float, most: int, stopped: Callable[[], bool]) -> int:
    """Wait for the end of uv within its bounds; what it downloads and what it installs count together."""
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(LOOK)
        if stopped():
            raise RequirementsError([Problem("requirements", "installing them was stopped", "Try again.")])
        if time.monotonic() > until:
            raise RequirementsError([Problem("requirements", "the package index took too long to answer", HOST)])
        if folder_bytes(folder) > most:
            found = f"the packages take more than {most // 2_000_000:,} MB"
            hint = "Ask for less, or ask an administrator to raise TONTINE_OVERLAY_MB."
            raise RequirementsError([Problem("requirements", found, hint)])


def folder_bytes(folder: Path) -> int:
    """Return the bytes of all files below a folder, which may change meanwhile."""
    size = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                size += (Path(path) / name).lstat().st_size
    return size
