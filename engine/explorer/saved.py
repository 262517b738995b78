"""Save, list and delete queries of the explorer; they are everybody's who may use it.

Chosen: saving under a name that is one's own replaces what was saved; another person's is refused, so that nobody's
query changes under them.
Left out: running them (`engine.explorer.query`).
"""

from uuid import UUID

from contract.actor import Actor
from contract.errors import ExplorerError, NotFoundError
from contract.explorer import MAX_NAME, MAX_SQL, SavedQuery
from contract.problems import Problem
from engine.authorization import Action, require
from engine.processes.context import AppContext
from storage import audit, saved_queries


def save_query(context: AppContext, name: str, sql: str, *, actor: Actor) -> SavedQuery:
    """Save a query under a name.

    Raises:
        ExplorerError: the name or the query cannot be used, or the name is another person's.
    """
    require(actor, Action.EXPLORE_DATABASE)
    name = name.strip()
    problems = []
    if not name or len(name) > MAX_NAME or not name.isprintable():
        hint = f"Give a name of one line, {MAX_NAME} characters at most."
        problems.append(Problem("name", "it is empty, too long or has characters that cannot be shown", hint))
    if not sql.strip() or len(sql) > MAX_SQL or "\x00" in sql or not _is_text(sql):
        problems.append(Problem("query", f"it is empty, no text or longer than {MAX_SQL:,} characters", "Correct it."))
    if problems:
        raise ExplorerError(problems)
    user_id = context.user_id(actor)
    with context.database.begin() as conn:
        saved = saved_queries.save_query(conn, name, sql, user_id)
        if saved is not None:
            audit.append(conn, actor=actor.name, action="query.saved", subject=name)
    if saved is None:
        raise ExplorerError([Problem("name", f"{name!r} is a query of another person's", "Choose another name.")])
    return saved


def list_queries(context: AppContext, *, actor: Actor) -> list[SavedQuery]:
    """Return every saved query, by name."""
    require(actor, Action.EXPLORE_DATABASE)
    with context.database.read() as conn:
        return saved_queries.list_queries(conn)


def find_query(context: AppContext, query_id: UUID, *, actor: Actor) -> SavedQuery:
    """Return a saved query.

    Raises:
        NotFoundError: there is none such.
    """
    require(actor, Action.EXPLORE_DATABASE)
    with context.database.read() as conn:
        found = saved_queries.get_query(conn, query_id)
    if found is None:
        raise NotFoundError([_unknown(query_id)])
    return found


def delete_query(context: AppContext, query_id: UUID, *, actor: Actor) -> None:
    """Delete a saved query, whoever saved it.

    Raises:
        NotFoundError: there is none such.
    """
    require(actor, Action.EXPLORE_DATABASE)
    with context.database.begin() as conn:
        deleted = saved_queries.delete_query(conn, query_id)
        if deleted:
            audit.append(conn, actor=actor.name, action="query.deleted", subject=str(query_id))
    if not deleted:
        raise NotFoundError([_unknown(query_id)])


def _unknown(query_id: UUID) -> Problem:
    return Problem("query", f"there is no saved query {query_id}", "Take the id from the list.")


def _is_text(sql: str) -> bool:
    try:
        sql.encode()
    except UnicodeEncodeError:
        return False
    return True
