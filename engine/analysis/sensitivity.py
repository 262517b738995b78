"""Sensitivity: each numeric input by itself from low to high while the others stay, for tornado charts and curves.

Chosen: the bounds of the input, or so many percent to each side of its value, laid on the field's grid and kept within
its bounds; every figure of the summaries can be looked at afterwards, because the runs are the same for all.
Left out: inputs varied together, which is a sweep.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contract import inputs as contract_inputs
from contract.actor import Actor
from contract.errors import InputError
from contract.manifest import Manifest
from contract.problems import Problem
from contract.result import Chart
from contract.run_group import GroupKind, GroupPoint, RunGroup
from engine.analysis.figures import figure_of
from engine.analysis.grid import NUMBERS, on_grid
from engine.analysis.groups import Plan, check_inputs, check_rules, estimate, open_model, start_group
from engine.authorization import Action, require
from engine.models.versions import LoadedVersion
from engine.processes.context import AppContext

MAX_BARS = 20  # of a tornado; the table has all
MAX_CURVE = 101  # values of each input


@dataclass(frozen=True, slots=True)
class Bar:
    """One input of a tornado: the values it was taken to, and the figure there; None where there is none."""

    key: str
    label: str
    low_value: float
    high_value: float
    low: float | None
    high: float | None

    @property
    def width(self) -> float:
        """How far apart the figures are; below all others where one is missing."""
        return abs(self.high - self.low) if self.low is not None and self.high is not None else -1.0


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """A checked definition: the inputs it begins with, the points (the first changes nothing), and what to know."""

    inputs: Mapping[str, Any]
    points: tuple[Mapping[str, Any], ...]
    bounds: Mapping[str, tuple[float, float]]
    notes: tuple[str, ...]


def varied_inputs(manifest: Manifest, values: Mapping[str, Any]) -> list[str]:
    """Return the numeric inputs that the form shows for these values; a seed is no input to vary."""
    shown = contract_inputs.visible_keys(manifest, values)
    return [
        key
        for key, field in manifest.inputs.items()
        if field.type in NUMBERS and key in shown and key in values and key != "seed"
    ]


def define_sensitivity(
    loaded: LoadedVersion,
    values: Mapping[str, Any],
    *,
    percent: float | None = None,
    keys: Sequence[str] | None = None,
    curve: int = 2,
) -> Sensitivity:
    """Check the definition of a sensitivity.

    Args:
        loaded: the version to run.
        values: the inputs to start from.
        percent: each input is taken so far down and up; to its bounds without it.
        keys: the inputs to vary; every numeric one without them.
        curve: values of each input from low to high; 2 are enough for a tornado.

    Raises:
        InputError: with every problem found.
    """
    manifest, problems, notes = loaded.manifest, list[Problem](), list[str]()
    inputs = contract_inputs.validate(manifest, dict(values))
    offered = varied_inputs(manifest, inputs)
    chosen = list(keys) if keys is not None else offered
    for key in chosen:
        if key not in offered:
            hint = f"Choose among {', '.join(offered) or 'none'}."
            problems.append(Problem(f"inputs.{key}", "it is not a numeric input on the form", hint))
    if not chosen:
        problems.append(Problem("inputs", "the model has no numeric input", "Sweep another kind of input."))
    if percent is not None and not 0 < percent <= 1_000:
        problems.append(Problem("percent", f"{percent:g} is not from 0 to 1,000", "Give a percentage, such as 10."))
    if not 2 <= curve <= MAX_CURVE:
        problems.append(Problem("curve", f"{curve} is not from 2 to {MAX_CURVE}", "Give a number of values."))
    if problems:
        raise InputError(problems)
    bounds: dict[str, tuple[float, float]] = {}
    points: list[dict[str, Any]] = [{}]
    for key in chosen:
        field, value = manifest.inputs[key], inputs[key]
        low, high = field.minimum, field.maximum
        if percent is not None:
            wanted = sorted((value * (1 - percent / 100), value * (1 + percent / 100)))
            low, high = (on_grid(field, end) for end in wanted)
            if any(abs(a - b) > 1e-9 * max(1.0, abs(b)) for a, b in zip((low, high), wanted, strict=True)):
                notes.append(f"{field.label} is taken to {low:g} and {high:g}, as its bounds and steps allow.")
        elif low is None or high is None:
            notes.append(f"{field.label} is left out: it has no bounds. Give a percentage to vary it.")
            continue
        low, high = on_grid(field, low), on_grid(field, high)
        if low == high:
            notes.append(f"{field.label} is left out: it stays at {low:g}.")
            continue
        bounds[key] = (low, high)
        laid = dict.fromkeys(on_grid(field, low + (high - low) * i / (curve - 1)) for i in range(curve))
        points += [{key: v} for v in laid]
    if not bounds:
        raise InputError([Problem("inputs", "none of them can be varied", "Give a percentage, or choose others.")])
    problems = check_rules(loaded, inputs, points, "sensitivity")
    if problems:
        raise InputError(problems)
    return Sensitivity(inputs, tuple(points), bounds, tuple(notes))


def plan_sensitivity(
    context: AppContext,
    app: int | str,
    values: Mapping[str, Any],
    *,
    actor: Actor,
    version: str | None = None,
    **wanted: Any,
) -> Plan:
    """Return how many runs it would be and how long they would take; arguments and errors as of `start_sensitivity`."""
    require(actor, Action.RUN_MODELS)
    found, loaded = open_model(context, app, version, actor=actor)
    made = define_sensitivity(loaded, values, **wanted)
    return Plan(len(made.points), estimate(context, found, len(made.points), actor=actor), made.notes)


def start_sensitivity(
    context: AppContext,
    app: int | str,
    values: Mapping[str, Any],
    *,
    actor: Actor,
    version: str | None = None,
    percent: float | None = None,
    keys: Sequence[str] | None = None,
    curve: int = 2,
    source: UUID | None = None,
    group_id: UUID | None = None,
) -> RunGroup:
    """Start a sensitivity; it runs in the background. Arguments as of `define_sensitivity` and `start_group`.

    Raises:
        NotFoundError: there is no such model or version.
        InputError: with every problem found.
        NotGrantedError: the model needs a secret that it was not granted.
    """
    require(actor, Action.RUN_MODELS)
    found, loaded = open_model(context, app, version, actor=actor)
    made = define_sensitivity(loaded, values, percent=percent, keys=keys, curve=curve)
    inputs = check_inputs(context, loaded, made.inputs, actor=actor, source=source)
    definition = {
        "inputs": list(made.bounds),
        "bounds": {key: list(ends) for key, ends in made.bounds.items()},
        "percent": percent,
        "curve": curve,
        "notes": list(made.notes),
    }
    points = [(point, loaded.hash) for point in made.points]
    kind = GroupKind.SENSITIVITY
    return start_group(
        context, kind, found, loaded, inputs, points, definition, actor=actor, group_id=group_id, sources=(source,)
    )


def tornado_bars(group: RunGroup, points: Sequence[GroupPoint], manifest: Manifest, label: str) -> list[Bar]:
    """Return the inputs of a sensitivity by how far they move a figure, the furthest first."""
    known = {(key, value): figure_of(p.summary, label) for p in points for key, value in p.changes.items()}
    bars = []
    for key, (low, high) in group.definition["bounds"].items():
        field = manifest.inputs[key]
        bars.append(Bar(key, field.title, low, high, known.get((key, low)), known.get((key, high))))
    return sorted(bars, key=lambda bar: -bar.width)


def tornado_chart(bars: Sequence[Bar], base: float | None, title: str, unit: str | None) -> Chart | None:
    """Return the tornado of the `MAX_BARS` widest bars that move the figure; None where none does."""
    data = [
        {"label": f"{bar.label}: {bar.low_value:,.12g} to {bar.high_value:,.12g}", "low": bar.low, "high": bar.high}
        | ({"base": base} if base is not None else {})
        for bar in [b for b in bars if b.width > 0][:MAX_BARS]
    ]
    return Chart("tornado", f"{title} by input", data, x_label=title, unit=unit) if data else None


def curve_charts(
    group: RunGroup, points: Sequence[GroupPoint], manifest: Manifest, label: str, title: str, unit: str | None
) -> list[Chart]:
    """Return a line for each input: the figure from its low to its high value, the others as they were."""
    charts = []
    for key in group.definition["inputs"]:
        field = manifest.inputs[key]
        found = sorted((p.changes[key], figure_of(p.summary, label)) for p in points if key in p.changes)
        data = {"x": [x for x, _ in found], "series": [{"name": title, "y": [y for _, y in found]}]}
        charts.append(Chart("line", field.label, data, x_label=field.title, y_label=title, unit=unit))
    return charts
