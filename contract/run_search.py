"""What a search for runs asks for, and the page it gives.

Chosen: one filter for the history, the API and exports, and cursors in place of page numbers.
Left out: the statements, which are `storage.search`.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contract.run import Run, Status
from contract.run_query import Query


@dataclass(frozen=True, slots=True)
class Filter:
    """Which runs. What is empty or None lets all through.

    `app` is a slug or an id, `since` and `until` are the times queued from and before, `batch` is a sweep. Every
    word of `text` must be found in the model's or the user's name, the reason, four or more digits of the run's id
    or a text among its inputs. `query` is what was written in the history's own language, its days in the time zone
    called `zone`. The system's own runs are left out, unless `user` is its name or the query asks for a user; runs that
    belong to a group are left out unless it is given as `batch` or `members` is on.
    """

    app: str | int | None = None
    statuses: tuple[Status, ...] = ()
    user: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None
    batch: UUID | None = None
    query: Query | None = None
    zone: str = "UTC"
    members: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Some runs, and the cursor of what follows, None after the last."""

    runs: tuple[Run, ...]
    next_cursor: str | None
