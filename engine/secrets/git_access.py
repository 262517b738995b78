"""Where a repository may be fetched from, its host's access token taken from the secrets where the setting says so.

Chosen: `TONTINE_GIT_TOKENS` names a secret as `host=secret:NAME`, so that a token can be replaced without a restart.
Left out: keys for ssh, which git reads from a file.
"""

from dataclasses import replace
from urllib.parse import urlsplit

from contract.errors import SecretError, SourceError
from engine.processes.context import AppContext
from engine.secrets.values import read_secret
from registry.git_address import GitAccess

STORED = "secret:"  # what a token begins with that names a secret


def git_access(context: AppContext, url: str) -> GitAccess:
    """Return where repositories may come from, with the token of the address's host.

    Raises:
        SourceError: the host's token is a secret that has no value, or one that cannot be decrypted here.
    """
    try:
        host = (urlsplit(url.strip()).hostname or "").rstrip(".")
    except ValueError:
        return context.git  # the address is refused where it is read
    token = context.git.tokens.get(host, "")
    if not token.startswith(STORED):
        return context.git
    try:
        value = read_secret(context.database, context.cipher, token.removeprefix(STORED))
    except SecretError as error:
        raise SourceError(error.problems) from error
    return replace(context.git, tokens={**context.git.tokens, host: value})
