"""What Gradio serves beside us, each as an endpoint of its own: `python server.py PORT`, with the peer's own Python."""

import queue
import sys
import time
from collections.abc import Iterator

import gradio

ended: queue.Queue[float] = queue.Queue()


def nothing(n: int) -> dict:
    """Do nothing, as our model that does nothing."""
    return {"summary": {"n": n}}


def first_line() -> float:
    """Return the time of its first line, in seconds since 1970."""
    return time.time()


def steps(seconds: float) -> Iterator[int]:
    """Yield for ever, a step each `seconds`, and note when that really ended."""
    n = 0
    try:
        while True:
            yield n
            n += 1
            time.sleep(seconds)
    finally:
        ended.put(time.time())


def plain(seconds: float) -> int:
    """Sleep without a yield, and note when that really ended."""
    time.sleep(seconds)
    ended.put(time.time())
    return 0


def ended_at() -> float:
    """Return when the last of the two above ended, in seconds since 1970; waits until it has."""
    return ended.get(timeout=30)


with gradio.Blocks() as served:
    for endpoint in (nothing, first_line, steps, plain, ended_at):
        gradio.api(endpoint)
served.queue(default_concurrency_limit=8).launch(server_name="127.0.0.1", server_port=int(sys.argv[1]), quiet=True)
