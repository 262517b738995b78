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
from contract.currency import MAX_LETTERS, column_in, parse_currency
from contract.errors import NotFoundError
from contract.problems import Problem
from engine.processes import context as contexts
from engine.runs.export import ExportedColumns, export_columns

router = APIRouter(tags=["exports"])


@router.get("/runs/{run_id}/export/csv", response_class=StreamingResponse)
def export_csv(
    run_id: UUID,
    table: Annotated[str | None, Query(description="a table or series by name; the first one otherwise")] = None,
    excel: Annotated[bool, Query(description="byte order mark, semicolons and decimal commas")] = False,
    currency: Annotated[
        str | None, Query(description="of amounts whose model names none; empty for no unit", max_length=MAX_LETTERS)
    ] = None,
) -> StreamingResponse:
    """Return a table or series as CSV: UTF-8, a line of labels, full precision."""
    found: ExportedColumns | None = export_columns(contexts.current(), run_id, table)
    if found is None:
        what = f"the run has no table or series {table!r}" if table else "the run has no table or series"
        raise NotFoundError([Problem("table", what, "Look at the run's result for the names.")])
    columns = found.columns
    if currency is not None:
        columns = [column_in(column, parse_currency(currency)) for column in columns]
    return StreamingResponse(
        contract_csv.write_csv(columns, found.batches, excel=excel),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{found.filename}"'},
    )
