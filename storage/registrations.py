"""Models that are being registered, with the files that are checked and the results so far.

Chosen: each result is announced as a run's progress is, so that pages are woken the same way; a registration that
nobody published is deleted with its files after some days.
Left out: versions, which a registration becomes when it is published.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection, RowMapping

from contract.checks import CheckResult
from contract.registration import Registration, RegistrationStatus
from storage.sql import sql

# ruff: noqa: S608 - statements are put together from words of our own
KEPT_DAYS = 7
_SELECT = """
select r.id, r.slug, r.app_id, r.version, r.source, r.git_commit, r.manifest, r.status, r.checks, r.seq,
       u.name as created_by, r.created_at, r.checked_at, r.published_at, r.package_lock
from registrations r join users u on u.id = r.created_by
"""


def insert_registration(
    conn: Connection,
    registration_id: UUID,
    *,
    slug: str,
    app_id: int | None,
    version: str,
    source: Mapping[str, Any],
    git_commit: str | None,
    archive: bytes,
    user_id: int,
) -> None:
    """Store a model's files to be checked."""
    statement = sql(
        "insert into registrations (id, slug, app_id, version, source, git_commit, archive, status, created_by) "
        "values (:id, :slug, :app, :version, cast(:source as jsonb), :commit, :archive, 'CHECKING', :user)"
    )
    values = {
        "id": registration_id,
        "slug": slug,
        "app": app_id,
        "version": version,
        "source": _json(source),
        "commit": git_commit,
        "archive": archive,
        "user": user_id,
    }
    conn.execute(statement, values)


def get_registration(conn: Connection, registration_id: UUID, *, lock: bool = False) -> Registration | None:
    """Return a registration, locked against others until the transaction ends where `lock` is on; or None."""
    statement = _SELECT + "where r.id = :id" + (" for update of r" if lock else "")
    row = conn.execute(sql(statement), {"id": registration_id}).mappings().one_or_none()
    return None if row is None else _from_row(row)


def list_registrations(conn: Connection, limit: int) -> list[Registration]:
    """Return the newest registrations that are not published."""
    statement = sql(_SELECT + "where r.status <> 'PUBLISHED' order by r.created_at desc limit :limit")
    return [_from_row(row) for row in conn.execute(statement, {"limit": limit}).mappings()]


def get_archive(conn: Connection, registration_id: UUID) -> bytes:
    """Return the packed files of a registration."""
    found = conn.execute(sql("select archive from registrations where id = :id"), {"id": registration_id})
    return bytes(found.scalar_one())


def put_results(conn: Connection, registration_id: UUID, results: Sequence[CheckResult]) -> None:
    """Store the results so far and wake whoever waits."""
    _change(conn, registration_id, results, "", {})


def finish_checks(
    conn: Connection,
    registration_id: UUID,
    results: Sequence[CheckResult],
    *,
    refused: bool,
    manifest: Mapping[str, Any] | None,
    package_lock: str | None = None,
) -> None:
    """Store all results, how the checks ended, and the hash of the lock of the packages that were used."""
    more = {
        "status": "REFUSED" if refused else "READY",
        "manifest": None if manifest is None else _json(manifest),
        "lock": package_lock,
    }
    words = ", status = :status, manifest = cast(:manifest as json), package_lock = :lock, checked_at = now()"
    _change(conn, registration_id, results, words, more)


def mark_published(conn: Connection, registration_id: UUID, app_id: int) -> None:
    """Note that the registration has become a version; its files are the version's now."""
    statement = sql(
        "update registrations set status = 'PUBLISHED', published_at = now(), app_id = :app, archive = '' "
        "where id = :id"
    )
    conn.execute(statement, {"id": registration_id, "app": app_id})


def delete_registration(conn: Connection, registration_id: UUID) -> bool:
    """Delete a registration that is not published and return whether there was one."""
    statement = sql("delete from registrations where id = :id and status <> 'PUBLISHED'")
    return bool(conn.execute(statement, {"id": registration_id}).rowcount)


def delete_old(conn: Connection, days: int = KEPT_DAYS) -> int:
    """Delete registrations that nobody has published within `days`."""
    statement = sql(
        "delete from registrations where status <> 'PUBLISHED' and created_at < now() - make_interval(days => :days)"
    )
    return int(conn.execute(statement, {"days": days}).rowcount)


def _change(
    conn: Connection, registration_id: UUID, results: Sequence[CheckResult], words: str, more: dict[str, Any]
) -> None:
    statement = sql(
        "with changed as (update registrations set checks = cast(:checks as json), seq = seq + 1"
        + words
        + " where id = :id and status = 'CHECKING' returning id, seq) "
        "select pg_notify('run_events', id || ':' || seq) from changed"
    )
    conn.execute(statement, {"id": registration_id, "checks": _json([r.as_dict() for r in results]), **more})


def _json(value: Any) -> str:
    return orjson.dumps(value if isinstance(value, list) else dict(value)).decode()


def _from_row(row: RowMapping) -> Registration:
    checks = tuple(CheckResult.from_dict(stored) for stored in row["checks"])
    return Registration(**{**row, "status": RegistrationStatus(row["status"]), "checks": checks})
