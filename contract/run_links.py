"""What a run came from and what was made from it, as a small graph: runs, groups of runs, and links between them.

Chosen: a run that the reader may not see is a node without an id, an owner or a time; such runs that came from the same
run are one node with their number. A group is one node, however many runs it has.
Left out: where the graph is drawn, which is `ui.result`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from contract.run import LinkKind, Status
from contract.run_group import GroupKind, GroupStatus


class NodeKind(StrEnum):
    """What a node stands for."""

    RUN = "run"
    GROUP = "group"
    HIDDEN = "hidden"  # runs or groups that the reader may not see
    DELETED = "deleted"  # a run that is not there any more


@dataclass(frozen=True, slots=True)
class LinkNode:
    """A run or a group of runs among others.

    `key` tells it from the other nodes of the same answer. `depth` is how many links lead from the run that was asked
    for: below 0 to what it came from, above 0 to what was made from it. `runs` counts the runs of a group, or the runs
    and groups that a hidden node stands for. Of what it is linked with, `more_before` and `more_after` are not among
    the nodes. `inputs` are None where they are too large to be read with many others; `changes` are the inputs that a
    point of a group sets, None where it is not one.
    """

    key: str
    kind: NodeKind
    depth: int
    id: UUID | None = None
    status: Status | GroupStatus | None = None
    group: GroupKind | None = None
    app_id: int | None = None
    app_slug: str = ""
    app_name: str = ""
    version: str = ""
    user: str = ""
    at: datetime | None = None
    inputs: Mapping[str, Any] | None = None
    changes: Mapping[str, Any] | None = None
    runs: int = 1
    more_before: int = 0
    more_after: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    """That `target` came from `source`, both by their keys."""

    kind: LinkKind
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class RunLinks:
    """The nodes around the run whose key is `focus`, those it came from first, and the links between them.

    `shown` counts the runs and groups that are nodes, `total` those and what they are linked with. With `capped` there
    are more than `total` says.
    """

    focus: str
    nodes: tuple[LinkNode, ...]
    links: tuple[Link, ...]
    shown: int
    total: int
    capped: bool = False

    def node(self, key: str) -> LinkNode:
        """Return the node of that key."""
        return next(node for node in self.nodes if node.key == key)

    def origins(self, key: str) -> list[tuple[Link, LinkNode]]:
        """Return the links to what a node came from, each with that node."""
        return [(link, self.node(link.source)) for link in self.links if link.target == key]
