"""The packages of models on this host: had for a run, listed for an operator, removed when nothing needs them.

Chosen: the lock is in the database with the version, so that any worker installs the same packages when a run first
needs them; what no model that takes runs needs is removed. Where a lock is for another Python than the
installation's, a run gets that Python and the standard set for it.
Left out: installing, which is `registry.overlays`.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from contract.actor import Actor
from contract.errors import InterpreterError, RequirementsError
from contract.package_lock import PackageLock
from engine.authorization import Action, require
from engine.sandbox.job import CancelToken, Runtime, SandboxJob
from registry.overlays import Overlay, OverlayStore
from storage import package_locks
from storage.database import Database


@dataclass(frozen=True, slots=True)
class OverlayUse:
    """An overlay of this host with the names of the models that may run with it."""

    overlay: Overlay
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelPackages:
    """What a model's runs are given: the folder of its packages and another Python, where it asks for them."""

    overlay: Path | None = None
    runtime: Runtime | None = None

    def given_to(self, job: SandboxJob) -> SandboxJob:
        """Return the job with them."""
        return replace(job, overlay=self.overlay, runtime=self.runtime)


@contextlib.contextmanager
def open_packages(
    store: OverlayStore,
    lock: PackageLock | None,
    cancel: CancelToken,
    on_install: Callable[[], None] = lambda: None,
) -> Iterator[ModelPackages]:
    """Give what a lock's runs need, installed where it is not there; nothing where there is no lock.

    Args:
        store: the overlays of this host.
        lock: the version's.
        cancel: ends an installation.
        on_install: called before an installation begins.

    Raises:
        InterpreterError: the lock's Python is not on this host.
        RequirementsError: the packages cannot be installed here.
    """
    if lock is None:
        yield ModelPackages()
        return
    if not store.is_built(lock):
        on_install()
    with store.open(lock, stopped=lambda: cancel.reason is not None) as opened:
        runtime = None
        if opened.interpreter is not None and opened.libraries is not None:
            runtime = Runtime(lock.python, opened.interpreter.executable, opened.libraries)
        yield ModelPackages(opened.overlay, runtime)


def missing_packages_reason(error: RequirementsError) -> str:
    """Return why a run cannot begin, for an analyst."""
    found = " ".join(f"{problem.message}. {problem.hint}" for problem in error.problems)
    if isinstance(error, InterpreterError):
        return f"This model cannot run on its worker: {found}"
    return f"The packages that this model needs cannot be installed on its worker: {found}"


def list_overlays(store: OverlayStore, database: Database, *, actor: Actor) -> list[OverlayUse]:
    """Return the overlays of this host, the one used last first, with the models that may run with each."""
    require(actor, Action.READ_MODELS)
    with database.read() as conn:
        models = package_locks.models_by_lock(conn)
    return [OverlayUse(found, tuple(models.get(found.hash, ()))) for found in store.list_overlays()]


def remove_unused(store: OverlayStore, database: Database, *, actor: Actor) -> list[Overlay]:
    """Remove the overlays of this host that no model needs, and those beyond its limit; return them."""
    require(actor, Action.MANAGE_MODELS)
    with database.begin() as conn:
        package_locks.delete_unreferenced(conn)
        needed = package_locks.models_by_lock(conn)
    store.remove_abandoned()
    return [*store.remove_unused(needed), *store.make_room()]
