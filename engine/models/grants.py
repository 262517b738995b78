"""Grant hosts and secrets to models, and take grants back.

Chosen: only what the model's current version asks for can be granted, so that a slip of the keyboard grants nothing.
Left out: the command line, which is `engine.commands.grants`, and secrets' values, which are `engine.secrets`.
"""

from collections.abc import Iterator
from typing import Any

from contract.access import Grant, GrantKind
from contract.actor import Actor
from contract.app import App
from contract.errors import GrantError
from contract.gateway import DEFAULT_URL
from contract.problems import Problem
from engine.authorization import Action, require
from engine.models.permissions import requested_hosts
from engine.models.starting_runs import queue_starting_run
from engine.models.versions import LoadedVersion, load_version
from engine.runs import job_queue
from storage import apps, audit, grants, users
from storage.database import Database


def grant(
    database: Database, slug: str, kind: GrantKind, name: str, *, actor: Actor, gateway_url: str = DEFAULT_URL
) -> bool:
    """Grant a host or secret that the model's current version asks for, and have it run anew.

    Returns:
        Whether the grant is new.

    Raises:
        GrantError: there is no such model, or it does not ask for this.
    """
    require(actor, Action.GRANT_ACCESS)
    app, version = _find_current(database, slug)
    asked = _requested_names(version, kind, gateway_url)
    if version is None or name not in asked:
        names = ", ".join(asked) or "none"
        problem = Problem(
            f"{kind} {name}",
            f"{slug} does not ask for it; the {kind}s it asks for: {names}",
            "Grant one of those, or have the model's manifest name it.",
        )
        raise GrantError([problem])
    with database.begin() as conn:
        new = grants.grant(conn, app.id, kind, name, users.get_or_create_user(conn, actor.name))
        if new:
            _record(conn, actor, "grant.given", slug, kind, name)
        if new and any(case.expect for case in version.cases):
            job_queue.enqueue_reference_cases(conn, app.id, version.hash)
    if new:
        queue_starting_run(database, app.id, version.hash, version.manifest, repeat=True)
    return new


def revoke(database: Database, slug: str, kind: GrantKind, name: str, *, actor: Actor) -> bool:
    """Revoke a grant; runs that begin from now on go without it.

    Returns:
        Whether there was one.

    Raises:
        GrantError: there is no such model.
    """
    require(actor, Action.GRANT_ACCESS)
    with database.begin() as conn:
        app = _require_app(apps.app_by_slug(conn, slug), slug)
        revoked = grants.revoke(conn, app.id, kind, name)
        if revoked:
            _record(conn, actor, "grant.revoked", slug, kind, name)
        return revoked


def grant_lines(
    database: Database, slug: str | None = None, *, actor: Actor, gateway_url: str = DEFAULT_URL
) -> Iterator[str]:
    """Return a line for each host and secret that a model asks for or was granted; every model's where none is named.

    Raises:
        GrantError: there is no such model.
    """
    require(actor, Action.READ_MODELS)
    with database.read() as conn:
        found = [_require_app(apps.app_by_slug(conn, slug), slug)] if slug else apps.list_apps(conn)
    return (line for app in found for line in _lines_of(database, app, gateway_url))


def _record(conn: Any, actor: Actor, action: str, slug: str, kind: GrantKind, name: str) -> None:
    audit.append(conn, actor=actor.name, action=action, subject=slug, detail={"kind": kind, "name": name})


def _lines_of(database: Database, app: App, gateway_url: str) -> Iterator[str]:
    version = load_version(database, app.id, app.current_version or "")
    with database.read() as conn:
        given = {(g.kind, g.name): g for g in grants.list_grants(conn, app.id)}
    wanted = [(kind, name) for kind in GrantKind for name in _requested_names(version, kind, gateway_url)]
    # A host is granted in one of two ways; the other one is not missing.
    private = {name for kind, name in given if kind is GrantKind.PRIVATE_HOST}
    shown = [
        (kind, name)
        for kind, name in wanted
        if (kind, name) in given or not (kind is GrantKind.PRIVATE_HOST or (kind is GrantKind.HOST and name in private))
    ]
    for kind, name in (*shown, *(key for key in given if key not in wanted)):
        state = _state_text(given.get((kind, name)), asked=(kind, name) in wanted)
        yield f"{app.slug}  {kind}  {name}  {state}"


def _find_current(database: Database, slug: str) -> tuple[App, LoadedVersion | None]:
    with database.read() as conn:
        app = _require_app(apps.app_by_slug(conn, slug), slug)
    return app, load_version(database, app.id, app.current_version or "")


def _require_app(app: App | None, slug: str) -> App:
    if app is None:
        raise GrantError([Problem("model", f"there is no model {slug!r}", "Take the name from a model's address.")])
    return app


def _requested_names(version: LoadedVersion | None, kind: GrantKind, gateway_url: str) -> tuple[str, ...]:
    if version is None:
        return ()
    if kind is GrantKind.SECRET:
        return version.manifest.secrets
    return requested_hosts(version.manifest, gateway_url)


def _state_text(granted: Grant | None, *, asked: bool) -> str:
    if granted is None:
        return "not granted"
    words = f"granted by {granted.granted_by}, {granted.granted_at:%Y-%m-%d %H:%M %Z}"
    return words if asked else f"{words}; the current version does not ask for it"
