"""Who may read a run, and its sign-off, over HTTP."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.auth import CurrentActor
from api.schemas import RunSummary
from contract.errors import NotFoundError
from contract.problems import Problem
from contract.run import Visibility
from contract.sign_off import SignOff
from engine.processes import context as contexts
from engine.runs import sign_off as sign_offs
from engine.runs.visibility import set_visibility

router = APIRouter(tags=["runs"])


class VisibilityRequest(BaseModel):
    """Who may read a run besides its owner and administrators: nobody, its owner's team, or everybody."""

    visibility: Visibility


class SignOffRequest(BaseModel):
    """What the second person says of the run."""

    comment: str = Field(default="", max_length=sign_offs.MAX_COMMENT)


class SignOffBody(BaseModel):
    """Who signed a run off, and when."""

    run_id: UUID
    by: str
    comment: str
    at: datetime

    @classmethod
    def of(cls, made: SignOff) -> "SignOffBody":
        """Return the body for `made`."""
        return cls(run_id=made.run_id, by=made.by, comment=made.comment, at=made.at)


@router.put("/runs/{run_id}/visibility")
def change_visibility(run_id: UUID, body: VisibilityRequest, actor: CurrentActor) -> RunSummary:
    """Change who may read a run. For its owner and administrators."""
    return RunSummary.of(set_visibility(contexts.current(), run_id, body.visibility, actor=actor))


@router.get("/runs/{run_id}/sign-off")
def get_sign_off(run_id: UUID, actor: CurrentActor) -> SignOffBody:
    """Return who signed the run off; 404 where nobody has."""
    found = sign_offs.find_sign_off(contexts.current(), run_id, actor=actor)
    if found is None:
        raise NotFoundError([Problem("sign-off", "nobody has signed the run off", "Ask somebody to look at it.")])
    return SignOffBody.of(found)


@router.post("/runs/{run_id}/sign-off", status_code=201)
def sign_off(run_id: UUID, body: SignOffRequest, actor: CurrentActor) -> SignOffBody:
    """Sign off a successful run of somebody else's. It is final and needs a person: a token may not do it."""
    return SignOffBody.of(sign_offs.sign_off(contexts.current(), run_id, body.comment, actor=actor))
