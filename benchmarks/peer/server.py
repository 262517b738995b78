"""The functions that Gradio serves for the comparison: `python server.py PORT`, with the peer's own Python.

Each is an endpoint of its own.
"""

import queue
import sys
import time
from collections.abc import Iterator

import gradio

ended: queue.Queue[float] = queue.Queue()


def nothing(n: int) -> dict:
    """Do nothing, like our model that does nothing."""
    return {"summary": {"n": n}}


def first_line() -> float:
    """Return the time of its first line, in seconds since 1970."""
    return time.time()


def steps(seconds: float) -> Iterator[int]:
    """Yield every `seconds` without end, and record when the generator actually ended."""
    n = 0
    try:
        while True:
            yield n
            n += 1
            time.sleep(seconds)
    finally:
        ended.put(time.time())


def plain(seconds: float) -> int:
    """Sleep without a yield, and record when the function actually ended."""
    time.sleep(seconds)
    ended.put(time.time())
    return 0


def ended_at() -> float:
    """Wait until the last call of the two above has ended and return when, in seconds since 1970."""
    return ended.get(timeout=30)


with gradio.Blocks() as served:
    for endpoint in (nothing, first_line, steps, plain, ended_at):
        gradio.api(endpoint)
served.queue(default_concurrency_limit=8).launch(server_name="127.0.0.1", server_port=int(sys.argv[1]), quiet=True)
