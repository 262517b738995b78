"""Portfolio sessions, the market's prices, analyses of holdings, and the numbered messages of each session."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSON, JSONB

revision = "0021"
down_revision = "0020"

ENDED = "('SUCCESS', 'FAILED', 'CANCELLED', 'TIMED_OUT')"
# In the transaction that ends the run: no result is lost, none is said twice, and none after its analysis was replaced.
# The session's row is locked first; a statement after that one sees what whoever held it has stored.
ANNOUNCE = """
create function announce_portfolio_metric() returns trigger language plpgsql as $$
declare
    m portfolio_metrics;
    s portfolio_sessions;
    shown json;
    open_metrics bigint;
    last_number bigint;
begin
    select * into m from portfolio_metrics where run_id = new.id;
    if not found then
        return null;
    end if;
    select * into s from portfolio_sessions where id = m.session_id for update;
    if not found or s.analysis_id is distinct from m.analysis_id or not exists (
        select 1 from portfolio_analyses where id = m.analysis_id and status = 'RUNNING'
    ) then
        update portfolio_metrics set status = new.status where run_id = new.id;
        return null;
    end if;
    last_number := s.seq + 1;
    update portfolio_metrics set status = new.status, number = last_number where run_id = new.id and number is null;
    if not found then
        return null;
    end if;
    select doc->'summary' into shown from results where run_id = coalesce(new.reused_from, new.id);
    insert into portfolio_messages (session_id, number, type, body) values (s.id, last_number, 'analysis_result',
        json_build_object('analysis_id', m.analysis_id, 'ticker', m.ticker, 'metric', m.metric, 'run_id', m.run_id,
            'status', new.status, 'reason', new.reason, 'summary', shown, 'snapshot_hash', m.snapshot_hash,
            'url', '/run?id=' || m.run_id));
    select count(*) into open_metrics from portfolio_metrics where analysis_id = m.analysis_id and number is null;
    if open_metrics = 0 then
        last_number := last_number + 1;
        update portfolio_analyses set status = 'COMPLETE', finished_at = clock_timestamp() where id = m.analysis_id;
        insert into portfolio_messages (session_id, number, type, body) values (s.id, last_number, 'analysis_complete',
            json_build_object('analysis_id', m.analysis_id, 'ticker', m.ticker, 'snapshot_hash', m.snapshot_hash));
    end if;
    update portfolio_sessions set seq = last_number where id = s.id;
    perform pg_notify('run_events', s.id || ':' || last_number);
    return null;
end $$
"""


def _time(name: str, *, default: sa.FunctionElement[Any] | None = None, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "portfolio_sessions",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("cash", sa.Double, nullable=False),
        sa.Column("holdings", JSONB, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("analysis_id", sa.Uuid),
        sa.Column("market_step", sa.BigInteger),
        sa.Column("market_number", sa.BigInteger),
        _time("created_at", default=sa.func.now(), nullable=False),
        _time("active_at", nullable=False),
        _time("expires_at", nullable=False),
    )
    op.execute("create index portfolio_sessions_by_user on portfolio_sessions (user_id, active_at desc)")
    op.execute("create index portfolio_sessions_expiry on portfolio_sessions (expires_at)")
    op.create_table(
        "portfolio_messages",
        sa.Column("session_id", sa.Uuid, sa.ForeignKey("portfolio_sessions.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("body", JSON, nullable=False),
        _time("at", default=sa.func.clock_timestamp(), nullable=False),
    )
    op.create_table(
        "portfolio_analyses",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("session_id", sa.Uuid, sa.ForeignKey("portfolio_sessions.id", ondelete="CASCADE"), nullable=False),
        sa.Column("ticker", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("snapshot", JSONB, nullable=False),
        sa.Column("snapshot_hash", sa.Text, nullable=False),
        sa.Column("market_step", sa.BigInteger, nullable=False),
        _time("market_as_of", nullable=False),
        _time("started_at", default=sa.func.clock_timestamp(), nullable=False),
        _time("finished_at"),
        sa.CheckConstraint("status in ('RUNNING', 'COMPLETE', 'CANCELLED')", name="portfolio_analyses_status"),
    )
    op.execute("create index portfolio_analyses_newest on portfolio_analyses (session_id, started_at desc)")
    # Which session, analysis and snapshot a run belongs to; it stays when the session is gone.
    op.create_table(
        "portfolio_metrics",
        sa.Column("run_id", sa.Uuid, sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("session_id", sa.Uuid, nullable=False),
        sa.Column("analysis_id", sa.Uuid, nullable=False),
        sa.Column("ticker", sa.Text, nullable=False),
        sa.Column("metric", sa.Text, nullable=False),
        sa.Column("snapshot_hash", sa.Text, nullable=False),
        sa.Column("status", sa.Text),
        sa.Column("number", sa.BigInteger),
        sa.UniqueConstraint("analysis_id", "metric", name="portfolio_metrics_once"),
    )
    op.execute("create index portfolio_metrics_open on portfolio_metrics (session_id) where status is null")
    op.create_table(
        "market",
        sa.Column("id", sa.Boolean, sa.CheckConstraint("id", name="market_one_row"), primary_key=True),
        sa.Column("step", sa.BigInteger, nullable=False),
        _time("as_of"),
        _time("written_at"),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("benchmark", sa.Text, nullable=False),
        sa.Column("problem", sa.Text),
        _time("problem_since"),
        sa.Column("tickers", JSONB),
    )
    op.create_table(
        "market_prices",
        sa.Column("ticker", sa.Text, primary_key=True),
        sa.Column("price", sa.Double, nullable=False),
        sa.Column("previous", sa.Double),
        _time("at", nullable=False),
        sa.CheckConstraint("price > 0 and price < 'infinity'", name="market_prices_positive"),
    )
    op.create_table(
        "market_history",
        sa.Column("ticker", sa.Text, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("price", sa.Double, nullable=False),
    )
    op.execute("create index market_history_by_day on market_history (day)")
    op.create_table(
        "market_source",
        sa.Column("id", sa.Boolean, sa.CheckConstraint("id", name="market_source_one_row"), primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("options", JSONB, nullable=False),
        sa.Column("set_by", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        _time("set_at", default=sa.func.now(), nullable=False),
        sa.CheckConstraint("kind in ('replay', 'random_walk', 'http')", name="market_source_kind"),
    )
    op.execute(ANNOUNCE)
    op.execute(
        f"create trigger run_ended_for_portfolio after update of status on runs for each row when (new.status in "
        f"{ENDED} and old.status not in {ENDED}) execute function announce_portfolio_metric()"
    )
