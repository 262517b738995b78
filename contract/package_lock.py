"""The packages that a version of a model needs beyond the standard set, each with its exact version and hashes.

Chosen: what any worker needs to install the very same files on any later day. Equal locks have an equal hash, so that
versions share one installation.
A lock for another Python than the installation's has the standard set too, because there is nothing else of it there.
Left out: resolving and installing, which are `registry.package_resolution` and `registry.overlays`.
"""

import dataclasses
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
    """The packages of a version, by name, as they were resolved for a Python such as 3.11.

    `standard` are those that every model has, where the Python is another one than the installation's was.
    """

    python: str
    packages: tuple[LockedPackage, ...]
    standard: tuple[LockedPackage, ...] = ()

    @property
    def hash(self) -> str:
        """The content hash: equal packages for an equal Python have an equal one."""
        return hashlib.sha256(json.dumps(self.as_dict(), sort_keys=True).encode()).hexdigest()

    @property
    def standard_lock(self) -> "PackageLock | None":
        """The lock of the standard set alone, which models share; None where it is the installation's own."""
        return PackageLock(self.python, self.standard) if self.standard else None

    @property
    def parts(self) -> "list[PackageLock]":
        """The locks that are installed for this one, a folder each: the standard set's, and the model's own."""
        own = dataclasses.replace(self, standard=()) if self.packages else None
        return [part for part in (self.standard_lock, own) if part is not None]

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
        # Absent where there is none, so that earlier locks keep their hashes.
        standard = {"standard": _as_dicts(self.standard)} if self.standard else {}
        return {"python": self.python, "packages": _as_dicts(self.packages), **standard}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "PackageLock":
        """Return the lock that `as_dict` wrote."""
        return cls(stored["python"], _from_dicts(stored["packages"]), _from_dicts(stored.get("standard", ())))


def _as_dicts(packages: Sequence[LockedPackage]) -> list[dict[str, Any]]:
    return [{"name": p.name, "version": p.version, "hashes": list(p.hashes)} for p in packages]


def _from_dicts(stored: Sequence[Mapping[str, Any]]) -> tuple[LockedPackage, ...]:
    return tuple(LockedPackage(p["name"], p["version"], tuple(p["hashes"])) for p in stored)


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
