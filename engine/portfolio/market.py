"""The one updater of the market: writes the prices of a step once, and tells every session what it is worth now.

Chosen: every worker tries for an advisory lock, and whichever holds it updates; when that process ends, however, the
lock is free and another has it within a period. The last known prices stay while a source is away, with their age and
the reason. The holder also deletes sessions whose time is over and cancels runs that no analysis waits for.
Left out: the sources (`engine.portfolio.feeds`).
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import structlog

from contract.errors import DatabaseUnavailable
from engine.portfolio.feeds import Feed, FeedError
from engine.portfolio.market_source import open_feed, same_key
from engine.processes.limits import InstallationLimits
from storage import market, portfolio, runs
from storage.database import Database
from storage.encryption import Cipher
from storage.market import MarketRow, SourceRow, UpdaterLock

log = structlog.get_logger()

HISTORY_DAYS = 260  # prices of a ticker that are fetched when it is first held
KEPT_DAYS = 800  # days of prices that are kept
TOLD_AT_ONCE = 100  # sessions told in one transaction
DELETED_AT_ONCE = 200
EARLY = 0.1  # share of a period by which an update may be early
FILL_PAUSE = 5.0  # s between two requests for prices of tickers that are newly held


class MarketUpdater:
    """Updates the market while this process holds the lock.

    Args:
        database: the installation's.
        limits: with the time between two updates.
        cipher: decrypts the key of a source.
        secrets: values of secrets in this process's environment.
        clock: what time it is.
    """

    def __init__(
        self,
        database: Database,
        limits: InstallationLimits,
        *,
        cipher: Cipher | None = None,
        secrets: Mapping[str, str] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.database, self.limits, self.clock = database, limits, clock
        self.cipher, self.secrets = cipher or Cipher(), secrets or {}
        self.lock = UpdaterLock(database.dsn)
        self.wanted = threading.Event()
        self._opened: tuple[SourceRow | None, Feed] | None = None
        self._filled_at: datetime | None = None

    def run(self, stopping: threading.Event) -> None:
        """Update once a period, and sooner where a session holds a ticker without a price, until told to stop.

        Whoever sets `stopping` sets `wanted` too.
        """
        while not stopping.is_set():
            pause = self.limits.market_seconds
            try:
                pause = self.update()
            except DatabaseUnavailable as error:
                log.warning("the market is not updated", error=str(error)[:200])
            except Exception:
                log.exception("the market could not be updated")
            if self.lock.held:
                self.wanted.wait(pause)
                self.wanted.clear()
            else:  # whoever holds the lock does what is wanted
                stopping.wait(pause)
        self.lock.release()

    def update(self) -> float:
        """Do what is due, where this process holds the lock; returns after how many seconds to come again."""
        period = self.limits.market_seconds
        if not self.lock.hold():
            return period
        now = self.clock()
        self._tidy(now)
        with self.database.read() as conn:
            if not portfolio.any_session(conn, now):
                return period
            held = portfolio.held_tickers(conn, now)
            source, known = market.get_source(conn), market.get_market(conn)
        try:
            feed = self._open(source)
            known = self._update_prices(feed, known, held, now)
        except FeedError as error:
            name, benchmark = (known.source, known.benchmark) if known else ("", "")
            with self.database.begin() as conn:
                new = market.set_problem(conn, str(error), now, source=name, benchmark=benchmark)
                known = market.get_market(conn)
            if new:
                log.warning("the market's source gives no prices", reason=str(error))
        if known is not None:
            self._tell(known.step, now)
        if known is None or known.written_at is None or known.problem:
            return period
        return min(period, max(0.05, period - (now - known.written_at).total_seconds()))

    def _update_prices(self, feed: Feed, known: MarketRow | None, held: Sequence[str], now: datetime) -> MarketRow:
        """Write the next step's prices where they are due, or those of tickers that have none yet."""
        other = known is not None and known.source != feed.name  # whose prices are not gone on from
        due = other or known is None or known.written_at is None or known.problem is not None
        if known is not None and known.written_at is not None:
            due = due or (now - known.written_at).total_seconds() >= self.limits.market_seconds * (1 - EARLY)
        wanted = [t for t in dict.fromkeys((*held, feed.benchmark)) if feed.tickers is None or t in feed.tickers]
        if due:
            step = 0 if known is None else known.step + 1
            self._write(feed, feed.tickers or wanted, step, now, clear=other)
        elif known is not None:
            with self.database.read() as conn:
                missing = [t for t in wanted if not market.priced(conn, t)]
            recent = self._filled_at is not None and now - self._filled_at < timedelta(seconds=FILL_PAUSE)
            if missing and not recent:
                self._filled_at = now
                self._write(feed, missing, known.step, now, written_at=known.written_at)
                with self.database.autocommit() as conn:
                    portfolio.retell_market(conn)
        with self.database.read() as conn:
            found = market.get_market(conn)
        assert found is not None  # written above, or known
        return found

    def _write(
        self,
        feed: Feed,
        tickers: Sequence[str],
        step: int,
        now: datetime,
        *,
        written_at: datetime | None = None,
        clear: bool = False,
    ) -> None:
        quotes = feed.quotes(tickers, step, now)
        with self.database.read() as conn:
            there = set() if clear else market.tickers_with_history(conn, list(quotes.prices))
        new = [t for t in quotes.prices if t not in there]
        history = feed.history(new, step, now, HISTORY_DAYS) if new else {}
        before = {t: rows[-1][1] for t, rows in history.items() if rows}
        with self.database.begin() as conn:
            if clear:
                market.clear(conn)
            today = quotes.as_of.date()
            market.add_history(conn, {t: [r for r in rows if r[0] < today] for t, rows in history.items()})
            market.write_prices(
                conn,
                step=step,
                as_of=quotes.as_of,
                now=written_at or now,
                source=feed.name,
                benchmark=feed.benchmark,
                prices=quotes.prices,
                previous={**before, **quotes.previous},
                tickers=feed.tickers,
            )
            market.prune_history(conn, today - timedelta(days=KEPT_DAYS))

    def _tell(self, step: int, now: datetime) -> None:
        """Tell each session of this step; those that somebody has locked last, one by one."""
        for limit, wait in ((TOLD_AT_ONCE, False), (1, True)):
            while True:
                with self.database.begin() as conn:
                    ids = portfolio.untold_sessions(conn, step, now=now, limit=limit, wait=wait)
                    if ids:
                        portfolio.say_market(conn, ids, step)
                if not ids:
                    break

    def _tidy(self, now: datetime) -> None:
        with self.database.begin() as conn:
            gone = portfolio.delete_expired(conn, now, limit=DELETED_AT_ONCE)
        with self.database.read() as conn:
            stray = portfolio.stray_runs(conn)
        for run_id in stray:
            with self.database.begin() as conn:
                runs.request_cancel(conn, run_id)
        if gone:
            log.info("portfolio sessions have expired", sessions=len(gone))

    def _open(self, source: SourceRow | None) -> Feed:
        """Return the source as it is chosen now: the one of before, unless it or its key has changed."""
        made = open_feed(source, self.database, self.cipher, self.secrets)
        if self._opened is not None and self._opened[0] == source and same_key(self._opened[1], made):
            return self._opened[1]
        self._opened = (source, made)
        return made
