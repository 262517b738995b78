"""The command line on the server's host: `python -m engine.commands`, or `./tontine`.

Chosen: the commands that speak to a server are the client's own; those that need the host's files or database are added
here, each with the arguments that its module reads.
Left out: what the commands do, which is in their modules.
"""

import importlib
import sys
from pathlib import Path

import typer

# The client is a package of its own, for other machines too; here it is used from its folder.
sys.path.append(str(Path(__file__).resolve().parents[2] / "client"))
from tontine.cli import app

COMMANDS = {
    "check": "check a model's folder.",
    "new": "begin a model.",
    "register": "register a model.",
    "grants": "grant hosts and secrets.",
    "packages": "see and remove the packages of models.",
    "secrets": "set and delete values of secrets.",
    "audit": "read and verify the audit log.",
    "report": "write a run as PDF.",
    "backup": "back up everything.",
    "restore": "restore a backup.",
}
# Options, --help among them, are the module's.
AS_GIVEN = {"allow_extra_args": True, "ignore_unknown_options": True}


def _add_command(name: str, words: str) -> None:
    def forward(context: typer.Context) -> None:
        module = importlib.import_module(f"engine.commands.{name}")
        raise typer.Exit(module.main(context.args))

    app.command(name, help=f"On the server's host: {words}", context_settings=AS_GIVEN, add_help_option=False)(forward)


for _name, _words in COMMANDS.items():
    _add_command(_name, _words)

if __name__ == "__main__":
    app(prog_name="tontine")
