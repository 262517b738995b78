"""Analysis of change: from one run to another of the same model, the inputs that differ switched one at a time.

Chosen: n inputs take n + 1 runs along one order. What a step shows depends on the order, so that an average over all
orders is offered, which takes the runs of every set of changes, or of a sample of orders where there are many. A change
of the model's version is a step of its own, the first.
Left out: attributing a change within an input, a table's rows say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contract import inputs as contract_inputs
from contract.actor import Actor
from contract.app import AppRef
from contract.errors import InputError, NotFoundError, NotReadyError
from contract.former_inputs import fold_former_inputs
from contract.manifest import Manifest
from contract.problems import Problem
from contract.result import Chart
from contract.run import Run
from contract.run_group import GroupKind, GroupPoint, RunGroup
from engine.analysis import attribution
from engine.analysis.figures import figure_of
from engine.analysis.groups import (
    Plan,
    check_inputs,
    check_rules,
    estimate,
    find_group,
    list_points,
    open_model,
    start_group,
)
from engine.authorization import Action, require
from engine.models.catalogue import find_version
from engine.models.versions import LoadedVersion
from engine.processes.context import AppContext
from engine.runs.visibility import refuse, viewer_of
from storage import runs

VERSION = "Model version"
MAX_CHANGES = 40


@dataclass(frozen=True, slots=True)
class Change:
    """A checked definition.

    `inputs` are the first run's as its own version takes them, `before` the same as the second run's version takes
    them, `after` the second run's; `keys` differ between the two, in the order in which they are switched.
    """

    inputs: Mapping[str, Any]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    keys: tuple[str, ...]
    versions: tuple[str, str]
    sets: tuple[int, ...]
    orders: tuple[tuple[int, ...], ...]
    notes: tuple[str, ...]

    @property
    def points(self) -> list[tuple[dict[str, Any], str]]:
        """What differs from `inputs` at each point, with its version: the first run where the version changed, sets."""
        first: list[tuple[dict[str, Any], str]] = (
            [({}, self.versions[0])] if self.versions[0] != self.versions[1] else []
        )
        return [*first, *((self._switched(made), self.versions[1]) for made in self.sets)]

    def _switched(self, made: int) -> dict[str, Any]:
        inputs = dict(self.before)
        for i, key in enumerate(self.keys):
            if made >> i & 1:
                inputs[key] = self.after.get(key)
        differing = {key: v for key, v in inputs.items() if key not in self.inputs or self.inputs[key] != v}
        return differing | {key: None for key in self.inputs if inputs.get(key) is None}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way: its label, what it adds to the figure, the figure after it, and the error of a mean."""

    label: str
    amount: float
    figure: float
    error: float = 0.0


@dataclass(frozen=True, slots=True)
class Way:
    """The way from one figure to the other; the steps add up to the difference."""

    start: float
    end: float
    steps: tuple[Step, ...]


def plan_change(
    context: AppContext,
    before: UUID,
    after: UUID,
    *,
    actor: Actor,
    order: Sequence[str] | None = None,
    average: bool = False,
) -> Plan:
    """Return how many runs it would be and how long they would take; arguments and errors as of `start_change`."""
    require(actor, Action.RUN_MODELS)
    app, _, made = _define(context, before, after, order, average=average, actor=actor)
    return Plan(len(made.points), estimate(context, app, len(made.points), actor=actor), made.notes)


def changed_inputs(context: AppContext, before: UUID, after: UUID, *, actor: Actor) -> list[str]:
    """Return the inputs that differ between two runs, as the second run's version names them; errors as above."""
    require(actor, Action.READ_RUNS)
    return list(_define(context, before, after, None, average=False, actor=actor)[2].keys)


def start_change(
    context: AppContext,
    before: UUID,
    after: UUID,
    *,
    actor: Actor,
    order: Sequence[str] | None = None,
    average: bool = False,
    group_id: UUID | None = None,
) -> RunGroup:
    """Start an analysis of change; it runs in the background.

    Args:
        context: the process's application context.
        before: the run to start from.
        after: the run to end with, of the same model.
        actor: whose analysis it is.
        order: the inputs that differ, in the order in which to switch them; the form's without it.
        average: run what the average over all orders needs too.
        group_id: of the group, as of `start_group`.

    Raises:
        NotFoundError: there is no such run.
        InputError: the runs are of different models, are alike, or an input set between them breaks a rule.
    """
    require(actor, Action.RUN_MODELS)
    app, loaded, made = _define(context, before, after, order, average=average, actor=actor)
    check_inputs(context, loaded, made.before, actor=actor, source=before)
    check_inputs(context, loaded, made.after, actor=actor, source=after)
    definition = {
        "before": str(before),
        "after": str(after),
        "inputs": list(made.keys),
        "versions": list(made.versions),
        "sets": list(made.sets),
        "orders": [list(o) for o in made.orders],
        "average": average,
        "notes": list(made.notes),
    }
    kind, sources = GroupKind.CHANGE, (before, after)
    return start_group(
        context,
        kind,
        app,
        loaded,
        made.inputs,
        made.points,
        definition,
        actor=actor,
        group_id=group_id,
        sources=sources,
    )


def read_way(context: AppContext, group_id: UUID, label: str, *, average: bool = False, actor: Actor) -> Way:
    """Return the steps of a figure, in the order asked for or on average over orders.

    Raises:
        NotFoundError: there is no such analysis of change.
        NotReadyError: runs that it needs have not ended, or have no such figure.
    """
    require(actor, Action.READ_RUNS)
    group = find_group(context, group_id, actor=actor)
    if group.kind is not GroupKind.CHANGE:
        raise NotFoundError([Problem("group", f"{group_id} is a {group.kind}", "Name an analysis of change.")])
    points = list_points(context, group_id, actor=actor)
    loaded = find_version(context, AppRef(group.app_id, group.app_slug, group.version), group.version, actor=actor)
    found = (way_on_average if average else way_along)(group, points, loaded.manifest, label)
    if found is None:
        hint = "Wait for its end, name a figure that all its results have, or ask for the average when starting it."
        raise NotReadyError([Problem("figure", f"not every run that is needed has {label!r}", hint)])
    return found


def way_along(
    group: RunGroup, points: Sequence[GroupPoint], manifest: Manifest, label: str, order: Sequence[str] | None = None
) -> Way | None:
    """Return the steps of a figure along an order, the one asked for without it; None where a figure is missing."""
    keys = group.definition["inputs"]
    numbers = [keys.index(key) for key in (order or keys)]
    figures = _figures(group, points, label)
    needed = attribution.sets_along(numbers)
    if figures is None or any(made not in figures for made in needed):
        return None
    labels = [manifest.inputs[keys[i]].title if keys[i] in manifest.inputs else keys[i] for i in numbers]
    shares = [attribution.Share(amount) for amount in attribution.along(numbers, figures.__getitem__)]
    return _way(group, points, label, labels, shares, figures[needed[-1]])


def way_on_average(group: RunGroup, points: Sequence[GroupPoint], manifest: Manifest, label: str) -> Way | None:
    """Return the steps of a figure on average over orders; None where a figure is missing or it was not asked for."""
    keys, figures = group.definition["inputs"], _figures(group, points, label)
    if figures is None or not group.definition["average"] or any(s not in figures for s in group.definition["sets"]):
        return None
    orders = group.definition["orders"]
    if orders:
        shares = attribution.sampled(len(keys), orders, figures.__getitem__)
    else:
        shares = attribution.shapley(len(keys), figures.__getitem__)
    labels = [manifest.inputs[key].title if key in manifest.inputs else key for key in keys]
    return _way(group, points, label, labels, shares, figures[(1 << len(keys)) - 1])


def waterfall_chart(way: Way, title: str, unit: str | None, ends: tuple[str, str]) -> Chart:
    """Return the waterfall of a way, with the labels of its two ends."""
    data = [{"label": ends[0], "value": way.start, "kind": "total"}]
    data += [{"label": step.label, "value": step.amount} for step in way.steps]
    data.append({"label": ends[1], "value": way.end, "kind": "total"})
    return Chart("waterfall", f"{title}: what changed it", data, y_label=title, unit=unit)


def _way(
    group: RunGroup,
    points: Sequence[GroupPoint],
    label: str,
    labels: Sequence[str],
    shares: Sequence[attribution.Share],
    end: float,
) -> Way | None:
    start = figure_of(points[0].summary, label)
    if start is None:
        return None
    steps, reach = list[Step](), start
    if _has_version_step(group):
        first = figure_of(points[1].summary, label)
        if first is None:
            return None
        steps.append(Step(VERSION, first - start, first))
        reach = first
    for name, share in zip(labels, shares, strict=True):
        reach += share.amount
        steps.append(Step(name, share.amount, reach, share.error))
    return Way(start, end, tuple(steps))


def _figures(group: RunGroup, points: Sequence[GroupPoint], label: str) -> dict[int, float] | None:
    """Return the figure by set of changes made, of the points that have it."""
    skipped = 1 if _has_version_step(group) else 0
    found = {
        made: figure
        for made, point in zip(group.definition["sets"], points[skipped:], strict=False)
        if (figure := figure_of(point.summary, label)) is not None
    }
    return found if 0 in found else None


def _has_version_step(group: RunGroup) -> bool:
    first, second = group.definition["versions"]
    return bool(first != second)


def _define(
    context: AppContext, before: UUID, after: UUID, order: Sequence[str] | None, *, average: bool, actor: Actor
) -> tuple[AppRef, LoadedVersion, Change]:
    first, second = _find_run(context, before, actor), _find_run(context, after, actor)
    if first.app_id != second.app_id:
        found = f"the runs are of {first.app_slug} and {second.app_slug}"
        raise InputError([Problem("runs", found, "Choose two runs of one model.")])
    app, loaded = open_model(context, first.app_id, second.version, actor=actor)
    manifest, problems, notes = loaded.manifest, list[Problem](), list[str]()
    if first.version == second.version:
        inputs = contract_inputs.validate(manifest, first.inputs)
        earlier = inputs
    else:
        old = find_version(context, AppRef(app.id, app.slug, first.version), first.version, actor=actor)
        inputs = contract_inputs.validate(old.manifest, first.inputs)
        earlier, dropped = _carry_over(manifest, inputs)
        if dropped:
            notes.append(f"The newer version has no input {', '.join(dropped)}: left out from the version's step on.")
    later = contract_inputs.validate(manifest, second.inputs)
    differing = [key for key in manifest.inputs if earlier.get(key) != later.get(key)]
    keys = list(order) if order else differing
    if sorted(keys) != sorted(differing):
        hint = f"Give each of these once: {', '.join(differing) or 'none'}."
        problems.append(Problem("order", f"{', '.join(keys)} are not the inputs that differ", hint))
    if not differing and first.version == second.version:
        problems.append(Problem("runs", "their inputs and version are the same", "Choose two runs that differ."))
    if len(differing) > MAX_CHANGES:
        found = f"{len(differing)} inputs differ, more than {MAX_CHANGES}"
        problems.append(Problem("runs", found, "Compare runs that are nearer to each other."))
    if problems:
        raise InputError(problems)
    if not manifest.deterministic and first.seed != second.seed:
        notes.append(
            "The model draws at random: all steps have one seed, so that the ends may differ from the two runs."
        )
    count, orders = len(keys), list[tuple[int, ...]]()
    sets = attribution.sets_along(range(count))
    if average and count <= attribution.EXACT:
        sets = attribution.all_sets(count)
    elif average:
        orders = attribution.draw_orders(count, attribution.ORDERS, seed=count)
        sets = list(dict.fromkeys([*sets, *attribution.sets_of(orders)]))
    made = Change(
        inputs, earlier, later, tuple(keys), (first.version, second.version), tuple(sets), tuple(orders), tuple(notes)
    )
    switched = [{k: v for k, v in changes.items() if v is not None} for changes, _ in made.points]
    skipped = 1 if first.version != second.version else 0
    problems = check_rules(loaded, earlier, switched[skipped:], "between the runs")
    if problems:
        raise InputError(problems)
    return app, loaded, made


def _carry_over(manifest: Manifest, inputs: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return inputs of another version as this one takes them, and those that it does not have."""
    folded = fold_former_inputs(manifest, dict(inputs))
    kept = {key: value for key, value in folded.items() if key in manifest.inputs}
    dropped = [key for key in folded if key not in manifest.inputs]
    bad = {p.where for p in contract_inputs.find_problems(manifest, kept, complete=False)}
    kept = {key: value for key, value in kept.items() if f"inputs.{key}" not in bad}
    return contract_inputs.validate(manifest, kept), dropped


def _find_run(context: AppContext, run_id: UUID, actor: Actor) -> Run:
    viewer = viewer_of(context, actor=actor)
    with context.database.read() as conn:
        return runs.get_run(conn, run_id, viewer=viewer) or refuse(conn, run_id)
