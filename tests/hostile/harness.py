"""Run hostile models through the real engine and report whether each was contained: `python -m tests.hostile.harness DIR`.

Chosen: a temporary database, a real worker process with a planted secret, one run at a time so that whatever is left
behind belongs to it. A folder's EXPECT says what must happen; without one a model is contained if it ended in
time, left nothing behind and does not itself report a leak.
Left out: the attacks. They are the folders.
"""

import argparse
import ast
import contextlib
import ctypes
import os
import re
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import psutil

from contract.actor import SYSTEM, Actor
from contract.errors import ProblemsError
from contract.run import Status
from engine.models.register import register
from engine.processes import context as contexts
from engine.processes.context import AppContext
from engine.processes.limits import InstallationLimits
from engine.processes.worker_pool import WorkerPool
from engine.runs.follow import Snapshot, wait_for_end
from engine.runs.submit import submit
from registry.model_files import read_folder
from storage import workers
from storage.database import Database
from storage.embedded_postgres import EmbeddedServer
from storage.migrate import migrate
from tests.actors import ADA
from tests.hostile.expectations import EndedRun, matches

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT = 60.0  # s for a worker to be ready
SLACK = 20.0  # s that a run may take beyond its time limit, storing included
SPARE_CHILDREN = 2  # that a zygote keeps waiting
GONE_TIMEOUT = 5.0  # s for processes to end and for scratch to be removed
PR_SET_CHILD_SUBREAPER = 36
ADMITTED = re.compile(r"^LEAKED\b")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one model was contained, the status its run ended with, and why."""

    name: str
    contained: bool
    status: str
    reason: str
    faults: tuple[str, ...] = ()

    def __str__(self) -> str:
        words = "contained    " if self.contained else "NOT CONTAINED"
        why = "; ".join((*self.faults, self.reason)) if self.faults else self.reason
        return f"{words}  {self.name:<32} {self.status:<10} {' '.join(why.split())[:200]}"


def model_folders(root: Path) -> list[Path]:
    """Return the model folders under `root`, by path: each that holds a function.py, not beneath another."""
    found: list[Path] = []
    for path in sorted(p.parent for p in root.rglob("function.py")):
        if not any(path.is_relative_to(other) for other in found):
            found.append(path)
    return found


class Harness:
    """A database, one worker and a secret that no model may read."""

    def __init__(self, context: AppContext, data: Path, secret: str, worker: int, seconds: float) -> None:
        self.context, self.data, self.secret, self.seconds = context, data, secret, seconds
        self.worker = worker
        self.before = _descendants()

    def audit(self, folder: Path, slug: str) -> Verdict:
        """Register and run one model, and check what it left."""
        expected = _read_text(folder / "EXPECT")
        named = {p for p in _absolute_paths(_read_text(folder / "function.py")) if not os.path.lexists(p)}
        try:
            register(
                self.context, slug, read_folder(folder), source={"kind": "local", "path": folder.name}, actor=SYSTEM
            )
            run = submit(self.context, slug, {}, actor=Actor("hostile"), fresh=True)
        except ProblemsError as error:
            contained = "SUCCEEDED" not in expected
            return Verdict(folder.name, contained, "REFUSED", str(error))
        now = wait_for_end(self.context, run.id, self.seconds + SLACK, actor=ADA)
        faults = [*self._remains(), *self._leaks(now)]
        faults += [f"it left {path}" for path in sorted(named) if os.path.lexists(path)]
        if not now.final:
            faults.append("it has no final status in time")
        if now.run.status is not Status.SUCCESS and not now.run.reason:
            faults.append("its status has no reason")
        ended = EndedRun(now.run.status, now.run.reason or "", dict(now.shown))
        if expected and now.final and not matches(expected, ended):
            faults.append(f"expected: {expected}")
        return Verdict(folder.name, not faults, str(now.run.status), now.run.reason or "", tuple(faults))

    def _leaks(self, now: Snapshot) -> Iterator[str]:
        text = orjson.dumps(now.shown).decode() + now.log + (now.run.reason or "") + (now.run.traceback or "")
        if self.secret in text:
            yield "it read the planted secret"
        if _is_contained(now.shown) is False:
            yield "it reports a leak: " + ", ".join(_leaked_values(now.shown))[:300]

    def _remains(self) -> Iterator[str]:
        """Report what the run left: processes, scratch, or a worker that has ended."""
        until = time.monotonic() + GONE_TIMEOUT
        while (self._extra() or self._scratch()) and time.monotonic() < until:
            time.sleep(0.02)
        for words in self._extra():
            yield f"a process is left: {words}"
        if left := self._scratch():
            yield f"scratch is left: {', '.join(left)}"
        if not psutil.pid_exists(self.worker):
            yield "its worker has ended"

    def _scratch(self) -> list[str]:
        return [p.name for p in (self.data / "scratch").glob("*/run-*")]

    def _extra(self) -> list[str]:
        """Return the new processes, except the zygotes and their pooled children."""
        with contextlib.suppress(psutil.NoSuchProcess):
            zygotes = psutil.Process(self.worker).children()
            spare = [child.pid for zygote in zygotes for child in zygote.children()]
            known = self.before | {z.pid for z in zygotes} | {self.worker}
            if len(spare) <= SPARE_CHILDREN * len(zygotes):
                known |= set(spare)
            return [str(pid) for pid in _descendants() - known]
        return []


@contextlib.contextmanager
def hostile_harness(seconds: float, memory_mb: int) -> Iterator[Harness]:
    """Start a database and one worker for hostile models; stop both afterwards."""
    _become_subreaper()
    secret = f"secret-{secrets.token_hex(16)}"
    with tempfile.TemporaryDirectory(prefix="tontine-") as name, contextlib.ExitStack() as stack:
        home = Path(name)
        home.chmod(0o755)  # without Landlock models run as another user, who has to reach their own folders
        data = home / "data"
        (data / ".streamlit").mkdir(parents=True)
        (data / ".streamlit" / "secrets.toml").write_text(f'password = "{secret}"\n')
        (data / ".streamlit" / "secrets.toml").chmod(0o600)
        url = stack.enter_context(EmbeddedServer(data / "postgres", fsync=False))
        with contextlib.closing(Database(url)) as database:
            migrate(database)
        limits = InstallationLimits(seconds=seconds, seconds_max=seconds, memory_mb=memory_mb)
        context = contexts.open_context(url, limits=limits, data=data, user="hostile")
        stack.callback(context.close)
        environment = {
            **os.environ,
            "DATABASE_URL": url,
            "PGPASSWORD": secret,
            "TONTINE_SECRET_TOKEN": secret,
            "TONTINE_DATA": str(data),
            "TONTINE_WORKER_SLOTS": "1",
            "TONTINE_SECONDS": str(int(seconds)),
            "TONTINE_SECONDS_MAX": str(int(seconds)),
            "TONTINE_MEMORY_MB": str(memory_mb),
            "TONTINE_LOG_LEVEL": "ERROR",
        }
        pool = WorkerPool(1, ROOT / "worker.py", environment)
        pool.start()
        stack.callback(pool.stop)
        yield Harness(context, data, secret, _wait_until_ready(context), seconds)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run every model folder under a folder and print a line for each; return 1 if one is not contained."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.harness", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="each folder below it that holds a function.py is run")
    parser.add_argument("--seconds", type=float, default=10, help="time limit of each run")
    parser.add_argument("--memory-mb", type=int, default=512, help="memory limit of each run")
    given = parser.parse_args(arguments)
    found = model_folders(given.folder.resolve())
    if not found:
        print(f"{given.folder}: no model folder is below it.", file=sys.stderr)
        return 2
    failed = 0
    with hostile_harness(given.seconds, given.memory_mb) as harness:
        for i, folder in enumerate(found):
            verdict = harness.audit(folder, f"hostile_{i}")
            failed += not verdict.contained
            print(verdict, flush=True)
    print(f"{len(found)} models, {len(found) - failed} contained, {failed} not contained")
    return 1 if failed else 0


def _wait_until_ready(context: AppContext) -> int:
    """Return the worker's process id once it takes jobs."""
    until = time.monotonic() + START_TIMEOUT
    while time.monotonic() < until:
        with context.database.read() as conn:
            alive = workers.list_alive(conn, silence=START_TIMEOUT)
        if alive:
            time.sleep(1)  # until the zygotes have forked their pooled children, which then count as known
            return alive[0].pid
        time.sleep(0.1)
    raise TimeoutError("the worker does not start")


def _become_subreaper() -> None:
    """Become the parent of every orphan below this process, so that all of them are found."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _descendants() -> set[int]:
    living = set()
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            # The database's own processes come and go with its connections.
            if process.status() != psutil.STATUS_ZOMBIE and not process.name().startswith("postgres"):
                living.add(process.pid)
    return living


def _is_contained(shown: Any) -> bool | None:
    found = shown.get("contained") if isinstance(shown, dict) else None
    if found is None and isinstance(shown, dict) and isinstance(shown.get("summary"), dict):
        found = shown["summary"].get("contained")
    return found if isinstance(found, bool) else None


def _leaked_values(shown: Any) -> list[str]:
    steps = shown.get("steps") if isinstance(shown, dict) else None
    return [k for k, v in steps.items() if ADMITTED.match(str(v))] if isinstance(steps, dict) else []


def _absolute_paths(code: str) -> set[str]:
    """Return the absolute paths that the code names in its text."""
    with contextlib.suppress(SyntaxError, ValueError, RecursionError):
        texts = [n.value for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
        return {path for text in texts for path in re.findall(r"(?<![\w.])/[\w.-]+(?:/[\w.-]+)+", text)}
    return set()


def _read_text(path: Path) -> str:
    return path.read_text(errors="replace").strip() if path.is_file() else ""


if __name__ == "__main__":
    sys.exit(main())
