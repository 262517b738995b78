"""When the server's garbage is collected, and what of it is not looked at.

Chosen: Streamlit's own collection after every run of a script (`runner.postScriptGC`) is off. It looks at every object
of every open session: with 50 of them it took more than half of the processor time of a rerun. One thread collects
instead, every few seconds in which something was done; Python's own collections go on as everywhere. What is imported
stays out of their reach: the server freezes what is loaded at its start; pages import their modules when they are first
opened, and those are frozen then.
Left out: the workers, which draw nothing.
"""

import gc
import sys
import threading

PERIOD = 5.0  # seconds; the garbage of that time is what the server may hold more than it needs
YOUNG = 5  # collections of new objects that Python has done since the last full one, from which on there is another

_lock = threading.Lock()
_seen = 0  # modules that were loaded at the last freeze


def freeze_new_modules() -> None:
    """Freeze what has been imported since the last call; does nothing where nothing was."""
    global _seen  # noqa: PLW0603 - one collector in a process
    if len(sys.modules) == _seen or not _lock.acquire(blocking=False):
        return
    try:
        _seen = len(sys.modules)
        gc.collect()  # or garbage would be kept for good
        gc.freeze()
    finally:
        _lock.release()


class Collector:
    """Collects in a thread of its own while the server works, and sleeps while it does not."""

    def __init__(self, period: float = PERIOD) -> None:
        self._period = period
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="collector", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        seen = _young_collections()
        while not self._stop.wait(self._period):
            if _young_collections() - seen >= YOUNG:
                gc.collect()
                seen = _young_collections()


def _young_collections() -> int:
    return gc.get_stats()[0]["collections"]
