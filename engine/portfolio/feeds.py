"""Where prices come from: a small interface, and the two sources that need no network.

Chosen: a source is asked for the prices of a step and answers with prices and the day they are of; it keeps nothing, so
that whichever process updates the market gets the same answer. Both sources here are functions of the step alone.
Left out: the HTTP source (`engine.portfolio.http_feed`), and who asks when (`engine.portfolio.market`).
"""

import csv
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np

HISTORY = Path(__file__).resolve().parent / "history" / "prices.csv"
BENCHMARK = "INDEX"
FIRST_STEP = 260  # rows of the history that lie before the first step
CLOSE = time(21, tzinfo=UTC)  # at which a day's prices are taken to be
FIRST_DAY = date(2020, 1, 1)  # of the random walk


@dataclass(frozen=True, slots=True)
class Quotes:
    """Prices as a source gives them: by ticker, those of the day before where they are known, and of what time."""

    as_of: datetime
    prices: Mapping[str, float]
    previous: Mapping[str, float] = field(default_factory=dict)


class FeedError(Exception):
    """A source gave no prices; the message says why and what to do, for an analyst."""


class Feed(Protocol):
    """A source of prices."""

    name: str  # what is shown, and what tells one source's prices from another's
    benchmark: str
    tickers: tuple[str, ...] | None  # those that it knows; None where only asking tells

    def quotes(self, tickers: Sequence[str], step: int, now: datetime) -> Quotes:
        """Return the prices of a step, of those of the tickers that the source knows.

        Raises:
            FeedError: there are none to be had.
        """

    def history(
        self, tickers: Sequence[str], step: int, now: datetime, days: int
    ) -> Mapping[str, Sequence[tuple[date, float]]]:
        """Return the prices of the days before that of a step by ticker, oldest first; nothing where none are known.

        Raises:
            FeedError: they cannot be had.
        """


class ReplayFeed:
    """The shipped history, a day for each step; at its end it goes back, and forth again, so that no price jumps."""

    name = "Replay of 2005 to 2009"
    benchmark = BENCHMARK

    def __init__(self) -> None:
        self.tickers: tuple[str, ...] | None = read_history()[0]

    def quotes(self, tickers: Sequence[str], step: int, now: datetime) -> Quotes:  # noqa: ARG002 - as the interface
        """Return a row of the history."""
        known, rows, first = read_history()
        row, before = rows[self._row(step, len(rows))], rows[self._row(step - 1, len(rows))]
        at = [known.index(t) for t in tickers if t in known]
        as_of = datetime.combine(add_weekdays(first, FIRST_STEP + step), CLOSE)
        return Quotes(as_of, {known[i]: row[i] for i in at}, {known[i]: before[i] for i in at})

    def history(
        self,
        tickers: Sequence[str],
        step: int,
        now: datetime,  # noqa: ARG002 - as the interface
        days: int,
    ) -> Mapping[str, Sequence[tuple[date, float]]]:
        """Return the rows before that of the step."""
        known, rows, first = read_history()
        steps = range(max(step - days, -FIRST_STEP), step)
        dated = [(add_weekdays(first, FIRST_STEP + s), rows[self._row(s, len(rows))]) for s in steps]
        return {t: [(day, row[known.index(t)]) for day, row in dated] for t in tickers if t in known}

    def _row(self, step: int, count: int) -> int:
        if step < 0:
            return FIRST_STEP + step
        length = count - FIRST_STEP
        turn = step % (2 * length - 2)
        return FIRST_STEP + (turn if turn < length else 2 * length - 2 - turn)


class RandomWalkFeed:
    """Geometric random walks of any ticker, a day for each step; equal seeds give equal prices."""

    benchmark = BENCHMARK
    tickers: tuple[str, ...] | None = None
    volatility = 0.25  # a year
    drift = 0.06  # a year
    common = 0.5  # correlation of two tickers' days

    def __init__(self, seed: int = 1) -> None:
        self.seed = seed
        self.name = f"Random walk, seed {seed}"

    def quotes(self, tickers: Sequence[str], step: int, now: datetime) -> Quotes:  # noqa: ARG002 - as the interface
        """Return the prices that the walks have come to."""
        found = {t: self._walk(t, step) for t in tickers}
        as_of = datetime.combine(add_weekdays(FIRST_DAY, FIRST_STEP + step), CLOSE)
        return Quotes(as_of, {t: w[-1] for t, w in found.items()}, {t: w[-2] for t, w in found.items()})

    def history(
        self,
        tickers: Sequence[str],
        step: int,
        now: datetime,  # noqa: ARG002 - as the interface
        days: int,
    ) -> Mapping[str, Sequence[tuple[date, float]]]:
        """Return the prices that the walks have come by."""
        found: dict[str, list[tuple[date, float]]] = {}
        for ticker in tickers:
            walk = self._walk(ticker, step)[:-1]
            first = max(0, len(walk) - days)
            found[ticker] = [(add_weekdays(FIRST_DAY, i), walk[i]) for i in range(first, len(walk))]
        return found

    def _walk(self, ticker: str, step: int) -> list[float]:
        """Return the prices of a ticker from the first day to that of the step."""
        count = FIRST_STEP + step
        day = self.volatility / np.sqrt(252)
        shared = np.random.default_rng([self.seed, 0]).normal(size=count)
        if ticker == self.benchmark:
            start, moves = 100.0, np.sqrt(self.common) * shared
        else:
            own = np.random.default_rng([self.seed, 1, zlib.crc32(ticker.encode())])
            start = float(np.exp(own.uniform(np.log(20), np.log(500))))
            moves = np.sqrt(self.common) * shared + np.sqrt(1 - self.common) * own.normal(size=count)
        logs = np.cumsum(day * moves + self.drift / 252 - day * day / 2)
        return [start, *(start * np.exp(logs)).round(4).tolist()]


@cache
def read_history() -> tuple[tuple[str, ...], list[list[float]], date]:
    """Return the tickers of the shipped history, its rows of prices, and its first day."""
    with HISTORY.open() as file:
        _, *tickers = next(lines := csv.reader(file))
        rows = list(lines)
    return tuple(tickers), [[float(cell) for cell in row[1:]] for row in rows], date.fromisoformat(rows[0][0])


def add_weekdays(day: date, count: int) -> date:
    """Return the day that is `count` days from Monday to Friday after `day`, which is one itself."""
    weeks, rest = divmod(day.weekday() + count, 5)
    return day - timedelta(days=day.weekday()) + timedelta(weeks=weeks, days=rest)
