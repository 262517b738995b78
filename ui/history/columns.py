"""Inputs and summary figures as columns of the history, as the analyst chooses them.

Chosen: named as a search names them, in the address too; numbers stay numbers, so that a column sorts as numbers do.
Left out: the columns that every run has, which are `ui.history.runs_table`.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from contract.errors import SearchQueryError
from contract.query_reader import read_query
from contract.run import Run
from contract.run_query import KEYED, Comparison, Field
from ui.shell import cached

MOST = 12  # columns at once


def offered(app: str | None) -> dict[str, str]:
    """Return the columns that can be chosen: text of a search to what the form calls it."""
    found: dict[str, str] = {}
    for key in cached.search_keys_of(app):
        found.setdefault(key.text, key.text if key.label == key.field.key else f"{key.text} · {key.label}")
    return found


def read_columns(texts: Sequence[str]) -> list[str]:
    """Return the columns that an address names, each once; what is no input and no figure is passed over."""
    return [text for text in dict.fromkeys(texts) if column_field(text) is not None][:MOST]


def column_field(text: str) -> Field | None:
    """Return the input or figure that a column is of, None where the text is neither."""
    try:
        query = read_query(f"{text} = 0").query
    except SearchQueryError:
        return None
    return query.field if isinstance(query, Comparison) and query.field.name in KEYED else None


def values_of(text: str, runs: Sequence[Run], summaries: Mapping[UUID, Any]) -> list[Any]:
    """Return a column's value for each run: numbers where all are, otherwise texts."""
    field = column_field(text)
    if field is None:
        return [None] * len(runs)
    found = [_value(run.inputs if field.name == "params" else summaries.get(run.id), field.key) for run in runs]
    given = [value for value in found if value is not None]
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in given):
        return [None if value is None else float(value) for value in found]
    return [None if value is None else _text(value) for value in found]


def _value(held: Any, key: str) -> Any:
    value = held.get(key) if isinstance(held, Mapping) else None
    return value["value"] if isinstance(value, Mapping) and "value" in value else value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return str(value.get("name") or f"{len(value)} parts")
    if isinstance(value, list):
        return f"{len(value)} rows" if value and isinstance(value[0], Mapping) else ", ".join(map(str, value[:6]))
    return str(value)
