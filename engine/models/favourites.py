"""Star models, and find the models one has starred and those that are used.

Chosen: stars are a user's own; use is everybody's, counted over the last ninety days.
Left out: the order of the catalogue, which is the page's.
"""

from collections.abc import Mapping

from contract.actor import Actor
from engine.authorization import Action, require
from engine.models.catalogue import find_app
from engine.processes.context import AppContext
from storage import apps, favourites


def set_favourite(context: AppContext, app: int | str, *, actor: Actor, starred: bool) -> None:
    """Star a model for the actor, or take the star back.

    Raises:
        NotFoundError: there is no such model.
    """
    found = find_app(context, app, actor=actor)
    user_id = context.user_id(actor)
    with context.database.begin() as conn:
        change = favourites.add_favourite if starred else favourites.remove_favourite
        change(conn, user_id, found.id)


def list_favourites(context: AppContext, *, actor: Actor) -> set[int]:
    """Return the ids of the models that the actor has starred."""
    require(actor, Action.READ_MODELS)
    with context.database.read() as conn:
        return favourites.list_favourites(conn, actor.name)


def count_uses(context: AppContext, *, actor: Actor) -> Mapping[int, int]:
    """Return how many runs people have asked for of each model lately, by its id; large numbers are cut off."""
    require(actor, Action.READ_MODELS)
    with context.database.read() as conn:
        return apps.use_counts(conn)
