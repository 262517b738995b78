"""Sweeps: a model run over one or two inputs, at every row of a table of scenarios, or with several saved scenarios.

Chosen: everything that is wrong with a definition is reported at once and before anything runs; each value is checked
by itself and combinations by the model's rules, because checking ten thousand whole sets of inputs would take longer
than running a fast model.
Left out: running, which is `engine.analysis.lanes`; drawing, which is `ui.analysis`.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from contract import inputs as contract_inputs
from contract.actor import Actor
from contract.app import AppRef
from contract.clipboard import parse_rows
from contract.errors import InputError, NotAllowedError, NotFoundError
from contract.fields import MAX_TABLE_ROWS, SCALARS, Field
from contract.input_workbook import has_inputs_sheet, read_input_workbook
from contract.manifest import Manifest
from contract.number_format import NumberFormat
from contract.problems import Problem
from contract.run import Visibility, narrowest
from contract.run_group import GroupKind, RunGroup
from engine.analysis.grid import MAX_POINTS, Axis, read_axis
from engine.analysis.groups import Plan, check_inputs, check_rules, estimate, open_model, start_group
from engine.authorization import Action, require
from engine.models.versions import LoadedVersion
from engine.processes.context import AppContext
from engine.runs.uploads import check_uploads
from engine.scenarios.find import carry_to, find_with_inputs

MAX_AXES = 2


@dataclass(frozen=True, slots=True)
class Sweep:
    """A definition that has been checked: the inputs that stay, and what differs at each point.

    Points made of saved scenarios have `names`, and as few people may read the sweep as each of these (`visibility`).
    """

    inputs: Mapping[str, Any]
    points: tuple[Mapping[str, Any], ...]
    axes: tuple[Axis, ...] = ()
    notes: tuple[str, ...] = field(default=())
    names: tuple[str, ...] = field(default=())
    visibility: Visibility | None = None


def scenario_field(manifest: Manifest) -> Field:
    """Return the table that a list of scenarios is read as: a column for each input with one value a cell."""
    columns = {
        key: replace(f, required=False, has_default=False, default=None, show_if=None)
        for key, f in manifest.inputs.items()
        if f.type in SCALARS
    }
    return Field("scenarios", "table", "Scenarios", columns=columns, max_rows=MAX_TABLE_ROWS)


def read_scenarios(
    manifest: Manifest, source: str | bytes, number_format: NumberFormat
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the rows of a table of scenarios, each with the inputs that it names, and how open texts were read.

    Args:
        manifest: the model's.
        source: CSV, cells copied out of a spreadsheet, or the content of a CSV file or workbook. The first line names
            the inputs by key or label; an empty cell leaves the input as the sweep has it. Of a workbook that was
            exported its sheet *Inputs* is read, tables and triangles too; `null` is an input that is not given, None.
        number_format: the session's.

    Raises:
        InputError: with every cell and column that does not fit.
    """
    if isinstance(source, bytes) and has_inputs_sheet(source):
        return _read_inputs_sheet(manifest, source, number_format)
    read = parse_rows(scenario_field(manifest), source, number_format)
    problems = list(read.problems)
    if not read.rows and not problems:
        problems = [Problem("the table", "it has no rows", "Give a line of input names and a line for each run.")]
    if len(read.rows) > MAX_POINTS:
        found = f"{len(read.rows):,} rows are more than {MAX_POINTS:,}"
        problems.append(Problem("the table", found, "Split it."))
    if problems:
        raise InputError(problems)
    return [{k: v for k, v in row.items() if v is not None} for row in read.rows], read.notes


def _read_inputs_sheet(
    manifest: Manifest, source: bytes, number_format: NumberFormat
) -> tuple[list[dict[str, Any]], list[str]]:
    found = read_input_workbook(manifest, source, number_format)
    problems = list(found.problems)
    if len(found.rows) > MAX_POINTS:
        problems.append(Problem("the table", f"{len(found.rows):,} rows are more than {MAX_POINTS:,}", "Split it."))
    if problems:
        raise InputError(problems)
    return found.rows, found.notes


def define_sweep(
    loaded: LoadedVersion,
    values: Mapping[str, Any],
    *,
    axes: Sequence[Mapping[str, Any]] = (),
    scenarios: Sequence[Mapping[str, Any]] | None = None,
    number_format: NumberFormat | None = None,
) -> Sweep:
    """Check the definition of a sweep.

    Args:
        loaded: the version to run.
        values: the inputs that stay as they are; those swept may be among them and are replaced.
        axes: one or two, as `engine.analysis.grid.read_axis` takes them; the last varies fastest.
        scenarios: instead of axes, the inputs that differ, run by run.
        number_format: how numbers in texts are written; with a decimal point without it.

    Raises:
        InputError: with every problem found.
    """
    manifest, problems = loaded.manifest, list[Problem]()
    if (scenarios is None) == (not axes):
        hint = "Give axes with one or two inputs, or scenarios."
        raise InputError([Problem("sweep", "it has both axes and scenarios" if axes else "it is empty", hint)])
    found = [
        read_axis(manifest, axis, number_format or NumberFormat(), problems, f"axes[{i}]")
        for i, axis in enumerate(axes)
    ]
    if len(axes) > MAX_AXES:
        problems.append(Problem("axes", f"{len(axes)} inputs are more than {MAX_AXES}", "Sweep one or two inputs."))
    keys = [axis.key for axis in found if axis is not None]
    if len(set(keys)) < len(keys):
        problems.append(Problem("axes", f"{keys[0]} is swept twice", "Choose another input for the second."))
    read = [axis for axis in found if axis is not None]
    total = len(scenarios or ())
    if axes and not problems:
        total = 1
        for axis in read:
            total *= len(axis.values)
        if total > MAX_POINTS:
            text = f"{total:,} combinations are more than {MAX_POINTS:,}"
            problems.append(Problem("axes", text, "Take larger steps or fewer values."))
    first = {axis.key: axis.values[0] for axis in read} if axes else dict(next(iter(scenarios or ()), {}))
    try:
        # Rules are for whole combinations, which come below.
        inputs = contract_inputs.validate(replace(manifest, rules=()), {**values, **first})
    except InputError as error:
        told = {p.where for p in problems}
        problems += [p for p in error.problems if p.where not in told]
        raise InputError(problems) from None
    if problems:
        raise InputError(problems)
    if axes:
        combined = itertools.product(*(axis.values for axis in read))
        points = [dict(zip(keys, values_, strict=True)) for values_ in combined]
        problems += check_rules(loaded, inputs, points, "axes")
    else:
        points = _check_scenarios(manifest, dict(values), scenarios or (), problems)
    if problems:
        raise InputError(problems)
    notes = tuple(note for axis in read for note in axis.notes)
    return Sweep(inputs, tuple(points), tuple(read), notes)


def plan_sweep(
    context: AppContext,
    app: int | str,
    values: Mapping[str, Any],
    *,
    actor: Actor,
    version: str | None = None,
    axes: Sequence[Mapping[str, Any]] = (),
    scenarios: Sequence[Mapping[str, Any]] | None = None,
    saved: Sequence[UUID] = (),
    number_format: NumberFormat | None = None,
) -> Plan:
    """Return how many runs a sweep would be and how long they would take; arguments and errors as of `start_sweep`."""
    require(actor, Action.RUN_MODELS)
    found, loaded = open_model(context, app, version, actor=actor)
    sweep = _define(context, found, loaded, values, axes, scenarios, saved, number_format, actor=actor)
    return Plan(len(sweep.points), estimate(context, found, len(sweep.points), actor=actor), sweep.notes)


def start_sweep(
    context: AppContext,
    app: int | str,
    values: Mapping[str, Any],
    *,
    actor: Actor,
    version: str | None = None,
    axes: Sequence[Mapping[str, Any]] = (),
    scenarios: Sequence[Mapping[str, Any]] | None = None,
    saved: Sequence[UUID] = (),
    number_format: NumberFormat | None = None,
    fresh: bool = False,
    source: UUID | None = None,
    group_id: UUID | None = None,
) -> RunGroup:
    """Start a sweep; it runs in the background.

    Args:
        context: the process's application context.
        app: the model's id or slug.
        values: inputs that stay as they are; those left out take their defaults.
        actor: whose sweep it is.
        version: a content hash to pin; the current version otherwise.
        axes: one or two inputs with their values, as of `define_sweep`.
        scenarios: instead, the inputs that differ, run by run.
        saved: instead, the ids of saved scenarios: a run of each, called as it is. `values` count where a scenario was
            saved before the model had an input.
        number_format: how numbers in texts are written.
        fresh: run points anew whose result is stored.
        source: a run whose uploaded files may be used again.
        group_id: of the group, as of `start_group`.

    Raises:
        NotFoundError: there is no such model or version.
        InputError: with every problem found.
        NotGrantedError: the model needs a secret that it was not granted.
    """
    require(actor, Action.RUN_MODELS)
    found, loaded = open_model(context, app, version, actor=actor)
    sweep = _define(context, found, loaded, values, axes, scenarios, saved, number_format, actor=actor)
    inputs = check_inputs(context, loaded, sweep.inputs, actor=actor, source=source)
    definition = {
        "axes": [{"input": axis.key, "values": list(axis.values)} for axis in sweep.axes],
        "scenarios": scenarios is not None or bool(saved),
        "saved": [str(one) for one in dict.fromkeys(saved)],
        "columns": list(dict.fromkeys(key for point in sweep.points for key in point)),
        "fresh": fresh,
        "notes": list(sweep.notes),
    }
    points = [(point, loaded.hash) for point in sweep.points]
    kind = GroupKind.SWEEP
    return start_group(
        context,
        kind,
        found,
        loaded,
        inputs,
        points,
        definition,
        actor=actor,
        group_id=group_id,
        sources=(source,),
        names=sweep.names,
        at_most=sweep.visibility,
    )


def _define(
    context: AppContext,
    app: AppRef,
    loaded: LoadedVersion,
    values: Mapping[str, Any],
    axes: Sequence[Mapping[str, Any]],
    scenarios: Sequence[Mapping[str, Any]] | None,
    saved: Sequence[UUID],
    number_format: NumberFormat | None,
    *,
    actor: Actor,
) -> Sweep:
    """Return the sweep that is asked for, checked."""
    if saved:
        return _define_saved(context, app, loaded, values, axes, scenarios, saved, actor=actor)
    return define_sweep(loaded, values, axes=axes, scenarios=scenarios, number_format=number_format)


def _define_saved(
    context: AppContext,
    app: AppRef,
    loaded: LoadedVersion,
    values: Mapping[str, Any],
    axes: Sequence[Mapping[str, Any]],
    scenarios: Sequence[Mapping[str, Any]] | None,
    saved: Sequence[UUID],
    *,
    actor: Actor,
) -> Sweep:
    """Return the sweep with a run of each saved scenario, as this version takes it.

    Raises:
        InputError: a scenario is not to be had, is of another model or does not fit; all problems at once.
    """
    if axes or scenarios is not None:
        raise InputError([Problem("sweep", "it has saved scenarios and others besides", "Give one of them.")])
    if len(set(saved)) > MAX_POINTS:
        found = f"{len(saved):,} scenarios are more than {MAX_POINTS:,}"
        raise InputError([Problem("saved", found, "Choose fewer.")])
    problems, notes, wholes, names = list[Problem](), list[str](), list[dict[str, Any]](), list[str]()
    readers: list[Visibility] = []
    for scenario_id in dict.fromkeys(saved):
        try:
            one, kept = find_with_inputs(context, scenario_id, actor=actor)
            if one.app_id != app.id:
                found = f"it is a scenario of {one.app_slug}"
                problems.append(Problem(f"scenario {one.name}", found, f"Choose scenarios of {app.slug}."))
                continue
            carried = carry_to(context, one, kept, loaded.manifest, actor=actor)
        except (NotFoundError, NotAllowedError) as error:
            problems += error.problems
            continue
        given = {key: values[key] for key in carried.added if key in values}
        try:
            whole = contract_inputs.validate(loaded.manifest, {**given, **carried.values, **carried.unfit})
            wholes.append(check_uploads(context, loaded.manifest, whole, actor=actor))
        except InputError as error:
            problems += [Problem(f"scenario {one.name}: {p.where}", p.message, p.hint) for p in error.problems]
            continue
        notes += [f"{one.name}: {warning}" for warning in carried.warnings]
        names.append(one.name if one.name not in names else f"{one.name} ({one.user})")
        readers.append(one.visibility)
    if problems:
        raise InputError(problems)
    keys = list(dict.fromkeys(key for whole in wholes for key in whole))
    differing = [key for key in keys if any(whole.get(key) != wholes[0].get(key) for whole in wholes)]
    points = tuple({key: whole.get(key) for key in differing} for whole in wholes)
    return Sweep(wholes[0], points, notes=tuple(notes), names=tuple(names), visibility=narrowest(readers))


def _check_scenarios(
    manifest: Manifest, values: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], problems: list[Problem]
) -> list[dict[str, Any]]:
    """Return the inputs of each row as a run takes them; the first row's stand in for those that a row leaves out."""
    base: dict[str, Any] | None = None
    points = []
    for i, row in enumerate(rows):
        try:
            whole = contract_inputs.validate(manifest, {**values, **row})
        except InputError as error:
            problems += [Problem(f"row {i + 1}: {p.where}", p.message, p.hint) for p in error.problems]
            continue
        base = base or whole
        named = {key: whole[key] for key in row if key in whole}
        points.append(named | {k: v for k, v in whole.items() if k not in named and base.get(k) != v})
        points[-1] |= {k: None for k in base if k not in whole}
    return points
