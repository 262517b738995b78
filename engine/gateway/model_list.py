"""The provider's models that the AI gateway lists, as the newest list that was read has them.

Chosen: reading the list is a run like any other, which needs the grant and costs nothing; whoever may read that run
uses its list, and reads it anew where it is old.
Left out: which of the models can do what is asked; the gateway says so when it is asked.
"""

from dataclasses import dataclass
from datetime import datetime

from contract.actor import Actor
from contract.run import Run
from engine.authorization import Action, require
from engine.processes.context import AppContext
from engine.runs.follow import snapshot
from engine.runs.submit import submit
from engine.runs.visibility import viewer_of
from storage import gateway_calls

TABLE = "Models of the gateway"


@dataclass(frozen=True, slots=True)
class ModelList:
    """Names of models with a word on each, and when the list was read; empty where none was."""

    words: dict[str, str]
    read_at: datetime | None = None


def list_models(context: AppContext, slug: str, *, actor: Actor) -> ModelList:
    """Return the models that the gateway listed last for one of the catalogue's models."""
    require(actor, Action.READ_RUNS)
    with context.database.read() as conn:
        found = gateway_calls.newest_model_list(conn, slug, viewer=viewer_of(context, actor=actor))
    if found is None:
        return ModelList({})
    now = snapshot(context, found, actor=actor)
    rows = (now.shown.get("tables") or {}).get(TABLE)
    named = {str(r["id"]): _words(r) for r in rows if isinstance(r, dict) and r.get("id")} if rows else {}
    return ModelList(named, now.run.finished_at)


def read_models_again(context: AppContext, slug: str, *, actor: Actor) -> Run:
    """Submit a run that reads the gateway's list; errors as of any run."""
    require(actor, Action.RUN_MODELS)
    return submit(context, slug, {"action": "list"}, actor=actor)


def _words(row: dict[str, object]) -> str:
    prices = [row.get("input_price"), row.get("output_price")]
    told = [f"{p:g}" for p in prices if isinstance(p, int | float)]
    return f"{row['id']}" + (f" ({' / '.join(told)} USD a million tokens)" if told else "")
