"""Registering models over HTTP: from a git repository or an archive, in one call or in steps.

Chosen: POST /apps/register does it all, as the MCLAVIER Marketplace's clients expect: it fetches, waits for the checks
and publishes what passed. The steps are there for callers that want to see the results first.
Left out: uploading a folder file by file. A client packs it.
"""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from api.auth import CurrentActor
from api.schemas import AppSummary
from contract.errors import SourceError
from contract.problems import Problem
from contract.registration import Registration
from engine.models import registration
from engine.processes import context as contexts

router = APIRouter(tags=["registration"])

ZIP = {"schema": {"type": "string", "format": "binary"}}
LONGEST_WAIT = 300.0  # s for the checks of a model


class RepositoryRequest(BaseModel):
    """A model's folder in a git repository."""

    model_config = ConfigDict(extra="ignore")

    repo_url: str = Field("", description="https address of the repository")
    branch: str | None = Field(None, description="branch, tag or full commit; the default branch without it")
    subfolder: str | None = Field(None, description="the model's folder; the repository itself without it")
    slug: str | None = Field(None, description="the name of a new model in addresses")


class CheckBody(BaseModel):
    """How one check ended: pass, warning or fail."""

    check: str
    level: str
    found: str
    where: str
    hint: str
    detail: str


class RegistrationBody(BaseModel):
    """A model that is being registered. `app_id` is the model that it makes a new version of."""

    id: str
    status: str
    slug: str
    app_id: int | None
    version: str
    source: dict[str, Any]
    git_commit: str | None
    checks: list[CheckBody]
    created_by: str
    created_at: datetime

    @classmethod
    def of(cls, found: Registration) -> "RegistrationBody":
        """Return the body for a registration."""
        return cls(
            id=str(found.id),
            status=str(found.status),
            slug=found.slug,
            app_id=found.app_id,
            version=found.version,
            source=dict(found.source),
            git_commit=found.git_commit,
            checks=[CheckBody(**result.as_dict()) for result in found.checks],
            created_by=found.created_by,
            created_at=found.created_at,
        )


@router.post("/apps/register")
def register_app(body: RepositoryRequest, actor: CurrentActor) -> AppSummary:
    """Fetch a model, check it and publish it. 422 names what is wrong with the address or the model."""
    context = contexts.current()
    app = registration.register_at_once(
        context, body.repo_url, LONGEST_WAIT, branch=body.branch, subfolder=body.subfolder, slug=body.slug, actor=actor
    )
    return AppSummary.of(app)


@router.post("/registrations", status_code=202)
def start_registration(body: RepositoryRequest, actor: CurrentActor) -> RegistrationBody:
    """Fetch a model from git and queue its checks; GET the registration to see them."""
    found = registration.register_from_git(
        contexts.current(), body.repo_url, branch=body.branch, subfolder=body.subfolder, slug=body.slug, actor=actor
    )
    return RegistrationBody.of(found)


@router.post(
    "/registrations/archive",
    status_code=202,
    openapi_extra={"requestBody": {"required": True, "content": {"application/zip": ZIP}}},
)
async def start_from_archive(
    request: Request,
    actor: CurrentActor,
    filename: Annotated[str, Query(max_length=200)] = "model.zip",
    subfolder: str | None = None,
    slug: str | None = None,
) -> RegistrationBody:
    """Take a zip archive as the request's body and queue the checks of the model in it."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > registration.ARCHIVE_BYTES:
            found = f"it is larger than {registration.ARCHIVE_BYTES // 1_000_000} MB"
            raise SourceError([Problem("archive", found, "Leave out what the model does not need.")])
    started = await run_in_threadpool(
        registration.register_from_archive,
        contexts.current(),
        bytes(content),
        filename,
        subfolder=subfolder,
        slug=slug,
        actor=actor,
    )
    return RegistrationBody.of(started)


@router.get("/registrations")
def list_registrations(actor: CurrentActor) -> list[RegistrationBody]:
    """List the newest registrations that are not published."""
    return [RegistrationBody.of(r) for r in registration.list_registrations(contexts.current(), actor=actor)]


@router.get("/registrations/{registration_id}")
def get_registration(
    registration_id: UUID,
    actor: CurrentActor,
    wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT, description="seconds to wait for the checks' end")] = 0,
) -> RegistrationBody:
    """Return a registration with the results so far."""
    context = contexts.current()
    if wait:
        return RegistrationBody.of(registration.wait_for_checks(context, registration_id, wait, actor=actor))
    return RegistrationBody.of(registration.find_registration(context, registration_id, actor=actor))


@router.post("/registrations/{registration_id}/publish")
def publish_registration(registration_id: UUID, actor: CurrentActor) -> AppSummary:
    """Make the checked model, or the new version of one, current in the catalogue."""
    return AppSummary.of(registration.publish(contexts.current(), registration_id, actor=actor))


@router.delete("/registrations/{registration_id}", status_code=204)
def discard_registration(registration_id: UUID, actor: CurrentActor) -> None:
    """Delete a registration that is not published, with its files."""
    registration.discard(contexts.current(), registration_id, actor=actor)
