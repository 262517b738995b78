"""A model in the catalogue, and one version of it, as they are stored.

Chosen: the API's and the database's word for a model is app, because "model" is the actuary's own.
Left out: the manifest's meaning, which is `contract.manifest`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contract.package_lock import PackageLock


@dataclass(frozen=True, slots=True)
class App:
    """A model as the catalogue lists it, with what its current version's manifest says.

    `owner` registered it first. A hidden model is not listed and runs by its address; an archived one takes no runs.
    """

    id: int
    slug: str
    name: str
    description: str
    category: str | None
    tags: tuple[str, ...]
    source: Mapping[str, Any]
    current_version: str | None
    created_at: datetime
    last_run_at: datetime | None = None
    reproduced: int | None = None
    total: int | None = None
    owner: str | None = None
    hidden: bool = False
    archived: bool = False


@dataclass(frozen=True, slots=True)
class AppRef:
    """A model by its names and no more: what a submission needs of it. `closed` takes no runs: a person archived it."""

    id: int
    slug: str
    current_version: str | None
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a model, which never changes. `hash` is the content hash, `archive` the hash of its stored files.

    `lock` has the packages that it needs beyond the standard set. The score of its reference cases changes, and is read
    apart.
    """

    app_id: int
    hash: str
    manifest: Mapping[str, Any]
    cases: Sequence[Any]
    archive: str
    created_at: datetime
    label: str | None = None
    git_commit: str | None = None
    readme: str | None = None
    created_by: str | None = None
    source: Mapping[str, Any] = field(default_factory=dict)
    lock: PackageLock | None = None
