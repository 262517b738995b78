"""Patterns that a manifest declares for texts, matched so that none can hold the server up.

Chosen: the `regex` package, which reads every pattern that Python's `re` does and stops after a time. A pattern is a
stranger's, and matching runs in the web process: one text has `TIMEOUT` seconds, and one check of a form, its tables
included, has `BUDGET`. RE2, which needs no clock, was left out: it refuses look-ahead, which authors use for codes.
Left out: names with `*` in `outputs`, which are no expressions (`contract.result`).
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import regex

from contract.errors import PatternError, PatternTimeout

MAX_PATTERN = 2_000  # characters
TIMEOUT = 0.05  # s for one text; a usual pattern takes a few microseconds
BUDGET = 0.5  # s for all texts of one check


@dataclass(slots=True)
class _Budget:
    left: float  # s


_budget: ContextVar[_Budget | None] = ContextVar("pattern_budget", default=None)


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> "regex.Pattern[str]":
    """Return the compiled pattern.

    Raises:
        PatternError: it is too long, or no regular expression. The message says why.
    """
    if len(pattern) > MAX_PATTERN:
        raise PatternError(f"it has {len(pattern):,} characters, more than {MAX_PATTERN:,}")
    try:
        return regex.compile(pattern)
    except regex.error as error:
        raise PatternError(str(error)) from error
    except (RecursionError, OverflowError, MemoryError) as error:
        raise PatternError("it is nested too deeply or repeats too often") from error


@contextmanager
def pattern_budget() -> Iterator[None]:
    """Limit the time of all matches within the block; a block within another shares its time."""
    if _budget.get() is not None:
        yield
        return
    token = _budget.set(_Budget(BUDGET))
    try:
        yield
    finally:
        _budget.reset(token)


def matches_pattern(pattern: str, text: str) -> bool:
    """Say whether the pattern is found in the text.

    Raises:
        PatternTimeout: it could not be decided in the time that is left.
        PatternError: the pattern cannot be used.
    """
    compiled: Any = compile_pattern(pattern)
    budget = _budget.get() or _Budget(BUDGET)
    if budget.left <= 0:
        raise PatternTimeout
    begun = time.thread_time()
    try:
        return compiled.search(text, timeout=min(TIMEOUT, budget.left)) is not None
    except TimeoutError:
        raise PatternTimeout from None
    finally:
        budget.left -= time.thread_time() - begun
