"""The MCLAVIER Marketplace's explorer: four tables to look through and to ask by SELECT.

Chosen: a bounded copy of runs and models under its names; statements never reach the database.
"""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, Field

from api.auth import CurrentActor
from contract.errors import NotFoundError, QueryError
from contract.problems import Problem
from engine.processes import context as contexts
from engine.runs.run_tables import query_run_tables, read_run_tables

router = APIRouter(prefix="/explorer", tags=["explorer"])

MAX_ROWS = 500


class QueryRequest(BaseModel):
    """A SELECT over the explorer's tables, in SQLite's SQL."""

    sql: str = Field(max_length=20_000)


class QueryResult(BaseModel):
    """Rows by column; of two columns with one name the last is kept."""

    columns: list[str]
    rows: list[dict[str, Any]]
    count: int


@router.get("/tables")
def list_tables(actor: CurrentActor) -> dict[str, list[str]]:
    """Return the names of the tables."""
    return {"tables": sorted(read_run_tables(contexts.current(), actor=actor))}


@router.get("/tables/{table}/schema")
def get_schema(table: str, actor: CurrentActor) -> dict[str, Any]:
    """Return the columns of a table."""
    columns = _table(table, actor).columns
    described = [
        {"name": name, "type": kind, "nullable": i > 0, "primary_key": i == 0}
        for i, (name, kind) in enumerate(columns.items())
    ]
    return {"table": table, "columns": described}


@router.get("/tables/{table}/rows")
def get_rows(table: str, actor: CurrentActor, limit: int = 50, offset: Annotated[int, Query()] = 0) -> dict[str, Any]:
    """Return a page of a table's rows, at most 500."""
    found = _table(table, actor)
    limit, offset = min(max(1, limit), MAX_ROWS), max(0, offset)
    names = list(found.columns)
    return {
        "table": table,
        "total": len(found.rows),
        "page": offset // limit + 1,
        "per_page": limit,
        "columns": names,
        "rows": [dict(zip(names, row, strict=True)) for row in found.rows[offset : offset + limit]],
    }


@router.post("/query")
def run_query(body: QueryRequest, actor: CurrentActor) -> QueryResult:
    """Return at most 500 rows of a SELECT."""
    try:
        columns, rows = query_run_tables(contexts.current(), body.sql, actor=actor, limit=MAX_ROWS)
    except QueryError as error:
        raise HTTPException(400, str(error)) from error
    return QueryResult(columns=columns, rows=[dict(zip(columns, row, strict=True)) for row in rows], count=len(rows))


def _table(name: str, actor: CurrentActor) -> Any:
    tables = read_run_tables(contexts.current(), actor=actor)
    if name not in tables:
        problem = Problem("table", f"there is no table {name[:100]!r}", f"Choose one of {', '.join(sorted(tables))}.")
        raise NotFoundError([problem])
    return tables[name]
