"""Time Gradio from its client's side, controlled by lines: `python client.py URL`, with the peer's own Python.

A line names a measure and its arguments; the answer is one number. Each call is timed here, so that no figure includes
the pipe.
Chosen: two ways to call. Gradio's Python client polls every 50 ms and connects again for each call; its HTTP
interface over persistent connections shows what the server itself can do. The client loads no certificates, which took
30 ms of each call and are not needed for a plain address.
"""

import contextlib
import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import Any

import httpx
from gradio_client import Client

STEP = 0.01  # s, of the generator that is cancelled
TIMEOUT = 30  # s
THREADS = 8

client = Client(sys.argv[1], verbose=False, analytics_enabled=False, download_files=False, ssl_verify=False)
http = httpx.Client(base_url=f"{sys.argv[1]}/gradio_api/call/", timeout=TIMEOUT)


def by_client(endpoint: str, *values: float) -> Any:
    """Call by the Python client and return the answer."""
    while True:
        # The client loses a call made while the stream of the previous answers closes: the call is repeated.
        with contextlib.suppress(CancelledError):
            return client.submit(*values, api_name=f"/{endpoint}").result(timeout=TIMEOUT)


def by_http(endpoint: str, *values: float) -> Any:
    """Call by the HTTP interface and return the answer."""
    event = http.post(endpoint, json={"data": values}).raise_for_status().json()["event_id"]
    events = http.get(f"{endpoint}/{event}").raise_for_status().text
    return json.loads(events.rsplit("data: ", 1)[1])[0]


WAYS: dict[str, Callable[..., Any]] = {"client": by_client, "http": by_http}


def way(chosen: str) -> float:
    """Return the milliseconds from a call that does nothing to its answer."""
    begun = time.perf_counter()
    WAYS[chosen]("nothing", 1)
    return (time.perf_counter() - begun) * 1000


def first_line(chosen: str) -> float:
    """Return the milliseconds from a call to the function's first line."""
    begun = time.time()
    return (WAYS[chosen]("first_line") - begun) * 1000


def rate(chosen: str, count: str) -> float:
    """Return the calls per second of `count` calls by eight threads."""
    begun = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(lambda n: WAYS[chosen]("nothing", n), range(int(count))))
    return int(count) / (time.perf_counter() - begun)


def cancelled() -> float:
    """Return the milliseconds from cancelling a generator that has yielded to its actual end."""
    job = client.submit(STEP, api_name="/steps")
    next(job)
    begun = time.time()
    job.cancel()
    return (by_client("ended_at") - begun) * 1000


def ran_on(seconds: str, before: str) -> float:
    """Return the seconds that a plain function of `seconds` ran on after it was cancelled `before` its end."""
    job = client.submit(float(seconds), api_name="/plain")
    time.sleep(float(seconds) - float(before))
    begun = time.time()
    job.cancel()
    return by_client("ended_at") - begun


MEASURES = {measure.__name__: measure for measure in (way, first_line, rate, cancelled, ran_on)}

for line in sys.stdin:
    name, *arguments = line.split()
    print(MEASURES[name](*arguments), flush=True)
