"""Back up the whole installation into one file: `python -m engine.commands.backup FILE`.

Chosen: it joins the embedded server while Tontine runs; runs go on, and the file has everything as it was at one
moment. Everything that counts is in the database.
Left out: how the file is written, which is `storage.backup`.
"""

import argparse
import contextlib
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import settings as settings_module
from contract.errors import BackupError, DatabaseUnavailable, ServerError
from contract.readable import counted, file_size
from engine.commands.installation import database_url
from settings import Settings, SettingsError
from storage.backup import back_up, content
from storage.database import Database


def main(arguments: Sequence[str] | None = None, settings: Settings | None = None) -> int:
    """Write the backup; return 1 where it cannot be done and 2 where it is not asked for properly."""
    parser = argparse.ArgumentParser(
        prog="python -m engine.commands.backup", description="Back up the whole installation into one file."
    )
    parser.add_argument("file", type=Path, nargs="?", help="the file, or a folder for one named after the time")
    parser.add_argument("--overwrite", action="store_true", help="replace the file where it is there already")
    given = parser.parse_args(arguments)
    target = given.file or Path()
    if target.is_dir():
        target /= f"tontine-{datetime.now().astimezone():%Y%m%d-%H%M%S}.dump"
    try:
        with database_url(settings or settings_module.read_settings()) as url:
            size = back_up(url, target, overwrite=given.overwrite)
            with contextlib.closing(Database(url, pool=1)) as database:
                held = content(database)
    except (SettingsError, ServerError, DatabaseUnavailable, BackupError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{target}: {file_size(size)}, about {counted(held.models, 'model')} and {counted(held.runs, 'run')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
