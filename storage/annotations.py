"""Tags, stars and notes of runs, and the baseline of each model, all in tables of their own.

Chosen: what is done twice changes nothing, so that who was first and when stays; a note is its author's alone.
Left out: whether they may be changed, which the engine decides.
"""

from collections.abc import Sequence
from uuid import UUID

import uuid_utils.compat as uuids
from sqlalchemy import Connection

from contract.annotation import Annotations, Baseline, Note, Star, Tag
from storage.sql import sql
from storage.visibility import Viewer, readable


def add_tag(conn: Connection, run_id: UUID, tag: str, user_id: int) -> None:
    """Tag a run; a tag that it has stays as it is."""
    statement = sql("insert into run_tags (run_id, tag, user_id) values (:run, :tag, :user) on conflict do nothing")
    conn.execute(statement, {"run": run_id, "tag": tag, "user": user_id})


def count_tags(conn: Connection, run_id: UUID) -> int:
    """Return how many tags a run has."""
    return int(conn.execute(sql("select count(*) from run_tags where run_id = :run"), {"run": run_id}).scalar_one())


def remove_tag(conn: Connection, run_id: UUID, tag: str) -> None:
    """Take a tag from a run."""
    conn.execute(sql("delete from run_tags where run_id = :run and tag = :tag"), {"run": run_id, "tag": tag})


def set_star(conn: Connection, run_id: UUID, user_id: int, *, starred: bool) -> None:
    """Star a run for a user, or take the star back."""
    add = "insert into run_stars (run_id, user_id) values (:run, :user) on conflict do nothing"
    remove = "delete from run_stars where run_id = :run and user_id = :user"
    conn.execute(sql(add if starred else remove), {"run": run_id, "user": user_id})


def add_note(conn: Connection, run_id: UUID, text: str, user_id: int) -> UUID:
    """Add a note to a run and return its id."""
    note_id = uuids.uuid7()
    statement = sql("insert into run_notes (id, run_id, text, user_id) values (:id, :run, :text, :user)")
    conn.execute(statement, {"id": note_id, "run": run_id, "text": text, "user": user_id})
    return note_id


def edit_note(conn: Connection, run_id: UUID, note_id: UUID, text: str, user_id: int) -> bool:
    """Change a user's own note of a run; say whether there is such a one."""
    statement = sql(
        "update run_notes set text = :text, edited_at = now() "
        "where id = :id and run_id = :run and user_id = :user returning id"
    )
    values = {"id": note_id, "run": run_id, "text": text, "user": user_id}
    return conn.execute(statement, values).one_or_none() is not None


def remove_note(conn: Connection, run_id: UUID, note_id: UUID, user_id: int) -> bool:
    """Remove a user's own note of a run; say whether there was such a one."""
    statement = sql("delete from run_notes where id = :id and run_id = :run and user_id = :user returning id")
    return conn.execute(statement, {"id": note_id, "run": run_id, "user": user_id}).one_or_none() is not None


def set_baseline(conn: Connection, app_id: int, run_id: UUID, user_id: int) -> None:
    """Make a run its model's baseline, in place of the one before; that it is already changes nothing."""
    statement = sql(
        "insert into baselines (app_id, run_id, user_id) values (:app, :run, :user) "
        "on conflict (app_id) do update set run_id = excluded.run_id, user_id = excluded.user_id, created_at = now() "
        "where baselines.run_id <> excluded.run_id"
    )
    conn.execute(statement, {"app": app_id, "run": run_id, "user": user_id})


def remove_baseline(conn: Connection, app_id: int, run_id: UUID) -> None:
    """Leave a model without a baseline, where this run is it."""
    conn.execute(sql("delete from baselines where app_id = :app and run_id = :run"), {"app": app_id, "run": run_id})


def get_baseline(conn: Connection, app_id: int) -> Baseline | None:
    """Return a model's baseline, or None."""
    statement = sql(
        "select b.app_id, b.run_id, u.name as user_name, b.created_at from baselines b "
        "join users u on u.id = b.user_id where b.app_id = :app"
    )
    row = conn.execute(statement, {"app": app_id}).one_or_none()
    return None if row is None else Baseline(row.app_id, row.run_id, row.user_name, row.created_at)


def read_annotations(conn: Connection, ids: Sequence[UUID], *, viewer: Viewer | None = None) -> dict[UUID, Annotations]:
    """Return what is said of these runs, by run, oldest first; nothing of one that is not for `viewer` to read."""
    of_runs = {"ids": list(ids)}
    if viewer is not None:
        condition, values = readable(viewer)
        reading = sql(f"select r.id from runs r where r.id = any(:ids) and {condition}")  # noqa: S608 - our own words
        of_runs = {"ids": list(conn.execute(reading, {**values, **of_runs}).scalars())}
    tags: dict[UUID, list[Tag]] = {}
    stars: dict[UUID, list[Star]] = {}
    notes: dict[UUID, list[Note]] = {}
    statement = """
        select t.run_id, t.tag, u.name, t.created_at from run_tags t join users u on u.id = t.user_id
        where t.run_id = any(:ids) order by t.created_at, t.tag"""
    for run, tag, user, at in conn.execute(sql(statement), of_runs):
        tags.setdefault(run, []).append(Tag(tag, user, at))
    statement = """
        select t.run_id, u.name, t.created_at from run_stars t join users u on u.id = t.user_id
        where t.run_id = any(:ids) order by t.created_at, u.name"""
    for run, user, at in conn.execute(sql(statement), of_runs):
        stars.setdefault(run, []).append(Star(user, at))
    statement = """
        select n.run_id, n.id, n.text, u.name, n.created_at, n.edited_at from run_notes n
        join users u on u.id = n.user_id where n.run_id = any(:ids) order by n.created_at, n.id"""
    for run, note, text, user, at, edited in conn.execute(sql(statement), of_runs):
        notes.setdefault(run, []).append(Note(note, text, user, at, edited))
    statement = """
        select b.app_id, b.run_id, u.name, b.created_at from baselines b join users u on u.id = b.user_id
        where b.run_id = any(:ids)"""
    pinned = {run: Baseline(app, run, user, at) for app, run, user, at in conn.execute(sql(statement), of_runs)}
    return {
        run: Annotations(
            tuple(tags.get(run, ())), tuple(stars.get(run, ())), tuple(notes.get(run, ())), pinned.get(run)
        )
        for run in ids
    }


def list_tags(conn: Connection, limit: int, *, viewer: Viewer | None = None) -> list[str]:
    """Return the tags of runs that `viewer` may read, the most used first, at most `limit`."""
    condition, values = readable(viewer)
    statement = sql(
        f"select t.tag from run_tags t join runs r on r.id = t.run_id where {condition} "  # noqa: S608 - words of our own
        "group by t.tag order by count(*) desc, t.tag limit :limit"
    )
    return list(conn.execute(statement, {**values, "limit": limit}).scalars())
