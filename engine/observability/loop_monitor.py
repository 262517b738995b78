"""Watch an event loop from a thread: report when it is blocked, for how long, and what it was doing.

Chosen: a ping is sent into the loop four times in each permitted time; where the answer is late, the stack of the
loop's thread is taken at that moment, while whatever blocks it is still at work. Off by default; `make dev` has it on.
Left out: ending what blocks; blocks up to a quarter above the limit, which may begin between two pings.
"""

import asyncio
import contextlib
import sys
import threading
import time
import traceback
from pathlib import Path
from types import FrameType

import structlog

from engine.observability import telemetry

log = structlog.get_logger()

DEPTH = 12  # innermost frames that a report shows
# What a loop itself is made of: the frames inside the last of these are what it has been given to do. uvloop has none.
LOOP = {
    ("runners.py", "run"),
    ("base_events.py", "run_forever"),
    ("base_events.py", "_run_once"),
    ("events.py", "_run"),
}
HERE = Path(__file__).resolve().parents[2]


class LoopMonitor:
    """Watches one event loop until `stop`; `start` is called in the loop's own thread.

    Args:
        name: what to call the loop in reports.
        milliseconds: how long the loop may take to answer.
    """

    def __init__(self, name: str, milliseconds: int) -> None:
        self.name, self.limit = name, milliseconds / 1000
        self.blocks = 0
        self.longest = 0.0  # s
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start watching the running loop."""
        loop, thread = asyncio.get_running_loop(), threading.get_ident()
        clock = time.pthread_getcpuclockid(thread) if hasattr(time, "pthread_getcpuclockid") else None
        self._thread = threading.Thread(target=self._watch, args=(loop, thread, clock), name="loop-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; what blocks at this moment is not reported."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _watch(self, loop: asyncio.AbstractEventLoop, thread: int, clock: int | None) -> None:
        while not self._stopping.wait(self.limit / 4):
            answered = threading.Event()
            asked, used = time.monotonic(), _thread_cpu_seconds(clock)
            try:
                loop.call_soon_threadsafe(answered.set)
            except RuntimeError:  # the loop is closed
                return
            if answered.wait(self.limit):
                continue
            frames = stack_frames(sys._current_frames().get(thread))  # noqa: SLF001 - the one way to see another thread
            while not answered.wait(0.05):
                if self._stopping.is_set() or loop.is_closed():
                    return
            self._report(time.monotonic() - asked, _thread_cpu_seconds(clock) - used, frames)

    def _report(self, seconds: float, used: float, frames: list[traceback.FrameSummary]) -> None:
        self.blocks += 1
        self.longest = max(self.longest, seconds)
        telemetry.loop_blocked(seconds, self.name)
        found = blocking_frame(frames)
        log.warning(
            "event loop blocked" if found else "event loop late, with nothing running in it",
            loop=self.name,
            blocked_ms=round(seconds * 1000),
            # Far below the time above, it was waiting: for a lock, a file, the interpreter or a core.
            own_cpu_ms=round(used * 1000),
            culprit=found,
            stack=[f"{_short_path(f.filename)}:{f.lineno} {f.name}" for f in frames[-DEPTH:]],
        )


def _thread_cpu_seconds(clock: int | None) -> float:
    """Return the processor time of a thread by its clock, in s; 0 where there is no such clock or thread any more."""
    with contextlib.suppress(OSError):
        return 0.0 if clock is None else time.clock_gettime(clock)
    return 0.0


def stack_frames(frame: FrameType | None) -> list[traceback.FrameSummary]:
    """Return the frames of a thread, the innermost last."""
    return [] if frame is None else list(traceback.extract_stack(frame))


def blocking_frame(frames: list[traceback.FrameSummary]) -> str | None:
    """Return the innermost function of ours that the loop was running, else the innermost of all.

    None where it was running nothing and is late all the same: another thread held the interpreter, or the machine had
    no time for this one.
    """
    for i in range(len(frames) - 1, -1, -1):
        if (Path(frames[i].filename).name, frames[i].name) in LOOP:
            frames = frames[i + 1 :]
            break
    if all(Path(f.filename).parent.name == "asyncio" or f.name == "select" for f in frames):
        return None
    ours = [f for f in frames if _is_ours(f.filename)]
    chosen = (ours or frames)[-1]
    return f"{chosen.name} ({_short_path(chosen.filename)}:{chosen.lineno})"


def _is_ours(filename: str) -> bool:
    return Path(filename).is_relative_to(HERE) and "site-packages" not in filename  # an environment may lie in here


def _short_path(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(HERE)) if _is_ours(filename) else "/".join(path.parts[-2:])
