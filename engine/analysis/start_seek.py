"""Goal seek: the value of one numeric input at which a summary figure is what it is to be.

Chosen: bounds are asked for, the input's own by default, because a search without bounds finds values that no analyst
would take; a search ends with a value, or with the reason why there is none.
Left out: the search itself, which a worker makes (`engine.analysis.seek`).
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from contract import inputs as contract_inputs
from contract.actor import Actor
from contract.errors import InputError
from contract.fields import Field, is_multiple_of
from contract.number_format import NumberFormat
from contract.problems import Problem
from contract.run_group import GroupKind, RunGroup
from engine.analysis.grid import NUMBERS, on_grid, read_bound
from engine.analysis.groups import check_inputs, open_model, start_group
from engine.analysis.root import Ending
from engine.authorization import Action, require
from engine.processes.context import AppContext


def start_seek(
    context: AppContext,
    app: int | str,
    values: Mapping[str, Any],
    *,
    key: str,
    figure: str,
    target: float | str,
    low: float | str | None = None,
    high: float | str | None = None,
    actor: Actor,
    version: str | None = None,
    number_format: NumberFormat | None = None,
    source: UUID | None = None,
    group_id: UUID | None = None,
) -> RunGroup:
    """Start a goal seek; it runs in the background.

    Args:
        context: the process's application context.
        app: the model's id or slug.
        values: the other inputs; those left out take their defaults.
        key: the input to search for, a number.
        figure: the label of a figure in the model's summary.
        target: what the figure is to be.
        low: the lowest value to try; the input's own bound without it.
        high: the highest; as `low`.
        actor: whose search it is.
        version: a content hash to pin; the current version otherwise.
        number_format: how numbers in texts are written.
        source: a run whose uploaded files may be used again.
        group_id: of the group, as of `start_group`.

    Raises:
        NotFoundError: there is no such model or version.
        InputError: with every problem found.
        NotGrantedError: the model needs a secret that it was not granted.
    """
    require(actor, Action.RUN_MODELS)
    found, loaded = open_model(context, app, version, actor=actor)
    manifest, problems, notes = loaded.manifest, list[Problem](), list[str]()
    writing = number_format or NumberFormat()
    declared = manifest.inputs.get(key)
    if declared is None or declared.type not in NUMBERS:
        offered = [k for k, f in manifest.inputs.items() if f.type in NUMBERS]
        problems.append(
            Problem("input", f"{key!r} is not a numeric input", f"Choose one of {', '.join(offered) or 'none'}.")
        )
    plain = Field("target", "number", "Target")
    wanted = read_bound(plain, target, writing, problems, "target", notes)
    if not figure:
        problems.append(Problem("figure", "none is chosen", "Give the label of a figure in the model's summary."))
    ends: list[float | None] = [None, None]
    if declared is not None and declared.type in NUMBERS:
        for i, (name, raw, own) in enumerate((("from", low, declared.minimum), ("to", high, declared.maximum))):
            if raw in (None, "") and own is None:
                problems.append(Problem(name, "it is missing", "The input has no bound of its own: give one."))
            else:
                ends[i] = float(own) if raw in (None, "") else read_bound(declared, raw, writing, problems, name, notes)
        problems += _check_ends(declared, ends)
    if problems or declared is None:
        raise InputError(problems)
    assert ends[0] is not None
    assert ends[1] is not None
    start = on_grid(declared, ends[0])
    inputs = check_inputs(
        context, loaded, contract_inputs.validate(manifest, {**values, key: start}), actor=actor, source=source
    )
    definition = {
        "input": key,
        "figure": figure,
        "target": wanted,
        "from": start,
        "to": on_grid(declared, ends[1]),
        "notes": notes,
    }
    kind, sources = GroupKind.SEEK, (source,)
    return start_group(
        context,
        kind,
        found,
        loaded,
        inputs,
        [],
        definition,
        actor=actor,
        group_id=group_id,
        growing=True,
        sources=sources,
    )


def seek_words(group: RunGroup, number: Any, unit: str = "") -> str:
    """Return what a goal seek found, in a sentence.

    Args:
        group: a goal seek that has ended.
        number: writes a number as the reader's session does.
        unit: of the input, with a space before it.
    """
    wanted, found = group.definition, group.outcome or {}
    figure, target = wanted["figure"], number(wanted["target"])
    ending = found.get("ending")
    if ending == Ending.REACHED:
        return f"{figure} is {number(found['figure'])} at {number(found['value'])}{unit}."
    if ending == Ending.BETWEEN:
        return (
            f"{figure} passes {target} between {number(found['value'])}{unit}, where it is {number(found['figure'])}, "
            f"and {number(found['other_value'])}{unit}, where it is {number(found['other_figure'])}. The input "
            "takes no value between them."
        )
    if ending == Ending.JUMP:
        return (
            f"{figure} jumps past {target} near {number(found['value'])}{unit}: it is {number(found['figure'])} on one "
            f"side and {number(found['other_figure'])} on the other, and takes no value between them."
        )
    if ending == Ending.MISSED:
        return (
            f"{target} is not reached between {number(wanted['from'])}{unit} and {number(wanted['to'])}{unit}: at the "
            f"values tried {figure} goes from {number(found['lowest'])} to {number(found['highest'])}. The nearest is "
            f"{number(found['figure'])}, at {number(found['value'])}{unit}."
        )
    return group.reason or "The search ended without a figure."


def _check_ends(declared: Field, ends: list[float | None]) -> list[Problem]:
    problems = []
    step = declared.multiple_of
    for name, end in zip(("from", "to"), ends, strict=True):
        if end is None:
            continue
        outside = (declared.minimum is not None and end < declared.minimum) or (
            declared.maximum is not None and end > declared.maximum
        )
        if outside:
            hint = (
                f"Give a value from {declared.minimum:g} to {declared.maximum:g}."
                if declared.minimum is not None
                else ""
            )
            problems.append(Problem(name, f"{end:g} is outside the input's bounds", hint or "Give another."))
        elif step and not is_multiple_of(end, step):
            problems.append(Problem(name, f"{end:g} is not a multiple of {step:g}", f"Give a multiple of {step:g}."))
    if ends[0] is not None and ends[1] is not None and ends[0] >= ends[1]:
        problems.append(Problem("to", f"{ends[1]:g} is not above {ends[0]:g}", "Give a higher value."))
    return problems
