"""The desk: what every verb needs to hand, opened once for each process.

Chosen: one value with the database, the listener and the bounds, given to verbs as their first argument; app.py
opens it and leaves it here for the pages, which run in threads of the same process.
Left out: anything about one user or one run.
"""

from dataclasses import dataclass, field
from pathlib import Path

from contract.app import Version
from engine.bounds import Bounds
from storage.changes import Listener
from storage.database import Database


@dataclass(frozen=True, slots=True)
class Desk:
    """A database, the one listener of this process, and the bounds of the installation."""

    database: Database
    listener: Listener
    bounds: Bounds = field(default_factory=Bounds)
    data: Path = Path(".tontine")
    user: str = "analyst"
    # Neither do versions change, except for their score, nor users' ids: what runs need of them is read once.
    versions: dict[tuple[int, str], Version] = field(default_factory=dict)
    users: dict[str, int] = field(default_factory=dict)

    def close(self) -> None:
        """Stop listening and give the connections back."""
        self.listener.stop()
        self.database.close()


class NoDeskError(RuntimeError):
    """No desk is open in this process. Start the application with `make run`."""


_open: list[Desk] = []


def open_desk(url: str, *, bounds: Bounds | None = None, data: Path, user: str = "analyst") -> Desk:
    """Connect to a migrated database and start listening."""
    database = Database(url)
    listener = Listener(database.dsn)
    listener.start()
    return Desk(database, listener, bounds or Bounds(), data, user)


def use(desk: Desk | None) -> None:
    """Make `desk` the one that `current` returns; None takes it away."""
    _open[:] = [] if desk is None else [desk]


def current() -> Desk:
    """Return this process's desk.

    Raises:
        NoDeskError: app.py has not opened one.
    """
    if not _open:
        raise NoDeskError
    return _open[0]
