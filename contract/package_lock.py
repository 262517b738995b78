"""The packages that a version of a model needs beyond the standard set, each with its exact version and hashes.

Chosen: what any worker needs to install the very same files on any later day. Equal locks have an equal hash, so that
versions share one installation.
Left out: resolving and installing, which are `registry.package_resolution` and `registry.overlays`.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """One package: its name, its version and the hashes of the files that are this version, as `sha256:...`."""

    name: str
    version: str
    hashes: tuple[str, ...]

    @property
    def label(self) -> str:
        """Name and version, for people."""
        return f"{self.name} {self.version}"


@dataclass(frozen=True, slots=True)
class PackageLock:
    """The packages of a version, by name, as they were resolved for a Python such as 3.11."""

    python: str
    packages: tuple[LockedPackage, ...]

    @property
    def hash(self) -> str:
        """The content hash: equal packages for an equal Python have an equal one."""
        return hashlib.sha256(json.dumps(self.as_dict(), sort_keys=True).encode()).hexdigest()

    @property
    def text(self) -> str:
        """The lock as a requirements file with hashes."""
        lines = []
        for package in self.packages:
            hashes = "".join(f" \\\n    --hash={value}" for value in package.hashes)
            lines.append(f"{package.name}=={package.version}{hashes}\n")
        return "".join(lines)

    @property
    def versions(self) -> dict[str, str]:
        """The version of each package, by name."""
        return {package.name: package.version for package in self.packages}

    def as_dict(self) -> dict[str, Any]:
        """Return the lock as the database holds it."""
        packages = [{"name": p.name, "version": p.version, "hashes": list(p.hashes)} for p in self.packages]
        return {"python": self.python, "packages": packages}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "PackageLock":
        """Return the lock that `as_dict` wrote."""
        packages = tuple(LockedPackage(p["name"], p["version"], tuple(p["hashes"])) for p in stored["packages"])
        return cls(stored["python"], packages)


def compare_packages(old: PackageLock | None, new: PackageLock | None) -> list[str]:
    """Return what is different between the packages of two versions, in words."""
    before, after = (lock.versions if lock is not None else {} for lock in (old, new))
    words = []
    for name in sorted(before | after):
        if name not in after:
            words.append(f"package `{name}` {before[name]} is gone")
        elif name not in before:
            words.append(f"package `{name}` {after[name]} is new")
        elif before[name] != after[name]:
            words.append(f"package `{name}`: {before[name]} to {after[name]}")
    return words


def list_labels(packages: Sequence[LockedPackage]) -> str:
    """Return the packages in one line, for people."""
    return ", ".join(package.label for package in packages)
