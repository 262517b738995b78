"""How often an installation that nobody uses wakes up: `python -m benchmarks.idle`.

Chosen: an empty catalogue, so that no reference case is being run, a server with two workers, and what Linux counts as
voluntary context switches of each of their threads, which is once for every wait that ended.
Left out: the processes of PostgreSQL.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil

from benchmarks.browser import free_port, wait_until_up
from benchmarks.fixture import ROOT
from benchmarks.loop import get

WORKERS = 2
SETTLE = 15.0  # s after the workers have been heard of: the zygotes' spare children warm up


@contextlib.contextmanager
def installation() -> Iterator[psutil.Process]:
    """Start a server and its workers on an empty catalogue; stop them afterwards."""
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "models").mkdir()
        environment = {
            **os.environ,
            "TONTINE_DATA": f"{home}/data",
            "TONTINE_FUNCTIONS": f"{home}/models",
            "TONTINE_WORKERS": str(WORKERS),
            "TONTINE_LOG_LEVEL": "ERROR",
        }
        port = free_port()
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        try:
            address = f"http://127.0.0.1:{port}"
            wait_until_up(f"{address}/api/health", 180)
            while get(address, "/health")["workers"] < WORKERS:
                time.sleep(0.5)
            time.sleep(SETTLE)
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(60)


def switches(root: psutil.Process) -> Counter[tuple[str, int]]:
    """Return the voluntary context switches so far by (role, process id), PostgreSQL's processes left out."""
    found: Counter[tuple[str, int]] = Counter()
    for process in [root, *root.children(recursive=True)]:
        with contextlib.suppress(psutil.Error, OSError):
            command = " ".join(process.cmdline())
            role = "server" if process == root else "worker" if "worker.py" in command else "sandbox"
            if process.name().startswith("postgres"):
                continue
            for task in Path(f"/proc/{process.pid}/task").iterdir():
                status = (task / "status").read_text()
                found[role, process.pid] += int(status.split("voluntary_ctxt_switches:")[1].split()[0])
    return found


def main() -> None:
    """Print the wakes a second of each process, those of PostgreSQL left out."""
    parser = argparse.ArgumentParser(description="Count how often an idle installation wakes up.")
    parser.add_argument("--seconds", type=float, default=60)
    seconds = parser.parse_args([] if sys.argv[0].endswith("benchmarks/__main__.py") else None).seconds
    if not Path("/proc/self/task").is_dir():
        print("there is no /proc here")
        return
    with installation() as root:
        before = switches(root)
        time.sleep(seconds)
        after = switches(root)
    for (role, pid), count in sorted(after.items()):
        print(f"{role:<8} {pid:>8} {(count - before[role, pid]) / seconds:>8.2f} wakes a second")


if __name__ == "__main__":
    main()
