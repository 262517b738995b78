"""Register a model from the command line: `python -m engine.commands.register URL|FOLDER|FILE.zip`.

Chosen: a worker of the installation checks it, as for the page; where none is online, a sandbox of this command does.
Left out: the installation's own folder, whose models are registered at each start.
"""

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import settings as settings_module
from contract.actor import Actor
from contract.checks import problems_of
from contract.errors import RegistrationError
from contract.registration import Registration, RegistrationStatus
from engine.commands.check import print_result
from engine.commands.installation import (
    cipher_from,
    database_url,
    exit_code,
    git_access_from,
    limits_from,
    operator_name,
    overlays_from,
)
from engine.models import registration
from engine.models.run_checks import run_checks
from engine.processes import context as contexts
from engine.processes.context import AppContext
from engine.runs.execute import WorkerContext
from engine.sandbox.supervisor import Sandbox
from registry.source_files import is_skipped
from settings import Settings
from storage.database import Database
from storage.migrate import migrate

WAIT = 600.0  # s for the checks of a worker


def main(arguments: Sequence[str] | None = None, settings: Settings | None = None) -> int:
    """Register the model; return 1 where it is refused or cannot be had."""
    given = _argument_parser().parse_args(arguments)

    def run() -> int:
        read = settings or settings_module.read_settings()
        with _open_context(read) as context:
            return _register(context, read, given)

    return exit_code(run)


def _register(context: AppContext, settings: Settings, given: argparse.Namespace) -> int:
    actor = Actor(given.by)
    started = _start(context, given, actor)
    print(f"{started.slug}, version {started.version[:12]}")
    try:
        found = registration.wait_for_checks(context, started.id, WAIT, actor=actor)
    except RegistrationError:
        print("No worker is online; the checks are made here.")
        with tempfile.TemporaryDirectory(prefix="tontine-check-") as home:
            Path(home).chmod(0o755)
            with contextlib.closing(Sandbox(Path(home) / "scratch")) as sandbox:
                worker = WorkerContext(
                    context.database,
                    sandbox,
                    context.limits,
                    Path(home) / "cache",
                    "command",
                    trust_models=settings.trust_models,
                    overlays=overlays_from(settings),
                )
                run_checks(worker, started.id)
        found = registration.find_registration(context, started.id, actor=actor)
    for result in found.checks:
        print_result(result)
    if found.status is not RegistrationStatus.READY:
        if not problems_of(found.checks):
            print("The checks have not ended. Its page shows them: /register", file=sys.stderr)
        return 1
    if given.check_only:
        print(f"It can be published: /register?registration={found.id}")
        return 0
    app = registration.publish(context, found.id, actor=actor)
    print(f"{app.name} is published: /model?app={app.slug}")
    return 0


def _start(context: AppContext, given: argparse.Namespace, actor: Actor) -> Registration:
    path = Path(given.source)
    if path.is_dir():
        root = path.resolve()
        names = [p for p in sorted(root.rglob("*")) if p.is_file() and not p.is_symlink()]
        inside = [p for p in names if not is_skipped(p.relative_to(root).as_posix())]
        files = [(f"{root.name}/{p.relative_to(root).as_posix()}", p.read_bytes()) for p in inside]
        return registration.register_from_upload(context, files, slug=given.name, actor=actor)
    if path.is_file():
        return registration.register_from_archive(
            context, path.read_bytes(), path.name, subfolder=given.subfolder, slug=given.name, actor=actor
        )
    return registration.register_from_git(
        context, given.source, branch=given.branch, subfolder=given.subfolder, slug=given.name, actor=actor
    )


def _argument_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m engine.commands.register", description="Register a model.")
    parser.add_argument("source", help="the address of a git repository, a folder, or a zip file")
    parser.add_argument("--branch", help="branch, tag or full commit; the default branch without it")
    parser.add_argument("--subfolder", help="the model's folder in the repository or archive")
    parser.add_argument("--name", help="the name of a new model in addresses")
    parser.add_argument("--by", default=operator_name(), help="who registers it; your account where it is left out")
    parser.add_argument("--check-only", action="store_true", help="check it, and leave publishing to its page")
    return parser


@contextlib.contextmanager
def _open_context(settings: Settings) -> Iterator[AppContext]:
    with database_url(settings) as url:
        with contextlib.closing(Database(url, pool=1)) as database:
            migrate(database)
        context = contexts.open_context(
            url,
            limits=limits_from(settings),
            data=settings.data,
            git=git_access_from(settings),
            cipher=cipher_from(settings),
        )
        with contextlib.closing(context):
            yield context


if __name__ == "__main__":
    sys.exit(main())
