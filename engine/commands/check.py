"""Check a model's folder before it is registered: `python -m engine.commands.check FOLDER`.

Chosen: the same checks, in the same sandbox, as when a model is registered; no database and no server are needed, so
that an author and a build server can run it. It ends with 1 where a check failed.
Left out: registering, which is `engine.commands.register`.
"""

import argparse
import contextlib
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import settings as settings_module
from contract.checks import CheckResult, Level, is_refused
from contract.errors import ProblemsError
from engine.commands.installation import limits_from, overlays_from
from engine.models.check import Checker, check_model
from engine.sandbox.supervisor import Sandbox
from registry.model_files import read_folder
from settings import Settings, SettingsError

MARKS = {Level.PASS: "pass   ", Level.WARNING: "warning", Level.FAIL: "FAIL   "}


def main(arguments: Sequence[str] | None = None, settings: Settings | None = None) -> int:
    """Check each folder; return 1 where a check failed or a folder cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m engine.commands.check", description="Check models' folders.")
    parser.add_argument("folder", nargs="+", type=Path, help="a folder with manifest.json and function.py")
    parser.add_argument("--json", action="store_true", help="print each result as a line of JSON")
    given = parser.parse_args(arguments)
    try:
        settings = settings or settings_module.read_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    refused = False
    with tempfile.TemporaryDirectory(prefix="tontine-check-") as home:
        # A run may belong to another user, who must be able to read the model's folder.
        Path(home).chmod(0o755)
        with contextlib.closing(Sandbox(Path(home) / "scratch")) as sandbox:
            checker = Checker(
                sandbox,
                limits_from(settings),
                Path(home) / "checks",
                trust=settings.trust_models,
                overlays=overlays_from(settings),
            )
            with contextlib.closing(checker.cancel):
                for folder in given.folder:
                    refused |= not _check(checker, folder, as_json=given.json)
    return int(refused)


def print_result(result: CheckResult) -> None:
    """Print how a check ended, with what to do where it did not pass."""
    where = f" {result.where}" if result.where and result.where != result.check else ""
    print(f"{MARKS[result.level]}  {result.check}{where}: {result.found}", flush=True)
    if result.level is not Level.PASS and result.hint:
        print(f"         {result.hint}")
    if result.detail:
        print("\n".join(f"         {line}" for line in result.detail.splitlines()))


def _check(checker: Checker, folder: Path, *, as_json: bool) -> bool:
    """Check one folder and print the results; return whether it may be registered."""

    def show(result: CheckResult) -> None:
        if as_json:
            print(json.dumps({"folder": str(folder), **result.as_dict()}), flush=True)
        else:
            print_result(result)

    if not as_json:
        print(folder)
    if not folder.is_dir():
        show(CheckResult("Files", Level.FAIL, "there is no such folder", str(folder), "Give a model's folder."))
        return False
    try:
        files = read_folder(folder.resolve())
    except ProblemsError as error:
        for problem in error.problems:
            show(CheckResult.failed("Files", problem))
        return False
    return not is_refused(check_model(checker, files, show))


if __name__ == "__main__":
    sys.exit(main())
