"""Grant hosts and secrets to models: `python -m engine.commands.grants list|grant|revoke`.

Chosen: a command and not a page, because whoever may start it on the server's host may do as much anyway, while the
pages know no roles yet; it joins the embedded server while Tontine runs and starts it where it does not.
Left out: what a grant is, which is `engine.models.grants`.
"""

import argparse
import sys
from collections.abc import Sequence

import settings as settings_module
from contract.access import GrantKind, normalise_host
from contract.actor import Actor
from engine.commands.installation import exit_code, open_database, operator_name
from engine.models.grants import grant, grant_lines, revoke
from settings import Settings
from storage.database import Database


def main(arguments: Sequence[str] | None = None, settings: Settings | None = None) -> int:
    """List, grant or revoke; return 1 where it cannot be done and 2 where it is not asked for properly."""
    parser = _argument_parser()
    given = parser.parse_args(arguments)
    if given.what != "list" and not (given.host or given.secret or given.private_host):
        parser.error(f"{given.what} {given.model}: name at least one --host, --private-host or --secret")

    def run() -> int:
        read = settings or settings_module.read_settings()
        with open_database(read) as database:
            return _run_command(given, database, read.gateway_url)

    return exit_code(run)


def _run_command(given: argparse.Namespace, database: Database, gateway_url: str) -> int:
    actor = Actor(given.by if given.what == "grant" else operator_name())
    if given.what == "list":
        found = list(grant_lines(database, given.model, actor=actor, gateway_url=gateway_url))
        print("\n".join(found) or f"{given.model or 'No model'} asks for no host and no secret.")
        return 0
    named = [(GrantKind.HOST, normalise_host(h)) for h in given.host]
    named += [(GrantKind.PRIVATE_HOST, normalise_host(h)) for h in given.private_host]
    named += [(GrantKind.SECRET, s) for s in given.secret]
    for kind, name in named:
        if given.what == "grant":
            new = grant(database, given.model, kind, name, actor=actor, gateway_url=gateway_url)
            print(f"{given.model} {'is now granted' if new else 'was granted already'}: {kind} {name}")
            if kind is GrantKind.SECRET:
                variable = f"{settings_module.SECRET}{name}"
                print(
                    f"Its value is what python -m engine.commands.secrets set {name} stored; where none is stored, "
                    f"{variable} in the environment of every worker."
                )
        else:
            revoked = revoke(database, given.model, kind, name, actor=actor)
            print(f"{given.model} {'is no longer granted' if revoked else 'was not granted'}: {kind} {name}")
    return 0


def _argument_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m engine.commands.grants", description="Grant hosts and secrets to models."
    )
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
            "--private-host",
            action="append",
            default=[],
            help="the same, also where its address is not on the public internet, as of a server in the office",
        )
        verb.add_argument(
            "--secret", action="append", default=[], help="a secret's name, not its value; again for more"
        )
        if what == "grant":
            verb.add_argument("--by", default=operator_name(), help="who grants it; your account where it is left out")
    return parser


if __name__ == "__main__":
    sys.exit(main())
