"""Every error of the API has one shape: {"error": ..., "problems": [{"where", "found", "remedy"}]}.

Chosen: the engine's own problems are passed on as they are; an id that cannot be read is an id that is not known.
Left out: stack traces, which belong in the log.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.schemas import ErrorBody
from contract.errors import (
    AnalysisError,
    AnnotationError,
    BusyError,
    DatabaseUnavailable,
    ExplorerError,
    ExplorerUnavailable,
    GatewayError,
    NotAllowedError,
    NotFoundError,
    NotGrantedError,
    NotReadyError,
    NotSignedInError,
    ProblemsError,
    RegistrationError,
    ScenarioError,
    SearchQueryError,
    SearchTooSlow,
    SecretError,
    SourceError,
    SpendingCapError,
)
from contract.problems import Problem

log = structlog.get_logger()

# What any route may answer, for its documentation.
MEANINGS = {
    400: "the request is no text or no statement that can be read",
    401: "it is not known who asks: sign in, or send a valid token as `Authorization: Bearer`",
    403: "the caller may not do this, or a page of another site asked",
    404: "there is no such model, version, run or part",
    422: "the request or its inputs do not fit; each problem is listed",
    429: "too many runs wait, or too many requests were made; Retry-After says when to come again",
    502: "the AI gateway gave no answer; `reason` says why",
    503: "the database does not answer; accepted runs are kept",
}
RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorBody, "description": meaning} for status, meaning in MEANINGS.items()
}


def error_response(status: int, error: str, problems: Iterable[Problem] = (), **headers: str) -> JSONResponse:
    """Return an error in the API's shape."""
    body = {"error": error, "problems": [p.as_dict() for p in problems]}
    return JSONResponse(body, status_code=status, headers=headers or None)


def install_handlers(app: FastAPI, respond: Callable[..., JSONResponse] = error_response) -> None:
    """Make `app` answer every error in the shape that `respond` gives it: ours, or that of another API."""

    @app.exception_handler(ProblemsError)
    async def contract(_request: Request, error: ProblemsError) -> JSONResponse:
        if isinstance(error, NotFoundError):
            return respond(404, "not found", error.problems)
        if isinstance(error, NotReadyError):
            return respond(409, "the run has not ended", error.problems)
        if isinstance(error, BusyError):
            return respond(429, "too much is waiting", error.problems, **{"Retry-After": "5"})
        if isinstance(error, NotSignedInError):
            return respond(401, "not signed in", error.problems, **{"WWW-Authenticate": "Bearer"})
        if isinstance(error, NotAllowedError):
            return respond(403, "not allowed", error.problems)
        if isinstance(error, NotGrantedError):
            return respond(403, "not granted", error.problems)
        if isinstance(error, GatewayError):
            found = respond(502, "the AI gateway gave no answer", error.problems)
            about = {"reason": error.failure, "run_id": error.run_id, "partial": error.partial}
            return JSONResponse({**json.loads(bytes(found.body)), **about}, status_code=502)
        if isinstance(error, SpendingCapError):
            return respond(429, "the spending cap is reached", error.problems)
        if isinstance(error, ExplorerError):
            return respond(422, "the query cannot be run", error.problems)
        if isinstance(error, ExplorerUnavailable):
            return respond(503, "the explorer cannot connect", error.problems)
        if isinstance(error, SecretError):
            return respond(422, "the secret cannot be stored", error.problems)
        if isinstance(error, SourceError | RegistrationError):
            return respond(422, "the model cannot be registered", error.problems)
        if isinstance(error, SearchQueryError):
            return respond(422, "the search cannot be read", error.problems)
        if isinstance(error, ScenarioError):
            return respond(422, "the scenario cannot be saved", error.problems)
        if isinstance(error, AnalysisError):
            return respond(422, "the analysis cannot be made", error.problems)
        if isinstance(error, AnnotationError):
            return respond(422, "the annotation cannot be kept", error.problems)
        return respond(422, "the inputs do not fit", error.problems)

    @app.exception_handler(RequestValidationError)
    async def request(request: Request, error: RequestValidationError) -> JSONResponse:
        details: list[dict[str, Any]] = list(error.errors())
        if any(d["loc"] and d["loc"][0] == "path" for d in details):
            return respond(
                404,
                "not found",
                [Problem("id", f"{d.get('input')!r} is not a valid id", "Take the id from a list.") for d in details],
            )
        secret = "/secrets/" in request.url.path  # what was sent may hold a value, which no answer repeats
        problems = [
            Problem(
                ".".join(map(str, d["loc"])),
                d["msg"] if secret else f"{d.get('input')!r}: {d['msg']}"[:200],
                "Correct the request.",
            )
            for d in details
        ]
        return respond(422, "the request cannot be read", problems)

    @app.exception_handler(HTTPException)
    async def http(_request: Request, error: HTTPException) -> JSONResponse:
        return respond(error.status_code, str(error.detail), (), **dict(error.headers or {}))

    @app.exception_handler(DatabaseUnavailable)
    async def database(_request: Request, error: DatabaseUnavailable) -> JSONResponse:
        return respond(
            503,
            "the database does not answer",
            [Problem("database", str(error), "Try again in a moment; accepted runs are kept.")],
            **{"Retry-After": "5"},
        )

    @app.exception_handler(SearchTooSlow)
    async def slow(_request: Request, error: SearchTooSlow) -> JSONResponse:
        problem = Problem("search", str(error), "Narrow it: choose a model, a user, a status or a range of dates.")
        return respond(422, "the search takes too long", [problem])

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        about = {"run": request.path_params["run_id"]} if "run_id" in request.path_params else {}
        log.error("request failed", path=request.url.path, **about, exc_info=error)
        return respond(500, "something went wrong here; the server's log has the details")
