"""Run a model's function without confinement, in this process, to prove that its attack is real."""

import importlib.util
import json
import sys
from pathlib import Path


def main(folder, inputs):
    spec = importlib.util.spec_from_file_location("function", Path(folder) / "function.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    print("\n" + json.dumps(module.run(json.loads(inputs))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
