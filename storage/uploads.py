"""Uploads: who uploaded which content, under which name.

Chosen: a row for each user, content and name; the content itself is a blob, stored once whoever uploads it.
Left out: deletion.
"""

from collections.abc import Collection

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from storage.tables import blobs, uploads


def add_upload(conn: Connection, user_id: int, content_hash: str, name: str, size: int) -> None:
    """Note that the user uploaded this content under this name; uploading it again changes nothing."""
    statement = insert(uploads).values(hash=content_hash, user_id=user_id, name=name, size=size)
    conn.execute(statement.on_conflict_do_nothing())


def list_names(conn: Connection, user_id: int, hashes: Collection[str]) -> set[tuple[str, str]]:
    """Return (hash, name) of each upload of the user among these contents."""
    where = (uploads.c.user_id == user_id, uploads.c.hash.in_(hashes))
    return {(row.hash, row.name) for row in conn.execute(select(uploads.c.hash, uploads.c.name).where(*where))}


def get_sizes(conn: Connection, hashes: Collection[str]) -> dict[str, int]:
    """Return the size in bytes of each of these contents that is stored, by hash."""
    rows = conn.execute(select(blobs.c.hash, blobs.c.size).where(blobs.c.hash.in_(hashes)))
    return {row.hash: row.size for row in rows}
