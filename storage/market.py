"""The market's prices, their recent history and their source, and the lock of whoever updates them.

Chosen: one row says which step the prices are of, and prices, history and that row are written in one transaction. The
updater's lock is an advisory lock of a connection of its own: it is free as soon as that connection ends, however.
Left out: where prices come from (`engine.portfolio.feeds`).
"""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
import psycopg
from sqlalchemy import Connection

from contract.errors import DatabaseUnavailable
from storage.database import CONNECT_TIMEOUT
from storage.sql import sql

WANTED = "market_wanted"  # notified when prices are wanted before the period is over
LOCK = 0x6D61726B6574  # "market"


@dataclass(frozen=True, slots=True)
class MarketRow:
    """The market as stored: what step the prices are of, and why newer ones do not come."""

    step: int
    as_of: datetime | None
    written_at: datetime | None
    source: str
    benchmark: str
    problem: str | None = None
    problem_since: datetime | None = None
    tickers: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class SourceRow:
    """Where prices come from, as an administrator has chosen it."""

    kind: str
    options: Mapping[str, Any]
    set_by: str
    set_at: datetime


def get_market(conn: Connection) -> MarketRow | None:
    """Return the market, or None before its first prices."""
    statement = sql("select step, as_of, written_at, source, benchmark, problem, problem_since, tickers from market")
    row = conn.execute(statement).mappings().one_or_none()
    if row is None:
        return None
    return MarketRow(**{**row, "tickers": None if row["tickers"] is None else tuple(row["tickers"])})


def write_prices(
    conn: Connection,
    *,
    step: int,
    as_of: datetime,
    now: datetime,
    source: str,
    benchmark: str,
    prices: Mapping[str, float],
    previous: Mapping[str, float],
    tickers: Sequence[str] | None,
) -> None:
    """Store the prices of a step; `tickers` are those that the source knows, None where it may know any."""
    put_market = sql("""
        insert into market (id, step, as_of, written_at, source, benchmark, tickers)
        values (true, :step, :as_of, :now, :source, :benchmark, cast(:tickers as jsonb))
        on conflict (id) do update set step = excluded.step, as_of = excluded.as_of, written_at = excluded.written_at,
            source = excluded.source, benchmark = excluded.benchmark, tickers = excluded.tickers, problem = null,
            problem_since = null""")
    values = {"step": step, "as_of": as_of, "now": now, "source": source, "benchmark": benchmark}
    known = None if tickers is None else orjson.dumps(list(tickers)).decode()
    conn.execute(put_market, {**values, "tickers": known})
    put_prices = sql("""
        insert into market_prices (ticker, price, previous, at)
        select t, p, b, :now from unnest(cast(:tickers as text[]), cast(:prices as float8[]),
                                         cast(:previous as float8[])) given(t, p, b)
        on conflict (ticker) do update set price = excluded.price, previous = excluded.previous, at = excluded.at""")
    names = list(prices)
    given = {"tickers": names, "prices": [prices[t] for t in names], "previous": [previous.get(t) for t in names]}
    conn.execute(put_prices, {**given, "now": now})
    add_history(conn, {t: [(as_of.date(), p)] for t, p in prices.items()})


def add_history(conn: Connection, rows: Mapping[str, Sequence[tuple[date, float]]]) -> None:
    """Store the prices of days by ticker; the price of a day is the last that was given for it."""
    flat = [(ticker, day, price) for ticker, found in rows.items() for day, price in found]
    if not flat:
        return
    statement = sql("""
        insert into market_history (ticker, day, price)
        select * from unnest(cast(:tickers as text[]), cast(:days as date[]), cast(:prices as float8[]))
        on conflict (ticker, day) do update set price = excluded.price""")
    columns = [list(column) for column in zip(*flat, strict=True)]
    conn.execute(statement, dict(zip(("tickers", "days", "prices"), columns, strict=True)))


def tickers_with_history(conn: Connection, tickers: Sequence[str]) -> set[str]:
    """Return those of the tickers of which a price of some day is known."""
    statement = sql("""
        select t from unnest(cast(:tickers as text[])) given(t)
        where exists (select 1 from market_history h where h.ticker = given.t)""")
    return set(conn.execute(statement, {"tickers": list(tickers)}).scalars())


def prune_history(conn: Connection, before: date) -> None:
    """Forget the prices of days before this one."""
    conn.execute(sql("delete from market_history where day < :day"), {"day": before})


def clear(conn: Connection) -> None:
    """Forget every price: those of another source are not theirs to go on from."""
    for table in ("market", "market_prices", "market_history"):
        conn.execute(sql(f"delete from {table}"))  # noqa: S608 - a word of our own


def set_problem(conn: Connection, problem: str, now: datetime, *, source: str, benchmark: str) -> bool:
    """Note why no newer prices come; whether that is new. Prices that are there stay."""
    statement = sql("""
        insert into market (id, step, source, benchmark, problem, problem_since)
        values (true, 0, :source, :benchmark, :problem, :now)
        on conflict (id) do update set problem = excluded.problem, step = market.step + 1,
            problem_since = coalesce(market.problem_since, excluded.problem_since)
        where market.problem is distinct from excluded.problem""")
    values = {"problem": problem, "now": now, "source": source, "benchmark": benchmark}
    return bool(conn.execute(statement, values).rowcount)


def priced(conn: Connection, ticker: str) -> bool:
    """Return whether there is a price of a ticker."""
    statement = sql("select exists (select 1 from market_prices where ticker = :ticker)")
    return bool(conn.execute(statement, {"ticker": ticker}).scalar_one())


def any_unpriced(conn: Connection, tickers: Sequence[str]) -> bool:
    """Return whether there is no price of one of the tickers."""
    statement = sql("""
        select exists (select 1 from unnest(cast(:tickers as text[])) given(t)
                       where not exists (select 1 from market_prices p where p.ticker = given.t))""")
    return bool(conn.execute(statement, {"tickers": list(tickers)}).scalar_one())


def get_source(conn: Connection) -> SourceRow | None:
    """Return where prices come from; None where nobody has chosen."""
    statement = sql(
        "select m.kind, m.options, u.name as set_by, m.set_at from market_source m join users u on u.id = m.set_by"
    )
    row = conn.execute(statement).mappings().one_or_none()
    return None if row is None else SourceRow(**row)


def set_source(conn: Connection, kind: str, options: Mapping[str, Any], user_id: int) -> None:
    """Choose where prices come from."""
    statement = sql("""
        insert into market_source (id, kind, options, set_by) values (true, :kind, cast(:options as jsonb), :user)
        on conflict (id) do update set kind = excluded.kind, options = excluded.options, set_by = excluded.set_by,
            set_at = now()""")
    conn.execute(statement, {"kind": kind, "options": orjson.dumps(dict(options)).decode(), "user": user_id})


def want_prices(conn: Connection) -> None:
    """Ask whoever updates the market not to wait until the period is over."""
    conn.execute(sql("select pg_notify(:channel, '')"), {"channel": WANTED})


class UpdaterLock:
    """The lock that one process of the installation holds: on a connection of its own, which tells when it is lost."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self._connection: psycopg.Connection[Any] | None = None

    @property
    def held(self) -> bool:
        """Whether this process had the lock when it last looked."""
        return self._connection is not None

    def hold(self) -> bool:
        """Take the lock, or make sure that it is still held; whether it is.

        Raises:
            DatabaseUnavailable: the database does not answer.
        """
        if self._connection is not None:
            try:
                self._connection.execute("select 1")
            except psycopg.Error:
                self.release()  # the lock went with the connection; perhaps nobody has it yet
            else:
                return True
        options: dict[str, Any] = {**CONNECT_TIMEOUT, "application_name": "tontine-market"}
        try:
            connection = psycopg.connect(self.dsn, autocommit=True, **options)
        except psycopg.Error as error:
            raise DatabaseUnavailable(" ".join(str(error).split())[:300]) from error
        with contextlib.ExitStack() as stack:
            stack.callback(connection.close)
            row = connection.execute("select pg_try_advisory_lock(%s)", (LOCK,)).fetchone()
            if row is None or not row[0]:
                return False
            stack.pop_all()
            self._connection = connection
        return True

    def release(self) -> None:
        """Let another process have it."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
