"""How a command reaches the installation: its database, and who works at the command line.

Chosen: it joins the embedded server while Tontine runs and starts it for a moment where it does not.
Left out: what a command does.
"""

import contextlib
import getpass
from collections.abc import Iterator

from contract.errors import ServerError
from engine.processes import context as contexts
from engine.processes.context import AppContext
from settings import Settings
from storage.database import Database
from storage.embedded_postgres import EmbeddedServer
from storage.migrate import migrate


@contextlib.contextmanager
def database_url(settings: Settings) -> Iterator[str]:
    """Open the installation's server, that of DATABASE_URL or the embedded one, and return its URL.

    Raises:
        ServerError: there is none yet, or it does not start.
    """
    with contextlib.ExitStack() as stack:
        url = settings.database_url
        if not url:
            home = settings.data / "postgres"
            if not (home / "data").is_dir():
                raise ServerError(f"There is no database in {home}. Start Tontine once, or name the one it uses.")
            url = stack.enter_context(EmbeddedServer(home))
        yield url


@contextlib.contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """Open the installation's database, its tables brought up to this release."""
    with database_url(settings) as url, contextlib.closing(Database(url, pool=1)) as database:
        migrate(database)
        yield database


@contextlib.contextmanager
def open_installation(settings: Settings) -> Iterator[AppContext]:
    """Open what the engine's verbs take, its tables brought up to this release."""
    with database_url(settings) as url:
        with contextlib.closing(Database(url, pool=1)) as database:
            migrate(database)
        with contextlib.closing(contexts.open_context(url, data=settings.data, user=settings.user)) as context:
            yield context


def operator_name() -> str:
    """Return the account that the command was started by."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "administrator"
