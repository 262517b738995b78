"""A statement by its words, its parameters found once: looking for them took longer than some of the statements."""

from functools import lru_cache

from sqlalchemy import TextClause
from sqlalchemy import text as new_text


@lru_cache(maxsize=512)
def sql(words: str) -> TextClause:
    """Return the statement of these words, with `:name` for each parameter."""
    return new_text(words)
