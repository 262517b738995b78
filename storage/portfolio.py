"""Portfolio sessions: holdings, numbered messages, analyses, and the runs of their metrics.

Chosen: everything that changes a session locks its row first, in a statement of its own, so that the next one sees what
whoever held the lock has stored. A message is a row of its own: its price does not depend on how many there are.
Results are stored by a trigger, in the transaction that ends the run (migration 0021).
Left out: prices, which are `storage.market`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection, RowMapping

from contract.portfolio import (
    Analysis,
    AnalysisStatus,
    Holding,
    Message,
    MessageType,
    Metric,
    MetricKind,
    PortfolioSession,
    PortfolioState,
    RunOfAnalysis,
)
from storage.runs import LONGEST_NAME
from storage.sql import sql

# ruff: noqa: S608 - the statements below are put together from words of our own
# The holdings of the session `s` at the newest prices, and what they come to: of one statement, so of one market step.
_VALUED = """
cross join lateral (
    select coalesce(json_agg(json_build_object(
               'ticker', h.ticker, 'quantity', h.quantity, 'cost', h.cost, 'price', p.price, 'previous', p.previous,
               'value', h.quantity * p.price, 'change', h.quantity * (p.price - p.previous),
               'gain', h.quantity * (p.price - h.cost), 'priced_at', p.at) order by h.position), '[]') as holdings,
           coalesce(sum(h.quantity * p.price), 0) as value,
           coalesce(sum(h.quantity * (p.price - p.previous)), 0) as change,
           coalesce(sum(abs(h.quantity * p.previous)), 0) as before,
           coalesce(json_agg(h.ticker order by h.position) filter (where p.price is null), '[]') as unpriced
    from (select e.item->>'ticker' as ticker, cast(e.item->>'quantity' as float8) as quantity,
                 cast(e.item->>'cost' as float8) as cost, e.position
          from jsonb_array_elements(s.holdings) with ordinality e(item, position)) h
    left join market_prices p on p.ticker = h.ticker
) v
"""
_BODY = """json_build_object(
    'name', s.name, 'currency', s.currency, 'cash', s.cash, 'holdings', v.holdings, 'value', v.value,
    'total', v.value + s.cash, 'day_change', v.change,
    'day_change_share', case when v.before > 0 then v.change / v.before end, 'unpriced', v.unpriced,
    'market', (select json_build_object('step', m.step, 'as_of', m.as_of, 'written_at', m.written_at,
        'source', m.source, 'benchmark', m.benchmark, 'problem', m.problem, 'problem_since', m.problem_since)
        from market m))"""

_INSERT = sql("""
insert into portfolio_sessions (id, user_id, name, currency, cash, holdings, active_at, expires_at)
values (:id, :user, :name, :currency, :cash, cast(:holdings as jsonb), :now, :expires) on conflict (id) do nothing
""")

_LIST = sql(f"""
select s.id, s.name, u.name as user, s.currency, s.created_at, s.active_at, s.expires_at, v.value + s.cash as total
from portfolio_sessions s join users u on u.id = s.user_id {_VALUED}
where s.user_id = :user and s.expires_at > :now order by s.active_at desc limit :limit
""")

_SAY_PORTFOLIO = sql(f"""
with moved as (
    update portfolio_sessions set seq = seq + 1 where id = :id returning id, seq
), said as (
    insert into portfolio_messages (session_id, number, type, body)
    select s.id, moved.seq, 'portfolio', {_BODY} from moved join portfolio_sessions s on s.id = moved.id {_VALUED}
) select seq, pg_notify('run_events', id || '\\:' || seq) from moved
""")

_SAY_MARKET = sql(f"""
with known as (
    select * from portfolio_sessions where id = any(:ids)
), moved as (
    update portfolio_sessions set seq = seq + 1, market_number = seq + 1, market_step = :step
    where id = any(:ids) returning id, seq
), replaced as (
    delete from portfolio_messages m using known k where m.session_id = k.id and m.number = k.market_number
), said as (
    insert into portfolio_messages (session_id, number, type, body)
    select s.id, moved.seq, 'market_update', {_BODY} from moved join known s on s.id = moved.id {_VALUED}
) select pg_notify('run_events', id || '\\:' || seq) from moved
""")

# One statement: the analysis that is under way ends, the snapshot is taken, and the new analysis is marked as started.
_START = sql("""
with s as (
    select * from portfolio_sessions where id = :id
), held as (
    select e.item->>'ticker' as ticker, cast(e.item->>'quantity' as float8) as quantity,
           cast(e.item->>'cost' as float8) as cost, p.price, e.position
    from s cross join jsonb_array_elements(s.holdings) with ordinality e(item, position)
    join market_prices p on p.ticker = e.item->>'ticker'
), wanted as (
    select ticker from held union select benchmark from market
), days as (
    select h.day, jsonb_object_agg(h.ticker, h.price) as prices from market_history h join wanted using (ticker)
    group by h.day having bool_or(h.ticker = :ticker) order by h.day desc limit :points
), snapshot as (
    select jsonb_build_object('session', s.id, 'ticker', cast(:ticker as text), 'currency', s.currency, 'cash', s.cash,
        'taken_at', clock_timestamp(),
        'holdings', (select jsonb_agg(jsonb_build_object('ticker', ticker, 'quantity', quantity, 'cost', cost,
                                                         'price', price) order by position) from held),
        'market', jsonb_build_object('step', m.step, 'as_of', m.as_of, 'source', m.source, 'benchmark', m.benchmark),
        'history', (select coalesce(jsonb_agg(jsonb_build_object('day', day, 'prices', prices) order by day), '[]')
                    from days)) as doc, m.step, m.as_of
    from s cross join market m
), ended as (
    update portfolio_analyses a set status = 'CANCELLED', finished_at = clock_timestamp()
    from s where a.id = s.analysis_id and a.status = 'RUNNING' returning a.id, a.ticker
), started as (
    insert into portfolio_analyses (id, session_id, ticker, status, snapshot, snapshot_hash, market_step, market_as_of)
    select :analysis, s.id, :ticker, 'RUNNING', snapshot.doc,
           encode(sha256(convert_to(cast(snapshot.doc as text), 'UTF8')), 'hex'), snapshot.step, snapshot.as_of
    from s cross join snapshot returning *
), moved as (
    update portfolio_sessions set seq = seq + 1 + (select count(*) from ended), analysis_id = :analysis,
        active_at = :now, expires_at = :expires
    where id = :id and exists (select 1 from started) returning id, seq
), said as (
    insert into portfolio_messages (session_id, number, type, body)
    select moved.id, moved.seq - 1, 'analysis_cancelled', json_build_object('analysis_id', ended.id,
        'ticker', ended.ticker, 'reason', 'An analysis of ' || cast(:ticker as text) || ' was asked for.')
    from moved cross join ended
    union all
    select moved.id, moved.seq, 'analysis_started', json_build_object('analysis_id', started.id,
        'ticker', started.ticker, 'snapshot_id', started.id, 'snapshot_hash', started.snapshot_hash,
        'market_step', started.market_step, 'market_as_of', started.market_as_of, 'metrics', cast(:metrics as json))
    from moved cross join started
)
select started.snapshot, started.snapshot_hash, moved.seq, (select id from ended) as ended,
       pg_notify('run_events', moved.id || '\\:' || moved.seq)
from started cross join moved
""")

_CANCEL = sql("""
with ended as (
    update portfolio_analyses a set status = 'CANCELLED', finished_at = clock_timestamp()
    from portfolio_sessions s where s.id = :id and a.id = s.analysis_id and a.status = 'RUNNING'
    returning a.id, a.ticker
), moved as (
    update portfolio_sessions set seq = seq + 1 where id = :id and exists (select 1 from ended) returning id, seq
), said as (
    insert into portfolio_messages (session_id, number, type, body)
    select moved.id, moved.seq, 'analysis_cancelled',
           json_build_object('analysis_id', ended.id, 'ticker', ended.ticker, 'reason', cast(:reason as text))
    from moved cross join ended
) select ended.id, pg_notify('run_events', moved.id || '\\:' || moved.seq) from moved cross join ended
""")

_ANALYSIS = """
select a.id, a.session_id, a.ticker, a.status, a.snapshot_hash, a.market_step, a.market_as_of, a.started_at,
       a.finished_at, (select coalesce(json_agg(json_build_object('kind', m.metric, 'run_id', m.run_id,
                                                                  'status', m.status, 'number', m.number)), '[]')
                       from portfolio_metrics m where m.analysis_id = a.id) as metrics
from portfolio_analyses a
"""


def insert_session(
    conn: Connection,
    session_id: UUID,
    *,
    user_id: int,
    terms: tuple[str, str, float],
    holdings: Sequence[Holding],
    now: datetime,
    expires: datetime,
) -> bool:
    """Store a session; `terms` are its name, currency and cash. Whether its id is new."""
    name, currency, cash = terms
    values = {"id": session_id, "user": user_id, "name": name, "currency": currency, "cash": cash}
    return bool(conn.execute(_INSERT, {**values, "holdings": _rows(holdings), "now": now, "expires": expires}).rowcount)


def owner_of(conn: Connection, session_id: UUID, now: datetime) -> str | None:
    """Return whose session it is; None where there is none, or none any more."""
    statement = sql(
        "select u.name from portfolio_sessions s join users u on u.id = s.user_id where s.id = :id "
        "and s.expires_at > :now"
    )
    return conn.execute(statement, {"id": session_id, "now": now}).scalar_one_or_none()


def lock_session(conn: Connection, session_id: UUID, now: datetime) -> list[Holding] | None:
    """Lock a session until the transaction ends, and return its holdings; None where it is gone."""
    statement = sql("select holdings from portfolio_sessions where id = :id and expires_at > :now for update")
    row = conn.execute(statement, {"id": session_id, "now": now}).one_or_none()
    return None if row is None else [Holding(**item) for item in row.holdings]


def touch(conn: Connection, session_id: UUID, *, now: datetime, expires: datetime) -> bool:
    """Note that the session's client is there; whether the session is."""
    statement = sql(
        "update portfolio_sessions set active_at = :now, expires_at = :expires where id = :id and expires_at > :now"
    )
    return bool(conn.execute(statement, {"id": session_id, "now": now, "expires": expires}).rowcount)


def list_sessions(conn: Connection, user_id: int, *, now: datetime, limit: int) -> list[PortfolioSession]:
    """Return a user's sessions, the one used last first."""
    rows = conn.execute(_LIST, {"user": user_id, "now": now, "limit": limit})
    return [PortfolioSession(**row) for row in rows.mappings()]


def get_state(conn: Connection, session_id: UUID, *, now: datetime, points: int = 0) -> PortfolioState | None:
    """Return a session at the newest prices, with `points` recent prices of each holding; None where it is gone."""
    statement = sql(
        f"select s.id, s.seq, s.analysis_id, {_BODY} as body from portfolio_sessions s {_VALUED} "
        "where s.id = :id and s.expires_at > :now"
    )
    row = conn.execute(statement, {"id": session_id, "now": now}).one_or_none()
    if row is None:
        return None
    analysis = get_analysis(conn, row.analysis_id) if row.analysis_id else None
    tickers = [holding["ticker"] for holding in row.body["holdings"]]
    history = recent_prices(conn, tickers, points) if points and tickers else {}
    return PortfolioState(row.id, row.seq, row.body, analysis, history)


def recent_prices(conn: Connection, tickers: Sequence[str], points: int) -> dict[str, list[float | None]]:
    """Return the prices of the newest days by ticker, oldest first, None where there was none."""
    statement = sql("""
        select h.day, jsonb_object_agg(h.ticker, h.price) as prices from market_history h
        where h.ticker = any(:tickers) group by h.day order by h.day desc limit :points""")
    days = [row.prices for row in conn.execute(statement, {"points": points, "tickers": list(tickers)})]
    return {ticker: [day.get(ticker) for day in reversed(days)] for ticker in tickers}


def set_holdings(
    conn: Connection,
    session_id: UUID,
    holdings: Sequence[Holding],
    terms: tuple[str, str, float] | None,
    *,
    now: datetime,
    expires: datetime,
) -> int:
    """Replace the holdings of a session that is locked, and say what it holds now; returns the message's number."""
    statement = sql("""
        update portfolio_sessions set holdings = cast(:holdings as jsonb), active_at = :now, expires_at = :expires,
            name = coalesce(:name, name), currency = coalesce(:currency, currency),
            cash = coalesce(cast(:cash as float8), cash)
        where id = :id""")
    name, currency, cash = terms or (None, None, None)
    values = {"id": session_id, "name": name, "currency": currency, "cash": cash, "now": now, "expires": expires}
    conn.execute(statement, {**values, "holdings": _rows(holdings)})
    return int(conn.execute(_SAY_PORTFOLIO, {"id": session_id}).one().seq)


def get_terms(conn: Connection, session_id: UUID) -> tuple[str, str, float]:
    """Return the name, currency and cash of a session."""
    row = conn.execute(sql("select name, currency, cash from portfolio_sessions where id = :id"), {"id": session_id})
    found = row.one()
    return found.name, found.currency, found.cash


def start_analysis(
    conn: Connection,
    session_id: UUID,
    analysis_id: UUID,
    ticker: str,
    *,
    points: int,
    now: datetime,
    expires: datetime,
) -> tuple[dict[str, Any], str, int, UUID | None]:
    """Take the snapshot and mark an analysis as started, in one statement, of a session that is locked.

    `points` is how many recent prices the snapshot holds.

    Returns:
        The snapshot, its hash, the number of the message, and the analysis that this one ended.
    """
    values = {
        "id": session_id,
        "analysis": analysis_id,
        "ticker": ticker,
        "points": points,
        "metrics": orjson.dumps([str(kind) for kind in MetricKind]).decode(),
        "now": now,
        "expires": expires,
    }
    row = conn.execute(_START, values).one()
    return row.snapshot, row.snapshot_hash, row.seq, row.ended


def add_metric(
    conn: Connection,
    run_id: UUID,
    *,
    session_id: UUID,
    analysis_id: UUID,
    ticker: str,
    metric: MetricKind,
    snapshot_hash: str,
) -> None:
    """Note what a run is for."""
    statement = sql(
        "insert into portfolio_metrics (run_id, session_id, analysis_id, ticker, metric, snapshot_hash) "
        "values (:run, :session, :analysis, :ticker, :metric, :hash)"
    )
    values = {"run": run_id, "session": session_id, "analysis": analysis_id, "ticker": ticker}
    conn.execute(statement, {**values, "metric": str(metric), "hash": snapshot_hash})


def cancel_analysis(conn: Connection, session_id: UUID, reason: str) -> UUID | None:
    """End the analysis that is under way in a session that is locked; None where none is."""
    row = conn.execute(_CANCEL, {"id": session_id, "reason": reason}).one_or_none()
    return None if row is None else row.id


def end_processes(conn: Connection, session_id: UUID, by: str) -> None:
    """Tell the workers, as this transaction commits, to kill the processes of the session's runs; `by` is who asks."""
    statement = sql(
        "select pg_notify('run_cancel', run_id || '\\:cancelled by ' || cast(:by as text)) from portfolio_metrics "
        "where session_id = :id and status is null"
    )
    conn.execute(statement, {"id": session_id, "by": by[:LONGEST_NAME]})


def open_runs(conn: Connection, session_id: UUID, *, but: UUID | None = None) -> list[UUID]:
    """Return the runs of a session that have not ended, but for those of one analysis."""
    statement = sql(
        "select run_id from portfolio_metrics where session_id = :id and status is null "
        "and analysis_id is distinct from :but"
    )
    return list(conn.execute(statement, {"id": session_id, "but": but}).scalars())


def stray_runs(conn: Connection) -> list[UUID]:
    """Return runs that have not ended of analyses that are not under way, or whose session is gone."""
    statement = sql("""
        select m.run_id from portfolio_metrics m left join portfolio_sessions s on s.id = m.session_id
        left join portfolio_analyses a on a.id = m.analysis_id
        where m.status is null
            and (s.id is null or s.analysis_id is distinct from m.analysis_id or a.status <> 'RUNNING')""")
    return list(conn.execute(statement).scalars())


def list_messages(conn: Connection, session_id: UUID, after: int, *, limit: int) -> list[Message]:
    """Return the messages beyond number `after`, in their order."""
    statement = sql(
        "select number, type, body, at from portfolio_messages where session_id = :id and number > :after "
        "order by number limit :limit"
    )
    rows = conn.execute(statement, {"id": session_id, "after": after, "limit": limit})
    return [Message(row.number, MessageType(row.type), row.body, row.at) for row in rows]


def read_messages(
    conn: Connection, session_id: UUID, after: int, *, now: datetime, limit: int
) -> tuple[str, list[Message]] | None:
    """Return whose session it is and its messages beyond number `after`, in one statement; None where it is gone."""
    statement = sql("""
        select u.name as owner, m.number, m.type, m.body, m.at from portfolio_sessions s
        join users u on u.id = s.user_id
        left join portfolio_messages m on m.session_id = s.id and m.number > :after
        where s.id = :id and s.expires_at > :now order by m.number limit :limit""")
    rows = conn.execute(statement, {"id": session_id, "after": after, "now": now, "limit": limit}).all()
    if not rows:
        return None
    found = [Message(r.number, MessageType(r.type), r.body, r.at) for r in rows if r.number is not None]
    return str(rows[0].owner), found


def get_analysis(conn: Connection, analysis_id: UUID) -> Analysis | None:
    """Return an analysis with its metrics, or None."""
    row = conn.execute(sql(f"{_ANALYSIS}where a.id = :id"), {"id": analysis_id}).mappings().one_or_none()
    return None if row is None else _to_analysis(row)


def list_analyses(conn: Connection, session_id: UUID, *, limit: int) -> list[Analysis]:
    """Return the newest analyses of a session."""
    statement = sql(f"{_ANALYSIS}where a.session_id = :id order by a.started_at desc limit :limit")
    return [_to_analysis(row) for row in conn.execute(statement, {"id": session_id, "limit": limit}).mappings()]


def get_snapshot(conn: Connection, session_id: UUID, analysis_id: UUID) -> str | None:
    """Return the text of a snapshot, whose SHA-256 is its hash; None where there is none."""
    statement = sql(
        "select cast(snapshot as text) from portfolio_analyses where id = :analysis and session_id = :session"
    )
    return conn.execute(statement, {"analysis": analysis_id, "session": session_id}).scalar_one_or_none()


def analysis_of_run(conn: Connection, run_id: UUID) -> RunOfAnalysis | None:
    """Return what a run is for; None where it is no metric of an analysis."""
    statement = sql("""
        select m.session_id, m.analysis_id, m.ticker, m.metric, m.snapshot_hash, s.id is not null as there
        from portfolio_metrics m left join portfolio_sessions s on s.id = m.session_id where m.run_id = :run""")
    row = conn.execute(statement, {"run": run_id}).one_or_none()
    if row is None:
        return None
    kind = MetricKind(row.metric)
    return RunOfAnalysis(row.session_id, row.analysis_id, row.ticker, kind, row.snapshot_hash, row.there)


def untold_sessions(conn: Connection, step: int, *, now: datetime, limit: int, wait: bool) -> list[UUID]:
    """Lock sessions that have not been told of this step of the market, and return their ids.

    Without `wait`, sessions that others have locked are passed over: two that each wait for the other's never meet.
    """
    statement = sql(
        "select id from portfolio_sessions where market_step is distinct from :step and expires_at > :now "
        f"order by id limit :limit for update{'' if wait else ' skip locked'}"
    )
    return list(conn.execute(statement, {"step": step, "now": now, "limit": limit}).scalars())


def say_market(conn: Connection, ids: Sequence[UUID], step: int) -> None:
    """Tell sessions that are locked what they are worth now; their market update before this one is dropped."""
    conn.execute(_SAY_MARKET, {"ids": list(ids), "step": step})


def retell_market(conn: Connection) -> None:
    """Have every session told again at this step: something other than the prices has changed."""
    conn.execute(sql("update portfolio_sessions set market_step = null"))


def held_tickers(conn: Connection, now: datetime) -> list[str]:
    """Return every ticker that a session holds, in order."""
    statement = sql(
        "select distinct e.item->>'ticker' as ticker from portfolio_sessions s "
        "cross join jsonb_array_elements(s.holdings) e(item) where s.expires_at > :now order by 1"
    )
    return list(conn.execute(statement, {"now": now}).scalars())


def any_session(conn: Connection, now: datetime) -> bool:
    """Return whether there is a session."""
    statement = sql("select exists (select 1 from portfolio_sessions where expires_at > :now)")
    return bool(conn.execute(statement, {"now": now}).scalar_one())


def delete_session(conn: Connection, session_id: UUID) -> bool:
    """Delete a session with what hangs on it; its runs stay. Whether there was one."""
    return bool(conn.execute(sql("delete from portfolio_sessions where id = :id"), {"id": session_id}).rowcount)


def delete_expired(conn: Connection, now: datetime, *, limit: int) -> list[UUID]:
    """Delete sessions whose time is over, with what hangs on them, and return their ids; locked ones another time."""
    statement = sql("""
        delete from portfolio_sessions where id in (
            select id from portfolio_sessions where expires_at <= :now order by expires_at limit :limit
            for update skip locked
        ) returning id""")
    return list(conn.execute(statement, {"now": now, "limit": limit}).scalars())


def _rows(holdings: Sequence[Holding]) -> str:
    return orjson.dumps([holding.as_dict() for holding in holdings]).decode()


def _to_analysis(row: RowMapping) -> Analysis:
    order = list(MetricKind)
    metrics = [
        Metric(MetricKind(m["kind"]), UUID(m["run_id"]), m["status"], m["number"])
        for m in sorted(row["metrics"], key=lambda m: order.index(MetricKind(m["kind"])))
    ]
    return Analysis(**{**row, "status": AnalysisStatus(row["status"]), "metrics": tuple(metrics)})
