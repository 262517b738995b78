"""CSV of a run's tables and series, streamed, whatever their size.

Chosen: the first table where none is named, then the series, as an analyst expects from "export"; parts are read one
batch at a time.
Left out: spreadsheets and Parquet.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from contract import csv_export as contract_csv
from contract.number_format import NumberFormat
from contract.problems import Problem
from engine.processes import context as contexts
from engine.runs.export import ExportedColumns, export_columns
from engine.runs.submit import NotFoundError

router = APIRouter(tags=["exports"])


@router.get("/runs/{run_id}/export/csv", response_class=StreamingResponse)
def export_csv(
    run_id: UUID,
    table: Annotated[str | None, Query(description="a table or series by name; the first one otherwise")] = None,
    excel: Annotated[bool, Query(description="for a spreadsheet: byte order mark, separators of `language`")] = False,
    language: Annotated[
        str | None, Query(description="of the spreadsheet, such as en-GB; semicolons and decimal commas without it")
    ] = None,
) -> StreamingResponse:
    """Return a table or series as CSV: UTF-8, a line of labels, full precision."""
    found: ExportedColumns | None = export_columns(contexts.current(), run_id, table)
    if found is None:
        what = f"the run has no table or series {table!r}" if table else "the run has no table or series"
        raise NotFoundError([Problem("table", what, "Look at the run's result for the names.")])
    number_format = NumberFormat.from_languages(language) if language else contract_csv.EXCEL_FORMAT
    return StreamingResponse(
        contract_csv.write_csv(found.columns, found.batches, excel=excel, number_format=number_format),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{found.filename}"'},
    )
