"""The files that a result names: looked at once the model is dead, and taken only from its own scratch folder.

Chosen: regular files with one name, inside scratch after every link is followed, few enough and together no larger
than scratch may be; a file with holes counts with all the bytes that reading it would give.
Left out: storing them.
"""

import os
import stat
from pathlib import Path
from typing import Any

from contract.errors import OutputFileError

MAX_FILES = 100


def output_files(result: Any, scratch: Path, limit: int) -> dict[str, Path]:
    """Return the path of each file under `files` of a result.

    Args:
        result: what the model returned.
        scratch: the run's scratch folder.
        limit: bytes that all files together may have.

    Raises:
        OutputFileError: one is missing, lies elsewhere, is no plain file, or there is too much of them.
    """
    named = result.get("files") if isinstance(result, dict) else None
    if not isinstance(named, dict):
        return {}
    if len(named) > MAX_FILES:
        raise OutputFileError(f"The model's result names {len(named):,} files. The most is {MAX_FILES}.")
    found: dict[str, Path] = {}
    total = 0
    for name, given in named.items():
        path = path_inside(given, scratch)
        if path is None:
            what = f"files.{str(name)[:200]} is {str(given)[:200]!r}"
            raise OutputFileError(f"The model's result names a file that is not in its scratch folder: {what}.")
        total += path.stat().st_size
        if total > limit:
            raise OutputFileError(f"The files of the model's result hold more than {limit // 1_000_000:,} MB.")
        found[str(name)[:200]] = path
    return found


def path_inside(given: object, scratch: Path) -> Path | None:
    """Return the plain file inside a run's scratch folder that a model named, or None."""
    if not isinstance(given, str):
        return None
    try:
        real = Path(os.path.realpath(scratch / given, strict=True))
        seen = real.stat()
    except (OSError, ValueError):
        return None
    plain = stat.S_ISREG(seen.st_mode) and seen.st_nlink == 1
    return real if plain and real.is_relative_to(scratch.resolve()) else None
