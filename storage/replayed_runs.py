"""Runs to be replayed on another version of their model, and whether two results are equal.

Chosen: the newest runs of people that are no points of a group, each set of inputs once: a repeat would count one case
twice. Results are compared where they are stored, so that a hundred documents need not be read.
Left out: carrying inputs from one version to another, which is `engine.analysis.upgrade`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from contract.run import Run
from storage.runs import SELECT, run_from_row
from storage.sql import sql
from storage.users import BY_PEOPLE
from storage.visibility import Viewer, readable

# ruff: noqa: S608 - the statements below are put together from words of our own
LOOKED_AT = 5_000  # newest runs among which different ones are looked for


@dataclass(frozen=True, slots=True)
class RecentRuns:
    """Successful runs, newest first, and how many repeats of the same inputs there were besides.

    `more` says that there are others, older ones.
    """

    runs: tuple[Run, ...]
    repeats: int
    more: bool


def list_recent(
    conn: Connection,
    app_id: int,
    target: str,
    limit: int,
    *,
    version: str | None = None,
    by_seed: bool = False,
    viewer: Viewer | None = None,
) -> RecentRuns:
    """Return the model's newest successful runs of other versions than `target`, at most `limit`.

    Args:
        conn: with a transaction.
        app_id: the model's.
        target: the version that they are to be replayed on.
        limit: how many at most.
        version: only runs of this one.
        by_seed: whether runs with the same inputs and another seed are different ones.
        viewer: who may read them.
    """
    condition, values = readable(viewer)
    seed = ", r.seed" if by_seed else ""
    of_version = "r.version = :version" if version is not None else "r.version <> :target"
    found = conn.execute(
        sql(f"""
            select (array_agg(r.id order by r.queued_at desc, r.id desc))[1] as id, count(*) as n,
                max(r.queued_at) as newest
            from (select r.* from runs r where r.app_id = :app and r.status = 'SUCCESS' and r.batch is null
                    and {of_version} and {BY_PEOPLE} and {condition}
                  order by r.queued_at desc, r.id desc limit :looked_at) r
            group by r.version, r.digest{seed} order by newest desc, id desc"""),
        {
            **values,
            "app": app_id,
            "looked_at": LOOKED_AT,
            **({"target": target} if version is None else {"version": version}),
        },
    ).all()
    kept = found[:limit]
    rows = conn.execute(text(f"{SELECT} where r.id = any(:ids)"), {"ids": [row.id for row in kept]}).mappings()
    by_id = {row["id"]: run_from_row(row) for row in rows}
    runs = tuple(by_id[row.id] for row in kept if row.id in by_id)
    return RecentRuns(runs, sum(row.n - 1 for row in kept), len(found) > limit)


def compare_results(
    conn: Connection, pairs: Sequence[tuple[UUID, UUID]], *, viewer: Viewer | None = None
) -> dict[tuple[UUID, UUID], bool | None]:
    """Return by pair of runs whether their results are equal; pairs that `viewer` may not read are left out.

    True where the documents and every byte of the large parts are equal, False where the documents differ, None where
    the documents are equal and stored parts are not: the same rows may have been written by another release of Arrow.
    """
    first, values = readable(viewer, "x")
    second, _ = readable(viewer, "y")
    statement = sql(f"""
        select p.one, p.other,
            case when a.doc::text <> b.doc::text and cast(a.doc as jsonb) <> cast(b.doc as jsonb) then false
                 when exists (
                    select 1 from (select name, part, rows, sha256(bytes) as hash from result_parts
                                   where run_id = a.run_id) s
                    full join (select name, part, rows, sha256(bytes) as hash from result_parts
                               where run_id = b.run_id) t using (name, part)
                    where s.hash is distinct from t.hash) then null
                 else true end as equal
        from unnest(cast(:ones as uuid[]), cast(:others as uuid[])) as p(one, other)
        join runs x on x.id = p.one and {first} join runs y on y.id = p.other and {second}
        join results a on a.run_id = coalesce(x.reused_from, x.id)
        join results b on b.run_id = coalesce(y.reused_from, y.id)""")
    given: dict[str, Any] = {"ones": [one for one, _ in pairs], "others": [other for _, other in pairs]}
    return {(row.one, row.other): row.equal for row in conn.execute(statement, {**values, **given})}
