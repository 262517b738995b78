"""The supervisor: hands a run to the zygote, reads what it sends, watches its limits, and decides how it ended.

Chosen: it trusts nothing that comes out of the child: frames are capped, conflated and parsed as JSON, the log
is cut, files are read after the child is dead. Memory and scratch are checked ten times a second, which
needs no cgroups. A model with packages of its own gets a child that was made ready ahead, where one waits.
Left out: storing anything.
"""

import contextlib
import dataclasses
import fcntl
import itertools
import os
import secrets
import select
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from contract.errors import FrameError, InterpreterStartError, OutputFileError, SandboxLostError
from contract.public_address import is_public
from contract.run import Status
from engine.sandbox import reasons, usage
from engine.sandbox.connection_broker import ConnectionBroker
from engine.sandbox.frames import READ, Frames, as_count, json_size
from engine.sandbox.imports import ALL, KINDS, modules_from, zygote_kind
from engine.sandbox.job import CancelToken, Limits, Outcome, PointResult, Progress, Runtime, SandboxJob
from engine.sandbox.output_files import output_files
from engine.sandbox.output_media import names_media, output_media, without_content
from engine.sandbox.prepared_children import PreparedChild, PreparedChildren, Purpose
from engine.sandbox.redaction import Redactor
from engine.sandbox.scratch import FILES, disk_usage, remove
from engine.sandbox.tiers import SPARE_UIDS, Tier, probe
from engine.sandbox.zygote_client import RunHandle, Zygote, Zygotes
from registry.overlays import hold

__all__ = ["CancelToken", "Limits", "Outcome", "Progress", "Sandbox", "SandboxJob", "SandboxLostError"]

START_TIMEOUT = 30.0  # s for a child to be confined; a zygote that takes longer is considered dead
WATCH_INTERVAL = 0.1  # s between two checks of memory and scratch
EVENTS_PER_SECOND = 0.05  # s between two events handed on, however fast a child sends them
THREADS = 256
NICE, NICE_BACKGROUND = 5, 15
MEMORY_HEADROOM = 1_000_000  # bytes of a frame beyond the result itself
MENDED_TEXT = "Some text held characters that cannot be stored; they are shown as \ufffd."
PIPE = 1 << 20  # bytes of results that a child may be ahead of us by


class Sandbox:
    """The zygotes and the runs they have going; safe to use from several threads.

    Args:
        scratch_root: folder for the runs' scratch folders.
        tier: how firmly to confine; the strictest this host supports where none is given.
        allowed: which addresses the hosts that runs were granted may have.
        prepared_models: how many models with packages of their own have children ready for their next runs.
    """

    def __init__(
        self,
        scratch_root: Path,
        *,
        tier: Tier | str | None = None,
        allowed: Callable[[str], bool] = is_public,
        prepared_models: int = 4,
    ) -> None:
        self.scratch_root, self.allowed = scratch_root.resolve(), allowed  # Landlock and models know the real path
        self.tier = Tier(tier) if tier is not None else probe()
        self.zygotes = Zygotes(self.tier)
        self._users = itertools.count(os.getpid())  # two workers seldom start from the same one
        # Where a fork may not be safe, a child cannot be made ready any sooner than its run could.
        self.prepared = PreparedChildren(0 if self.tier is Tier.D else prepared_models)

    @property
    def packages(self) -> dict[str, str]:
        """The versions of Python and of the numerical libraries that runs find which ask for no other Python."""
        return self.zygotes.packages

    def packages_for(self, runtime: Runtime | None) -> dict[str, str]:
        """Return the versions that runs with this Python find; nothing where it does not start."""
        if runtime is None:
            return self.packages
        try:
            return self.zygotes.get(ALL, runtime).packages
        except InterpreterStartError:
            return {}

    def start(self) -> None:
        """Start the zygotes, or wait until they are ready."""
        for kind in KINDS:
            self.zygotes.get(kind)

    def close(self) -> None:
        """End the zygotes and with them every run."""
        self.prepared.close()
        self.zygotes.close()

    @contextlib.contextmanager
    def run(
        self,
        job: SandboxJob,
        on_progress: Callable[[Progress], None],
        cancel: CancelToken,
        on_point: Callable[[PointResult], None] | None = None,
    ) -> Iterator[Outcome]:
        """Run a model and give how it ended; its scratch folder lasts until the block is left.

        Args:
            job: what to run.
            on_progress: called in this thread with each conflated event.
            cancel: ends the run from another thread.
            on_point: called in this thread with each of the job's points as it ends, in their order; the outcome is
                then that of the child, and what failed is the point after the last that came.

        Raises:
            SandboxLost: the zygote ended under the run.
        """
        purpose = Purpose.of(job)
        prepared = self.prepared.take(purpose) if purpose is not None else None
        if prepared is not None:
            zygote, scratch, user = prepared.zygote, prepared.scratch, prepared.user
        else:
            scratch, user = self._make_scratch()
        try:
            refusal: InterpreterStartError | None = None
            if prepared is None:
                try:
                    zygote = self.zygotes.get(zygote_kind(job.folder), job.runtime)
                except InterpreterStartError as error:
                    refusal = error
            if refusal is not None:  # to try again, or on this worker's own Python, would not help
                yield Outcome(Status.FAILED, str(refusal))
                return
            supervision = _Supervision(zygote, job, scratch, on_progress, cancel, user, self.allowed, prepared)
            supervision.on_point = on_point
            try:
                yield supervision.outcome()
            finally:
                supervision.close()
                if purpose is not None:
                    self._prepare(purpose, job)
        finally:
            remove(scratch)

    def _make_scratch(self) -> tuple[Path, int | None]:
        """Make a folder for a run, and choose the user it runs as where that is another one."""
        self.scratch_root.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix="run-", dir=self.scratch_root))
        if self.tier is not Tier.B:
            return scratch, None
        # A user of its own for each run, so that runs going at once cannot read each other's scratch.
        user = SPARE_UIDS[next(self._users) % len(SPARE_UIDS)]
        os.chown(scratch, user, user)
        return scratch, user

    def _prepare(self, purpose: Purpose, job: SandboxJob) -> None:
        """Have a child made ready for the model's next run; without one, that run only begins later."""
        if not self.prepared.wants(purpose):
            return
        with contextlib.ExitStack() as stack:
            stack.enter_context(contextlib.suppress(OSError, SandboxLostError))
            held = stack.enter_context(hold(purpose.overlay))
            scratch, user = self._make_scratch()
            stack.callback(remove, scratch)
            zygote, handle = self.zygotes.get(ALL, job.runtime), RunHandle()
            stack.callback(handle.close)
            ours, theirs = socket.socketpair()
            frames, frames_write = os.pipe()
            log, log_write = os.pipe()
            for descriptor in (frames, log):
                stack.callback(os.close, descriptor)
            stack.enter_context(ours)
            # What the next run has of its own comes with it; its priority may only be lowered later.
            job = dataclasses.replace(job, secrets={}, environment={}, denial_messages={}, background=False)
            content = {
                **job.as_job(),
                **_bounds(job, scratch, user),
                "ahead": True,
                "hosts": purpose.hosts,
                "modules": modules_from(purpose.folder, purpose.overlay),
            }
            order = write_descriptor(content)
            try:
                zygote.launch(handle, [order, frames_write, log_write, theirs.fileno()])
            finally:
                theirs.close()
                for descriptor in (order, frames_write, log_write):
                    os.close(descriptor)
            self.prepared.add(purpose, PreparedChild(zygote, handle, frames, log, ours, scratch, user, held))
            stack.pop_all()  # it is all the child's now


class _Supervision:
    """One run, from hand-over to outcome."""

    def __init__(
        self,
        zygote: Zygote,
        job: SandboxJob,
        scratch: Path,
        on_progress: Callable[[Progress], None],
        cancel: CancelToken,
        user: int | None,
        allowed: Callable[[str], bool],
        prepared: PreparedChild | None = None,
    ) -> None:
        self.prepared = prepared
        self.zygote, self.job, self.scratch, self.user = zygote, job, scratch, user
        self.on_progress, self.cancel = on_progress, cancel
        self.limits = job.limits
        self.partial_result: dict[str, Any] = {}
        self.sizes: dict[str, int] = {}
        self.log = bytearray()
        self.log_sent = 0
        self.log_cut = False
        self.pending: Progress | None = None
        self.sent_at = 0.0
        self.final: dict[str, Any] | None = None
        self.verdict: tuple[Status, str] | None = None
        self.started_at: float | None = None
        self.peak = 0
        self.cpu = 0.0
        self.input_bytes = 0  # bytes of scratch that the run's input files take
        self.on_point: Callable[[PointResult], None] | None = None
        self.points_done = 0
        self.handle = RunHandle() if prepared is None else prepared.handle
        self.redactor = Redactor(job.secrets.values())
        self.broker = ConnectionBroker(job.hosts, allowed, job.private_hosts) if job.hosts else None

    def outcome(self) -> Outcome:
        handle = self.handle
        ends: list[int] = []
        if self.prepared is not None:
            frames_read, log_read = self.prepared.frames, self.prepared.log
        else:
            frames_read, frames_write = os.pipe()
            log_read, log_write = os.pipe()
            if self.job.points:
                _widen_pipe(frames_write)
            ends = [frames_write, log_write]
        launched_at = time.monotonic()
        try:
            self._launch(ends)
            self._supervise(handle, frames_read, log_read, launched_at)
            seconds = time.monotonic() - launched_at
            if handle.pid is not None and self.final is not None:
                self.cpu = usage.cpu_seconds(handle.pid)
                if not (largest := usage.peak_rss(handle.pid)):
                    handle.ended.wait(1)  # it is ending by itself; the zygote will report its end
                self.peak = max(self.peak, largest - handle.base)
            # A child that has sent its last frame is ended only once its result is stored: ending a process takes
            # milliseconds. Where files or a limit are in play, nothing goes on before it is dead.
            if self.final is None or self.verdict is not None or self._names_files():
                handle.kill()
                if not handle.ended.wait(10):
                    raise SandboxLostError("a child did not end when killed")
            self._read_rest_of_log(log_read)
        finally:
            os.close(frames_read)
            os.close(log_read)
        if self.prepared is not None and self.started_at is None and self.final is None and self.verdict is None:
            raise SandboxLostError("a child that was made ready ended before its run began")
        if handle.end is None and self.final is None and self.verdict is None:
            raise SandboxLostError("the zygote ended under the run")
        return self.redactor.redact_outcome(self._build_outcome(handle, seconds))

    def close(self) -> None:
        """Wait until the child is dead and close its descriptors."""
        self.handle.kill()
        if self.broker is not None:
            self.broker.close()
        self.handle.ended.wait(10)
        self.handle.close()
        if self.prepared is not None:
            self.prepared.orders.close()
            self.prepared.held.close()

    def _names_files(self) -> bool:
        result = (self.final or {}).get("result") or self.partial_result
        return isinstance(result, dict) and (bool(result.get("files")) or names_media(result))

    def _write_job(self) -> int:
        inputs = dict(self.job.inputs)
        for i, (key, source) in enumerate(self.job.files.items()):
            # A model may depend on the file's name. A child that was made ready may have written to scratch already.
            mark = "" if self.prepared is None else f"-{secrets.token_hex(8)}"
            target = self.scratch / f"input{mark}-{i}" / source.name
            target.parent.mkdir()
            shutil.copyfile(source, target)
            self.input_bytes += target.stat().st_blocks * 512
            if self.user is not None:
                os.chown(target.parent, self.user, self.user)
                os.chown(target, self.user, self.user)
            inputs[key] = str(target)
        return write_descriptor({**self.job.as_job(), **_bounds(self.job, self.scratch, self.user), "inputs": inputs})

    def _launch(self, ends: list[int]) -> None:
        """Start a child, with the writing ends of its pipes, or hand the run to the one that waits."""
        broker_socket = [self.broker.theirs.fileno()] if self.broker is not None else []
        opened = [*ends]
        try:
            job_file = self._write_job()
            opened.append(job_file)
            if self.prepared is None:
                self.zygote.launch(self.handle, [job_file, *ends, *broker_socket])
                return
            self.prepared.send([job_file, *broker_socket])
            if self.job.background and self.handle.pid is not None:
                os.setpriority(os.PRIO_PROCESS, self.handle.pid, NICE_BACKGROUND)
        except OSError as error:
            if self.prepared is None:
                raise
            raise SandboxLostError("a child that was made ready has ended") from error
        finally:
            for descriptor in opened:
                os.close(descriptor)

    def _supervise(self, handle: RunHandle, frames: int, log: int, launched_at: float) -> None:
        reader = Frames(frames, self.limits.output_mb * 1_000_000 + MEMORY_HEADROOM, len(self.job.points))
        poll = select.poll()
        for descriptor in (frames, log, handle.wake.fileno(), self.cancel.fileno()):
            poll.register(descriptor, select.POLLIN)
        deadline = launched_at + START_TIMEOUT
        next_check = launched_at + WATCH_INTERVAL
        while self.final is None and self.verdict is None:
            now = time.monotonic()
            # A poll may answer long before this process gets the processor again. Meanwhile the child may have written
            # its result, waited in vain to be ended and exited. So whatever was true before the poll is decided by what
            # the poll finds in the pipe, and whatever became true since is left to the next one.
            ended, overdue = handle.ended.is_set(), now >= deadline
            timeout = min(deadline - now, next_check - now)
            if self.pending is not None:
                timeout = min(timeout, self.sent_at + EVENTS_PER_SECOND - now)
            ready = {descriptor for descriptor, _ in poll.poll(max(0.0, timeout) * 1000)}
            now = time.monotonic()
            if log in ready and not self._read_log(log):
                poll.unregister(log)
            if frames in ready:
                try:
                    for frame in reader.read():
                        self._handle_frame(frame)
                        if frame.get("kind") in {"started", "point"}:  # each point has the time of a run
                            deadline, overdue = now + self.limits.seconds, False
                except FrameError as error:
                    self.verdict = (
                        reasons.result_too_large(error.size, self.limits) if error.size else reasons.protocol_error()
                    )
                if reader.closed:
                    poll.unregister(frames)
            if self.cancel.fileno() in ready and self.final is None:
                self.verdict = reasons.cancelled(self.cancel.reason or "cancelled", now - launched_at)
            elif ended and frames not in ready:
                return
            elif overdue and self.final is None:
                if self.started_at is None:
                    if self.prepared is None:  # otherwise packages of the model may be what keeps it
                        self.zygote.close()
                    raise SandboxLostError(f"no child was ready within {START_TIMEOUT:g} s")
                self.verdict = reasons.timed_out(self.limits)
            elif now >= next_check:
                self.verdict = self.verdict or self._check_limits(handle)
                # Walking through thousands of files locks their folder for that time: check less often then.
                next_check = now + max(WATCH_INTERVAL, 5 * (time.monotonic() - now))
            self._send_progress(now)

    def _handle_frame(self, frame: dict[str, Any]) -> None:
        kind = frame.get("kind")
        if self.final is not None:
            return
        if kind == "started":
            if self.started_at is not None:
                raise FrameError(0)  # only our own code sends it, and once: the time limit starts here
            self.started_at = time.time()
        elif kind == "point":
            self._handle_point(frame)
        elif kind in {"result", "failed", "large"}:
            self.final = self.redactor.redact_frame(frame)
        elif kind == "partial" and isinstance(frame.get("result"), dict):
            self.sizes |= {key: json_size(value) for key, value in frame["result"].items()}
            if (total := sum(self.sizes.values())) > self.limits.output_mb * 1_000_000 + MEMORY_HEADROOM:
                raise FrameError(total)
            frame = {**self.redactor.redact_frame(frame), "result": self.redactor.redact_value(frame["result"])}
            progress, message = _as_fraction(frame.get("progress")), _as_message(frame.get("message"))
            self.partial_result.update(frame["result"])
            changed = {**(self.pending.result if self.pending else {}), **without_content(frame["result"])}
            self.pending = Progress(progress, message, changed, "")

    def _handle_point(self, frame: dict[str, Any]) -> None:
        result = frame.get("result")
        if self.on_point is None or frame.get("number") != self.points_done or self.points_done >= len(self.job.points):
            raise FrameError(0)
        if not isinstance(result, dict) or result.get("files") or names_media(result):
            # What is not a result, and files, which are taken once their child is dead: the point is run by itself.
            self.verdict = (Status.FAILED, "This point is run by itself.")
            return
        self.points_done += 1
        nulls = _as_null_counts(frame.get("nulls"))
        warnings = (MENDED_TEXT,) if frame.get("mended_text") is True else ()
        log = frame.get("log")
        now = time.time()
        started, finished, cpu = (_as_seconds(frame.get(key)) for key in ("started_at", "finished_at", "cpu"))
        finished = min(finished, now) or now
        json_size(result)
        self.on_point(
            PointResult(
                self.points_done - 1,
                result,
                nulls,
                warnings,
                log[: self.limits.log_kb * 1_000] if isinstance(log, str) else "",
                min(started, finished) or finished,
                finished,
                cpu,
            )
        )

    def _send_progress(self, now: float, *, last: bool = False) -> None:
        new_log = len(self.log) > self.log_sent
        if (self.pending is None and not new_log) or (not last and now - self.sent_at < EVENTS_PER_SECOND):
            return
        event = self.pending or Progress(None, None, {}, "")
        event.log = self.log[self.log_sent :].decode("utf-8", "replace").replace("\0", "\ufffd")
        self.log_sent = len(self.log)
        self.pending, self.sent_at = None, now
        self.on_progress(event)

    def _check_limits(self, handle: RunHandle) -> tuple[Status, str] | None:
        if handle.pid is not None:
            # What it shares with the zygote is not its own: only what comes on top counts.
            self.peak = max(self.peak, usage.rss(handle.pid) - handle.base)
            if self.peak > self.limits.memory_mb * 1_000_000:
                return reasons.memory_limit(self.limits)
            if usage.thread_count(handle.pid) > THREADS:
                return reasons.thread_limit(THREADS)
        size, count = disk_usage(self.scratch)
        if handle.pid is not None:
            size += usage.unlinked_bytes(handle.pid, self.scratch)
        if size > self.limits.scratch_mb * 1_000_000 + self.input_bytes or count > FILES:
            return reasons.scratch_limit(self.limits, FILES)
        return None

    def _read_log(self, log: int) -> bool:
        content = os.read(log, READ)
        self._append_log(self.redactor.redact_log(content))
        return bool(content)

    def _append_log(self, content: bytes) -> None:
        room = self.limits.log_kb * 1_000 - len(self.log)
        if len(content) > room and not self.log_cut:
            self.log_cut = True
            self.log += content[: max(0, room)] + b"\n[the log is cut here: it reached its limit]\n"
        elif not self.log_cut:
            self.log += content

    def _read_rest_of_log(self, log: int) -> None:
        os.set_blocking(log, False)
        with contextlib.suppress(BlockingIOError):
            while self._read_log(log):
                pass
        self._append_log(self.redactor.flush())

    def _build_outcome(self, handle: RunHandle, seconds: float) -> Outcome:
        end = handle.end or {}
        frame = self.final or {}
        result: dict[str, Any] | None = self.partial_result or None
        warnings: list[str] = []
        nulls: dict[str, Any] = {}
        status: Status
        reason: str | None
        files: dict[str, Path] = {}
        if self.verdict is not None:
            status, reason = self.verdict
        elif frame.get("kind") == "result":
            status, reason = Status.SUCCESS, None
            result = frame.get("result")
            nulls = _as_null_counts(frame.get("nulls"))
            if frame.get("mended_text") is True:
                warnings.append(MENDED_TEXT)
            try:
                json_size(result)
                most = self.limits.scratch_mb * 1_000_000
                files = output_files(result, self.scratch, most)
                left = most - sum(path.stat().st_size for path in files.values())
                result, media = output_media(result, self.scratch, left, files)
                files |= media
            except FrameError:
                status, reason = reasons.protocol_error()
                result = self.partial_result or None
            except OutputFileError as error:
                status, reason, files = Status.FAILED, str(error), {}
                result = without_content(result) if isinstance(result, dict) else result
        elif frame.get("kind") == "failed":
            status, reason = reasons.model_failed(frame, self.limits)
        elif frame.get("kind") == "large":
            status, reason = reasons.result_too_large(as_count(frame.get("size")), self.limits)
        else:
            status, reason = reasons.process_exited(
                int(end.get("ended", -9)),
                self.started_at is not None,
                self.limits,
                max(self.cpu, float(end.get("cpu", 0.0))),
            )
        if status is not Status.SUCCESS and not files and names_media(result) and not frame.get("result"):
            try:  # what a run had shown before it ended is kept with its pictures
                result, files = output_media(result, self.scratch, self.limits.scratch_mb * 1_000_000, {})
            except OutputFileError as error:
                warnings.append(str(error))
                result = without_content(result or {})
        if self.log_cut:
            warnings.append(f"The log reached its limit of {self.limits.log_kb:,} kB and was cut.")
        traceback = frame.get("traceback") if frame.get("kind") == "failed" else None
        return Outcome(
            status=status,
            reason=reason,
            traceback=str(traceback)[:20_000] if traceback else None,
            result=result,
            nulls=nulls,
            warnings=warnings,
            log=self.log.decode("utf-8", "replace").replace("\0", "\ufffd"),
            peak_memory=max(0, self.peak, int(end.get("memory", 0)) - handle.base),
            cpu_seconds=max(self.cpu, float(end.get("cpu", 0.0))),
            seconds=seconds,
            started_at=self.started_at,
            files=files,
            words=reasons.own_words(frame) if self.verdict is None else "",
            packages=dict(self.zygote.packages),
        )


def write_descriptor(content: Mapping[str, Any]) -> int:
    """Return a descriptor of a nameless file with this content as JSON."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("job")
    else:
        descriptor, name = tempfile.mkstemp()
        Path(name).unlink()
    with open(descriptor, "wb", closefd=False) as stream:
        stream.write(orjson.dumps(content))
    return descriptor


def _bounds(job: SandboxJob, scratch: Path, user: int | None) -> dict[str, Any]:
    """Return what a child is closed in by."""
    return {
        "scratch": str(scratch),
        "user": user,
        "nice": NICE_BACKGROUND if job.background else NICE,
        "frame_limit": job.limits.output_mb * 1_000_000,
        "limits": {
            "seconds": job.limits.seconds + job.budget,
            "memory_mb": job.limits.memory_mb,
            "scratch_mb": job.limits.scratch_mb,
            "threads": job.limits.threads,
        },
    }


def _as_fraction(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and 0 <= value <= 1 else None


def _as_seconds(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and 0 <= value < 1e11 else 0.0


def _widen_pipe(descriptor: int) -> None:
    """Let a child go on while we store what it has sent; more than the system allows is no matter."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, PIPE)


def _as_message(value: Any) -> str | None:
    return value[:500] if isinstance(value, str) else None


def _as_null_counts(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not as_count(value.get("count")):
        return {}
    paths = value.get("paths")
    return {"count": value["count"], "where": [str(p)[:200] for p in paths[:20]] if isinstance(paths, list) else []}
