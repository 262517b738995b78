"""Run the model of this bundle again and compare with the stored result: `python rerun.py [--rtol 1e-9]`.

Chosen: the result is converted by the same code as in a run, so that "identical" means every value. Exit code 0 for
identical, 1 for different, 2 where the model fails.
Left out: confinement. This file is part of a bundle; it imports nothing but what lies beside it.
"""

import argparse
import importlib
import json
import math
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PART = "$part"
MEDIA = ("images", "audio", "video")  # stored as references to files, and given by the model with their content


class Frames:
    """Takes what a run sends and keeps its result."""

    limit = 1 << 62
    result: Any = None

    def send(self, frame: dict[str, Any]) -> None:
        """Take one frame."""
        if frame["kind"] == "result":
            self.result = frame["result"]


def compute() -> Any:
    """Return the model's result for the bundle's inputs and seed, as JSON values."""
    sys.path.insert(0, str(HERE / "engine" / "sandbox"))
    library, child = importlib.import_module("actuarial_library"), importlib.import_module("child")
    library.install()
    run = json.loads((HERE / "run.json").read_text(encoding="utf-8"))
    inputs = json.loads((HERE / "inputs.json").read_text(encoding="utf-8"))
    model, frames = HERE / "model", Frames()
    library.give_way(str(model))
    sys.path.insert(0, str(model))
    with tempfile.TemporaryDirectory() as scratch:
        before = Path.cwd()
        os.chdir(scratch)
        try:
            child.seed(run["seed"])
            child._run_model({"folder": str(model), "inputs": inputs}, frames)  # noqa: SLF001
        finally:
            os.chdir(before)
    return frames.result


def differences(expected: Any, found: Any, parts: dict[str, Any], rtol: float, where: str = "result") -> Any:
    """Yield where the two differ, with both values."""
    if isinstance(expected, dict) and PART in expected:
        columns = parts[expected[PART]]
        rest = {k: v for k, v in expected.items() if k not in {PART, "rows", "columns", "head"}}
        if isinstance(found, list):
            found = {**rest, **{key: [row.get(key) for row in found] for key in columns}}
        yield from differences({**rest, **columns}, found, parts, rtol, where)
    elif isinstance(expected, dict) and isinstance(found, dict):
        for key in [*expected, *(k for k in found if k not in expected)]:
            if key not in found or key not in expected:
                yield f"{where}.{key}", expected.get(key, "nothing"), found.get(key, "nothing")
            else:
                yield from differences(expected[key], found[key], parts, rtol, f"{where}.{key}")
    elif isinstance(expected, list) and isinstance(found, list):
        if len(expected) != len(found):
            yield f"{where}, length", len(expected), len(found)
        for number, (one, other) in enumerate(zip(expected, found, strict=False)):
            yield from differences(one, other, parts, rtol, f"{where}[{number}]")
    elif not same(expected, found, rtol):
        yield where, expected, found


def without_media(result: Any) -> Any:
    """Return a result without its images, audio and video."""
    return {k: v for k, v in result.items() if k not in MEDIA} if isinstance(result, dict) else result


def same(expected: Any, found: Any, rtol: float) -> bool:
    """Return whether two values are equal, numbers within `rtol` of each other."""
    numbers = [isinstance(v, int | float) and not isinstance(v, bool) for v in (expected, found)]
    if all(numbers):
        return bool(expected == found or math.isclose(expected, found, rel_tol=rtol))
    return bool(type(expected) is type(found) and expected == found)


def main() -> int:
    """Run, compare, report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rtol", type=float, default=0.0, help="relative difference that numbers may have")
    rtol = parser.parse_args().rtol
    expected = json.loads((HERE / "expected" / "result.json").read_text(encoding="utf-8"))
    stored = [json.loads(p.read_text(encoding="utf-8")) for p in (HERE / "expected").glob("parts/*.json")]
    parts = {part["name"]: part["columns"] for part in stored}
    try:
        found = json.loads(json.dumps(compute()))
    except Exception as error:  # noqa: BLE001 - whatever the model raises is what is reported
        print(f"The model failed: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    where = next(iter(differences(without_media(expected), without_media(found), parts, rtol)), None)
    if where is None:
        rest = " Images, audio and video are not compared." if any(k in expected for k in MEDIA) else ""
        print(f"Identical: every value of the stored result was computed again.{rest}")
        return 0
    print(f"Different: {where[0]} was {where[1]!r} and is {where[2]!r}.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
