"""Write a run as PDF: `python -m engine.commands.report RUN`.

Chosen: the same verb as the page and the API, so that the three cannot differ; the file is written whole or not at all.
Left out: what the report says, which is `engine.report`.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import settings as settings_module
from contract.actor import Actor
from contract.currency import parse_currency
from contract.errors import DatabaseUnavailable, ProblemsError, ServerError
from contract.number_format import NumberFormat
from engine.commands.installation import open_installation, operator_name
from engine.report.document import MOST_ROWS, ROWS, ReportOptions, zone_named
from engine.report.pdf import run_pdf
from settings import Settings, SettingsError


def main(arguments: Sequence[str] | None = None, settings: Settings | None = None) -> int:
    """Write the PDF; return 1 where it cannot be done and 2 where it is not asked for properly."""
    parser = _argument_parser()
    given = parser.parse_args(arguments)
    if not 0 <= given.rows <= MOST_ROWS:
        parser.error(f"--rows {given.rows}: give 0 to {MOST_ROWS}")
    try:
        options = ReportOptions(
            number_format=NumberFormat.from_languages(given.language),
            currency=parse_currency(given.currency),
            zone=zone_named(given.zone),
            rows=given.rows,
            base_url=given.url,
        )
        with open_installation(settings or settings_module.read_settings()) as context:
            pdf = run_pdf(context, given.run, options, actor=Actor(given.by))
        target = given.output or Path(pdf.filename)
        _write(target / pdf.filename if target.is_dir() else target, pdf.content)
    except ProblemsError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 1
    except (SettingsError, ServerError, DatabaseUnavailable, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(target / pdf.filename if target.is_dir() else target)
    return 0


def _write(target: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}-", delete=False) as file:
        try:
            file.write(content)
            file.close()
            Path(file.name).chmod(0o666 & ~_umask())
            Path(file.name).replace(target)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _argument_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m engine.commands.report", description="Write a run as PDF.")
    parser.add_argument("run", type=UUID, help="the run's id, as its page and the history show it")
    parser.add_argument("--output", "-o", type=Path, help="file or folder to write to; this folder without it")
    parser.add_argument("--language", help="of numbers and dates, such as de-CH; English without it")
    parser.add_argument("--currency", default="", help="of amounts whose model names none; no unit without it")
    parser.add_argument("--zone", default="UTC", help="time zone of its times, such as Europe/Berlin")
    parser.add_argument(
        "--rows", type=int, default=ROWS, help=f"rows of each table that are printed; {ROWS} without it"
    )
    parser.add_argument("--url", default="", help="address of the server, for the links back to the run")
    parser.add_argument("--by", default=operator_name(), help="who prints it; your account where it is left out")
    return parser


if __name__ == "__main__":
    sys.exit(main())
