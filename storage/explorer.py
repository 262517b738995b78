"""Queries of the explorer, run by a role of its own that can read the explorer's views and nothing else.

Chosen: a login and a connection of its own for each query. A role that the application's connection took on by
SET ROLE could be put off again by the query itself. On that connection:

- the role owns nothing, is a member of nothing and may select from the views of one schema; this is looked at again on
  every connection, so that a login which an operator gave too many rights is refused;
- the transaction is read-only and has read something before the query runs, after which no statement can make it
  writable; it is always rolled back, so that even a notification which a function sends is never delivered;
- the query goes through the extended protocol, which takes one statement, and is then wrapped into a cursor, which
  takes only what reads; nothing that it sets outlives the connection;
- the time that is left is set before each fetch, so that a query which changes its own limit changes nothing;
- long texts are cut by the server, so that neither a row nor a batch of rows is larger than this process can hold.

Left out: bounding the memory that the server itself uses for one query.
"""

import contextlib
import json
import secrets as random_secrets
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg import pq, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import text

from contract.errors import DatabaseUnavailable, ExplorerError, ExplorerUnavailable
from contract.explorer import ExplorerColumn, ExplorerTable
from contract.problems import Problem
from storage.database import Database
from storage.explorer_views import DESCRIPTIONS, SCHEMA, VIEWS, views_digest
from storage.tables import metadata

LOCK = 0x65787072  # "expr": one process at a time makes the role and the views
MAX_CONNECTIONS = 10  # of the role: queries that run at once
CURSOR = sql.Identifier("explorer")
BATCH_CHARACTERS = 2_000_000  # of the texts of one fetch, at most
BATCH_ROWS = 500
ARGUMENTS = 90  # of json_build_array; PostgreSQL takes at most 100
PLAIN = frozenset({16, 20, 21, 23, 700, 701})  # type ids whose JSON is a boolean or a number: bool, int, float
NUMERIC = 1700  # the type id of numbers of any length
CONNECT_SECONDS = 10
TEMPORARY_FILES = "1GB"  # that one query may write on the server's disk
EXACT_DIGITS = 15  # of a whole number that every reader of JSON takes as it is
DOES_MORE = "it does more than read, or something follows its semicolon"
ATTEMPTS = 3  # to connect, the login made anew before each


@dataclass(frozen=True, slots=True)
class ExplorerLogin:
    """How the explorer connects. `given` says that an operator gave the login by a setting."""

    dsn: str
    role: str
    given: bool


class OpenQuery:
    """A query whose columns are known and whose rows are fetched in batches.

    `cut_cells` counts the texts that were cut so far.
    """

    def __init__(
        self,
        conn: "psycopg.Connection[Any]",
        columns: Sequence[ExplorerColumn],
        numeric: Sequence[int],
        *,
        batch: int,
        cell: int,
        until: float,
    ) -> None:
        self.columns = tuple(columns)
        self.cut_cells = 0
        self._conn, self._numeric, self._batch, self._cell, self._until = conn, numeric, batch, cell, until

    def fetch(self) -> list[list[Any]]:
        """Return the next rows; none at the end.

        Raises:
            ExplorerError: the query failed, or its time is over.
        """
        with _translate_errors():
            _set_time_left(self._conn, self._until)
            rows = self._conn.execute(
                sql.SQL("fetch {count} from {cursor}").format(count=sql.Literal(self._batch), cursor=CURSOR)
            ).fetchall()
        return [self._values(row) for row in rows]

    def _values(self, row: Sequence[str]) -> list[Any]:
        values = [value for part in row for value in json.loads(part)]
        for i, value in enumerate(values):
            if isinstance(value, str) and len(value) > self._cell:
                values[i] = value[: self._cell] + "…"
                self.cut_cells += 1
            elif isinstance(value, str) and i in self._numeric:
                values[i] = _number(value)
        return values


class Explorer:
    """The explorer of one database.

    Args:
        database: the application's own connections, which make the role and the views.
        url: a login that an operator made, where the application's may not make one; empty makes one.
    """

    def __init__(self, database: Database, url: str = "") -> None:
        self.database, self.url = database, url
        self._login: ExplorerLogin | None = None
        self._lock = threading.Lock()

    def list_tables(self) -> list[ExplorerTable]:
        """Return what queries may read.

        Raises:
            ExplorerUnavailable: there is no login for the explorer.
        """
        with _translate_errors(), self._transaction("tables") as conn:
            rows = conn.execute(
                """select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) from pg_class c
                   join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
                   where c.relnamespace = %s::regnamespace order by c.relname, a.attnum""",
                [SCHEMA],
            ).fetchall()
        columns: dict[str, list[ExplorerColumn]] = {}
        for table, name, kind in rows:
            columns.setdefault(table, []).append(ExplorerColumn(name, kind))
        return [
            ExplorerTable(view.name, DESCRIPTIONS[view.name], tuple(columns[view.name]))
            for view in VIEWS
            if view.name in columns
        ]

    @contextlib.contextmanager
    def open_query(
        self, query_id: UUID, statement: str, *, seconds: float, cell: int, exact: bool = False
    ) -> Iterator[OpenQuery]:
        """Start a query; it ends with the block.

        Args:
            query_id: what `cancel` knows it by.
            statement: one statement that reads.
            seconds: that it may take, from here to its last row.
            cell: characters of a text that are kept.
            exact: numbers of type numeric stay texts with all their digits.

        Raises:
            ExplorerError: it is not one statement that reads, it fails, or it takes too long.
            ExplorerUnavailable: there is no login for the explorer.
        """
        until = time.monotonic() + seconds
        with self._transaction(str(query_id)) as conn:
            with _translate_errors():
                _set_time_left(conn, until)
            columns, oids = _describe(conn, statement)
            batch = max(10, min(BATCH_ROWS, BATCH_CHARACTERS // (cell * len(columns))))
            with _translate_errors(wrapped=True):
                conn.execute(_cursor_for(statement, oids, cell))
            numeric = [] if exact else [i for i, oid in enumerate(oids) if oid == NUMERIC]
            yield OpenQuery(conn, columns, numeric, batch=batch, cell=cell, until=until)

    def cancel(self, query_id: UUID) -> bool:
        """Cancel a query that runs, on whichever server; returns whether there was one.

        Raises:
            ExplorerUnavailable: there is no login for the explorer.
        """
        with _translate_errors(), self._transaction("cancel") as conn:
            rows = conn.execute(
                """select pg_cancel_backend(pid) from pg_stat_activity
                   where usename = current_user and application_name = %s and pid <> pg_backend_pid()""",
                [_application_name(str(query_id))],
            ).fetchall()
        return any(done for (done,) in rows)

    @contextlib.contextmanager
    def _transaction(self, name: str) -> Iterator["psycopg.Connection[Any]"]:
        """Open a read-only transaction of the explorer's role, which is rolled back at the end."""
        conn = self._connect(_application_name(name))
        try:
            yield conn
        finally:
            with contextlib.suppress(psycopg.Error):
                conn.rollback()
            conn.close()

    def _connect(self, application_name: str) -> "psycopg.Connection[Any]":
        """Return a connection in a transaction that cannot write any more."""
        for attempt in range(ATTEMPTS):
            with self._lock:
                if self._login is None:
                    self._login = self._prepare()
                login = self._login
            try:
                return _begin(login, application_name)
            except _LoginFailed as error:
                # Another server has given the role another password since, or the views were taken down for an upgrade.
                with self._lock:
                    if self._login is login:
                        self._login = None
                if attempt == ATTEMPTS - 1:
                    raise _no_connection(str(error)) from error
        raise AssertionError("the last attempt returns or raises")

    def _prepare(self) -> ExplorerLogin:
        """Make the role, the views and what the role may read of them, where they are missing.

        Raises:
            ExplorerUnavailable: the application's user may not make them. The message says what to run.
            DatabaseUnavailable: the database does not answer.
        """
        try:
            with psycopg.connect(self.database.dsn, connect_timeout=CONNECT_SECONDS) as conn:
                return self._make_all(conn)
        except psycopg.Error as error:
            raise DatabaseUnavailable(" ".join(str(error).split())[:300], error.sqlstate) from error

    def _make_all(self, conn: "psycopg.Connection[Any]") -> ExplorerLogin:
        conn.execute("select pg_advisory_xact_lock(%s)", [LOCK])
        login = self._given_login() if self.url else _make_role(conn, self.database.dsn)
        try:
            _make_views(conn)
            conn.execute(
                sql.SQL(
                    "grant usage on schema {schema} to {role}; grant select on all tables in schema {schema} to {role}"
                ).format(schema=sql.Identifier(SCHEMA), role=sql.Identifier(login.role))
            )
        except psycopg.errors.InsufficientPrivilege as error:
            raise _may_not(
                conn,
                f"make the schema {SCHEMA} with the explorer's views",
                "grant create on database {name} to {user}",
            ) from error
        except psycopg.errors.UndefinedObject as error:
            raise _refused(_message(error)) from error
        return login

    def _given_login(self) -> ExplorerLogin:
        role = conninfo_to_dict(self.url).get("user")
        if not role:
            hint = "Write it as postgresql://user:password@host/name."
            raise ExplorerUnavailable([Problem("explorer", "TONTINE_EXPLORER_URL names no user", hint)])
        return ExplorerLogin(self.url, str(role), given=True)


class _LoginFailed(Exception):  # noqa: N818 - never seen outside
    """The login was refused, or the views are not there."""


def drop_views(conn: Any) -> None:
    """Drop the views, so that a migration may change the tables beneath; they are made again when they are needed."""
    conn.execute(text(f"drop schema if exists {SCHEMA} cascade"))


def _application_name(name: str) -> str:
    return f"tontine-explorer {name}"


def _make_role(conn: "psycopg.Connection[Any]", dsn: str) -> ExplorerLogin:
    """Make the role of this database, or give the one that is there a new password, which nothing stores.

    Roles belong to a whole server, so its name has the database's number in it.
    """
    [[number]] = conn.execute("select oid from pg_database where datname = current_database()").fetchall()
    role, password = f"tontine_explorer_{number}", random_secrets.token_urlsafe(32)
    # The server gets a verifier and never the password, which its log could repeat.
    verifier = conn.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    known = conn.execute("select 1 from pg_roles where rolname = %s", [role]).fetchall()
    rights = sql.SQL(
        "{verb} role {role} login nosuperuser nocreatedb nocreaterole noinherit noreplication nobypassrls "
        "connection limit {limit} password {verifier}"
        if not known
        # What only a superuser may write, even as "no", is left out: the role has had it from the start.
        else "{verb} role {role} login connection limit {limit} password {verifier}"
    )
    names = {
        "verb": sql.SQL("alter" if known else "create"),
        "role": sql.Identifier(role),
        "limit": sql.Literal(MAX_CONNECTIONS),
        "verifier": sql.Literal(verifier),
    }
    try:
        with conn.transaction():
            conn.execute(rights.format(**names))
            conn.execute(sql.SQL("alter role {role} set default_transaction_read_only = on").format(**names))
    except psycopg.errors.InsufficientPrivilege as error:
        raise _may_not(
            conn,
            "make the role that the explorer reads with",
            "create role tontine_explorer login password '...'",
            " and set TONTINE_EXPLORER_URL to postgresql://tontine_explorer:...@host/{name}",
        ) from error
    with contextlib.suppress(psycopg.errors.InsufficientPrivilege), conn.transaction():  # a superuser's to set
        conn.execute(
            sql.SQL("alter role {role} set temp_file_limit = {size}").format(size=sql.Literal(TEMPORARY_FILES), **names)
        )
    return ExplorerLogin(make_conninfo(dsn, user=role, password=password), role, given=False)


def _make_views(conn: "psycopg.Connection[Any]") -> None:
    """Make the views where they are missing or another release's."""
    digest = views_digest()
    found = conn.execute(
        "select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = %s", [SCHEMA]
    ).fetchall()
    if found == [(digest,)]:
        return
    schema = sql.Identifier(SCHEMA)
    conn.execute(sql.SQL("drop schema if exists {schema} cascade").format(schema=schema))
    conn.execute(sql.SQL("create schema {schema}").format(schema=schema))
    for view in VIEWS:
        conn.execute(view.definition.encode())
    conn.execute(sql.SQL("comment on schema {schema} is {digest}").format(schema=schema, digest=sql.Literal(digest)))


def _begin(login: ExplorerLogin, application_name: str) -> "psycopg.Connection[Any]":
    """Connect and begin a transaction that cannot write any more."""
    try:
        conn = psycopg.connect(login.dsn, application_name=application_name, connect_timeout=CONNECT_SECONDS)
    except psycopg.OperationalError as error:
        raise _LoginFailed(" ".join(str(error).split())[:300]) from error
    try:
        conn.read_only, conn.isolation_level = True, psycopg.IsolationLevel.REPEATABLE_READ
        conn.execute(
            "set local statement_timeout = '10s'; set local lock_timeout = '5s'; set local work_mem = '32MB'; "
            "set local idle_in_transaction_session_timeout = '60s'; set local timezone = 'UTC'; set local jit = off"
        )
        conn.execute(sql.SQL("set local search_path = {}").format(sql.Identifier(SCHEMA)))
        _check_rights(conn)
    except psycopg.Error as error:
        conn.close()
        raise _LoginFailed(" ".join(str(error).split())[:300]) from error
    except BaseException:
        conn.close()
        raise
    return conn


def _check_rights(conn: "psycopg.Connection[Any]") -> None:
    """See that the login has no right beyond the views. It reads: from here on the transaction cannot be made writable.

    Raises:
        ExplorerUnavailable: it has.
    """
    tables = sorted(metadata.tables)
    [[role, powerful, member, reads, read_only, views]] = conn.execute(
        """select r.rolname,
            r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls,
            exists (select from pg_auth_members where member = r.oid),
            (select min(c.relname) from pg_class c
             where c.relnamespace = 'public'::regnamespace and c.relname = any(%s)
             and (has_any_column_privilege(c.oid, 'select, insert, update') or has_table_privilege(c.oid, 'delete'))),
            current_setting('transaction_read_only') = 'on',
            to_regnamespace(%s) is not null
           from pg_roles r where r.rolname = current_user""",
        [tables, SCHEMA],
    ).fetchall()
    if not views:
        raise _LoginFailed("the explorer's views are missing")
    found = None
    if powerful:
        found = f"the role {role} may do more than read"
    elif member:
        found = f"the role {role} is a member of another role"
    elif reads is not None:
        found = f"the role {role} has rights on the table {reads} itself"
    elif not read_only:
        found = "the transaction is not read-only"
    if found is not None:
        hint = "Give the explorer a login without any rights: create role tontine_explorer login password '...'."
        raise ExplorerUnavailable([Problem("explorer", found, hint)])


def _describe(conn: "psycopg.Connection[Any]", statement: str) -> tuple[list[ExplorerColumn], list[int]]:
    """Return the columns of a statement and their type ids, without running it.

    Raises:
        ExplorerError: it is not one statement, or it cannot be read.
    """
    with _translate_errors():
        try:
            encoded = statement.encode()
        except UnicodeEncodeError as error:
            raise _wrong("it holds characters that are no text", "Type it again.") from error
        if b"\x00" in encoded:
            raise _wrong("it holds a NUL character", "Take it out.")
        parsed = conn.pgconn.prepare(b"", encoded)
        if parsed.status != pq.ExecStatus.COMMAND_OK:
            raise psycopg.errors.error_from_result(parsed, encoding="utf-8")
        described = conn.pgconn.describe_prepared(b"")
        if described.status != pq.ExecStatus.COMMAND_OK:
            raise psycopg.errors.error_from_result(described, encoding="utf-8")
        if described.nparams:
            raise _wrong("it has parameters such as $1", "Write their values.")
        if not described.nfields:
            raise _only_reads("it returns no columns")
        oids = [described.ftype(i) for i in range(described.nfields)]
        names = [(described.fname(i) or b"").decode() for i in range(described.nfields)]
        kinds = [kind for (kind,) in conn.execute("select format_type(t, null) from unnest(%s::oid[]) t", [oids])]
    return [ExplorerColumn(name, kind) for name, kind in zip(names, kinds, strict=True)], oids


def _cursor_for(statement: str, oids: Sequence[int], cell: int) -> sql.Composed:
    """Return what opens a cursor over the statement's rows, each as a few JSON arrays of plain values."""
    names = [sql.Identifier(f"c{i}") for i in range(len(oids))]
    # One character more than is kept tells that there were more.
    values = [
        name if oid in PLAIN else sql.SQL("left({}::text, {})").format(name, sql.Literal(cell + 1))
        for name, oid in zip(names, oids, strict=True)
    ]
    arrays = [
        sql.SQL("json_build_array({})::text").format(sql.SQL(", ").join(values[i : i + ARGUMENTS]))
        for i in range(0, len(values), ARGUMENTS)
    ]
    return sql.SQL("declare {cursor} no scroll cursor for select {arrays} from (\n{statement}\n) as q({names})").format(
        cursor=CURSOR,
        arrays=sql.SQL(", ").join(arrays),
        statement=sql.SQL(_without_semicolon(statement)),  # what it may do, the role decides
        names=sql.SQL(", ").join(names),
    )


def _number(text: str) -> int | float | str:
    """Return a number of type numeric as a number; as the text it is where that is none (`NaN` is one)."""
    try:
        return int(text) if text.lstrip("-").isdigit() and len(text) <= EXACT_DIGITS else float(text)
    except ValueError:
        return text


def _without_semicolon(statement: str) -> str:
    return statement.rstrip().rstrip(";").rstrip()


def _set_time_left(conn: "psycopg.Connection[Any]", until: float) -> None:
    left = until - time.monotonic()
    if left <= 0:
        raise _too_long()
    conn.execute(sql.SQL("set local statement_timeout = {}").format(sql.Literal(max(1, round(left * 1000)))))


@contextlib.contextmanager
def _translate_errors(*, wrapped: bool = False) -> Iterator[None]:
    """Say in plain words why a query was refused or failed; `wrapped`: where the cursor over it is declared."""
    try:
        yield
    except psycopg.errors.QueryCanceled as error:
        if "user request" in str(error):
            raise _wrong("it was cancelled", "Run it again.") from error
        raise _too_long() from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise _wrong(
            _message(error), "Read the tables that the explorer lists; it has no right to anything else."
        ) from error
    except (psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.ActiveSqlTransaction) as error:
        raise _only_reads(_message(error)) from error
    except psycopg.errors.ConfigurationLimitExceeded as error:
        hint = "Narrow it by a condition, or sort and group less."
        raise _wrong(f"it needs more than {TEMPORARY_FILES} on the database's disk", hint) from error
    except psycopg.errors.LockNotAvailable as error:
        raise _wrong("a table that it reads is locked", "Try again in a moment.") from error
    except psycopg.errors.SyntaxError as error:
        if "multiple commands" in str(error):
            raise _only_reads("it holds several statements") from error
        # The statement by itself could be read, so it is one that a cursor does not take.
        raise (_only_reads(DOES_MORE) if wrapped else _wrong(_message(error), "Correct it.")) from error
    except psycopg.errors.FeatureNotSupported as error:
        raise (_only_reads(_message(error)) if wrapped else _wrong(_message(error), "Correct it.")) from error
    except psycopg.Error as error:
        if error.sqlstate is None or error.sqlstate.startswith(("08", "57P")):
            raise _wrong("the connection to the database was lost", "Try again in a moment.") from error
        raise _wrong(_message(error), "Correct the query.") from error


def _message(error: psycopg.Error) -> str:
    """Return PostgreSQL's own message, with the line that it is about."""
    said = " ".join((error.diag.message_primary or str(error)).split())[:500]
    hint = f" ({error.diag.message_hint.rstrip('.')})" if error.diag.message_hint else ""
    return said + hint


def _wrong(found: str, hint: str) -> ExplorerError:
    return ExplorerError([Problem("query", found, hint)])


def _only_reads(found: str) -> ExplorerError:
    return _wrong(found, "The explorer runs one statement that reads: SELECT, WITH, VALUES or TABLE.")


def _too_long() -> ExplorerError:
    hint = "Narrow it by a condition or a LIMIT; an administrator sets the time by TONTINE_EXPLORER_SECONDS."
    return _wrong("it took longer than a query may", hint)


def _may_not(conn: "psycopg.Connection[Any]", what: str, command: str, more: str = "") -> ExplorerUnavailable:
    user, name = conn.info.user, conn.info.dbname
    command, more = command.format(user=user, name=name), more.format(user=user, name=name)
    hint = f"Have the database's administrator run {command};{more}."
    return ExplorerUnavailable([Problem("explorer", f"the database's user {user} may not {what}", hint)])


def _refused(words: str) -> ExplorerUnavailable:
    hint = (
        "See that the database's pg_hba.conf lets the role in, or set TONTINE_EXPLORER_URL to a login that it lets in."
    )
    return ExplorerUnavailable([Problem("explorer", f"the explorer's login is refused: {words}", hint)])


def _no_connection(words: str) -> ExplorerUnavailable:
    if "too many connections" in words or "too many clients" in words:
        hint = "Cancel one, or try again in a moment."
        return ExplorerUnavailable([Problem("explorer", "too many queries are running already", hint)])
    return _refused(words)
