"""The one cache of versions: each is read and its manifest and cases parsed once for each process.

Chosen: versions never change, so an entry is never out of date and needs no time limit; `functools.lru_cache` bounds
their number and is safe in threads. Reference-case scores change and are not part of an entry.
Left out: which version is a model's current one, which is read with the model.
"""

from dataclasses import dataclass
from functools import lru_cache

from contract import cases as contract_cases
from contract import manifest as contract_manifest
from contract.app import Version
from contract.cases import Case
from contract.manifest import Manifest
from storage import versions
from storage.database import Database

MAX_CACHED_VERSIONS = 512
HASH_LENGTH = 64  # hexadecimal digits of a content hash; fewer are the beginning of one


@dataclass(frozen=True, slots=True)
class LoadedVersion:
    """A version as stored, with its manifest and its presets and reference cases parsed."""

    version: Version
    manifest: Manifest
    cases: tuple[Case, ...]

    @property
    def hash(self) -> str:
        """The content hash."""
        return self.version.hash


class _UnknownVersionError(Exception):
    """Raised through the cache, which keeps returned values and never errors: the version may be added later."""


def load_version(database: Database, app_id: int, hash: str) -> LoadedVersion | None:  # noqa: A002 - the contract's word
    """Return the model's version with this content hash, or the first twelve or more digits of one; None without."""
    if len(hash) != HASH_LENGTH:
        with database.read() as conn:
            known = versions.full_hash(conn, app_id, hash)
        if known is None:
            return None
        hash = known  # noqa: A001
    try:
        return _read_and_parse(database, app_id, hash)
    except _UnknownVersionError:
        return None


@lru_cache(maxsize=MAX_CACHED_VERSIONS)
def _read_and_parse(database: Database, app_id: int, hash: str) -> LoadedVersion:  # noqa: A002
    with database.read() as conn:
        found = versions.get_version(conn, app_id, hash)
    if found is None:
        raise _UnknownVersionError
    manifest = contract_manifest.parse(found.manifest)
    cases = contract_cases.parse_cases(list(found.cases), manifest) if found.cases else ()
    return LoadedVersion(found, manifest, cases)
