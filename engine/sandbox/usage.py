"""What a running child uses: memory, threads, files; read from outside it.

Chosen: /proc and a walk through scratch, which need no cgroups; a figure that cannot be read is 0.
Left out: limits.
"""

import os
from pathlib import Path

FILES = 10_000  # that a run may have in scratch


def resident(pid: int) -> int:
    """Return the bytes of memory a process has in use, pages it shares included."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0


def threads(pid: int) -> int:
    """Return how many threads a process has."""
    try:
        return sum(1 for _ in Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return 0


def largest(pid: int) -> int:
    """Return the most bytes of memory a process has had in use at once."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except (OSError, IndexError, ValueError):
        pass
    return 0


def processor(pid: int) -> float:
    """Return the seconds of processor time of a process's living threads."""
    total = 0
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    except (OSError, IndexError, ValueError):
        pass
    return total / 1e9


def usage(folder: Path) -> tuple[int, int]:
    """Return bytes and number of files below a folder; stops counting where the number is too large anyway."""
    size = count = 0
    folders = [str(folder)]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    count += 1
                    if count > FILES:
                        return size, count
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    else:
                        size += entry.stat(follow_symlinks=False).st_blocks * 512
        except OSError:
            continue
    return size, count
