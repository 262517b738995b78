"""What a run came from and what was made from it, over HTTP.

Left out: the graph around the runs that are its nodes, which is had by asking for one of them.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.auth import CurrentActor
from contract.run import LinkKind
from contract.run_group import GroupKind
from contract.run_links import LinkNode, NodeKind, RunLinks
from engine.processes import context as contexts
from engine.runs.links import AFTER, BEFORE, MOST_AFTER, MOST_BEFORE, Change, changes_of, read_links

router = APIRouter(tags=["runs"])

Before = Annotated[int, Query(ge=0, le=MOST_BEFORE, description="links to follow to what it came from")]
After = Annotated[
    int, Query(ge=0, le=MOST_AFTER, description="links to follow to what was made from it; with 0 that is not counted")
]


class LinkNodeBody(BaseModel):
    """A run, a group of runs, runs that the caller may not see (without an id), or a run that was deleted."""

    key: str = Field(description="tells it from the other nodes of this answer")
    kind: NodeKind
    depth: int = Field(description="below 0: the run came from it; above 0: it was made from the run")
    id: str | None = Field(description="of the run or the group")
    url: str | None = Field(description="its page")
    status: str | None
    group: GroupKind | None
    app_id: int | None
    app_name: str | None
    version: str | None
    user: str | None
    at: datetime | None = Field(description="when the run was queued or the group was started")
    runs: int = Field(description="of a group its runs; of a hidden node the runs and groups that it stands for")
    changes: list[str] | None = Field(description="what differs from the run that it came from; null where unknown")
    more_before: int = Field(description="what it came from that is not among the nodes")
    more_after: int = Field(description="what was made from it that is not among the nodes")

    @classmethod
    def of(cls, node: LinkNode, change: Change | None) -> "LinkNodeBody":
        """Return the body for `node`."""
        page = "/sweep" if node.kind is NodeKind.GROUP else "/run"
        return cls(
            key=node.key,
            kind=node.kind,
            depth=node.depth,
            id=str(node.id) if node.id else None,
            url=f"{page}?id={node.id}" if node.id else None,
            status=str(node.status) if node.status else None,
            group=node.group,
            app_id=node.app_id,
            app_name=node.app_name or None,
            version=node.version or None,
            user=node.user or None,
            at=node.at,
            runs=node.runs,
            changes=list(change.phrases) if change is not None and change.known else None,
            more_before=node.more_before,
            more_after=node.more_after,
        )


class LinkBody(BaseModel):
    """That `target` came from `source`, both by their keys."""

    kind: LinkKind
    source: str
    target: str


class RunLinksBody(BaseModel):
    """The runs and groups around a run, and the links between them; `focus` is the run's key."""

    focus: str
    nodes: list[LinkNodeBody]
    links: list[LinkBody]
    shown: int = Field(description="runs and groups among the nodes")
    total: int = Field(description="those and what they are linked with")
    capped: bool = Field(description="whether there are more than `total`")

    @classmethod
    def of(cls, found: RunLinks, changes: dict[str, Change]) -> "RunLinksBody":
        """Return the body for the graph."""
        return cls(
            focus=found.focus,
            nodes=[LinkNodeBody.of(node, changes.get(node.key)) for node in found.nodes],
            links=[LinkBody(kind=link.kind, source=link.source, target=link.target) for link in found.links],
            shown=found.shown,
            total=found.total,
            capped=found.capped,
        )


@router.get("/runs/{run_id}/links")
def get_links(run_id: UUID, actor: CurrentActor, before: Before = BEFORE, after: After = AFTER) -> RunLinksBody:
    """Return what a run came from and what was made from it, at most 40 runs and groups of runs."""
    context = contexts.current()
    found = read_links(context, run_id, before=before, after=after, actor=actor)
    return RunLinksBody.of(found, changes_of(context, found, actor=actor))
