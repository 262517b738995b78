"""Which libraries a model needs to find loaded, read off its imports.

Chosen: two kinds of zygote. A fork of a process with numpy alone takes a third of the time of one with pandas and
scipy, which bring a thousand mappings along; half of the catalogue needs numpy and no more. Lines are looked at as
text, because a stranger's code is not for this process to parse.
An import of the shared library counts as what the modules it names import.
Left out: certainty. A model that imports a library by a roundabout way gets it too, only later: it is loaded after the
fork, and confined, in the run's own time.
"""

import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

NUMPY, ALL = "numpy", "all"
KINDS = (ALL, NUMPY)
FILES = 500  # more than a version may have
MODULES = 100  # of an overlay that are loaded ahead
LIBRARY = Path(__file__).resolve().parents[2] / "actuarial"
FROM_LIBRARY = re.compile(
    rb"^[ \t]*from[ \t]+actuarial(?:\.(?P<one>\w+))?[ \t]+import[ \t]+(?P<many>[^\n#;]*)", re.MULTILINE
)
WHOLE_LIBRARY = re.compile(rb"^[ \t]*import[ \t][^\n#]*\bactuarial\b", re.MULTILINE)
IMPORT = re.compile(rb"^[ \t]*(?:from[ \t]+(?P<one>\w[\w.]*)|import[ \t]+(?P<many>\w[^\n#;]*))", re.MULTILINE)


def modules_from(folder: Path, overlay: Path) -> list[str]:
    """Return the modules of an overlay that the model in `folder` imports, as its Python files name them."""
    try:
        there = {path.name.partition(".")[0] for path in overlay.iterdir()}
        code = b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*.py"))[:FILES] if path.is_file())
    except OSError:
        return []
    found = dict.fromkeys(_module_names(code))
    return [name for name in found if name.partition(".")[0] in there][:MODULES]


def zygote_kind(folder: Path) -> str:
    """Return the kind of zygote for the model in `folder`: by its Python files, whether or not they are used."""
    found = sorted(folder.rglob("*.py"))[:FILES]
    return _kind_for_files(folder, tuple((path, path.stat().st_mtime_ns) for path in found if path.is_file()))


@lru_cache(maxsize=512)
def _kind_for_files(folder: Path, files: tuple[tuple[Path, int], ...]) -> str:
    own = {path.relative_to(folder).parts[0].removesuffix(".py") for path, _ in files}
    light = {"numpy", "orjson", *sys.stdlib_module_names, *own}
    try:
        return NUMPY if all(_imported_names(path.read_bytes()) <= light for path, _ in files) else ALL
    except OSError:
        return ALL


def _imported_names(code: bytes) -> set[str]:
    """Return the packages that `code` imports; instead of the shared library, those its modules import.

    Where a line names no module of the library, the library counts as a package of its own.
    """
    found = _package_names(code)
    modules = {
        name.split()[0].decode(errors="replace")
        for line in FROM_LIBRARY.finditer(code)
        for name in ([line["one"]] if line["one"] else line["many"].split(b","))
        if name.strip()
    }
    files = [LIBRARY / f"{name}.py" for name in modules]
    if LIBRARY.name not in found or WHOLE_LIBRARY.search(code) or not all(file.is_file() for file in files):
        return found
    found.remove(LIBRARY.name)
    return found.union(*(_imported_names(file.read_bytes()) for file in files))


def _package_names(code: bytes) -> set[str]:
    return {name.partition(".")[0] for name in _module_names(code)}


def _module_names(code: bytes) -> Iterator[str]:
    for line in IMPORT.finditer(code):
        names = [line["one"]] if line["one"] else line["many"].split(b",")
        yield from (name.split()[0].decode(errors="replace") for name in names if name.strip())
