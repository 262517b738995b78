"""The packages that a model asks for: which of them every model has, and which have to be installed for it.

Chosen: the standard set is what a run finds loaded or is promised by the guide, with what that needs. A requirement on
it is met by the version that is installed, or refused by name. Everything else that happens to be installed beside
Tontine may change with its next release, so that it is installed for the model like any other package.
Left out: resolving and installing, which are `registry.package_resolution` and `registry.overlays`.
"""

from collections.abc import Iterable
from functools import lru_cache
from importlib import metadata

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from contract.problems import Problem

# What a run finds loaded, what the guide promises, and what closes a run in.
STANDARD = ("numpy", "pandas", "scipy", "pyarrow", "orjson", "httpx", "landlockpy", "pyseccomp")
SHARED_LIBRARY = "tontine-actuarial"  # it comes with Tontine; its version is checked with the manifest
MAX_REQUIREMENTS = 50
LONGEST = 500  # characters of one


@lru_cache(maxsize=1)
def standard_set() -> dict[str, str]:
    """Return the version of each package that every model has, by its normalised name."""
    found: dict[str, str] = {}
    waiting = list(STANDARD)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # what is not for this system
        found[name] = distribution.version
        for text in distribution.requires or ():
            needed = Requirement(text)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                waiting.append(needed.name)
    return dict(sorted(found.items()))


def find_missing(requirements: Iterable[str], python: str | None = None) -> tuple[list[Problem], list[str]]:
    """Return a problem for each requirement that cannot be met, and the requirements that are to be installed.

    Args:
        requirements: those of a manifest.
        python: the full version of the Python that they are for; without it, the installation's own.
    """
    environment = {}
    if python is not None:
        environment = {"python_version": python.rpartition(".")[0], "python_full_version": python}
    problems: list[Problem] = []
    missing: list[str] = []
    for i, text in enumerate(requirements):
        if i == MAX_REQUIREMENTS:
            found = f"there are more than {MAX_REQUIREMENTS} requirements"
            problems.append(Problem("requirements", found, "Name the packages that the code imports, and no others."))
            break
        where = f"requirements: {text!r}"[:200] if not text.isprintable() else f"requirements: {text}"[:200]
        if not text.isprintable() or len(text) > LONGEST:  # a second line would be an option of uv
            found = f"it holds control characters, or more than {LONGEST} characters"
            problems.append(Problem(where, found, "Write it as numpy>=2, say."))
            continue
        try:
            wanted = Requirement(text)
        except InvalidRequirement as error:
            found = f"it is no requirement ({str(error).splitlines()[0]})"
            problems.append(Problem(where, found, "Write it as numpy>=2, say."))
            continue
        name = canonicalize_name(wanted.name)
        if wanted.url:
            problems.append(Problem(where, "it names an address to install from", "Name the package alone."))
        elif name == SHARED_LIBRARY or not (wanted.marker is None or wanted.marker.evaluate(environment)):
            continue
        elif name in standard_set() and not wanted.specifier.contains(standard_set()[name], prereleases=True):
            problems.append(_standard_conflict(where, wanted, standard_set()[name]))
        elif name not in standard_set() or wanted.extras:
            missing.append(str(wanted))
    return problems, missing


def _standard_conflict(where: str, wanted: Requirement, installed: str) -> Problem:
    found = f"{wanted.name} is installed here as {installed}, and the model asks for {wanted.specifier}"
    hint = f"Every model gets {wanted.name} {installed}: make the model work with it, or ask an administrator."
    return Problem(where, found, hint)
