"""Which runs, and which rows of a table, a request asks for: the query parameters that lists and exports share.

Left out: what the filter means, which is `contract.run_search` and `contract.table_query`.
"""

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query

from contract.query_reader import read_query
from contract.run import Status
from contract.run_search import Filter
from contract.table_query import MAX_SEARCH
from engine.report.document import zone_named


def run_filter(
    app: str | None = None,
    status: Annotated[list[Status] | None, Query()] = None,
    user: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    text: str | None = None,
    query: Annotated[
        str | None,
        Query(description="in the language of the history's search, such as `params.age > 60 and tag:q3`"),
    ] = None,
    zone: Annotated[str, Query(description="time zone of the query's days", max_length=64)] = "UTC",
) -> Filter:
    """Return the filter that the request's query describes."""
    zone_named(zone)
    read = read_query(query).query if query else None
    return Filter(
        app=app, statuses=tuple(status or ()), user=user, since=since, until=until, text=text, query=read, zone=zone
    )


RunFilter = Annotated[Filter, Depends(run_filter)]
SearchText = Annotated[
    str, Query(description="rows in which this text, or this number at its decimals, is found", max_length=MAX_SEARCH)
]
SortColumn = Annotated[
    str, Query(description="a column's key, with - before it for the largest first", max_length=1_000)
]
