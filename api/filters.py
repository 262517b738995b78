"""Which runs a request asks for: the query parameters that lists and exports share.

Left out: what the filter means, which is `contract.run_search`.
"""

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query

from contract.run import Status
from contract.run_search import Filter


def run_filter(
    app: str | None = None,
    status: Annotated[list[Status] | None, Query()] = None,
    user: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    text: str | None = None,
) -> Filter:
    """Return the filter that the request's query describes."""
    return Filter(app=app, statuses=tuple(status or ()), user=user, since=since, until=until, text=text)


RunFilter = Annotated[Filter, Depends(run_filter)]
