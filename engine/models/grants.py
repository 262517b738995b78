"""Grant hosts and secrets to models, and take grants back.

Chosen: only what the model's current version asks for can be granted, so that a slip of the keyboard grants nothing.
Left out: the command line, which is `engine.commands.grants`, and secrets' values, which are in the workers'
environment.
"""

from collections.abc import Iterator

from contract.access import Grant, GrantKind
from contract.app import App
from contract.errors import GrantError
from contract.manifest import Manifest
from contract.problems import Problem
from engine.models.catalogue import load_cases, load_manifest
from engine.runs import job_queue
from storage import apps, grants, users, versions
from storage.database import Database


def grant(database: Database, slug: str, kind: GrantKind, name: str, *, by: str) -> bool:
    """Grant a host or secret that the model's current version asks for, and run its reference cases again.

    Returns:
        Whether the grant is new.

    Raises:
        GrantError: there is no such model, or it does not ask for this.
    """
    with database.begin() as conn:
        app = _find_app(apps.app_by_slug(conn, slug), slug)
        version = versions.get_version(conn, app.id, app.current_version or "")
        manifest = load_manifest(version) if version is not None else None
        asked = _requested_names(manifest, kind)
        if version is None or name not in asked:
            names = ", ".join(asked) or "none"
            raise GrantError(
                [
                    Problem(
                        f"{kind} {name}",
                        f"{slug} does not ask for it; the {kind}s it asks for: {names}",
                        "Grant one of those, or have the model's manifest name it.",
                    )
                ]
            )
        new = grants.grant(conn, app.id, kind, name, users.get_or_create_user(conn, by))
        if new and any(case.expect for case in load_cases(version)):
            job_queue.enqueue_reference_cases(conn, app.id, version.hash)
    return new


def revoke(database: Database, slug: str, kind: GrantKind, name: str) -> bool:
    """Take a grant back; runs that begin from now on go without it.

    Returns:
        Whether there was one.

    Raises:
        GrantError: there is no such model.
    """
    with database.begin() as conn:
        app = _find_app(apps.app_by_slug(conn, slug), slug)
        return grants.revoke(conn, app.id, kind, name)


def grant_lines(database: Database, slug: str | None = None) -> Iterator[str]:
    """Yield a line for each host and secret that a model asks for or was granted; every model's where none is named.

    Raises:
        GrantError: there is no such model.
    """
    with database.read() as conn:
        found = [_find_app(apps.app_by_slug(conn, slug), slug)] if slug else apps.list_apps(conn)
        for app in found:
            version = versions.get_version(conn, app.id, app.current_version or "")
            manifest = load_manifest(version) if version is not None else None
            given = {(g.kind, g.name): g for g in grants.list_grants(conn, app.id)}
            wanted = [(kind, name) for kind in GrantKind for name in _requested_names(manifest, kind)]
            for kind, name in (*wanted, *(key for key in given if key not in wanted)):
                state = _state_text(given.get((kind, name)), asked=(kind, name) in wanted)
                yield f"{app.slug}  {kind}  {name}  {state}"


def _find_app(app: App | None, slug: str) -> App:
    if app is None:
        raise GrantError([Problem("model", f"there is no model {slug!r}", "Take the name from a model's address.")])
    return app


def _requested_names(manifest: Manifest | None, kind: GrantKind) -> tuple[str, ...]:
    if manifest is None:
        return ()
    return manifest.network if kind is GrantKind.HOST else manifest.secrets


def _state_text(granted: Grant | None, *, asked: bool) -> str:
    if granted is None:
        return "not granted"
    words = f"granted by {granted.granted_by}, {granted.granted_at:%Y-%m-%d %H:%M %Z}"
    return words if asked else f"{words}; the current version does not ask for it"
