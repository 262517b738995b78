"""A portfolio session: holdings that are watched as the market moves, and the analyses that were asked for.

Chosen: what is said to clients is a message with a number, a type and a body; the body of `portfolio` and
`market_update` is the whole valuation, so that each of them is consistent by itself.
Left out: prices' sources (`engine.portfolio.feeds`), and the mathematics, which is a model of the catalogue.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from contract.errors import InputError
from contract.problems import Problem

PROTOCOL = 1  # version of the messages
MAX_HOLDINGS = 24
MAX_NAME = 100
TICKER = re.compile(r"[A-Z0-9^][A-Z0-9.^=_-]{0,19}")
CURRENCY = re.compile(r"[A-Z]{3}")
LARGEST = 1e12  # quantity, cost or cash


class MetricKind(StrEnum):
    """The five metrics of an analysis, by the option of the model that works them out."""

    RETURN_VOLATILITY = "return_volatility"
    BETA = "beta"
    DRAWDOWN = "drawdown"
    TAIL_RISK = "tail_risk"
    RISK_CONTRIBUTION = "risk_contribution"


METRIC_TITLES = {
    MetricKind.RETURN_VOLATILITY: "Return and volatility",
    MetricKind.BETA: "Beta to the benchmark",
    MetricKind.DRAWDOWN: "Maximum drawdown",
    MetricKind.TAIL_RISK: "Value at risk and expected shortfall",
    MetricKind.RISK_CONTRIBUTION: "Contribution to the portfolio's risk",
}


class AnalysisStatus(StrEnum):
    """How far an analysis is."""

    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    CANCELLED = "CANCELLED"


class MessageType(StrEnum):
    """What a message of a session says."""

    PORTFOLIO = "portfolio"
    MARKET_UPDATE = "market_update"
    ANALYSIS_STARTED = "analysis_started"
    ANALYSIS_RESULT = "analysis_result"
    ANALYSIS_COMPLETE = "analysis_complete"
    ANALYSIS_CANCELLED = "analysis_cancelled"


@dataclass(frozen=True, slots=True)
class Holding:
    """A position: how many of `ticker`, below 0 where sold short, and what one cost, None where it is not known."""

    ticker: str
    quantity: float
    cost: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the holding as it is stored and sent."""
        return {"ticker": self.ticker, "quantity": self.quantity, "cost": self.cost}


@dataclass(frozen=True, slots=True)
class PortfolioSession:
    """A session in a list. `total` is the sum of the holdings and the cash, in `currency`."""

    id: UUID
    name: str
    user: str
    currency: str
    created_at: datetime
    active_at: datetime
    expires_at: datetime
    total: float


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of an analysis: its run, how that ended, and the number of the message that says so."""

    kind: MetricKind
    run_id: UUID
    status: str | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Analysis:
    """An analysis of one holding, on one snapshot of holdings and prices."""

    id: UUID
    session_id: UUID
    ticker: str
    status: AnalysisStatus
    snapshot_hash: str
    market_step: int
    market_as_of: datetime
    started_at: datetime
    finished_at: datetime | None
    metrics: tuple[Metric, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a session; numbers rise, and one that a newer one of its kind replaced is missing."""

    number: int
    type: MessageType
    body: Mapping[str, Any]
    at: datetime

    def as_dict(self) -> dict[str, Any]:
        """Return the message as it is sent."""
        return {
            "version": PROTOCOL,
            "number": self.number,
            "type": str(self.type),
            "at": self.at.isoformat(),
            "body": dict(self.body),
        }


@dataclass(frozen=True, slots=True)
class PortfolioState:
    """A session as it stands after message `number`; `body` is what a message `portfolio` says.

    `history` holds recent prices by ticker, oldest first, None where there was none.
    """

    id: UUID
    number: int
    body: Mapping[str, Any]
    analysis: Analysis | None = None
    history: Mapping[str, Sequence[float | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunOfAnalysis:
    """Which session, analysis and snapshot a run belongs to."""

    session_id: UUID
    analysis_id: UUID
    ticker: str
    metric: MetricKind
    snapshot_hash: str
    session_exists: bool


def parse_holdings(rows: Sequence[Any], where: str = "holdings") -> tuple[Holding, ...]:
    """Return the holdings of rows with `ticker`, `quantity` and perhaps `cost`.

    Raises:
        InputError: with every problem found.
    """
    problems: list[Problem] = []
    found: list[Holding] = []
    if len(rows) > MAX_HOLDINGS:
        problems.append(Problem(where, f"{len(rows)} rows are more than {MAX_HOLDINGS}", "Leave some out."))
    seen: dict[str, int] = {}
    for i, row in enumerate(rows[:MAX_HOLDINGS]):
        place = f"{where}[{i}]"
        if not isinstance(row, Mapping):
            problems.append(Problem(place, "it is not an object", "Give ticker, quantity and cost."))
            continue
        for key in sorted(set(row) - {"ticker", "quantity", "cost"}, key=str):
            hint = "Use ticker, quantity and cost."
            problems.append(Problem(f"{place}.{str(key)[:40]}", "there is no such column", hint))
        ticker = _ticker(row.get("ticker"), f"{place}.ticker", problems)
        quantity = _number(row.get("quantity"), f"{place}.quantity", problems, least=-LARGEST)
        cost = None if row.get("cost") is None else _number(row["cost"], f"{place}.cost", problems, least=0)
        if ticker in seen:
            message = f"{ticker} repeats an earlier row"
            problems.append(Problem(f"{place}.ticker", message, "Add up its quantities in one row."))
        if ticker is None or quantity is None:
            continue
        seen[ticker] = i
        found.append(Holding(ticker, quantity, cost))
    if problems:
        raise InputError(problems)
    return tuple(found)


def parse_ticker(value: Any, where: str = "ticker") -> str:
    """Return a ticker in capitals.

    Raises:
        InputError: it is not one.
    """
    problems: list[Problem] = []
    ticker = _ticker(value, where, problems)
    if ticker is None:
        raise InputError(problems)
    return ticker


def parse_terms(name: Any, currency: Any, cash: Any) -> tuple[str, str, float]:
    """Return the name, currency and cash of a session.

    Raises:
        InputError: with every problem found.
    """
    problems: list[Problem] = []
    text = name.strip() if isinstance(name, str) else ""
    if not 0 < len(text) <= MAX_NAME or not text.isprintable():
        problems.append(Problem("name", "it is not a name", f"Give 1 to {MAX_NAME} printable characters."))
    code = currency.strip().upper() if isinstance(currency, str) else ""
    if not CURRENCY.fullmatch(code):
        problems.append(Problem("currency", f"{str(currency)[:20]!r} is not a currency", "Give three letters, as USD."))
    amount = _number(cash, "cash", problems, least=-LARGEST)
    if problems or amount is None:
        raise InputError(problems)
    return text, code, amount


def _ticker(value: Any, where: str, problems: list[Problem]) -> str | None:
    text = value.strip().upper() if isinstance(value, str) else ""
    if TICKER.fullmatch(text):
        return text
    found = (
        "it is empty"
        if not text and (value is None or isinstance(value, str))
        else f"{str(value)[:40]!r} is not a ticker"
    )
    problems.append(Problem(where, found, "Give 1 to 20 letters, digits and . - = ^ _, as AAPL."))
    return None


def _number(value: Any, where: str, problems: list[Problem], *, least: float) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        found = "it is empty" if value is None else f"{str(value)[:40]!r} is not a number"
        problems.append(Problem(where, found, "Give a number."))
        return None
    if not least <= value <= LARGEST:
        hint = f"Give a number from {least:,.0f} to {LARGEST:,.0f}."
        problems.append(Problem(where, f"{value:g} is outside that range", hint))
        return None
    return float(value)
