"""The grid that changes a session's holdings: numbers are read as in every other grid, and Save stores all of it.

Chosen: what is typed is kept in this browser's session until it is saved, so that a half-written row is no holding yet;
where another browser has saved meanwhile, the reader is told and chooses.
Left out: the grid's own widget (`ui.form.inputs.table`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import streamlit as st

from contract.errors import ProblemsError
from contract.field_parser import parse_field
from contract.fields import Field
from contract.portfolio import LARGEST, MAX_HOLDINGS, PortfolioState
from engine.portfolio.sessions import set_holdings
from ui.form.form_state import Part, RefusedText
from ui.form.inputs.binding import InputBinding, show_note
from ui.form.inputs.table import table_input
from ui.shell import cached
from ui.shell.markup import escape
from ui.shell.problems import show_problems
from ui.shell.session import current_actor
from ui.shell.session_format import current_format

if TYPE_CHECKING:
    from contract.problems import Problem

DECLARED = {
    "type": "table",
    "label": "Holdings",
    "min_rows": 0,
    "max_rows": MAX_HOLDINGS,
    "columns": {
        "ticker": {"type": "text", "label": "Ticker", "max_length": 20},
        "quantity": {"type": "number", "label": "Quantity", "min": -LARGEST, "max": LARGEST},
        "cost": {"type": "number", "label": "Cost of one", "min": 0, "max": LARGEST, "required": False},
    },
    "default": [],
}


@dataclass(slots=True)
class Draft:
    """What the grid holds: the rows that it began with, those that it shows, and what could not be read."""

    base: list[dict[str, Any]]
    rows: list[dict[str, Any]]
    note: str = ""
    refused: dict[Part, RefusedText] = field(default_factory=dict)
    revision: int = 0
    failure: ProblemsError | None = None

    @property
    def changed(self) -> bool:
        """Whether there is something to save."""
        return self.rows != self.base or bool(self.refused)


def show_holdings_grid(state: PortfolioState) -> None:
    """Draw the grid with Save and Discard."""
    stored = [{key: holding[key] for key in ("ticker", "quantity", "cost")} for holding in state.body["holdings"]]
    place = f"portfolio-draft-{state.id}"
    draft: Draft | None = st.session_state.get(place)
    if draft is None or (draft.base != stored and not draft.changed):
        revision = draft.revision + 1 if draft is not None else 0
        draft = st.session_state[place] = Draft(stored, [dict(row) for row in stored], revision=revision)

    def take(value: Any, *, note: str = "", refused: Mapping[Part, RefusedText] | None = None) -> None:
        draft.rows, draft.note, draft.refused = value, note, dict(refused or {})
        draft.failure = None

    table_input(
        InputBinding(
            field=holdings_field(),
            value=draft.rows,
            key=place,
            set_value=take,
            store_file=lambda _name, _content: {},
            number_format=current_format(),
            refused=draft.refused,
            note=draft.note,
            revision=draft.revision,
        )
    )
    if draft.note:
        show_note("info", "blue", escape(draft.note))
    for text in draft.refused.values():
        show_note("error", "red", escape(f"{text.problem.where}: {text.problem.message}. {text.problem.hint}"))
    if draft.base != stored:
        st.warning("The holdings were changed elsewhere meanwhile. Save to replace them, or discard your changes.")
    if draft.failure is not None:
        show_problems(draft.failure)
    with st.container(horizontal=True):
        st.button(
            "Save the holdings",
            key=f"{place}-save",
            type="primary",
            disabled=not draft.changed or bool(draft.refused),
            on_click=_save,
            args=(state, draft, place),
        )
        st.button(
            "Discard the changes",
            key=f"{place}-discard",
            disabled=not draft.changed,
            on_click=_discard,
            args=(draft, stored),
        )


def holdings_field() -> Field:
    """Return the holdings as a field of a form: a table of tickers, quantities and costs."""
    problems: list[Problem] = []
    found = parse_field("holdings", DECLARED, "holdings", problems, [])
    assert not problems  # our own words
    return found


def _save(state: PortfolioState, draft: Draft, place: str) -> None:
    rows = [row for row in draft.rows if any(value is not None and value != "" for value in row.values())]
    try:
        set_holdings(cached.context(), state.id, rows, actor=current_actor())
    except ProblemsError as error:
        draft.failure = error
    else:
        st.session_state.pop(place, None)


def _discard(draft: Draft, stored: list[dict[str, Any]]) -> None:
    draft.base, draft.rows = stored, [dict(row) for row in stored]
    draft.note, draft.refused, draft.failure = "", {}, None
    draft.revision += 1
