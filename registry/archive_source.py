"""A model's folder from a zip archive or an uploaded folder.

Chosen: every entry is checked before any is read, and bytes are counted while they inflate, whatever the archive
says of its sizes; an archive's one outer folder, as git hosts pack it, is left away.
Left out: other archives. Every system packs and every git host offers zip files.
"""

import io
import stat
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from contract.errors import SourceError
from contract.problems import Problem
from registry.git_address import check_subfolder
from registry.model_files import MAX_BYTES, MAX_FILES
from registry.source_files import LEAVE_OUT, check_amount, is_skipped, name_problems, require_model

ARCHIVE_BYTES = 50_000_000  # of the archive as it is uploaded
MAX_ENTRIES = 20_000  # of an archive, folders and what is skipped included
WHERE = "archive"
CHUNK = 1_000_000


def read_zip(content: bytes, *, subfolder: str | None = None) -> dict[str, bytes]:
    """Return the files of a model's folder in a zip archive, by path, in order of name.

    Args:
        content: the archive.
        subfolder: the model's folder in it; the archive's root or its one outer folder without it.

    Raises:
        SourceError: with each reason in words of its own.
    """
    inside = check_subfolder(subfolder)
    if len(content) > ARCHIVE_BYTES:
        raise _refusal(f"it is larger than {ARCHIVE_BYTES // 1_000_000} MB", LEAVE_OUT)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if len(entries) > MAX_ENTRIES:
                raise _refusal(f"it holds more than {MAX_ENTRIES:,} entries", LEAVE_OUT)
            chosen = _check_entries(entries, inside)
            return _inflate(archive, chosen)
    except zipfile.BadZipFile as error:
        raise _refusal(f"it is not a zip file ({error})", "Pack the model's folder as a zip file.") from error
    except (zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, UnicodeError, ValueError) as error:
        raise _refusal(f"it cannot be read ({error})", "Pack the model's folder again.") from error


def read_upload(uploaded: Sequence[tuple[str, bytes]]) -> dict[str, bytes]:
    """Return the files of an uploaded folder, by path within it.

    Raises:
        SourceError: as `read_zip` raises it.
    """
    files: dict[str, bytes] = {}
    names = [name.replace("\\", "/") for name, _ in uploaded]
    outer = _outer_folder(names)
    problems: list[Problem] = []
    for name, (_, content) in zip(names, uploaded, strict=True):
        inner = name[len(outer) :]
        if is_skipped(inner):
            continue
        if inner in files:
            problems.append(Problem(repr(inner)[:200], "it is there more than once", "Upload the folder again."))
        files[inner] = content
    problems += name_problems(list(files))
    if problems:
        raise SourceError(problems)
    check_amount("the folder", map(len, files.values()))
    require_model("the folder", files)
    return dict(sorted(files.items()))


def _check_entries(entries: Sequence[zipfile.ZipInfo], subfolder: str) -> Mapping[str, zipfile.ZipInfo]:
    """Return the entries to read by the path they get, once every one of the archive has been checked."""
    problems: list[Problem] = []
    plain: list[zipfile.ZipInfo] = []
    for entry in entries:
        mode = entry.external_attr >> 16
        raw = entry.orig_filename.split("\0", 1)[0] or entry.filename
        path = PurePosixPath(raw)
        if path.is_absolute() or ".." in path.parts or "\\" in raw or (len(raw) > 1 and raw[1] == ":"):
            problems.append(Problem(repr(raw)[:200], "it is not a name inside the archive", "Pack the folder again."))
        elif entry.flag_bits & 0x1:
            problems.append(Problem(repr(raw)[:200], "it is encrypted", "Pack the folder without a password."))
        elif entry.is_dir():
            continue
        elif stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
            kind = "a symbolic link" if stat.S_ISLNK(mode) else "no plain file"
            problems.append(Problem(repr(raw)[:200], f"it is {kind}", "Put the file itself there."))
        else:
            plain.append(entry)
    if problems:
        raise SourceError(problems[:20])
    prefix = _outer_folder([e.filename for e in plain if not is_skipped(e.filename)])
    prefix += f"{subfolder}/" if subfolder else ""
    chosen: dict[str, zipfile.ZipInfo] = {}
    for entry in plain:
        name = entry.filename.removeprefix(prefix)
        if not entry.filename.startswith(prefix) or is_skipped(name):
            continue
        if name in chosen:
            problems.append(Problem(repr(name)[:200], "it is there more than once", "Pack the folder again."))
        chosen[name] = entry
    problems += name_problems(list(chosen))
    if problems:
        raise SourceError(problems[:20])
    if not chosen:
        found = f"it has no folder {subfolder!r}" if subfolder else "it is empty"
        raise _refusal(found, "Pack the model's folder again.")
    require_model(f"the folder {subfolder}" if subfolder else "the archive", chosen)
    if len(chosen) > MAX_FILES:
        raise _refusal(f"it holds more than {MAX_FILES} files", LEAVE_OUT)
    return chosen


def _inflate(archive: zipfile.ZipFile, chosen: Mapping[str, zipfile.ZipInfo]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    room = MAX_BYTES
    for name, entry in sorted(chosen.items()):
        kept = bytearray()
        with archive.open(entry) as stream:
            while chunk := stream.read(min(CHUNK, room - len(kept) + 1)):
                kept += chunk
                if len(kept) > room:
                    raise _refusal(f"it inflates to more than {MAX_BYTES // 1_000_000} MB", LEAVE_OUT)
        room -= len(kept)
        files[name] = bytes(kept)
    return files


def _outer_folder(names: Sequence[str]) -> str:
    """Return the one folder that all files are in, with its slash; empty where there is none."""
    tops = {name.split("/", 1)[0] for name in names}
    return f"{tops.pop()}/" if len(tops) == 1 and all("/" in name for name in names) else ""


def _refusal(found: str, hint: str) -> SourceError:
    return SourceError([Problem(WHERE, found, hint)])
