"""People: roles and sign-ins of users, API tokens, the visibility of runs, sign-offs, and the audit log.

Runs of the last release are their team's, which is everybody, as they were; those of Tontine itself are public.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSON

revision = "0010"
down_revision = "0009"

# Whoever changes a row of the log by mistake is refused; whoever may drop the trigger is found out by the hashes.
KEEP = """
create function refuse_audit_change() returns trigger language plpgsql as $$
begin
    raise exception 'the audit log is only ever appended to' using errcode = 'insufficient_privilege';
end $$
"""


def upgrade() -> None:
    op.execute("alter table users add role text, add role_source text, add email text, add subject text unique")
    op.execute("alter table users add teams text[] not null default '{}'")
    op.execute(
        "alter table users add signed_in_at timestamptz, add last_seen_at timestamptz, add disabled_at timestamptz"
    )
    op.execute(
        "alter table users add constraint users_role check (role in ('viewer', 'analyst', 'author', 'administrator'))"
    )
    op.execute("alter table runs add visibility text not null default 'team'")
    op.execute("alter table runs add constraint runs_visibility check (visibility in ('private', 'team', 'public'))")
    op.execute("update runs set visibility = 'public' where user_id = (select id from users where name = 'system')")
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("hash", sa.LargeBinary, unique=True, nullable=False),
        sa.Column("hint", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("scope in ('read', 'run', 'register', 'administer')", name="api_tokens_scope"),
    )
    op.create_index("api_tokens_by_user", "api_tokens", ["user_id"])
    op.create_table(
        "sign_offs",
        sa.Column("run_id", sa.Uuid, sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    )
    op.create_table(
        "audit_log",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("detail", JSON, nullable=False),
        sa.Column("previous_hash", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
    )
    op.execute(KEEP)
    op.execute(
        "create trigger audit_log_append_only before update or delete or truncate on audit_log "
        "for each statement execute function refuse_audit_change()"
    )
