"""The charts of a run as files: one as SVG or PNG, or all of them in a zip.

Chosen: what the report prints, drawn by the server, so that a script gets the same picture as an analyst, and without
a browser. Numbers are written in the reader's format.
Left out: kinds that only a browser draws; the page saves those.
"""

import io
import zipfile
from collections.abc import Iterator
from uuid import UUID

from charting import number_formats
from charting.drawing import Form, draw_file
from contract.actor import Actor
from contract.csv_export import plain_name
from contract.currency import result_in
from contract.errors import NotFoundError, ProblemsError, ResultError
from contract.number_format import NumberFormat
from contract.problems import Problem
from contract.result import Series
from engine.authorization import Action, require
from engine.export.ended_run import ExportedFile, read_ended_run
from engine.processes.context import AppContext
from engine.report.charts import ResultChart, chart_heading, drawing_turn, font_files, result_charts, undrawn_kinds
from engine.runs.export import whole_series

MEDIA_TYPES: dict[Form, str] = {"svg": "image/svg+xml", "png": "image/png"}
ZIP = "application/zip"
NAME_LETTERS = 60
REMARKS = "not-drawn.txt"


def run_charts(
    context: AppContext,
    run_id: UUID,
    form: Form,
    chart: str | None = None,
    *,
    number_format: NumberFormat | None = None,
    currency: str = "",
    actor: Actor,
) -> ExportedFile:
    """Return one chart of an ended run as an image, or all of them as a zip of images.

    Args:
        context: with the database.
        run_id: the run.
        form: of the images.
        chart: by its title as the page shows it, `Series` for the series; all of them where it is left out.
        number_format: of ticks and labels; English where it is left out.
        currency: of amounts whose model names none.
        actor: who asks.

    Raises:
        NotFoundError: there is no such run or chart, the run has no charts, or the chart cannot be drawn.
        NotReadyError: it has not ended.
        BusyError: too many drawings wait.
    """
    require(actor, Action.READ_RUNS)
    ended = read_ended_run(context, run_id, actor=actor)

    def read_series(series: Series) -> Series:
        return whole_series(context, run_id, series, actor=actor)

    charts = result_charts(result_in(ended.result, currency), read_series)
    if not charts:
        raise NotFoundError([Problem("chart", "the run has no charts", "Export its tables or its figures.")])
    with drawing_turn(), number_formats.written_in(number_format or NumberFormat()):
        if chart is not None:
            found = next((one for one in charts if one.title == chart), None)
            if found is None:
                titles = ", ".join(one.title for one in charts[:20])
                raise NotFoundError([Problem("chart", f"the run has no chart {chart!r}", f"It has: {titles}.")])
            try:
                content = _draw(found, form)
            except ResultError as error:  # a model's own figure may hold anything
                raise NotFoundError(error.problems) from error
            return ExportedFile(f"{ended.stem}-{_plain(chart)}.{form}", MEDIA_TYPES[form], iter([content]))
        return ExportedFile(f"{ended.stem}-charts-{form}.zip", ZIP, zip_charts(charts, form))


def zip_charts(charts: list[ResultChart], form: Form) -> Iterator[bytes]:
    """Return the zip, in which a text names the charts that could not be drawn and why."""
    out = io.BytesIO()
    remarks = []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, chart in enumerate(charts, start=1):
            try:
                archive.writestr(f"{number:02}-{_plain(chart.title)}.{form}", _draw(chart, form))
            except ProblemsError as error:
                remarks.append(f"{chart.title}: " + "; ".join(str(p) for p in error.problems))
        if remarks:
            archive.writestr(REMARKS, "\n".join(remarks) + "\n")
    return iter([out.getvalue()])


def _draw(chart: ResultChart, form: Form) -> bytes:
    figure = chart.figure()
    drawing = draw_file(figure, form, chart_heading(chart, figure), fonts=font_files())
    if drawing is None or drawing.missing:
        kinds = undrawn_kinds(figure, drawing)
        what = f"only a browser draws it ({', '.join(kinds)})" if kinds else "it has no data"
        raise NotFoundError([Problem("chart", what, "Save it from the run's page.")])
    return drawing.content


def _plain(title: str) -> str:
    """Return a title as the part of a file's name."""
    return plain_name(title, "chart")[:NAME_LETTERS]
