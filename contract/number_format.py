"""How a session writes numbers and dates: decimal mark, thousands separator, order of day, month and year.

Chosen: Babel's locale data (Unicode CLDR) for the language that the browser names. A negative number has a plain
hyphen-minus in every language, since spreadsheets do not read U+2212 as a sign.
Left out: what a text means, which is `contract.number_reader` and `contract.date_reader`. Inside, numbers are always
Python's and dates ISO.
"""

import datetime as dt
import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from babel import Locale, UnknownLocaleError

DateOrder = Literal["dmy", "mdy", "ymd", ""]

DEFAULT_LANGUAGE = "en"
MAX_HEADER = 1_000  # characters of an Accept-Language header that are looked at
# From here on repr() of a float has an exponent; more digits than 17 would be none of the value's.
LARGE = 1e16

_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """A session's way of writing.

    `language` is a tag such as de-CH. `decimal` and `group` are the decimal mark and the thousands separator, `lakh`
    groups as in 12,34,567. `date_order` is empty where the language does not decide between day and month first.
    """

    language: str = DEFAULT_LANGUAGE
    decimal: str = "."
    group: str = ","
    lakh: bool = False
    date_order: DateOrder = ""
    date_mark: str = "/"

    def __post_init__(self) -> None:
        if self.decimal == self.group:
            raise ValueError(f"{self.decimal!r} cannot be both the decimal mark and the thousands separator")

    @classmethod
    def from_languages(cls, languages: str | None) -> "NumberFormat":
        """Return the format for a browser's languages.

        Args:
            languages: one tag (`navigator.language`) or an Accept-Language header; the first one that Babel knows,
                by falling weight, decides. English where there is none.
        """
        for tag in _by_weight((languages or "")[:MAX_HEADER]):
            found = _from_tag(tag)
            if found:
                return found
        return cls()

    @property
    def cell_separator(self) -> str:
        """What stands between the cells of a CSV file that a spreadsheet of this language opens."""
        return ";" if self.decimal == "," else ","


def format_number(
    value: float | None, number_format: NumberFormat, precision: int | None = None, *, grouping: bool = True
) -> str:
    """Return `value` as the session writes it.

    Args:
        value: empty text for None and for what is not finite.
        number_format: the session's.
        precision: decimals shown, rounded; None shows all digits, so that the text reads back as the same value. From
            1e16 on all digits are shown either way.
        grouping: False leaves the thousands separators out, as in a text box to be edited.
    """
    if value is None or (not isinstance(value, int) and not math.isfinite(value)):
        return ""
    if precision is not None and abs(value) < LARGE:
        text = f"{value:z.{precision}f}"
    else:
        text = str(int(value)) if isinstance(value, int) else repr(float(value) + 0.0)
    mantissa, _, exponent = text.partition("e")
    whole, _, fraction = mantissa.partition(".")
    if precision is None or exponent:
        fraction = "" if fraction == "0" else fraction
    if grouping:
        whole = _grouped(whole, number_format)
    written = f"{whole}{number_format.decimal}{fraction}" if fraction else whole
    return f"{written}E{int(exponent)}" if exponent else written


def format_date(value: str | dt.date, number_format: NumberFormat) -> str:
    """Return a date as the session writes it, with four digits of the year; ISO where its order is not known."""
    day = dt.date.fromisoformat(value) if isinstance(value, str) else value
    parts = {"d": f"{day.day:02}", "m": f"{day.month:02}", "y": f"{day.year:04}"}
    if not number_format.date_order:
        return day.isoformat()[:10]
    return number_format.date_mark.join(parts[letter] for letter in number_format.date_order)


@lru_cache(maxsize=256)
def locale_of(language: str) -> Locale:
    """Return Babel's locale of a format's language, for month names and currency signs; English where it has none."""
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError, TypeError):
        return Locale.parse(DEFAULT_LANGUAGE)


def _grouped(whole: str, number_format: NumberFormat) -> str:
    sign = "-" if whole.startswith("-") else ""
    digits = whole.removeprefix("-")
    if not number_format.lakh:
        return sign + f"{int(digits):_}".replace("_", number_format.group)
    head, tail = digits[:-3], digits[-3:]
    pairs = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)]
    return sign + number_format.group.join([*reversed(pairs), tail])


def _by_weight(header: str) -> list[str]:
    weighted = []
    for part in header.split(","):
        tag, _, rest = part.partition(";")
        weight = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", rest)
        weighted.append((float(weight[1]) if weight else 1.0, tag.strip().replace("_", "-")))
    # Sorting is stable: the first of equal weight comes first.
    return [tag for weight, tag in sorted(weighted, key=lambda pair: -pair[0]) if weight > 0 and _TAG.fullmatch(tag)]


@lru_cache(maxsize=256)
def _from_tag(tag: str) -> NumberFormat | None:
    """Return the format of a tag, or of the longest beginning of it that Babel knows."""
    parts = re.split(r"-[ux]-", tag, maxsplit=1, flags=re.IGNORECASE)[0].split("-")
    for length in range(len(parts), 0, -1):
        try:
            locale = Locale.parse("-".join(parts[:length]), sep="-")
        except (UnknownLocaleError, ValueError, TypeError):
            continue
        return _from_locale(locale)
    return None


def _from_locale(locale: Locale) -> NumberFormat:
    symbols = locale.number_symbols.get("latn", {})
    language = str(locale).replace("_", "-")
    pattern = re.sub(r"'[^']*'", "", locale.date_formats["short"].pattern)
    order = "".join(dict.fromkeys(letter.lower() for letter in pattern if letter in "dMy"))
    mark = re.search(r"[./-]", pattern)
    # Plain "en" is what browsers all over the world send. CLDR takes it for American; day and month would be guessed.
    known: DateOrder = order if order in {"dmy", "mdy", "ymd"} and language != "en" else ""  # type: ignore[assignment]
    return NumberFormat(
        language,
        symbols.get("decimal", "."),
        symbols.get("group", ","),
        locale.decimal_formats[None].grouping == (3, 2),
        known,
        mark[0] if mark else "-",
    )
