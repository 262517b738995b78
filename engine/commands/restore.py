"""Make an installation from a backup: `python -m engine.commands.restore FILE`.

Chosen: into an empty database only, so that nothing is ever replaced by mistake; without DATABASE_URL the embedded
server's folder is made. Runs that were going on when the backup was made are run again by the next workers.
Left out: how it is restored, which is `storage.backup`.
"""

import argparse
import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import settings as settings_module
from contract.errors import BackupError, DatabaseUnavailable, ServerError
from contract.readable import counted
from settings import Settings, SettingsError
from storage.backup import restore
from storage.database import Database
from storage.embedded_postgres import EmbeddedServer


def main(arguments: Sequence[str] | None = None, settings: Settings | None = None) -> int:
    """Restore; return 1 where it cannot be done and 2 where it is not asked for properly."""
    parser = argparse.ArgumentParser(
        prog="python -m engine.commands.restore", description="Make an installation from a backup."
    )
    parser.add_argument("file", type=Path, help="a file that engine.commands.backup or pg_dump -Fc wrote")
    given = parser.parse_args(arguments)
    try:
        with (
            _server(settings or settings_module.read_settings()) as url,
            contextlib.closing(Database(url, pool=1)) as database,
        ):
            held = restore(database, given.file)
    except (SettingsError, ServerError, DatabaseUnavailable, BackupError) as error:
        print(error, file=sys.stderr)
        return 1
    parts = (counted(held.models, "model"), counted(held.versions, "version"), counted(held.runs, "run"))
    print("Restored {} in {} and {}.".format(*parts))
    return 0


@contextlib.contextmanager
def _server(settings: Settings) -> Iterator[str]:
    if settings.database_url:
        yield settings.database_url
    else:
        with EmbeddedServer(settings.data / "postgres") as url:
            yield url


if __name__ == "__main__":
    sys.exit(main())
