"""What runs came from and what was made from them, around one run, as far as somebody may read it.

Chosen: the runs and groups are walked in the database, from the run outwards, at most so many from each and so many
links far; nothing is walked through a run that is not for the reader, so that nobody learns what it came from. What was
made from a run is found by the indexes on origin, reused result and source; of each run at most `COUNTED` of its newest
are looked at, so that a run that thousands reuse costs no more than that.
Left out: the points of a group, which is one node, and those that reuse a run's result, which their group stands for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping

from contract.run import LinkKind, Status
from contract.run_group import GroupKind, GroupStatus
from contract.run_links import Link, LinkNode, NodeKind, RunLinks
from storage.sql import sql
from storage.visibility import Viewer, readable

# ruff: noqa: S608 - the statements below are put together from words of our own
COUNTED = 1_000  # of what was made from one run or group, as many are counted
CHILDREN = 12  # of what was made from one run, as many are shown
LARGEST_INPUTS = 64 * 1024  # bytes, as stored; larger inputs are not read with those of other runs

# What a run `w.id` or a group came from, and what was made from it, each with its id and whether it is a group.
_BEFORE = """
    select p.id, p.grouped from runs r
    cross join lateral (values (r.origin, false), (r.reused_from, false), (r.batch, true)) p(id, grouped)
    where not w.grouped and r.id = w.id
    union all select s.run_id, false from run_group_sources s where w.grouped and s.group_id = w.id
"""
_AFTER = """
    (select c.id, false as grouped, {run} as ok from runs c
     where not w.grouped and c.origin = w.id order by c.id desc limit {most})
    union all
    (select c.id, false, {run} from runs c
     where not w.grouped and c.reused_from = w.id and c.batch is null and c.origin is distinct from w.id
     order by c.id desc limit {most})
    union all
    (select g.id, true, {group} from run_group_sources s join run_groups g on g.id = s.group_id
     where not w.grouped and s.run_id = w.id order by s.group_id desc limit {most})
"""

_WALK = """
with recursive before as (
    select 0 as depth, cast(:id as uuid) as id, false as grouped
    union all
    select w.depth - 1, p.id, p.grouped from before w cross join lateral ({before}) p
    where w.depth > -:before and p.id is not null
        and case when p.grouped then exists (select 1 from run_groups g where g.id = p.id and {group})
                 else exists (select 1 from runs c where c.id = p.id and {run}) end
), after as (
    select 0 as depth, cast(:id as uuid) as id, false as grouped
    union all
    select w.depth + 1, p.id, p.grouped from after w cross join lateral (
        select made.id, made.grouped from ({after}) made where made.ok order by made.id desc limit :children
    ) p where w.depth < :after
)
select id, grouped, min(depth) as depth from (
    select * from before union all select * from after
) found group by id, grouped order by abs(min(depth)), id desc limit :most
"""

_COUNTS = """
select w.id, count(*) filter (where made.ok) as seen, count(*) filter (where not made.ok) as hidden
from unnest(cast(:ids as uuid[])) given(id) cross join lateral (select given.id, false as grouped) w
cross join lateral ({after}) made group by w.id
"""

_RUNS = """
select r.id, r.status, r.app_id, a.slug as app_slug, coalesce(v.manifest->>'name', a.slug) as app_name, r.version,
       u.name as user, r.queued_at as at, r.origin_kind, r.origin, r.reused_from, r.batch,
       case when pg_column_size(r.inputs) <= :largest then r.inputs end as inputs,
       (select p.changes from run_group_points p where p.group_id = r.batch and p.run_id = r.id limit 1) as changes
from runs r join apps a on a.id = r.app_id join users u on u.id = r.user_id
join versions v on v.app_id = r.app_id and v.hash = r.version where r.id = any(:ids)
"""

_GROUPS = """
select g.id, g.kind, g.status, g.total, g.app_id, a.slug as app_slug, coalesce(v.manifest->>'name', a.slug) as app_name,
       g.version, u.name as user, g.created_at as at,
       case when pg_column_size(g.inputs) <= :largest then g.inputs end as inputs,
       (select array_agg(s.run_id) from run_group_sources s where s.group_id = g.id) as sources
from run_groups g join apps a on a.id = g.app_id join users u on u.id = g.user_id
join versions v on v.app_id = g.app_id and v.hash = g.version where g.id = any(:ids)
"""


@dataclass(frozen=True, slots=True)
class _Parent:
    """What a run or group came from, by its id; None where that was deleted."""

    link: LinkKind
    id: UUID | None


def read_links(
    conn: Connection, run_id: UUID, *, before: int, after: int, most: int, viewer: Viewer | None = None
) -> RunLinks:
    """Return what the run came from and what was made from it, as far as `viewer` may read it.

    Args:
        conn: the transaction.
        run_id: a run that `viewer` may read.
        before: how many links to follow to what it came from.
        after: how many links to follow to what was made from it; with 0 nothing of that is counted either.
        most: how many runs and groups to return: the nearest ones, among these the newest.
        viewer: who reads; None reads all runs.
    """
    conditions, values = _conditions(viewer)
    walk = sql(_WALK.format(before=_BEFORE, after=_AFTER.format(most=COUNTED, **conditions), **conditions))
    given = {"id": run_id, "before": before, "after": after, "children": CHILDREN, "most": most, **values}
    depths = {row.id: row.depth for row in conn.execute(walk, given)}
    nodes, parents = _read_nodes(conn, depths)
    outside = {p.id for known in parents.values() for p in known if p.id is not None and p.id not in nodes}
    cut = _readable_ids(conn, list(outside), viewer)
    # A page asks for the origin alone with each result that it draws: what was made from a run is not counted then.
    of_runs = [found for found, node in nodes.items() if node.kind is NodeKind.RUN] if after else []
    counts = _count_made(conn, of_runs, viewer) if of_runs else {}

    keys: dict[UUID, str] = {found: node.key for found, node in nodes.items()}
    links: list[Link] = []
    others: dict[str, LinkNode] = {}
    for found, node in nodes.items():
        for parent in parents[found]:
            key = keys.get(parent.id) if parent.id is not None else None
            if key is None and (parent.id in cut or node.depth > 0):
                continue  # of what was made from the run, only the way that leads to it is told
            if key is None:
                key = f"{len(nodes) + len(others)}"
                kind = NodeKind.DELETED if parent.id is None else NodeKind.HIDDEN
                others[key] = LinkNode(key, kind, node.depth - 1)
                if parent.id is not None:
                    keys[parent.id] = key
            links.append(Link(parent.link, key, node.key))
    for found, node in nodes.items():
        hidden = counts.get(found, (0, 0))[1]
        if hidden and 0 <= node.depth < after:
            key = f"{len(nodes) + len(others)}"
            others[key] = LinkNode(key, NodeKind.HIDDEN, node.depth + 1, runs=hidden)
            links.append(Link(LinkKind.UNKNOWN, node.key, key))
    made = {found: _made_shown(node.key, links, nodes.values()) for found, node in nodes.items()}
    counted = [
        replace(
            node,
            more_before=len({p.id for p in parents[found] if p.id in cut}),
            more_after=max(0, counts.get(found, (0, 0))[0] - made[found]),
        )
        for found, node in nodes.items()
    ]
    return RunLinks(
        focus=keys[run_id],
        nodes=tuple(sorted([*counted, *others.values()], key=lambda node: (node.depth, int(node.key)))),
        links=tuple(links),
        shown=len(counted),
        total=len(counted) + sum(node.more_before + node.more_after for node in counted),
        capped=any(sum(found) >= COUNTED for found in counts.values()),
    )


def _conditions(viewer: Viewer | None) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the conditions on a run `c` and a group `g` that `viewer` may read, and their parameters."""
    run, values = readable(viewer, "c")
    group, _ = readable(viewer, "g")
    return {"run": run, "group": group}, values


def _read_nodes(conn: Connection, depths: Mapping[UUID, int]) -> tuple[dict[UUID, LinkNode], dict[UUID, list[_Parent]]]:
    """Return the runs and groups of these ids by id, the nearest first, and what each came from."""
    given = {"ids": list(depths), "largest": LARGEST_INPUTS}
    rows = {row["id"]: row for row in conn.execute(sql(_RUNS), given).mappings()}
    groups = {row["id"]: row for row in conn.execute(sql(_GROUPS), given).mappings()}
    nodes: dict[UUID, LinkNode] = {}
    parents: dict[UUID, list[_Parent]] = {}
    for number, (found, depth) in enumerate(depths.items()):
        row = rows.get(found) or groups.get(found)
        if row is None:  # deleted since it was walked to
            continue
        shared = ("id", "app_id", "app_slug", "app_name", "version", "user", "at", "inputs")
        node = LinkNode(str(number), NodeKind.RUN, depth, **{key: row[key] for key in shared})
        if found in rows:
            nodes[found] = replace(node, status=Status(row["status"]), changes=row["changes"])
            parents[found] = list(_parents_of_run(row))
        else:
            status, group = GroupStatus(row["status"]), GroupKind(row["kind"])
            nodes[found] = replace(node, kind=NodeKind.GROUP, status=status, group=group, runs=row["total"])
            parents[found] = [_Parent(LinkKind.SOURCE, one) for one in row["sources"] or ()]
    return nodes, parents


def _parents_of_run(row: RowMapping) -> Iterator[_Parent]:
    if row["origin_kind"]:
        yield _Parent(LinkKind(row["origin_kind"]), row["origin"])
    if row["reused_from"]:
        yield _Parent(LinkKind.REUSED, row["reused_from"])
    if row["batch"]:
        yield _Parent(LinkKind.MEMBER, row["batch"])


def _readable_ids(conn: Connection, ids: Sequence[UUID], viewer: Viewer | None) -> set[UUID]:
    """Return those of the runs and groups that `viewer` may read."""
    conditions, values = _conditions(viewer)
    statement = sql(
        f"select c.id from runs c where c.id = any(:ids) and {conditions['run']} "
        f"union all select g.id from run_groups g where g.id = any(:ids) and {conditions['group']}"
    )
    return set(conn.execute(statement, {"ids": ids, **values}).scalars()) if ids else set()


def _count_made(conn: Connection, ids: Sequence[UUID], viewer: Viewer | None) -> dict[UUID, tuple[int, int]]:
    """Return how much was made from each run: what `viewer` may read, and what not."""
    conditions, values = _conditions(viewer)
    statement = sql(_COUNTS.format(after=_AFTER.format(most=COUNTED, **conditions)))
    return {row.id: (row.seen, row.hidden) for row in conn.execute(statement, {"ids": ids, **values})}


def _made_shown(key: str, links: Sequence[Link], nodes: Iterable[LinkNode]) -> int:
    """Return how many of the nodes came from this one and are counted as such: points that reuse a result are not."""
    known = {node.key for node in nodes}
    members = {link.target for link in links if link.kind is LinkKind.MEMBER}
    return len(
        {
            link.target
            for link in links
            if link.source == key
            and link.target in known
            and link.kind is not LinkKind.MEMBER
            and not (link.kind is LinkKind.REUSED and link.target in members)
        }
    )
