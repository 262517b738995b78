"""Values of secrets over HTTP: which have one, set by whom and when; to set and to delete.

Chosen: no route answers with a value, and no error repeats what was sent.
Left out: granting a secret to a model, which is a command on the server's host.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, SecretStr

from api.auth import CurrentActor
from contract.secret import SecretStatus
from engine.processes import context as contexts
from engine.secrets import manage

router = APIRouter(tags=["secrets"])

Name = Annotated[str, Path(max_length=200, description="as a manifest names it, such as API_KEY")]


class SecretValue(BaseModel):
    """The value of a secret: at least 8 characters."""

    model_config = ConfigDict(extra="forbid")

    value: SecretStr


class SecretBody(BaseModel):
    """A secret that has a stored value, or that a model asks for; its value is nowhere in the API."""

    name: str
    set_by: str | None
    set_at: datetime | None
    granted_to: list[str]
    asked_by: list[str]

    @classmethod
    def of(cls, secret: SecretStatus) -> "SecretBody":
        """Return the body for `secret`."""
        stored = secret.stored
        return cls(
            name=secret.name,
            set_by=stored.set_by if stored else None,
            set_at=stored.set_at if stored else None,
            granted_to=list(secret.granted_to),
            asked_by=list(secret.asked_by),
        )


class StoredBody(BaseModel):
    """A secret's value as it was stored: by whom and when."""

    name: str
    set_by: str
    set_at: datetime


@router.get("/secrets")
def list_secrets(actor: CurrentActor) -> list[SecretBody]:
    """List the secrets that have a stored value or that a model asks for, by name."""
    return [SecretBody.of(secret) for secret in manage.list_secrets(contexts.current(), actor=actor)]


@router.put("/secrets/{name}")
def set_secret(name: Name, body: SecretValue, actor: CurrentActor) -> StoredBody:
    """Store a secret's value, encrypted, in place of the one before. It is not shown again."""
    stored = manage.set_secret(contexts.current(), name, body.value.get_secret_value(), actor=actor)
    return StoredBody(name=stored.name, set_by=stored.set_by, set_at=stored.set_at)


@router.delete("/secrets/{name}", status_code=204)
def delete_secret(name: Name, actor: CurrentActor) -> None:
    """Delete a secret's stored value. Workers may still have one in their environment."""
    manage.delete_secret(contexts.current(), name, actor=actor)
