"""Register a model from git, an archive or an upload: fetched, checked by a worker, published by whoever asked for it.

Chosen: until it is published there is a registration and no version. The same repository and folder is the same model,
whatever it is called; another one never is, and gets a name of its own. Whoever registered a model first owns it: a
new version is its owner's to register, or an administrator's, because it gets the hosts and secrets that were granted.
Left out: folders of the installation, which are registered at its start (`engine.models.register`).
"""

import json
import re
import time
import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn
from uuid import UUID

from contract.actor import Actor
from contract.app import App
from contract.checks import problems_of
from contract.errors import NotFoundError, RegistrationError
from contract.problems import Problem
from contract.registration import Registration, RegistrationStatus
from engine.authorization import Action, require, require_owner
from engine.models.register import store_version
from engine.models.starting_runs import queue_starting_run
from engine.processes.context import AppContext
from engine.runs import job_queue
from engine.secrets.git_access import git_access
from registry import git_source, model_files
from registry.archive_source import ARCHIVE_BYTES, read_upload, read_zip
from registry.git_address import identity
from registry.validation import validate_model
from storage import apps, audit, registrations, users, workers

__all__ = ["ARCHIVE_BYTES", "GIT", "UPLOAD"]  # beside the verbs: what callers need to know

GIT, UPLOAD = "git", "upload"
LONGEST_SLUG = 60
TRIED = 50  # names that are tried for a model whose own is taken
SHOWN = 20  # registrations that are listed
SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


def register_from_git(
    context: AppContext,
    url: str,
    *,
    branch: str | None = None,
    subfolder: str | None = None,
    slug: str | None = None,
    actor: Actor,
) -> Registration:
    """Fetch a model's folder from a git repository and queue its checks.

    Args:
        context: the process's application context.
        url: the repository.
        branch: branch, tag or commit; the default branch without it.
        subfolder: the model's folder in the repository.
        slug: the name of a new model in addresses; taken from the folder or repository without it.
        actor: who registers it.

    Raises:
        SourceError: the repository or its folder cannot be taken.
        RegistrationError: the name is another's.
        NotAllowedError: the repository's folder is a model of somebody else's.
    """
    require(actor, Action.REGISTER_MODELS)
    fetched = git_source.fetch(
        url, ref=branch, subfolder=subfolder, access=git_access(context, url), folder=context.data / "git"
    )
    source = {
        "kind": GIT,
        "url": fetched.url,
        "branch": fetched.branch,
        "subfolder": fetched.subfolder,
        "commit": fetched.commit,
        "identity": f"git:{identity(fetched.url)}:{fetched.subfolder}",
    }
    named = (fetched.subfolder or identity(fetched.url)).rpartition("/")[2]
    return _start(context, fetched.files, source, slug, named, actor, fetched.commit)


def register_from_archive(
    context: AppContext,
    content: bytes,
    filename: str,
    *,
    subfolder: str | None = None,
    slug: str | None = None,
    actor: Actor,
) -> Registration:
    """Read a model's folder from a zip archive and queue its checks; arguments and errors as of `register_from_git`."""
    require(actor, Action.REGISTER_MODELS)
    files = read_zip(content, subfolder=subfolder)
    named = (subfolder or "").strip("/").rpartition("/")[2] or filename.removesuffix(".zip")
    return _start(context, files, {"kind": UPLOAD, "filename": filename}, slug, named, actor)


def register_from_upload(
    context: AppContext, uploaded: Sequence[tuple[str, bytes]], *, slug: str | None = None, actor: Actor
) -> Registration:
    """Take an uploaded folder, its files by path, and queue its checks; errors as of `register_from_git`."""
    require(actor, Action.REGISTER_MODELS)
    files = read_upload(uploaded)
    named = uploaded[0][0].replace("\\", "/").partition("/")[0] if "/" in uploaded[0][0] else ""
    return _start(context, files, {"kind": UPLOAD, "filename": named or "folder"}, slug, named, actor)


def find_registration(context: AppContext, registration_id: UUID, *, actor: Actor) -> Registration:
    """Return a registration as it stands.

    Raises:
        NotFoundError: there is none.
    """
    require(actor, Action.REGISTER_MODELS)
    with context.database.read() as conn:
        found = registrations.get_registration(conn, registration_id)
    return found or _no_such_registration(registration_id)


def list_registrations(context: AppContext, *, actor: Actor) -> list[Registration]:
    """Return the newest registrations that are not published."""
    require(actor, Action.REGISTER_MODELS)
    with context.database.read() as conn:
        return registrations.list_registrations(conn, SHOWN)


def wait_for_checks(context: AppContext, registration_id: UUID, timeout: float, *, actor: Actor) -> Registration:
    """Return a registration once its checks have ended, or as it stands after `timeout` seconds.

    Raises:
        NotFoundError: there is none.
        RegistrationError: no worker is online to check it.
    """
    require(actor, Action.REGISTER_MODELS)
    until = time.monotonic() + timeout
    while True:
        generation = context.listener.generation
        found = find_registration(context, registration_id, actor=actor)
        left = until - time.monotonic()
        if found.checked or left <= 0:
            return found
        seconds = min(left, context.limits.worker_timeout)
        if not context.listener.wait(registration_id, found.seq, seconds, generation):
            _require_worker(context)


def register_at_once(
    context: AppContext,
    url: str,
    timeout: float,
    *,
    branch: str | None = None,
    subfolder: str | None = None,
    slug: str | None = None,
    actor: Actor,
) -> App:
    """Fetch a model from a git repository, wait for its checks at most `timeout` seconds, and publish what passed.

    Raises:
        SourceError: it cannot be fetched.
        RegistrationError: it did not pass, with every check that failed.
    """
    require(actor, Action.REGISTER_MODELS)
    started = register_from_git(context, url, branch=branch, subfolder=subfolder, slug=slug, actor=actor)
    found = wait_for_checks(context, started.id, timeout, actor=actor)
    if found.status is RegistrationStatus.REFUSED:
        raise RegistrationError(problems_of(found.checks))
    return publish(context, found.id, actor=actor)


def publish(context: AppContext, registration_id: UUID, *, actor: Actor) -> App:
    """Make a checked model, or the checked version of one, current in the catalogue.

    Raises:
        NotFoundError: there is no such registration.
        RegistrationError: its checks have not ended or refused it, or its name has been taken meanwhile.
        NotAllowedError: somebody else has registered it.
    """
    require(actor, Action.REGISTER_MODELS)
    with context.database.begin() as conn:
        found = registrations.get_registration(conn, registration_id, lock=True)
        if found is None:
            _no_such_registration(registration_id)
        require_owner(actor, found.created_by, "this registration")
        if found.status is RegistrationStatus.PUBLISHED and found.app_id is not None:
            app = apps.app_by_id(conn, found.app_id)
            assert app is not None
            return app
        if found.status is not RegistrationStatus.READY:
            raise RegistrationError(problems_of(found.checks) or [_not_checked()])
        files = model_files.unpack(registrations.get_archive(conn, registration_id))
        checked = validate_model(files)
        apps.lock_names(conn)
        slug, app = _choose_name(conn, found.source, found.slug, found.slug, actor, fixed=found.app_id is not None)
        user_id = users.get_or_create_user(conn, actor.name)
        app = apps.put_app(conn, slug, found.source, user_id)
        store_version(
            conn,
            app.id,
            files,
            checked,
            source=found.source,
            git_commit=found.git_commit,
            user_id=user_id,
            package_lock=found.package_lock,
        )
        registrations.mark_published(conn, registration_id, app.id)
        registrations.delete_old(conn)
        if any(case.expect for case in checked.cases):
            job_queue.enqueue_reference_cases(conn, app.id, checked.hash)
        published = apps.app_by_id(conn, app.id)
        detail = {"version": checked.hash, "git_commit": found.git_commit, "kind": found.source["kind"]}
        audit.append(conn, actor=actor.name, action="model.published", subject=slug, detail=detail)
    queue_starting_run(context.database, app.id, checked.hash, checked.manifest)
    assert published is not None
    return published


def discard(context: AppContext, registration_id: UUID, *, actor: Actor) -> bool:
    """Delete a registration that is not published, with its files; returns whether there was one."""
    require(actor, Action.REGISTER_MODELS)
    with context.database.begin() as conn:
        found = registrations.get_registration(conn, registration_id, lock=True)
        if found is not None:
            require_owner(actor, found.created_by, "this registration")
        return registrations.delete_registration(conn, registration_id)


def make_slug(text: str) -> str:
    """Return a name for addresses made of what is left of `text`: small letters, digits and underscores."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:LONGEST_SLUG] or "model"


def _start(
    context: AppContext,
    files: Mapping[str, bytes],
    source: dict[str, Any],
    slug: str | None,
    named: str,
    actor: Actor,
    commit: str | None = None,
) -> Registration:
    wanted = (slug or "").strip()
    if wanted and not SLUG.fullmatch(wanted):
        hint = "Use small letters, digits, - and _, 60 at most."
        raise RegistrationError([Problem("slug", f"{wanted[:100]!r} is no name for an address", hint)])
    user_id = context.user_id(actor)
    registration_id = uuid.uuid4()
    with context.database.begin() as conn:
        proposed = make_slug(named or _manifest_name(files))
        name, app = _choose_name(conn, source, wanted, proposed, actor, fixed=bool(wanted))
        registrations.insert_registration(
            conn,
            registration_id,
            slug=name,
            app_id=app.id if app is not None else None,
            version=model_files.content_hash(files),
            source=source,
            git_commit=commit,
            archive=model_files.pack(files),
            user_id=user_id,
        )
        job_queue.enqueue_checks(conn, registration_id)
        detail = {"kind": source["kind"], "url": source.get("url"), "git_commit": commit}
        audit.append(conn, actor=actor.name, action="model.registered", subject=name, detail=detail)
    return find_registration(context, registration_id, actor=actor)


def _manifest_name(files: Mapping[str, bytes]) -> str:
    """Return the name that the manifest gives; empty where it cannot be read, which the checks will say."""
    try:
        return str(json.loads(files["manifest.json"])["name"])
    except (KeyError, TypeError, ValueError, RecursionError):
        return ""


def _choose_name(
    conn: Any, source: Mapping[str, Any], wanted: str, proposed: str, actor: Actor, *, fixed: bool
) -> tuple[str, App | None]:
    """Return the name of a model from this source, and the model where there is one already.

    Raises:
        RegistrationError: the name that is wanted is another's.
        NotAllowedError: the model is somebody else's.
    """
    known = apps.app_by_identity(conn, source["identity"]) if source.get("identity") else None
    if known is not None:
        require_owner(actor, known.owner, f"the model {known.slug}")
        return known.slug, known
    if fixed:
        app = apps.app_by_slug(conn, wanted)
        if app is not None and (app.owner != actor.name or app.source.get("kind") not in {GIT, UPLOAD}):
            found = f"the name {wanted} belongs to {app.owner or 'the installation'}, who registered it first"
            raise RegistrationError([Problem("slug", found, "Choose another name.")])
        return wanted, app
    if source["kind"] == UPLOAD:
        app = apps.app_by_slug(conn, proposed)  # the same person's next upload is a new version
        if app is not None and app.owner == actor.name and app.source.get("kind") == UPLOAD:
            return proposed, app
    names = [proposed, *(f"{proposed[: LONGEST_SLUG - 3]}_{i}" for i in range(2, TRIED))]
    taken = apps.taken_slugs(conn, names)
    free = next((name for name in names if name not in taken), None)
    if free is None:
        found = f"too many models are called {proposed}"
        raise RegistrationError([Problem("slug", found, "Choose another name.")])
    return free, None


def _require_worker(context: AppContext) -> None:
    with context.database.read() as conn:
        alive = workers.list_alive(conn, silence=context.limits.worker_timeout)
    if not alive:
        hint = "Start one: see the operator's guide."
        raise RegistrationError([Problem("worker", "no worker is online to check the model", hint)])


def _not_checked() -> Problem:
    return Problem("registration", "its checks have not ended", "Wait until they have.")


def _no_such_registration(registration_id: UUID) -> NoReturn:
    found = f"there is no registration {registration_id}"
    raise NotFoundError([Problem("registration", found, "Register the model again.")])
