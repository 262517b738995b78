"""Folders that authors work in: registered at the start and again whenever a file in them is saved.

Chosen: the operating system tells of changes; a moment of quiet is waited for, because an editor saves in several
steps. Each saved state that can be registered is a version, so the next run uses it without a restart; one that cannot
be leaves the last version current, and says what is wrong.
Left out: checks in the sandbox. Who may set the folders may do as much anyway, and `tontine check` runs them.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import structlog
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from contract.actor import Actor
from contract.errors import DatabaseUnavailable, ProblemsError
from contract.problems import Problem
from engine.authorization import Action, require
from engine.models.register import register_folder
from engine.processes.context import AppContext
from registry.source_files import is_skipped

log = structlog.get_logger()

QUIET = 0.2  # s without a change, after which the folders are read
CHANGES = frozenset({"created", "modified", "moved", "deleted", "closed"})


class FolderWatcher(FileSystemEventHandler):
    """Watches folders of models; each is a model's folder or holds some.

    Args:
        context: the process's application context.
        folders: what to watch.
        actor: whom the versions are recorded for.
        on_read: called after each reading, with the names of the models that have a new version.
    """

    def __init__(
        self,
        context: AppContext,
        folders: Sequence[Path],
        *,
        actor: Actor,
        on_read: Callable[[list[str]], None] = lambda _changed: None,
    ) -> None:
        self.context, self.folders, self.actor, self.on_read = context, tuple(folders), actor, on_read
        self._changed, self._stopping = threading.Event(), threading.Event()
        self._observer = Observer()
        self._thread = threading.Thread(target=self._follow, name="folders", daemon=True)

    def start(self) -> None:
        """Register the folders as they are, and begin to watch them."""
        for folder in self.folders:
            if folder.is_dir():
                self._observer.schedule(self, str(folder), recursive=True)
            else:
                log.warning("there is no such folder to watch", folder=str(folder))
        self._observer.start()
        self.on_read(read_folders(self.context, self.folders, actor=self.actor))
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._stopping.set()
        self._changed.set()
        self._observer.stop()
        self._observer.join(timeout=5)
        self._thread.join(timeout=5)

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Note that something has changed; called on the observer's thread."""
        path = Path(str(event.dest_path or event.src_path))
        inside = [path.relative_to(f) for f in self.folders if path.is_relative_to(f)]
        if event.event_type in CHANGES and not any(is_skipped(str(name)) for name in inside if name.parts):
            self._changed.set()

    def _follow(self) -> None:
        while True:
            self._changed.wait()
            while self._changed.is_set() and not self._stopping.is_set():
                self._changed.clear()
                self._changed.wait(QUIET)
            if self._stopping.is_set():
                return
            try:
                self.on_read(read_folders(self.context, self.folders, actor=self.actor))
            except DatabaseUnavailable:
                log.warning("folders could not be registered; the next change is tried again", exc_info=True)


def read_folders(context: AppContext, folders: Sequence[Path], *, actor: Actor) -> list[str]:
    """Register every model of the folders as it is now; returns the names of those with a new version.

    What is wrong with a folder is left in the context's `folder_problems`, and taken away once it is right.
    """
    require(actor, Action.REGISTER_MODELS)
    changed = []
    for path in _models(folders):
        try:
            if register_folder(context, path, actor=actor):
                changed.append(path.name)
                log.info("model registered from its folder", model=path.name)
            context.folder_problems.pop(path.name, None)
        except ProblemsError as error:
            context.folder_problems[path.name] = list(error.problems)
            log.warning("model not registered", model=path.name, problem=str(error.problems[0]))
        except OSError as error:  # it changes while it is read: its next change is on the way
            context.folder_problems[path.name] = [Problem(path.name, f"it cannot be read ({error})", "Save it again.")]
    return changed


def _models(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        if (folder / "manifest.json").is_file():
            yield folder
        elif folder.is_dir():
            yield from (
                p for p in sorted(folder.iterdir()) if (p / "manifest.json").is_file() and p.name[0] not in "._"
            )
