"""A search of the history as a condition of SQL, every value of it a bound parameter.

Chosen: numbers are compared as PostgreSQL's numeric, which takes any JSON number, and only where the stored value is
one: a cast alone fails on the first value that is none. Each comparison is true or false and never unknown, so that
`not` finds exactly the other runs.
Left out: who asks and on which day, which `contract.run_query.resolve` has put in.
"""

import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from contract.run_query import ORDERING, And, Comparison, Field, Not, Or, Query, Span, Value, Words, comparisons

# ruff: noqa: S608 - conditions are put together from words of our own
PART_OF_ID = re.compile(r"[0-9a-f-]{4,36}")
# The results that a condition on summary figures looks into; a run that reuses one has that of the run that made it.
RESULTS_JOIN = "left join results s on s.run_id = coalesce(r.reused_from, r.id) and r.status = 'SUCCESS'"
_ISO_DAY = "'^[0-9]{4}-[0-9]{2}-[0-9]{2}$'"
_SECONDS = "extract(epoch from r.finished_at - r.started_at)::numeric"
_TEXTS = {
    "user": "(select u.name from users u where u.id = r.user_id)",
    "reason": "r.reason",
    "id": "cast(r.id as text)",
}


class Binds:
    """The parameters of one statement, each with a name of its own."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def add(self, value: Any) -> str:
        """Return the placeholder of one more parameter."""
        name = f"q{len(self.values)}"
        self.values[name] = value
        return f":{name}"


def needs_results(query: Query | None) -> bool:
    """Return whether the condition looks into `RESULTS_JOIN`."""
    return any(one.field.name == "summary" for one in comparisons(query))


def condition(query: Query, binds: Binds, zone: str) -> str:
    """Return the condition on a run `r`, and on its result `s` where `needs_results` says so.

    Args:
        query: resolved for the user and the day.
        binds: takes the values.
        zone: the time zone of its days.
    """
    match query:
        case And(parts):
            return _all_of(parts, binds, zone)
        case Or(parts):
            return "(" + " or ".join(condition(part, binds, zone) for part in parts) + ")"
        case Not(part):
            return f"not {condition(part, binds, zone)}"
        case Words(text):
            return words_condition([text], binds)
        case Comparison():
            return _comparison(query, binds, zone)


def words_condition(texts: Sequence[str], binds: Binds) -> str:
    """Return the condition that every one of these texts is found among what a run is found by."""
    found = []
    for given in texts:
        text = storable_text(given)
        word = binds.add(contains(text))
        by_id = f" or cast(t.run_id as text) like {word}" if PART_OF_ID.fullmatch(text.lower()) else ""
        found.append(f"(t.words like lower({word}){by_id})")
    return f"r.id in (select t.run_id from run_search t where {' and '.join(found)})"


def contains(text: str) -> str:
    """Return the pattern of LIKE for texts in small letters that have `text` in them."""
    return "%" + re.sub(r"([\\%_])", r"\\\1", text.lower()) + "%"


def storable_text(words: str) -> str:
    """Return text without what PostgreSQL cannot hold."""
    return words.replace("\0", "").encode("utf-8", "replace").decode()


def _all_of(parts: Sequence[Query], binds: Binds, zone: str) -> str:
    """Join conditions by and; words that stand side by side are looked for at once, the rarest by the index."""
    words = [part.text for part in parts if isinstance(part, Words)]
    found = [words_condition(words, binds)] if words else []
    found += [condition(part, binds, zone) for part in parts if not isinstance(part, Words)]
    return "(" + " and ".join(found) + ")"


def _comparison(one: Comparison, binds: Binds, zone: str) -> str:
    if one.operator == "!=":
        equal = _any_of(one.field, "=", one.values, binds, zone)
        present = f"{_json(one.field, binds)} is not null and " if one.field.keys else ""
        return f"({present}not coalesce({equal}, false))"
    operator = "=" if one.operator == "in" else one.operator
    return f"coalesce({_any_of(one.field, operator, one.values, binds, zone)}, false)"


def _any_of(field: Field, operator: str, values: Sequence[Value | Span], binds: Binds, zone: str) -> str:
    made = [_compare(field, operator, value, binds, zone) for value in values]
    return made[0] if len(made) == 1 else "(" + " or ".join(f"coalesce({one}, false)" for one in made) + ")"


def _compare(field: Field, operator: str, value: Value | Span, binds: Binds, zone: str) -> str:
    if isinstance(value, Span):
        ends = [(op, end) for op, end in ((">=", value.low), ("<=", value.high)) if end is not None]
        return "(" + " and ".join(_compare(field, op, end, binds, zone) for op, end in ends) + ")"
    match field.name:
        case "date":
            return _date(operator, value, binds, zone)
        case "seconds":
            return f"{_SECONDS} {operator} {_numeric(value, binds)}"
        case "status":
            return f"r.status = {binds.add(value.text)}"
        case "params" | "summary":
            return _stored(field, operator, value, binds)
        case "starred":
            user = binds.add(storable_text(value.text))
            return (
                f"r.id in (select st.run_id from run_stars st join users u on u.id = st.user_id where u.name = {user})"
            )
        case "baseline":
            return "r.id in (select b.run_id from baselines b)"
        case _:
            return _text(field.name, operator, value, binds)


def _text(name: str, operator: str, value: Value, binds: Binds) -> str:
    text = storable_text(value.text)
    like = f"like lower({binds.add(contains(text))})" if operator == "~" else ""
    match name:
        case "app" if operator == "~":
            return (
                "(r.app_id, r.version) in (select v.app_id, v.hash from versions v join apps a on a.id = v.app_id "
                f"where lower(a.slug) {like} or lower(v.manifest->>'name') {like})"
            )
        case "app":
            return f"r.app_id = (select a.id from apps a where a.slug = lower({binds.add(text)}))"
        case "version" if operator == "~":
            return (
                "(r.app_id, r.version) in (select v.app_id, v.hash from versions v "
                f"where v.hash {like} or lower(v.label) {like} or v.git_commit {like})"
            )
        case "version":
            start = binds.add(contains(text)[1:])
            return (
                "(r.app_id, r.version) in (select v.app_id, v.hash from versions v where v.label = "
                f"{binds.add(text)} or v.hash like {start} or v.git_commit like {start})"
            )
        case "tag":
            matched = f"g.tag {like}" if like else f"g.tag = lower({binds.add(text)})"
            return f"r.id in (select g.run_id from run_tags g where {matched})"
        case "note":
            return f"r.id in (select n.run_id from run_notes n where lower(n.text) {_like_or_equal(like, text, binds)})"
        case "id" if not like:
            return f"cast(r.id as text) like {binds.add(contains(text))}"
        case "user" if not like:
            return f"r.user_id = (select u.id from users u where u.name = {binds.add(text)})"
        case _:
            return f"lower({_TEXTS[name]}) {_like_or_equal(like, text, binds)}"


def _like_or_equal(like: str, text: str, binds: Binds) -> str:
    return like or f"= lower({binds.add(text)})"


def _date(operator: str, value: Value, binds: Binds, zone: str) -> str:
    """Compare the day that a run was queued on by its moments, for which there is an index."""
    day = dt.date.fromisoformat(value.day or value.text)
    start, end = _midnight(day, zone), _midnight(day, zone, later=1)
    match operator:
        case "<":
            return f"r.queued_at < {binds.add(start)}"
        case "<=":
            return f"r.queued_at < {binds.add(end)}"
        case ">":
            return f"r.queued_at >= {binds.add(end)}"
        case ">=":
            return f"r.queued_at >= {binds.add(start)}"
    return f"(r.queued_at >= {binds.add(start)} and r.queued_at < {binds.add(end)})"


def _midnight(day: dt.date, zone: str, later: int = 0) -> dt.datetime:
    """Return when a day, or the one `later` days after it, begins in `zone`, in UTC; no moment outside the calendar."""
    try:
        return dt.datetime.combine(day + dt.timedelta(days=later), dt.time(), ZoneInfo(zone)).astimezone(dt.UTC)
    except OverflowError:
        return dt.datetime.max.replace(tzinfo=dt.UTC) if day.year > 1 else dt.datetime.min.replace(tzinfo=dt.UTC)


def _stored(field: Field, operator: str, value: Value, binds: Binds) -> str:
    """Compare an input or a summary figure, which may be of any type in JSON."""
    stored = _json(field, binds)
    text = f"({stored} #>> '{{}}')"
    if operator == "~":
        return f"lower({text}) like lower({binds.add(contains(storable_text(value.text)))})"
    number = f"case when jsonb_typeof({stored}) = 'number' then {stored}::numeric end"
    day = f"case when jsonb_typeof({stored}) = 'string' and {text} ~ {_ISO_DAY} then {text} end"
    if operator in ORDERING:
        if value.number is not None:
            return f"({number}) {operator} {_numeric(value, binds)}"
        return f'({day}) collate "C" {operator} {binds.add(value.day)}'
    equal = binds.add(storable_text(value.text))
    one_of = f"exists (select from jsonb_array_elements_text({stored}) each where lower(each) = lower({equal}))"
    # What most values are is looked at first: each look into the JSON costs as much as the comparison.
    equal_number = (
        f" when 'number' then {stored}::numeric = {_numeric(value, binds)}" if value.number is not None else ""
    )
    return (
        f"case jsonb_typeof({stored}){equal_number} when 'array' then {one_of} else lower({text}) = lower({equal}) end"
    )


def _json(field: Field, binds: Binds) -> str:
    """Return the stored value of the first key that the run has, taken out of a figure with a unit."""
    column = "r.inputs" if field.name == "params" else "s.summary"
    found = [f"{column} -> cast({binds.add(storable_text(key))} as text)" for key in field.keys]
    value = found[0] if len(found) == 1 else f"coalesce({', '.join(found)})"
    if field.name == "params":
        return f"({value})"
    return f"(case jsonb_typeof({value}) when 'object' then ({value}) -> 'value' else {value} end)"


def _numeric(value: Value, binds: Binds) -> str:
    # A float as its shortest text, as JSON has it: 0.1 is 0.1 and not 0.1000000000000000055.
    number = value.number if value.number is not None else 0
    return f"cast({binds.add(Decimal(repr(number)))} as numeric)"
