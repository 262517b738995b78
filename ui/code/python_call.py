"""A model's call in Python, with the package `tontine`.

Left out: files of the caller's own machine. The code names the file that was uploaded to the form and says how another
one is given.
"""

from collections.abc import Mapping
from typing import Any

from ui.code.model_call import REQUEST_FILE, TOKEN, WIDTH, ModelCall


def python_code(call: ModelCall) -> str:
    """Return a Python script that runs the model and prints the summary."""
    imports = ["import json"] if call.needs_file else []
    imports += ["from os import environ"] if call.sign_in else []
    imports += ["from pathlib import Path"] if call.needs_file else []
    token = f', environ["{TOKEN}"]' if call.sign_in else ""
    pinned = f", version={call.version!r}" if call.version else ""
    if call.needs_file:
        inputs = f'inputs = json.loads(Path("{REQUEST_FILE}").read_text(encoding="utf-8"))["inputs"]'
    else:
        inputs = f"inputs = {literal(call.inputs)}"
    lines = [
        *imports,
        *([""] if imports else []),
        "from tontine import Tontine",
        "",
        *_comments(call),
        inputs,
        f"with Tontine({call.server!r}{token}) as tontine:",
        f"    run = tontine.model({call.slug!r}).run(inputs{pinned})",
        "print(run.summary)",
        "",
    ]
    return "\n".join(lines)


def literal(value: Any, indent: str = "") -> str:
    """Return a JSON value as Python source, what fits on a line on one."""
    line = repr(dict(value) if isinstance(value, Mapping) else value)
    if len(line) <= WIDTH or not value or not isinstance(value, list | Mapping):
        return line
    inner = indent + "    "
    if isinstance(value, list):
        return "[\n" + "".join(f"{inner}{literal(item, inner)},\n" for item in value) + indent + "]"
    rows = "".join(f"{inner}{str(key)!r}: {literal(item, inner)},\n" for key, item in value.items())
    return "{\n" + rows + indent + "}"


def _comments(call: ModelCall) -> list[str]:
    found = [f"# {key}: the model's default" for key in call.left_out]
    if any(isinstance(value, Mapping) and "file" in value for value in call.inputs.values()):
        found.append("# A file is the one uploaded to the form; Path('...') uploads another one.")
    return found
