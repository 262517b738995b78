"""Contents kept by their SHA-256: versions' archives, uploaded files, files that models made.

Chosen: the hash is the key, so that equal contents are stored once and a content can be checked when it is read.
Left out: deletion.
"""

import hashlib

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from contract.errors import BlobError
from storage.tables import blobs


def put_blob(conn: Connection, content: bytes) -> str:
    """Store `content` and return its SHA-256 in hexadecimal."""
    digest = hashlib.sha256(content).hexdigest()
    statement = insert(blobs).values(hash=digest, size=len(content), bytes=content)
    conn.execute(statement.on_conflict_do_nothing())
    return digest


def get_blob(conn: Connection, digest: str) -> bytes:
    """Return the content whose SHA-256 is `digest`.

    Raises:
        BlobError: there is none, or it has been damaged.
    """
    found = conn.execute(select(blobs.c.bytes).where(blobs.c.hash == digest)).scalar_one_or_none()
    if found is None:
        raise BlobError(f"there is no content {digest[:12]}")
    content = bytes(found)
    if hashlib.sha256(content).hexdigest() != digest:
        raise BlobError(f"content {digest[:12]} is damaged")
    return content
