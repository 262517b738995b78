"""What one text means as a date, by the order of day, month and year.

Chosen: every order in which the text is a day of the calendar is kept, until the session's order or a block decides. A
two-digit year is taken as a spreadsheet takes it, 30 to 99 in the 1900s, and the other century is kept as well. Names
of months come from Babel, in the session's language and in English.
Left out: other calendars than the Gregorian, times, quarters and weeks.
"""

import datetime as dt
import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from contract.clean_text import clean, quote
from contract.errors import UnreadableError
from contract.number_format import DateOrder, NumberFormat, locale_of

# Years that a date not in ISO may have: others are another calendar's (Buddhist 2569, Persian 1404) or a slip.
YEARS = range(1800, 2300)
FIRST_YEAR_OF_1900S = 30
ORDERS: tuple[DateOrder, ...] = ("dmy", "mdy", "ymd")
ORDER_WORDS = {"dmy": "day first", "mdy": "month first", "ymd": "year first"}
EXAMPLE = "Give a date such as 2026-12-31."

_ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ]00:00(?::00(?:\.0{1,6})?)?)?")
_TIME = re.compile(r"(.*\d)[T ]+\d{1,2}:\d\d.*")
_NUMERIC = re.compile(r"(\d{1,4})\.? ?([-/. ]) ?(\d{1,2})\.? ?\2 ?(\d{1,4})\.?")
_EAST_ASIAN = re.compile(r"(\d{4}) ?[年년] ?(\d{1,2}) ?[月월] ?(\d{1,2}) ?[日일]")
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th|er|º|ª)\b", re.IGNORECASE)
_FILLERS = {"de", "del", "of", "the", "den", "d", "г"}


class DateCandidates(NamedTuple):
    """The days that a text may mean, by order: each order in which it is a day of the calendar.

    A session whose own order is in `undecided_by` says nothing about this text: year first about a year that comes
    last, month first about points, which nobody writes so.
    """

    orders: dict[DateOrder, dt.date]
    undecided_by: frozenset[DateOrder]
    short_year: bool = False

    @property
    def days(self) -> list[dt.date]:
        """The different days, in the order of `orders`."""
        return list(dict.fromkeys(self.orders.values()))


def find_dates(text: str, number_format: NumberFormat) -> dt.date | DateCandidates:
    """Return the day written as `text`, or the days that it may mean where the order of its parts decides.

    Raises:
        UnreadableError: it is not a day in any order.
    """
    cleaned = clean(text)
    iso = _ISO.fullmatch(cleaned)
    if iso:
        return _iso(iso[1], cleaned)
    numeric = _NUMERIC.fullmatch(cleaned)
    if numeric:
        return _numeric(cleaned, numeric)
    east_asian = _EAST_ASIAN.fullmatch(cleaned)
    if east_asian:
        return _day(cleaned, *(int(part) for part in east_asian.groups()))
    if re.search(r"[^\W\d_]", cleaned):
        named = _with_month_name(cleaned, number_format)
        if named:
            return named
    raise _refusal(cleaned)


def _iso(text: str, cleaned: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UnreadableError(f"{quote(cleaned)} is not a day of the calendar", EXAMPLE) from None


def _numeric(cleaned: str, match: re.Match[str]) -> dt.date | DateCandidates:
    first, mark, second, third = match.groups()
    parts = (int(first), int(second), int(third))
    if len(first) == 4 and len(third) <= 2:
        return _day(cleaned, *parts)
    if len(first) > 2 or len(third) not in {2, 4}:
        raise _refusal(cleaned)
    short = len(third) == 2
    orders: dict[DateOrder, dt.date] = {}
    for order in ORDERS if short else ORDERS[:2]:
        year, month, day = (parts[order.index(letter)] for letter in "ymd")
        try:
            orders[order] = _day(cleaned, _full_year(year), month, day)
        except UnreadableError as error:
            last = error
    if not orders:
        raise last
    undecided: set[DateOrder] = {"mdy"} if mark == "." else set()
    return DateCandidates(orders, frozenset(undecided | (set() if short else {"ymd"})), short_year=short)


def _full_year(year: int) -> int:
    if year > 99:
        return year
    return year + (1900 if year >= FIRST_YEAR_OF_1900S else 2000)


def _day(cleaned: str, year: int, month: int, day: int) -> dt.date:
    if year not in YEARS:
        found = f"{quote(cleaned)} has a year outside {YEARS.start} to {YEARS.stop - 1}"
        raise UnreadableError(found, "Give the date as YYYY-MM-DD in the Gregorian calendar.")
    try:
        return dt.date(year, month, day)
    except ValueError:
        raise UnreadableError(f"{quote(cleaned)} is not a day of the calendar", EXAMPLE) from None


def _with_month_name(cleaned: str, number_format: NumberFormat) -> dt.date | DateCandidates | None:
    words, numbers = _words_and_numbers(_ORDINAL.sub("", cleaned))
    months = month_names(number_format.language).get(" ".join(words), frozenset())
    if len(months) != 1 or len(numbers) != 2:
        return None
    (month,) = months
    first, second = numbers
    if len(first) == 4 or len(second) == 4:
        year, day = (first, second) if len(first) == 4 else (second, first)
        return _day(cleaned, int(year), month, int(day)) if len(day) <= 2 else None
    if len(first) > 2 or len(second) != 2:
        return None
    # 1-Feb-26 and Feb 1, 26 have the day first. Only where people write the year first it may be meant otherwise.
    readings: dict[DateOrder, tuple[str, str]] = {"dmy": (first, second), "mdy": (first, second)}
    if number_format.date_order == "ymd":
        readings["ymd"] = (second, first)
    orders: dict[DateOrder, dt.date] = {}
    for order, (day, year) in readings.items():
        try:
            orders[order] = _day(cleaned, _full_year(int(year)), month, int(day))
        except UnreadableError as error:
            last = error
    if not orders:
        raise last
    return DateCandidates(orders, frozenset({"ymd"}), short_year=True)


@lru_cache(maxsize=64)
def month_names(language: str) -> dict[str, frozenset[int]]:
    """Return the months by their names and abbreviations in `language` and in English, in small letters."""
    found: dict[str, set[int]] = {}
    for locale in (locale_of(language), locale_of("en")):
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for month, name in locale.months[context][width].items():
                    words, numbers = _words_and_numbers(name)
                    if words and not numbers:
                        found.setdefault(" ".join(words), set()).add(month)
    found.setdefault("sept", set()).add(9)
    return {name: frozenset(months) for name, months in found.items()}


def _words_and_numbers(text: str) -> tuple[list[str], list[str]]:
    # Names copied on a Mac often have their accents as characters of their own.
    small = unicodedata.normalize("NFC", text).casefold()
    parts = [part for part in re.split(r"[\s.,/'’-]+", small) if part and part not in _FILLERS]
    parts = [piece for part in parts for piece in re.findall(r"\d+|[^\d]+", part)]
    return [p for p in parts if not p.isdigit()], [p for p in parts if p.isdigit()]


def _refusal(cleaned: str) -> UnreadableError:
    shown = quote(cleaned)
    if re.fullmatch(r"\d{8}", cleaned):
        iso = f"{cleaned[:4]}-{cleaned[4:6]}-{cleaned[6:]}"
        return UnreadableError(f"{shown} has no marks between year, month and day", f"Give it as {iso}.")
    if re.fullmatch(r"\d{5}(?:[.,]\d+)?", cleaned):
        day = dt.date(1899, 12, 30) + dt.timedelta(days=int(cleaned[:5]))
        found = f"{shown} is a number, perhaps a spreadsheet's count of days for {day}"
        return UnreadableError(found, "Format the cell as a date, or give it as YYYY-MM-DD.")
    week = re.fullmatch(r"(\d{4})-?W(\d\d)(?:-?(\d))?", cleaned, re.IGNORECASE)
    if week:
        return UnreadableError(f"{shown} is a week", _instead(*(int(p or 1) for p in week.groups())))
    if re.fullmatch(r"\d{4}-\d{3}", cleaned):
        return UnreadableError(f"{shown} counts the days of a year", EXAMPLE)
    if _TIME.fullmatch(cleaned):
        return UnreadableError(f"{shown} has a time of day", "Give the date alone.")
    return UnreadableError(f"{shown} is not a date", EXAMPLE)


def _instead(year: int, week: int, day: int) -> str:
    try:
        return f"Give a day, such as {dt.date.fromisocalendar(year, week, day)}."
    except ValueError:
        return EXAMPLE
