"""Locks of packages: each once, however many versions have it, so that any worker installs the same.

Left out: the installed packages, which are folders of each host (`registry.overlays`).
"""

from collections import defaultdict

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from contract.package_lock import PackageLock
from storage.sql import sql
from storage.tables import package_locks

# Those of models that take runs, and of models that are being registered.
_NEEDED = """
with needed as (
select v.package_lock as hash, a.slug from versions v join apps a on a.id = v.app_id
where v.package_lock is not null and (a.archived_at is null or a.archived_by is null)
union select package_lock, slug from registrations
where package_lock is not null and status in ('CHECKING', 'READY')
)
select n.slug, l.lock from needed n join package_locks l on l.hash = n.hash order by n.slug
"""
_UNREFERENCED = """
delete from package_locks l where created_at < now() - interval '1 day'
and not exists (select from versions v where v.package_lock = l.hash)
and not exists (select from registrations r where r.package_lock = l.hash)
"""


def put_lock(conn: Connection, lock: PackageLock) -> str:
    """Store a lock where it is not there and return its hash."""
    conn.execute(insert(package_locks).values(hash=lock.hash, lock=lock.as_dict()).on_conflict_do_nothing())
    return lock.hash


def get_lock(conn: Connection, hash: str) -> PackageLock | None:  # noqa: A002 - the contract's word
    """Return the lock with this hash, or None."""
    found = conn.execute(select(package_locks.c.lock).where(package_locks.c.hash == hash)).scalar_one_or_none()
    return None if found is None else PackageLock.from_dict(found)


def models_by_lock(conn: Connection) -> dict[str, list[str]]:
    """Return the names of the models that may run with each set of packages that is installed, by its lock's hash."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in conn.execute(sql(_NEEDED)):
        for part in PackageLock.from_dict(row.lock).parts:
            if row.slug not in found[part.hash]:
                found[part.hash].append(row.slug)
    return dict(found)


def delete_unreferenced(conn: Connection) -> int:
    """Delete the locks that nothing refers to any more."""
    return int(conn.execute(sql(_UNREFERENCED)).rowcount)
