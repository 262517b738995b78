"""Lets a run import `actuarial`, the mathematics that models share, and nothing else of the checkout.

Chosen: a finder, so that no folder of the checkout stands on a run's path. A model's own module of that name comes
first, an installed package of that name last. Modules are loaded before the fork, so a run neither compiles nor waits
for them; what a model changes in them is its own copy, and the files are read-only to it.
Left out: which models need it. Loaded by the zygote; imports nothing of ours but its siblings.
"""

import importlib.machinery
import importlib.util
import sys
from pathlib import Path

NAME = "actuarial"
FOLDER = str(Path(__file__).resolve().parents[2] / NAME)


class Finder:
    """Finds the package itself; its modules are then found by its path."""

    @staticmethod
    def find_spec(name: str, _path: object = None, _target: object = None) -> importlib.machinery.ModuleSpec | None:
        """Return where the package is, or None for any other module."""
        if name != NAME:
            return None
        init = Path(FOLDER) / "__init__.py"
        return importlib.util.spec_from_file_location(name, init, submodule_search_locations=[FOLDER])


def install() -> None:
    """Let this process and its children import the library."""
    if Finder not in sys.meta_path:
        sys.meta_path.insert(0, Finder)


def version() -> str:
    """Return the library's version, without keeping the library loaded."""
    spec = Finder.find_spec(NAME)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return str(module.__version__)


def give_way(folder: str) -> None:
    """Forget the library where the model in `folder` has a module or a package of its name."""
    if any((Path(folder) / own).exists() for own in (NAME, f"{NAME}.py")):
        sys.meta_path.remove(Finder)
        for module in [m for m in sys.modules if m.split(".")[0] == NAME]:
            del sys.modules[module]
