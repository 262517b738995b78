"""A sweep of ten thousand points of a fast model against the bare loop of its function in one process.

The figure is wall time x workers / the loop's wall time; 1 would be a sweep that costs nothing beside its model. On a
machine with other work the sweep, whose processes have a low priority, gets less of the processor than the loop: the
same ratio of processor time, of every process of the installation against the loop's, does not depend on that.
"""

import asyncio
import contextlib
import importlib.util
import inspect
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from benchmarks.fixture import ROOT, embedded_installation
from contract.actor import SYSTEM, Actor
from engine.analysis.groups import list_points, wait_for_group
from engine.analysis.sweep import start_sweep
from engine.models.register import register
from registry.model_files import read_folder

POINTS = 10_000
ADA = Actor("ada")
# About a millisecond of plain Python, as a small projection takes.
FAST = {
    "manifest.json": json.dumps(
        {
            "name": "Annuity",
            "deterministic": True,
            "inputs": {
                "rate": {"type": "number", "min": 0, "max": 10, "step": 0.001, "default": 2},
                "age": {"type": "integer", "min": 0, "max": 100, "default": 60},
            },
        }
    ).encode(),
    "function.py": b"""import math
def run(inputs):
    v, value, alive = 1 / (1 + inputs['rate'] / 100), 0.0, 1.0
    for t in range(3000):
        age = inputs['age'] + t / 25
        alive *= math.exp(-0.00002 * 1.1 ** age / 25)
        value += alive * v ** (t / 25) / 25
    return {'summary': {'Value': value, 'Alive': alive}}
""",
}


def processor_seconds(data: Path) -> float:
    """Return the processor time of this process, all below it and the database in `data`, of ended ones too."""
    total = 0.0
    here = psutil.Process()
    database = [p for p in psutil.process_iter() if _is_below(p, data)]  # the server is no child of ours
    for process in [here, *here.children(recursive=True), *database]:
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system
            if process != here:  # our own children are counted by themselves while they live
                total += times.children_user + times.children_system
    return total


def _is_below(process: psutil.Process, folder: Path) -> bool:
    try:
        return process.name() == "postgres" and process.cwd().startswith(str(folder))
    except psutil.Error:
        return False


def bare_loop(folder: Path, points: list[dict[str, Any]]) -> tuple[float, float]:
    """Return the seconds, and those of the processor, of calling the model's function for each point here."""
    sys.path.insert(0, str(folder))
    spec = importlib.util.spec_from_file_location("bare", folder / "function.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.path.remove(str(folder))
    begun, used = time.perf_counter(), time.process_time()
    for inputs in points:
        found = module.run(inputs)
        if inspect.isawaitable(found):
            asyncio.run(found)  # type: ignore[arg-type]
    return time.perf_counter() - begun, time.process_time() - used


def measure(slug: str, folder: Path, axes: list[dict[str, Any]], values: dict[str, Any], workers: int) -> None:
    """Print the figures of one model with so many workers."""
    with embedded_installation(count=workers) as context:
        files = read_folder(folder)
        register(context, slug, files, source={"kind": "local", "path": slug}, actor=SYSTEM)
        for round_ in range(2):
            begun, before = time.perf_counter(), processor_seconds(context.data)
            started = start_sweep(context, slug, values, axes=axes, fresh=True, actor=ADA)
            accepted = time.perf_counter() - begun
            group = wait_for_group(context, started.id, 3_600, actor=ADA)
            swept, used = time.perf_counter() - begun, processor_seconds(context.data) - before
            points = [{**group.inputs, **p.changes} for p in list_points(context, group.id, actor=ADA)]
            loop, alone = bare_loop(folder, points)
            print(
                f"{slug}, {workers} worker(s), round {round_ + 1}: {group.done - group.failed:,} points "
                f"in {swept:.2f} s (accepted in {accepted:.2f} s), bare loop {loop:.2f} s "
                f"({1000 * loop / group.total:.2f} ms a point), ratio {swept * workers / loop:.2f}; "
                f"processor {used:.2f} s against {alone:.2f} s, ratio {used / alone:.2f}",
                flush=True,
            )


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in FAST.items():
            (folder / file).write_bytes(content)
        axes = [
            {"input": "rate", "from": 0.1, "to": 10, "count": 100},
            {"input": "age", "from": 0, "to": 99, "step": 1},
        ]
        for workers in (1, 2):
            measure("annuity", folder, axes, {}, workers)
    paa = [{"input": "premium", "from": 1_000, "to": 100_000, "count": 100}]
    if "paa" in sys.argv:
        measure("paa", ROOT / "functions" / "paa", paa, {}, 1)


if __name__ == "__main__":
    main()
