"""Analyses of many runs as files: groups of runs and comparisons, in the forms that a run has.

Chosen: one address for each analysis with the form at its end, because all forms take the same words.
Left out: what is in the files, which is `engine.export.analysis_content`.
"""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from api.auth import CurrentActor
from api.comparisons import Runs, run_ids
from api.exports import pdf_response, stream_file
from contract.actor import Actor
from contract.csv_export import EXCEL_FORMAT
from contract.currency import MAX_LETTERS, parse_currency
from contract.number_format import NumberFormat
from engine.export import analysis_files
from engine.export.analysis_content import AnalysisContent, comparison_content, group_content
from engine.processes import context as contexts
from engine.report.analysis_pdf import analysis_pdf
from engine.report.document import MOST_ROWS, ROWS, ReportOptions, zone_named

router = APIRouter(tags=["exports"])
FormName = Literal["csv", "xlsx", "parquet", "json", "svg", "png", "pdf"]
BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": BINARY}, "description": "the file"},
    409: {"description": "the group has not ended"},
}


class Wanted(BaseModel):
    """How a file is written."""

    language: str | None = None
    currency: str = ""
    zone: str = "UTC"
    rows: int = ROWS
    excel: bool = False
    table: str | None = None


def wanted_form(
    language: Annotated[str | None, Query(description="of numbers and dates, such as de-CH")] = None,
    currency: Annotated[
        str | None, Query(description="of amounts whose model names none", max_length=MAX_LETTERS)
    ] = None,
    zone: Annotated[str, Query(description="time zone of its times, such as Europe/Berlin", max_length=64)] = "UTC",
    rows: Annotated[int, Query(ge=0, le=MOST_ROWS, description="rows of each table that are printed")] = ROWS,
    table: Annotated[str | None, Query(description="of Parquet; the main table otherwise")] = None,
    *,
    excel: Annotated[bool, Query(description="CSV for a spreadsheet in that language")] = False,
) -> Wanted:
    """Return how the file is to be written."""
    return Wanted(language=language, currency=parse_currency(currency), zone=zone, rows=rows, excel=excel, table=table)


@router.get("/groups/{group_id}/export/{form}", response_class=Response, responses=FILES)
def export_group(
    request: Request,
    group_id: UUID,
    form: FormName,
    actor: CurrentActor,
    wanted: Annotated[Wanted, Depends(wanted_form)],
    figure: Annotated[str | None, Query(description="the summary figure to show; the first one otherwise")] = None,
) -> Response:
    """Return a group of runs that has ended as a file."""
    found = group_content(
        contexts.current(), group_id, figure, actor=actor, currency=wanted.currency, zone=zone_named(wanted.zone)
    )
    return _file(request, found, form, wanted, actor)


@router.get("/compare/export/{form}", response_class=Response, responses=FILES)
def export_comparison(
    request: Request,
    form: FormName,
    runs: Runs,
    actor: CurrentActor,
    wanted: Annotated[Wanted, Depends(wanted_form)],
    baseline: UUID | None = None,
) -> Response:
    """Return a comparison of runs as a file."""
    found = comparison_content(
        contexts.current(),
        run_ids(runs),
        baseline,
        actor=actor,
        currency=wanted.currency,
        zone=zone_named(wanted.zone),
    )
    return _file(request, found, form, wanted, actor)


def _file(request: Request, found: AnalysisContent, form: FormName, wanted: Wanted, actor: Actor) -> Response:
    number_format = NumberFormat.from_languages(wanted.language)
    match form:
        case "pdf":
            options = ReportOptions(
                number_format=number_format,
                currency=wanted.currency,
                zone=zone_named(wanted.zone),
                rows=wanted.rows,
                base_url=str(request.base_url).removesuffix("/").removesuffix("/api"),
            )
            return pdf_response(analysis_pdf(found, options, actor=actor))
        case "csv":
            spreadsheet = number_format if wanted.language else EXCEL_FORMAT
            file = analysis_files.analysis_csv(found, actor=actor, excel=wanted.excel, number_format=spreadsheet)
        case "xlsx":
            file = analysis_files.analysis_workbook(found, actor=actor)
        case "parquet":
            file = analysis_files.analysis_parquet(found, wanted.table, actor=actor)
        case "json":
            file = analysis_files.analysis_json(found, actor=actor)
        case _:
            file = analysis_files.analysis_charts(found, form, actor=actor, number_format=number_format)
    return stream_file(file)
