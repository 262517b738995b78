"""Set and delete values of secrets: `python -m engine.commands.secrets list|set|delete|new-key|rotate`.

Chosen: a value is read from standard input, or asked for without showing it in a terminal; it is never an argument,
which every account of the host can see. One line end is taken off its end.
Left out: granting a secret to a model (`engine.commands.grants`).
"""

import argparse
import getpass
import sys
from collections.abc import Sequence

import settings as settings_module
from contract.actor import Actor
from contract.secret import SecretStatus
from engine.commands.installation import exit_code, open_installation, operator_name
from engine.processes.context import AppContext
from engine.secrets.manage import delete_secret, list_secrets, set_secret
from engine.secrets.rotate import rotate_keys
from settings import Settings
from storage.encryption import new_key


def main(arguments: Sequence[str] | None = None, settings: Settings | None = None) -> int:
    """Do what is asked; return 1 where it cannot be done and 2 where it is not asked for properly."""
    given = _argument_parser().parse_args(arguments)
    if given.what == "new-key":
        print(new_key())
        return 0

    def run() -> int:
        read = settings or settings_module.read_settings()
        with open_installation(read) as context:
            return _run_command(given, context)

    return exit_code(run)


def _run_command(given: argparse.Namespace, context: AppContext) -> int:
    actor = Actor(operator_name())
    match given.what:
        case "list":
            found = list_secrets(context, actor=actor)
            print("\n".join(map(_line, found)) or "No secret has a stored value, and no model asks for one.")
        case "set":
            set_secret(context, given.name, _read_value(given.name), actor=actor)
            print(f"{given.name} is set. Runs that begin from now on get it where their model was granted it.")
        case "delete":
            delete_secret(context, given.name, actor=actor)
            print(f"{given.name} is deleted. Workers may still have a value in their environment.")
        case "rotate":
            done = rotate_keys(context.database, context.cipher, actor=actor)
            print(
                f"{done.secrets} secrets and the signing secrets of {done.webhooks} webhooks are encrypted with the "
                "first key of TONTINE_SECRETS_KEY. The others can be removed from it."
            )
    return 0


def _read_value(name: str) -> str:
    if sys.stdin.isatty():
        return getpass.getpass(f"Value of {name}: ")
    return sys.stdin.read().removesuffix("\n").removesuffix("\r")


def _line(secret: SecretStatus) -> str:
    stored = secret.stored
    state = f"set by {stored.set_by}, {stored.set_at:%Y-%m-%d %H:%M %Z}" if stored else "no stored value"
    models = [
        *(f"granted to {slug}" for slug in secret.granted_to),
        *(f"{slug} asks for it" for slug in secret.asked_by),
    ]
    return "  ".join([secret.name, state, *models])


def _argument_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m engine.commands.secrets", description="Set and delete the values of secrets."
    )
    verbs = parser.add_subparsers(dest="what", required=True)
    verbs.add_parser("list", help="secrets that have a stored value or that a model asks for; no value is shown")
    for what, words in (("set", "store a value, read from standard input"), ("delete", "delete a stored value")):
        verbs.add_parser(what, help=words).add_argument("name", help="the secret's name, such as API_KEY")
    verbs.add_parser("new-key", help="print a new key for TONTINE_SECRETS_KEY; nothing is stored")
    verbs.add_parser("rotate", help="encrypt everything with the first key of TONTINE_SECRETS_KEY")
    return parser


if __name__ == "__main__":
    sys.exit(main())
