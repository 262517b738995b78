"""What a model says of its inputs when it refuses them, as problems beside those inputs.

Chosen: lines `inputs.<key>: what was found. What to do.` in the message of an exception, one for each problem. A line
about something that is not an input of the model, and any other text, stays in the run's reason only.
Left out: whose words a message is, which the sandbox knows.
"""

import re
from collections.abc import Collection

from contract.problems import Problem

MAX_PROBLEMS = 200
DEFAULT_HINT = "Change this input."

_LINE = re.compile(r"\s*(?:[-*•] )?(inputs\.[^:]{1,300}):\s+(\S.*)")
_KEY = re.compile(r"(?:inputs\.)?([A-Za-z_][A-Za-z0-9_]*)((?:\[\d+\]|\.[A-Za-z_][A-Za-z0-9_]*)*)")
_SENTENCE_END = re.compile(r"[.!?]\s+(?=[A-Z])")


def read_refusals(text: str, keys: Collection[str]) -> tuple[Problem, ...]:
    """Return the problems that a model's message names, in its order and each once.

    Args:
        text: the message of the exception.
        keys: the keys of the model's inputs.
    """
    found: dict[Problem, None] = {}
    for line in text.splitlines():
        match = _LINE.match(line)
        where = _read_place(match[1], keys) if match else None
        if match and where and len(found) < MAX_PROBLEMS:
            message, hint = _split(match[2].strip())
            found[Problem(where, message, hint)] = None
    return tuple(found)


def _read_place(text: str, keys: Collection[str]) -> str | None:
    """Return the place as problems name it; None where it names something else than inputs of the model.

    Several inputs are one place, `inputs.a, b`, as a rule's.
    """
    parts = [_KEY.fullmatch(part.strip()) for part in re.split(r",| and ", text)]
    named = [part[1] + part[2] for part in parts if part and part[1] in keys]
    return f"inputs.{', '.join(named)}" if len(named) == len(parts) else None


def _split(text: str) -> tuple[str, str]:
    """Return what was found, without a full stop, and what to do."""
    end = _SENTENCE_END.search(text)
    found, hint = (text[: end.start()], text[end.end() :]) if end else (text, DEFAULT_HINT)
    return found.rstrip("."), hint if hint.endswith((".", "!", "?")) else f"{hint}."
