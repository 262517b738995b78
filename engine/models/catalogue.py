"""The manifest of a stored version, compiled once for each process.

Chosen: a bounded cache by content hash; versions never change.
Left out: invalidation, for the same reason.
"""

from functools import lru_cache

import orjson

from contract import cases as contract_cases
from contract import manifest as contract_manifest
from contract.app import Version
from contract.cases import Case
from contract.manifest import Manifest


def load_manifest(version: Version) -> Manifest:
    """Return the manifest that `version` was registered with."""
    return _parse_manifest(version.hash, orjson.dumps(version.manifest))


def load_cases(version: Version) -> tuple[Case, ...]:
    """Return the presets and reference cases that `version` was registered with."""
    return contract_cases.parse_cases(list(version.cases), load_manifest(version)) if version.cases else ()


@lru_cache(maxsize=512)
def _parse_manifest(_hash: str, content: bytes) -> Manifest:
    return contract_manifest.parse(orjson.loads(content))
