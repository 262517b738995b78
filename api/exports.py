"""A run as files: CSV streamed whatever its size, Parquet, workbook, JSON, PDF, charts, a bundle that recomputes it.

Chosen: the first table where none is named, then the series, as an analyst expects from "export"; parts are read one
batch at a time.
Left out: what is in the files, which is `engine.export` and `engine.report`.
"""

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from api.auth import CurrentActor
from api.filters import RunFilter, SearchText, SortColumn
from contract import csv_export as contract_csv
from contract.currency import MAX_LETTERS, column_in, parse_currency
from contract.errors import NotFoundError
from contract.number_format import NumberFormat
from contract.problems import Problem
from contract.table_query import read_table_query
from engine.export import bundle, chart_files, document, parquet, workbook
from engine.export.ended_run import ExportedFile
from engine.processes import context as contexts
from engine.report.document import MOST_ROWS, ROWS, ReportOptions, zone_named
from engine.report.pdf import Pdf, run_pdf
from engine.runs.export import ExportedColumns, export_columns, export_runs

router = APIRouter(tags=["exports"])
CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}
Excel = Annotated[bool, Query(description="byte order mark, semicolons and decimal commas")]

NOT_ENDED: dict[int | str, dict[str, Any]] = {409: {"description": "the run has not ended, or without a result"}}


def _file_of(media_type: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {media_type: {"schema": {"type": "string", "format": "binary"}}}}, **NOT_ENDED}


DOCUMENT: dict[int | str, dict[str, Any]] = {
    200: {"content": {document.MEDIA_TYPE: {"schema": {"type": "object"}}}},
    **NOT_ENDED,
}
IMAGE: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
CHARTS: dict[int | str, dict[str, Any]] = {
    200: {"content": dict.fromkeys((chart_files.ZIP, *chart_files.MEDIA_TYPES.values()), IMAGE)},
    404: {"description": "no such run or chart, or only a browser draws it"},
    **NOT_ENDED,
}
PDF = {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}


@router.get("/runs/export/csv", response_class=StreamingResponse, responses=CSV)
def export_run_list(actor: CurrentActor, wanted: RunFilter, excel: Excel = False) -> StreamingResponse:
    """Return the list of runs as CSV, newest first, filtered as GET /runs filters it."""
    return stream_csv(export_runs(contexts.current(), wanted, actor=actor), excel=excel)


@router.get("/runs/{run_id}/export/csv", response_class=StreamingResponse, responses=CSV)
def export_csv(
    run_id: UUID,
    actor: CurrentActor,
    table: Annotated[str | None, Query(description="a table or series by name; the first one otherwise")] = None,
    excel: Excel = False,
    language: Annotated[
        str | None, Query(description="of the spreadsheet, such as en-GB; semicolons and decimal commas without it")
    ] = None,
    currency: Annotated[
        str | None, Query(description="of amounts whose model names none; empty for no unit", max_length=MAX_LETTERS)
    ] = None,
    search: SearchText = "",
    sort: SortColumn = "",
) -> StreamingResponse:
    """Return a table or series as CSV: UTF-8, a line of labels, full precision.

    Of a table only the rows that `search` finds, in the order of `sort`, where they are given.
    """
    number_format = NumberFormat.from_languages(language) if language else contract_csv.EXCEL_FORMAT
    query = read_table_query(search, NumberFormat.from_languages(language), sort)
    found: ExportedColumns | None = export_columns(contexts.current(), run_id, table, query, actor=actor)
    if found is None:
        what = f"the run has no table or series {table!r}" if table else "the run has no table or series"
        raise NotFoundError([Problem("table", what, "Look at the run's result for the names.")])
    columns = found.columns
    if currency is not None:
        columns = [column_in(column, parse_currency(currency)) for column in columns]
    return stream_csv(replace(found, columns=columns), excel=excel, number_format=number_format)


@router.get(
    "/runs/{run_id}/export/pdf",
    response_class=Response,
    responses={
        200: {"content": PDF, "description": "the report"},
        409: {"description": "the run has not ended"},
    },
)
def export_pdf(
    request: Request,
    run_id: UUID,
    actor: CurrentActor,
    language: Annotated[
        str | None, Query(description="of numbers and dates, such as de-CH; English without it")
    ] = None,
    currency: Annotated[
        str | None, Query(description="of amounts whose model names none; no unit without it", max_length=MAX_LETTERS)
    ] = None,
    zone: Annotated[str, Query(description="time zone of its times, such as Europe/Berlin", max_length=64)] = "UTC",
    rows: Annotated[int, Query(ge=0, le=MOST_ROWS, description="rows of each table that are printed")] = ROWS,
) -> Response:
    """Return an ended run as PDF: inputs, summary, charts, tables, notes, warnings and provenance."""
    options = ReportOptions(
        number_format=NumberFormat.from_languages(language),
        currency=parse_currency(currency),
        zone=zone_named(zone),
        rows=rows,
        base_url=str(request.base_url).removesuffix("/").removesuffix("/api"),
    )
    return pdf_response(run_pdf(contexts.current(), run_id, options, actor=actor))


@router.get("/runs/{run_id}/export/svg", response_class=StreamingResponse, responses=CHARTS)
@router.get("/runs/{run_id}/export/png", response_class=StreamingResponse, responses=CHARTS)
def export_charts(
    request: Request,
    run_id: UUID,
    actor: CurrentActor,
    chart: Annotated[str | None, Query(description="a chart by its title; all of them in a zip otherwise")] = None,
    language: Annotated[str | None, Query(description="of numbers, such as de-CH; English without it")] = None,
    currency: Annotated[
        str | None, Query(description="of amounts whose model names none; no unit without it", max_length=MAX_LETTERS)
    ] = None,
) -> StreamingResponse:
    """Return the charts of an ended run as images in a zip, or one of them."""
    file = chart_files.run_charts(
        contexts.current(),
        run_id,
        "png" if request.url.path.endswith("/png") else "svg",
        chart,
        number_format=NumberFormat.from_languages(language),
        currency=parse_currency(currency),
        actor=actor,
    )
    return stream_file(file)


@router.get("/runs/{run_id}/export/xlsx", response_class=StreamingResponse, responses=_file_of(workbook.MEDIA_TYPE))
def export_workbook(run_id: UUID, actor: CurrentActor) -> StreamingResponse:
    """Return an ended run as an Excel workbook: inputs, figures, each table, series and provenance."""
    return stream_file(workbook.run_workbook(contexts.current(), run_id, actor=actor))


@router.get("/runs/{run_id}/export/parquet", response_class=StreamingResponse, responses=_file_of(parquet.MEDIA_TYPE))
def export_parquet(
    run_id: UUID,
    actor: CurrentActor,
    table: Annotated[str | None, Query(description="a table or series by name; the first one otherwise")] = None,
) -> StreamingResponse:
    """Return a table or series of an ended run as Parquet; the run is in its metadata under `tontine`, as JSON."""
    return stream_file(parquet.table_parquet(contexts.current(), run_id, table, actor=actor))


@router.get("/runs/{run_id}/export/json", response_class=StreamingResponse, responses=DOCUMENT)
def export_json(run_id: UUID, actor: CurrentActor) -> StreamingResponse:
    """Return an ended run as one JSON document, with every row of its tables and series."""
    return stream_file(document.run_document(contexts.current(), run_id, actor=actor))


@router.get("/runs/{run_id}/export/bundle", response_class=StreamingResponse, responses=_file_of(bundle.MEDIA_TYPE))
def export_bundle(run_id: UUID, actor: CurrentActor) -> StreamingResponse:
    """Return a successful run as a zip: code, inputs, seed, packages, result, and a script that computes it again."""
    return stream_file(bundle.run_bundle(contexts.current(), run_id, actor=actor))


def stream_file(file: ExportedFile) -> StreamingResponse:
    """Return a file to save, in chunks."""
    headers = {"Content-Disposition": f'attachment; filename="{file.filename}"'}
    return StreamingResponse(file.chunks, media_type=file.media_type, headers=headers)


def pdf_response(pdf: Pdf) -> Response:
    """Return a report to keep as a file."""
    headers = {"Content-Disposition": f'attachment; filename="{pdf.filename}"'}
    return Response(pdf.content, media_type="application/pdf", headers=headers)


def stream_csv(
    found: ExportedColumns, *, excel: bool = False, number_format: NumberFormat = contract_csv.EXCEL_FORMAT
) -> StreamingResponse:
    """Return columns as a CSV file to save, streamed."""
    return StreamingResponse(
        contract_csv.write_csv(found.columns, found.batches, excel=excel, number_format=number_format),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{found.filename}"'},
    )
