"""The state of a form: its working copy of the inputs, kept in the session under the form's key.

Chosen: one truth that widgets show and write back to, so that nothing is lost when a widget is hidden or another
page is opened; it follows the address only when the address changed by other hands than the form's: a link was
opened, the back button pressed, another run chosen to start from.
Left out: drawing, and the checks of values.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import streamlit as st

from contract.carry_over import CarriedInputs, shown_value
from contract.inputs import canonical_values
from contract.manifest import Manifest
from contract.problems import Problem
from ui.form import links

MAX_WRITTEN = 500  # addresses of a form that is changed for long without its page hearing of the address
Opened = tuple[str, str, CarriedInputs]  # a scenario: id, name, inputs as this version takes them
Part = str | tuple[int, str]  # of an input: "" for all of it, an end of a range, a cell by row and column


@dataclass(frozen=True, slots=True)
class RefusedText:
    """A text that was typed or pasted and could not be read, and why; the value before it stays."""

    text: str
    problem: Problem


@dataclass(slots=True)
class FormState:
    """The values as they stand, and what is known about where they came from.

    `errors` are problems that a value cannot show by itself, such as a link's text that is no number
    (kept in `unreadable`, so that the address stays what it was); each goes when its input is changed.
    `refused` holds the texts of each input that could not be read, `readings` how its last text was read
    where it might mean something else. `revision` counts how often all values were replaced; `name` is
    this form's alone. `seen` is the query as the server last had it, `written` what the form has put into
    the address since then, oldest first. `checked` remembers the long tables that were checked. `preset` is the
    chosen case's number or scenario's id, `json_text` an edited JSON text that is not applied yet. `saved` is the id of
    the scenario that the form began with, `saved_values` what it filled the form with.
    """

    values: dict[str, Any]
    errors: dict[str, Problem] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    revision: int = 0
    checked: dict[str, tuple[Any, list[Problem]]] = field(default_factory=dict)
    name: str = field(default_factory=lambda: uuid4().hex)
    seen: dict[str, str] = field(default_factory=dict)
    written: list[dict[str, str]] = field(default_factory=list)
    refused: dict[str, dict[Part, RefusedText]] = field(default_factory=dict)
    readings: dict[str, str] = field(default_factory=dict)
    preset: int | str | None = None
    json_text: str | None = None
    saved: str | None = None
    saved_values: dict[str, Any] | None = None

    def set_value(
        self, key: str, value: Any, *, note: str = "", refused: Mapping[Part, RefusedText] | None = None
    ) -> None:
        """Take one input's new value.

        Args:
            key: the input's.
            value: the new one, or the old one where a text was refused.
            note: how its text was read.
            refused: the texts of this input that could not be read and still wait for a better one.
        """
        self.values[key] = value
        self.errors.pop(key, None)
        self.unreadable.pop(key, None)
        self.readings[key] = note
        self.refused[key] = dict(refused or {})

    def note_written(self, query: Mapping[str, str]) -> None:
        """Remember what the form puts into the address."""
        if not self.written or self.written[-1] != query:
            self.written = [*self.written[-MAX_WRITTEN:], dict(query)]

    def is_own(self, query: Mapping[str, str]) -> bool:
        """Say whether the browser's address has these inputs from the form, and forget what it had before them.

        A browser that has not heard of the last answers yet reports an address from before them; it never goes back
        on its own, so that an older one than it has reported comes from the reader: the back button.
        """
        if dict(query) not in self.written:
            return False
        self.written = self.written[self.written.index(dict(query)) :]
        return True

    def set_error(self, key: str, problem: Problem) -> None:
        """Note what was wrong with a value that was not taken."""
        self.errors[key] = problem

    def replace(self, values: Mapping[str, Any]) -> None:
        """Take a whole set of values in place of the present ones."""
        self.values = dict(values)
        self.errors.clear()
        self.unreadable.clear()
        self.notes.clear()
        self.refused.clear()
        self.readings.clear()
        self.preset = None
        self.json_text = None
        self.revision += 1

    def take_saved(self, manifest: Manifest, scenario_id: str, name: str, carried: CarriedInputs) -> None:
        """Take a scenario's inputs in place of the present ones; those that do not fit are marked."""
        self.replace(saved_values(manifest, carried))
        self.mark_saved(scenario_id, name, carried, set(carried.unfit))

    def mark_saved(self, scenario_id: str, name: str, carried: CarriedInputs, unfit: Collection[str]) -> None:
        """Note which scenario the form began with, and say beside the inputs in `unfit` what it had for them."""
        for key in unfit:
            value = carried.unfit[key]
            hint = next((p.hint for p in carried.problems if key in p.where), "Give another value.")
            found = f"the scenario has {shown_value(value)}, which does not fit this version"
            self.errors[key] = Problem(f"inputs.{key}", found, hint)
            if not isinstance(value, list | Mapping):
                self.unreadable[key] = value if isinstance(value, str) else shown_value(value)
        self.notes += [f"{name}: {warning}" for warning in carried.warnings]
        self.preset = self.saved = scenario_id
        self.saved_values = dict(self.values)


def saved_values(manifest: Manifest, carried: CarriedInputs) -> dict[str, Any]:
    """Return what a scenario fills the form with: inputs that it did not know yet have their starting values."""
    begun = canonical_values(manifest, manifest.initial_values)
    added = {key: begun[key] for key in carried.added if key in begun}
    return {**added, **carried.values, **dict.fromkeys(carried.unfit)}


def find_state(key: str) -> FormState | None:
    """Return the state kept under `key`, if the form has been drawn."""
    found: FormState | None = st.session_state.get(f"{key}:sheet")
    return found


def get_state(
    manifest: Manifest,
    start: Mapping[str, Any],
    link: Mapping[str, str] | None,
    key: str,
    opened: Opened | None = None,
) -> FormState:
    """Return the form's state kept under `key`, new or filled anew where the link asks for it.

    `opened` is the scenario that the link names: its id, its name and its inputs.
    """
    place = f"{key}:sheet"
    state: FormState | None = st.session_state.get(place)
    seen = dict(link or {})
    if state is None:
        state = st.session_state[place] = FormState({})
        reset(state, manifest, start, seen, opened)
    elif seen != state.seen and not state.is_own(links.input_params(seen)) and _has_inputs(seen, state):
        reset(state, manifest, start, seen, opened)
    state.seen = seen
    return state


def _has_inputs(seen: Mapping[str, str], state: FormState) -> bool:
    """Say whether a link says anything about inputs; a bare `/model?app=...` leaves the form as it was."""
    origins = ((name, links.page_params(seen).get(name)) for name in ("from", "saved"))
    return bool(links.input_params(seen)) or any(o not in {None, state.seen.get(name)} for name, o in origins)


def reset(
    state: FormState,
    manifest: Manifest,
    start: Mapping[str, Any],
    link: Mapping[str, str],
    opened: Opened | None = None,
) -> None:
    """Fill the state from `start` or the scenario that the link names, and from what the link says over it."""
    if opened is not None:
        start = {key: value for key, value in saved_values(manifest, opened[2]).items() if value is not None}
    reading = links.parse(manifest, link)
    begun = canonical_values(manifest, start)
    known = {k: v for k, v in begun.items() if k in manifest.inputs}
    unfit = set(opened[2].unfit) - set(reading.values) - set(reading.errors) if opened is not None else set[str]()
    empty = dict.fromkeys([*reading.errors, *unfit])
    state.replace({**manifest.defaults, **known, **reading.values, **empty})
    state.errors, state.unreadable = dict(reading.errors), dict(reading.unreadable)
    state.saved = state.saved_values = None
    state.notes = [
        f"The link names {p.where.removeprefix('link.')}: {p.message}, so it is ignored." for p in reading.unknown
    ] + [
        f"The inputs it starts from hold {k}, which this version does not have."
        for k in begun
        if k not in manifest.inputs
    ]
    if opened is not None:
        state.mark_saved(*opened, unfit)
        # Of a link that was copied after inputs were changed, the box shows no scenario.
        state.saved_values = {**manifest.defaults, **known, **dict.fromkeys(opened[2].unfit)}
