"""The explorer over HTTP: its tables, queries that read, their rows as CSV, and saved queries.

Chosen: the CSV is a GET, so that a browser saves it as it comes; a long query is saved first and asked for by its id.
Left out: the MCLAVIER Marketplace's explorer, which has routes and tables of its own (`api.mclavier.explorer`).
"""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from api.auth import CurrentActor
from api.exports import CSV, Excel, stream_csv
from contract.explorer import MAX_NAME, MAX_SQL, QueryResult, SavedQuery
from engine.explorer import query, saved
from engine.processes import context as contexts

router = APIRouter(tags=["explorer"])


class ColumnBody(BaseModel):
    """A column, with its type as PostgreSQL writes it."""

    name: str
    type: str


class TableBody(BaseModel):
    """A table that queries may read."""

    name: str
    description: str
    columns: list[ColumnBody]


class QueryRequest(BaseModel):
    """One statement that reads, in PostgreSQL's SQL. With an `id` of your own choice the query can be cancelled."""

    model_config = ConfigDict(extra="forbid")

    sql: str = Field(min_length=1, max_length=MAX_SQL)
    limit: int = Field(query.MAX_ROWS, ge=1, le=query.MAX_ROWS)
    id: UUID | None = None


class QueryBody(BaseModel):
    """The first rows of a query. `more` says that it has further ones; `cut_cells` counts texts that were shortened."""

    columns: list[ColumnBody]
    rows: list[list[Any]]
    more: bool
    cut_cells: int
    seconds: float

    @classmethod
    def of(cls, result: QueryResult) -> "QueryBody":
        """Return the body for `result`."""
        return cls(
            columns=[ColumnBody(name=c.name, type=c.type) for c in result.columns],
            rows=[[None if value != value else value for value in row] for row in result.rows],  # noqa: PLR0124 - NaN
            more=result.more,
            cut_cells=result.cut_cells,
            seconds=result.seconds,
        )


class CancelBody(BaseModel):
    """Whether a query of that id was running."""

    cancelled: bool


class SaveRequest(BaseModel):
    """A query and the name to save it under."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=MAX_NAME)
    sql: str = Field(min_length=1, max_length=MAX_SQL)


class SavedBody(BaseModel):
    """A query that was saved, for everybody who may use the explorer."""

    id: UUID
    name: str
    sql: str
    created_by: str
    created_at: datetime

    @classmethod
    def of(cls, found: SavedQuery) -> "SavedBody":
        """Return the body for `found`."""
        return cls(
            id=found.id, name=found.name, sql=found.sql, created_by=found.created_by, created_at=found.created_at
        )


@router.get("/explorer/tables")
def list_tables(actor: CurrentActor) -> list[TableBody]:
    """List the tables that queries may read, with their columns."""
    return [
        TableBody(
            name=table.name,
            description=table.description,
            columns=[ColumnBody(name=c.name, type=c.type) for c in table.columns],
        )
        for table in query.list_tables(contexts.current(), actor=actor)
    ]


@router.post("/explorer/query")
def run_query(body: QueryRequest, actor: CurrentActor) -> QueryBody:
    """Run a query and return its first rows."""
    found = query.run_query(contexts.current(), body.sql, actor=actor, limit=body.limit, query_id=body.id)
    return QueryBody.of(found)


@router.post("/explorer/queries/{query_id}/cancel")
def cancel_query(query_id: UUID, actor: CurrentActor) -> CancelBody:
    """Cancel a query that runs, by the id that it was given."""
    return CancelBody(cancelled=query.cancel_query(contexts.current(), query_id, actor=actor))


@router.get("/explorer/csv", response_class=StreamingResponse, responses=CSV)
def export_csv(
    actor: CurrentActor,
    sql: Annotated[str, Query(min_length=1, max_length=MAX_SQL, description="one statement that reads")],
    excel: Excel = False,
) -> StreamingResponse:
    """Return all rows of a query as CSV. A download that breaks off took longer than a query may."""
    return stream_csv(query.export_query(contexts.current(), sql, actor=actor), excel=excel)


@router.get("/explorer/saved")
def list_saved(actor: CurrentActor) -> list[SavedBody]:
    """List the saved queries, by name."""
    return [SavedBody.of(found) for found in saved.list_queries(contexts.current(), actor=actor)]


@router.post("/explorer/saved", status_code=201)
def save_query(body: SaveRequest, actor: CurrentActor) -> SavedBody:
    """Save a query; your own of that name is replaced."""
    return SavedBody.of(saved.save_query(contexts.current(), body.name, body.sql, actor=actor))


@router.delete("/explorer/saved/{query_id}", status_code=204)
def delete_saved(query_id: UUID, actor: CurrentActor) -> None:
    """Delete a saved query."""
    saved.delete_query(contexts.current(), query_id, actor=actor)


@router.get("/explorer/saved/{query_id}/csv", response_class=StreamingResponse, responses=CSV)
def export_saved_csv(query_id: UUID, actor: CurrentActor, excel: Excel = False) -> StreamingResponse:
    """Return all rows of a saved query as CSV."""
    found = saved.find_query(contexts.current(), query_id, actor=actor)
    return stream_csv(query.export_query(contexts.current(), found.sql, actor=actor), excel=excel)
