"""Make `prices.csv`: `python -m engine.portfolio.history.make` writes it again, byte for byte.

Chosen: the month ends are real prices (those of the model `stock_analysis`); the trading days between two of them are
not known here and are filled by Brownian bridges of the logarithm with the months' own volatility and a fixed seed, 21
days a month. `INDEX` is the equally weighted index of the five, 100 at the start.
Left out: anything that could be taken for real daily prices; the guide says what this is.
"""

import csv
import io
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[2] / "functions" / "stock_analysis" / "prices.csv"
TICKERS = ("AAPL", "AMZN", "GOOG", "IBM", "MSFT")
BENCHMARK = "INDEX"
DAYS = 21  # trading days in a month
SEED = 20100301
COMMON = 0.6  # correlation of the days of two stocks


def make() -> str:
    """Return the content of `prices.csv`."""
    with SOURCE.open() as file:
        rows = list(csv.DictReader(file))
    logs = np.log(np.array([[float(row[f"a{i}"]) for i in range(1, 6)] for row in rows]))
    daily = np.diff(logs, axis=0).std(axis=0, ddof=1) / np.sqrt(DAYS)
    rng = np.random.default_rng(SEED)
    found = [logs[0]]
    for start, end in pairwise(logs):
        shared, own = rng.normal(size=(DAYS, 1)), rng.normal(size=(DAYS, len(TICKERS)))
        walk = np.cumsum((np.sqrt(COMMON) * shared + np.sqrt(1 - COMMON) * own) * daily, axis=0)
        share = np.arange(1, DAYS + 1)[:, None] / DAYS
        found.extend(start + (end - start) * share + walk - share * walk[-1])
    prices = np.exp(np.array(found))
    index = 100 * np.cumprod(np.concatenate([[1], (prices[1:] / prices[:-1]).mean(axis=1)]))
    text = io.StringIO()
    written = csv.writer(text, lineterminator="\n")
    written.writerow(["date", *TICKERS, BENCHMARK])
    for day, line, level in zip(
        _weekdays(date.fromisoformat(rows[0]["date"]), len(prices)), prices, index, strict=True
    ):
        written.writerow([day.isoformat(), *(f"{price:.2f}" for price in line), f"{level:.2f}"])
    return text.getvalue()


def _weekdays(first: date, count: int) -> list[date]:
    found: list[date] = []
    day = first
    while len(found) < count:
        if day.weekday() < 5:
            found.append(day)
        day += timedelta(days=1)
    return found


if __name__ == "__main__":
    (HERE / "prices.csv").write_text(make())
