"""What can go wrong, as exceptions with the server's list of problems.

Left out: errors of the caller's own program, which stay what they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from tontine.records import RunInfo


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where (`inputs.age`), what was found, what to do."""

    where: str
    found: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.found}. {self.remedy}"


class TontineError(Exception):
    """Whatever this package raises. `problems` may be empty.

    Args:
        message: what happened in a few words.
        problems: each thing that is wrong.
        status: the HTTP status of the server's answer; None where there was none.
        retry_after: seconds after which the server asks to come again.
    """

    def __init__(
        self,
        message: str,
        problems: Sequence[Problem] = (),
        *,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__("\n".join([message, *map(str, problems)]))
        self.message, self.problems, self.status, self.retry_after = message, tuple(problems), status, retry_after


class ConnectionFailedError(TontineError):
    """The server could not be reached, or the connection was lost and could not be had again."""


class InputsRefusedError(TontineError):
    """The request or its inputs do not fit; each problem is listed."""


class NotAllowedError(TontineError):
    """The caller may not do this, or a host or secret is not granted to the model."""


class NotFoundError(TontineError):
    """There is no such model, version, run, table or file."""


class NotReadyError(TontineError):
    """The run has not ended yet."""


class BusyError(TontineError):
    """Too many runs wait, or too many requests were made; `retry_after` says when to come again."""


class ServerError(TontineError):
    """The server failed, or answered what is not of this API."""


class WaitTimeoutError(TontineError):
    """The run had not ended in the time given; it goes on."""


class RunFailedError(TontineError):
    """The run ended without success. `run` is the run as it ended, with its reason, log and traceback."""

    def __init__(self, run: "RunInfo") -> None:
        super().__init__(f"{run.model}: {run.status}: {run.reason or 'no reason was given'}", run.problems)
        self.run = run


_BY_STATUS: Mapping[int, type[TontineError]] = {
    400: InputsRefusedError,
    401: NotAllowedError,
    403: NotAllowedError,
    404: NotFoundError,
    409: NotReadyError,
    413: InputsRefusedError,
    422: InputsRefusedError,
    429: BusyError,
}


def error_from(response: httpx.Response) -> TontineError:
    """Return the exception for an answer that is no success; its body must have been read."""
    message, problems = "", []
    try:
        body: Any = response.json()
        message = str(body["error"])
        problems = [Problem(str(p["where"]), str(p["found"]), str(p["remedy"])) for p in body["problems"]]
    except (ValueError, KeyError, TypeError):
        message = message or f"{response.request.url} answered {response.status_code}, not as Tontine's API does"
    kind = _BY_STATUS.get(response.status_code, ServerError)
    return kind(message, problems, status=response.status_code, retry_after=retry_after(response))


def retry_after(response: httpx.Response) -> float | None:
    """Return the seconds after which the server asks to come again, if it names any."""
    try:
        return max(0.0, float(response.headers["Retry-After"]))
    except (KeyError, ValueError):
        return None


def body_of(response: httpx.Response) -> Any:
    """Return the JSON of an answer.

    Raises:
        ServerError: it is none, as where another program answers at the address.
    """
    try:
        return response.json()
    except ValueError as error:
        found = f"{response.request.url} answered with something else than JSON"
        problem = Problem("url", found, "Check that Tontine runs at this address.")
        raise ServerError("this is not Tontine's API", [problem], status=response.status_code) from error
