"""Uploaded files: kept by content hash, so that a run names them for good and workers on any host find them.

Chosen: the same content is stored once, and who uploaded it under which name is noted beside it. A run may name only
what its actor uploaded, what the run that is being edited named, or a scenario that the actor may read; size and ending
are those of the upload and not what a client says of them.
Left out: reading them. A model gets the file as it is.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any
from uuid import UUID

from contract.actor import Actor
from contract.errors import InputError
from contract.fields import Field
from contract.manifest import Manifest
from contract.problems import Problem
from engine.authorization import Action, require
from engine.processes.context import AppContext
from engine.runs.visibility import viewer_of
from storage import blobs, runs, scenarios, uploads

MEGABYTE = 1_000_000

NAME_BYTES = 255  # that a file's name may have on the file systems we know


def store_upload(context: AppContext, name: str, content: bytes, *, actor: Actor) -> dict[str, Any]:
    """Store an uploaded file and return the value an input of type file takes: its SHA-256, name and size in bytes."""
    require(actor, Action.UPLOAD_FILES)
    stored = file_name(name)
    user_id = context.user_id(actor)
    with context.database.begin() as conn:
        content_hash = blobs.put_blob(conn, content)
        uploads.add_upload(conn, user_id, content_hash, stored, len(content))
    return {"file": content_hash, "name": stored, "size": len(content)}


def check_uploads(
    context: AppContext, manifest: Manifest, inputs: Mapping[str, Any], *, actor: Actor, source: UUID | None = None
) -> dict[str, Any]:
    """Return valid `inputs` with each uploaded file's size as it is stored.

    Args:
        context: the process's application context.
        manifest: of the model's version.
        inputs: as `contract.inputs.validate` returns them.
        actor: who asks.
        source: the run that is being edited, whose files its editor may use again.

    Raises:
        InputError: a file is not the actor's to use, or its ending or size is not allowed; all problems at once.
    """
    require(actor, Action.RUN_MODELS)
    given = {
        key: value
        for key, value in inputs.items()
        if isinstance(value, Mapping) and manifest.inputs[key].type == "file"
    }
    if not given:
        return dict(inputs)
    hashes = {str(value["file"]) for value in given.values()}
    user_id, viewer = context.user_id(actor), viewer_of(context, actor=actor)
    with context.database.read() as conn:
        held = uploads.list_names(conn, user_id, hashes)
        sizes = uploads.get_sizes(conn, hashes)
        edited = runs.get_run(conn, source, viewer=viewer) if source is not None else None
        missing = hashes - {known_hash for known_hash, _ in held}
        held |= scenarios.list_files(conn, missing, viewer=viewer) if missing else set()
    if edited is not None:
        held |= {
            (str(value["file"]), str(value.get("name")))
            for value in edited.inputs.values()
            if isinstance(value, Mapping) and value.get("file") in sizes
        }
    found: dict[str, Any] = {}
    problems: list[Problem] = []
    for key, value in given.items():
        digest, name = str(value["file"]), file_name(str(value["name"]))
        names = sorted(known for known_hash, known in held if known_hash == digest)
        problems += _find_problems(manifest.inputs[key], digest, name, names, sizes.get(digest))
        found[key] = {"file": digest, "name": name, "size": sizes.get(digest)}
    if problems:
        raise InputError(problems)
    return {**inputs, **found}


def _find_problems(field: Field, digest: str, name: str, names: list[str], size: int | None) -> Iterator[Problem]:
    where = f"inputs.{field.key}"
    if size is None or not names:
        # One message for both: whether somebody else has uploaded this content is nobody's business.
        yield Problem(where, f"you have uploaded no file with the hash {digest[:12]}...", "Upload the file.")
        return
    if name not in names:
        known = " or ".join(map(repr, names))
        yield Problem(where, f"the file was uploaded as {known}, not as {name!r}", "Give the name of the upload.")
    if field.accept and PurePath(name).suffix.lower() not in {ending.lower() for ending in field.accept}:
        yield Problem(where, f"{name!r} does not end in {' or '.join(field.accept)}", "Upload a file of that kind.")
    if size > field.max_mb * MEGABYTE:
        text = f"{name} has {size:,} bytes, more than {field.max_mb:g} MB"
        yield Problem(where, text, "Upload a smaller file.")


def file_name(name: str) -> str:
    """Return a name that any host can write an uploaded file under: without folders, of 255 bytes at most."""
    last = re.split(r"[/\\]", name)[-1].replace("\0", "").encode("utf-8", "replace").decode()
    if last in {"", ".", ".."}:
        return "upload"
    path = PurePath(last)
    ending = path.suffix.encode()[: NAME_BYTES // 2].decode(errors="ignore")
    stem = path.name[: len(path.name) - len(path.suffix)]
    return stem.encode()[: NAME_BYTES - len(ending.encode())].decode(errors="ignore") + ending
