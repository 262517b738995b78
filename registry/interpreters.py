"""The Pythons of this host: those that uv finds installed, for models that ask for another one than the installation's.

Chosen: uv looks, because it knows its own installations, the system's and those on the path; it never fetches one. Each
that it names is started once and asked what it is: a name on the path may lead to nothing.
Left out: installing one, which is an administrator's (`uv python install 3.12`).
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract.errors import InterpreterError
from contract.manifest import OLDEST_PYTHON
from contract.problems import Problem
from registry.package_index import find_uv

TIMEOUT = 60.0  # s for uv's list
START_TIMEOUT = 20.0  # s for an interpreter to say what it is
# What tells uv where Pythons are.
PASSED_ON = ("HOME", "PATH", "XDG_DATA_HOME", "XDG_BIN_HOME", "UV_PYTHON_INSTALL_DIR", "UV_PYTHON_BIN_DIR")
_ABOUT = """
import json, sys, sysconfig
print(json.dumps({
    "name": sys.implementation.name,
    "version": "%d.%d.%d" % sys.version_info[:3],
    "final": sys.version_info[3] == "final",
    "executable": sys.executable,
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
}))
"""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python of this host: its full version, such as 3.12.4, and where it is."""

    version: str
    executable: Path

    @property
    def python(self) -> str:
        """The version as a manifest and a lock name it, such as 3.12."""
        return ".".join(self.version.split(".")[:2])


def host_python() -> str:
    """Return the installation's own Python as locks name it, such as 3.11."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


class Interpreters:
    """Finds the Pythons of this host, and remembers those it has found for as long as they are there.

    Args:
        environment: this machine's variables, of which those that say where Pythons are are used.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._found: dict[str, tuple[Interpreter, tuple[int, int]]] = {}

    def find(self, python: str) -> Interpreter:
        """Return the newest installed Python of a version such as 3.12.

        Raises:
            InterpreterError: there is none.
        """
        known = self._found.get(python)
        if known is not None and _identity(known[0].executable) == known[1]:
            return known[0]
        there = self.list_all()
        found = next((one for one in there if one.python == python), None)
        identity = None if found is None else _identity(found.executable)
        if found is None or identity is None:
            listed = ", ".join(dict.fromkeys(one.version for one in there)) or "no other"
            missing = f"Python {python} is not on this host: Tontine's own is {host_python()}, and uv finds {listed}"
            hint = f"An administrator installs it (uv python install {python}), or the author changes the key."
            raise InterpreterError([Problem("python", missing, hint)])
        self._found[python] = found, identity
        return found

    def list_all(self) -> list[Interpreter]:
        """Return the Pythons that can be used, the newest first.

        Raises:
            RequirementsError: uv is not there.
        """
        found = []
        for path in dict.fromkeys(self._paths()):
            about = self._ask(path)
            # Free-threaded ones and those of another kind have wheels of their own, which models would not expect.
            if about is None or about["name"] != "cpython" or about["free_threaded"] or not about["final"]:
                continue
            found.append(Interpreter(about["version"], Path(about["executable"])))
        oldest = _key(OLDEST_PYTHON)
        return sorted((f for f in found if _key(f.version) >= oldest), key=lambda f: _key(f.version), reverse=True)

    def _paths(self) -> list[str]:
        with tempfile.TemporaryDirectory(prefix="tontine-uv-") as empty:
            # Elsewhere than in a project, whose settings would count.
            command = [find_uv(), "python", "list", "--only-installed", "--output-format", "json", "--color=never"]
            variables = {**self._variables, "UV_NO_CONFIG": "1", "UV_NO_CACHE": "1", "UV_PYTHON_DOWNLOADS": "never"}
            try:
                done = subprocess.run(  # noqa: S603 - our own command
                    command, capture_output=True, text=True, check=False, timeout=TIMEOUT, cwd=empty, env=variables,
                    stdin=subprocess.DEVNULL,
                )  # fmt: skip
                listed = json.loads(done.stdout)
            except (OSError, ValueError, subprocess.TimeoutExpired):
                return []
        return [str(one["path"]) for one in listed if one.get("implementation") == "cpython" and one.get("path")]

    def _ask(self, path: str) -> dict[str, Any] | None:
        """Return what an interpreter says of itself, or None where it does not start."""
        try:
            done = subprocess.run(  # noqa: S603 - an administrator installed it
                [path, "-I", "-S", "-c", _ABOUT],
                capture_output=True,
                text=True,
                check=True,
                timeout=START_TIMEOUT,
                env=self._variables,
                stdin=subprocess.DEVNULL,
            )
            return dict(json.loads(done.stdout))
        except (OSError, ValueError, subprocess.SubprocessError):
            return None

    @property
    def _variables(self) -> dict[str, str]:
        given = {name: self._environment[name] for name in PASSED_ON if self._environment.get(name)}
        return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", **given}


def _key(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _identity(executable: Path) -> tuple[int, int] | None:
    """Return what changes where a file is replaced, None where it is gone."""
    try:
        status = executable.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns
