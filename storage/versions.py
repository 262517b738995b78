"""Versions of models: never changed, except for the score of their reference cases.

Chosen: the content hash is the identity within a model; the newest registration is the model's current version.
Left out: files. They are in the archive, a blob.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, select, update
from sqlalchemy.dialects.postgresql import insert

from contract.app import Version
from contract.package_lock import PackageLock
from storage.tables import apps, package_locks, users, versions


def put_version(
    conn: Connection,
    *,
    app_id: int,
    hash: str,  # noqa: A002 - the contract's word
    manifest: Mapping[str, Any],
    cases: list[Any],
    archive: str,
    created_by: int,
    label: str | None = None,
    git_commit: str | None = None,
    readme: str | None = None,
    source: Mapping[str, Any] | None = None,
    package_lock: str | None = None,
) -> Version:
    """Store a version and make it the model's current one; storing one again only makes it current.

    `package_lock` is the hash of a lock that is stored already.
    """
    statement = insert(versions).values(
        app_id=app_id,
        hash=hash,
        manifest=dict(manifest),
        cases=cases,
        label=label,
        git_commit=git_commit,
        archive=archive,
        readme=readme,
        created_by=created_by,
        source=dict(source or {}),
        package_lock=package_lock,
    )
    conn.execute(statement.on_conflict_do_nothing())
    conn.execute(
        update(apps).where(apps.c.id == app_id).values(current_version=hash, archived_at=None, archived_by=None)
    )
    found = get_version(conn, app_id, hash)
    assert found is not None
    return found


def get_version(conn: Connection, app_id: int, hash: str) -> Version | None:  # noqa: A002
    """Return a version, by its hash or the first twelve or more digits of it, or None."""
    if len(hash) < 12 or "\0" in hash:
        return None
    matches = versions.c.hash == hash if len(hash) == 64 else versions.c.hash.startswith(hash, autoescape=True)
    return _one_version(conn, versions.c.app_id == app_id, matches)


def list_versions(conn: Connection, app_id: int) -> list[Version]:
    """Return the model's versions, the newest first."""
    order = (versions.c.created_at.desc(), versions.c.hash)
    rows = conn.execute(_SELECT.where(versions.c.app_id == app_id).order_by(*order))
    return [_version_from_row(row) for row in rows.mappings()]


def full_hash(conn: Connection, app_id: int, digits: str) -> str | None:
    """Return the content hash of the model's version that begins with these twelve or more digits, or None."""
    if len(digits) < 12 or "\0" in digits:
        return None
    begins = versions.c.hash.startswith(digits, autoescape=True)
    return conn.execute(
        select(versions.c.hash).where(versions.c.app_id == app_id, begins).limit(1)
    ).scalar_one_or_none()


def get_case_results(conn: Connection, app_id: int, hash: str) -> dict[str, Any]:  # noqa: A002
    """Return the score of the version's reference cases; empty where there is none yet."""
    where = (versions.c.app_id == app_id, versions.c.hash == hash)
    return dict(conn.execute(select(versions.c.checks).where(*where)).scalar_one_or_none() or {})


def put_case_results(conn: Connection, app_id: int, hash: str, checks: Mapping[str, Any]) -> None:  # noqa: A002
    """Keep the score of the version's reference cases."""
    conn.execute(
        update(versions).where(versions.c.app_id == app_id, versions.c.hash == hash).values(checks=dict(checks))
    )


_SELECT = (
    select(versions, users.c.name.label("user"), package_locks.c.lock)
    .join(users, users.c.id == versions.c.created_by)
    .outerjoin(package_locks, package_locks.c.hash == versions.c.package_lock)
)


def _one_version(conn: Connection, *where: Any) -> Version | None:
    row = conn.execute(_SELECT.where(*where).limit(1)).mappings().one_or_none()
    return None if row is None else _version_from_row(row)


def _version_from_row(row: RowMapping) -> Version:
    return Version(
        app_id=row["app_id"],
        hash=row["hash"],
        manifest=row["manifest"],
        cases=row["cases"],
        archive=row["archive"],
        created_at=row["created_at"],
        label=row["label"],
        git_commit=row["git_commit"],
        readme=row["readme"],
        created_by=row["user"],
        source=row["source"],
        lock=None if row["lock"] is None else PackageLock.from_dict(row["lock"]),
    )
