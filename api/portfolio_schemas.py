"""What the API takes and gives of portfolio sessions: bodies of requests, and the messages of the WebSocket, typed.

Chosen: the messages of a client are one union told apart by `action`, those of the server one shape told apart by
`type`; both are versioned together.
Left out: what a session is, which is `contract.portfolio`.
"""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contract.portfolio import PROTOCOL, Analysis, PortfolioSession, PortfolioState


class SessionRequest(BaseModel):
    """A session to open: holdings as rows of `ticker`, `quantity` and perhaps `cost`."""

    model_config = ConfigDict(extra="forbid")

    name: str = "Portfolio"
    holdings: list[Any] = Field(default_factory=list)
    currency: str = "USD"
    cash: float = 0.0


class HoldingsRequest(BaseModel):
    """Holdings that replace those of a session, and its name, currency or cash where they are given."""

    model_config = ConfigDict(extra="forbid")

    holdings: list[Any]
    name: str | None = None
    currency: str | None = None
    cash: float | None = None


class AnalysisRequest(BaseModel):
    """The holding to analyse."""

    model_config = ConfigDict(extra="forbid")

    ticker: str


class MetricBody(BaseModel):
    """One metric: its run, how that ended, and the number of the message that says so."""

    metric: str
    run_id: UUID
    status: str | None
    number: int | None
    url: str


class AnalysisBody(BaseModel):
    """An analysis, and the runs of its metrics."""

    id: UUID
    ticker: str
    status: str
    snapshot_hash: str
    market_step: int
    market_as_of: datetime
    started_at: datetime
    finished_at: datetime | None
    metrics: list[MetricBody]

    @classmethod
    def of(cls, analysis: Analysis) -> "AnalysisBody":
        """Return the body of an analysis."""
        names = ("id", "ticker", "snapshot_hash", "market_step", "market_as_of", "started_at", "finished_at")
        metrics = [
            MetricBody(metric=m.kind, run_id=m.run_id, status=m.status, number=m.number, url=f"/run?id={m.run_id}")
            for m in analysis.metrics
        ]
        values = {name: getattr(analysis, name) for name in names}
        return cls(**values, status=analysis.status, metrics=metrics)


class SessionBody(BaseModel):
    """A session in a list."""

    id: UUID
    name: str
    currency: str
    total: float
    created_at: datetime
    active_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, session: PortfolioSession) -> "SessionBody":
        """Return the body of a session."""
        return cls(**{name: getattr(session, name) for name in cls.model_fields})


class StateBody(BaseModel):
    """A session as it stands after message `number`; `portfolio` is what a message `portfolio` says."""

    id: UUID
    number: int
    portfolio: dict[str, Any]
    analysis: AnalysisBody | None
    history: dict[str, list[float | None]]

    @classmethod
    def of(cls, state: PortfolioState) -> "StateBody":
        """Return the body of a session's state."""
        history = {ticker: list(prices) for ticker, prices in state.history.items()}
        analysis = None if state.analysis is None else AnalysisBody.of(state.analysis)
        return cls(id=state.id, number=state.number, portfolio=dict(state.body), analysis=analysis, history=history)


class MessageBody(BaseModel):
    """A message of the server. A reply to one client has `reply` and repeats the number of the message before it."""

    version: int = PROTOCOL
    number: int
    type: Literal[
        "portfolio",
        "market_update",
        "analysis_started",
        "analysis_result",
        "analysis_complete",
        "analysis_cancelled",
        "pong",
        "error",
    ]
    at: datetime
    body: dict[str, Any]
    reply: bool = False
    code: str | None = None


class _Action(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: Literal[1] = PROTOCOL  # type: ignore[assignment]


class Analyze(_Action):
    """Start the five metrics of a holding; those of another are cancelled."""

    action: Literal["analyze"]
    ticker: str


class GetPortfolio(_Action):
    """Ask for the session as it stands, with recent prices."""

    action: Literal["get_portfolio"]


class SetHoldings(_Action):
    """Replace the holdings, and name, currency or cash where they are given."""

    action: Literal["set_holdings"]
    holdings: list[Any]
    name: str | None = None
    currency: str | None = None
    cash: float | None = None


class Cancel(_Action):
    """Cancel the analysis that is under way."""

    action: Literal["cancel"]


class Ping(_Action):
    """Say that the client is there; answered by `pong`."""

    action: Literal["ping"]


ClientMessage = Annotated[Analyze | GetPortfolio | SetHoldings | Cancel | Ping, Field(discriminator="action")]
