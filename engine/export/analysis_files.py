"""An analysis of many runs as files: CSV, workbook, Parquet, JSON and its charts as images.

Chosen: the same forms as a run has, in the same words. The workbook's sheet *Inputs* has a row for each run and is read
back (`contract.input_workbook`).
Left out: what the files hold, which is `engine.export.analysis_content`, and the PDF (`engine.report.analysis_pdf`).
"""

import tempfile
from typing import Any

import orjson

from charting import number_formats
from charting.drawing import Form
from contract.actor import Actor
from contract.csv_export import EXCEL_FORMAT, write_csv
from contract.errors import NotFoundError
from contract.number_format import NumberFormat
from contract.problems import Problem
from engine.authorization import Action, require
from engine.export import chart_files, document, parquet, workbook
from engine.export.analysis_content import AnalysisContent, NamedTable
from engine.export.ended_run import ExportedFile, NamedRows, read_chunks
from engine.report.charts import drawing_turn


def analysis_csv(
    content: AnalysisContent, *, actor: Actor, excel: bool = False, number_format: NumberFormat | None = None
) -> ExportedFile:
    """Return the main table as CSV, for a spreadsheet where `excel` is on."""
    require(actor, Action.READ_RUNS)
    table = content.tables[0]
    lines = write_csv(table.columns, [table.data], excel=excel, number_format=number_format or EXCEL_FORMAT)
    return ExportedFile(f"{content.stem}{'-excel' if excel else ''}.csv", "text/csv; charset=utf-8", lines)


def analysis_workbook(content: AnalysisContent, *, actor: Actor) -> ExportedFile:
    """Return a workbook: the inputs of each run in a row, each table, and the facts."""
    require(actor, Action.READ_RUNS)
    book = workbook.Book()
    sheets = book.add_inputs(content.manifest.inputs, content.inputs)
    for table in content.tables:
        rows = NamedRows(table.name, table.columns, table.rows, iter([table.data]))
        book.add_sheet("Results" if table is content.tables[0] else table.name, workbook.table_rows(rows))
    book.add_input_tables(sheets)
    facts = [["Provenance", "Value"], ["Analysis", content.reference], ["Model", content.title]]
    facts += [[key, text] for key, text in content.facts.items()] + [["Note", note] for note in content.notes]
    book.add_sheet("Provenance", facts, widths=(24, 60))
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by what reads it
    try:
        book.workbook.save(file)
    except BaseException:
        file.close()
        raise
    return ExportedFile(f"{content.stem}.xlsx", workbook.MEDIA_TYPE, read_chunks(file))


def analysis_parquet(content: AnalysisContent, name: str | None = None, *, actor: Actor) -> ExportedFile:
    """Return a table as Parquet, the main one without a name, with the facts in its metadata.

    Raises:
        NotFoundError: there is no table of this name.
    """
    require(actor, Action.READ_RUNS)
    table = next((one for one in content.tables if name in {None, one.name}), None)
    if table is None:
        names = ", ".join(one.name for one in content.tables)
        raise NotFoundError([Problem("table", f"there is no table {name!r}", f"There are: {names}.")])
    data = parquet.write_table(table.columns, [table.data], _metadata(content))
    return ExportedFile(f"{content.stem}.parquet", parquet.MEDIA_TYPE, data)


def analysis_json(content: AnalysisContent, *, actor: Actor) -> ExportedFile:
    """Return an analysis as one JSON document: what it is, its tables as rows, and the inputs of its runs."""
    require(actor, Action.READ_RUNS)
    runs = [{"run": run, "inputs": inputs} for run, inputs in zip(content.runs, content.inputs, strict=True)]
    whole = {**_metadata(content), "tables": {t.name: _records(t) for t in content.tables}, "runs": runs}
    chunks = iter([orjson.dumps(whole, default=str) + b"\n"])
    return ExportedFile(f"{content.stem}.json", document.MEDIA_TYPE, chunks)


def analysis_charts(
    content: AnalysisContent, form: Form, *, actor: Actor, number_format: NumberFormat | None = None
) -> ExportedFile:
    """Return the charts as images in a zip.

    Raises:
        NotFoundError: there is no chart.
        BusyError: too many drawings wait.
    """
    require(actor, Action.READ_RUNS)
    if not content.charts:
        raise NotFoundError([Problem("chart", "there are no charts", "Export the tables.")])
    with drawing_turn(), number_formats.written_in(number_format or NumberFormat()):
        chunks = chart_files.zip_charts(list(content.charts), form)
    return ExportedFile(f"{content.stem}-charts-{form}.zip", chart_files.ZIP, chunks)


def _metadata(content: AnalysisContent) -> dict[str, Any]:
    return {"analysis": content.kind, "model": content.title, **content.extra, "facts": dict(content.facts)}


def _records(table: NamedTable) -> list[dict[str, Any]]:
    return [
        {column.title: table.data[column.key][i] for column in table.columns if i < len(table.data[column.key])}
        for i in range(table.rows)
    ]
