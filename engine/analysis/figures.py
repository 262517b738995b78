"""Numeric summary figures of points, by label.

Chosen: what is a number in the summary, alone or as the value of an object, as results are read everywhere else.
Left out: figures within tables and series.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from contract.actor import Actor
from contract.fields import is_number
from contract.manifest import Manifest
from contract.result import Metric, parse_result
from contract.run_group import GroupPoint
from engine.authorization import Action, require
from engine.processes.context import AppContext
from engine.runs.visibility import viewer_of
from storage import starting_runs, summaries


def figure_of(summary: Mapping[str, Any] | Sequence[Any], label: str) -> float | None:
    """Return a figure of a summary as stored, None where it has no such number."""
    if not isinstance(summary, Mapping):
        summary = {str(m.get("label")): m for m in summary if isinstance(m, Mapping)}
    item = summary.get(label)
    value = item.get("value") if isinstance(item, Mapping) else item
    return value if is_number(value) else None


def figure_labels(points: Iterable[GroupPoint], manifest: Manifest) -> list[str]:
    """Return the labels of the numeric figures that any of the points has, the model's headline first."""
    found: dict[str, None] = {}
    for point in points:
        summary = point.summary
        labels = summary if isinstance(summary, Mapping) else [m["label"] for m in summary if "label" in m]
        found |= {str(label): None for label in labels if figure_of(summary, str(label)) is not None}
    first = [label for label in manifest.headline if label in found]
    return [*first, *(label for label in found if label not in first)]


def figure_metric(points: Iterable[GroupPoint], label: str, outputs: Mapping[str, Any]) -> Metric:
    """Return the figure's unit and format, as declared or as the first point that has it says."""
    for point in points:
        if figure_of(point.summary, label) is not None:
            item = point.summary[label] if isinstance(point.summary, Mapping) else None
            for metric in parse_result({"summary": {label: item}}, outputs).summary:
                return metric
    return Metric(label, None)


def known_figures(context: AppContext, app_id: int, version: str, manifest: Manifest, *, actor: Actor) -> list[str]:
    """Return the labels of the numeric figures that a version's results have, as far as is known before a run.

    Those that its manifest names and those of the run of its starting inputs, the headline first.
    """
    require(actor, Action.READ_RUNS)
    declared = manifest.outputs.get("summary")
    found = dict.fromkeys(manifest.headline)
    viewer = viewer_of(context, actor=actor)
    with context.database.read() as conn:
        run = starting_runs.find_starting_run(conn, app_id, version)
        summary = summaries.read_summaries(conn, [run.id], viewer=viewer).get(run.id) if run is not None else None
    if summary:
        point = GroupPoint(0, version, {}, summary=summary)
        return figure_labels([point], manifest)
    found |= {str(label): None for label in declared if "*" not in label} if isinstance(declared, Mapping) else {}
    return list(found)
