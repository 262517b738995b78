"""Change what the catalogue shows of a model: an older version, nothing of it for a while, or nothing any more.

Chosen: a model is its owner's to change, and an administrator's, and each change goes to the audit log; nothing is ever
deleted. A run pins its version, so rolling back changes what the next run uses and no earlier
one; a hidden model is left out of lists and runs by its address; an archived one takes no runs.
Left out: new versions, which are `engine.models.registration`.
"""

from dataclasses import dataclass

from contract.actor import Actor
from contract.app import App, Version
from contract.manifest_diff import FileDiff, compare_cases, compare_files, compare_manifests
from contract.package_lock import compare_packages
from engine.authorization import Action, require, require_owner
from engine.models.catalogue import find_app, find_version
from engine.models.registration import GIT
from engine.models.starting_runs import queue_starting_run
from engine.processes.context import AppContext
from engine.secrets.git_access import git_access
from registry import git_source, model_files
from storage import apps, audit, blobs, versions


@dataclass(frozen=True, slots=True)
class Update:
    """What a model's repository holds now: the newest commit of its branch, and whether the model is behind it."""

    commit: str
    available: bool


def list_versions(context: AppContext, app: App, *, actor: Actor) -> list[Version]:
    """Return the model's versions, the newest first."""
    require(actor, Action.READ_MODELS)
    with context.database.read() as conn:
        return versions.list_versions(conn, app.id)


def read_source(context: AppContext, app: App, version: str | None = None, *, actor: Actor) -> dict[str, bytes]:
    """Return the files of a version of the model, its current one where none is named, by path.

    Raises:
        NotFoundError: the model has no such version.
    """
    require(actor, Action.READ_MODELS)
    found = find_version(context, app, version, actor=actor)
    with context.database.read() as conn:
        return model_files.unpack(blobs.get_blob(conn, found.version.archive))


def set_current_version(context: AppContext, app: App, version: str, *, actor: Actor) -> App:
    """Make one of the model's versions its current one: roll back to an older one, or forward again.

    Raises:
        NotFoundError: the model has no such version.
    """
    require(actor, Action.MANAGE_MODELS)
    require_owner(actor, app.owner, f"the model {app.slug}")
    found = find_version(context, app, version, actor=actor)
    with context.database.begin() as conn:
        apps.set_current(conn, app.id, found.hash)
        detail = {"old": app.current_version, "new": found.hash}
        audit.append(conn, actor=actor.name, action="model.version_set", subject=app.slug, detail=detail)
    queue_starting_run(context.database, app.id, found.hash, found.manifest)
    return find_app(context, app.id, actor=actor)


def set_hidden(context: AppContext, app: App, *, hidden: bool, actor: Actor) -> App:
    """Leave a model out of the catalogue's list, or put it back; it runs by its address either way."""
    require(actor, Action.MANAGE_MODELS)
    require_owner(actor, app.owner, f"the model {app.slug}")
    with context.database.begin() as conn:
        apps.set_hidden(conn, app.id, hidden=hidden)
        audit.append(conn, actor=actor.name, action="model.hidden" if hidden else "model.shown", subject=app.slug)
    return find_app(context, app.id, actor=actor)


def set_archived(context: AppContext, app: App, *, archived: bool, actor: Actor) -> App:
    """Archive a model, so that it is not listed and takes no runs, or restore it; its runs stay either way."""
    require(actor, Action.MANAGE_MODELS)
    require_owner(actor, app.owner, f"the model {app.slug}")
    user_id = context.user_id(actor)
    with context.database.begin() as conn:
        apps.set_archived(conn, app.id, user_id if archived else None)
        action = "model.archived" if archived else "model.restored"
        audit.append(conn, actor=actor.name, action=action, subject=app.slug)
    return find_app(context, app.id, actor=actor)


def list_unlisted(context: AppContext, *, actor: Actor) -> list[App]:
    """Return the models that are hidden or archived, by name."""
    require(actor, Action.READ_MODELS)
    with context.database.read() as conn:
        return apps.list_unlisted(conn)


def find_update(context: AppContext, app: App, *, actor: Actor) -> Update | None:
    """Ask the model's repository for the newest commit of its branch; None where the model follows no branch.

    Raises:
        SourceError: the repository cannot be asked.
    """
    require(actor, Action.REGISTER_MODELS)
    source = app.source
    if source.get("kind") != GIT or not source.get("branch"):
        return None
    commit = git_source.newest_commit(
        source["url"], ref=source["branch"], access=git_access(context, source["url"]), folder=context.data / "git"
    )
    with context.database.read() as conn:
        known = {version.git_commit for version in versions.list_versions(conn, app.id)}
    return Update(commit, commit not in {*known, source.get("commit")})


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is different between two versions of a model: manifest and cases in words, files line by line."""

    manifest: list[str]
    cases: list[str]
    files: list[FileDiff]


def compare_versions(context: AppContext, app: App, old: str, new: str | None = None, *, actor: Actor) -> Comparison:
    """Compare a version of the model with another, its current one where none is named.

    Raises:
        NotFoundError: the model has no such version.
    """
    require(actor, Action.READ_MODELS)
    before, after = (find_version(context, app, version, actor=actor).version for version in (old, new))
    files = [read_source(context, app, version.hash, actor=actor) for version in (before, after)]
    return Comparison(
        [*compare_manifests(before.manifest, after.manifest), *compare_packages(before.lock, after.lock)],
        compare_cases(before.cases, after.cases),
        compare_files(*files),
    )
