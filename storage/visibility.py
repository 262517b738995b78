"""Which runs somebody may read, as a condition of SQL.

Chosen: a condition in the statement that reads, so that counts, pages and cursors are of what is readable and nothing
else is fetched. A run is its owner's; one of the team is for everybody who shares a team with its owner, and people
without a team are one; a public one is for everybody.
Left out: administrators, who read all runs (`engine.runs.visibility`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from contract.run import Visibility
from storage.sql import sql

# ruff: noqa: S608 - the statements below are put together from these words of our own


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who reads runs: their user's id, and the names of their teams."""

    user_id: int
    teams: tuple[str, ...] = ()


def readable(viewer: Viewer | None, run: str = "r") -> tuple[str, dict[str, Any]]:
    """Return a condition on the run called `run` in a statement, and its parameters; None reads all."""
    if viewer is None:
        return "true", {}
    shared = "m.teams && cast(:viewer_teams as text[])" if viewer.teams else "m.teams = '{}'"
    condition = (
        f"({run}.user_id = :viewer_id or {run}.visibility = 'public' or ({run}.visibility = 'team' and "
        f"{run}.user_id in (select m.id from users m where {shared})))"
    )
    values: dict[str, Any] = {"viewer_id": viewer.user_id}
    if viewer.teams:
        values["viewer_teams"] = list(viewer.teams)
    return condition, values


def owner_and_visibility(conn: Connection, run_id: Any, *, lock: bool = False) -> tuple[str, Visibility] | None:
    """Return whose a run is and who may read it, or None where there is none; for a refusal, and for a change."""
    statement = sql(
        "select u.name, r.visibility from runs r join users u on u.id = r.user_id where r.id = :id"
        + (" for update of r" if lock else "")
    )
    row = conn.execute(statement, {"id": run_id}).one_or_none()
    return None if row is None else (row.name, Visibility(row.visibility))


def list_visibilities(conn: Connection, ids: Sequence[Any], viewer: Viewer | None) -> list[Visibility]:
    """Return who may read these runs, of those that `viewer` may read."""
    condition, values = readable(viewer)
    statement = sql(f"select r.visibility from runs r where r.id = any(:ids) and {condition}")
    return [Visibility(found) for found in conn.execute(statement, {**values, "ids": list(ids)}).scalars()]


def list_readable(conn: Connection, ids: Sequence[Any], app_id: int, viewer: Viewer | None) -> set[Any]:
    """Return those of the runs that are of this model and that `viewer` may read."""
    condition, values = readable(viewer)
    statement = sql(f"select r.id from runs r where r.id = any(:ids) and r.app_id = :app and {condition}")
    return set(conn.execute(statement, {**values, "ids": list(ids), "app": app_id}).scalars())


def set_visibility(conn: Connection, run_id: Any, visibility: Visibility) -> None:
    """Change who may read a run."""
    conn.execute(sql("update runs set visibility = :to where id = :id"), {"id": run_id, "to": visibility})


def result_source(conn: Connection, run_id: Any, viewer: Viewer | None) -> Any | None:
    """Return the run that made the result of this one, itself or the one it reuses; None where it is not readable."""
    condition, values = readable(viewer)
    statement = sql(f"select coalesce(r.reused_from, r.id) from runs r where r.id = :id and {condition}")
    return conn.execute(statement, {**values, "id": run_id}).scalar_one_or_none()
