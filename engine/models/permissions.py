"""What a run of a model may reach and know, looked up when it is needed and never kept.

Chosen: one statement, and only for a version whose manifest names a host or a secret, at each run: what is revoked is
missing from the next run on.
Left out: giving and revoking, which is `engine.models.grants`.
"""

from collections.abc import Mapping

from contract.access import Access
from contract.errors import NotGrantedError
from contract.manifest import Manifest
from contract.problems import Problem
from storage import grants
from storage.database import Database


def resolve_access(database: Database, app_id: int, manifest: Manifest) -> Access:
    """Return what the manifest names and what of it the model was granted."""
    if not manifest.network and not manifest.secrets:
        return Access()
    with database.read() as conn:
        granted = grants.list_grants(conn, app_id)
    return Access.from_grants(manifest.network, manifest.secrets, granted)


def secrets_for(slug: str, access: Access, values: Mapping[str, str], worker: str) -> dict[str, str]:
    """Return the values that a run of the model gets to know, by name.

    Args:
        slug: the model.
        access: what it was granted.
        values: every secret that this worker was given.
        worker: its name, for whoever has to set the value.

    Raises:
        NotGrantedError: a secret it needs is not granted, or has no value here.
    """
    access.require_secrets(slug)
    problems = [
        Problem(
            f"secrets.{name}",
            f"the worker {worker} has no value for the secret {name}, which {slug} needs",
            f"An administrator sets TONTINE_SECRET_{name} where workers are started, and starts them again.",
        )
        for name in access.secrets
        if name not in values
    ]
    if problems:
        raise NotGrantedError(problems)
    return {name: values[name] for name in access.secrets}
