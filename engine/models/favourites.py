"""Star models, and find the models one has starred and those that are used.

Chosen: stars are a user's own; use is everybody's, counted over the last ninety days.
Left out: the order of the catalogue, which is the page's.
"""

from collections.abc import Mapping

from engine.models.catalogue import find_app
from engine.processes.context import AppContext
from storage import apps, favourites, users


def set_favourite(context: AppContext, app: int | str, *, user: str, starred: bool) -> None:
    """Star a model for a user, or take the star back.

    Raises:
        NotFoundError: there is no such model.
    """
    found = find_app(context, app)
    with context.database.begin() as conn:
        change = favourites.add_favourite if starred else favourites.remove_favourite
        change(conn, users.get_or_create_user(conn, user), found.id)


def list_favourites(context: AppContext, *, user: str) -> set[int]:
    """Return the ids of the models that the user has starred."""
    with context.database.read() as conn:
        return favourites.list_favourites(conn, user)


def count_uses(context: AppContext) -> Mapping[int, int]:
    """Return how many runs people have asked for of each model lately, by its id; large numbers are cut off."""
    with context.database.read() as conn:
        return apps.use_counts(conn)
