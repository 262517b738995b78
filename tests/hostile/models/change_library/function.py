"""Change the library of mathematics that every model imports: its files, its folder, its compiled files."""

import os
import shutil

import actuarial


def run(inputs):
    folder = os.path.dirname(actuarial.__file__)
    init, made, compiled = (os.path.join(folder, name) for name in ("__init__.py", "made_by_a_model.py", "__pycache__"))
    attempts = {
        "open to write": lambda: open(init, "r+").close(),
        "append": lambda: open(init, "a").close(),
        "truncate": lambda: os.truncate(init, os.path.getsize(init)),
        "make a file": lambda: open(made, "x").close() or os.unlink(made),
        "make a folder": lambda: os.mkdir(made) or os.rmdir(made),
        "make a compiled file": lambda: (os.makedirs(compiled, exist_ok=True), open(os.path.join(compiled, "x.pyc"), "xb").close(), os.unlink(os.path.join(compiled, "x.pyc"))),
        "link into it": lambda: os.symlink("/tmp", made) or os.unlink(made),
        "replace a file": lambda: shutil.copy(init, "mine.py") and os.replace("mine.py", init),
        "rename the folder": lambda: os.rename(folder, folder + "-away") or os.rename(folder + "-away", folder),
        "set its mode": lambda: os.chmod(init, 0o666) or os.chmod(init, 0o644),
    }
    steps = {}
    for name, go in attempts.items():
        try:
            go()
            steps[name] = "LEAKED"
        except OSError as error:
            steps[name] = f"denied {error}"
    return {"contained": not any(v.startswith("LEAKED") for v in steps.values()), "steps": steps}
