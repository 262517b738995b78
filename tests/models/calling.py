"""Calls a model of the catalogue in this process, through the contract: for unit tests of formulas and refusals.

Left out: the sandbox; the runs of the reference files go through it.
"""

import importlib.util
import inspect
import json
import sys
from pathlib import Path
from typing import Any

from contract import inputs, manifest

FUNCTIONS = Path(__file__).parents[2] / "functions"


class Model:
    """One model's folder: its manifest, its modules and its runs."""

    def __init__(self, folder):
        self.path = FUNCTIONS / folder
        files = {f.name: f.read_bytes() for f in self.path.iterdir() if f.is_file()}
        self.manifest = manifest.parse(json.loads(files["manifest.json"]), files)
        self.modules = {}
        names = [f.stem for f in sorted(self.path.glob("*.py"))]
        # Two models may have modules of one name: each gets its own, and none stays behind.
        before = {name: sys.modules.pop(name) for name in names if name in sys.modules}
        sys.path.insert(0, str(self.path))
        try:
            for name in names:
                self.modules[name] = importlib.import_module(name)
        finally:
            sys.path.remove(str(self.path))
            for name in names:
                sys.modules.pop(name, None)
            sys.modules.update(before)

    def __getattr__(self, name):
        try:
            return self.modules[name]
        except KeyError:
            raise AttributeError(name) from None

    def parts(self, **given):
        """Return every dictionary that a run with these inputs gives, in order."""
        found = self.modules["function"].run(inputs.validate(self.manifest, given))
        return [json.loads(json.dumps(p, allow_nan=False)) for p in (found if inspect.isgenerator(found) else [found])]

    def run(self, **given):
        """Return the merged result of a run with these inputs, after a round trip through JSON."""
        return merged(self.parts(**given))


def merged(parts):
    """Return what a run's partial results come to, as the contract merges them."""
    result: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            if key in {"summary", "tables"}:
                result[key] = {**result.get(key, {}), **value}
            elif key not in {"progress", "message"}:
                result[key] = value
    return result
