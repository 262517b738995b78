"""The administrator's door: grant hosts and secrets to a model, `python -m engine.grants list|grant|revoke`.

Chosen: a command and not a page, because whoever may start it on the server's host may do as much anyway, while the
pages know no roles yet; it joins the embedded server while Tontine runs and starts it where it does not. Only
what the model's current version asks for can be granted, so that a slip of the keyboard grants nothing.
Left out: secrets' values. They stand in the workers' environment.
"""

import argparse
import contextlib
import getpass
import sys
from collections.abc import Iterator, Sequence

import settings as settings_module
from contract.access import Grant, Kind, host_name
from contract.app import App
from contract.manifest import Manifest
from contract.problems import ContractError, Problem
from engine import queue
from engine.manifests import cases_of, manifest_of
from settings import Settings, SettingsError
from storage import apps, grants, users, versions
from storage.database import Database, DatabaseUnavailable
from storage.migrate import migrate
from storage.server import EmbeddedServer, ServerError


class GrantError(ContractError):
    """What the administrator asks for cannot be done."""


def grant(database: Database, slug: str, kind: Kind, name: str, *, by: str) -> bool:
    """Grant a host or secret that the model's current version asks for, and run its reference cases again.

    Returns:
        Whether the grant is new.

    Raises:
        GrantError: there is no such model, or it does not ask for this.
    """
    with database.begin() as conn:
        app = _find(apps.app_by_slug(conn, slug), slug)
        version = versions.get_version(conn, app.id, app.current_version or "")
        manifest = manifest_of(version) if version is not None else None
        asked = _asked(manifest, kind)
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
        new = grants.grant(conn, app.id, kind, name, users.ensure_user(conn, by))
        if new and any(case.expect for case in cases_of(version)):
            queue.enqueue_checks(conn, app.id, version.hash)
    return new


def revoke(database: Database, slug: str, kind: Kind, name: str) -> bool:
    """Take a grant back; runs that begin from now on go without it.

    Returns:
        Whether there was one.

    Raises:
        GrantError: there is no such model.
    """
    with database.begin() as conn:
        app = _find(apps.app_by_slug(conn, slug), slug)
        return grants.revoke(conn, app.id, kind, name)


def lines(database: Database, slug: str | None = None) -> Iterator[str]:
    """Yield a line for each host and secret that a model asks for or was granted; every model's where none is named.

    Raises:
        GrantError: there is no such model.
    """
    with database.read() as conn:
        found = [_find(apps.app_by_slug(conn, slug), slug)] if slug else apps.list_apps(conn)
        for app in found:
            version = versions.get_version(conn, app.id, app.current_version or "")
            manifest = manifest_of(version) if version is not None else None
            given = {(g.kind, g.name): g for g in grants.grants_of(conn, app.id)}
            wanted = [(kind, name) for kind in Kind for name in _asked(manifest, kind)]
            for kind, name in (*wanted, *(key for key in given if key not in wanted)):
                state = _state(given.get((kind, name)), asked=(kind, name) in wanted)
                yield f"{app.slug}  {kind}  {name}  {state}"


def main(arguments: Sequence[str] | None = None, settings: Settings | None = None) -> int:
    """List, grant or revoke; return 1 where it cannot be done and 2 where it is not asked for properly."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.what != "list" and not given.host and not given.secret:
        parser.error(f"{given.what} {given.model}: name at least one --host or --secret")
    try:
        settings = settings or settings_module.read()
        with _database(settings) as database:
            return _carry_out(given, database)
    except (SettingsError, ServerError, DatabaseUnavailable) as error:
        print(error, file=sys.stderr)
    except ContractError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
    return 1


def _carry_out(given: argparse.Namespace, database: Database) -> int:
    if given.what == "list":
        found = list(lines(database, given.model))
        print("\n".join(found) or f"{given.model or 'No model'} asks for no host and no secret.")
        return 0
    named = [(Kind.HOST, host_name(h)) for h in given.host] + [(Kind.SECRET, s) for s in given.secret]
    for kind, name in named:
        if given.what == "grant":
            new = grant(database, given.model, kind, name, by=given.by)
            print(f"{given.model} {'is now granted' if new else 'was granted already'}: {kind} {name}")
            if kind is Kind.SECRET:
                variable = f"{settings_module.SECRET}{name}"
                print(f"Its value comes from {variable} in the environment of every worker.")
        else:
            gone = revoke(database, given.model, kind, name)
            print(f"{given.model} {'is no longer granted' if gone else 'was not granted'}: {kind} {name}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m engine.grants", description="Grant hosts and secrets to models.")
    verbs = parser.add_subparsers(dest="what", required=True)
    listing = verbs.add_parser("list", help="what models ask for, and what they were granted")
    listing.add_argument("model", nargs="?", help="its name in addresses, such as eiopa_rfr; every model without it")
    for what, words in (("grant", "let a model reach a host or know a secret"), ("revoke", "take that back")):
        verb = verbs.add_parser(what, help=words)
        verb.add_argument("model", help="its name in addresses, such as eiopa_rfr")
        verb.add_argument(
            "--host", action="append", default=[], help="a host's name, perhaps with a port; again for more"
        )
        verb.add_argument(
            "--secret", action="append", default=[], help="a secret's name, not its value; again for more"
        )
        if what == "grant":
            verb.add_argument("--by", default=_account(), help="who grants it; your account where it is left out")
    return parser


@contextlib.contextmanager
def _database(settings: Settings) -> Iterator[Database]:
    """Open the installation's database: that of DATABASE_URL, or the embedded one, joined or started for a moment."""
    with contextlib.ExitStack() as stack:
        url = settings.database_url
        if not url:
            home = settings.data / "postgres"
            if not (home / "data").is_dir():
                raise ServerError(f"There is no database in {home}. Start Tontine once, or name the one it uses.")
            url = stack.enter_context(EmbeddedServer(home))
        database = stack.enter_context(contextlib.closing(Database(url, pool=1)))
        migrate(database)
        yield database


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "administrator"


def _find(app: App | None, slug: str) -> App:
    if app is None:
        raise GrantError([Problem("model", f"there is no model {slug!r}", "Take the name from a model's address.")])
    return app


def _asked(manifest: Manifest | None, kind: Kind) -> tuple[str, ...]:
    if manifest is None:
        return ()
    return manifest.network if kind is Kind.HOST else manifest.secrets


def _state(granted: Grant | None, *, asked: bool) -> str:
    if granted is None:
        return "not granted"
    words = f"granted by {granted.granted_by}, {granted.granted_at:%Y-%m-%d %H:%M %Z}"
    return words if asked else f"{words}; the current version does not ask for it"


if __name__ == "__main__":
    sys.exit(main())
