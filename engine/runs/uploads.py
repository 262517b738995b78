"""Uploaded files are kept by content hash, so that a run names them for good and workers on any host find them.

Chosen: the same file uploaded twice is stored once.
Left out: reading them. A model gets the file as it is.
"""

import hashlib
import re
from pathlib import PurePath
from typing import Any

from engine.processes.context import AppContext
from storage import blobs

NAME_BYTES = 255  # that a file's name may have on the file systems we know


def store_upload(context: AppContext, name: str, content: bytes) -> dict[str, Any]:
    """Store an uploaded file and return the value an input of type file takes: its SHA-256, name and size in bytes."""
    with context.database.begin() as conn:
        blobs.put_blob(conn, content)
    return {"file": hashlib.sha256(content).hexdigest(), "name": file_name(name), "size": len(content)}


def file_name(name: str) -> str:
    """Return a name that any host can write an uploaded file under: without folders, of 255 bytes at most."""
    last = re.split(r"[/\\]", name)[-1].replace("\0", "").encode("utf-8", "replace").decode()
    if last in {"", ".", ".."}:
        return "upload"
    path = PurePath(last)
    ending = path.suffix.encode()[: NAME_BYTES // 2].decode(errors="ignore")
    stem = path.name[: len(path.name) - len(path.suffix)]
    return stem.encode()[: NAME_BYTES - len(ending.encode())].decode(errors="ignore") + ending
