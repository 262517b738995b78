"""What every source of a model's files is held to: names, cases, counts and sizes, each refused in its own words.

Chosen: files are held in memory and never checked out, so that no name or link of theirs touches a disk before every
one is checked; all problems of names are collected.
Left out: where they come from, which is `registry.git_source` and `registry.archive_source`.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from contract.errors import SourceError
from contract.problems import Problem
from registry.model_files import MAX_BYTES, MAX_FILES, SKIPPED_NAMES

DEEPEST = 20  # folders
LONGEST_NAME = 240  # bytes of one part of a path: most file systems take 255
SHOWN = 10  # problems of names that are listed
_RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{n}{i}" for n in ("com", "lpt") for i in range(1, 10))})


def is_skipped(name: str) -> bool:
    """Return whether a path is no part of a model: hidden, or a cache."""
    parts = PurePosixPath(name).parts
    if any(part in SKIPPED_NAMES or part == "__MACOSX" for part in parts) or name.endswith(".pyc"):
        return True
    return any(part.startswith(".") and part != ".." for part in parts)  # what leads out is refused, not skipped


def name_problems(names: Sequence[str]) -> list[Problem]:
    """Return what is wrong with the paths of files: leading out, not portable, or the same but for case."""
    problems: list[Problem] = []
    seen: dict[str, str] = {}
    for name in names:
        found = _name_problem(name)
        if found:
            problems.append(Problem(repr(name)[:200], found, "Rename the file."))
            continue
        path = ""
        for part in PurePosixPath(name).parts:
            path = f"{path}/{part}" if path else part
            key = unicodedata.normalize("NFC", path).casefold()
            other = seen.setdefault(key, path)
            if other != path:
                found = f"it differs from {other!r} in case or accents only, so some systems cannot hold both"
                problems.append(Problem(repr(path)[:200], found, "Rename one of them."))
    taken = set(names)
    for name in names:
        for parent in PurePosixPath(name).parents:
            if parent.as_posix() in taken:
                problems.append(Problem(repr(name)[:200], f"{parent} is a file and a folder", "Rename one of them."))
    return problems[:SHOWN]


def check_amount(where: str, sizes: Iterable[int]) -> None:
    """Refuse too many files or bytes.

    Raises:
        SourceError: there are more than a model may have.
    """
    count = total = 0
    for size in sizes:
        count, total = count + 1, total + size
        if count > MAX_FILES:
            raise SourceError([Problem(where, f"it holds more than {MAX_FILES} files", LEAVE_OUT)])
        if total > MAX_BYTES:
            raise SourceError([Problem(where, f"it holds more than {MAX_BYTES // 1_000_000} MB", LEAVE_OUT)])


LEAVE_OUT = "Leave out what the model does not need."


def require_model(where: str, names: Iterable[str]) -> None:
    """Refuse files that are no model's folder, naming the folders below that are.

    Raises:
        SourceError: manifest.json or function.py is missing.
    """
    held = set(names)
    missing = [name for name in ("manifest.json", "function.py") if name not in held]
    if not missing:
        return
    below = sorted(
        PurePosixPath(name).parent.as_posix()
        for name in held
        if PurePosixPath(name).name == "manifest.json"
        and "/" in name
        and f"{PurePosixPath(name).parent.as_posix()}/function.py" in held
    )
    if "manifest.json" in missing and below:
        listed = ", ".join(below[:20]) + (f" and {len(below) - 20} more" if len(below) > 20 else "")
        raise SourceError(
            [Problem("subfolder", f"{where} holds models in: {listed}", "Name one of these folders as the subfolder.")]
        )
    raise SourceError([Problem(name, f"it is missing in {where}", "Add the file.") for name in missing])


def _name_problem(name: str) -> str | None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name or not path.parts or (len(name) > 1 and name[1] == ":"):
        return "it is not a name inside the folder"
    if "\\" in name or any(ord(c) < 32 or ord(c) == 127 for c in name):
        return "the name holds a backslash or a control character"
    if any("\ud800" <= c <= "\udfff" for c in name):
        return "the name is not UTF-8"
    if len(path.parts) > DEEPEST:
        return f"it is more than {DEEPEST} folders deep"
    if any(len(part.encode()) > LONGEST_NAME for part in path.parts):
        return "the name is too long"
    if any(part.partition(".")[0].lower() in _RESERVED or part.endswith((".", " ")) for part in path.parts):
        return "Windows cannot hold a file of this name"
    return None
