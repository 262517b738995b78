"""What both clients do in the same way: addresses, headers, which requests are sent again and after how long.

Chosen: only what is safe to repeat is sent again, which is every read and every run, because a run has an idempotency
key; the server's Retry-After is obeyed.
Left out: sending, which is blocking in one client and not in the other.
"""

import re
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

import httpx

from tontine.errors import ConnectionFailedError, NotFoundError, Problem, TontineError, WaitTimeoutError

TRIES = 5  # of a request
STREAM_TRIES = 40  # of a stream that brings nothing new: some five minutes, in which a server is started again
FIRST_PAUSE = 0.25  # s, doubled at each further try
MOST_PAUSE = 8.0  # s to which it is doubled
LONGEST_PAUSE = 60.0  # s; a server that asks for more is not waited for
QUIET = 60.0  # s without a line, after which a stream is taken as lost; the server sends one every few seconds
CONNECT = 10.0  # s to reach the server
GROUP_WAIT = 30.0  # s that the server is asked to wait for the end of a group at once
PAGE = 500  # entries of a list at once
BUSY = frozenset({429, 503})
EXPORT_FORMS = {  # a file's ending by its form
    "xlsx": "xlsx",
    "parquet": "parquet",
    "json": "json",
    "svg": "zip",
    "png": "zip",
    "bundle": "zip",
}
ANALYSIS_FORMS = {**{f: EXPORT_FORMS[f] for f in ("xlsx", "parquet", "json", "svg", "png")}, "csv": "csv", "pdf": "pdf"}
OF_PART = {"parquet": "table", "svg": "chart", "png": "chart"}  # forms of one table or chart: what names it
REPEATABLE = frozenset({"GET", "DELETE", "PUT"})


def api_url(url: str) -> str:
    """Return the API's address for that of the application, with or without `/api` at its end.

    Raises:
        ValueError: it is no address.
    """
    base = url.strip().rstrip("/")
    if not re.match(r"https?://[^/]", base):
        raise ValueError(f"{url!r} is no address of a server; give one such as http://localhost:8501")
    return base if base.endswith("/api") else f"{base}/api"


def headers_for(token: str | None) -> dict[str, str]:
    """Return the headers of every request."""
    headers = {"User-Agent": "tontine-client/1.0"}
    return headers if token is None else {**headers, "Authorization": f"Bearer {token}"}


def timeouts(seconds: float) -> httpx.Timeout:
    """Return the limits of time for one request whose answer may take `seconds`."""
    return httpx.Timeout(seconds, connect=min(CONNECT, seconds))


def may_repeat(method: str, headers: Mapping[str, str]) -> bool:
    """Return whether the request does no more when it is sent again."""
    return method in REPEATABLE or "Idempotency-Key" in headers


def pause_after(error: TontineError, tries: int, most: int = TRIES) -> float | None:
    """Return the seconds to wait before the next try, or None where another try is of no use.

    Args:
        error: what the last try ended with.
        tries: how many there have been, 1 or more.
        most: how many there may be.
    """
    lost = isinstance(error, ConnectionFailedError)
    if tries >= most or not (lost or error.status in BUSY):
        return None
    pause = min(MOST_PAUSE, FIRST_PAUSE * 2 ** min(tries - 1, 10)) if error.retry_after is None else error.retry_after
    return pause if pause <= LONGEST_PAUSE else None


def connection_failed(base: str, error: Exception) -> ConnectionFailedError:
    """Return the exception for a server that cannot be reached."""
    found = str(error) or type(error).__name__
    remedy = "Check the address and whether Tontine runs there."
    return ConnectionFailedError("the server cannot be reached", [Problem("url", f"{base}: {found}", remedy)])


def no_model(slug: str) -> NotFoundError:
    """Return the exception for a model that the catalogue does not have."""
    remedy = "Take its name from the list of models."
    return NotFoundError("not found", [Problem("model", f"there is no model {slug!r}", remedy)])


def run_request(
    inputs: Mapping[str, Any], *, version: str | None, fresh: bool, key: str | None, source: str | None = None
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the body and the headers that ask for a run; `source` is the run that it is edited from."""
    body = {"inputs": dict(inputs), "version": version, "fresh": fresh} | ({"source": source} if source else {})
    return body, {"Idempotency-Key": key or uuid.uuid4().hex}


def run_path(run_id: str, *more: str) -> str:
    """Return the path of a run, or of something of it."""
    return "/".join(["/runs", quote(run_id, safe=""), *(quote(part, safe="") for part in more)])


def export_ending(form: str) -> str:
    """Return the ending of a file's name for a form in which a run is saved.

    Raises:
        ValueError: there is no such form.
    """
    if form not in EXPORT_FORMS:
        raise ValueError(f"{form!r} is none of {', '.join(EXPORT_FORMS)}")
    return EXPORT_FORMS[form]


def analysis_ending(form: str) -> str:
    """Return the ending of a file of a group or comparison.

    Raises:
        ValueError: there is no such form.
    """
    if form not in ANALYSIS_FORMS:
        raise ValueError(f"{form!r} is none of {', '.join(ANALYSIS_FORMS)}")
    return ANALYSIS_FORMS[form]


def group_path(group_id: str) -> str:
    """Return the path of a group of runs."""
    return f"/groups/{quote(group_id, safe='')}"


def scenario_path(scenario_id: str) -> str:
    """Return the path of a scenario."""
    return f"/scenarios/{quote(scenario_id, safe='')}"


def filters(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the query of a list of runs: what is None is left out, times are ISO text."""
    return {k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in given.items() if v is not None}


def following(response: httpx.Response, seen: int) -> dict[str, Any] | None:
    """Return the query parameters that the next page changes, or None at the end.

    Args:
        response: the answer with the page before: of a list with a Link header or with an offset.
        seen: how many entries there have been.
    """
    link = response.links.get("next", {}).get("url")
    if link is not None:
        return {"cursor": httpx.URL(link).params["cursor"]}
    if "cursor" in response.request.url.params or response.url.path.endswith("/runs"):
        return None
    return {"offset": seen} if seen < int(response.headers["X-Total-Count"]) and response.json() else None


def filename_of(response: httpx.Response, fallback: str) -> str:
    """Return the name that the server gives a file, without folders."""
    given = response.headers.get("Content-Disposition", "")
    found = re.search(r"filename\*=UTF-8''([^;]+)", given) or re.search(r'filename="([^"]+)"', given)
    name = Path(httpx.URL(f"http://x/{found[1]}").path).name if found else ""
    return name or fallback


def target_file(response: httpx.Response, target: Path, fallback: str) -> Path:
    """Return the file to write: `target`, or in the folder `target` one named as the server names it."""
    return target / filename_of(response, fallback) if target.is_dir() else target


@contextmanager
def replacing(file: Path) -> Iterator[BinaryIO]:
    """Give a file to write to that takes the name `file` once it is whole."""
    unfinished = file.with_name(f".{file.name}.{uuid.uuid4().hex[:8]}")
    try:
        with unfinished.open("wb") as out:
            yield out
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


class Deadline:
    """A limit of time for a wait.

    Args:
        run_id: the run that is waited for.
        seconds: how long; None waits for ever.
        noun: what is waited for.
    """

    def __init__(self, run_id: str, seconds: float | None, noun: str = "run") -> None:
        self.run_id, self.seconds, self.noun = run_id, seconds, noun
        self._end = None if seconds is None else time.monotonic() + seconds

    def remaining(self) -> float | None:
        """Return the seconds that are left, None without a limit.

        Raises:
            WaitTimeoutError: there are none.
        """
        if self._end is None:
            return None
        left = self._end - time.monotonic()
        if left <= 0:
            raise self.passed()
        return left

    def passed(self) -> WaitTimeoutError:
        """Return the exception for a wait that took too long."""
        return WaitTimeoutError(f"{self.noun} {self.run_id} had not ended after {self.seconds:g} s; it goes on")

    def at_most(self, seconds: float) -> float:
        """Return `seconds`, or those that are left where they are fewer."""
        left = self.remaining()
        return seconds if left is None else min(seconds, left)

    def quiet(self) -> float:
        """Return the seconds to wait for the next line of a stream."""
        return self.at_most(QUIET)
