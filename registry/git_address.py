"""Addresses of git repositories: which may be fetched at all, and how two are told to be the same.

Chosen: https on the public internet by default; every other origin is one that an administrator named. A name is
resolved here, once, and git is told the very address that was looked at, so that it cannot point elsewhere a moment
later.
Left out: fetching, which is `registry.git_source`.
"""

import ipaddress
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from contract.errors import SourceError
from contract.problems import Problem
from contract.public_address import is_public

WHERE = "repo_url"
SCHEMES = ("https", "http", "ssh", "file")
PORTS = {"https": 443, "http": 80, "ssh": 22}
LONGEST = 2_000  # characters of an address
_REMOTE_HELPER = re.compile(r"[A-Za-z0-9+.-]+::")
_SHORT_SSH = re.compile(r"[\w.-]+@[\w.-]+:(?!//)\S+")
_REF = re.compile(r"(?!.*(?:\.\.|@\{|//|/\.|\.lock(?:/|$)|[\x00-\x20\x7f~^:?*\[\\]))[^-./][^\n]{0,249}(?<![/.])")
COMMIT = re.compile(r"[0-9a-f]{40}")
SHORT_COMMIT = re.compile(r"[0-9a-f]{7,39}")


@dataclass(frozen=True, slots=True)
class GitAccess:
    """Where repositories may come from besides https on the public internet, as an administrator set it.

    `origins` are `scheme://host` or `scheme://host:port`, also of private addresses, and `file:///folder` for the
    repositories below a folder. `tokens` are for private repositories, by host; `ssh_key` and `known_hosts` are files
    for ssh.
    """

    origins: tuple[str, ...] = ()
    tokens: Mapping[str, str] = field(default_factory=dict, repr=False)
    ssh_key: Path | None = None
    known_hosts: Path | None = None


@dataclass(frozen=True, slots=True)
class GitAddress:
    """A repository that may be fetched. `pinned` are the host's addresses as they were looked at."""

    url: str
    scheme: str
    host: str = ""
    port: int = 0
    pinned: tuple[str, ...] = ()


def check_address(url: str, access: GitAccess) -> GitAddress:
    """Return the repository that `url` names.

    Raises:
        SourceError: it may not be fetched, each reason in words of its own.
    """
    url = url.strip()
    if not url:
        raise refusal("it is empty", "Give the address of a git repository, such as https://github.com/name/models.")
    if len(url) > LONGEST or any(c.isspace() or ord(c) < 32 or ord(c) == 127 for c in url):
        raise refusal("it holds spaces or control characters, or is too long", "Copy the repository's address again.")
    if url.startswith("-"):
        raise refusal("it begins with a dash, as an option of a command does", "Give an address that begins https://.")
    if _REMOTE_HELPER.match(url):
        raise refusal("it names a program to fetch with", "Give an address that begins https://.")
    if _SHORT_SSH.fullmatch(url):
        raise refusal("it is a short form for ssh", f"Write ssh://{url.replace(':', '/', 1)}, or use https://.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise refusal(f"it cannot be read ({error})", "Copy the repository's address again.") from error
    if parts.scheme not in SCHEMES:
        found = f"it begins with {parts.scheme}://" if parts.scheme else "it has no scheme"
        raise refusal(found, "Give an address that begins https://.")
    if parts.query or parts.fragment:
        raise refusal(
            "it has a query or a fragment", "Leave out what begins with ? or #; branch and folder have fields."
        )
    if parts.scheme == "file":
        return _check_folder(parts.netloc, parts.path, access)
    if parts.password is not None or (parts.username is not None and parts.scheme != "ssh"):
        raise refusal(
            "it holds a user name or a password, which would be stored and shown",
            "Leave it out; an administrator stores the token of a private repository in TONTINE_GIT_TOKENS.",
        )
    host = (parts.hostname or "").rstrip(".")
    if not host or host.startswith("-") or (parts.username or "").startswith("-"):
        raise refusal("it names no host", "Give an address such as https://github.com/name/models.")
    if not parts.path.strip("/"):
        raise refusal(f"it names {host} and no repository there", "Give the repository's whole address.")
    port = port or PORTS[parts.scheme]
    allowed = _is_allowed(parts.scheme, host, port, access.origins)
    if parts.scheme != "https" and not allowed:
        raise refusal(
            f"{parts.scheme} is allowed for hosts that an administrator named only, and {host} is not one of them",
            f"Use https://, or ask for {parts.scheme}://{host} in TONTINE_GIT_HOSTS.",
        )
    return GitAddress(url, parts.scheme, host, port, _resolve(host, port, allowed=allowed))


def check_ref(ref: str | None) -> str | None:
    """Return a branch, tag or commit as given; None for the repository's own default.

    Raises:
        SourceError: no branch, tag or commit can be called so.
    """
    ref = (ref or "").strip()
    if not ref:
        return None
    if not _REF.fullmatch(ref):
        problem = Problem("branch", f"{ref[:100]!r} is no name of a branch, tag or commit", "Copy it again.")
        raise SourceError([problem])
    return ref


def check_subfolder(subfolder: str | None) -> str:
    """Return a folder inside the repository, without slashes at its ends; empty for the repository itself.

    Raises:
        SourceError: it leads out of the repository, or no folder can be called so.
    """
    given = (subfolder or "").strip().strip("/")
    path = PurePosixPath(given)
    if given and (
        any(part in {"..", "."} or part.startswith("-") for part in given.split("/"))
        or any(ord(c) < 32 or c in "\\:" for c in given)
        or len(given) > LONGEST
    ):
        raise SourceError(
            [Problem("subfolder", f"{given[:100]!r} is no folder inside the repository", "Give models/lapse, say.")]
        )
    return "" if given == "" else path.as_posix()


def identity(url: str) -> str:
    """Return what two addresses of one repository have in common: scheme and user left out, no `.git`, host small."""
    parts = urlsplit(url.strip())
    host = (parts.hostname or "").lower().rstrip(".")
    port = f":{parts.port}" if parts.port and parts.port != PORTS.get(parts.scheme) else ""
    path = unquote(parts.path).strip("/").removesuffix(".git").rstrip("/")
    return f"{host}{port}/{path}"


def refusal(found: str, hint: str, where: str = WHERE) -> SourceError:
    """Return the error for one thing that is wrong with a repository."""
    return SourceError([Problem(where, found, hint)])


def _check_folder(host: str, path: str, access: GitAccess) -> GitAddress:
    folder = Path(unquote(path)).resolve()
    roots = [
        Path(unquote(urlsplit(origin).path)).resolve() for origin in access.origins if origin.startswith("file://")
    ]
    if host not in {"", "localhost"} or not any(folder.is_relative_to(root) for root in roots):
        raise refusal(
            "folders of this machine are allowed where an administrator named them only",
            "Use https://, or ask for file:///folder in TONTINE_GIT_HOSTS.",
        )
    if not folder.is_dir():
        raise refusal("there is no such folder on this machine", "Correct the address.")
    return GitAddress(f"file://{folder}", "file")


def _is_allowed(scheme: str, host: str, port: int, origins: tuple[str, ...]) -> bool:
    for origin in origins:
        parts = urlsplit(origin)
        if (parts.scheme, (parts.hostname or "").rstrip("."), parts.port or PORTS.get(parts.scheme)) == (
            scheme,
            host,
            port,
        ):
            return True
    return False


def _resolve(host: str, port: int, *, allowed: bool) -> tuple[str, ...]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise refusal(f"the host {host} is not known here ({error})", "Check its spelling, or try again.") from error
    addresses = tuple(dict.fromkeys(str(address[0]) for *_, address in found))
    if not allowed and not all(is_public(address) for address in addresses):
        scheme_hint = f"Ask an administrator for https://{host} in TONTINE_GIT_HOSTS."
        raise refusal(f"{host} has an address that is not on the public internet", scheme_hint)
    return addresses


def is_ip(host: str) -> bool:
    """Return whether a host is written as an address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
