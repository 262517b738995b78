"""Overlays: the packages of a lock, installed into a folder of this host that is named by the lock's hash.

Chosen: built into a temporary folder and renamed, under a lock of the file system, so that several processes build it
once and a killed one leaves nothing that counts. Whoever uses an overlay holds a shared lock on it, and only what
nobody holds is removed: what no version needs, and the least recently used beyond the host's limit. It is built again
from the lock when it is needed. For a model that asks for another Python, the standard set is an overlay as well, which
all models of that Python share.
Left out: which version has which lock, which is the database's.
"""

import contextlib
import dataclasses
import fcntl
import json
import os
import platform
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from contract.errors import InterpreterError, RequirementsError
from contract.package_lock import LockedPackage, PackageLock
from contract.problems import Problem
from registry.interpreters import Interpreter, Interpreters, host_python
from registry.package_index import NONE, PackageIndex
from registry.package_resolution import explain, resolve, resolve_standard
from registry.requirements import STANDARD, find_missing, standard_set
from registry.uv_process import UvError, folder_bytes, run_uv

TIMEOUT = 900.0  # s to fetch and install everything
STANDARD_MB = 2_000  # of the standard set for another Python: it is not a model's, so that a model's limit is not its
LOCK_INTERVAL = 0.05  # s between two attempts to have a lock
PACKAGES = "packages"  # the folder of an overlay that a run sees
ABOUT = "overlay.json"
BUILDING = ".new-"
LOCK = ".lock"


@dataclass(frozen=True, slots=True)
class Overlay:
    """An overlay of this host: its lock's hash, its Python, what is in it, its bytes, and when it was last used."""

    hash: str
    python: str
    packages: tuple[str, ...]
    bytes: int
    built_at: datetime
    used_at: datetime
    in_use: bool


@dataclass(frozen=True, slots=True)
class OpenedPackages:
    """What a run is given of this host: the folder of the packages of its model, where it has any.

    For a lock of another Python also that `interpreter`, and `libraries`, the folder of the standard set for it.
    """

    overlay: Path | None
    interpreter: Interpreter | None = None
    libraries: Path | None = None


class OverlayStore:
    """The overlays of this host, below one folder; safe for several processes.

    Args:
        root: the folder.
        index: where packages come from, and how large they may be.
    """

    def __init__(self, root: Path, index: PackageIndex | None = None) -> None:
        self.root, self.index = root.absolute(), index or PackageIndex()
        self.interpreters = Interpreters(self.index.environment)

    def resolve(
        self,
        requirements: Collection[str],
        python: str | None = None,
        *,
        stopped: Callable[[], bool] = lambda: False,
    ) -> PackageLock | None:
        """Return what has to be installed for these requirements; None where every model has it.

        Args:
            requirements: the manifest's.
            python: the manifest's, such as 3.12. With it there always is a lock, so that no other Python takes runs.
            stopped: asked again and again; resolving is given up where it says yes.

        Raises:
            RequirementsError: with each requirement that cannot be met.
            InterpreterError: that Python is not on this host, or what every model has cannot be had for it.
        """
        own = python is None or python == host_python()
        interpreter = None if own or python is None else self.interpreters.find(python)
        problems, missing = find_missing(requirements, None if interpreter is None else interpreter.version)
        if problems:
            raise RequirementsError(problems)
        if interpreter is None:
            lock = resolve(self.index, missing, host_python(), folder=self.root, stopped=stopped) if missing else None
            return PackageLock(host_python(), ()) if lock is None and python is not None else lock
        standard = resolve_standard(self.index, interpreter, folder=self.root, stopped=stopped)
        lock = None
        if missing:
            lock = resolve(
                self.index,
                missing,
                interpreter.python,
                executable=str(interpreter.executable),
                standard={package.name: package.version for package in standard},
                folder=self.root,
                stopped=stopped,
            )
        return PackageLock(interpreter.python, () if lock is None else lock.packages, standard)

    def is_built(self, lock: PackageLock) -> bool:
        """Say whether everything of a lock is there."""
        return all(self._folder(part).is_dir() for part in lock.parts)

    @contextlib.contextmanager
    def open(self, lock: PackageLock, *, stopped: Callable[[], bool] = lambda: False) -> Iterator[OpenedPackages]:
        """Give all that a run of this lock needs, built where it is not there; it stays until the block is left.

        Raises:
            InterpreterError: the lock's Python is not on this host.
            RequirementsError: the packages cannot be installed here.
        """
        interpreter = libraries = None
        if lock.standard_lock is not None:
            interpreter = self.interpreters.find(lock.python)
        elif lock.python != host_python():
            raise InterpreterError([_other_installation(lock)])
        with contextlib.ExitStack() as stack:
            if lock.standard_lock is not None:
                libraries = stack.enter_context(self.use(lock.standard_lock, stopped=stopped))
            own = [part for part in lock.parts if part != lock.standard_lock]
            overlay = stack.enter_context(self.use(own[0], stopped=stopped)) if own else None
            yield OpenedPackages(overlay, interpreter, libraries)

    @contextlib.contextmanager
    def use(self, lock: PackageLock, *, stopped: Callable[[], bool] = lambda: False) -> Iterator[Path]:
        """Give the folder of the lock's packages, built where it is not there; it stays until the block is left.

        Raises:
            RequirementsError: it cannot be built here.
        """
        folder = self._folder(lock)
        if self.index.closed and not folder.is_dir():
            hint = "An administrator sets TONTINE_PACKAGE_INDEX."
            raise RequirementsError([Problem("requirements", "no packages are installed for models here", hint)])
        with self._lock_file(folder) as held:
            _wait_for_lock(held, fcntl.LOCK_SH, stopped)
            while not folder.is_dir():
                _wait_for_lock(held, fcntl.LOCK_EX, stopped)
                if not folder.is_dir():  # another process may have been first
                    self._build(lock, folder, stopped)
                # Between the two locks somebody may remove it.
                _wait_for_lock(held, fcntl.LOCK_SH, stopped)
            os.utime(held.fileno())
            yield folder / PACKAGES

    def list_overlays(self) -> list[Overlay]:
        """Return the overlays of this host, the one used last first."""
        found = []
        for folder in self._built():
            with contextlib.suppress(OSError, ValueError, KeyError):
                about = json.loads((folder / ABOUT).read_text())
                with self._lock_file(folder) as held:
                    used = datetime.fromtimestamp(os.fstat(held.fileno()).st_mtime, UTC)
                    free = _is_free(held)
                built = datetime.fromtimestamp(about["built_at"], UTC)
                python = about.get("python", host_python())
                packages = tuple(about["packages"])
                found.append(Overlay(about["hash"], python, packages, about["bytes"], built, used, in_use=not free))
        return sorted(found, key=lambda overlay: overlay.used_at, reverse=True)

    def remove_unused(self, needed: Collection[str]) -> list[Overlay]:
        """Remove the overlays whose locks are not among the `needed` hashes, and return them; none that is in use."""
        return [overlay for overlay in self.list_overlays() if overlay.hash not in needed and self.remove(overlay.hash)]

    def make_room(self) -> list[Overlay]:
        """Remove the least recently used overlays until they fit into the host's limit, and return them."""
        found = self.list_overlays()
        total, removed = sum(overlay.bytes for overlay in found), []
        while found and total > self.index.total_mb * 1_000_000:
            oldest = found.pop()
            if self.remove(oldest.hash):
                total -= oldest.bytes
                removed.append(oldest)
        return removed

    def remove(self, hash: str) -> bool:  # noqa: A002 - the contract's word
        """Remove an overlay and return whether it was there and nobody used it."""
        folder = next((found for found in self._built() if found.name.startswith(f"{hash}-")), None)
        if folder is None:
            return False
        with self._lock_file(folder) as held:
            if not _is_free(held) or not folder.is_dir():
                return False
            gone = self.root / f"{BUILDING}gone-{secrets.token_hex(8)}"
            folder.rename(gone)  # at once for whoever looks
        shutil.rmtree(gone, ignore_errors=True)
        return True

    def remove_abandoned(self) -> None:
        """Remove what processes that were killed left half built."""
        for folder in self.root.glob(f"{BUILDING}*") if self.root.is_dir() else ():
            with contextlib.suppress(OSError), (folder / LOCK).open("r") as held:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)

    def _folder(self, lock: PackageLock) -> Path:
        # Wheels are for a Python and a system; the same data folder may see another one later.
        own = lock.python == host_python()
        tag = sys.implementation.cache_tag if own else f"cpython-{lock.python.replace('.', '')}"
        return self.root / f"{lock.hash}-{tag}-{platform.machine()}"

    def _built(self) -> Iterator[Path]:
        if self.root.is_dir():
            ending = f"-{platform.machine()}"
            yield from (p for p in self.root.iterdir() if p.name.endswith(ending) and (p / ABOUT).is_file())

    def _lock_file(self, folder: Path) -> IO[str]:
        self.root.mkdir(parents=True, exist_ok=True)
        return (self.root / f"{folder.name}{LOCK}").open("a")

    def _build(self, lock: PackageLock, folder: Path, stopped: Callable[[], bool]) -> None:
        own = lock.python == host_python()
        executable = sys.executable if own else str(self.interpreters.find(lock.python).executable)
        self.remove_abandoned()
        home = Path(tempfile.mkdtemp(prefix=BUILDING, dir=self.root))
        try:
            with (home / LOCK).open("w") as mine:
                fcntl.flock(mine, fcntl.LOCK_EX)
                overlay = home / "overlay"
                overlay.mkdir()
                self._install(lock, home, overlay / PACKAGES, executable, stopped)
                size = folder_bytes(overlay)
                allowed = self._index_for(lock).overlay_mb
                if size > allowed * 1_000_000:
                    found = f"the packages take {size / 1e6:,.0f} MB, and {allowed:,} are allowed"
                    hint = "Ask for less, or ask an administrator to raise TONTINE_OVERLAY_MB."
                    raise RequirementsError([Problem("requirements", found, hint)])
                labels = [package.label for package in lock.packages]
                about = {"hash": lock.hash, "python": lock.python, "packages": labels, "bytes": size}
                (overlay / ABOUT).write_text(json.dumps({**about, "built_at": time.time()}))
                _make_read_only(overlay)
                overlay.rename(folder)
        finally:
            shutil.rmtree(home, ignore_errors=True)
        self.make_room()

    def _install(
        self, lock: PackageLock, home: Path, target: Path, executable: str, stopped: Callable[[], bool]
    ) -> None:
        (home / "lock.txt").write_text(lock.text)
        options = ["--no-deps", "--require-hashes", "--compile-bytecode", "--quiet"]
        arguments = ["install", "--target", str(target), "--requirements", "lock.txt", *options]
        try:
            run_uv(self._index_for(lock), arguments, folder=home, timeout=TIMEOUT, python=executable, stopped=stopped)
        except UvError as error:
            raise RequirementsError([_explain_install(str(error), lock.packages)]) from error

    def _index_for(self, lock: PackageLock) -> PackageIndex:
        """Return the index with the bounds of this lock: the standard set's own where it is one of another Python."""
        if lock.python == host_python() or STANDARD[0] not in lock.versions:
            return self.index
        return dataclasses.replace(self.index, overlay_mb=max(self.index.overlay_mb, STANDARD_MB))


def _other_installation(lock: PackageLock) -> Problem:
    found = (
        f"this version was registered where Python {lock.python} is the installation's own, and this worker's own is "
        f"{host_python()}"
    )
    return Problem("python", found, "Run it on a worker with that Python, or register the model again.")


def _explain_install(text: str, packages: tuple[LockedPackage, ...]) -> Problem:
    if "Hash mismatch" in text or "hash" in text.lower():
        named = [p.label for p in packages if p.name in text.lower().replace("_", "-")]
        found = f"the file of {', '.join(named) or 'a package'} has another hash than when it was locked"
        return Problem("requirements", found, "Its index gives out another file now: an administrator looks at it.")
    return explain(text, [package.name for package in packages], standard_set())


def _make_read_only(overlay: Path) -> None:
    """Take the right to write to files away; every user may read, because a run may be another one."""
    for path, _, names in os.walk(overlay):
        Path(path).chmod(0o755)
        for name in names:
            file = Path(path) / name
            if not file.is_symlink():
                file.chmod(0o444)


def _wait_for_lock(held: IO[str], kind: int, stopped: Callable[[], bool]) -> None:
    """Wait for a lock that others may have; give up where `stopped` says so."""
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(held, kind | fcntl.LOCK_NB)
            return
        if stopped():
            raise RequirementsError([Problem("requirements", "installing them was stopped", "Try again.")])
        time.sleep(LOCK_INTERVAL)  # a lock of the file system cannot be waited for together with anything else


def _is_free(held: IO[str]) -> bool:
    """Lock an overlay against everybody where nobody holds it, and say so."""
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def closed_store() -> OverlayStore:
    """Return a store that installs nothing."""
    return OverlayStore(Path("overlays"), PackageIndex((NONE,)))


def hold(packages: Path) -> IO[str]:
    """Return an open file that keeps the overlay of this folder of packages from being removed until it is closed."""
    folder = packages.parent
    held = (folder.parent / f"{folder.name}{LOCK}").open("a")
    fcntl.flock(held, fcntl.LOCK_SH)
    return held
