"""A database: its connections, and one error where it does not answer.

Chosen: SQLAlchemy on psycopg 3, synchronous, because pages and workers are threads; a small pool that tests a
connection before it hands it out, so that a restarted server costs a wait and not a failed page. Both ends of a
connection look whether the other is still there: a host that vanishes in mid-transaction must not hold rows locked.
Left out: statements, which are with their nouns.
"""

import contextlib
import time
from collections.abc import Iterator
from typing import Any, LiteralString

import orjson
import psycopg
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from contract.errors import DatabaseUnavailable

OLDEST_SERVER = 140_000
PING_AFTER = 1.0  # s a connection may lie idle before it is tried again
IDLE_TIMEOUT = 60.0  # s a transaction may be idle before the server ends it
# A server on another host can vanish without a word: find out in about half a minute, asking or waiting.
CONNECT_TIMEOUT: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


def _dumps(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


class Database:
    """Connections to one PostgreSQL database.

    Args:
        url: `postgresql://...` as libpq writes it; `postgres://` is understood too.
        pool: connections kept open; three times as many are made where they are needed at once.
        idle_timeout: seconds a transaction may be idle before the server ends it.
    """

    def __init__(self, url: str, *, pool: int = 10, idle_timeout: float = IDLE_TIMEOUT) -> None:
        self.dsn = url.replace("postgres://", "postgresql://", 1).replace("postgresql+psycopg://", "postgresql://", 1)
        self.idle_timeout = idle_timeout
        # Two kinds of connections: turning one from the one kind to the other and back took a third of a short reading.
        self._transactions = self._connections(max(1, pool // 2), pool)
        self._autocommits = self._connections(pool, pool * 3, isolation_level="AUTOCOMMIT", pool_reset_on_return=None)

    @contextlib.contextmanager
    def begin(self) -> Iterator[Connection]:
        """Open a transaction; it commits at the end and rolls back on an error.

        Raises:
            DatabaseUnavailable: the server does not answer, or went away in mid-transaction.
        """
        with _translate_errors(), self._transactions.begin() as conn:
            yield conn

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a connection for reading: each statement by itself, without the round trips of a transaction.

        Raises:
            DatabaseUnavailable: the server does not answer.
        """
        with _translate_errors(), self._autocommits.connect() as conn:
            yield conn

    @contextlib.contextmanager
    def autocommit(self) -> Iterator[Connection]:
        """Open a connection for one statement that writes: it commits by itself, without a transaction's round trips.

        Raises:
            DatabaseUnavailable: the server does not answer, or went away before the statement was done.
        """
        with self.read() as conn:
            yield conn

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
                if int(version) < OLDEST_SERVER:
                    raise DatabaseUnavailable(f"it is PostgreSQL {int(version) // 10_000}; 14 or newer is needed")
                return

    def is_empty(self) -> bool:
        """Say whether there are no tables of ours yet.

        Raises:
            DatabaseUnavailable: the server does not answer.
        """
        with self.read() as conn:
            return conn.execute(text("select to_regclass('runs')")).scalar_one() is None

    def close(self) -> None:
        """Close every connection."""
        self._transactions.dispose()
        self._autocommits.dispose()

    def _connections(self, kept: int, most: int, **options: Any) -> Engine:
        engine = create_engine(
            make_url(self.dsn).set(drivername="postgresql+psycopg"),
            pool_size=kept,
            max_overflow=most - kept,
            pool_timeout=10,
            pool_use_lifo=True,  # the connection used last knows the statements best
            json_serializer=_dumps,
            json_deserializer=orjson.loads,
            connect_args={**CONNECT_TIMEOUT, "application_name": "tontine"},
            **options,
        )
        event.listen(engine, "connect", self._introduce)
        event.listen(engine, "checkout", _ping_idle_connection)
        event.listen(engine, "checkin", _note_checkin)
        return engine

    def _introduce(self, connection: Any, _record: object) -> None:
        connection.execute(session_settings(self.idle_timeout))
        connection.commit()


def session_settings(idle_timeout: float) -> LiteralString:
    """Return a session's settings: the server ends it where its client has vanished or is idle in a transaction.

    Asked in the session and not as it begins, where PgBouncer would refuse it. A unix socket has no use for the last
    three and takes them.
    """
    seconds: Any = max(1, round(idle_timeout))
    return (
        f"set idle_in_transaction_session_timeout = '{seconds}s'; set tcp_keepalives_idle = 15; "
        "set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3"
    )


@contextlib.contextmanager
def _translate_errors() -> Iterator[None]:
    try:
        yield
    # psycopg's own come from what goes to the driver past SQLAlchemy: the queue's jobs, and bytes read as bytes
    except (OperationalError, InterfaceError, PoolTimeoutError, psycopg.OperationalError) as error:
        raise _unavailable(error) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise _unavailable(error) from error
        raise


def _note_checkin(_connection: object, record: Any) -> None:
    record.info["returned_at"] = time.monotonic()


def _ping_idle_connection(connection: Any, record: Any, _proxy: object) -> None:
    """Try a connection that has lain idle before it is used; one just used would be tried for nothing."""
    if time.monotonic() - record.info.get("returned_at", 0.0) < PING_AFTER:
        return
    try:
        was = connection.autocommit
        connection.autocommit = True
        connection.execute("select 1")
        connection.autocommit = was
    except psycopg.Error as error:
        raise DisconnectionError(str(error)) from error  # the pool makes another connection and tries again


def _unavailable(error: Exception) -> DatabaseUnavailable:
    cause = getattr(error, "orig", None) or error
    return DatabaseUnavailable(" ".join(str(cause).split())[:300], getattr(cause, "sqlstate", None))
