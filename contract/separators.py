"""Where a decimal mark and thousands separators may be within a number.

Chosen: a thousands separator comes after one to three digits that do not begin with 0 and before every group of three
(or of two, in lakh), and is the same throughout a number. Anything else is refused, since 1,2,3 is no number and 12,34
followed by 5.6 is two.
Left out: signs, units and what decides between a decimal point and a decimal comma.
"""

import re

_GROUP = r"[1-9]\d{{0,2}}(?P<mark>[{marks} '_٬])\d{{3}}(?:(?P=mark)\d{{3}})*"
_LAKH = r"[1-9]\d?(?:,\d\d)+,\d{3}"
_WRITTEN = {
    ".": re.compile(rf"(?P<whole>\d+|{_GROUP.format(marks=',')}|{_LAKH}|)(?:[.٫](?P<fraction>\d*))?"),
    ",": re.compile(rf"(?P<whole>\d+|{_GROUP.format(marks='.')}|)(?:[,٫](?P<fraction>\d*))?"),
}


def canonical(number: str, mark: str) -> str | None:
    """Return `number` as Python writes it, or None where `mark` cannot be its decimal mark.

    Args:
        number: ASCII digits with separators, and an exponent or none; no sign.
        mark: "." or ",". The Arabic decimal mark counts as either.
    """
    mantissa, _, exponent = number.replace("E", "e").partition("e")
    match = _WRITTEN[mark].fullmatch(mantissa)
    if not match or not (match["whole"] or match["fraction"]):
        return None
    whole, fraction = match["whole"], match["fraction"]
    digits = re.sub(r"\D", "", whole)
    if exponent and digits != whole:
        return None  # nobody groups the digits before an exponent: the mark in 1,234e5 is the decimal one
    if fraction is None and not exponent:
        return digits
    return f"{digits or 0}.{fraction or 0}" + (f"e{exponent}" if exponent else "")
