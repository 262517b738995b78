"""The installation's AI gateway: its address, the secret with its key, and what it reports about a call.

Chosen: one endpoint that speaks the OpenAI protocol, named by a setting; a model says `gateway: true` in its manifest
and is granted the gateway's host and the secret like any other host and secret. What a call cost is what the gateway
says, in US dollars; where it says nothing, that is kept as not known and never guessed.
Left out: speaking to it, which the catalogue's models do inside the sandbox.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

DEFAULT_URL = "https://openrouter.ai/api/v1"
KEY_SECRET = "AI_GATEWAY_KEY"  # noqa: S105 - the name of the secret, not one
URL_VARIABLE = "AI_GATEWAY_URL"  # in the environment of a run whose model speaks to the gateway
SECONDS_VARIABLE = "RUN_SECONDS"  # the run's time limit
USAGE = "gateway_usage"  # the key of a result under which a model passes on what the gateway reported
MAX_NAME = 200


class Failure(StrEnum):
    """Why a gateway gave no answer, or not a whole one."""

    REFUSED_CONNECTION = "connection"
    UNKNOWN_HOST = "dns"
    TIMEOUT = "timeout"
    RATE_LIMIT = "rate_limit"
    SERVER_ERROR = "server_error"
    BROKEN_STREAM = "broken_stream"
    BAD_ANSWER = "bad_answer"
    WRONG_KEY = "wrong_key"
    NO_CREDIT = "no_credit"
    UNKNOWN_MODEL = "unknown_model"
    CONTENT_REFUSED = "content_refused"
    BAD_REQUEST = "bad_request"


# What lies with the request and not with the gateway.
OF_THE_REQUEST = frozenset({Failure.UNKNOWN_MODEL, Failure.CONTENT_REFUSED, Failure.BAD_REQUEST})


@dataclass(frozen=True, slots=True)
class Usage:
    """What a gateway reported of one call; None where it did not. `cost` is in US dollars."""

    model: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Spending:
    """Calls of one group of runs: how many, how many without a reported cost, tokens, and US dollars."""

    name: str
    calls: int
    unknown: int
    input_tokens: int
    output_tokens: int
    cost: float


def gateway_host(url: str) -> str:
    """Return the host of a gateway's address as it is granted: with its port where that is not the scheme's own."""
    parts = urlsplit(url)
    name = (parts.hostname or "").rstrip(".")
    port = parts.port
    return name if port in {None, {"http": 80, "https": 443}.get(parts.scheme)} else f"{name}:{port}"


def read_usage(result: Any) -> Usage | None:
    """Return what a result, whole or as far as it came, says of its call; None where no call was begun."""
    found = result.get(USAGE) if isinstance(result, Mapping) else None
    if not isinstance(found, Mapping):
        return None
    failure = found.get("failure")
    return Usage(
        str(found.get("model") or "")[:MAX_NAME],
        _count(found.get("input_tokens")),
        _count(found.get("output_tokens")),
        _amount(found.get("cost")),
        Failure(failure) if isinstance(failure, str) and failure in {*Failure} else None,
    )


def _count(value: Any) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value < 2**53 else None


def _amount(value: Any) -> float | None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number and 0 <= value < 1e9 else None
