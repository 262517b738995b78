"""An explanation of a run, written by a language model: its text, who asked for it, and which of its numbers are known.

Chosen: a number of the text is known where it is one of the run's, rounded as the text writes it, also as a percentage,
in basis points or in thousands, millions or billions; what is not known is marked for the reader and not judged.
Left out: whether the words are true, which no code can tell.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contract.run import Status

_NUMBER = re.compile(
    r"(?<![\w.,])(?P<number>\d{1,3}(?:[,'\u00a0\u202f\u2009]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r"(?P<scale>\s?(?:%|percent\b|per cent\b|bps?\b|basis points?\b|thousand\b|million\b|billion\b|k\b|m\b|bn\b))?"
    r"(?![\w])"
)
_SCALES = {
    "%": 0.01,
    "percent": 0.01,
    "per cent": 0.01,
    "bp": 1e-4,
    "bps": 1e-4,
    "basis point": 1e-4,
    "basis points": 1e-4,
    "thousand": 1e3,
    "k": 1e3,
    "million": 1e6,
    "m": 1e6,
    "billion": 1e9,
    "bn": 1e9,
}
_SEPARATORS = re.compile(r"[,'\u00a0\u202f\u2009]")
_LIST_MARK = re.compile(r"^[ \t]*\d+[.)][ \t]", re.MULTILINE)
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
SLACK = 1e-9  # relative; of numbers that were rounded half way


@dataclass(frozen=True, slots=True)
class Explanation:
    """One explanation of a run. `text_run` wrote it.

    `unknown` are the places in the text, from and to, of numbers that do not occur in the run; empty as it is stored.
    """

    id: UUID
    text_run: UUID
    asked_by: str
    asked_at: datetime
    model: str
    status: Status
    text: str
    reason: str | None
    unknown: tuple[tuple[int, int], ...] = ()

    @property
    def unknown_numbers(self) -> list[str]:
        """The numbers that do not occur in the run, as the text writes them, each once."""
        return list(dict.fromkeys(self.text[start:end] for start, end in self.unknown))


def numbers_of(texts: Iterable[str]) -> list[float]:
    """Return every number that stands in texts, without what scales it."""
    return [float(_SEPARATORS.sub("", m["number"])) for text in texts for m in _NUMBER.finditer(text)]


def unknown_numbers(text: str, known: Sequence[float]) -> tuple[tuple[int, int], ...]:
    """Return the places, from and to, of the numbers in `text` that are none of `known`, in their order."""
    sizes = sorted({abs(k) for k in known})
    left_out = [m.span() for pattern in (_CODE, _LIST_MARK) for m in pattern.finditer(text)]
    found = []
    for match in _NUMBER.finditer(text):
        start = match.start("number")
        if any(a <= start < b for a, b in left_out):
            continue
        if not _is_known(match["number"], (match["scale"] or "").strip().lower(), sizes):
            found.append((start, match.end()))
    return tuple(found)


def _is_known(number: str, scale: str, sizes: Sequence[float]) -> bool:
    plain = _SEPARATORS.sub("", number)
    value = float(plain)
    mantissa, _, exponent = plain.lower().partition("e")
    step = 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    # A figure of 5.2 with the unit % and one of 0.052 are both written 5.2 %.
    factors = {1.0, _SCALES.get(scale, 1.0)}
    return any(
        abs(size - value * factor) <= 0.5 * step * factor + SLACK * max(size, abs(value * factor))
        for factor in factors
        for size in sizes
    )
