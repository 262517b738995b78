"""Many runs of one version in one confined child: each with the model's files executed anew, its own seed and log.

Chosen: forking, confining and ending a child takes longer than a fast model. What a run may leave behind is undone
before the next: the model's modules are dropped and executed again (their code is compiled once), scratch is emptied,
the environment and the working folder are set back. At the first failure the child reports it and ends, so that the
point can be run by itself.
Left out: partial results, files, hosts and secrets, with which a point is run by itself. Loaded by the zygote; imports
nothing of ours but its siblings.
"""

import contextlib
import importlib.machinery
import os
import shutil
import sys
import time

import child
import convert

LOG_READ = 1 << 16


class CodeCache(importlib.machinery.SourceFileLoader):
    """Loads the model's own files, each compiled once."""

    compiled: dict = {}  # noqa: RUF012 - meant to be shared

    def get_code(self, fullname: str) -> object:
        """Return the code of the module."""
        if self.path not in self.compiled:
            self.compiled[self.path] = super().get_code(fullname)
        return self.compiled[self.path]


class Unshown(child.PartialResult):
    """What a generator has yielded so far; nobody follows a point."""

    def merge(self, given: object) -> None:
        """Merge what the model yielded."""
        if not isinstance(given, child.Mapping):
            raise convert.BadValueError("yield", f"it is a {type(given).__name__}, not a dictionary")
        for key, value in given.items():
            if key not in {"progress", "message"}:
                self.whole[key] = child.merge_key(key, self.whole.get(key), value)


def open_log(scratch: str) -> int:
    """Return a file without a name that takes the place of the log's pipe, so that each point has its own lines."""
    path = os.path.join(scratch, ".log")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
    os.unlink(path)
    return descriptor


def run_points(job: dict, sender: child.Sender, log: int) -> None:
    """Run the job's points one after the other, for `budget` seconds at most, and send each as it ends."""
    folder = job["folder"]
    sys.path_importer_cache[folder] = importlib.machinery.FileFinder(
        folder, (CodeCache, importlib.machinery.SOURCE_SUFFIXES), *_other_loaders()
    )
    spec = sys.path_importer_cache[folder].find_spec("function") or child.find_model(folder)
    until = time.monotonic() + job["budget"]
    environment, known = dict(os.environ._data), set(sys.modules)
    for number, point in enumerate(job["points"]):
        if number and time.monotonic() >= until:
            break
        _send_point(job, sender, log, number, point, spec)
        _clean_up(job["scratch"], folder, environment, known)
    sender.send({"kind": "result", "result": {}, "nulls": {}, "mended_text": False})


def _other_loaders() -> list:
    machinery = importlib.machinery
    return [(machinery.ExtensionFileLoader, machinery.EXTENSION_SUFFIXES)]


def _send_point(job: dict, sender: child.Sender, log: int, number: int, point: dict, spec: object) -> None:
    child.seed(point["seed"])
    started_at, cpu = time.time(), time.process_time()
    found = child.compute(job["folder"], {**job["inputs"], **point["changes"]}, Unshown(sender), spec)
    converter = convert.Converter(sender.limit)
    document = converter.convert(found)
    child.flush_output()
    frame = {
        "kind": "point",
        "number": number,
        "result": document,
        "nulls": {"count": converter.nulls, "paths": converter.places},
        "mended_text": converter.mended_text,
        "log": _take_log(log),
        "started_at": started_at,
        "finished_at": time.time(),
        "cpu": time.process_time() - cpu,
    }
    sender.send(frame)


def _take_log(log: int) -> str:
    size = os.fstat(log).st_size
    if not size:
        return ""
    text = os.pread(log, min(size, LOG_READ), 0).decode("utf-8", "replace")
    os.ftruncate(log, 0)
    return convert.Converter().text(text + ("" if size <= LOG_READ else "\n[the log of this run is cut here]\n"))


def _clean_up(scratch: str, folder: str, environment: dict, known: set) -> None:
    """Undo what a run may leave behind for the next."""
    sys.modules.pop("function", None)
    if len(sys.modules) != len(known):
        inside = folder + os.sep
        for name in [n for n in sys.modules if n not in known]:
            if (getattr(sys.modules[name], "__file__", None) or "").startswith(inside):
                del sys.modules[name]
            else:
                known.add(name)  # a library that the model imports stays loaded
    if os.environ._data != environment:  # looked at as it is kept: to decode it each time would take longer
        os.environ.clear()
        os.environ.update({os.fsdecode(key): os.fsdecode(value) for key, value in environment.items()})
    os.chdir(scratch)
    if os.listdir(scratch):
        _empty(scratch)


def _empty(scratch: str) -> None:
    with os.scandir(scratch) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                shutil.rmtree(entry.path) if entry.is_dir(follow_symlinks=False) else os.unlink(entry.path)
