"""Analyses of a holding: five metrics, each a run of its own, all on one snapshot.

Chosen: a short transaction ends the analysis before and tells its workers, which kill its processes while the new one
is still being stored. Another takes the snapshot with the statement that marks the new one as started, and stores the
five runs with their jobs: after a crash all of it is there or nothing. What of the analysis before ends meanwhile is
not of the current one and is not said. Results are appended by the transaction that ends their run (migration 0021).
Left out: the mathematics, which is the model `portfolio_metrics`.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuids

from contract import inputs as contract_inputs
from contract.actor import Actor
from contract.errors import InputError, NotFoundError
from contract.portfolio import Analysis, MetricKind, RunOfAnalysis, parse_ticker
from contract.problems import Problem
from contract.run import Run, Visibility
from engine.analysis.groups import open_model
from engine.authorization import Action, require
from engine.observability import telemetry
from engine.portfolio.sessions import expiry, no_session, require_session
from engine.processes.context import AppContext
from engine.runs import job_queue
from engine.runs.cancel import cancel
from engine.runs.submit import choose_seed, explain_busy
from engine.runs.visibility import viewer_of
from storage import market, portfolio, runs

MODEL = "portfolio_metrics"
POINTS = 253  # recent prices in a snapshot: the returns of a year of trading days
LISTED = 50


def analyze(
    context: AppContext, session_id: UUID, ticker: str, *, actor: Actor, now: datetime | None = None
) -> Analysis:
    """Start the five metrics of a holding on one snapshot; the analysis that is under way is cancelled.

    Raises:
        InputError: the ticker is not held, or has no price yet.
        NotFoundError: there is no such session, or the model is missing.
        NotAllowedError: it is somebody else's.
        BusyError: the user has too many runs waiting.
    """
    require(actor, Action.KEEP_PORTFOLIOS)
    require(actor, Action.RUN_MODELS)
    now = now or datetime.now(UTC)
    require_session(context, session_id, actor=actor, now=now)
    ticker = parse_ticker(ticker)
    app, loaded = open_model(context, MODEL, None, actor=actor)
    user_id = context.user_id(actor)
    analysis_id = uuids.uuid7()
    caps = context.limits.has_caps
    created: list[Run] = []
    with context.database.begin() as conn:
        _require_priced(conn, session_id, ticker, now)
        portfolio.cancel_analysis(conn, session_id, f"An analysis of {ticker} was asked for.")
        portfolio.end_processes(conn, session_id, actor.name)
    with explain_busy(context.limits.max_pending_per_user), context.database.begin() as conn:
        _require_priced(conn, session_id, ticker, now)
        snapshot, digest, _, _ = portfolio.start_analysis(
            conn,
            session_id,
            analysis_id,
            ticker,
            points=POINTS,
            now=now,
            expires=expiry(now, context.limits.portfolio_hours),
        )
        inputs = contract_inputs.validate(loaded.manifest, model_inputs(snapshot, digest))
        for kind in MetricKind:
            given = {**inputs, "metric": str(kind)}
            run, _ = runs.insert_run(
                conn,
                app_id=app.id,
                version=loaded.hash,
                inputs=given,
                seed=choose_seed(given),
                user_id=user_id,
                priority=job_queue.INTERACTIVE,
                on_hold=caps,
                most=context.limits.max_pending_per_user,
                place=None if caps else job_queue.slot_for(job_queue.INTERACTIVE),
                visibility=Visibility.PRIVATE,
            )
            created.append(run)
            portfolio.add_metric(
                conn,
                run.id,
                session_id=session_id,
                analysis_id=analysis_id,
                ticker=ticker,
                metric=kind,
                snapshot_hash=digest,
            )
        if caps:
            job_queue.enqueue_admitted(conn, context.limits)
        before = portfolio.open_runs(conn, session_id, but=analysis_id)
        found = portfolio.get_analysis(conn, analysis_id)
    started_at = int(now.timestamp() * 1e9)
    for run in created:
        telemetry.run_submitted(run, started_at, created=True)
    for run_id in before:
        cancel(context, run_id, actor=actor)
    assert found is not None  # stored by this transaction
    return found


def _require_priced(conn: Any, session_id: UUID, ticker: str, now: datetime) -> None:
    """Lock the session, and refuse a ticker that it does not hold or that has no price."""
    holdings = portfolio.lock_session(conn, session_id, now)
    if holdings is None:
        no_session(session_id)
    held = [h.ticker for h in holdings]
    if ticker not in held:
        hint = f"Give one of {', '.join(held)}." if held else "Add it to the holdings."
        raise InputError([Problem("ticker", f"{ticker} is not held", hint)])
    if not market.priced(conn, ticker):
        hint = "Wait for the market's next prices; the message market_update says what is the matter."
        raise InputError([Problem("ticker", f"there is no price of {ticker} yet", hint)])


def cancel_analysis(context: AppContext, session_id: UUID, *, actor: Actor, now: datetime | None = None) -> UUID | None:
    """Cancel the analysis that is under way and return which; None where none is. Results that are there stay.

    Raises:
        NotFoundError: there is no such session.
        NotAllowedError: it is somebody else's.
    """
    require(actor, Action.KEEP_PORTFOLIOS)
    now = now or datetime.now(UTC)
    require_session(context, session_id, actor=actor, now=now)
    with context.database.begin() as conn:
        if portfolio.lock_session(conn, session_id, now) is None:
            no_session(session_id)
        cancelled = portfolio.cancel_analysis(conn, session_id, f"Cancelled by {actor.name}.")
        portfolio.end_processes(conn, session_id, actor.name)
        portfolio.touch(conn, session_id, now=now, expires=expiry(now, context.limits.portfolio_hours))
        running = portfolio.open_runs(conn, session_id)
    for run_id in running:
        cancel(context, run_id, actor=actor)
    return cancelled


def list_analyses(
    context: AppContext, session_id: UUID, *, actor: Actor, now: datetime | None = None
) -> list[Analysis]:
    """Return the newest analyses of a session, each with its metrics' runs.

    Raises:
        NotFoundError: there is no such session.
        NotAllowedError: it is somebody else's.
    """
    require(actor, Action.KEEP_PORTFOLIOS)
    require_session(context, session_id, actor=actor, now=now or datetime.now(UTC))
    with context.database.read() as conn:
        return portfolio.list_analyses(conn, session_id, limit=LISTED)


def read_snapshot(
    context: AppContext, session_id: UUID, analysis_id: UUID, *, actor: Actor, now: datetime | None = None
) -> str:
    """Return the text of an analysis's snapshot, as JSON; its SHA-256 is the hash that is shown.

    Raises:
        NotFoundError: there is no such session or analysis.
        NotAllowedError: it is somebody else's.
    """
    require(actor, Action.KEEP_PORTFOLIOS)
    require_session(context, session_id, actor=actor, now=now or datetime.now(UTC))
    with context.database.read() as conn:
        found = portfolio.get_snapshot(conn, session_id, analysis_id)
    if found is None:
        problem = Problem("analysis", f"the session has no analysis {analysis_id}", "Take it from analysis_started.")
        raise NotFoundError([problem])
    return found


def analysis_of_run(context: AppContext, run_id: UUID, *, actor: Actor) -> RunOfAnalysis | None:
    """Return which session, analysis and snapshot a run belongs to; None where none, or it is not for the actor."""
    require(actor, Action.READ_RUNS)
    viewer = viewer_of(context, actor=actor)
    with context.database.read() as conn:
        found = portfolio.analysis_of_run(conn, run_id)
        if found is None or runs.get_run(conn, run_id, viewer=viewer) is None:
            return None
    return found


def model_inputs(snapshot: Mapping[str, Any], digest: str) -> dict[str, Any]:
    """Return the inputs of the model that a snapshot makes, but for the metric."""
    held: Sequence[Mapping[str, Any]] = snapshot["holdings"]
    names = {f"a{i}": row["ticker"] for i, row in enumerate(held, start=1)}
    benchmark = snapshot["market"]["benchmark"]
    rows = []
    for day in snapshot["history"]:
        prices = day["prices"]
        row = {"date": day["day"]} | {key: prices[t] for key, t in names.items() if t in prices}
        rows.append(row | ({"benchmark": prices[benchmark]} if benchmark in prices else {}))
    return {
        "ticker": snapshot["ticker"],
        "holdings": [{"ticker": row["ticker"], "quantity": row["quantity"]} for row in held],
        "prices": rows,
        "snapshot": digest,
        "session": snapshot["session"],
    }
