"""Numbers as a reader sees them: one reading of a format for cards, tables, axes and hovers.

Chosen: formats as d3 and Python both write them (`,.0f`, `.2%`, `d`, `.3g`), d3's `$,.2f`, `~` and `s`, and the
words `currency`, `compact`, `percent` and `plain`. A format that cannot be read is as none: a number is still
shown. The pages write point and comma; what is written for print takes the reader's separators (`written_in`), in
every text down to the labels within a chart.
Left out: full precision, which is in the CSV.
"""

import contextlib
import math
import re
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from contract import number_format as languages

SPEC = re.compile(
    r"(?P<before>[$€£¥]?)(?P<sign>[+ ]?)(?P<symbol>[$€£¥]?)(?P<comma>,?)(?:\.(?P<places>\d{1,2}))?(?P<trim>~?)"
    r"(?P<kind>[deEfFgGrs%n]?)"
)
WORDS = {"currency": ",.2f", "compact": ".3~s", "percent": ".2%", "plain": "", "integer": ",d", "accounting": ",.2f"}
SIZES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))
MINUS = "\u2212"
LONG_UNIT = 8
_DIGITS = re.compile(r"\d[\d,]*(?:\.\d+)?")
# Of the text that is being written, not of the process: several threads write at once.
_language: ContextVar[languages.NumberFormat | None] = ContextVar("number language", default=None)


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """A format that was understood."""

    symbol: str = ""
    sign: str = ""
    comma: bool = False
    places: int | None = None
    trim: bool = False
    kind: str = ""

    @property
    def d3(self) -> str:
        """The format as Plotly takes it, a currency's symbol left out."""
        places = "" if self.places is None else f".{self.places}"
        kind = "f" if self.kind == "F" else self.kind
        return f"{self.sign}{',' if self.comma else ''}{places}{'~' if self.trim else ''}{kind}"


@contextlib.contextmanager
def written_in(number_format: languages.NumberFormat) -> Iterator[None]:
    """Write every number within, charts and their labels included, with a reader's decimal mark and separators."""
    before = _language.set(number_format)
    try:
        yield
    finally:
        _language.reset(before)


def parse_format(text: str | None) -> NumberFormat | None:
    """Return what `text` says, or None where it says nothing that can be read."""
    if not text or not text.strip():
        return None
    word = text.strip()
    found = SPEC.fullmatch(WORDS.get(word.lower(), word).removeprefix(":").strip("{}"))
    if found is None or not found[0]:
        return None
    places = found["places"]
    return NumberFormat(
        found["before"] or found["symbol"],
        found["sign"].strip(),
        bool(found["comma"]),
        None if places is None else min(int(places), 15),
        bool(found["trim"]),
        found["kind"],
    )


def format_number(value: Any, fmt: str | None = None, unit: str | None = None) -> str:
    """Return `value` in words for a card: `1,234.57 EUR`, `12.5%`, `18.7M`; an en dash for nothing.

    Args:
        value: a number, a text, true, false or nothing.
        fmt: how to write it; where absent, as many places as its size calls for.
        unit: written behind it, unless it is longer than a symbol, then the label carries it (see `heading`).
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "–"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if not isinstance(value, int | float):
        return str(value)
    spec = parse_format(fmt) or parse_format(default_format(value))
    assert spec is not None
    text = localise(_digits(value, spec))
    if spec.symbol:
        text = text.replace(MINUS, MINUS + spec.symbol, 1) if text.startswith(MINUS) else spec.symbol + text
    if not unit or len(unit) >= LONG_UNIT or (unit == "%" and spec.kind == "%") or unit == spec.symbol:
        return text
    return f"{text}%" if unit == "%" else f"{text} {unit}"


def format_delta(delta: Any, fmt: str | None = None, unit: str | None = None) -> str:
    """Return a change with its sign, empty for none.

    Whether more is better is the analyst's to say, so it has no colour.
    """
    if delta is None or isinstance(delta, bool) or not isinstance(delta, int | float):
        return "" if delta is None else str(delta)
    text = format_number(abs(delta), fmt, unit)
    return f"{MINUS}{text}" if delta < 0 else f"+{text}"


def format_exact(value: float) -> str:
    """Return a number with all its digits, as an input's value is shown."""
    number_format = _language.get()
    if number_format is not None:
        # Four digits stand unbroken, as on the page: most of them are years.
        return languages.format_number(value, number_format, grouping=abs(value) >= 10_000)
    return repr(value) if isinstance(value, float) else format_number(value)


def format_count(count: int) -> str:
    """Return a number of rows, points or values with thousands separators."""
    return localise(f"{count:,}")


def format_day(day: str) -> str:
    """Return a date as the reader writes it, ISO where no language is set or it is no date."""
    number_format = _language.get()
    try:
        return day if number_format is None else languages.format_date(day, number_format)
    except ValueError:
        return day


def localise(text: str) -> str:
    """Return a number written with point and comma in the separators that are set by `written_in`."""
    number_format = _language.get()
    if number_format is None:
        return text

    def rewritten(match: re.Match[str]) -> str:
        whole, _, fraction = match[0].partition(".")
        if "," in whole:
            whole = languages.format_number(int(whole.replace(",", "")), number_format)
        return f"{whole}{number_format.decimal}{fraction}" if fraction else whole

    return _DIGITS.sub(rewritten, text, count=1)


def card_label(label: str, unit: str | None) -> str:
    """Return a card's label, with the unit where it is too long to stand behind the number."""
    return f"{label} ({unit})" if unit and len(unit) >= LONG_UNIT else label


def default_format(value: Any) -> str:
    """Return the format of a number that has none: fewer places the larger it is.

    Whole numbers of four digits stand unbroken, because most of them are years.
    """
    if isinstance(value, int):
        return ",d" if abs(value) >= 10_000 else "d"
    return common_format([value])


def common_format(values: Iterable[Any]) -> str:
    """Return one format for numbers that stand beside each other, by the largest of them."""
    sizes = [abs(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v)]
    largest = max(sizes, default=0.0)
    if sizes and largest < 1e15 and all(float(v).is_integer() for v in sizes):
        return ",.0f"
    if largest >= 1e15:
        return ".4~g"
    if largest >= 10_000:
        return ",.0f"
    if largest >= 10:
        return ",.2f"
    if largest >= 0.1 or largest == 0:
        return ".4~f"
    return ".3~g"


def column_format(fmt: str | None, values: Iterable[Any] = ()) -> tuple[str | None, float | None]:
    """Return the format and step with which `st.column_config.NumberColumn` writes a column alike.

    A step is given only for percent, where it says how many places are shown.
    """
    spec = parse_format(fmt)
    if spec is None:
        given = [v for v in values if v is not None]
        whole = bool(given) and all(isinstance(v, int) for v in given)
        spec = parse_format(default_format(max(given, key=abs)) if whole else common_format(given))
        assert spec is not None
        if spec.trim:
            return ("localized" if spec.kind == "f" else "%.3g"), None
    comma = "," if spec.comma else ""
    places = "" if spec.places is None else f".{spec.places}"
    match spec.kind:
        case "%":
            return "percent", 10.0 ** -((2 if spec.places is None else spec.places) + 2)
        case "s":
            return "compact", None
        case "d" | "n":
            return f"{spec.symbol}%{spec.sign}{comma}d", None
        case "e" | "E" | "g" | "G":
            return f"{spec.symbol}%{spec.sign}{places}{spec.kind.lower()}", None
        case _:
            return f"{spec.symbol}%{spec.sign}{comma}{places or '.2'}f", None


def _digits(value: float, spec: NumberFormat) -> str:
    places = 6 if spec.places is None else spec.places
    comma = "," if spec.comma else ""
    match spec.kind:
        case "s":
            text = _compact_number(value, 3 if spec.places is None else spec.places)
        case "d" | "n":
            text = format(round(value), f"{spec.sign}{comma}d")
        case "%":
            text = format(value, f"{spec.sign}{comma}.{2 if spec.places is None else places}%")
        case "r":
            text = format(float(f"{value:.{max(1, places)}g}"), f"{spec.sign}{comma}")
        case "e" | "E" | "g" | "G":
            text = format(value, f"{spec.sign}{comma if spec.kind in 'gG' else ''}.{max(places, 0)}{spec.kind}")
        case "":
            text = format(value, spec.sign + comma + ("" if spec.places is None else f".{places}f"))
        case _:
            text = format(value, f"{spec.sign}{comma}.{2 if spec.places is None else places}f")
    if spec.trim and "." in text and spec.kind != "s":
        body, ending = (text[:-1], "%") if text.endswith("%") else (text, "")
        if "e" not in body:
            text = body.rstrip("0").rstrip(".") + ending
    if float(re.sub(r"[^0-9.]", "", text.split("e")[0]) or 0) == 0:
        text = text.lstrip("-")  # nothing is ever minus nothing
    return text.replace("-", MINUS, 1) if text.startswith("-") else text


def _compact_number(value: float, digits: int) -> str:
    size = abs(value)
    for step, letter in SIZES:
        if size >= step * (1 - 0.5 * 10.0**-digits):
            short = float(f"{value / step:.{max(1, digits)}g}")
            return f"{short:,g}{letter}"
    return f"{float(f'{value:.{max(1, digits)}g}'):,g}"
