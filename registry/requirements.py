"""Whether the packages that a model asks for are there.

Chosen: a requirement is met by what is installed beside Tontine, its version included, or it is refused by name.
Left out: installing packages for one model.
"""

from collections.abc import Iterable
from importlib import metadata

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from contract.problems import Problem


def find_unmet(requirements: Iterable[str]) -> list[Problem]:
    """Return a problem for each requirement that the installed packages do not meet, and for each that is none."""
    problems = []
    for text in requirements:
        where = f"requirements: {text}"[:200]
        try:
            wanted = Requirement(text)
        except InvalidRequirement as error:
            found = f"it is no requirement ({str(error).splitlines()[0]})"
            problems.append(Problem(where, found, "Write it as numpy>=2, say."))
            continue
        if wanted.url:
            problems.append(Problem(where, "it names an address to install from", "Name the package alone."))
        elif wanted.marker is None or wanted.marker.evaluate():
            problems += _unmet(where, wanted)
    return problems


def _unmet(where: str, wanted: Requirement) -> list[Problem]:
    name = canonicalize_name(wanted.name)
    try:
        installed = metadata.version(name)
    except metadata.PackageNotFoundError:
        hint = "Do without it, or ask an administrator to install it."
        return [Problem(where, f"the package {wanted.name} is not installed here", hint)]
    if wanted.specifier.contains(installed, prereleases=True):
        return []
    found = f"{wanted.name} is installed here as {installed}, and the model asks for {wanted.specifier}"
    return [Problem(where, found, f"Make the model work with {wanted.name} {installed}, or ask an administrator.")]
