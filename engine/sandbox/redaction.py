"""A run's secrets are redacted: wherever a value appears in what the run sends, `***` is stored instead.

Chosen: a value is looked for as it is and as addresses, JSON and Python's own repr write it, in whatever comes out of
the child as text, before anything is kept; the log is looked at as it comes in, and what may be the beginning of
a value is kept until the next bytes arrive. A run without secrets pays for a test of an empty tuple.
Left out: a model that means to give its secret away and writes it otherwise, and the files it makes.
"""

import dataclasses
import json
import re
from collections.abc import Iterable
from typing import Any, AnyStr
from urllib.parse import quote, quote_plus

from engine.sandbox.job import Outcome

MASK = "***"
MIN_CUT = 200  # characters: a text that long may have been cut in the midst of a value
MIN_SECRET = 4  # characters of a value that is cut off, from which on it is hidden


class Redactor:
    """Hides the values given; without any it hands everything on as it is."""

    def __init__(self, values: Iterable[str]) -> None:
        found = {form for value in values if value for form in _encoded_forms(value)}
        self._forms = tuple(sorted(found, key=len, reverse=True))  # the longest first: one may begin another
        self._bytes = tuple(form.encode() for form in self._forms)
        self._text = re.compile("|".join(map(re.escape, self._forms)))
        self._log = re.compile(b"|".join(map(re.escape, self._bytes)))
        self._unsent = b""

    def redact_text(self, value: str) -> str:
        """Return the text with every value hidden, and at its end the beginning of one that was cut off."""
        if not self._forms:
            return value
        shown = self._text.sub(MASK, value)
        rest = _unfinished_length(shown, self._forms) if len(value) >= MIN_CUT else 0
        return shown[: len(shown) - rest] + MASK if rest >= MIN_SECRET else shown

    def redact_value(self, value: Any) -> Any:
        """Return a JSON value with every text in it hidden, keys as well."""
        if not self._forms:
            return value
        if isinstance(value, str):
            return self.redact_text(value)
        if isinstance(value, list):
            return [self.redact_value(item) for item in value]
        if isinstance(value, dict):
            return {self.redact_text(str(key)): self.redact_value(item) for key, item in value.items()}
        return value

    def redact_frame(self, frame: dict[str, Any]) -> dict[str, Any]:
        """Return a frame with the texts on its first level hidden; a result beneath is looked at when it is judged."""
        if not self._forms:
            return frame
        return {key: self.redact_text(value) if isinstance(value, str) else value for key, value in frame.items()}

    def redact_log(self, content: bytes) -> bytes:
        """Return the next bytes of the log that can be stored, values redacted."""
        if not self._forms:
            return content
        shown = self._log.sub(MASK.encode(), self._unsent + content)
        rest = len(shown) - _unfinished_length(shown, self._bytes)
        self._unsent = shown[rest:]
        return shown[:rest]

    def flush(self) -> bytes:
        """Return what was kept of the log, once nothing follows."""
        rest, self._unsent = self._unsent, b""
        return MASK.encode() if len(rest) >= MIN_SECRET else rest

    def redact_outcome(self, outcome: Outcome) -> Outcome:
        """Return the outcome with every text in it hidden but the log's, which has been already."""
        if not self._forms:
            return outcome
        return dataclasses.replace(
            outcome,
            reason=self.redact_value(outcome.reason),
            words=self.redact_value(outcome.words),
            traceback=self.redact_value(outcome.traceback),
            result=self.redact_value(outcome.result),
            nulls=self.redact_value(outcome.nulls),
            warnings=self.redact_value(outcome.warnings),
        )


def _encoded_forms(value: str) -> set[str]:
    """Return the ways in which a value is written by what usually writes it."""
    return {
        value,
        quote(value, safe=""),
        quote(value),
        quote_plus(value),
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        repr(value)[1:-1],
    }


def _unfinished_length(shown: AnyStr, forms: tuple[AnyStr, ...]) -> int:
    """Return how much of the end is the beginning of a form, 0 where none is."""
    for length in range(min(len(shown), len(forms[0]) - 1), 0, -1):
        end = shown[len(shown) - length :]
        if any(len(form) > length and form.startswith(end) for form in forms):
            return length
    return 0
