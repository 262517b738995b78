"""Uploaded files are kept by content hash, so that a run names them for good and workers on any host find them.

Chosen: the same file uploaded twice is stored once.
Left out: reading them. A model gets the file as it is.
"""

import hashlib
from pathlib import PurePath
from typing import Any

from engine.processes.context import AppContext
from storage import blobs


def store_upload(context: AppContext, name: str, content: bytes) -> dict[str, Any]:
    """Store an uploaded file and return the value an input of type file takes: its SHA-256, name and size in bytes."""
    with context.database.begin() as conn:
        blobs.put_blob(conn, content)
    return {"file": hashlib.sha256(content).hexdigest(), "name": PurePath(name).name[:255], "size": len(content)}
