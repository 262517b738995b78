"""The PDF of a run: the one verb that the pages, the API and the command line call.

Chosen: Typst sets the pages and matplotlib draws the charts, because both come as wheels and need neither a browser nor
system libraries (docs/decisions/21-pdf.md has the measurements). Every text reaches the template as a value, never as
markup.
Left out: runs that go on: their result may still change.
"""

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from contract.actor import Actor
from contract.errors import NotReadyError
from contract.problems import Problem
from contract.result import Series, Table
from engine.authorization import Action, require
from engine.models.catalogue import version_of_run
from engine.processes.context import AppContext
from engine.report.charts import drawing_turn, font_files
from engine.report.document import Document, ReportOptions, make_document
from engine.runs.export import whole_series
from engine.runs.follow import snapshot
from engine.runs.results import read_result_file, read_result_part
from engine.runs.sign_off import find_sign_off

TEMPLATE = Path(__file__).with_name("template.typ")


@dataclass(frozen=True, slots=True)
class Pdf:
    """A PDF with a name for its file."""

    filename: str
    content: bytes


def run_pdf(context: AppContext, run_id: UUID, options: ReportOptions | None = None, *, actor: Actor) -> Pdf:
    """Return the report of an ended run as PDF.

    Args:
        context: with the database.
        run_id: the run.
        options: number format, currency, time zone, rows of each table, and what links begin with.
        actor: who asks for it, named in the report.

    Raises:
        NotFoundError: there is no such run.
        NotReadyError: it has not ended.
        BusyError: as many reports as may wait are waiting.
    """
    require(actor, Action.READ_RUNS)
    options = options or ReportOptions()
    now = snapshot(context, run_id, actor=actor)
    if not now.final:
        problem = Problem("run", f"run {run_id} has not ended", "Ask for its PDF when it has.")
        raise NotReadyError([problem])

    def read_rows(table: Table, rows: int) -> Mapping[str, Sequence[Any]]:
        if table.part is None:
            return table.data
        found: Mapping[str, Sequence[Any]] = read_result_part(
            context, run_id, table.part, 0, rows, actor=actor
        ).to_pydict()
        return found

    def read_series(series: Series) -> Series:
        return whole_series(context, run_id, series, actor=actor)

    def read_file(name: str) -> bytes:
        return read_result_file(context, run_id, name, actor=actor)

    manifest = version_of_run(context, now.run, actor=actor).manifest
    signed_off = find_sign_off(context, run_id, actor=actor)
    with drawing_turn():
        document = make_document(
            now,
            manifest,
            options,
            read_rows=read_rows,
            read_series=read_series,
            read_file=read_file,
            fonts=font_files(),
            printed_by=actor.name,
            signed_off=signed_off,
        )
        content = typeset(document)
    return Pdf(f"{re.sub(r'[^A-Za-z0-9_]+', '-', now.run.app_slug)}-{str(run_id)[-8:]}.pdf", content)


def typeset(document: Document) -> bytes:
    """Return the document as PDF."""
    import typst

    with tempfile.TemporaryDirectory(prefix="tontine-report-") as folder:
        root = Path(folder)
        (root / "data.json").write_bytes(orjson.dumps(document.values))
        for name, svg in document.drawings.items():
            (root / name).write_bytes(svg)
        main = root / "report.typ"
        main.write_bytes(TEMPLATE.read_bytes())
        compiler = typst.Compiler(root=str(root), font_paths=_fonts())
        content = compiler.compile(str(main), format="pdf")
        assert isinstance(content, bytes)  # of the other formats each page is a file
        return content


@cache
def _fonts() -> Any:
    """Return the fonts: our typeface, what matplotlib has for what it lacks, and for the rest the host's own."""
    import matplotlib as mpl
    import typst

    folders = [str(font_files()[0].parent), str(Path(mpl.get_data_path()) / "fonts" / "ttf")]
    return typst.Fonts(include_system_fonts=True, include_embedded_fonts=True, font_paths=folders)
