"""What a model asks its installation for, hosts and secrets, and what of it an administrator has granted.

Chosen: a grant is a model's, not a version's, and counts only while the version that runs names the same host or secret
itself; whatever reads a manifest, runs a model or draws its page asks the one value below.
Left out: secrets' values, which no part of the contract ever holds.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contract.errors import NotGrantedError
from contract.problems import Problem

# One label or several, as the name system allows them, and perhaps a port.
_HOST = re.compile(r"(?!.{254})([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*(:\d{1,5})?")
_SECRET = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
RESERVED = frozenset({"HOME", "TMPDIR", "PATH", "LANG"})  # what a run's environment holds already


class GrantKind(StrEnum):
    """What can be granted."""

    HOST = "host"
    SECRET = "secret"  # noqa: S105 - the word, not one
    PRIVATE_HOST = "private host"  # a host, also where its address is not on the public internet


@dataclass(frozen=True, slots=True)
class Grant:
    """A host or secret that an administrator granted to a model."""

    kind: GrantKind
    name: str
    granted_by: str
    granted_at: datetime


@dataclass(frozen=True, slots=True)
class Access:
    """The hosts and secrets that a manifest names, each either granted or missing.

    `private_hosts` are those of `hosts` that may have an address which is not on the public internet.
    """

    hosts: tuple[str, ...] = ()
    hosts_missing: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    secrets_missing: tuple[str, ...] = ()
    private_hosts: tuple[str, ...] = ()

    @classmethod
    def from_grants(cls, network: Iterable[str], secrets: Iterable[str], granted: Iterable[Grant]) -> "Access":
        """Return what a manifest names, split into what was granted and what is missing.

        Args:
            network: the hosts it names.
            secrets: the secrets it names.
            granted: the model's grants, whatever version they were given for.
        """
        known = {(grant.kind, grant.name) for grant in granted}
        network, secrets = tuple(network), tuple(secrets)
        private = tuple(h for h in network if (GrantKind.PRIVATE_HOST, h) in known)
        hosts = tuple(h for h in network if (GrantKind.HOST, h) in known or h in private)
        return cls(
            hosts=hosts,
            hosts_missing=tuple(h for h in network if h not in hosts),
            private_hosts=private,
            secrets=tuple(s for s in secrets if (GrantKind.SECRET, s) in known),
            secrets_missing=tuple(s for s in secrets if (GrantKind.SECRET, s) not in known),
        )

    def require_secrets(self, slug: str) -> None:
        """Refuse where a secret is missing.

        Raises:
            NotGrantedError: with a problem for each missing secret.
        """
        problems = [
            Problem(
                f"secrets.{name}",
                f"the model {slug} needs the secret {name}, which it was not granted",
                f"An administrator grants it: {grant_command(slug, GrantKind.SECRET, name)}.",
            )
            for name in self.secrets_missing
        ]
        if problems:
            raise NotGrantedError(problems)

    def require_hosts(self, slug: str) -> None:
        """Refuse where a host is missing: for models that can do nothing without it.

        Raises:
            NotGrantedError: with a problem for each missing host.
        """
        problems = [
            Problem(
                f"network.{name}",
                f"the model {slug} needs the host {name}, which it was not granted",
                f"An administrator grants it: {grant_command(slug, GrantKind.HOST, name)}.",
            )
            for name in self.hosts_missing
        ]
        if problems:
            raise NotGrantedError(problems)

    def denial_messages(self, slug: str) -> dict[str, str]:
        """Return the message for a run that tries to reach a host that was not granted, by host."""
        return {
            host: f"{host} is not granted to the model {slug}. An administrator grants it: "
            f"{grant_command(slug, GrantKind.HOST, host)}"
            for host in self.hosts_missing
        }


def grant_command(slug: str, kind: GrantKind, name: str) -> str:
    """Return the administrator's command that grants this."""
    return f"python -m engine.commands.grants grant {slug} --{kind.replace(' ', '-')} {name}"


def normalise_host(text: str) -> str:
    """Return a host as it is compared: in lower case, without the dot at the end of a full name."""
    name, colon, port = text.strip().lower().partition(":")
    return name.rstrip(".") + colon + port


def parse_hosts(texts: Collection[str], problems: list[Problem]) -> tuple[str, ...]:
    """Return the hosts of a manifest's `network`, each once; what names no host is a problem."""
    found: dict[str, None] = {}
    for i, text in enumerate(texts):
        name = normalise_host(text)
        if _HOST.fullmatch(name) and int(name.partition(":")[2] or 443) in range(1, 65_536):
            found[name] = None
        else:
            problems.append(
                Problem(
                    f"network[{i}]",
                    f"{text!r} is not a host's name",
                    "Write www.example.com, or with a port www.example.com:8443, without https:// and without a path.",
                )
            )
    return tuple(found)


def parse_secrets(texts: Collection[str], problems: list[Problem]) -> tuple[str, ...]:
    """Return the names of a manifest's `secrets`, each once; what names no variable is a problem."""
    found: dict[str, None] = {}
    for i, text in enumerate(texts):
        if _SECRET.fullmatch(text) and text not in RESERVED:
            found[text] = None
        else:
            problems.append(
                Problem(
                    f"secrets[{i}]",
                    f"{text!r} is not a name for a secret",
                    f"Use letters, digits and _, as in API_KEY, and none of {', '.join(sorted(RESERVED))}.",
                )
            )
    return tuple(found)
