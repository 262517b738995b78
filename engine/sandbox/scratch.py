"""Scratch: a worker's folder for its runs' folders, how much lies in one, and its removal.

Chosen: each worker holds a lock in its folder, so that the next worker to start knows what a killed one left, and
removes it. A folder that cannot be looked into counts as too many files. Removal moves folders up to the top first: a
model may nest them beyond the longest path.
Left out: limits.
"""

import contextlib
import fcntl
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO

FILES = 10_000  # that a run may have in scratch
DEPTH = 64  # folders within folders there
LOCK = ".lock"


class ScratchRoot:
    """A worker's own folder below `parent`, locked for as long as the worker lives."""

    def __init__(self, parent: Path) -> None:
        parent.mkdir(parents=True, exist_ok=True)
        with (parent / LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _remove_dead(parent)
            self.folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=parent))
            self.folder.chmod(0o711)  # without Landlock runs are other users, who have to reach their own folders
            self._lock: IO[str] = (self.folder / LOCK).open("w")
            fcntl.flock(self._lock, fcntl.LOCK_EX)

    def close(self) -> None:
        """Remove the folder."""
        remove(self.folder)
        self._lock.close()


def _remove_dead(parent: Path) -> None:
    """Remove the folders whose worker is dead: nobody holds their locks."""
    for folder in parent.iterdir():
        if not folder.is_dir():
            continue
        with contextlib.suppress(OSError), (folder / LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            remove(folder)


def disk_usage(folder: Path) -> tuple[int, int]:
    """Return bytes and number of files below a folder; stops counting where the number is too large anyway."""
    size = count = 0
    folders = [(str(folder), 0)]
    while folders:
        path, depth = folders.pop()
        if depth > DEPTH:
            return size, FILES + 1
        try:
            with _list_opened(path) as entries:
                for entry in entries:
                    count += 1
                    if count > FILES:
                        return size, count
                    if entry.is_dir(follow_symlinks=False):
                        folders.append((entry.path, depth + 1))
                    else:
                        with contextlib.suppress(FileNotFoundError):
                            size += entry.stat(follow_symlinks=False).st_blocks * 512
        except FileNotFoundError:
            continue  # it has just been removed
        except OSError:
            return size, FILES + 1
    return size, count


def remove(folder: Path) -> None:
    """Remove a scratch folder, however deep its folders are and whatever permissions a model gave them."""
    waiting, emptied = [folder], list[Path]()
    while waiting:
        path = waiting.pop()
        emptied.append(path)
        with contextlib.suppress(OSError), _list_opened(path) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(_move_to_top(Path(entry.path), folder))
                    else:
                        Path(entry.path).unlink()
    for path in reversed(emptied):
        with contextlib.suppress(OSError):
            path.rmdir()


def _move_to_top(path: Path, top: Path) -> Path:
    """Move a folder up to the top of scratch, so that no path grows too long, and return where it is now."""
    if path.parent == top:
        return path
    try:
        path.chmod(0o700)  # one that may not be written to cannot be moved
        return path.rename(top / f".{secrets.token_hex(8)}")
    except OSError:
        return path


def _list_opened(path: str | Path) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
    """Return the entries of a folder of the run's own; permission to read it is restored where it was taken away."""
    try:
        return os.scandir(str(path))
    except PermissionError:
        Path(path).chmod(0o700)
        return os.scandir(str(path))
