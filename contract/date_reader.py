"""The one reader of a date that a person wrote; inside, a date is always YYYY-MM-DD.

Chosen: what is typed is in the session's order, and a day that only another order has is refused with that reading.
What is pasted may come from elsewhere: a block is read in the one order that suits all of its cells, in the session's
where several do, and is refused where none does. Where the order is not known, a date with two readings is refused with
both. Points between the parts are never taken as month first.
Left out: the field's range, and what `contract.date_text` leaves out.
"""

import datetime as dt
from collections.abc import Callable, Sequence

from contract.clean_text import quote
from contract.date_text import ORDER_WORDS, ORDERS, DateCandidates, find_dates
from contract.errors import UnreadableError
from contract.number_block import Place, cell_name
from contract.number_format import DateOrder, NumberFormat
from contract.problems import Problem
from contract.reading import Reading

DateCell = Reading[str] | Problem | None
_Found = dt.date | DateCandidates | UnreadableError | None


def read_date(text: str, number_format: NumberFormat, *, where: str = "the date") -> Reading[str] | Problem:
    """Return the date written as `text` in ISO form, or what is wrong with it.

    Args:
        text: ISO, or day, month and year in the session's order, with the month as a number or a name.
        number_format: the session's.
        where: the place that a problem names.
    """
    try:
        found = find_dates(text, number_format)
        if isinstance(found, dt.date):
            return Reading(found.isoformat())
        return _in_order(text, found, _session_order(found, number_format))
    except UnreadableError as error:
        return Problem(where, error.found, error.remedy)


def read_dates(
    cells: Sequence[Sequence[str | dt.date | None]], number_format: NumberFormat, *, place: Place | None = None
) -> list[list[DateCell]]:
    """Return the readings of a block of dates, read as a whole.

    Args:
        cells: rows of texts, of any lengths; one column is a list of rows of one cell. Dates, as a spreadsheet file
            holds them, are taken as they are; a time other than midnight is refused.
        number_format: the session's; its order decides where the cells do not.
        place: names a cell by row and column, from 0; "row 1, column 1" for the first without it.

    Returns:
        One item a cell: a reading, a problem, or None where the cell is empty.
    """
    where = place or cell_name
    known: dict[str, _Found] = {}
    against: dict[DateOrder, str] = {}
    for row, line in enumerate(cells):
        for column, cell in enumerate(line):
            if isinstance(cell, str) and cell not in known:
                known[cell] = found = _find(cell, number_format)
                if isinstance(found, DateCandidates):
                    for order in ORDERS:
                        if order not in found.orders:
                            against.setdefault(order, f"{quote(cell)} in {where(row, column)}")
    decide = _decision(against, number_format)
    results = {cell: _result(cell, found, decide) for cell, found in known.items()}
    return [
        [
            _finish(results[cell] if isinstance(cell, str) else cell, row=r, column=c, place=where)
            for c, cell in enumerate(line)
        ]
        for r, line in enumerate(cells)
    ]


def _session_order(found: DateCandidates, number_format: NumberFormat) -> DateOrder:
    """Return the session's order where it decides about a date, else an empty text."""
    return "" if number_format.date_order in found.undecided_by else number_format.date_order


def _in_order(text: str, found: DateCandidates, order: DateOrder, *, reason: str = "") -> Reading[str]:
    """Return the reading of `text` in `order`; in the only one that it has where `order` is empty."""
    days = found.days
    if order and order not in found.orders:
        message = f"{quote(text)} is not a day of the calendar {ORDER_WORDS[order]}, but {_ways(found)}"
        raise UnreadableError(message, "Give it as YYYY-MM-DD.")
    if not order and len(days) > 1:
        raise UnreadableError(f"{quote(text)} may be {_ways(found)}", "Give it as YYYY-MM-DD.")
    day = found.orders[order] if order else days[0]
    others = [] if reason else [other for other in days if other != day]
    if found.short_year:
        century = _other_century(day)
        others += [century] if century and century not in others else []
    note = f"{quote(text.strip())[1:-1]} read as {day}"
    if reason:
        note += f", because {reason}"
    elif others:
        note += f", not {others[0]}"
    elif order or len(found.orders) > 1:
        note = ""  # in the session's own order, or one day in any, as 05/05/2026
    return Reading(day.isoformat(), note, tuple(other.isoformat() for other in others))


def _ways(found: DateCandidates) -> str:
    first = {day: order for order, day in reversed(found.orders.items())}
    return " or ".join(f"{day} ({ORDER_WORDS[first[day]]})" for day in found.days)


def _other_century(day: dt.date) -> dt.date | None:
    try:
        return day.replace(year=day.year + (100 if day.year < 2000 else -100))
    except ValueError:  # 29 February 2000 has none in 1900
        return None


def _find(cell: str, number_format: NumberFormat) -> _Found:
    if not cell or cell.isspace():
        return None
    try:
        return find_dates(cell, number_format)
    except UnreadableError as error:
        return error


def _decision(
    against: dict[DateOrder, str], number_format: NumberFormat
) -> Callable[[str, DateCandidates], Reading[str]]:
    """Return how the texts of a block are read, given a cell against each order that is ruled out."""
    possible = [order for order in ORDERS if order not in against]
    votes = [f"{cell} is not {ORDER_WORDS[order]}" for order, cell in sorted(against.items())]

    def decide(text: str, found: DateCandidates) -> Reading[str]:
        if not possible:
            named = votes if against["dmy"] == against["mdy"] else votes[:2]
            message = f"{quote(text)} is in a block that has no one order of day and month: {', '.join(named)}"
            raise UnreadableError(message, "Give all dates in one order, or as YYYY-MM-DD.")
        if len(possible) == 1:
            return _in_order(text, found, possible[0], reason=votes[0])
        found = found._replace(orders={order: found.orders[order] for order in possible})
        return _in_order(text, found, _session_order(found, number_format))

    return decide


def _result(
    cell: str, found: _Found, decide: Callable[[str, DateCandidates], Reading[str]]
) -> Reading[str] | UnreadableError | None:
    if isinstance(found, dt.date):
        return Reading(found.isoformat())
    if not isinstance(found, DateCandidates):
        return found
    try:
        return decide(cell, found)
    except UnreadableError as error:
        return error


def _finish(item: Reading[str] | UnreadableError | dt.date | None, *, row: int, column: int, place: Place) -> DateCell:
    if isinstance(item, UnreadableError):
        return Problem(place(row, column), item.found, item.remedy)
    if isinstance(item, dt.datetime):
        if item.time() != dt.time():
            return Problem(place(row, column), f"{item} has a time of day", "Give the date alone.")
        return Reading(item.date().isoformat())
    return Reading(item.isoformat()) if isinstance(item, dt.date) else item
