"""What a run of a model may reach and know, looked up when it is needed and never kept.

Chosen: one statement, and only for a version whose manifest names a host or a secret, at each run: what is revoked is
missing from the next run on. A model that speaks to the AI gateway asks for the gateway's host of the day: after a
change of the setting it has to be granted the new one.
Left out: giving and revoking, which is `engine.models.grants`, and values of secrets (`engine.secrets.values`).
"""

from contract.access import Access
from contract.gateway import DEFAULT_URL, gateway_host
from contract.manifest import Manifest
from storage import grants
from storage.database import Database


def requested_hosts(manifest: Manifest, gateway_url: str = DEFAULT_URL) -> tuple[str, ...]:
    """Return the hosts that a model asks for: those that its manifest names, and the gateway's where it uses it."""
    own = (gateway_host(gateway_url),) if manifest.gateway else ()
    return (*manifest.network, *(host for host in own if host not in manifest.network))


def resolve_access(database: Database, app_id: int, manifest: Manifest, *, gateway_url: str = DEFAULT_URL) -> Access:
    """Return what the manifest asks for and what of it the model was granted.

    `gateway_url` is the address of the installation's AI gateway.
    """
    if not manifest.network and not manifest.secrets:
        return Access()
    with database.read() as conn:
        granted = grants.list_grants(conn, app_id)
    return Access.from_grants(requested_hosts(manifest, gateway_url), manifest.secrets, granted)
