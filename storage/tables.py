"""The tables, as the newest migration leaves them.

Chosen: SQLAlchemy Core, because storage returns the contract's nouns and never rows; columns for what the
application asks about, JSONB for what is searched inside, and plain JSON where the order of keys is part of the
content (a manifest's inputs, a result), because JSONB forgets it.
Left out: procrastinate's tables, which are procrastinate's.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    cast,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON, JSONB

metadata = MetaData()


def _now() -> Column[object]:
    return Column("created_at", DateTime(timezone=True), server_default=func.now(), nullable=False)


users = Table(
    "users",
    metadata,
    Column("id", Integer, Identity(), primary_key=True),
    Column("name", Text, unique=True, nullable=False),
    _now(),
    Column("role", Text),
    Column("role_source", Text),
    Column("email", Text),
    Column("subject", Text, unique=True),
    Column("teams", ARRAY(Text), nullable=False, server_default="{}"),
    Column("signed_in_at", DateTime(timezone=True)),
    Column("last_seen_at", DateTime(timezone=True)),
    Column("disabled_at", DateTime(timezone=True)),
    CheckConstraint("role in ('viewer', 'analyst', 'author', 'administrator')", name="users_role"),
)

# What programs sign in with: of a token only the SHA-256 is here, and its first letters to tell it from others.
api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("hash", LargeBinary, unique=True, nullable=False),
    Column("hint", Text, nullable=False),
    Column("scope", Text, nullable=False),
    _now(),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("last_used_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
    CheckConstraint("scope in ('read', 'run', 'register', 'administer')", name="api_tokens_scope"),
)
Index("api_tokens_by_user", api_tokens.c.user_id)

# Who did what, in order; a trigger refuses every change of it but another row.
audit_log = Table(
    "audit_log",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", JSON, nullable=False),
    Column("previous_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
)

blobs = Table(
    "blobs",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
    _now(),
)

apps = Table(
    "apps",
    metadata,
    Column("id", Integer, Identity(), primary_key=True),
    Column("slug", Text, unique=True, nullable=False),
    Column("source", JSONB, nullable=False),
    Column("current_version", Text),
    Column("archived_at", DateTime(timezone=True)),
    _now(),
    Column("owner_id", ForeignKey("users.id")),
    Column("hidden_at", DateTime(timezone=True)),
    Column("archived_by", ForeignKey("users.id")),
)
# Two repositories, or two folders of one, are never one model.
Index(
    "apps_source",
    text("(source->>'identity')"),
    unique=True,
    postgresql_where=text("source->>'identity' is not null"),
    _table=apps,
)

# The packages that versions need beyond the standard set, with exact versions and hashes.
package_locks = Table(
    "package_locks",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("lock", JSONB, nullable=False),
    _now(),
)

versions = Table(
    "versions",
    metadata,
    Column("app_id", ForeignKey("apps.id"), primary_key=True),
    Column("hash", Text, primary_key=True),
    Column("manifest", JSON, nullable=False),
    Column("cases", JSON, nullable=False, server_default=text("'[]'")),
    Column("label", Text),
    Column("git_commit", Text),
    Column("archive", ForeignKey("blobs.hash"), nullable=False),
    Column("readme", Text),
    Column("checks", JSONB, nullable=False, server_default=text("'{}'")),
    Column("created_by", ForeignKey("users.id"), nullable=False),
    _now(),
    Column("source", JSONB, nullable=False, server_default=text("'{}'")),
    Column("package_lock", ForeignKey("package_locks.hash")),
)

# Models that are being registered: their files while they are checked, and what was found. No version before it is
# published.
registrations = Table(
    "registrations",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("slug", Text, nullable=False),
    Column("app_id", ForeignKey("apps.id")),
    Column("version", Text, nullable=False),
    Column("source", JSONB, nullable=False),
    Column("git_commit", Text),
    Column("archive", LargeBinary, nullable=False),
    Column("manifest", JSON),
    Column("status", Text, nullable=False),
    Column("checks", JSON, nullable=False, server_default=text("'[]'")),
    Column("seq", Integer, nullable=False, server_default="0"),
    Column("created_by", ForeignKey("users.id"), nullable=False),
    _now(),
    Column("checked_at", DateTime(timezone=True)),
    Column("published_at", DateTime(timezone=True)),
    Column("package_lock", ForeignKey("package_locks.hash")),
    CheckConstraint("status in ('CHECKING', 'READY', 'REFUSED', 'PUBLISHED')", name="registrations_status"),
)
Index("registrations_newest", registrations.c.created_at.desc())

# What an administrator allowed a model to reach and to know.
grants = Table(
    "grants",
    metadata,
    Column("app_id", ForeignKey("apps.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("granted_by", ForeignKey("users.id"), nullable=False),
    Column("granted_at", DateTime(timezone=True), server_default=func.now(), nullable=False),
    CheckConstraint("kind in ('host', 'secret', 'private host')", name="grants_kind"),
)

# Values of secrets, encrypted under a key that the environment holds and the database does not.
secrets = Table(
    "secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("set_by", ForeignKey("users.id"), nullable=False),
    Column("set_at", DateTime(timezone=True), server_default=func.now(), nullable=False),
    CheckConstraint("value like 'fernet:%'", name="secrets_encrypted"),
)

# The models that a user has starred.
favourites = Table(
    "favourites",
    metadata,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("app_id", ForeignKey("apps.id"), primary_key=True),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("app_id", Integer, nullable=False),
    Column("version", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("inputs", JSONB, nullable=False),
    Column("digest", Text, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("queued_at", DateTime(timezone=True), server_default=func.clock_timestamp(), nullable=False),
    Column("started_at", DateTime(timezone=True)),
    Column("finished_at", DateTime(timezone=True)),
    Column("reason", Text),
    Column("problems", JSONB),
    Column("traceback", Text),
    Column("warnings", JSONB),
    Column("progress", Double),
    Column("message", Text),
    Column("log", Text),
    Column("seq", Integer, nullable=False, server_default="0"),
    Column("attempt", SmallInteger, nullable=False, server_default="0"),
    Column("priority", SmallInteger, nullable=False, server_default="0"),
    Column("rank", Integer, nullable=False, server_default="0"),
    Column("on_hold", Boolean, nullable=False, server_default=text("false")),
    Column("peak_memory", BigInteger),
    Column("cpu_seconds", Double),
    Column("worker", Text),
    Column("environment", JSONB),
    Column("reused_from", ForeignKey("runs.id")),
    Column("superseded_by", Uuid),
    Column("cancel_requested", Boolean, nullable=False, server_default=text("false")),
    Column("cancelled_by", ForeignKey("users.id")),
    Column("batch", Uuid),
    Column("submission_key", Text),
    Column("job_id", BigInteger),
    Column("visibility", Text, nullable=False, server_default="team"),
    Column("origin_kind", Text),
    Column("origin", ForeignKey("runs.id", name="runs_origin_fkey", ondelete="SET NULL")),
    CheckConstraint("visibility in ('private', 'team', 'public')", name="runs_visibility"),
    CheckConstraint("origin_kind in ('edited', 'replay')", name="runs_origin_kind"),
    CheckConstraint("origin is null or (origin_kind is not null and origin <> id)", name="runs_origin"),
    ForeignKeyConstraint(["app_id", "version"], ["versions.app_id", "versions.hash"]),
    UniqueConstraint("user_id", "submission_key", name="runs_submission_key"),
)
Index("runs_newest", runs.c.queued_at.desc(), runs.c.id.desc())
Index("runs_by_app", runs.c.app_id, runs.c.queued_at.desc(), runs.c.id.desc())
Index("runs_by_user", runs.c.user_id, runs.c.queued_at.desc(), runs.c.id.desc())
Index(
    "runs_not_success",
    runs.c.status,
    runs.c.queued_at.desc(),
    runs.c.id.desc(),
    postgresql_where=runs.c.status != "SUCCESS",
)
Index(
    "runs_reusable",
    runs.c.app_id,
    runs.c.version,
    runs.c.digest,
    postgresql_where=(runs.c.status == "SUCCESS") & runs.c.reused_from.is_(None),
)
Index("runs_by_batch", runs.c.batch, postgresql_where=runs.c.batch.is_not(None))
Index("runs_by_origin", runs.c.origin, runs.c.id.desc(), postgresql_where=runs.c.origin.is_not(None))
Index(
    "runs_by_reused",
    runs.c.reused_from,
    runs.c.id.desc(),
    postgresql_where=runs.c.reused_from.is_not(None) & runs.c.batch.is_(None),
)
_waiting = runs.c.status == "PENDING"
Index("runs_waiting", runs.c.priority.desc(), runs.c.rank, runs.c.id, postgresql_where=_waiting)
Index("runs_waiting_by_user", runs.c.user_id, runs.c.priority, runs.c.rank, postgresql_where=_waiting)
Index("runs_on_hold", runs.c.priority.desc(), runs.c.rank, runs.c.id, postgresql_where=_waiting & runs.c.on_hold)
Index(
    "runs_admitted",
    runs.c.user_id,
    runs.c.app_id,
    postgresql_where=runs.c.status.in_(["PENDING", "RUNNING"]) & ~runs.c.on_hold,
)
Index(
    "runs_starting",
    runs.c.app_id,
    runs.c.version,
    runs.c.queued_at.desc(),
    runs.c.id.desc(),
    postgresql_where=runs.c.priority < 0,
)

# Sweeps, sensitivities, goal seeks and analyses of change: `runs.batch` names the group of a run.
run_groups = Table(
    "run_groups",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("app_id", Integer, nullable=False),
    Column("version", Text, nullable=False),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("definition", JSON, nullable=False),
    Column("inputs", JSONB, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text),
    Column("outcome", JSON),
    Column("total", Integer, nullable=False),
    Column("done", Integer, nullable=False, server_default="0"),
    Column("failed", Integer, nullable=False, server_default="0"),
    Column("reused", Integer, nullable=False, server_default="0"),
    Column("growing", Boolean, nullable=False, server_default=text("false")),
    Column("seq", Integer, nullable=False, server_default="0"),
    _now(),
    Column("finished_at", DateTime(timezone=True)),
    Column("cancelled_by", ForeignKey("users.id")),
    Column("visibility", Text, nullable=False, server_default="team"),
    ForeignKeyConstraint(["app_id", "version"], ["versions.app_id", "versions.hash"]),
    CheckConstraint("visibility in ('private', 'team', 'public')", name="run_groups_visibility"),
    CheckConstraint("kind in ('sweep', 'sensitivity', 'seek', 'change', 'upgrade')", name="run_groups_kind"),
    CheckConstraint("status in ('RUNNING', 'FINISHED', 'CANCELLED', 'FAILED')", name="run_groups_status"),
)
Index("run_groups_newest", run_groups.c.created_at.desc(), run_groups.c.id.desc())

# What differs from the group's inputs, and the run that was made of it.
run_group_points = Table(
    "run_group_points",
    metadata,
    Column("group_id", ForeignKey("run_groups.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("version", Text, nullable=False),
    Column("changes", JSONB, nullable=False),
    Column("run_id", Uuid),
    Column("name", Text),
)

# The shares of a group that are worked on side by side, each with the job of the queue that does it.
run_group_lanes = Table(
    "run_group_lanes",
    metadata,
    Column("group_id", ForeignKey("run_groups.id", ondelete="CASCADE"), primary_key=True),
    Column("lane", Integer, primary_key=True),
    Column("job_id", BigInteger),
    Column("losses", SmallInteger, nullable=False, server_default="0"),
)

# The runs whose inputs a group began with: one, or the two of an analysis of change.
run_group_sources = Table(
    "run_group_sources",
    metadata,
    Column("group_id", ForeignKey("run_groups.id", ondelete="CASCADE"), primary_key=True),
    Column("run_id", ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
)
Index("run_group_sources_by_run", run_group_sources.c.run_id, run_group_sources.c.group_id.desc())

# Runs that a second person has signed off.
sign_offs = Table(
    "sign_offs",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("comment", Text, nullable=False),
    _now(),
)

# What a run is found by, in small letters, a line each: model, user, texts among its inputs and the reason of its end.
# Apart from the run, whose row is written again with each change of its status and would take its index entries along.
run_search = Table(
    "run_search",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("words", Text, nullable=False),
)
Index("run_search_words", run_search.c.words, postgresql_using="gin", postgresql_ops={"words": "gin_trgm_ops"})
Index(
    "run_search_ids",
    cast(run_search.c.run_id, Text).label("run_id"),
    postgresql_using="gin",
    postgresql_ops={"run_id": "gin_trgm_ops"},
)

# What people say of runs, beside them: a run never changes. Tags are in small letters.
run_tags = Table(
    "run_tags",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("tag", Text, primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    _now(),
)
Index("run_tags_by_tag", run_tags.c.tag, run_tags.c.run_id)

run_stars = Table(
    "run_stars",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    _now(),
)
Index("run_stars_by_user", run_stars.c.user_id, run_stars.c.run_id)

run_notes = Table(
    "run_notes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("run_id", ForeignKey("runs.id"), nullable=False),
    Column("text", Text, nullable=False),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    _now(),
    Column("edited_at", DateTime(timezone=True)),
)
Index("run_notes_by_run", run_notes.c.run_id, run_notes.c.created_at)

# The run that a model's other runs are compared with.
baselines = Table(
    "baselines",
    metadata,
    Column("app_id", ForeignKey("apps.id"), primary_key=True),
    Column("run_id", ForeignKey("runs.id"), nullable=False),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    _now(),
)

# Searches of the history with a name, in the form of links.
saved_searches = Table(
    "saved_searches",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("query", Text, nullable=False),
    Column("shared", Boolean, nullable=False, server_default=text("false")),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    _now(),
    UniqueConstraint("user_id", "name", name="saved_searches_name"),
)

# Sets of inputs under a name. `name_key` is the name without its capitals.
scenarios = Table(
    "scenarios",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("app_id", Integer, nullable=False),
    Column("version", Text, nullable=False),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("inputs", JSONB, nullable=False),
    Column("visibility", Text, nullable=False, server_default="private"),
    _now(),
    Column("changed_at", DateTime(timezone=True), server_default=func.now(), nullable=False),
    Column("changed_by", ForeignKey("users.id"), nullable=False),
    ForeignKeyConstraint(["app_id", "version"], ["versions.app_id", "versions.hash"]),
    UniqueConstraint("app_id", "user_id", "name_key", name="scenarios_name"),
    CheckConstraint("visibility in ('private', 'team', 'public')", name="scenarios_visibility"),
)

# Who uploaded which content, under which name: a file input may name only what its actor has.
uploads = Table(
    "uploads",
    metadata,
    Column("hash", ForeignKey("blobs.hash"), primary_key=True),
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    _now(),
)

results = Table(
    "results",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("doc", JSON, nullable=False),
    Column("summary", JSONB),
    Column("nulls", JSONB, nullable=False, server_default=text("'{}'")),
)

result_parts = Table(
    "result_parts",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("first_row", BigInteger, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("json_columns", ARRAY(Text), nullable=False, server_default="{}"),
    Column("bytes", LargeBinary, nullable=False),
)

result_files = Table(
    "result_files",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("filename", Text, nullable=False),
    Column("blob", ForeignKey("blobs.hash"), nullable=False),
    Column("size", BigInteger, nullable=False),
)

run_events = Table(
    "run_events",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("at", DateTime(timezone=True), server_default=func.clock_timestamp(), nullable=False),
)

run_partials = Table(
    "run_partials",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("shown", JSON, nullable=False),
)

# Addresses that are told when a user's runs have ended, and each message to them.
webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("app_id", ForeignKey("apps.id")),
    _now(),
    Column("disabled_at", DateTime(timezone=True)),
)
Index("webhooks_by_user", webhooks.c.user_id)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("webhook_id", ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("run_id", ForeignKey("runs.id")),
    Column("event", Text, nullable=False),
    Column("status", Text, nullable=False, server_default="waiting"),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("next_attempt_at", DateTime(timezone=True), server_default=func.now()),
    Column("answered", Integer),
    Column("error", Text),
    _now(),
    Column("ended_at", DateTime(timezone=True)),
)
Index(
    "webhook_deliveries_newest",
    webhook_deliveries.c.webhook_id,
    webhook_deliveries.c.created_at.desc(),
    webhook_deliveries.c.id.desc(),
)
Index(
    "webhook_deliveries_due",
    webhook_deliveries.c.next_attempt_at,
    postgresql_where=webhook_deliveries.c.status == "waiting",
)

# Queries of the explorer by their names, for everybody who may use it.
saved_queries = Table(
    "saved_queries",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, unique=True, nullable=False),
    Column("sql", Text, nullable=False),
    Column("created_by", ForeignKey("users.id"), nullable=False),
    _now(),
)

# Portfolio sessions. `seq` is the number of the newest message; `market_number` that of the newest market update.
portfolio_sessions = Table(
    "portfolio_sessions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("cash", Double, nullable=False),
    Column("holdings", JSONB, nullable=False),
    Column("seq", BigInteger, nullable=False, server_default="0"),
    Column("analysis_id", Uuid),
    Column("market_step", BigInteger),
    Column("market_number", BigInteger),
    _now(),
    Column("active_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
)
Index("portfolio_sessions_by_user", portfolio_sessions.c.user_id, portfolio_sessions.c.active_at.desc())
Index("portfolio_sessions_expiry", portfolio_sessions.c.expires_at)

portfolio_messages = Table(
    "portfolio_messages",
    metadata,
    Column("session_id", ForeignKey("portfolio_sessions.id", ondelete="CASCADE"), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("type", Text, nullable=False),
    Column("body", JSON, nullable=False),
    Column("at", DateTime(timezone=True), server_default=func.clock_timestamp(), nullable=False),
)

portfolio_analyses = Table(
    "portfolio_analyses",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("session_id", ForeignKey("portfolio_sessions.id", ondelete="CASCADE"), nullable=False),
    Column("ticker", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("snapshot", JSONB, nullable=False),
    Column("snapshot_hash", Text, nullable=False),
    Column("market_step", BigInteger, nullable=False),
    Column("market_as_of", DateTime(timezone=True), nullable=False),
    Column("started_at", DateTime(timezone=True), server_default=func.clock_timestamp(), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    CheckConstraint("status in ('RUNNING', 'COMPLETE', 'CANCELLED')", name="portfolio_analyses_status"),
)
Index("portfolio_analyses_newest", portfolio_analyses.c.session_id, portfolio_analyses.c.started_at.desc())

# Which session, analysis and snapshot a run belongs to; it stays when the session is gone.
portfolio_metrics = Table(
    "portfolio_metrics",
    metadata,
    Column("run_id", ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("session_id", Uuid, nullable=False),
    Column("analysis_id", Uuid, nullable=False),
    Column("ticker", Text, nullable=False),
    Column("metric", Text, nullable=False),
    Column("snapshot_hash", Text, nullable=False),
    Column("status", Text),
    Column("number", BigInteger),
    UniqueConstraint("analysis_id", "metric", name="portfolio_metrics_once"),
)
Index(
    "portfolio_metrics_open",
    portfolio_metrics.c.session_id,
    postgresql_where=portfolio_metrics.c.status.is_(None),
)

# The market: one row with the step that the prices are of, and what is the matter where no newer ones come.
market = Table(
    "market",
    metadata,
    Column("id", Boolean, CheckConstraint("id", name="market_one_row"), primary_key=True),
    Column("step", BigInteger, nullable=False),
    Column("as_of", DateTime(timezone=True)),
    Column("written_at", DateTime(timezone=True)),
    Column("source", Text, nullable=False),
    Column("benchmark", Text, nullable=False),
    Column("problem", Text),
    Column("problem_since", DateTime(timezone=True)),
    Column("tickers", JSONB),
)

market_prices = Table(
    "market_prices",
    metadata,
    Column("ticker", Text, primary_key=True),
    Column("price", Double, nullable=False),
    Column("previous", Double),
    Column("at", DateTime(timezone=True), nullable=False),
    CheckConstraint("price > 0 and price < 'infinity'", name="market_prices_positive"),
)

market_history = Table(
    "market_history",
    metadata,
    Column("ticker", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("price", Double, nullable=False),
)
Index("market_history_by_day", market_history.c.day)

# Where prices come from, as an administrator has chosen it; without a row they are replayed.
market_source = Table(
    "market_source",
    metadata,
    Column("id", Boolean, CheckConstraint("id", name="market_source_one_row"), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("options", JSONB, nullable=False),
    Column("set_by", ForeignKey("users.id"), nullable=False),
    Column("set_at", DateTime(timezone=True), server_default=func.now(), nullable=False),
    CheckConstraint("kind in ('replay', 'random_walk', 'http')", name="market_source_kind"),
)

# Which release of a component wrote its own tables: its later migrations start from there.
components = Table(
    "components",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", Text, nullable=False),
)

workers = Table(
    "workers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("tier", Text, nullable=False),
    Column("concurrency", Integer, nullable=False),
    Column("environment", JSONB, nullable=False),
    Column("started_at", DateTime(timezone=True), server_default=func.now(), nullable=False),
    Column("heartbeat_at", DateTime(timezone=True), server_default=func.now(), nullable=False),
    Column("stopped_at", DateTime(timezone=True)),
)

# What the AI gateway reported of the one call that a run of a model makes; null where it reported nothing.
gateway_calls = Table(
    "gateway_calls",
    metadata,
    Column("run_id", ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("at", DateTime(timezone=True), server_default=func.now(), nullable=False),
    Column("model", Text, nullable=False),
    Column("input_tokens", BigInteger),
    Column("output_tokens", BigInteger),
    Column("cost", Float),
    Column("failure", Text),
    Index("gateway_calls_by_user", "user_id", "at"),
)

# Explanations of runs: `text_run_id` is the run of a text model that wrote one.
explanations = Table(
    "explanations",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("run_id", ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("text_run_id", ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("created_at", DateTime(timezone=True), server_default=func.now(), nullable=False),
    UniqueConstraint("text_run_id", name="explanations_text_run"),
)
Index("explanations_by_run", explanations.c.run_id, explanations.c.id.desc())
