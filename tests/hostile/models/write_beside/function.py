"""Write a file into a folder that is not the run's own, and change one that is there."""

import os


def run(inputs):
    steps = {}
    for path in inputs.get("canaries") or ["/tmp/canary.txt"]:
        made = os.path.join(os.path.dirname(path), "written-by-a-model.txt")
        for name, go in (("make", lambda: open(made, "x").close() or os.unlink(made)), ("open to write", lambda: open(path, "r+").close())):
            try:
                go()
                steps[name] = "LEAKED"
            except OSError as error:
                steps[name] = f"denied {error}"
    return {"contained": not any(v.startswith("LEAKED") for v in steps.values()), "steps": steps}
