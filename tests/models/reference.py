"""Compare every model with published numbers: `python -m tests.models.reference FOLDER`.

A file of reference cases is read by the adapter of its name in `tests/models/adapters/`: it turns a case into
runs of models, which go through the contract and the sandbox, and picks from the results what the case expects.
Other files of the same names and format work without a change of code.
"""

import contextlib
import importlib.util
import json
import math
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from contract import inputs as contract_inputs
from contract.fields import is_number
from contract.problems import InputError
from contract.run import Status
from engine.sandbox.supervisor import Call, Cancel, Limits, Sandbox
from registry import check
from registry.folder import read_folder

ROOT = Path(__file__).resolve().parents[2]
ADAPTERS = Path(__file__).with_name("adapters")
RTOL = 1e-6
LIMITS = Limits(seconds=300, memory_mb=4_000, output_mb=200)


@dataclass(frozen=True)
class Compared:
    """A published value and what the model gave for it."""

    case: str
    path: str
    expected: object
    found: object
    good: bool


class Runner:
    """Runs models through the contract and the sandbox, each manifest read once."""

    def __init__(self, sandbox):
        self.sandbox, self.models = sandbox, {}

    def run(self, slug, values):
        folder = ROOT / "functions" / slug
        if slug not in self.models:
            self.models[slug] = check.check(read_folder(folder)).manifest
        manifest = self.models[slug]
        inputs = contract_inputs.check(manifest, values)
        files = {
            key: folder / str(f.default)
            for key, f in manifest.inputs.items()
            if f.type == "file" and inputs.get(key) == f.default and f.default
        }
        call = Call(f"reference-{slug}", folder, inputs, int(inputs.get("seed", 0) or 0), LIMITS, files)
        with contextlib.closing(Cancel()) as cancel, self.sandbox.run(call, lambda _event: None, cancel) as outcome:
            if outcome.status is not Status.SUCCESS:
                raise RuntimeError(f"{slug}: {outcome.reason}")
            return outcome.result


def adapter(stem):
    """Return the adapter module for a reference file, or None."""
    path = ADAPTERS / f"{stem}.py"
    if not path.is_file():
        return None
    spec = importlib.util.spec_from_file_location(f"adapter_{stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def leaves(value, path=()):
    """Yield (path, leaf) for every number, text or null of a structure."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, str(key)))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from leaves(item, (*path, i))
    else:
        yield path, value


def at(value, path):
    """Return what stands at a path of `leaves`, or None."""
    for key in path:
        if isinstance(value, dict):
            value = value.get(key, {str(k): v for k, v in value.items()}.get(key))
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return None
    return value


def compare(case, measured, tolerance=None):
    """Yield a comparison for each expected value that the adapter measures."""
    name = str(case.get("id", case.get("name", "case")))
    for path, expected in leaves(case["expect"]):
        if path and isinstance(measured, dict) and path[0] not in {str(k) for k in measured}:
            continue  # commentary, such as the rounded figure of the print beside the exact one
        found = at(measured, path)
        own = (tolerance(case, list(path)) if tolerance else None) or {}
        rtol = max(case.get("rtol", RTOL), own.get("rtol", 0.0))
        atol = max(case.get("atol", 1e-12), own.get("atol", 0.0))
        if is_number(expected):
            good = is_number(found) and math.isclose(found, expected, rel_tol=rtol, abs_tol=atol)
        else:
            good = found == expected
        yield Compared(name, ".".join(map(str, path)), expected, found, good)


def compare_file(path, runner):
    """Return the comparisons of every case of a reference file."""
    module = adapter(path.stem)
    content = json.loads(path.read_text())
    found = []
    for case in content["cases"]:
        name = str(case.get("id", "case"))
        case.setdefault("rtol", content.get("rtol", RTOL))
        try:
            results = [runner.run(slug, values) for slug, values in module.runs(case, path.parent)]
            measured = module.measured(case, results)
        except (InputError, RuntimeError, LookupError, ValueError, TypeError) as error:
            found.append(Compared(name, "", "a result", f"{type(error).__name__}: {error}"[:500], good=False))
            continue
        found += compare(case, measured, getattr(module, "tolerance", None))
    return found


def main(folder):
    """Print the score of every file and each miss; return how many files have one."""
    bad = 0
    files = [p for p in sorted(Path(folder).glob("*.json")) if not p.stem.startswith("data_")]
    with tempfile.TemporaryDirectory() as scratch:
        sandbox = Sandbox(Path(scratch))
        sandbox.start()
        try:
            runner = Runner(sandbox)
            for path in files:
                if adapter(path.stem) is None:
                    print(f"{path.stem}: there is no adapter for it")
                    bad += 1
                    continue
                found = compare_file(path, runner)
                misses = [c for c in found if not c.good]
                bad += bool(misses)
                print(f"{path.stem}: {len(found) - len(misses)} of {len(found)} reproduced")
                for miss in misses:
                    print(f"    {miss.case} {miss.path}: published {miss.expected!r}, ours {miss.found!r}")
        finally:
            sandbox.close()
    return bad


if __name__ == "__main__":
    sys.exit(min(1, main(sys.argv[1])))
