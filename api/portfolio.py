"""Portfolio sessions over HTTP, and the WebSocket through which a client watches and asks.

Chosen: the same verbs behind both; a client without a WebSocket reads messages by their numbers.
Left out: the conversation itself, which is `api.portfolio_socket`.
"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response, WebSocket

from api.auth import CurrentActor
from api.portfolio_schemas import (
    AnalysisBody,
    AnalysisRequest,
    HoldingsRequest,
    MessageBody,
    SessionBody,
    SessionRequest,
    StateBody,
)
from api.portfolio_socket import converse
from engine.portfolio.analyses import analyze, cancel_analysis, list_analyses, read_snapshot
from engine.portfolio.follow import read_messages
from engine.portfolio.sessions import close_session, create_session, get_session, list_sessions, set_holdings
from engine.processes import context as contexts

router = APIRouter(tags=["portfolio"])
SNAPSHOT: dict[int | str, dict[str, Any]] = {200: {"content": {"application/json": {"schema": {"type": "object"}}}}}
Number = Annotated[int, Query(ge=0, le=2**62)]


@router.get("/portfolio/sessions")
def list_own(actor: CurrentActor) -> list[SessionBody]:
    """List the caller's sessions, the one used last first."""
    return [SessionBody.of(s) for s in list_sessions(contexts.current(), actor=actor)]


@router.post("/portfolio/sessions", status_code=201)
def create(body: SessionRequest, actor: CurrentActor) -> StateBody:
    """Open a session."""
    context = contexts.current()
    state = create_session(context, body.name, body.holdings, actor=actor, currency=body.currency, cash=body.cash)
    return StateBody.of(state)


@router.get("/portfolio/sessions/{session_id}")
def get(session_id: UUID, actor: CurrentActor) -> StateBody:
    """Return a session at the newest prices."""
    return StateBody.of(get_session(contexts.current(), session_id, actor=actor))


@router.put("/portfolio/sessions/{session_id}/holdings")
def put_holdings(session_id: UUID, body: HoldingsRequest, actor: CurrentActor) -> StateBody:
    """Replace the holdings of a session."""
    given = body.model_dump(include={"name", "currency", "cash"})
    return StateBody.of(set_holdings(contexts.current(), session_id, body.holdings, actor=actor, **given))


@router.delete("/portfolio/sessions/{session_id}", status_code=204)
def close(session_id: UUID, actor: CurrentActor) -> Response:
    """Delete a session. Its runs stay in the history."""
    close_session(contexts.current(), session_id, actor=actor)
    return Response(status_code=204)


@router.get("/portfolio/sessions/{session_id}/analyses")
def get_analyses(session_id: UUID, actor: CurrentActor) -> list[AnalysisBody]:
    """List the newest analyses of a session with the runs of their metrics."""
    return [AnalysisBody.of(a) for a in list_analyses(contexts.current(), session_id, actor=actor)]


@router.post("/portfolio/sessions/{session_id}/analyses", status_code=202)
def start_analysis(session_id: UUID, body: AnalysisRequest, actor: CurrentActor) -> AnalysisBody:
    """Start the five metrics of a holding; those of another are cancelled."""
    return AnalysisBody.of(analyze(contexts.current(), session_id, body.ticker, actor=actor))


@router.delete("/portfolio/sessions/{session_id}/analyses/current", status_code=204)
def cancel(session_id: UUID, actor: CurrentActor) -> Response:
    """Cancel the analysis that is under way, if one is."""
    cancel_analysis(contexts.current(), session_id, actor=actor)
    return Response(status_code=204)


@router.get(
    "/portfolio/sessions/{session_id}/analyses/{analysis_id}/snapshot", response_class=Response, responses=SNAPSHOT
)
def get_snapshot(session_id: UUID, analysis_id: UUID, actor: CurrentActor) -> Response:
    """Return the snapshot of an analysis; the SHA-256 of the answer is the hash that is shown."""
    text = read_snapshot(contexts.current(), session_id, analysis_id, actor=actor)
    return Response(text, media_type="application/json")


@router.get("/portfolio/sessions/{session_id}/messages")
def get_messages(session_id: UUID, actor: CurrentActor, after: Number = 0) -> list[MessageBody]:
    """Return the messages of a session beyond a number, at most 500."""
    found = read_messages(contexts.current(), session_id, after, actor=actor)
    return [MessageBody.model_validate(m.as_dict()) for m in found]


@router.websocket("/ws/portfolio/{session_id}")
async def talk(socket: WebSocket, session_id: str, actor: CurrentActor, after: Number | None = None) -> None:
    """Watch a session and ask for what it offers; `after` is the number of the last message that the client has."""
    await converse(socket, session_id, actor, after)
