"""Run model folders in a sandbox of their own process and print how each ended, a line of JSON for each.

`python -m tests.hostile.drive TIER SCRATCH INPUTS FOLDER...`; a TIER of - is the host's own. Started as another user it
tests the confinement for that user.
"""

import contextlib
import json
import sys
from pathlib import Path

from contract.errors import ResultError
from contract.result import require_object
from engine.sandbox.supervisor import CancelToken, Limits, Sandbox, SandboxJob

LIMITS = Limits(seconds=25, memory_mb=400)


def run_one(handle, folder, inputs, limits=LIMITS, runtime=None):
    """Run the model of `folder` and return the outcome as plain values."""
    job = SandboxJob(folder.name, folder, inputs, 1, limits, runtime=runtime)
    with contextlib.closing(CancelToken()) as cancel, handle.run(job, lambda _event: None, cancel) as outcome:
        status, reason = str(outcome.status), outcome.reason or ""
        if status == "SUCCESS":
            try:
                require_object(outcome.result)
            except ResultError as error:
                status, reason = "FAILED", str(error)
        return {
            "name": folder.name,
            "status": status,
            "reason": reason,
            "shown": outcome.result if isinstance(outcome.result, dict) else {},
            "log": len(outcome.log),
        }


def main(tier, scratch, inputs, *folders):
    handle = Sandbox(Path(scratch), tier=None if tier == "-" else tier)
    handle.start()
    try:
        for folder in map(Path, folders):
            print(json.dumps(run_one(handle, folder, json.loads(inputs))), flush=True)
    finally:
        handle.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
