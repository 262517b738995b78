"""Bring the database to this release's tables, whoever else is starting at the same moment.

Chosen: Alembic's migrations in one transaction under an advisory lock, so that of two processes one migrates
and the other finds nothing to do; a database newer than this release is refused.
Left out: going back. A release is undone by restoring the dump taken before it.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from contract.errors import DatabaseUnavailable
from storage.database import Database
from storage.explorer import drop_views

HERE = Path(__file__).resolve().parent / "migrations"
LOCK = 0x746F6E74  # "tont"


def config(conn: Connection) -> Config:
    """Return Alembic's configuration for a connection."""
    found = Config()
    found.set_main_option("script_location", str(HERE).replace("%", "%%"))
    found.attributes["connection"] = conn
    return found


def known_revisions() -> set[str]:
    """Return the revisions of tables that this release knows."""
    found = Config()
    found.set_main_option("script_location", str(HERE).replace("%", "%%"))
    return {script.revision for script in ScriptDirectory.from_config(found).walk_revisions()}


def migrate(database: Database) -> None:
    """Apply what is missing.

    Raises:
        DatabaseUnavailable: the database belongs to a newer release, or does not answer.
    """
    with database.begin() as conn:
        conn.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        settings = config(conn)
        current = MigrationContext.configure(conn).get_current_revision()
        if current is not None and current not in known_revisions():
            raise DatabaseUnavailable(
                f"its tables are of revision {current}, which this release does not know. Start the newer release, or "
                "restore the dump taken before it"
            )
        if current not in ScriptDirectory.from_config(settings).get_heads():
            drop_views(conn)  # they would keep the columns beneath them from being changed
        command.upgrade(settings, "head")
