"""A search of the history as a value: comparisons and words, joined by and, or and not.

Chosen: one form for the page, the API, saved searches and links, independent of how numbers were written; a number, a
day and a text are told apart when the query is read, so that storage only compares. `me`, `today` and days ago stay as
they are until the search is made, because a saved search is used by others and on other days.
Left out: reading a text (`contract.query_reader`), writing one (`contract.query_text`) and SQL (`storage.query_sql`).
"""

import dataclasses
import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum


class Kind(StrEnum):
    """What the values of a field are."""

    TEXT = "text"
    STATUS = "status"
    DATE = "date"
    NUMBER = "number"
    FLAG = "flag"
    ANY = "any"


FIELDS: Mapping[str, Kind] = {
    "app": Kind.TEXT,
    "status": Kind.STATUS,
    "user": Kind.TEXT,
    "date": Kind.DATE,
    "seconds": Kind.NUMBER,
    "version": Kind.TEXT,
    "id": Kind.TEXT,
    "reason": Kind.TEXT,
    "tag": Kind.TEXT,
    "note": Kind.TEXT,
    "starred": Kind.FLAG,
    "baseline": Kind.FLAG,
    "params": Kind.ANY,
    "summary": Kind.ANY,
}
ALIASES = {"model": "app", "inputs": "params", "input": "params", "param": "params", "by": "user", "queued": "date"}
KEYED = ("params", "summary")
MEANINGS: Mapping[str, str] = {
    "app": "the model's name in addresses; `app ~ ladder` for a part of it or of its title",
    "status": "pending, running, success, failed, cancelled or timed_out",
    "user": "who asked for the run; `user:me` for your own",
    "date": "the day it was queued: `date:2026-11-01..2026-11-20`, `date:2026-11`, `date:today`, `date >= -7d`",
    "seconds": "how long it ran",
    "version": "the model's version: the label, or the beginning of the hash",
    "id": "a part of the run's id",
    "reason": "why it is not a success",
    "tag": "a tag of the run",
    "note": "a text among the notes of the run: `note ~ checked`",
    "starred": "runs that you have starred; `starred:ada` for another user's",
    "baseline": "runs that are pinned as their model's baseline",
    "params": "an input: `params.age > 60`",
    "summary": 'a summary figure: `summary."Total IBNR" < 2e6`',
}
OPERATORS: Mapping[Kind, tuple[str, ...]] = {
    Kind.TEXT: ("=", "!=", "~", "in"),
    Kind.STATUS: ("=", "!=", "in"),
    Kind.DATE: ("=", "!=", "<", "<=", ">", ">=", "in"),
    Kind.NUMBER: ("=", "!=", "<", "<=", ">", ">=", "in"),
    Kind.FLAG: ("=",),
    Kind.ANY: ("=", "!=", "<", "<=", ">", ">=", "~", "in"),
}
ORDERING = frozenset({"<", "<=", ">", ">="})
ME, TODAY, YESTERDAY = "me", "today", "yesterday"
DAYS_AGO = re.compile(r"-(\d{1,4})d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Field:
    """What is compared; `keys` are those of an input or a summary figure, of which the first that a run has counts."""

    name: str
    keys: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """What its values are."""
        return FIELDS[self.name]

    @property
    def key(self) -> str:
        """The key as it was written."""
        return self.keys[0] if self.keys else ""


@dataclass(frozen=True, slots=True)
class Value:
    """A value to compare with: its text, and what the text is as a number or as a day in ISO form."""

    text: str
    number: float | None = None
    day: str | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """All values from `low` to `high`, both included; None where it is open. At least one is given."""

    low: Value | None
    high: Value | None


@dataclass(frozen=True, slots=True)
class Words:
    """A text to be found in the run, as the history's text search finds it; `column` counts from 1."""

    text: str
    column: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field compared with one value, or with several where the operator is `in`; `column` counts from 1."""

    field: Field
    operator: str
    values: tuple[Value | Span, ...]
    column: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """All of these; two or more, none of them an `And`."""

    parts: tuple["Query", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One or more of these; two or more, none of them an `Or`."""

    parts: tuple["Query", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Every run that the part does not find, also one that lacks what the part compares."""

    part: "Query"


Query = Words | Comparison | And | Or | Not


def both(*given: Query | None) -> Query | None:
    """Return what all the given queries find together; None where none is given."""
    parts = [part for one in given if one is not None for part in top_parts(one)]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def top_parts(query: Query | None) -> tuple[Query, ...]:
    """Return the conditions that must all hold, each of which can be taken away by itself."""
    if query is None:
        return ()
    return query.parts if isinstance(query, And) else (query,)


def without_part(query: Query | None, place: int) -> Query | None:
    """Return the query without the condition at `place`, from 0, of its `top_parts`."""
    return both(*(part for i, part in enumerate(top_parts(query)) if i != place))


def comparisons(query: Query | None) -> Iterator[Comparison]:
    """Return an iterator over the comparisons of a query, in the order they were written in."""
    match query:
        case Comparison():
            yield query
        case And(parts) | Or(parts):
            for part in parts:
                yield from comparisons(part)
        case Not(part):
            yield from comparisons(part)


def required_app(query: Query | None) -> str | None:
    """Return the one model that every run found is of, where the query says so."""
    for part in top_parts(query):
        if isinstance(part, Comparison) and part.field.name == "app" and part.operator == "=":
            first = part.values[0]
            return first.text if isinstance(first, Value) else None
    return None


def mentions(query: Query | None, name: str) -> bool:
    """Return whether the query compares the field of this name."""
    return any(found.field.name == name for found in comparisons(query))


def map_comparisons(query: Query, change: Callable[[Comparison], Comparison]) -> Query:
    """Return the query with each of its comparisons changed."""
    match query:
        case Comparison():
            return change(query)
        case And(parts):
            return And(tuple(map_comparisons(part, change) for part in parts))
        case Or(parts):
            return Or(tuple(map_comparisons(part, change) for part in parts))
        case Not(part):
            return Not(map_comparisons(part, change))
    return query


def resolve(query: Query, *, me: str, today: dt.date) -> Query:
    """Return the query for one user and one day: `me`, `today`, `yesterday` and days ago replaced."""

    def at(value: Value | None, name: str) -> Value | None:
        if value is None or value.day is not None:
            return value
        if name in {"user", "starred"} and value.text.lower() == ME:
            return Value(me)
        if name == "date" and (day := relative_day(value.text, today)) is not None:
            return Value(day.isoformat(), day=day.isoformat())
        return value

    def change(one: Comparison) -> Comparison:
        name = one.field.name
        if name not in {"user", "starred", "date"}:
            return one
        values = tuple(
            Span(at(v.low, name), at(v.high, name)) if isinstance(v, Span) else at(v, name) or v for v in one.values
        )
        return replace(one, values=values)

    return map_comparisons(query, change)


def relative_day(text: str, today: dt.date) -> dt.date | None:
    """Return the day that `today`, `yesterday` or `-7d` means on the day `today`; None for any other text."""
    word = text.lower()
    ago = {TODAY: 0, YESTERDAY: 1}.get(word)
    if ago is None:
        found = DAYS_AGO.fullmatch(word)
        ago = int(found[1]) if found else None
    return None if ago is None else today - dt.timedelta(days=ago)
