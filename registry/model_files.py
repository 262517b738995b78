"""A model's folder as a set of files: read within bounds, hashed, packed for the database, unpacked by hash.

Chosen: the identity of a version is the SHA-256 over names and contents, so that the same folder has the same
version on every host; archives are plain zip files without times, kept in the database, unpacked once a host.
Left out: links, hidden files and caches of Python: they are not part of a model.
"""

import fcntl
import hashlib
import io
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from contract.errors import ManifestError
from contract.problems import Problem

MAX_FILES = 500
MAX_BYTES = 50_000_000
SKIPPED_NAMES = frozenset({"__pycache__", "node_modules", "venv"})
_EPOCH = (1980, 1, 1, 0, 0, 0)


def read_folder(folder: Path) -> dict[str, bytes]:
    """Return the files of `folder` by their path in it, in order of name.

    Raises:
        ManifestError: the folder holds too many files or bytes, or lacks one that every model has.
    """
    files: dict[str, bytes] = {}
    total = 0
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_symlink() or not path.is_file() or _is_skipped(name.parts):
            continue
        total += path.stat().st_size
        if len(files) == MAX_FILES or total > MAX_BYTES:
            found = f"it holds more than {MAX_FILES} files or {MAX_BYTES // 1_000_000} MB"
            raise ManifestError([Problem(folder.name, found, "Leave out what the model does not need.")])
        _check_name(name.as_posix())
        files[name.as_posix()] = path.read_bytes()
    missing = [name for name in ("manifest.json", "function.py") if name not in files]
    if missing:
        raise ManifestError([Problem(f"{folder.name}/{name}", "it is missing", "Add the file.") for name in missing])
    return files


def content_hash(files: Mapping[str, bytes]) -> str:
    """Return the version of these files: 64 hexadecimal digits, the same on every host."""
    digest = hashlib.sha256()
    for name in sorted(files):
        encoded = name.encode()
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
        digest.update(len(files[name]).to_bytes(8, "big") + files[name])
    return digest.hexdigest()


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return the files as a zip archive, byte for byte the same for the same files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), files[name], zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def unpack(archive: bytes) -> dict[str, bytes]:
    """Return the files of an archive, counting bytes while they inflate.

    Raises:
        ManifestError: it is not a zip archive, is too large, or names a file outside the folder.
    """
    files: dict[str, bytes] = {}
    room = MAX_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            for entry in opened.infolist():
                if entry.is_dir():
                    continue
                _check_name(entry.filename)
                if entry.filename in files:
                    raise _refusal("archive", f"it holds {entry.filename!r} more than once")
                if len(files) == MAX_FILES:
                    raise _refusal("archive", f"it holds more than {MAX_FILES} files")
                with opened.open(entry) as stream:
                    content = stream.read(room + 1)
                room -= len(content)
                if room < 0:
                    raise _refusal("archive", f"it inflates to more than {MAX_BYTES // 1_000_000} MB")
                files[entry.filename] = content
    except zipfile.BadZipFile as error:
        raise _refusal("archive", f"it is not a zip file ({error})") from error
    except (zlib.error, EOFError, NotImplementedError, RuntimeError) as error:  # damaged, encrypted, packed unusually
        raise _refusal("archive", f"it cannot be read ({error})") from error
    return files


def install(files: Mapping[str, bytes], target: Path) -> None:
    """Write the files as the folder `target`, all or nothing; safe for processes that start together.

    Raises:
        ManifestError: a name leads out of the folder, or is that of a file and of a folder.
    """
    if target.is_dir():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if target.is_dir():
            return  # another process was first
        building = Path(tempfile.mkdtemp(prefix=".new-", dir=target.parent))
        try:
            for name, content in files.items():
                _check_name(name)
                path = building / name
                try:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content)
                except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
                    raise _refusal(repr(name), "it is the name of a file and of a folder") from error
                path.chmod(0o444)
            # Model code runs as another user where Landlock is missing: it must be able to read this.
            for directory, _, _ in os.walk(building):
                Path(directory).chmod(0o755)
            building.rename(target)
        except BaseException:
            shutil.rmtree(building, ignore_errors=True)
            raise


def _is_skipped(parts: tuple[str, ...]) -> bool:
    return any(part in SKIPPED_NAMES or part.startswith(".") for part in parts) or parts[-1].endswith(".pyc")


def _check_name(name: str) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name or not path.parts:
        found = "it is not a name inside the folder"
    elif any("\ud800" <= c <= "\udfff" for c in name):
        found = "the name is not UTF-8"
    else:
        return
    raise ManifestError([Problem(repr(name), found, "Rename the file.")])


def _refusal(where: str, found: str) -> ManifestError:
    return ManifestError([Problem(where, found, "Pack the model's folder again.")])
