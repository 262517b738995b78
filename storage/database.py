"""A database: its connections, and one error where it does not answer.

Chosen: SQLAlchemy on psycopg 3, synchronous, because pages and workers are threads; a small pool that tests a
connection before it hands it out, so that a restarted server costs a wait and not a failed page.
Left out: statements. They stand with their nouns.
"""

import contextlib
import time
from collections.abc import Iterator

import orjson
import psycopg
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

OLDEST = 140_000


class DatabaseUnavailable(Exception):  # noqa: N818 - it reads as what it says
    """The database does not answer."""


def _dumps(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


class Database:
    """Connections to one PostgreSQL database.

    Args:
        url: `postgresql://...` as libpq writes it; `postgres://` is understood too.
        pool: connections kept open.
    """

    def __init__(self, url: str, *, pool: int = 10) -> None:
        self.dsn = url.replace("postgres://", "postgresql://", 1).replace("postgresql+psycopg://", "postgresql://", 1)
        self.engine = create_engine(
            make_url(self.dsn).set(drivername="postgresql+psycopg"),
            pool_size=pool,
            max_overflow=pool * 2,
            pool_timeout=10,
            pool_pre_ping=True,
            json_serializer=_dumps,
            json_deserializer=orjson.loads,
            connect_args={"connect_timeout": 10, "application_name": "tontine"},
        )

    @contextlib.contextmanager
    def begin(self) -> Iterator[Connection]:
        """Open a transaction; it commits at the end and rolls back on an error.

        Raises:
            DatabaseUnavailable: the server does not answer, or went away in mid-transaction.
        """
        try:
            with self.engine.begin() as conn:
                yield conn
        except (OperationalError, InterfaceError, PoolTimeoutError) as error:
            raise _unavailable(error) from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise _unavailable(error) from error
            raise

    # Reads are transactions like any other; the name tells the reader that nothing is written.
    read = begin

    def wait_until_ready(self, seconds: float) -> None:
        """Wait until the server answers.

        Raises:
            DatabaseUnavailable: it does not answer in time, or is older than PostgreSQL 14.
        """
        until = time.monotonic() + seconds
        while True:
            try:
                with self.read() as conn:
                    version = conn.execute(text("show server_version_num")).scalar_one()
            except DatabaseUnavailable:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
            else:
                if int(version) < OLDEST:
                    raise DatabaseUnavailable(f"it is PostgreSQL {int(version) // 10_000}; 14 or newer is needed")
                return

    def connect(self) -> "psycopg.Connection[tuple[object, ...]]":
        """Return a connection of its own outside the pool, for listening."""
        return psycopg.connect(self.dsn, autocommit=True, connect_timeout=10, application_name="tontine-listener")

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _unavailable(error: Exception) -> DatabaseUnavailable:
    cause = getattr(error, "orig", None) or error
    return DatabaseUnavailable(" ".join(str(cause).split())[:300])
