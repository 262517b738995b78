"""Compare every model with published numbers: `python -m tests.models.reference FOLDER`.

A file of reference cases is read by the adapter of its name in `tests/models/adapters/`: it turns a case into
runs of models, which go through the contract and the sandbox, and picks from the results what the case expects.
It reads every input of the case, or the case counts as missed.
Other files of the same names and format work without a change of code.
"""

import contextlib
import importlib.util
import json
import math
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from contract import inputs as contract_inputs
from contract.fields import is_number
from contract.run import Status
from engine.sandbox.supervisor import CancelToken, Limits, Sandbox, SandboxJob
from registry import validation
from registry.model_files import read_folder
from tests.models.case_inputs import CaseInputs

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
            self.models[slug] = validation.validate_model(read_folder(folder)).manifest
        manifest = self.models[slug]
        inputs = contract_inputs.validate(manifest, values)
        files = {
            key: folder / str(f.default)
            for key, f in manifest.inputs.items()
            if f.type == "file" and inputs.get(key) == f.default and f.default
        }
        call = SandboxJob(f"reference-{slug}", folder, inputs, int(inputs.get("seed", 0) or 0), LIMITS, files)
        with (
            contextlib.closing(CancelToken()) as cancel,
            self.sandbox.run(call, lambda _event: None, cancel) as outcome,
        ):
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


def compare(case, measured, tolerance=None, commentary=()):
    """Yield a comparison for each expected value of a case.

    Args:
        case: the case, with `expect`, and `rtol` and `atol` where they are given.
        measured: what the model gave, in the shape of `expect`. A value that is expected and not in it is a miss.
        tolerance: the adapter's function of (case, path) for values published with fewer digits.
        commentary: first keys of `expect` that are remarks and no figures of the model.
    """
    name = case_name(case)
    for path, expected in leaves(case["expect"]):
        if path and path[0] in commentary:
            continue
        found = at(measured, path)
        own = (tolerance(case, list(path)) if tolerance else None) or {}
        rtol = max(case.get("rtol", RTOL), own.get("rtol", 0.0))
        atol = max(case.get("atol", 1e-12), own.get("atol", 0.0))
        if is_number(expected):
            good = is_number(found) and math.isclose(found, expected, rel_tol=rtol, abs_tol=atol)
        else:
            good = found == expected
        yield Compared(name, ".".join(map(str, path)), expected, found, good)


def case_name(case):
    """Return what a case is called in the report."""
    return str(case.get("id", case.get("name", "case")))


def case_inputs(case):
    """Return the inputs of a case as adapters read them; a text stays what it is."""
    return CaseInputs(case["inputs"]) if isinstance(case["inputs"], Mapping) else case["inputs"]


def compare_case(case, folder, module, runner):
    """Return the comparisons of one case, each a miss where the case cannot be run as it stands.

    A case cannot be run where its adapter or the model raises, whatever it raises, or where the adapter leaves an
    input of the case unread: the two calculations would not be the same.
    """
    tracked = case_inputs(case)
    commentary = getattr(module, "COMMENTARY", ())
    try:
        seen = {**case, "inputs": tracked}
        results = [runner.run(slug, values) for slug, values in module.runs(seen, folder)]
        measured = module.measured(seen, results)
        compared = list(compare(case, measured, getattr(module, "tolerance", None), commentary))
    except Exception as error:  # noqa: BLE001 - the run goes on, whatever one case does
        why = f"{type(error).__name__}: {error}"[:500]
        return [replace(c, found=why, good=False) for c in compare(case, None, None, commentary)]
    unread = tracked.unread() if isinstance(tracked, CaseInputs) else []
    if unread:
        why = f"the adapter does not know the inputs {', '.join(unread)}"
        return [replace(c, found=why, good=False) for c in compared]
    return compared


def compare_file(path, runner):
    """Return the comparisons of every case of a reference file; all are misses where it has no adapter."""
    module = adapter(path.stem)
    content = json.loads(path.read_text())
    found = []
    for case in content["cases"]:
        case.setdefault("rtol", content.get("rtol", RTOL))
        if module is None:
            found += [replace(c, found="there is no adapter", good=False) for c in compare(case, None)]
        else:
            found += compare_case(case, path.parent, module, runner)
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
