"""Register models: a checked folder becomes a version, and its reference cases are queued.

Chosen: a version is stored once by content hash; registering an unchanged folder again does nothing.
Left out: git and archives, which bring a folder here by other ways.
"""

from collections.abc import Mapping
from pathlib import Path

from contract.app import Version
from contract.problems import ManifestError, Problem
from engine import queue
from engine.desk import Desk
from registry import check as registry_check
from registry import folder
from storage import apps, blobs, users, versions

SYSTEM = "system"


def register_folders(desk: Desk, root: Path) -> dict[str, list[Problem]]:
    """Register every model folder under `root` under its own name.

    Returns:
        What is wrong with each folder that could not be registered, by folder name; the others are registered.
    """
    wrong: dict[str, list[Problem]] = {}
    if not root.is_dir():
        return {str(root): [Problem(str(root), "there is no such folder", "Set TONTINE_FUNCTIONS.")]}
    for path in sorted(root.iterdir()):
        if path.name.startswith((".", "_")) or not (path / "manifest.json").is_file():
            continue
        try:
            files = folder.read_folder(path)
            register(desk, path.name, files, source={"kind": "local", "path": path.name})
        except ManifestError as error:
            wrong[path.name] = list(error.problems)
    return wrong


def register(
    desk: Desk,
    slug: str,
    files: Mapping[str, bytes],
    *,
    source: Mapping[str, str],
    git_commit: str | None = None,
    user: str = SYSTEM,
) -> Version:
    """Register these files as the current version of the model `slug`.

    Raises:
        ManifestError: with every problem found in the folder.
    """
    hash_ = folder.content_hash(files)
    with desk.database.read() as conn:
        known = apps.app_by_slug(conn, slug)
        version = versions.get_version(conn, known.id, hash_) if known else None
    if known is not None and version is not None and known.current_version == hash_:
        return version
    checked = registry_check.check(files)
    with desk.database.begin() as conn:
        app = apps.put_app(conn, slug, dict(source))
        archive = blobs.put_blob(conn, folder.pack(files))
        stored = versions.put_version(
            conn,
            app_id=app.id,
            hash=checked.hash,
            manifest=dict(checked.manifest.raw),
            cases=checked.raw_cases,
            label=checked.manifest.version,
            git_commit=git_commit,
            archive=archive,
            readme=checked.readme,
            created_by=users.ensure_user(conn, user),
        )
        if any(c.expect for c in checked.cases):
            queue.enqueue_checks(conn, app.id, checked.hash)
    return stored
