"""One run, in a forked child: confine it, load function.py, run it, send frames, end.

Chosen: yields are merged here and sent at most ten times a second with only the keys that changed, each key
whole, so that a million yields cost little and the supervisor's merge is an update; a thread flushes what waits
while the model computes.
Left out: judging. The supervisor decides how a run ended. Loaded by the zygote; imports nothing of ours but its
siblings.
"""

import asyncio
import contextlib
import ctypes
import errno
import importlib.util
import inspect
import io
import logging
import os
import random
import socket
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping
from opcode import opmap
from pathlib import Path

import actuarial_library
import numpy as np
import orjson
from convert import BadValueError, Converter, TooLargeError

# One of these in each build of OpenBLAS: numpy's, scipy's, a system's.
SET_THREADS = (
    "scipy_openblas_set_num_threads64_",
    "scipy_openblas_set_num_threads",
    "openblas_set_num_threads64_",
    "openblas_set_num_threads",
)
HERE = str(Path(__file__).parent) + os.sep
OURS = {"actuarial_library", "child", "confine", "convert", "socket_shim", "zygote"}
WARM_UP = str(Path(__file__).resolve().with_name("warm_up"))
EXIT_GRACE = 0.25  # s that a child waits to be ended after its last frame
INTERVAL = 0.1  # s between two partial results
TEXT = 4_000  # characters of an exception's text
FRAMES = 30  # lines of the model's own code in a traceback


class Sender:
    """Sends frames: four bytes of length, then JSON."""

    def __init__(self, descriptor: int, limit: int) -> None:
        self.descriptor, self.limit = descriptor, limit
        self.lock = threading.Lock()

    def send(self, frame: dict) -> None:
        """Send one frame; one beyond the limit is replaced by its size."""
        content = orjson.dumps(frame)
        if len(content) > self.limit and frame["kind"] in {"partial", "result"}:
            content = orjson.dumps({"kind": "large", "size": len(content)})
        with self.lock:
            view = memoryview(len(content).to_bytes(4, "big") + content)
            while view:
                view = view[os.write(self.descriptor, view) :]


class PartialResult:
    """What a generator has shown so far, and which keys have not been sent yet."""

    def __init__(self, sender: Sender) -> None:
        self.sender = sender
        self.whole: dict = {}
        self.changed: set[str] = set()
        self.progress: float | None = None
        self.message: str | None = None
        self.waiting = False
        self.sent = 0.0
        self.lock = threading.Lock()
        self.failure: BaseException | None = None
        self.timer: threading.Thread | None = None

    def merge(self, given: object) -> None:
        """Merge what the model yielded and send it if it is time to."""
        if not isinstance(given, Mapping):
            raise BadValueError("yield", f"it is a {type(given).__name__}, not a dictionary")
        with self.lock:
            if self.failure is not None:
                raise self.failure
            for key, value in given.items():
                if key == "progress":
                    self.progress = float(value) if value is not None else None
                elif key == "message":
                    self.message = None if value is None else str(value)[:500]
                else:
                    self.whole[key] = merge_key(key, self.whole.get(key), value)
                    self.changed.add(key)
            self.waiting = True
            if time.monotonic() - self.sent >= INTERVAL:
                self.flush()
        if self.timer is None:
            self.timer = threading.Thread(target=self.keep_flushing, daemon=True)
            self.timer.start()

    def flush(self) -> None:
        """Send what has changed; called with the lock held."""
        if not self.waiting:
            return
        converter = Converter(self.sender.limit)
        result = {str(key): converter.convert(self.whole[key], str(key)) for key in self.changed}
        self.sender.send({"kind": "partial", "progress": self.progress, "message": self.message, "result": result})
        self.changed.clear()
        self.waiting = False
        self.sent = time.monotonic()

    def flush_last(self) -> None:
        """Send what was yielded last before the model failed, if it can be sent."""
        with self.lock, contextlib.suppress(Exception):
            self.flush()

    def keep_flushing(self) -> None:
        """Flush what waits while the model computes."""
        while True:
            time.sleep(INTERVAL)
            with self.lock:
                try:
                    if time.monotonic() - self.sent >= INTERVAL:
                        self.flush()
                except RuntimeError:
                    continue  # the model is changing what it yielded; its next yield or the next interval sends it
                except BaseException as error:  # noqa: BLE001 - raised in the model's thread, which reports it
                    self.failure = error
                    return


def merge_key(key: str, old: object, new: object) -> object:
    """Merge one key of a yield: summary and tables by key, series by name, everything else replaced."""
    if key in {"summary", "tables", "series", "files"} and isinstance(old, dict) and isinstance(new, Mapping):
        old.update(new)  # `old` is ours: the first yield was copied
        return old
    if key == "series" and (
        isinstance(old, list)
        and isinstance(new, list)
        and all(isinstance(s, Mapping) and "name" in s for s in old + new)
    ):
        return list({**_by_name(old), **_by_name(new)}.values())
    return dict(new) if isinstance(new, Mapping) and key in {"summary", "tables", "series", "files"} else new


def _by_name(series: list) -> dict:
    """Return the series by name and, where several have one name, by how many of that name come before."""
    counts: dict = {}
    keyed = {}
    for one in series:
        counts[one["name"]] = counts.get(one["name"], 0) + 1
        keyed[one["name"], counts[one["name"]]] = one
    return keyed


def main(
    job: dict, confinement: object, frames: int, log: int, further: int | None, trouble: BaseException | None
) -> None:
    """Run the job, or report what went wrong before it came; never returns.

    A job that is "ahead" of its run is closed in, loads the packages that the model imports, and waits for the run's
    inputs on the descriptor `further`; otherwise that is the socket that asks for connections.
    """
    ahead = job.get("ahead", False)
    broker_socket = None if ahead else further
    sender = Sender(frames, job["frame_limit"])
    try:
        if trouble is not None:
            raise trouble  # noqa: TRY301 - reported as all that goes wrong in here
        points_log = None
        if "points" in job:
            import points

            points_log = points.open_log(job["scratch"])
            os.dup2(points_log, log)
        _read_job(job, log)
        if not ahead:
            _install_shim(job, broker_socket)
        threads = job["limits"]["threads"]
        setters = thread_setters() if threads > 1 else []
        confinement.apply(
            job["scratch"],
            job["folder"],
            job["limits"],
            user=job["user"],
            hosts=job["hosts"] if ahead else broker_socket is not None,
            overlay=job["overlay"],
        )
        for setter in setters:
            setter(threads)  # starts them, so they are started inside
        if job["overlay"] is not None:
            _use_overlay(job["overlay"])
        if ahead:
            _import_ahead(job["modules"])
            _receive_run(job, further)
        sender.send({"kind": "started"})
        if points_log is not None:
            points.run_points(job, sender, points_log)
        else:
            _run_model(job, sender)
    except BaseException as error:  # noqa: BLE001 - whatever happens in here is the run's end
        report_failure(sender, error, job["folder"])
    finally:
        flush_output()
        # The supervisor ends this process when it has the last frame, and reads its largest memory before: once it
        # has ended by itself, that figure is lost.
        time.sleep(EXIT_GRACE)
        os._exit(0)


def _install_shim(job: dict, broker_socket: int | None) -> None:
    if broker_socket is not None or job["refusals"]:
        import socket_shim

        socket_shim.install(broker_socket, job["refusals"])


def _import_ahead(modules: list) -> None:
    """Load what the model will import; where that fails, it will fail again when the model does it."""
    for name in modules:
        try:
            importlib.import_module(name)
        except (Exception, SystemExit):  # noqa: BLE001, S112
            continue


def _receive_run(job: dict, further: int) -> None:
    """Say that this process is ready, and wait for the inputs, the secrets and the seed of its run."""
    orders = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, further)
    orders.send(b"r")
    message, descriptors, _, _ = socket.recv_fds(orders, 16, 2)
    if not message:
        os._exit(0)
    orders.close()
    content, *hosts = descriptors
    with open(content, "rb") as stream:
        stream.seek(0)
        job.update(orjson.loads(stream.read()))
    os.environ.update({**job["environment"], **job["secrets"]})
    _set_environment(job)
    seed(job["seed"])
    _install_shim(job, hosts[0] if hosts else None)


def warm_up() -> None:
    """Do once, while this process waits for its job, what a run does.

    A page of memory shared with the zygote is copied when it is first written to, and Python writes to all it looks at.
    What is copied here is not copied between the job's arrival and the model's first line.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    seed(0)
    _run_model({"folder": WARM_UP, "inputs": {}}, Sender(nowhere, 100_000))
    del sys.modules["function"]
    os.close(nowhere)


def report_failure(sender: Sender, error: BaseException, folder: str) -> None:
    """Report how the model failed, as text; an exception whose own text fails is named by its type."""
    flush_output()
    kind = "exception"
    if isinstance(error, TooLargeError):
        sender.send({"kind": "large", "size": max(error.size, sender.limit)})
        return
    if isinstance(error, BadValueError):
        kind = "bad_value"
    elif isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        kind = "memory"
    elif isinstance(error, SystemExit):
        kind = "exit"
    elif isinstance(error, SyntaxError):
        kind = "syntax"
    elif isinstance(error, ImportError):
        kind = "import"
    place = raised_at(error, folder)
    try:
        text = str(error)[:TEXT]
        shim = sys.modules.get("socket_shim")
        if shim is not None and not place["own"] and (denied := shim.denial_behind(error)):
            text = f"{text}: {denied}"[:TEXT] if text else denied[:TEXT]
    except BaseException:  # noqa: BLE001
        text = ""
    sender.send(
        {
            "kind": "failed",
            "why": kind,
            "type": type(error).__name__[:200],
            "text": Converter().text(text),
            "path": getattr(error, "path", None) if kind == "bad_value" else None,
            **place,
            "traceback": Converter().text(model_traceback(error, folder)),
        }
    )


def raised_at(error: BaseException, folder: str) -> dict:
    """Return who raised an exception and where, so that a library's errors are not taken for the model's own words.

    It is the model's own where a `raise` in one of its files raised it. A library raises in a file of its own, and what
    is compiled (numpy's arithmetic, float("x")) fails at a line of the model that has no `raise`.

    Returns:
        `own`; `library`, the module that raised it, empty for one of the model's lines; `place`, where that was; and
        `line`, the model's last line before it.
    """
    steps = []
    step = error.__traceback__
    while step is not None:
        if not step.tb_frame.f_code.co_filename.startswith(HERE):
            steps.append(step)
        step = step.tb_next
    own = [s for s in steps if s.tb_frame.f_code.co_filename.startswith(folder + os.sep)]
    line = ""
    if own:
        name = os.path.relpath(own[-1].tb_frame.f_code.co_filename, folder)
        line = f"{name}, line {own[-1].tb_lineno}"
    if not steps:
        return {"own": False, "library": "", "place": "", "line": ""}
    last = steps[-1]
    if own and last is own[-1]:
        raised = last.tb_frame.f_code.co_code[last.tb_lasti] == opmap["RAISE_VARARGS"]
        return {"own": raised, "library": "", "place": line, "line": line}
    library = str(last.tb_frame.f_globals.get("__name__") or "a library")[:200]
    return {"own": False, "library": library, "place": f"{library}, line {last.tb_lineno}", "line": line}


def model_traceback(error: BaseException, folder: str) -> str:
    """Return the traceback with the model's own frames only, files named within the folder."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(folder + os.sep)]
    if not frames and not isinstance(error, SyntaxError):
        return ""
    for frame in frames:
        frame.filename = os.path.relpath(frame.filename, folder)
    lines = ["Traceback (the model's own code):\n", *traceback.format_list(frames[-FRAMES:])]
    try:
        last = traceback.format_exception_only(type(error), error)
        lines += [line.replace(folder + os.sep, "")[:TEXT] for line in last]
    except BaseException:  # noqa: BLE001 - the exception's own methods are the model's code
        lines.append(type(error).__name__ + "\n")
    return "".join(lines)[:20_000]


def prepare() -> None:
    """Do once, before any fork, what a run needs and what is the same for all: its text streams and its logging.

    The streams belong to descriptors 1 and 2, which become the run's log.
    """
    sys.dont_write_bytecode = True
    sys.stdout = io.TextIOWrapper(
        io.FileIO(1, "w", closefd=False), encoding="utf-8", errors="backslashreplace", line_buffering=True
    )
    sys.stderr = io.TextIOWrapper(
        io.FileIO(2, "w", closefd=False), encoding="utf-8", errors="backslashreplace", line_buffering=True
    )
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", force=True)


def thread_setters() -> list:
    """Return the functions that set the number of threads of the numerical libraries, loaded with one each."""
    try:
        with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
            libraries = [ctypes.CDLL(path) for path in {line.split()[5] for line in maps if "openblas" in line}]
    except OSError:
        return []
    return [getattr(library, name) for library in libraries for name in SET_THREADS if hasattr(library, name)]


def _read_job(job: dict, log: int) -> None:
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.nice(job["nice"])
    os.chdir(job["scratch"])
    os.environ.clear()
    os.environ.update({**job["environment"], **job["secrets"]})
    _set_environment(job)
    tempfile.tempdir = job["scratch"]
    sys.path[:0] = [job["folder"]]
    actuarial_library.give_way(job["folder"])
    sys.argv = ["function.py"]
    seed(job["seed"])


def _set_environment(job: dict) -> None:
    """Set what no secret may replace."""
    os.environ.update({"HOME": job["scratch"], "TMPDIR": job["scratch"], "PATH": "", "LANG": "C.UTF-8"})


def _use_overlay(overlay: str) -> None:
    """Let the packages of the overlay come before the installed ones, those that are loaded already included.

    Only once this process is closed in: what is imported from now on may be code that nobody here wrote.
    """
    sys.path.insert(1, overlay)
    own = {name.partition(".")[0] for name in os.listdir(overlay)} - sys.stdlib_module_names - OURS  # noqa: PTH208
    for name in [name for name in sys.modules if name.partition(".")[0] in own]:
        del sys.modules[name]


def seed(number: int) -> None:
    """Seed both generators that a model may use without making its own."""
    random.seed(number)
    np.random.seed(number % 2**32)  # noqa: NPY002 - models written for the old generator are seeded too


def _run_model(job: dict, sender: Sender) -> None:
    if job.get("import_only"):
        _load_module(find_model(job["folder"]))
        flush_output()
        sender.send({"kind": "result", "result": {}, "nulls": {}, "mended_text": False})
        return
    shown = PartialResult(sender)
    try:
        result = compute(job["folder"], job["inputs"], shown)
    except Exception:
        shown.flush_last()
        raise
    flush_output()  # the supervisor may end this process as soon as it has the result
    converter = Converter(sender.limit)
    with shown.lock:
        document = converter.convert(result)
        sender.send(
            {
                "kind": "result",
                "result": document,
                "nulls": {"count": converter.nulls, "paths": converter.places},
                "mended_text": converter.mended_text,
                "progress": shown.progress,
                "message": shown.message,
            }
        )


def compute(folder: str, inputs: dict, shown: PartialResult, spec: object = None) -> object:
    """Execute the model's file and run it, and return its result; what it yields goes to `shown`.

    `spec` is the file's, as `find_model` gives it, where it has been looked for before.
    """
    module = _load_module(spec or find_model(folder))
    setup = getattr(module, "setup", None)
    if callable(setup):
        setup()
    result = module.run(inputs)
    if inspect.isawaitable(result) or inspect.isasyncgen(result):
        result = asyncio.run(_drive_async(result, shown))
    elif inspect.isgenerator(result):
        result = _drain_generator(result, shown)
    if result is None:
        raise BadValueError("result", "the model returned nothing")
    return result


def find_model(folder: str) -> object:
    """Return where the model's file is and how it is loaded."""
    return importlib.util.spec_from_file_location("function", os.path.join(folder, "function.py"))


def _load_module(spec: object) -> object:
    module = importlib.util.module_from_spec(spec)
    sys.modules["function"] = module
    spec.loader.exec_module(module)
    if not callable(getattr(module, "run", None)):
        raise ImportError("function.py defines no run(inputs)")
    return module


async def _drive_async(result: object, shown: PartialResult) -> object:
    if inspect.isasyncgen(result):
        async for item in result:
            shown.merge(item)
        return shown.whole
    value = await result
    if inspect.isasyncgen(value):
        return await _drive_async(value, shown)
    return _drain_generator(value, shown) if inspect.isgenerator(value) else value


def _drain_generator(result: object, shown: PartialResult) -> object:
    returned = None
    while True:
        try:
            shown.merge(next(result))
        except StopIteration as end:
            returned = end.value
            break
    if isinstance(returned, Mapping):
        with shown.lock:
            for key, value in returned.items():
                shown.whole[key] = merge_key(key, shown.whole.get(key), value)
    return shown.whole


def flush_output() -> None:
    """Flush what was printed; the model may have closed or replaced the streams."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:  # noqa: BLE001, S112
            continue
