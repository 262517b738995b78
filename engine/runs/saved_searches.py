"""Searches of the history kept under a name, for oneself or for everybody.

Chosen: a query is read before it is kept, so that each one that is offered can be made; `me` and days ago stay as they
are and mean whoever opens it, and the day it is opened.
Left out: the search itself (`engine.runs.search`).
"""

from uuid import UUID

from contract.actor import Actor
from contract.annotation import LONGEST_NAME, SavedSearch
from contract.errors import AnnotationError, NotFoundError
from contract.problems import Problem
from contract.query_reader import read_query
from contract.query_text import write_query
from engine.authorization import Action, require
from engine.processes.context import AppContext
from storage import saved_searches

MOST_SEARCHES = 200  # of one user


def save_search(context: AppContext, name: str, query: str, *, actor: Actor, shared: bool = False) -> SavedSearch:
    """Keep a search under a name, in place of the actor's own one of that name.

    Args:
        context: the application's.
        name: at most 100 letters.
        query: with decimal points and ISO dates, as in links.
        actor: whose it is.
        shared: whether it is offered to everybody.

    Raises:
        AnnotationError: the name is empty or too long, or the actor has too many.
        SearchQueryError: the query cannot be read.
    """
    require(actor, Action.ANNOTATE_RUNS)
    kept = " ".join(name.replace("\0", "").split())
    if not kept or len(kept) > LONGEST_NAME:
        found = "the name is empty" if not kept else f"the name has {len(kept)} letters"
        raise AnnotationError([Problem("name", found, f"Give one of 1 to {LONGEST_NAME} letters.")])
    text = write_query(read_query(query).query)
    if not text:
        raise AnnotationError([Problem("query", "the search is empty", "Write what to look for.")])
    user_id = context.user_id(actor)
    with context.database.begin() as conn:
        known = [one for one in saved_searches.list_searches(conn, user_id) if one.user == actor.name]
        if len(known) >= MOST_SEARCHES and kept not in {one.name for one in known}:
            raise AnnotationError([Problem("name", f"you have {MOST_SEARCHES} saved searches", "Remove one first.")])
        return saved_searches.save_search(conn, user_id, kept, text, shared=shared)


def list_searches(context: AppContext, *, actor: Actor) -> list[SavedSearch]:
    """Return the actor's own searches, then those that others share, by name."""
    require(actor, Action.READ_RUNS)
    user_id = context.user_id(actor)
    with context.database.read() as conn:
        return saved_searches.list_searches(conn, user_id)


def remove_search(context: AppContext, search_id: UUID, *, actor: Actor) -> None:
    """Remove a search of the actor's own.

    Raises:
        NotFoundError: the actor has no such search.
    """
    require(actor, Action.ANNOTATE_RUNS)
    user_id = context.user_id(actor)
    with context.database.begin() as conn:
        if not saved_searches.remove_search(conn, search_id, user_id):
            raise NotFoundError([Problem("search", f"you have no search {search_id}", "Take it from your list.")])
