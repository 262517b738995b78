"""Run every model with its defaults in the sandbox and print how long it takes: `python -m benchmarks.defaults`.

A model should answer within two seconds, unless its manifest asks for more time and its README says why. Ends with
an error where one does not: tests assert no timing, so this is checked here.
Chosen: the median of three runs, each in a process of its own as an analyst's run is.
Left out: the queue and the page, which `benchmarks.engine` and `benchmarks.browser` measure.
"""

import contextlib
import json
import statistics
import sys
import tempfile
from pathlib import Path

from contract import inputs as contract_inputs
from contract.run import Status
from engine.sandbox.supervisor import CancelToken, Limits, Sandbox, SandboxJob
from registry import validation
from registry.model_files import read_folder

FUNCTIONS = Path(__file__).resolve().parents[1] / "functions"
TARGET = 2.0  # seconds by the clock
ROUNDS = 3
LIMITS = Limits(seconds=60, memory_mb=1_500)


def seconds(sandbox, name, manifest):
    """Return the seconds by the clock of one run with the defaults.

    Raises:
        RuntimeError: the run did not succeed.
    """
    folder = FUNCTIONS / name
    files = {k: folder / f.default for k, f in manifest.inputs.items() if f.type == "file" and f.default}
    job = SandboxJob(f"defaults-{name}", folder, contract_inputs.validate(manifest, {}), 1, LIMITS, files)
    with contextlib.closing(CancelToken()) as cancel, sandbox.run(job, lambda _: None, cancel) as out:
        if out.status is not Status.SUCCESS:
            raise RuntimeError(f"{name}: {out.reason}")
        return out.seconds


def main():
    """Print a line for each model; return how many take too long without asking for more time."""
    slow = 0
    with tempfile.TemporaryDirectory() as scratch:
        sandbox = Sandbox(Path(scratch))
        sandbox.start()
        try:
            for path in sorted(FUNCTIONS.glob("*/manifest.json")):
                if json.loads(path.read_text()).get("gateway"):
                    continue  # their runs wait for a gateway and may cost money
                name = path.parent.name
                manifest = validation.validate_model(read_folder(path.parent)).manifest
                taken = statistics.median(seconds(sandbox, name, manifest) for _ in range(ROUNDS))
                excused = bool(manifest.limits.get("seconds"))
                slow += taken > TARGET and not excused
                print(f"{name:22}{taken:7.2f} s{'' if taken <= TARGET else '  excused' if excused else '  too long'}")
        finally:
            sandbox.close()
    return slow


if __name__ == "__main__":
    sys.exit(min(1, main()))
