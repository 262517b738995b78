"""A draft of a model as a language model gave it: its files, read from JSON, and what is wrong with that.

Chosen: four files by their names and nothing else, so that a draft can bring in no file that nobody looks at.
Left out: whether the files are a model, which the checks of a registration find out.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from contract.errors import SourceError
from contract.problems import Problem

FILES = {
    "manifest": "manifest.json",
    "function": "function.py",
    "cases": "cases.json",
    "readme": "README.md",
}
REQUIRED = ("manifest", "function")
LONGEST = 200_000  # characters of a file
SCHEMA = {
    "type": "object",
    "properties": {
        "slug": {"type": "string", "description": "short name in small letters, digits and underscores"},
        "manifest": {"type": "string", "description": "content of manifest.json"},
        "function": {"type": "string", "description": "content of function.py"},
        "cases": {"type": "string", "description": "content of cases.json"},
        "readme": {"type": "string", "description": "content of README.md"},
    },
    "required": ["slug", "manifest", "function", "cases", "readme"],
    "additionalProperties": False,
}
_SLUG = re.compile(r"[a-z][a-z0-9_]{0,59}")


def draft_files(answer: Any) -> tuple[str, dict[str, bytes]]:
    """Return the name in addresses that a draft proposes, and its files by path.

    Raises:
        SourceError: with every problem of the answer.
    """
    if not isinstance(answer, Mapping):
        hint = "Have it drafted again, or choose another language model."
        raise SourceError([Problem("draft", "the answer is not a JSON object with files", hint)])
    problems: list[Problem] = []
    files: dict[str, bytes] = {}
    for key, name in FILES.items():
        value = answer.get(key)
        if isinstance(value, Mapping | list):  # JSON where the text of a JSON file was asked for
            value = json.dumps(value, indent=2, ensure_ascii=False)
        if isinstance(value, str) and name.endswith(".json"):
            value = _indented(value)
        if value is None or value == "":
            if key in REQUIRED:
                problems.append(Problem(name, "the draft has no such file", "Have it drafted again."))
        elif not isinstance(value, str):
            problems.append(Problem(name, f"it is a {type(value).__name__} and no text", "Have it drafted again."))
        elif len(value) > LONGEST:
            problems.append(Problem(name, f"it has {len(value):,} characters", f"At most {LONGEST:,} are taken."))
        else:
            files[name] = (value if value.endswith("\n") else f"{value}\n").encode("utf-8", "replace")
    if problems:
        raise SourceError(problems)
    slug = answer.get("slug")
    return (slug if isinstance(slug, str) and _SLUG.fullmatch(slug) else "drafted_model"), files


def _indented(text: str) -> str:
    """Return JSON with a line for each part, which a reader can follow; what is no JSON as it is, for the checks."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
