"""The application context: what every verb needs, opened once for each process.

Chosen: one value with the database, the listener and the limits, given to verbs as their first argument; app.py
opens it and leaves it here for the pages, which run in threads of the same process.
Left out: anything about one user or one run.
"""

from dataclasses import dataclass, field
from pathlib import Path

from contract.actor import Actor
from contract.errors import NoContextError
from contract.problems import Problem
from engine.people.rules import PeopleRules
from engine.processes.limits import InstallationLimits
from registry.git_address import GitAccess
from registry.overlays import OverlayStore, closed_store
from storage import users
from storage.database import Database
from storage.encryption import Cipher
from storage.explorer import Explorer
from storage.notifications import Listener


@dataclass(frozen=True, slots=True)
class AppContext:
    """A database, the one listener of this process, and the limits of the installation.

    `git` is where repositories may come from, `people` how people come in. `folder_problems` are what keeps folders of
    this host from being registered, by folder name, as they were last read. `overlays` chooses the packages that models
    ask for, `cipher` encrypts secrets, `explorer` runs queries that read.
    """

    database: Database
    listener: Listener
    limits: InstallationLimits = field(default_factory=InstallationLimits)
    data: Path = Path(".tontine")
    user: str = "analyst"
    # Users' ids never change: they are read once.
    users: dict[str, int] = field(default_factory=dict)
    git: GitAccess = field(default_factory=GitAccess)
    folder_problems: dict[str, list[Problem]] = field(default_factory=dict)
    overlays: OverlayStore = field(default_factory=closed_store)
    cipher: Cipher = field(default_factory=Cipher)
    explorer: Explorer | None = None
    people: PeopleRules = field(default_factory=PeopleRules)
    # Who has signed in lately, by their id at the provider: when it was read, the moment of the sign-in, the actor.
    signed_in: dict[str, tuple[float, float, Actor]] = field(default_factory=dict)

    def user_id(self, actor: Actor) -> int:
        """Return the id of the user that the actor's runs, uploads and grants are recorded for."""
        if actor.name not in self.users:
            with self.database.begin() as conn:
                found = users.get_or_create_user(conn, actor.name)
            self.users[actor.name] = found
        return self.users[actor.name]

    def close(self) -> None:
        """Stop listening and give the connections back."""
        self.listener.stop()
        self.database.close()


_open: list[AppContext] = []


def open_context(
    url: str,
    *,
    limits: InstallationLimits | None = None,
    data: Path,
    user: str = "analyst",
    git: GitAccess | None = None,
    overlays: OverlayStore | None = None,
    cipher: Cipher | None = None,
    explorer_url: str = "",
    people: PeopleRules | None = None,
) -> AppContext:
    """Connect to a migrated database and start listening."""
    database = Database(url)
    listener = Listener(database.dsn)
    listener.start()
    return AppContext(
        database,
        listener,
        limits or InstallationLimits(),
        data,
        user,
        git=git or GitAccess(),
        overlays=overlays or closed_store(),
        cipher=cipher or Cipher(),
        people=people or PeopleRules(),
        explorer=Explorer(database, explorer_url),
    )


def set_current(context: AppContext | None) -> None:
    """Make `context` the one that `current` returns; None takes it away."""
    _open[:] = [] if context is None else [context]


def current() -> AppContext:
    """Return this process's context.

    Raises:
        NoContextError: app.py has not opened one.
    """
    if not _open:
        raise NoContextError
    return _open[0]
