"""Versions of a model over HTTP: list, source, difference, which one is current, and whether the model is listed.

Chosen: a version is named by its content hash or the first twelve or more digits of it.
Left out: deletion. Nothing of a model is ever deleted.
"""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.auth import CurrentActor
from api.schemas import AppSummary
from contract.app import App, Version
from engine.models import lifecycle
from engine.models.catalogue import find_app
from engine.processes import context as contexts

router = APIRouter(tags=["versions"])

Hash = Annotated[str, Query(min_length=12, max_length=64, description="content hash, or its first 12 digits or more")]


class VersionBody(BaseModel):
    """One version of a model; it never changes."""

    hash: str
    label: str | None
    git_commit: str | None
    created_by: str | None
    created_at: datetime
    source: dict[str, Any]
    current: bool
    packages: dict[str, str] = Field(description="versions of the packages it has beyond the standard set, by name")

    @classmethod
    def of(cls, version: Version, app: App) -> "VersionBody":
        """Return the body for a version of `app`."""
        return cls(
            hash=version.hash,
            label=version.label,
            git_commit=version.git_commit,
            created_by=version.created_by,
            created_at=version.created_at,
            source=dict(version.source),
            current=version.hash == app.current_version,
            packages=version.lock.versions if version.lock is not None else {},
        )


class SourceFile(BaseModel):
    """A file of a version; `text` is null where it is no text."""

    name: str
    size: int
    text: str | None


class DifferenceBody(BaseModel):
    """What is different between two versions: in words, and each file's unified difference."""

    manifest: list[str]
    cases: list[str]
    files: list[dict[str, str]]


class CurrentVersion(BaseModel):
    """Which version a model's next runs use."""

    model_config = ConfigDict(extra="forbid")

    version: str = Field(min_length=12, max_length=64, description="content hash of one of its versions")


class Listing(BaseModel):
    """Whether a model is listed and takes runs; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    hidden: bool | None = None
    archived: bool | None = None


class UpdateBody(BaseModel):
    """The newest commit of the branch that a model follows; null where it follows none."""

    commit: str | None
    available: bool


@router.get("/apps/{app_id}/versions")
def list_versions(app_id: int, actor: CurrentActor) -> list[VersionBody]:
    """List the model's versions, the newest first."""
    context = contexts.current()
    app = find_app(context, app_id, actor=actor)
    return [VersionBody.of(version, app) for version in lifecycle.list_versions(context, app, actor=actor)]


@router.get("/apps/{app_id}/source")
def get_source(app_id: int, actor: CurrentActor, version: Hash | None = None) -> list[SourceFile]:
    """Return the files of a version, the current one where none is named."""
    context = contexts.current()
    files = lifecycle.read_source(context, find_app(context, app_id, actor=actor), version, actor=actor)
    return [SourceFile(name=name, size=len(content), text=_text(content)) for name, content in files.items()]


@router.get("/apps/{app_id}/diff")
def get_difference(app_id: int, old: Hash, actor: CurrentActor, new: Hash | None = None) -> DifferenceBody:
    """Compare two versions of the model; `new` is the current one where it is left out."""
    context = contexts.current()
    found = lifecycle.compare_versions(context, find_app(context, app_id, actor=actor), old, new, actor=actor)
    files = [{"name": f.name, "status": f.status, "diff": f.text} for f in found.files]
    return DifferenceBody(manifest=found.manifest, cases=found.cases, files=files)


@router.put("/apps/{app_id}/version")
def set_version(app_id: int, body: CurrentVersion, actor: CurrentActor) -> AppSummary:
    """Roll back to an older version, or forward again; runs keep the version they ran with."""
    context = contexts.current()
    app = find_app(context, app_id, actor=actor)
    return AppSummary.of(lifecycle.set_current_version(context, app, body.version, actor=actor))


@router.patch("/apps/{app_id}/listing")
def set_listing(app_id: int, body: Listing, actor: CurrentActor) -> AppSummary:
    """Hide, archive or restore a model. An archived one takes no runs; its runs stay."""
    context = contexts.current()
    app = find_app(context, app_id, actor=actor)
    if body.hidden is not None:
        app = lifecycle.set_hidden(context, app, hidden=body.hidden, actor=actor)
    if body.archived is not None:
        app = lifecycle.set_archived(context, app, archived=body.archived, actor=actor)
    return AppSummary.of(app)


@router.get("/apps/{app_id}/update")
def get_update(app_id: int, actor: CurrentActor) -> UpdateBody:
    """Ask the model's repository whether its branch has moved."""
    context = contexts.current()
    found = lifecycle.find_update(context, find_app(context, app_id, actor=actor), actor=actor)
    return UpdateBody(commit=found.commit if found else None, available=bool(found and found.available))


def _text(content: bytes) -> str | None:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None
