"""Read the EXPECT file of a hostile model: the ways in which its run may end.

Chosen: a line of alternatives joined by "or": `SUCCEEDED`, with the values it must show if a dictionary follows;
`denied`, a result that says `contained`; `FAILED`, with a reason. The names in `REASONS` are looked up in the run's
reason; others require a failure alone.
Left out: text after a semicolon, which is a remark.
"""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contract.run import Status

FAILED = {Status.FAILED, Status.TIMED_OUT}
# What EXPECT calls a reason, and what the reason shown to an analyst says.
REASONS = {
    "timeout": ("its time limit",),
    "time limit": ("its time limit",),
    "cpu limit": ("processor time",),
    "memory limit": ("memory limit",),
    "scratch limit": ("scratch limit",),
    "thread": ("threads, its limit",),
    "log limit": ("log",),
    "too large": ("too large",),
    "without a result": ("without a result",),
    "cyclic": ("nested too deeply",),
    "recursion": ("nested too deeply", "RecursionError"),
    "crashed": ("crashed",),
}


@dataclass(frozen=True, slots=True)
class EndedRun:
    """How a run ended: its status, its reason, its result."""

    status: Status
    reason: str
    shown: Mapping[str, Any]


def matches(expected: str, ended: EndedRun) -> bool:
    """Return whether one of the alternatives of an EXPECT file is what happened."""
    line = expected.split(";", maxsplit=1)[0]
    return any(_matches_alternative(part.strip(), ended) for part in re.split(r",?\s+or\s+", line))


def _matches_alternative(expected: str, ended: EndedRun) -> bool:
    word = re.match(r"\w*", expected)[0].upper()  # type: ignore[index]
    if word == "DENIED":
        return ended.status is Status.SUCCESS and _value_at(ended.shown, "contained") is True
    if word in {"SUCCEEDED", "SUCCESS"}:
        return ended.status is Status.SUCCESS and _shows_values(expected, ended.shown)
    if word == "FAILED":
        return ended.status in FAILED and _has_reason(expected, ended.reason)
    return ended.status.final  # a remark: only what is left behind counts


def _shows_values(expected: str, shown: Mapping[str, Any]) -> bool:
    found = re.search(r"\{.*\}", expected)
    if found is None:
        return True
    wanted = ast.literal_eval(found[0])
    return all(_value_at(shown, key) == value for key, value in wanted.items())


def _has_reason(expected: str, reason: str) -> bool:
    known = [words for name, words in REASONS.items() if name in expected.lower()]
    signals = re.findall(r"SIG[A-Z]+", expected)
    return (not known or any(word in reason for words in known for word in words)) and all(s in reason for s in signals)


def _value_at(shown: Mapping[str, Any], key: str) -> Any:
    if key in shown:
        return shown[key]
    summary = shown.get("summary")
    return summary.get(key) if isinstance(summary, Mapping) else None
