"""Runs of models' starting inputs, which the system asks for when a version is registered.

Chosen: ordinary runs of the user `SYSTEM`, so that each has a link and its result is reused for equal inputs; the
newest that succeeded is the one to show, also where a model's results are random. Their priority is below 0, by which a
small index finds them among a million.
Left out: asking for them, which is `engine.models.starting_runs`.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection

from contract.run import Run, Status
from storage.runs import SELECT, run_from_row
from storage.sql import sql
from storage.users import SYSTEM


def find_starting_run(conn: Connection, app_id: int, version: str, *, going_on: bool = False) -> Run | None:
    """Return the newest successful run of the version's starting inputs, or the newest that waits or runs, or None."""
    where = """where r.id = (select id from runs where app_id = :app and version = :version and priority < 0
        and user_id = (select id from users where name = :system) and status = any(:statuses)
        order by queued_at desc, id desc limit 1)"""
    statuses = [Status.PENDING, Status.RUNNING] if going_on else [Status.SUCCESS]
    values = {"system": SYSTEM, "app": app_id, "version": version, "statuses": [str(status) for status in statuses]}
    row = conn.execute(sql(SELECT + where), values).mappings().one_or_none()
    return None if row is None else run_from_row(row)


def list_starting_runs(conn: Connection) -> dict[int, UUID]:
    """Return, by model, the newest successful run of the starting inputs of its current version."""
    statement = sql("""
        select distinct on (r.app_id) r.app_id, r.id
        from runs r join apps a on a.id = r.app_id and a.current_version = r.version
        where r.priority < 0 and r.user_id = (select id from users where name = :system) and r.status = 'SUCCESS'
        order by r.app_id, r.queued_at desc, r.id desc""")
    return {row.app_id: row.id for row in conn.execute(statement, {"system": SYSTEM})}


def apps_without_starting_run(conn: Connection) -> Sequence[int]:
    """Return the ids of the catalogue's models whose current version has never had a run of its starting inputs."""
    statement = sql("""
        select a.id from apps a where a.archived_at is null and a.current_version is not null and not exists (
            select 1 from runs r where r.app_id = a.id and r.version = a.current_version and r.priority < 0
            and r.user_id = (select id from users where name = :system))
        order by a.id""")
    return conn.execute(statement, {"system": SYSTEM}).scalars().all()
