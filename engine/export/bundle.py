"""A run with everything that computes it again, as a zip: the model's code, inputs, seed, packages and the result.

Chosen: `rerun.py` in the archive runs the model with the very code that a run has here (the sandbox's child, without
its confinement) and compares cell by cell with the stored result.
Left out: secrets, files that were uploaded as inputs and are too large, and the packages themselves, which
`requirements.txt` names.
"""

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from contract.actor import Actor
from contract.errors import NotReadyError
from contract.problems import Problem
from contract.result import PART
from contract.run import Status
from engine.export.ended_run import EndedRun, ExportedFile, read_ended_run
from engine.export.parquet import run_metadata
from engine.models.catalogue import find_app
from engine.models.lifecycle import read_source
from engine.processes.context import AppContext
from engine.report.provenance import PYTHON
from engine.runs.export import read_columns

MEDIA_TYPE = "application/zip"
ROOT = Path(__file__).resolve().parents[2]
RERUN = Path(__file__).with_name("rerun.py")
RUNNER = ("child.py", "convert.py", "actuarial_library.py")
SANDBOX = ROOT / "engine" / "sandbox"
LIBRARY = ROOT / "actuarial"
README = """# {name}: run {run}

`python rerun.py` runs the model with the inputs and the seed of the run and says whether the result is identical, or
the first value that differs. It needs Python {python} and the packages of `requirements.txt`; with other versions
figures may differ in their last digits (`--rtol 1e-9` allows that). The code is not confined there: run it where you
would run any program of this author.

- `model/`: the model's files, version {version}
- `inputs.json`, `run.json`: what was asked, and everything recorded about the run
- `expected/`: the stored result; large tables in files of their own
- `engine/`, `actuarial/`: what calls the model, and the mathematics that models share
"""


def run_bundle(context: AppContext, run_id: UUID, *, actor: Actor) -> ExportedFile:
    """Return the bundle of a successful run.

    Raises:
        NotFoundError: there is no such run.
        NotReadyError: it has not ended with a result.
    """
    ended = read_ended_run(context, run_id, actor=actor)
    if ended.run.status is not Status.SUCCESS:
        problem = Problem("run", f"run {run_id} has no result to compare with", "Choose a run that succeeded.")
        raise NotReadyError([problem])
    app = find_app(context, ended.run.app_id, actor=actor)
    model = read_source(context, app, ended.run.version, actor=actor)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in _files(context, ended, model, actor):
            # A fixed date: equal runs give equal archives.
            info = zipfile.ZipInfo(f"{ended.stem}/{name}", (1980, 1, 1, 0, 0, 0))
            info.external_attr = 0o644 << 16
            archive.writestr(info, data, zipfile.ZIP_DEFLATED)
    return ExportedFile(f"{ended.stem}.zip", MEDIA_TYPE, iter([content.getvalue()]))


def _files(
    context: AppContext, ended: EndedRun, model: Mapping[str, bytes], actor: Actor
) -> Iterator[tuple[str, bytes]]:
    run = ended.run
    python = next((run.environment[k] for k in PYTHON if k in run.environment), "3")
    packages = [f"{k}=={v}" for k, v in run.environment.items() if k not in PYTHON]
    values = {"name": run.app_name, "run": run.id, "python": python, "version": run.version}
    yield "README.md", README.format(**values).encode()
    yield "rerun.py", RERUN.read_bytes()
    yield "requirements.txt", "".join(f"{line}\n" for line in sorted({*packages, "orjson"})).encode()
    yield "inputs.json", _json(run.inputs)
    yield "run.json", _json(run_metadata(ended))
    for name, data in sorted(model.items()):
        yield f"model/{name}", data
    for name in RUNNER:
        yield f"engine/sandbox/{name}", (SANDBOX / name).read_bytes()
    for path in sorted(LIBRARY.rglob("*.py")):
        yield f"actuarial/{path.relative_to(LIBRARY).as_posix()}", path.read_bytes()
    yield "expected/result.json", _json(ended.doc)
    for number, name in enumerate(_part_names(ended.doc)):
        columns = read_columns(context, ended.run.id, name, actor=actor)
        yield f"expected/parts/{number}.json", _json({"name": name, "columns": columns})


def _part_names(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if PART in node:
            yield node[PART]
        else:
            for value in node.values():
                yield from _part_names(value)
    elif isinstance(node, list):
        for value in node:
            yield from _part_names(value)


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str) + b"\n"
