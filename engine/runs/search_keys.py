"""The inputs and summary figures that a search can name, and what a name in a search stands for.

Chosen: a name is found as it is written, and else by letters and digits alone, among keys and labels: `summary.scr` is
the figure `SCR` and `summary.total_ibnr` is `Total IBNR`. A name that no model has is reported and finds nothing.
Left out: the query's own fields, which are `contract.run_query`.
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from contract.actor import Actor
from contract.query_text import write_field
from contract.run_query import KEYED, Comparison, Field, Query, comparisons, map_comparisons, required_app
from engine.authorization import Action, require
from engine.processes.context import AppContext
from engine.runs.visibility import viewer_of
from storage import run_keys

MOST_KEYS = 20  # that one name of a search may stand for
_NOUNS = {"params": "an input", "summary": "a figure"}


@dataclass(frozen=True, slots=True)
class SearchKey:
    """An input or a summary figure of a model; `label` is what the form calls it."""

    field: Field
    label: str
    app: str

    @property
    def text(self) -> str:
        """How a search names it."""
        return write_field(self.field)


def list_keys(context: AppContext, app: str | None = None, *, actor: Actor) -> list[SearchKey]:
    """Return the inputs and figures that a search can name: of the model of this slug, or of all models.

    Figures are those of runs that the actor may read: a label may say something of the inputs that it was made from.
    """
    require(actor, Action.READ_MODELS)
    viewer = viewer_of(context, actor=actor)
    with context.database.read() as conn:
        inputs, figures = run_keys.list_inputs(conn, app), run_keys.list_figures(conn, app, viewer=viewer)
    return [SearchKey(Field("params", (key,)), label, slug) for slug, key, label in inputs] + [
        SearchKey(Field("summary", (key,)), key, slug) for slug, key in figures
    ]


def resolve_keys(context: AppContext, query: Query, *, actor: Actor) -> tuple[Query, list[str]]:
    """Return the query with the keys that its names stand for, and a sentence for each name that no model has."""
    require(actor, Action.READ_RUNS)
    if not any(one.field.name in KEYED for one in comparisons(query)):
        return query, []
    known = list_keys(context, required_app(query), actor=actor)
    notes: list[str] = []

    def change(one: Comparison) -> Comparison:
        if one.field.name not in KEYED:
            return one
        keys = _matching(one.field, known)
        if keys == ():
            notes.append(_unknown(one.field, known))
        return replace(one, field=replace(one.field, keys=keys or one.field.keys))

    return map_comparisons(query, change), list(dict.fromkeys(notes))


def _matching(field: Field, known: Sequence[SearchKey]) -> tuple[str, ...]:
    """Return the keys that a name stands for, the exact one first; none where no model has any."""
    own = [key for key in known if key.field.name == field.name]
    if any(key.field.key == field.key for key in own):
        return (field.key,)
    wanted = _plain(field.key)
    found = [key.field.key for key in own if wanted in {_plain(key.field.key), _plain(key.label)}]
    return (field.key, *dict.fromkeys(found[:MOST_KEYS])) if found else ()


def _unknown(field: Field, known: Sequence[SearchKey]) -> str:
    names = list(dict.fromkeys(key.field.key for key in known if key.field.name == field.name))
    near = difflib.get_close_matches(field.key, names, 1, 0.5)
    hint = f" Did you mean {write_field(Field(field.name, (near[0],)))}?" if near else ""
    return f"No current version of a model has {_NOUNS[field.name]} called {field.key!r}.{hint}"


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()
