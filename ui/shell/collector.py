"""Keeps what the pages have imported out of the garbage collector's reach.

Streamlit collects after every run of a script, and a collection looks at every object there is. The server freezes
what is loaded at its start; pages import their modules when they are first opened, and those are frozen here.
"""

import gc
import sys
import threading

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
