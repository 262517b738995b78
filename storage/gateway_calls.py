"""What the AI gateway reported of the calls that runs made, by run.

Chosen: one row a run, because a run of such a model makes one call; what was not reported stays null and is counted.
Left out: the cap, which is `engine.gateway.spending`.
"""

from uuid import UUID

from sqlalchemy import Connection

from contract.gateway import Spending, Usage
from storage.sql import sql
from storage.visibility import Viewer, readable

# ruff: noqa: S608 - the statements below are put together from these words of our own
# A day is a day of UTC everywhere.
_TODAY = "at >= date_trunc('day', now() at time zone 'UTC') at time zone 'UTC'"
_SUMS = """count(*) as calls, count(*) filter (where cost is null) as unknown,
    coalesce(sum(input_tokens), 0) as input_tokens, coalesce(sum(output_tokens), 0) as output_tokens,
    coalesce(sum(cost), 0) as cost"""


def record_call(conn: Connection, run_id: UUID, usage: Usage) -> None:
    """Keep what the gateway reported of a run's call, for the user whose run it is."""
    statement = sql("""
        insert into gateway_calls (run_id, user_id, model, input_tokens, output_tokens, cost, failure)
        select id, user_id, :model, :input_tokens, :output_tokens, :cost, :failure from runs where id = :id
        on conflict (run_id) do nothing""")
    conn.execute(
        statement,
        {
            "id": run_id,
            "model": usage.model,
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cost": usage.cost,
            "failure": usage.failure,
        },
    )


def spent_today(conn: Connection, user: str) -> float:
    """Return the US dollars that a user's calls of today have cost, as far as the gateway said."""
    statement = sql(
        "select coalesce(sum(c.cost), 0) from gateway_calls c join users u on u.id = c.user_id "
        f"where u.name = :user and c.{_TODAY}"
    )
    return float(conn.execute(statement, {"user": user}).scalar_one())


def sum_by_model(conn: Connection, user_id: int | None = None) -> list[Spending]:
    """Return the sums by the provider's model, the dearest first, of one user's calls or of all."""
    return _sums(conn, "model", "", user_id)


def sum_by_user_today(conn: Connection, user_id: int | None = None) -> list[Spending]:
    """Return today's sums by user, the dearest first, of one user or of all."""
    return _sums(conn, "(select u.name from users u where u.id = user_id)", f"and {_TODAY}", user_id)


def _sums(conn: Connection, name: str, condition: str, user_id: int | None) -> list[Spending]:
    statement = sql(
        f"select {name} as name, {_SUMS} from gateway_calls "
        f"where (cast(:user as integer) is null or user_id = :user) {condition} "
        "group by 1 order by cost desc, calls desc, 1 limit 200"
    )
    return [
        Spending(r.name, r.calls, r.unknown, int(r.input_tokens), int(r.output_tokens), float(r.cost))
        for r in conn.execute(statement, {"user": user_id})
    ]


def newest_model_list(conn: Connection, slug: str, *, viewer: Viewer | None = None) -> UUID | None:
    """Return the newest run of a model that listed the gateway's models, of those that `viewer` may read."""
    condition, values = readable(viewer)
    statement = sql(
        "select r.id from runs r join apps a on a.id = r.app_id where a.slug = :slug and r.status = 'SUCCESS' "
        f"and r.inputs->>'action' = 'list' and {condition} order by r.id desc limit 1"
    )
    found: UUID | None = conn.execute(statement, {**values, "slug": slug}).scalar_one_or_none()
    return found
