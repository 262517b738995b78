"""Where packages come from: the index that an administrator named, or what pip and uv of this machine are set to.

Chosen: uv installs, with an environment that is put together here and holds nothing else. Without a setting it gets
what pip is configured for, as the installation of Tontine itself does, and the variables of uv and of proxies.
Left out: running uv, which is `registry.uv_process`.
"""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from contract.errors import RequirementsError
from contract.problems import Problem

NONE = "none"  # the setting that installs nothing
SECTIONS = ("global", "install", ":env:")  # of pip's configuration; a later one counts more, as for pip
PIP_TIMEOUT = 30.0  # s
# What certificates, proxies and indexes need; cache, installation folders and the like are not passed on.
PASSED_ON = re.compile(
    r"UV_(DEFAULT_INDEX|INDEX|INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX|INDEX_STRATEGY|INSECURE_HOST|HTTP_TIMEOUT|"
    r"CONFIG_FILE|SYSTEM_CERTS|NATIVE_TLS|OFFLINE|EXCLUDE_NEWER|INDEX_[A-Z0-9_]+_(USERNAME|PASSWORD))"
    r"|SSL_CERT_(FILE|DIR)|SSL_CLIENT_CERT|(HTTPS?|ALL|NO)_PROXY",
    re.IGNORECASE,
)
INDEXES = re.compile(r"UV_(DEFAULT_INDEX|INDEX|INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX|CONFIG_FILE)")


@dataclass(frozen=True, slots=True)
class PackageIndex:
    """Where packages come from, and how much of them.

    Args:
        urls: the indexes that an administrator named, asked in this order: the first that has a package gives it. Empty
            for what this machine is configured for, `none` to install nothing.
        environment: this machine's variables, of which those that concern packages are used.
        overlay_mb: megabytes that the packages of one model may take.
        total_mb: megabytes that all of them may take on this host.
    """

    urls: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    overlay_mb: int = 1_000
    total_mb: int = 8_000

    @property
    def closed(self) -> bool:
        """Whether nothing is installed for models here."""
        return self.urls == (NONE,)

    def variables(self) -> dict[str, str]:
        """Return the environment that uv gets."""
        passed_on = {name: value for name, value in self.environment.items() if PASSED_ON.fullmatch(name)}
        found = {**_pip_configuration(tuple(sorted(self.environment.items()))), **passed_on}
        if not self.urls:
            # As pip does, look at all indexes for the version wanted; the hashes say which file is the right one.
            return {"UV_INDEX_STRATEGY": "unsafe-best-match", **found}
        # uv asks its default index last.
        named = {"UV_DEFAULT_INDEX": self.urls[-1], "UV_INDEX": " ".join(self.urls[:-1]), "UV_NO_CONFIG": "1"}
        return {
            **{name: value for name, value in found.items() if not INDEXES.fullmatch(name)},
            **{name: value for name, value in named.items() if value},
        }


def find_uv() -> str:
    """Return the path of uv.

    Raises:
        RequirementsError: it is not installed.
    """
    try:
        import uv

        return str(uv.find_uv_bin())
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv")
    if found is None:
        problem = Problem("requirements", "uv, which installs packages, is not there", "An administrator installs it.")
        raise RequirementsError([problem])
    return found


@lru_cache(maxsize=4)
def _pip_configuration(environment: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Return what pip is configured for, as uv's variables: `environment` names pip's files and overrides them."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    try:
        done = subprocess.run(  # noqa: S603 - our own command
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=PIP_TIMEOUT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return {}
    found: dict[str, str] = {}
    for section in SECTIONS:
        for line in done.stdout.splitlines():
            key, _, value = line.partition("=")
            if key.startswith(section + ".") and value[:1] in {"'", '"'}:
                found[key[len(section) + 1 :]] = str(ast.literal_eval(value))
    proxy = found.get("proxy", "")
    wanted = {
        "UV_DEFAULT_INDEX": found.get("index-url", ""),
        "UV_INDEX": " ".join(found.get("extra-index-url", "").split()),
        "UV_FIND_LINKS": ",".join(found.get("find-links", "").split()),
        "UV_NO_INDEX": "1" if found.get("no-index", "").lower() in {"1", "true", "yes", "on"} else "",
        "UV_INSECURE_HOST": " ".join(found.get("trusted-host", "").split()),
        "UV_HTTP_TIMEOUT": found.get("timeout", found.get("default-timeout", "")),
        "SSL_CERT_FILE": found.get("cert", ""),
        "SSL_CLIENT_CERT": found.get("client-cert", ""),
        "HTTP_PROXY": proxy,
        "HTTPS_PROXY": proxy,
    }
    return {name: value for name, value in wanted.items() if value}
