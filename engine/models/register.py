"""Register models: a checked folder becomes a version; its reference cases and its starting run are queued.

Chosen: a version is stored once by content hash; registering an unchanged folder again does nothing, so that a version
that somebody rolled back to stays the current one until the folder changes.
Left out: models from elsewhere, which are checked first (`engine.models.registration`).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contract.actor import Actor
from contract.app import App, Version
from contract.errors import ProblemsError, RegistrationError
from contract.manifest import Manifest
from contract.package_lock import PackageLock
from contract.problems import Problem
from engine.authorization import Action, require
from engine.models.starting_runs import queue_missing_starting_runs, queue_starting_run
from engine.processes.context import AppContext
from engine.runs import job_queue
from registry import model_files
from registry import validation as registry_check
from registry.requirements import find_missing
from storage import apps, audit, blobs, package_locks, users, versions

# Registered first, so that on a fresh installation they have the ids 1 and 2, where clients of the MCLAVIER Marketplace
# expect its two models.
FIRST = ("mortality", "pricer")
LOCAL = "local"  # the kind of source of a model that comes from the installation's own folder
DEVELOPMENT = "folder"  # of one that comes from a folder that an author works in


def register_folders(context: AppContext, root: Path, *, actor: Actor) -> dict[str, list[Problem]]:
    """Register every model folder under `root` under its own name, and archive the models whose folder is not there.

    An archived model is not in the catalogue; its runs stay, and it comes back when its folder does.

    Returns:
        What is wrong with each folder that could not be registered, by folder name; the others are registered.
    """
    require(actor, Action.REGISTER_MODELS)
    wrong: dict[str, list[Problem]] = {}
    present: list[str] = []
    with context.database.read() as conn:
        closed = apps.closed_slugs(conn)
    if not root.is_dir():
        return {str(root): [Problem(str(root), "there is no such folder", "Set TONTINE_FUNCTIONS.")]}
    for path in sorted(root.iterdir(), key=_registration_order):
        if path.name.startswith((".", "_")) or not (path / "manifest.json").is_file():
            continue
        present.append(path.name)  # one that cannot be registered keeps its last version in the catalogue
        if path.name in closed:
            continue  # somebody has archived it
        try:
            register_folder(context, path, kind=LOCAL, actor=actor)
        except ProblemsError as error:
            wrong[path.name] = list(error.problems)
    with context.database.begin() as conn:
        apps.archive_missing(conn, LOCAL, present)
    queue_missing_starting_runs(context, actor=actor)
    context.folder_problems.update(wrong)
    return wrong


def register_folder(context: AppContext, path: Path, *, kind: str = DEVELOPMENT, actor: Actor) -> bool:
    """Register one folder of this host under its own name; returns whether its current version is another now.

    Raises:
        ManifestError: with every problem found in the folder.
        RegistrationError: another source has registered a model of this name.
    """
    require(actor, Action.REGISTER_MODELS)
    files = model_files.read_folder(path)
    found = model_files.content_hash(files)
    where = path.name if kind == LOCAL else str(path)
    with context.database.read() as conn:
        known = apps.app_by_slug(conn, path.name)
    if known is not None:
        source = known.source
        if (source.get("kind"), source.get("path")) != (kind, where):
            problem = Problem(path.name, f"another model of this name is there, of {known.owner}", "Rename the folder.")
            raise RegistrationError([problem])
        if source.get("folder_hash") == found and not known.archived:
            return False  # nothing has changed since; somebody may have rolled back
    register(context, path.name, files, source={"kind": kind, "path": where, "folder_hash": found}, actor=actor)
    return known is None or known.current_version != found


def _registration_order(path: Path) -> tuple[int, str]:
    return (FIRST.index(path.name) if path.name in FIRST else len(FIRST), path.name)


def register(
    context: AppContext,
    slug: str,
    files: Mapping[str, bytes],
    *,
    source: Mapping[str, str],
    git_commit: str | None = None,
    actor: Actor,
) -> Version:
    """Register these files as the current version of the model `slug`.

    Raises:
        ManifestError: with every problem found in the folder.
        RequirementsError: the packages it asks for cannot be had.
    """
    require(actor, Action.REGISTER_MODELS)
    hash_ = model_files.content_hash(files)
    with context.database.read() as conn:
        known = apps.app_by_slug(conn, slug)
        version = versions.get_version(conn, known.id, hash_) if known else None
    unchanged = known is not None and known.current_version == hash_ and not known.archived
    if known is not None and version is not None and unchanged and dict(known.source) == dict(source):
        return version
    checked = registry_check.validate_model(files)
    lock = _find_lock(context, known, checked.manifest) if version is None else None
    with context.database.begin() as conn:
        user_id = users.get_or_create_user(conn, actor.name)
        app = apps.put_app(conn, slug, dict(source), user_id)
        stored = store_version(
            conn,
            app.id,
            files,
            checked,
            source=source,
            git_commit=git_commit,
            user_id=user_id,
            package_lock=package_locks.put_lock(conn, lock) if lock is not None else None,
        )
        # One that is stored already only becomes current: its cases have run.
        if version is None and any(c.expect for c in checked.cases):
            job_queue.enqueue_reference_cases(conn, app.id, checked.hash)
        detail = {"version": checked.hash, "git_commit": git_commit, "kind": source.get("kind")}
        audit.append(conn, actor=actor.name, action="model.published", subject=slug, detail=detail)
    queue_starting_run(context.database, app.id, checked.hash, checked.manifest)
    return stored


def _find_lock(context: AppContext, known: App | None, manifest: Manifest) -> PackageLock | None:
    """Return the packages of a new version: those of the version before where it asks for the same.

    An author who works in a folder saves it often, and the code is what changes.
    """
    requirements, python = manifest.requirements, manifest.python
    if python is None and not find_missing(requirements)[1]:
        return context.overlays.resolve(requirements)
    if known is not None and known.current_version is not None:
        with context.database.read() as conn:
            before = versions.get_version(conn, known.id, known.current_version)
        if before is not None and before.lock is not None and _asks_for(before.manifest) == _asks_for(manifest.raw):
            return before.lock
    return context.overlays.resolve(requirements, python)


def _asks_for(raw: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(raw.get(key) for key in ("requirements", "python"))


def store_version(
    conn: Any,
    app_id: int,
    files: Mapping[str, bytes],
    checked: registry_check.ValidatedModel,
    *,
    source: Mapping[str, str],
    git_commit: str | None,
    user_id: int,
    package_lock: str | None = None,
) -> Version:
    """Store checked files as the current version of a model, in the transaction of `conn`."""
    return versions.put_version(
        conn,
        app_id=app_id,
        hash=checked.hash,
        manifest=dict(checked.manifest.raw),
        cases=checked.raw_cases,
        label=checked.manifest.version,
        git_commit=git_commit,
        archive=blobs.put_blob(conn, model_files.pack(files)),
        readme=checked.readme,
        created_by=user_id,
        source=source,
        package_lock=package_lock,
    )
