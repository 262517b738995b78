"""Portfolio sessions: opened, listed, read, changed and closed; each verb is one statement or one short transaction.

Chosen: a session is its owner's, and an administrator's; nobody else reaches it, because it says what somebody holds.
Every verb for its client puts off its end. What time it is can be given, for tests.
Left out: analyses (`engine.portfolio.analyses`) and the market (`engine.portfolio.market`).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn
from uuid import UUID

import uuid_utils.compat as uuids

from contract.actor import Actor
from contract.errors import NotFoundError
from contract.portfolio import PortfolioSession, PortfolioState, parse_holdings, parse_terms
from contract.problems import Problem
from engine.authorization import Action, require, require_owner
from engine.processes.context import AppContext
from engine.runs.cancel import cancel
from storage import market, portfolio

LISTED = 50
SPARKLINE = 60  # recent prices of a holding
EXAMPLE = (
    {"ticker": "AAPL", "quantity": 100, "cost": 30.0},
    {"ticker": "AMZN", "quantity": 60, "cost": 40.0},
    {"ticker": "GOOG", "quantity": 15, "cost": 180.0},
    {"ticker": "IBM", "quantity": 50, "cost": 75.0},
    {"ticker": "MSFT", "quantity": 120, "cost": 24.0},
)


def create_session(
    context: AppContext,
    name: str,
    holdings: Sequence[Mapping[str, Any]],
    *,
    actor: Actor,
    currency: str = "USD",
    cash: float = 0.0,
    now: datetime | None = None,
    session_id: UUID | None = None,
) -> PortfolioState:
    """Open a session and return it; holdings are rows of `ticker`, `quantity` and perhaps `cost`.

    With the `session_id` of one that is there, that one is returned: a button that is pressed twice opens one.

    Raises:
        InputError: with every problem found.
        NotAllowedError: there is a session of that id, and it is somebody else's.
    """
    require(actor, Action.KEEP_PORTFOLIOS)
    now = now or datetime.now(UTC)
    terms, held = parse_terms(name, currency, cash), parse_holdings(holdings)
    session_id = session_id or uuids.uuid7()
    user_id = context.user_id(actor)
    with context.database.begin() as conn:
        expires = expiry(now, context.limits.portfolio_hours)
        if portfolio.insert_session(
            conn, session_id, user_id=user_id, terms=terms, holdings=held, now=now, expires=expires
        ):
            portfolio.set_holdings(conn, session_id, held, None, now=now, expires=expires)
            market.want_prices(conn)
    return get_session(context, session_id, actor=actor, now=now)


def list_sessions(context: AppContext, *, actor: Actor, now: datetime | None = None) -> list[PortfolioSession]:
    """Return the actor's own sessions, the one used last first."""
    require(actor, Action.KEEP_PORTFOLIOS)
    user_id = context.user_id(actor)
    with context.database.read() as conn:
        return portfolio.list_sessions(conn, user_id, now=now or datetime.now(UTC), limit=LISTED)


def get_session(context: AppContext, session_id: UUID, *, actor: Actor, now: datetime | None = None) -> PortfolioState:
    """Return a session at the newest prices, and put off its end.

    Raises:
        NotFoundError: there is none, or none any more.
        NotAllowedError: it is somebody else's.
    """
    require(actor, Action.KEEP_PORTFOLIOS)
    now = now or datetime.now(UTC)
    require_session(context, session_id, actor=actor, now=now)
    with context.database.autocommit() as conn:
        portfolio.touch(conn, session_id, now=now, expires=expiry(now, context.limits.portfolio_hours))
        found = portfolio.get_state(conn, session_id, now=now, points=SPARKLINE)
    return found or no_session(session_id)


def set_holdings(
    context: AppContext,
    session_id: UUID,
    holdings: Sequence[Mapping[str, Any]],
    *,
    actor: Actor,
    name: str | None = None,
    currency: str | None = None,
    cash: float | None = None,
    now: datetime | None = None,
) -> PortfolioState:
    """Replace the holdings of a session, and its name, currency or cash where they are given.

    Raises:
        InputError: with every problem found; nothing is changed then.
        NotFoundError: there is no such session.
        NotAllowedError: it is somebody else's.
    """
    require(actor, Action.KEEP_PORTFOLIOS)
    now = now or datetime.now(UTC)
    require_session(context, session_id, actor=actor, now=now)
    held = parse_holdings(holdings)
    with context.database.begin() as conn:
        if portfolio.lock_session(conn, session_id, now) is None:
            no_session(session_id)
        old = portfolio.get_terms(conn, session_id)
        given = [new if new is not None else was for new, was in zip((name, currency, cash), old, strict=True)]
        terms = parse_terms(*given)
        portfolio.set_holdings(
            conn, session_id, held, terms, now=now, expires=expiry(now, context.limits.portfolio_hours)
        )
        if market.any_unpriced(conn, [h.ticker for h in held]):
            market.want_prices(conn)
    return get_session(context, session_id, actor=actor, now=now)


def touch_session(context: AppContext, session_id: UUID, *, actor: Actor, now: datetime | None = None) -> datetime:
    """Put off the end of a session and return when that is now.

    Raises:
        NotFoundError: there is no such session.
        NotAllowedError: it is somebody else's.
    """
    require(actor, Action.KEEP_PORTFOLIOS)
    now = now or datetime.now(UTC)
    require_session(context, session_id, actor=actor, now=now)
    expires = expiry(now, context.limits.portfolio_hours)
    with context.database.autocommit() as conn:
        if not portfolio.touch(conn, session_id, now=now, expires=expires):
            no_session(session_id)
    return expires


def close_session(context: AppContext, session_id: UUID, *, actor: Actor, now: datetime | None = None) -> None:
    """Delete a session with what hangs on it, and cancel what it has running. Its runs stay in the history.

    Raises:
        NotFoundError: there is no such session.
        NotAllowedError: it is somebody else's.
    """
    require(actor, Action.KEEP_PORTFOLIOS)
    require_session(context, session_id, actor=actor, now=now or datetime.now(UTC))
    with context.database.begin() as conn:
        portfolio.delete_session(conn, session_id)
    with context.database.read() as conn:
        running = portfolio.open_runs(conn, session_id)
    for run_id in running:
        cancel(context, run_id, actor=actor)


def expiry(now: datetime, hours: float) -> datetime:
    """Return when a session ends whose client does nothing from now on for so many hours."""
    return now + timedelta(hours=hours)


def require_session(context: AppContext, session_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Refuse a session that is not there or not the actor's.

    Raises:
        NotFoundError: there is none, or none any more.
        NotAllowedError: it is somebody else's.
    """
    require(actor, Action.KEEP_PORTFOLIOS)
    with context.database.read() as conn:
        owner = portfolio.owner_of(conn, session_id, now)
    if owner is None:
        no_session(session_id)
    require_owner(actor, owner, "this portfolio session")


def no_session(session_id: UUID) -> NoReturn:
    """Refuse a session that is not there.

    Raises:
        NotFoundError: always.
    """
    hint = "Open another one: sessions are deleted some time after their client's last activity."
    raise NotFoundError([Problem("session", f"there is no portfolio session {session_id}", hint)])
