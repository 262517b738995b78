"""Choose the versions of the packages that a model asks for: uv resolves them, with the standard set as constraints.

Chosen: the versions of the standard set are fixed, so that what a run finds loaded is what its packages were chosen
for. Only wheels for the Python that runs the model count. A refusal names the package and says in words what is in
the way. For another Python than the installation's the standard set is chosen first, at the installation's versions.
Left out: installing, which is `registry.overlays`.
"""

import re
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from contract.errors import InterpreterError, RequirementsError
from contract.package_lock import LockedPackage, PackageLock
from contract.problems import Problem
from registry.interpreters import Interpreter
from registry.package_index import PackageIndex
from registry.requirements import STANDARD, standard_set
from registry.uv_process import HOST, UvError, run_uv

TIMEOUT = 180.0  # s
MAX_PACKAGES = 100
WORDS = 700  # characters of uv's own explanation
_PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)")
_HASH = re.compile(r"--hash=(sha(?:256|384|512):[0-9a-f]+)")
_USER = re.compile(r"(?<=://)[^/@\s]+@")
_END = re.compile(r",? ?(we can conclude that )?your requirements are unsatisfiable\.?$")
_MISSING = re.compile(r"\b([\w.-]+) was not found in the package registry")
_NO_WHEEL = re.compile(r"\b([\w.-]+?)(?:==(\S+))? has no (usable )?wheels")
_PYTHON = re.compile(r"\b([\w.-]+?)(?:==(\S+))? requires Python ?([^\s,]+)|current Python version")
_NETWORK = re.compile(
    r"error sending request|Request failed|Failed to fetch|Could not connect|timed out|dns error|client error",
    re.IGNORECASE,
)


def resolve(
    index: PackageIndex,
    requirements: Sequence[str],
    python: str,
    *,
    executable: str = sys.executable,
    standard: Mapping[str, str] | None = None,
    folder: Path | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> PackageLock | None:
    """Return the packages that meet the requirements, or None where the standard set meets them.

    Args:
        index: where packages come from.
        requirements: those that the standard set does not meet by itself.
        python: the Python that they are for, such as 3.11.
        executable: that Python; the installation's own without it.
        standard: the version of each package that every model has there; what is installed here without it.
        folder: where a temporary folder is made; the system's without it.
        stopped: asked again and again; resolving is given up where it says yes.

    Raises:
        RequirementsError: they cannot be met, or the index cannot be asked.
    """
    if index.closed:
        hint = "Do without it, or ask an administrator to set TONTINE_PACKAGE_INDEX."
        raise RequirementsError(
            [
                Problem(f"requirements: {t}"[:200], "no packages are installed for models here", hint)
                for t in requirements
            ]
        )
    standard = standard_set() if standard is None else standard
    try:
        answer = _compile(index, requirements, executable, standard, folder, stopped)
    except UvError as error:
        raise RequirementsError([explain(str(error), requirements, standard)]) from error
    packages = tuple(p for p in _read_packages(answer) if p.name not in standard)
    if len(packages) > MAX_PACKAGES:
        found = f"they need {len(packages)} packages, and {MAX_PACKAGES} are allowed"
        raise RequirementsError([Problem("requirements", found, "Ask for less.")])
    return PackageLock(python, packages) if packages else None


def resolve_standard(
    index: PackageIndex,
    interpreter: Interpreter,
    *,
    folder: Path | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> tuple[LockedPackage, ...]:
    """Return the standard set for another Python, at the versions that are installed here.

    Raises:
        InterpreterError: one of its packages has no wheel for that Python.
        RequirementsError: the index cannot be asked.
    """
    python = interpreter.python
    if index.closed:
        found = f"no packages are installed for models here, and Python {python} needs those that every model has"
        hint = "Leave the key out, or ask an administrator to set TONTINE_PACKAGE_INDEX."
        raise InterpreterError([Problem("python", found, hint)])
    standard = standard_set()
    wanted = [f"{name}=={standard[name]}" for name in STANDARD if name in standard]
    try:
        answer = _compile(index, wanted, str(interpreter.executable), standard, folder, stopped)
    except UvError as error:
        problem = explain(str(error), wanted, standard)
        if _NETWORK.search(problem.message):
            raise RequirementsError([problem]) from error
        found = f"what every model has cannot be installed for Python {python}: {problem.message}"
        hint = "Ask for a Python that these packages have wheels for, or leave the key out."
        raise InterpreterError([Problem("python", found, hint)]) from error
    return _read_packages(answer)


def _compile(
    index: PackageIndex,
    requirements: Sequence[str],
    executable: str,
    constraints: Mapping[str, str],
    folder: Path | None,
    stopped: Callable[[], bool],
) -> str:
    """Return what uv chooses, as a requirements file with hashes."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-resolve-", dir=folder, ignore_cleanup_errors=True) as name:
        home = Path(name)
        (home / "standard.txt").write_text("".join(f"{n}=={v}\n" for n, v in constraints.items()))
        arguments = ["compile", "-", "--constraints", "standard.txt", "--generate-hashes", "--no-header"]
        return run_uv(
            index,
            [*arguments, "--no-annotate", "--quiet"],
            folder=home,
            timeout=TIMEOUT,
            python=executable,
            given="".join(f"{text}\n" for text in requirements),
            stopped=stopped,
        )


def _read_packages(answer: str) -> tuple[LockedPackage, ...]:
    """Return the packages of a requirements file with hashes, by name."""
    packages = []
    for entry in answer.replace("\\\n", " ").splitlines():
        if not entry.strip() or entry.lstrip().startswith("#"):
            continue
        pinned, hashes = _PINNED.match(entry), tuple(sorted(set(_HASH.findall(entry))))
        if pinned is None or not hashes:
            found = f"a package is not identified by version and hash ({entry.strip()[:100]})"
            raise RequirementsError([Problem("requirements", found, "Ask for packages of an index that has hashes.")])
        packages.append(LockedPackage(canonicalize_name(pinned[1]), pinned[2], hashes))
    return tuple(sorted(packages, key=lambda p: p.name))


def explain(text: str, requirements: Sequence[str], standard: Mapping[str, str]) -> Problem:
    """Return what uv said as a problem: where, what is in the way, and what to do."""
    words = _USER.sub("", " ".join(text.split("\nhint:", maxsplit=1)[0].split()))
    words = words.removeprefix("error: ").replace("No solution found when resolving dependencies cause: ", "")
    words = _END.sub("", words).removesuffix(", and").strip()[:WORDS]
    where = _where(words, requirements)
    if missing := _MISSING.search(words):
        found = f"the package {missing[1]} is not in the package index ({words})"
        return Problem(where, found, "Check its spelling, or ask an administrator for an index that has it.")
    if other := _PYTHON.search(words):
        what = " ".join(part for part in other.groups()[:2] if part) or "a package"
        found = f"{what} needs another version of Python ({words})"
        return Problem(where, found, "Ask for a version of the package that works with the Python named here.")
    if wheel := _NO_WHEEL.search(words):
        what = " ".join(part for part in wheel.groups()[:2] if part)
        found = f"{what} has no wheel for this host ({words})"
        return Problem(where, found, "Ask for a version that has one: nothing is built from source here.")
    if _NETWORK.search(words):
        return Problem(where, f"the package index cannot be asked ({words})", HOST)
    fixed = [f"{name} {version}" for name, version in standard.items() if f"{name}=={version}" in words]
    if fixed:
        found = f"it conflicts with {', '.join(fixed)}, which every model gets ({words})"
        return Problem(where, found, f"Ask for versions that work with {', '.join(fixed)}.")
    return Problem(where, f"no versions meet the requirements together ({words})", "Correct the versions asked for.")


def _where(words: str, requirements: Sequence[str]) -> str:
    """Return the requirements that uv's words name, or all of them."""
    named = [
        text for text in requirements if re.search(rf"(?<![\w.-]){re.escape(Requirement(text).name)}(?![\w-])", words)
    ]
    return f"requirements: {', '.join(named or requirements)}"[:200]
