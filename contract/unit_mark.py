"""What is written beside a number: a percent sign, basis points, a currency, the field's own unit.

Chosen: the mark has to fit the field's unit. A share is converted (50 bp in a % field is 0.5, 12 % in a field without
unit is 0.12, as a spreadsheet holds it); 12 % of years, or dollars in a field in EUR, are refused, because dropping the
mark would change what was written.
Left out: k, m and bn, which mean other powers in other languages, and conversion between currencies.
"""

import re
from decimal import Decimal
from functools import lru_cache

from contract.clean_text import quote
from contract.errors import UnreadableError
from contract.number_format import locale_of

PERCENT, PER_MILLE, BASIS_POINT = Decimal("0.01"), Decimal("0.001"), Decimal("0.0001")
ONE = Decimal(1)

_SHARES = (
    (re.compile(r"(?:%|percent|per cent|pct)(?![a-z])"), PERCENT),
    (re.compile(r"(?:‰|per mille?|permille?)(?![a-z])"), PER_MILLE),
    (re.compile(r"(?:‱|bps?|basis points?)(?![a-z])"), BASIS_POINT),
)
# Units of fields that hold a plain share, so that 12 % is 0.12.
_PURE = {"", "probability", "share", "fraction", "ratio", "proportion", "a year", "per year", "p.a."}
# Signs in use that CLDR has for few of the languages concerned, or for none.
_CUSTOMARY = {
    "us$": frozenset({"USD"}),
    "fr": frozenset({"CHF"}),
    "sfr": frozenset({"CHF"}),
    "rs": frozenset({"INR", "LKR", "MUR", "NPR", "PKR", "SCR"}),
}
# A kwacha's K and a loti's M would make 5 of 5K and 5M, which most people mean as thousands and millions.
_MAGNITUDES = {"k", "m", "g", "t", "b"}
_ANY_CURRENCY = ("currency", "money")


def unit_share(unit: str) -> Decimal | None:
    """Return what one of `unit` is as a share of 1 (0.01 for "% a year"), None for a unit that is no share."""
    small = unit.strip().casefold()
    for pattern, share in _SHARES:
        if pattern.match(small):
            return share
    return ONE if small in _PURE else None


def factor_of(mark: str, unit: str, language: str) -> Decimal:
    """Return what a number with `mark` beside it is multiplied by in a field of `unit`.

    Args:
        mark: what is written beside the number, trimmed; may be empty.
        unit: the field's unit.
        language: the session's, which has signs of its own for some currencies.

    Raises:
        UnreadableError: the mark is not known, or does not fit the unit.
    """
    small = mark.casefold()
    if not mark or small == unit.strip().casefold():
        return ONE
    for pattern, share in _SHARES:
        if pattern.fullmatch(small):
            target = unit_share(unit)
            if target is None:
                raise _unfit(mark, unit)
            return share / target
    codes = currency_codes(mark, language)
    if not codes:
        raise UnreadableError(f"{quote(mark)} beside the number is not understood", "Give the number alone.")
    if not unit.strip() or unit.casefold().startswith(_ANY_CURRENCY):
        return ONE
    if codes & currency_codes(unit.split(maxsplit=1)[0], language):
        return ONE
    raise _unfit(mark, unit)


def _unfit(mark: str, unit: str) -> UnreadableError:
    found = f"{quote(mark)} beside the number does not fit the unit {unit}"
    return UnreadableError(found, f"Give the number alone, in {unit}.")


@lru_cache(maxsize=1024)
def currency_codes(mark: str, language: str) -> frozenset[str]:
    """Return the ISO 4217 codes that `mark` may stand for, as a code or as a sign in English or `language`."""
    if len(mark) > 8 or mark.casefold() in _MAGNITUDES:
        return frozenset()
    codes = locale_of("en").currencies
    if mark.upper() in codes:
        return frozenset({mark.upper()})
    plain = mark.casefold().rstrip(".")
    found = set()
    for symbols in (locale_of("en").currency_symbols, locale_of(language).currency_symbols):
        for code, symbol in symbols.items():
            sign = symbol.casefold().rstrip(".")
            # US$, A$ and a bare $ all mean one of the dollars.
            if plain and (sign == plain or (len(mark) == 1 and not mark.isalnum() and sign.endswith(mark))):
                found.add(code)
    return frozenset(found) | _CUSTOMARY.get(plain, frozenset())
