"""What a running child uses: memory, threads, processor time, files without a name; read from outside it.

Chosen: /proc, which needs no cgroups, and for memory psutil where there is none; a figure that cannot be read is 0.
Left out: limits, and what lies in scratch, which `engine.sandbox.scratch` counts.
"""

import contextlib
import os
import stat
from pathlib import Path

import psutil

PROC = Path("/proc/self/statm").exists()


def rss(pid: int) -> int:
    """Return the bytes of memory a process has in use, pages it shares included."""
    if not PROC:
        with contextlib.suppress(psutil.Error):
            return int(psutil.Process(pid).memory_info().rss)
        return 0
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0


def thread_count(pid: int) -> int:
    """Return how many threads a process has."""
    try:
        return sum(1 for _ in Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return 0


def peak_rss(pid: int) -> int:
    """Return the most bytes of memory a process has had in use at once."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except (OSError, IndexError, ValueError):
        pass
    return 0


def cpu_seconds(pid: int) -> float:
    """Return the seconds of processor time of a process: to the nanosecond, or of ended threads to the hundredth."""
    living, whole = 0, 0.0
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            living += int((task / "schedstat").read_text().split()[0])
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        whole = sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        pass
    return max(living / 1e9, whole)


def unlinked_bytes(pid: int, folder: Path) -> int:
    """Return the bytes of files of `folder` that a process holds open or mapped after their names were removed."""
    found: dict[tuple[int, int], int] = {}
    with contextlib.suppress(OSError), os.scandir(f"/proc/{pid}/fd") as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                seen = entry.stat()
                if stat.S_ISREG(seen.st_mode) and seen.st_nlink == 0:
                    found[seen.st_dev, seen.st_ino] = seen.st_blocks * 512
    with contextlib.suppress(OSError, ValueError, IndexError), Path(f"/proc/{pid}/maps").open("rb") as lines:
        start = os.fsencode(folder)
        for line in lines:
            if line.rstrip().endswith(b"(deleted)") and start in line:
                parts = line.split(maxsplit=5)
                major, minor = (int(x, 16) for x in parts[3].split(b":"))
                first, last = (int(x, 16) for x in parts[0].split(b"-"))
                key = os.makedev(major, minor), int(parts[4])
                # How much of it is on the disk cannot be seen any more: all that is mapped counts.
                found[key] = max(found.get(key, 0), last - first)
    return sum(found.values())
