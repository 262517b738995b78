"""Scenarios: sets of inputs of one model under a name, each one person's.

Chosen: that a person has one of a name for a model is the table's own constraint, on the name without its capitals, so
that two saves at once cannot both succeed; lists are read without the inputs, which may hold long tables.
Left out: whether a scenario may be changed, which the engine decides.
"""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import orjson
import uuid_utils.compat as uuids
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from contract.errors import NameTakenError
from contract.run import Visibility
from contract.scenario import Scenario, name_key
from storage.sql import sql
from storage.visibility import Viewer, readable

# ruff: noqa: S608 - the statements below are put together from words of our own
_SELECT = """
select s.id, s.app_id, a.slug as app_slug, s.version, s.name, u.name as user, s.visibility, s.created_at, s.changed_at,
       c.name as changed_by
from scenarios s join apps a on a.id = s.app_id join users u on u.id = s.user_id join users c on c.id = s.changed_by
"""
_UNIQUE = "scenarios_name"


def insert_scenario(
    conn: Connection,
    *,
    app_id: int,
    version: str,
    user_id: int,
    name: str,
    inputs: Mapping[str, Any],
    visibility: Visibility,
) -> UUID | None:
    """Store a scenario and return its id; None where the person has one of this name for the model."""
    statement = sql(
        "insert into scenarios (id, app_id, version, user_id, name, name_key, inputs, visibility, changed_by) values "
        "(:id, :app, :version, :user, :name, :key, cast(:inputs as jsonb), :visibility, :user) "
        f"on conflict on constraint {_UNIQUE} do nothing returning id"
    )
    values = {"id": uuids.uuid7(), "app": app_id, "version": version, "user": user_id, "name": name}
    values |= {"key": name_key(name), "inputs": _json(inputs), "visibility": str(visibility)}
    stored: UUID | None = conn.execute(statement, values).scalar_one_or_none()
    return stored


def count_scenarios(conn: Connection, app_id: int, user_id: int) -> int:
    """Return how many scenarios a person has for a model."""
    statement = sql("select count(*) from scenarios where app_id = :app and user_id = :user")
    return int(conn.execute(statement, {"app": app_id, "user": user_id}).scalar_one())


def list_scenarios(conn: Connection, app_id: int, user_id: int, *, viewer: Viewer | None, limit: int) -> list[Scenario]:
    """Return the model's scenarios that `viewer` may read, by name, those of `user_id` first."""
    condition, values = readable(viewer, "s")
    statement = sql(
        f"{_SELECT}where s.app_id = :app and {condition} "
        "order by (s.user_id = :user) desc, s.name_key, u.name, s.id limit :limit"
    )
    rows = conn.execute(statement, {**values, "app": app_id, "user": user_id, "limit": limit}).mappings()
    return [_from_row(dict(row)) for row in rows]


def get_scenario(
    conn: Connection, scenario_id: UUID, *, viewer: Viewer | None = None, lock: bool = False
) -> Scenario | None:
    """Return a scenario, or None where there is none or it is not for `viewer` to read."""
    condition, values = readable(viewer, "s")
    statement = sql(f"{_SELECT}where s.id = :id and {condition}" + (" for update of s" if lock else ""))
    row = conn.execute(statement, {**values, "id": scenario_id}).mappings().one_or_none()
    return None if row is None else _from_row(dict(row))


def get_with_inputs(
    conn: Connection, scenario_id: UUID, *, viewer: Viewer | None
) -> tuple[Scenario, dict[str, Any]] | None:
    """Return a scenario with its inputs, or None where there is none or it is not for `viewer` to read."""
    condition, values = readable(viewer, "s")
    statement = sql(
        f"select found.*, i.inputs from ({_SELECT}where s.id = :id and {condition}) found "
        "join scenarios i on i.id = found.id"
    )
    row = conn.execute(statement, {**values, "id": scenario_id}).mappings().one_or_none()
    if row is None:
        return None
    return _from_row({key: value for key, value in row.items() if key != "inputs"}), row["inputs"]


def change_scenario(
    conn: Connection,
    scenario_id: UUID,
    *,
    changed_by: int,
    name: str,
    visibility: Visibility,
    version: str,
    inputs: Mapping[str, Any] | None = None,
) -> None:
    """Change a scenario; without `inputs` those stay.

    Raises:
        NameTakenError: its owner has another one of this name for the model; the transaction is lost.
    """
    statement = sql(
        "update scenarios set name = :name, name_key = :key, visibility = :visibility, version = :version, "
        "inputs = coalesce(cast(:inputs as jsonb), inputs), changed_by = :by, changed_at = clock_timestamp() "
        "where id = :id"
    )
    values = {"id": scenario_id, "name": name, "key": name_key(name), "visibility": str(visibility)}
    values |= {"version": version, "by": changed_by, "inputs": None if inputs is None else _json(inputs)}
    try:
        conn.execute(statement, values)
    except IntegrityError as error:
        if _UNIQUE in str(error.orig):
            raise NameTakenError(name) from error
        raise


def delete_scenario(conn: Connection, scenario_id: UUID) -> None:
    """Delete a scenario; what was run with it stays."""
    conn.execute(sql("delete from scenarios where id = :id"), {"id": scenario_id})


def list_files(conn: Connection, hashes: Collection[str], *, viewer: Viewer | None) -> set[tuple[str, str]]:
    """Return (hash, name) of the uploaded files, among these contents, that scenarios name which `viewer` may read."""
    condition, values = readable(viewer, "s")
    statement = sql(
        "select distinct f.value->>'file' as hash, f.value->>'name' as name from scenarios s, jsonb_each(s.inputs) f "
        f"where jsonb_typeof(f.value) = 'object' and f.value->>'file' = any(:hashes) and {condition}"
    )
    return {(row.hash, row.name) for row in conn.execute(statement, {**values, "hashes": list(hashes)})}


def _json(value: Mapping[str, Any]) -> str:
    return orjson.dumps(dict(value), option=orjson.OPT_NON_STR_KEYS).decode()


def _from_row(row: Mapping[str, Any]) -> Scenario:
    return Scenario(**{**row, "visibility": Visibility(row["visibility"])})
