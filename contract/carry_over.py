"""Inputs that were kept with one version of a model, as another version takes them.

Chosen: nothing disappears unsaid. What was renamed is carried over; what the version does not have is dropped, with its
value in the warning; what does not fit any more is set aside with what is wrong; inputs that are new take the starting
values; and inputs that the version deprecates are named.
Left out: rules over several inputs, which are checked where the whole set is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from contract.declared_inputs import DeclaredInputs
from contract.fields import is_number
from contract.former_inputs import fold_former_inputs
from contract.inputs import canonical_values, find_problems
from contract.problems import Problem
from contract.wording import shorten


@dataclass(frozen=True, slots=True)
class CarriedInputs:
    """Inputs as a version takes them, and what became of the others.

    `values` are those that fit. `renamed` has what an input was called and what it is called now, `dropped` the inputs
    that the version does not have with their values, `unfit` those whose value does not fit, with `problems` saying
    why; `deprecated` are keys that the version advises against, `added` those that were not there when the inputs were
    kept. `warnings` say all of it in sentences.
    """

    values: Mapping[str, Any]
    renamed: Mapping[str, str] = field(default_factory=dict)
    dropped: Mapping[str, Any] = field(default_factory=dict)
    unfit: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    deprecated: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def carry_over(then: DeclaredInputs, now: DeclaredInputs, inputs: Mapping[str, Any]) -> CarriedInputs:
    """Return inputs that `then` had checked as `now` takes them; the same version changes nothing.

    Args:
        then: the version that the inputs were kept with.
        now: the version that they are opened on.
        inputs: complete and canonical.
    """
    folded = fold_former_inputs(now, dict(inputs))
    known = {key: value for key, value in folded.items() if key in now.inputs}
    dropped = {key: value for key, value in folded.items() if key not in now.inputs}
    known = canonical_values(now, known)
    found = find_problems(now, known, complete=False)
    wrong = {key: [p for p in found if _is_of(p, key)] for key in known}
    unfit = {key: known[key] for key, problems in wrong.items() if problems}
    values = {key: value for key, value in known.items() if key not in unfit}
    names = {former: key for key, item in now.inputs.items() for former in (*item.former_keys, *item.former_inputs)}
    renamed = {key: names[key] for key in inputs if key not in now.inputs and key not in folded and key in names}
    deprecated = tuple(key for key in values if _is_advised_against(then, now, key, values[key]))
    added = tuple(key for key, item in now.inputs.items() if key not in known and key not in then.inputs)
    carried = CarriedInputs(
        values,
        renamed,
        dropped,
        unfit,
        tuple(p for problems in wrong.values() for p in problems),
        deprecated,
        added,
    )
    return replace(carried, warnings=tuple(_describe(then, now, carried)))


def shown_value(value: Any) -> str:
    """Return a value as warnings show it, numbers without a fraction of nothing."""
    return f"{value:.15g}" if is_number(value) else shorten(value)


def _is_of(problem: Problem, key: str) -> bool:
    where = problem.where.removeprefix("inputs.")
    return where == key or where.startswith((f"{key}.", f"{key}["))


def _is_advised_against(then: DeclaredInputs, now: DeclaredInputs, key: str, value: Any) -> bool:
    """Say whether an input is deprecated now and was not then, or is and has another value than its default."""
    declared = now.inputs[key]
    before = then.inputs.get(key)
    return declared.deprecated and (before is None or not before.deprecated or value != declared.default)


def _describe(then: DeclaredInputs, now: DeclaredInputs, carried: CarriedInputs) -> list[str]:
    found = []
    for key, value in carried.dropped.items():
        label = then.inputs[key].label if key in then.inputs else key
        found.append(f"{label} ({key}) is not an input of this version. Its value {shown_value(value)} is left out.")
    for key, value in carried.unfit.items():
        why = next(p.message for p in carried.problems if _is_of(p, key))
        found.append(f"{now.inputs[key].label} was {shown_value(value)}, which does not fit this version: {why}.")
    for key, name in carried.renamed.items():
        found.append(f"{key} is called {now.inputs[name].label} ({name}) in this version. Its value is carried over.")
    found += [
        f"{now.inputs[key].label} ({key}) is deprecated in this version. It has the saved value."
        for key in carried.deprecated
    ]
    if carried.added:
        names = ", ".join(now.inputs[key].label for key in carried.added)
        found.append(f"New in this version, at the starting value: {names}.")
    return found
