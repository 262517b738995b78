"""What one text means as a number with a decimal point and with a decimal comma.

Chosen: both readings are kept until something decides between them: the text itself, a neighbour in its block, the
session's format at last.
Left out: deciding, which `contract.number_reader` does for one text and `contract.number_block` for many.
"""

import math
import re
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from contract.arithmetic import NUMBER, evaluate
from contract.clean_text import clean, quote
from contract.errors import UnreadableError
from contract.number_format import NumberFormat, format_number
from contract.separators import canonical
from contract.unit_mark import factor_of

_MARK = r"[^\d()+\-*/^÷=:#]*?"
_PLAIN = re.compile(
    rf"(?P<open>\()?\s*(?P<sign>[+-])?\s*(?P<before>{_MARK})\s*(?P<inner>[+-])?\s*(?P<open2>\()?\s*"
    rf"(?P<number>{NUMBER})"
    rf"(?P<close>\))?\s*(?P<after>{_MARK})(?P<trailing>(?<! )-)?\s*(?P<close2>\))?"
)
# What most cells hold, read without the steps that the other texts need.
_COMMON = re.compile(r"-?(?P<whole>0|[1-9]\d{0,14})(?:[.,](?P<fraction>\d{1,15}))?", re.ASCII)
_WITH_POINT = re.compile(r"-?[1-9]\d{0,2}(?:,\d{3}){1,4}\.\d{1,15}", re.ASCII)
_WITH_COMMA = re.compile(r"-?[1-9]\d{0,2}(?:\.\d{3}){1,4},\d{1,15}", re.ASCII)
_FORMULA = re.compile(r"[\d.,٫٬'_ eE+\-*/÷^()]*[+\-*/÷^][\d.,٫٬'_ eE+\-*/÷^()]*")
_DATE = re.compile(r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}|0\d/\d\d")
_INTERVAL = re.compile(rf"{NUMBER} ?- ?{NUMBER}")
_NOT_NUMBERS = {"nan", "inf", "infinity", "∞", "n/a", "na", "null", "none", "nil", "true", "false"}


class Candidates(NamedTuple):
    """The values of a text by its decimal mark; None where it cannot be written so. At least one is a number.

    `converted` where the value is not simply the figure written: arithmetic, brackets, a share in another unit.
    """

    point: float | None
    comma: float | None
    converted: bool = False

    @property
    def decided(self) -> str:
        """The decimal mark that the text needs, "." or ","; empty where it needs none or may have either."""
        if self.point is None:
            return ","
        return "." if self.comma is None else ""

    @property
    def open(self) -> bool:
        """Whether the text means two different numbers."""
        return self.point is not None and self.comma is not None and self.point != self.comma


def find_candidates(text: str, number_format: NumberFormat, *, unit: str, arithmetic: bool) -> Candidates:
    """Return what `text` means with either decimal mark.

    Raises:
        UnreadableError: it is not a number, whatever the decimal mark.
    """
    quick = _COMMON.fullmatch(text)
    if quick:
        return _common(text, quick)
    if _WITH_POINT.fullmatch(text):
        return Candidates(float(text.replace(",", "")), None)
    if _WITH_COMMA.fullmatch(text):
        return Candidates(None, float(text.replace(".", "").replace(",", ".")))
    cleaned = clean(text)
    if cleaned.startswith("="):
        if not arithmetic:
            raise UnreadableError(f"{quote(cleaned)} is a formula", "Give its value.")
        return _formula(cleaned[1:], cleaned)
    plain = _PLAIN.fullmatch(cleaned) or _PLAIN.fullmatch(_without_unit(cleaned, unit))
    if plain:
        return _plain(cleaned, plain, number_format, unit)
    if _FORMULA.fullmatch(cleaned) and re.search(r"\d", cleaned):
        if _DATE.fullmatch(cleaned) or _INTERVAL.fullmatch(cleaned):
            what = "a date" if _DATE.fullmatch(cleaned) else "two numbers"
            calculable = arithmetic and cleaned.count("-") < 2
            remedy = f"Give one number, or ={cleaned} to calculate." if calculable else "Give one number."
            raise UnreadableError(f"{quote(cleaned)} looks like {what}", remedy)
        if arithmetic:
            return _formula(cleaned, cleaned)
        raise UnreadableError(f"{quote(cleaned)} is a calculation", "Give its value.")
    raise _refusal(cleaned, number_format)


def _common(text: str, match: re.Match[str]) -> Candidates:
    """Return the candidates of digits with a sign and one mark at most."""
    whole, fraction = match["whole"], match["fraction"]
    if fraction is None:
        number = int(text)
        return Candidates(number, number)
    value = float(text.replace(",", "."))
    comma = "," in text
    if len(fraction) == 3 and len(whole) <= 3 and whole != "0":
        grouped = int(text.replace(",", "").replace(".", ""))
        return Candidates(grouped, value) if comma else Candidates(value, grouped)
    return Candidates(None, value) if comma else Candidates(value, None)


def _without_unit(cleaned: str, unit: str) -> str:
    """Return the text without the field's own unit, which may have characters that no other mark has."""
    small = unit.strip().casefold()
    if small and cleaned.casefold().endswith(small) and len(cleaned) > len(small):
        return cleaned[: -len(small)].rstrip()
    return cleaned


def _plain(cleaned: str, parts: re.Match[str], number_format: NumberFormat, unit: str) -> Candidates:
    before, number, after = parts["before"].strip(), parts["number"], parts["after"].strip()
    opened, closed = (parts["open"], parts["open2"]), (parts["close"], parts["close2"])
    signs = [s for s in (parts["sign"], parts["inner"], parts["trailing"]) if s]
    if before[-1:].isalpha() and number[0] in ".,":  # Rs.500 is 500 rupees
        before, number = before + number[0], number[1:]
    if parts["trailing"] and number[-1] in ".,":
        found = f"{quote(cleaned)} is a price without cents or a negative number"
        raise UnreadableError(found, f"Give {number[:-1]} or -{number[:-1]}.")
    if opened.count("(") != closed.count(")"):
        raise UnreadableError(f"{quote(cleaned)} has a bracket without its other half", "Close it or leave it out.")
    if len(signs) + opened.count("(") > 1:
        raise UnreadableError(f"{quote(cleaned)} has more than one sign", "Give one minus, or brackets alone.")
    if before and after:
        raise UnreadableError(f"{quote(cleaned)} has text on both sides", "Give the number alone.")
    factor = factor_of(before or after, unit, number_format.language)
    negative = "-" in signs or "(" in opened
    written = [canonical(number, mark) for mark in ".,"]
    if not any(written):
        raise _refusal(cleaned, number_format)
    point, comma = (None if w is None else _scaled("-" * negative + w, factor, cleaned) for w in written)
    return Candidates(point, comma, converted=factor != 1 or "(" in opened or bool(parts["trailing"]))


def _scaled(written: str, factor: Decimal, cleaned: str) -> float:
    if factor != 1:
        return to_number(_decimal(written) * factor, cleaned)
    if written.removeprefix("-").isdigit():
        return int(written)
    return _finite(float(written), cleaned, zero=not re.search(r"[1-9]", written.partition("e")[0]))


def to_number(value: Decimal, cleaned: str) -> float:
    """Return an int for a whole number that a float holds exactly, a float otherwise.

    Raises:
        UnreadableError: the value is beyond what a float holds.
    """
    found = _finite(float(value), cleaned, zero=not value)
    return int(found) if found.is_integer() and abs(found) < 2**53 else found


def _finite(value: float, cleaned: str, *, zero: bool) -> float:
    if not math.isfinite(value):
        raise UnreadableError(f"{quote(cleaned)} is too large", "Give a number below 1E308.")
    if value == 0 and not zero:
        raise UnreadableError(f"{quote(cleaned)} is too close to 0", "Give 0, or a number beyond 1E-307.")
    return value


def _decimal(written: str) -> Decimal:
    try:
        return Decimal(written)
    except InvalidOperation:  # an exponent of more digits than Decimal holds
        raise UnreadableError(f"{quote(written)} is too large or too small", "Give a usual number.") from None


def _formula(formula: str, cleaned: str) -> Candidates:
    """Return the candidates of arithmetic: every number of it has the same decimal mark."""
    values: list[float | None] = []
    for mark in ".,":

        def operand(number: str, mark: str = mark) -> Decimal | None:
            written = canonical(number, mark)
            return None if written is None else _decimal(written)

        value = evaluate(formula, operand)
        values.append(None if value is None else to_number(value, cleaned))
    if values[0] is None and values[1] is None:
        found = f"the numbers in {quote(cleaned)} do not have one decimal mark, or separators where none belongs"
        raise UnreadableError(found, "Give them without thousands separators and with the same decimal mark.")
    return Candidates(values[0], values[1], converted=True)


def _refusal(cleaned: str, number_format: NumberFormat) -> UnreadableError:
    example = format_number(1234.5, number_format, grouping=False)
    small = cleaned.casefold().strip("+-")
    if cleaned.startswith("#"):
        return UnreadableError(f"{quote(cleaned)} is a spreadsheet's error", "Give a number, or leave the cell empty.")
    if small in _NOT_NUMBERS:
        return UnreadableError(f"{quote(cleaned)} is not a number", f"Give a finite number such as {example}.")
    if not small:
        return UnreadableError(f"{quote(cleaned)} is a dash alone", "Give 0, or leave it empty.")
    if _DATE.fullmatch(cleaned):
        return UnreadableError(f"{quote(cleaned)} looks like a date", f"Give a number such as {example}.")
    if re.fullmatch(r"[\d.,٫٬'_ eE+()-]+", cleaned) and re.search(r"\d", cleaned):
        found = f"{quote(cleaned)} has separators where none belongs"
        return UnreadableError(found, f"Give one number without thousands separators, such as {example}.")
    return UnreadableError(f"{quote(cleaned)} is not a number", f"Give a number such as {example}.")
