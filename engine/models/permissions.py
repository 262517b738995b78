"""What a run of a model may reach and know, looked up when it is needed and never kept.

Chosen: one statement, and only for a version whose manifest names a host or a secret, at each run: what is revoked is
missing from the next run on.
Left out: giving and revoking, which is `engine.models.grants`, and values of secrets (`engine.secrets.values`).
"""

from contract.access import Access
from contract.manifest import Manifest
from storage import grants
from storage.database import Database


def resolve_access(database: Database, app_id: int, manifest: Manifest) -> Access:
    """Return what the manifest names and what of it the model was granted."""
    if not manifest.network and not manifest.secrets:
        return Access()
    with database.read() as conn:
        granted = grants.list_grants(conn, app_id)
    return Access.from_grants(manifest.network, manifest.secrets, granted)
