"""The points of a group as CSV: a line each, with the inputs that differ and the numeric figures of its result.

Left out: tables and series of the results, which each run's own exports have.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from contract.actor import Actor
from contract.csv_export import write_csv
from contract.result import Column
from contract.run_group import GroupPoint
from engine.analysis.figures import figure_labels, figure_of
from engine.analysis.groups import find_group, list_points
from engine.authorization import Action, require
from engine.models.versions import load_version
from engine.processes.context import AppContext


def points_csv(context: AppContext, group_id: UUID, *, actor: Actor) -> Iterator[bytes]:
    """Return the lines of the CSV, the first the columns' names.

    Raises:
        NotFoundError: there is no such group.
    """
    require(actor, Action.READ_RUNS)
    group = find_group(context, group_id, actor=actor)
    points = list_points(context, group_id, actor=actor)
    loaded = load_version(context.database, group.app_id, group.version)
    labels = figure_labels(points, loaded.manifest) if loaded is not None else []
    data: dict[str, list[Any]] = {
        "point": [p.number + 1 for p in points],
        "run": [str(p.run_id or "") for p in points],
        "status": [str(p.status or "") for p in points],
    }
    if any(p.name for p in points):
        data["scenario"] = [p.name or "" for p in points]
    columns = [Column(key, key) for key in data]
    for key in changed_keys(points):
        columns.append(Column(f"input {key}", key))
        data[f"input {key}"] = [p.changes.get(key) for p in points]
    for label in labels:
        columns.append(Column(f"figure {label}", label))
        data[f"figure {label}"] = [figure_of(p.summary, label) for p in points]
    return write_csv(columns, [data])


def changed_keys(points: list[GroupPoint]) -> list[str]:
    """Return the inputs that differ at any of the points, in the order in which they first do."""
    return list(dict.fromkeys(key for point in points for key in point.changes))
