"""A backup of the whole database in one file, and a new database from it.

Chosen: PostgreSQL's own pg_dump and pg_restore, from the wheel that has the embedded server, so that they are there on
every host and any PostgreSQL tool reads the file. A dump sees the database as it was at one moment, whatever runs
meanwhile. A file is complete or not there; a database is restored whole or left empty.
Left out: which parts of it somebody may see, since a backup has everything, and backups that only hold what changed.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from psycopg import conninfo, pq
from sqlalchemy import Connection, text

from contract.errors import BackupError
from storage.database import Database
from storage.explorer_views import SCHEMA
from storage.migrate import known_revisions, migrate
from storage.postgres_binaries import binaries_folder, program_environment

MAGIC = b"PGDMP"  # what a file of pg_dump's custom format begins with
SETS_TIMEOUT = 170_000  # servers from this version on know transaction_timeout
TOLD = 2_000  # letters of a program's own message that an error repeats


@dataclass(frozen=True, slots=True)
class Content:
    """What a database holds, in numbers for whoever backs it up or restores it."""

    models: int
    versions: int
    runs: int
    revision: str


def back_up(dsn: str, target: Path, *, overwrite: bool = False, snapshot: str | None = None) -> int:
    """Write a backup of the database to `target`, readable by its owner alone, and return its size in bytes.

    Args:
        dsn: the database's URL.
        target: the file; its folder has to be there.
        overwrite: replace a file that is there.
        snapshot: back up what this exported snapshot sees; what is there at the call without it.

    Raises:
        BackupError: the file is there already, or cannot be written, or the database does not answer.
    """
    if target.exists() and not overwrite:
        raise BackupError(f"{target} is there already. Name another file, or say that it is to be overwritten.")
    if not target.parent.is_dir():
        raise BackupError(f"There is no folder {target.parent}. Create it first.")
    options = ["--format=custom", "--no-owner", "--no-privileges", "--lock-wait-timeout=60s"]
    options.append(f"--exclude-schema={SCHEMA}")  # views, which every database makes for itself
    with _new_file(target) as file:
        _run("pg_dump", dsn, *options, *([f"--snapshot={snapshot}"] if snapshot else []), output=file)
        _listed(Path(file.name))  # a dump that cannot be read is no backup
        return os.fstat(file.fileno()).st_size


def restore(database: Database, source: Path) -> Content:
    """Fill an empty database from a backup, bring its tables up to this release and return what it holds.

    Raises:
        BackupError: the file is no backup, is of a newer release or cannot be restored, or the database is not empty.
    """
    revision = _revision_of(source)
    if revision not in known_revisions():
        raise BackupError(
            f"{source} was written by a newer release of Tontine: its tables are of revision {revision}, which this "
            "release does not know. Restore it with that release."
        )
    with database.read() as conn:
        tables = _tables(conn)
    if tables:
        raise BackupError(
            f"The database to restore into is not empty: it has the tables {', '.join(tables[:5])}"
            f"{' and more' if len(tables) > 5 else ''}. A backup is restored into an empty one only."
        )
    _fill(database, source)
    migrate(database)
    with database.autocommit() as conn:
        conn.execute(text("analyze"))  # what the planner knows is not in a backup
    return content(database)


def _fill(database: Database, source: Path) -> None:
    """Write a backup into an empty database, in one transaction."""
    with database.read() as conn:
        server = int(conn.execute(text("show server_version_num")).scalar_one())
    options = ["--no-owner", "--no-privileges", "--no-comments"]
    if server >= SETS_TIMEOUT:
        _run("pg_restore", database.dsn, *options, "--single-transaction", "--exit-on-error", "--dbname=", str(source))
        return
    # pg_restore sets a parameter that older servers do not know, and has no option to leave it out.
    with tempfile.TemporaryFile() as script, tempfile.TemporaryFile() as fitting:
        _run("pg_restore", "", *options, "--file=-", str(source), output=script)
        script.seek(0)
        in_head = True
        for line in script:
            in_head = in_head and not line.startswith((b"CREATE ", b"COPY "))
            if not (in_head and line.startswith(b"SET transaction_timeout")):
                fitting.write(line)
        fitting.seek(0)
        quiet = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
        _run("psql", database.dsn, *quiet, "--file=-", source=fitting)


def content(database: Database) -> Content:
    """Return what a database of this release holds."""
    with database.read() as conn:
        row = conn.execute(
            text(
                "select (select count(*) from apps), (select count(*) from versions), (select count(*) from runs), "
                "(select version_num from alembic_version)"
            )
        ).one()
    return Content(*row)


def _tables(conn: Connection) -> Sequence[str]:
    found = conn.execute(
        text("select table_name from information_schema.tables where table_schema = 'public' order by table_name")
    )
    return [str(name) for name in found.scalars()]


def _revision_of(source: Path) -> str:
    """Return the revision of the tables in a backup."""
    _listed(source)
    with tempfile.TemporaryFile() as output:
        _run("pg_restore", "", "--data-only", "--table=alembic_version", "--file=-", str(source), output=output)
        output.seek(0)
        found = re.search(rb"^COPY public\.alembic_version .*?\n(\S+)\n", output.read(), re.MULTILINE)
    if found is None:
        raise BackupError(f"{source} is a dump of another database: it has no tables of Tontine's.")
    return found[1].decode()


def _listed(source: Path) -> None:
    """See that a file is a whole dump.

    Raises:
        BackupError: it is not there, is none, or ends too early.
    """
    try:
        with source.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise BackupError(f"{source} is no backup: it is not a file of pg_dump's custom format.")
    except OSError as error:
        raise BackupError(f"{source} cannot be read: {error.strerror}.") from error
    # Not its list of contents alone: every block is read, so that a file that was cut off is noticed here.
    _run("pg_restore", "", f"--file={os.devnull}", str(source))


@contextmanager
def _new_file(target: Path) -> Iterator["tempfile._TemporaryFileWrapper[bytes]"]:
    """Return a file that takes the place of `target` at the end, and vanishes if anything goes wrong before."""
    try:
        file = tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}-", delete=False)  # noqa: SIM115
    except OSError as error:
        raise BackupError(f"{target} cannot be written: {error.strerror}.") from error
    try:
        with file:
            yield file
            os.fsync(file.fileno())
        Path(file.name).replace(target)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except BaseException:
        Path(file.name).unlink(missing_ok=True)
        raise


def _run(
    program: str, dsn: str, *arguments: str, output: IO[bytes] | None = None, source: IO[bytes] | None = None
) -> None:
    """Run one of PostgreSQL's programs on a database.

    The password goes by the environment: whoever lists the host's processes sees the arguments.
    """
    command = [str(binaries_folder() / program), "--no-password", *arguments]
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(  # noqa: S603 - our own binaries
            command,
            stdin=source if source is not None else subprocess.DEVNULL,
            stdout=output if output is not None else said,
            stderr=said,
            check=False,
            env={**program_environment(), **_environment(dsn)},
        )
        said.seek(0)
        words = said.read().decode(errors="replace").strip()
    if done.returncode:
        raise BackupError(f"{program} failed: {words[-TOLD:] or f'it ended with {done.returncode}'}")


def _environment(dsn: str) -> Mapping[str, str]:
    """Return a connection as libpq's own variables."""
    given = conninfo.conninfo_to_dict(dsn) if dsn else {}
    names = {o.keyword.decode(): o.envvar.decode() for o in pq.Conninfo.get_defaults() if o.envvar}
    return {names[key]: str(value) for key, value in given.items() if key in names and value is not None}
