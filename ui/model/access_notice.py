"""What a model may reach and know, and what it asks for in vain, as a line under its name.

Chosen: said on the page that runs it, because an analyst must know before a run that a model talks to a host.
Left out: granting, which is an administrator's command (docs/06-operators-guide.md).
"""

import streamlit as st

from contract.access import GrantKind, grant_command
from contract.app import App
from contract.manifest import Manifest
from ui.shell import cached
from ui.shell.markup import code


def show_access(app: App, manifest: Manifest) -> None:
    """Show the hosts and secrets that the model asks for; nothing where it asks for none."""
    if not manifest.network and not manifest.secrets:
        return
    access = cached.access(app.id, manifest)
    said = [
        (":material/public:", "may reach", tuple(h for h in access.hosts if h not in access.private_hosts)),
        (":material/lan:", "may reach, also at a private address", access.private_hosts),
        (":material/public_off:", "asks for (not granted)", access.hosts_missing),
        (":material/key:", "may know", access.secrets),
        (":material/key_off:", "asks for the secret (not granted)", access.secrets_missing),
    ]
    parts = [f"{icon} {words}: {', '.join(code(name) for name in names)}" for icon, words, names in said if names]
    st.caption(" · ".join(parts))
    if manifest.gateway and (access.hosts_missing or access.secrets_missing):
        commands = [grant_command(app.slug, GrantKind.HOST, host) for host in access.hosts_missing]
        commands += [grant_command(app.slug, GrantKind.SECRET, name) for name in access.secrets_missing]
        st.info(
            f"This model speaks to the AI gateway {code(cached.gateway_host())}, which is not granted to it yet. An "
            "administrator sets the secret's value on the page Secrets and grants it:\n\n"
            + "\n".join(f"    {command}" for command in commands)
            + "\n\nA gateway inside the office, at a private address, is granted by `--private-host` instead of "
            "`--host`. Another gateway is named by `TONTINE_GATEWAY_URL`.",
            icon=":material/hub:",
        )
